//go:build acceptance

package field

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/lab"
)

// onVictoria names the cases in which VictoriaMetrics rightly gives another answer, and why.
var onVictoria = map[string]string{
	"overload_gaps": "its lookback is shorter, so it bridges fewer of the lost scrapes",
	"scrape5m":      "rate() also uses the sample before its window, so one sample in it is enough",
}

// soonerOnVictoria names the cases with the same findings in which a series ends minutes earlier.
// VictoriaMetrics keeps a sample for about one scrape interval, and Prometheus for five minutes.
var soonerOnVictoria = []string{
	"ksm_dies", "ksm_silent_names", "ksm_shard_lost", "ksm_shard_down", "ksm_shard_lost_long",
	"ksm_shard_returns",
	"kubelets_leave", "kubelet_silent_claim", "pass_claim_deleted", "up_flips", "prometheus_silent",
	"exporters_leave", "pass_ksm_rollout", "pass_ksm_pair_one_lost",
}

// TestVictoriaMetrics runs each case on a real VictoriaMetrics and wants the answers that promlab
// gives.
func TestVictoriaMetrics(t *testing.T) {
	servers := os.Getenv("PROMSNAP_SERVERS")
	if servers == "" {
		servers = "../../../.cache/servers"
	}
	program := filepath.Join(servers, "victoria-metrics")
	files, err := filepath.Glob(filepath.Join(cases, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got no cases in %s (%v), want at least one", cases, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			if why := onVictoria[name]; why != "" {
				t.Skipf("the answer differs here: %s", why)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var w wanted
			if err := yaml.Unmarshal(text, &w); err != nil {
				t.Fatal(err)
			}
			c := field{
				url: victoria(t, program, text), config: w.Config, program: startWebhook(t),
				untimed: slices.Contains(soonerOnVictoria, name),
			}
			for _, want := range w.Want {
				for _, at := range orNoon(want.At) {
					c.check(t, at, want)
				}
			}
		})
	}
}

// victoria runs VictoriaMetrics with the series of a case and returns its address.
func victoria(t *testing.T, program string, text []byte) string {
	t.Helper()
	r, err := lab.ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer // written by exec's one goroutine until Wait returns
	cmd := exec.Command(program, "-httpListenAddr="+address, "-storageDataPath="+t.TempDir(),
		"-retentionPeriod=100y", "-loggerLevel=WARN")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v; run testdata/servers/install.sh", program, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("VictoriaMetrics printed:\n%s", log.String())
		}
	})
	url := "http://" + address
	await(t, func() error { return call(http.MethodGet, url+"/health", nil) })
	var samples bytes.Buffer
	if err := r.WriteText(&samples); err != nil {
		t.Fatal(err)
	}
	if err := call(http.MethodPost, url+"/api/v1/import/prometheus", &samples); err != nil {
		t.Fatal(err)
	}
	if err := call(http.MethodGet, url+"/internal/force_flush", nil); err != nil {
		t.Fatal(err)
	}
	return url
}

func call(method, url string, body io.Reader) error {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return nil
}

// await calls done repeatedly until it returns nil.
func await(t *testing.T, done func() error) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatal(errors.Join(errors.New("VictoriaMetrics is not ready after a minute"), err))
		case <-tick.C:
		}
	}
}
