//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
)

// startVictoria runs VictoriaMetrics over a chart's fixture.
func startVictoria(t testing.TB, path string, c chart) *server {
	t.Helper()
	dir := t.TempDir()
	om := filepath.Join(dir, "fixture.om")
	if err := writeOpenMetrics(om, c, everySeries); err != nil {
		t.Fatal(err)
	}
	address := freePort(t)
	s := &server{url: "http://" + address, client: http.DefaultClient}
	s.process = start(t, nil, path, "-httpListenAddr="+address, "-storageDataPath="+filepath.Join(dir, "data"), "-retentionPeriod=100y", "-loggerLevel=WARN")
	await(t, path+" to be ready", func() error {
		_, err := s.get("/health", nil)
		return err
	})
	lines, err := os.ReadFile(om)
	if err != nil {
		t.Fatal(err)
	}
	s.importLines(t, lines)
	return s
}

// importLines puts lines of OpenMetrics text into VictoriaMetrics, and waits until they can be asked for.
func (s *server) importLines(t testing.TB, om []byte) {
	t.Helper()
	var body bytes.Buffer
	for line := range bytes.Lines(om) {
		if bytes.HasPrefix(line, []byte("#")) {
			continue
		}
		body.Write(bytes.TrimRight(line, "\n"))
		body.WriteString("000\n") // its times are milliseconds
	}
	resp, err := http.Post(s.url+"/api/v1/import/prometheus", "text/plain", &body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("import: %s", resp.Status)
	}
	if _, err := s.get("/internal/force_flush", nil); err != nil {
		t.Fatal(err)
	}
	await(t, "the samples to be there", func() error {
		got, err := s.instant(fmt.Sprintf("count(kube_node_info @ %d)", slot.Unix()))
		if err == nil && len(got) == 0 {
			err = fmt.Errorf("no kube_node_info")
		}
		return err
	})
}

// TestVictoriaMetrics asks VictoriaMetrics for what Prometheus is asked for, and finds the same.
func TestVictoriaMetrics(t *testing.T) {
	for name, path := range map[string]string{"Debian's": "/usr/bin/victoria-metrics", "newer": installed(t, "victoria-metrics")} {
		t.Run(name, func(t *testing.T) {
			s := startVictoria(t, path, community)
			o := promsnap(t, append([]string{"run", "--prometheus-url", s.url}, atSlot...)...).want(t, 0)
			doc := o.document(t, "default", slot)
			forgive(&doc, findings(community), 5*time.Minute)
			checkFindings(t, doc, findings(community))
		})
	}
}

// forgive sets the times of findings to those that they must have, where they are no further away than a lookback: how long a sample
// counts after the last one, and what rate() makes of the edges of a hole, is each server's own.
func forgive(doc *report.Document, want []said, lookback time.Duration) {
	near := func(got, want time.Time) bool { return got.Sub(want).Abs() <= lookback }
	for i := range doc.Findings {
		f := &doc.Findings[i]
		for _, w := range want {
			begin := w.begin(fixtureGrid.Start)
			if f.Panel != w.panel || f.Name != w.name || f.Status != w.status || f.Severity != w.severity || f.Since == nil || !near(*f.Since, begin) {
				continue
			}
			f.Since = &begin
			if w.until == "" || f.Until == nil {
				continue
			}
			if until := clock(w.until); near(*f.Until, until) {
				f.Until = &until
			}
		}
	}
}

// store is one Prometheus of a Thanos, with the sidecar through which it is asked.
type store struct{ prometheus, sidecar *server }

// thanos is a Thanos Query over two stores: a has the nodes' exporters of n1, n2 and n3, b has all else.
type thanos struct {
	*server
	a, b store
}

func startThanos(t testing.TB, c chart, flags ...string) thanos {
	t.Helper()
	ofA := func(line string) bool {
		return strings.HasPrefix(line, "node_") && (strings.Contains(line, `instance="10.0.0.1:`) || strings.Contains(line, `instance="10.0.0.2:`) || strings.Contains(line, `instance="10.0.0.3:`))
	}
	var th thanos
	var endpoints []string
	for _, each := range []struct {
		to   *store
		name string
		has  func(string) bool
	}{{&th.a, "a", ofA}, {&th.b, "b", func(line string) bool { return !ofA(line) }}} {
		dir := t.TempDir()
		om, blocks := filepath.Join(dir, "fixture.om"), filepath.Join(dir, "data")
		if err := writeOpenMetrics(om, c, each.has); err != nil {
			t.Fatal(err)
		}
		makeBlocks(t, om, blocks)
		config := filepath.Join(dir, "prometheus.yml")
		if err := os.WriteFile(config, []byte("global: {scrape_interval: 1m, external_labels: {store: "+each.name+"}}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		each.to.prometheus = startPrometheus(t, installed(t, "prometheus"), nil,
			"--config.file="+config, "--storage.tsdb.path="+blocks, "--storage.tsdb.retention.time=100y")
		grpc, web := freePort(t), freePort(t)
		each.to.sidecar = &server{url: "http://" + web, client: http.DefaultClient}
		each.to.sidecar.process = start(t, nil, installed(t, "thanos"), "sidecar", "--prometheus.url="+each.to.prometheus.url,
			"--tsdb.path="+blocks, "--grpc-address="+grpc, "--http-address="+web)
		endpoints = append(endpoints, grpc)
		await(t, "the sidecar to be ready", func() error {
			_, err := each.to.sidecar.get("/-/ready", nil)
			return err
		})
	}
	web := freePort(t)
	args := append([]string{"query", "--http-address=" + web, "--grpc-address=" + freePort(t)}, flags...)
	for _, e := range endpoints {
		args = append(args, "--endpoint-strict="+e)
	}
	th.server = &server{url: "http://" + web, client: http.DefaultClient}
	th.process = start(t, nil, installed(t, "thanos"), args...)
	await(t, "Thanos to know both stores", func() error {
		got, err := th.instant(fmt.Sprintf(`count by (store) ({__name__=~"node_uname_info|kube_node_info"} @ %d)`, slot.Unix()))
		if err == nil && len(got) != 2 {
			err = fmt.Errorf("it knows %v", got)
		}
		return err
	})
	return th
}

// TestThanos asks a Thanos whose stores are all there, and finds what Prometheus finds.
func TestThanos(t *testing.T) {
	th := startThanos(t, community)
	o := promsnap(t, append([]string{"run", "--prometheus-url", th.url}, atSlot...)...).want(t, 0)
	checkFindings(t, o.document(t, "default", slot), findings(community))
}
