//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// The only user of the real Prometheus. The hash is bcrypt's of the password at its lowest cost.
const (
	username     = "promsnap"
	password     = "correct-horse-battery"
	passwordHash = "$2b$04$promsnapacceptancetesePoA.8EnhgjpvGZY3lV65ZM8sIJEzUzW"
)

// patience is the most time for a server to become ready, for a scrape, and for the Job of the next
// full minute.
const patience = 2 * time.Minute

// installed returns the path of a program that testdata/servers/install.sh has built.
func installed(t testing.TB, program string) string {
	t.Helper()
	dir := os.Getenv("PROMSNAP_SERVERS")
	if dir == "" {
		dir = filepath.Join("..", "..", ".cache", "servers")
	}
	path, err := filepath.Abs(filepath.Join(dir, program))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; run testdata/servers/install.sh, or set PROMSNAP_SERVERS to its directory",
			err)
	}
	return path
}

// server is a process on loopback, as a client sees it.
type server struct {
	url    string
	client *http.Client
	user   *url.Userinfo
	*process
}

// process is a program that runs until the test ends or stop is called.
type process struct {
	*os.Process
	stop func()
}

// start runs a program. If the test fails, it logs the program's output.
func start(t testing.TB, env []string, path string, args ...string) *process {
	t.Helper()
	var log bytes.Buffer // written by exec's one goroutine until Wait returns
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	p := &process{cmd.Process, sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s %s printed:\n%s", path, strings.Join(args, " "), tail(log.String(), 4000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// freePort returns an address on loopback that is free now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// startPrometheus runs a Prometheus and waits until it is ready. It uses TLS and a password if web
// is not nil.
func startPrometheus(t testing.TB, path string, web *webConfig, flags ...string) *server {
	t.Helper()
	address := freePort(t)
	s := &server{url: "http://" + address, client: http.DefaultClient}
	flags = append(flags, "--web.listen-address="+address, "--log.level=warn")
	if web != nil {
		flags = append(flags, "--web.config.file="+web.file)
		s.url, s.client, s.user = "https://"+address, web.client, url.UserPassword(username,
			password)
	}
	s.process = start(t, nil, path, flags...)
	await(t, path+" to be ready", func() error {
		_, err := s.get("/-/ready", nil)
		return err
	})
	return s
}

// await calls done repeatedly until it returns nil.
func await(t testing.TB, what string, done func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited %v for %s, got: %v", patience, what, err)
		case <-tick.C:
		}
	}
}

// get returns the body of a path on the server.
func (s *server) get(path string, query url.Values) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, s.url+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if s.user != nil {
		req.SetBasicAuth(username, password)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, resp.Status, tail(string(body), 500))
	}
	return body, nil
}

// instant returns the samples of an instant query at the server's own time: values by labels.
func (s *server) instant(expr string) (map[string]string, error) {
	body, err := s.get("/api/v1/query", url.Values{"query": {expr}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range answer.Data.Result {
		out[fmt.Sprint(r.Metric)] = fmt.Sprint(r.Value[1])
	}
	return out, nil
}

// startFixture runs Prometheus on the chart's fixture, which promtool writes into blocks.
func startFixture(t testing.TB, c chart, web *webConfig) *server {
	t.Helper()
	dir := t.TempDir()
	om := filepath.Join(dir, "fixture.om")
	if err := writeOpenMetrics(om, c, everySeries); err != nil {
		t.Fatal(err)
	}
	blocks := filepath.Join(dir, "data")
	makeBlocks(t, om, blocks)
	return startPrometheus(t, installed(t, "prometheus"), web, blockFlags(t, blocks)...)
}

// makeBlocks writes an OpenMetrics file into blocks with promtool.
func makeBlocks(t testing.TB, om, blocks string) {
	t.Helper()
	out, err := exec.Command(installed(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics",
		"--quiet", om, blocks).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v\n%s", err, tail(string(out), 4000))
	}
}

// blockFlags returns the flags of a Prometheus that scrapes nothing and keeps its blocks.
func blockFlags(t testing.TB, blocks string) []string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {scrape_interval: 1m}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--config.file=" + config, "--storage.tsdb.path=" + blocks,
		"--storage.tsdb.retention.time=100y",
	}
}

// everySeries selects the whole fixture.
func everySeries(string) bool { return true }

// writeOpenMetrics writes the series of a committed fixture that has selects as OpenMetrics text,
// one series after the other.
func writeOpenMetrics(path string, c chart, has func(line string) bool) error {
	fixture, err := os.ReadFile(c.file())
	if err != nil {
		return err
	}
	var out bytes.Buffer
	p := parser.NewParser(parser.Options{})
	for line := range strings.Lines(string(fixture)) {
		if strings.HasPrefix(line, "#") || !has(line) {
			continue
		}
		_, samples, err := p.ParseSeriesDesc(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("%s: %s: %w", c.file(), line, err)
		}
		name := line[:strings.LastIndex(line, "} ")+1]
		for i, s := range samples {
			if !s.Omitted {
				fmt.Fprintf(&out, "%s %s %d\n", name, number(s.Value),
					fixtureStart.Add(time.Duration(i)*time.Minute).Unix())
			}
		}
	}
	out.WriteString("# EOF\n")
	return os.WriteFile(path, out.Bytes(), 0o644)
}
