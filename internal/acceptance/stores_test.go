//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// startVictoria runs VictoriaMetrics on a chart's fixture.
func startVictoria(t testing.TB, path string, c chart) *server {
	t.Helper()
	om := filepath.Join(t.TempDir(), "fixture.om")
	if err := writeOpenMetrics(om, c, everySeries); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(om)
	if err != nil {
		t.Fatal(err)
	}
	s := startEmptyVictoria(t, path)
	s.importLines(t, lines)
	return s
}

// startEmptyVictoria runs VictoriaMetrics without data.
func startEmptyVictoria(t testing.TB, path string, flags ...string) *server {
	t.Helper()
	address := freePort(t)
	s := &server{url: "http://" + address, client: http.DefaultClient}
	s.process = start(t, nil, path, append(flags, "-httpListenAddr="+address, "-storageDataPath="+
		filepath.Join(t.TempDir(), "data"), "-retentionPeriod=100y", "-loggerLevel=WARN")...)
	await(t, path+" to be ready", func() error {
		_, err := s.get("/health", nil)
		return err
	})
	return s
}

// importLines writes lines of OpenMetrics text to VictoriaMetrics and waits until they can be
// queried.
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
		t.Fatalf("import: %s, want 204", resp.Status)
	}
	if _, err := s.get("/internal/force_flush", nil); err != nil {
		t.Fatal(err)
	}
	await(t, "the samples", func() error {
		got, err := s.instant(fmt.Sprintf("count(kube_node_info @ %d)", slot.Unix()))
		if err == nil && len(got) == 0 {
			err = fmt.Errorf("no kube_node_info")
		}
		return err
	})
}

// TestVictoriaMetrics runs the same report on VictoriaMetrics and expects the same findings.
func TestVictoriaMetrics(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"Debian's": "/usr/bin/victoria-metrics", "newer": installed(t, "victoria-metrics"),
	} {
		t.Run(name, func(t *testing.T) {
			s := startVictoria(t, path, community)
			o := promsnap(t, append([]string{"run", "--prometheus-url", s.url}, atSlot...)...).
				want(t, 0)
			doc := o.document(t, "default", slot)
			alignTimes(&doc, findings(community), 5*time.Minute)
			checkFindings(t, doc, findings(community))
			checkNarrowed(t, s.url)
		})
	}
}

// checkNarrowed queries panels of containers with a max_series below their number of series. The
// findings must be the same.
func checkNarrowed(t *testing.T, address string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "promsnap.yaml")
	const few = `
version: 1
prometheus: {url: %q, max_series: 3}
reports:
  - name: few
    range: 6h
    panels: [{use: container-memory, top: 2}, {use: container-restarts, top: 2}]
`
	if err := os.WriteFile(config, []byte(fmt.Sprintf(few, address)), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := promsnap(t, "run", "-c", config, "--time", slot.Format(time.RFC3339), "--output-dir",
		"out").want(t, 0).document(t, "few", slot)
	for _, p := range doc.Panels {
		if p.LeftOut == 0 || len(p.Rows) > 3 || p.LeftOut+len(p.Rows) != p.Total {
			t.Errorf("%s: %d of %d series are rows, %d left out; want at most 3 rows and the "+
				"rest left out", p.Name, len(p.Rows), p.Total,
				p.LeftOut)
		}
		for _, w := range findings(community) {
			if w.panel == p.Name &&
				!slices.ContainsFunc(doc.Findings, func(f reportjson.DocSaid) bool {
					return f.Panel == w.panel && f.Name == w.name && f.Status == w.status &&
						f.Severity == w.severity
				}) {
				t.Errorf("%s: %d findings, want %s among them", p.Name, len(doc.Findings), w.name)
			}
		}
	}
}

// alignTimes sets the times of findings to the wanted ones if they differ by at most a lookback.
// Servers differ in how long a sample counts and in what rate() returns at the edges of a gap.
func alignTimes(doc *reportjson.Document, want []wantFinding, lookback time.Duration) {
	near := func(got, want time.Time) bool { return got.Sub(want).Abs() <= lookback }
	for i := range doc.Findings {
		f := &doc.Findings[i]
		for _, w := range want {
			begin := w.begin()
			if f.Panel != w.panel || f.Name != w.name || f.Status != w.status ||
				f.Severity != w.severity || reportedStart(f) == nil ||
				!near(*reportedStart(f), begin) {
				continue
			}
			*reportedStart(f) = begin
			if w.until == "" || f.Until == nil {
				continue
			}
			if until := clock(w.until); near(*f.Until, until) {
				f.Until = &until
			}
		}
	}
}

// store is one Prometheus of a Thanos with its sidecar.
type store struct{ prometheus, sidecar *server }

// thanos is a Thanos Query with two stores: a has the node exporters of n1, n2 and n3, and b has
// the rest.
type thanos struct {
	*server
	a, b store
}

func startThanos(t testing.TB, c chart, flags ...string) thanos {
	t.Helper()
	ofA := func(line string) bool {
		return strings.HasPrefix(line, "node_") && (strings.Contains(line, `instance="10.0.0.1:`) ||
			strings.Contains(line, `instance="10.0.0.2:`) ||
			strings.Contains(line, `instance="10.0.0.3:`))
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
		if err := os.WriteFile(config, []byte("global: {scrape_interval: 1m, external_labels: "+
			"{store: "+each.name+"}}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		each.to.prometheus = startPrometheus(t, installed(t, "prometheus"), nil,
			"--config.file="+config, "--storage.tsdb.path="+blocks,
			"--storage.tsdb.retention.time=100y")
		var grpc string
		each.to.sidecar, grpc = startSidecar(t, each.to.prometheus, "--tsdb.path="+blocks)
		endpoints = append(endpoints, grpc)
	}
	th.server = startThanosQuery(t, endpoints, flags...)
	await(t, "Thanos to know both stores", func() error {
		got, err := th.instant(
			fmt.Sprintf(`count by (store) ({__name__=~"node_uname_info|kube_node_info"} @ %d)`,
				slot.Unix()))
		if err == nil && len(got) != 2 {
			err = fmt.Errorf("Thanos knows %v, want two stores", got)
		}
		return err
	})
	return th
}

// startSidecar runs the sidecar of a Prometheus and returns it with its gRPC address.
func startSidecar(t testing.TB, prometheus *server, flags ...string) (*server, string) {
	t.Helper()
	grpc, web := freePort(t), freePort(t)
	s := &server{url: "http://" + web, client: http.DefaultClient}
	s.process = start(t, nil, installed(t, "thanos"), append([]string{
		"sidecar", "--prometheus.url=" + prometheus.url, "--grpc-address=" + grpc,
		"--http-address=" + web,
	}, flags...)...)
	await(t, "the sidecar to be ready", func() error {
		_, err := s.get("/-/ready", nil)
		return err
	})
	return s, grpc
}

// startThanosQuery runs a Thanos Query on gRPC addresses.
func startThanosQuery(t testing.TB, endpoints []string, flags ...string) *server {
	t.Helper()
	web := freePort(t)
	args := append([]string{"query", "--http-address=" + web, "--grpc-address=" + freePort(t)},
		flags...)
	for _, e := range endpoints {
		args = append(args, "--endpoint-strict="+e)
	}
	s := &server{url: "http://" + web, client: http.DefaultClient}
	s.process = start(t, nil, installed(t, "thanos"), args...)
	return s
}

// startThanosOf runs a Thanos Query on one Prometheus.
func startThanosOf(t testing.TB, prometheus *server) *server {
	t.Helper()
	_, grpc := startSidecar(t, prometheus)
	return startThanosQuery(t, []string{grpc})
}

// TestThanos runs the report on a Thanos with all its stores and expects Prometheus' findings.
func TestThanos(t *testing.T) {
	t.Parallel()
	th := startThanos(t, community)
	o := promsnap(t, append([]string{"run", "--prometheus-url", th.url}, atSlot...)...).want(t, 0)
	checkFindings(t, o.document(t, "default", slot), findings(community))
	checkNarrowed(t, th.url)
}

// TestThanosLosesAStore stops the store with the exporters of three nodes. What is no longer seen
// must be called neither absent nor well.
func TestThanosLosesAStore(t *testing.T) {
	t.Parallel()
	th := startThanos(t, community)
	const token = "xoxb-thanos"
	slack := slackdouble.Start(token)
	t.Cleanup(slack.Close)
	var pings []string
	var mu sync.Mutex
	heartbeat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		pings = append(pings, r.URL.Path)
	}))
	t.Cleanup(heartbeat.Close)
	for _, partial := range []string{"true", "false"} {
		t.Run("partial_response "+partial, func(t *testing.T) {
			dir := t.TempDir()
			config := configFile(t, fmt.Sprintf(`version: 1
cluster: prod
prometheus: {url: '%s', params: {partial_response: "%s"}}
reports:
  - {name: check, range: 1h, send: changes, receivers: [oncall], heartbeat: {url: '%s/beat'}}
receivers:
  - {name: oncall, slack: {channel: C0123456789, token: %s, api_url: '%s'}}
state: {dir: '%s'}
`, th.url, partial, heartbeat.URL, token, slack.APIURL(), filepath.Join(dir, "state")))
			run := func(at time.Time, code int) (texts []string, ping string) {
				t.Helper()
				mu.Lock()
				pings = nil
				mu.Unlock()
				before := len(slack.Messages())
				promsnap(t, "run", "-c", config, "--deliver", "--time",
					at.Format(time.RFC3339)).want(t, code)
				for _, m := range slack.Messages()[before:] {
					texts = append(texts, m.Text)
				}
				mu.Lock()
				defer mu.Unlock()
				return texts, strings.Join(pings, " ")
			}
			if partial == "true" {
				first, ping := run(slot.Add(-10*time.Minute), 0)
				if len(first) == 0 || ping != "/beat" {
					t.Fatalf("with both stores: sent %q, heartbeat %q; want messages and /beat",
						first, ping)
				}
				th.a.sidecar.stop()
				th.a.prometheus.stop()
			}
			for i, at := range []time.Time{slot.Add(-5 * time.Minute), slot} {
				texts, ping := run(at, 1)
				for _, s := range texts {
					for _, untrue := range []string{
						"without node_exporter", "no node_exporter", "targets up", "✅", "resolved",
					} {
						if strings.Contains(s, untrue) {
							t.Errorf("slot %d: sent %q, want nothing that cannot be known", i, s)
						}
					}
				}
				if want := map[string]string{"true": "Only part of the data from",
					"false": "No data from"}[partial]; i == 1 &&
					!slices.ContainsFunc(texts, func(s string) bool {
						return strings.Contains(s, want)
					}) {
					t.Errorf("the second slot without the store sent %q, want %q", texts, want)
				}
				if ping != "/beat/fail" {
					t.Errorf("slot %d: heartbeat %q, want /beat/fail", i, ping)
				}
			}
			if partial == "true" { // Thanos checks its stores every few seconds
				await(t, "doctor to name the store that is down", func() error {
					o := execute(t, "doctor", "-c", config, "--time", slot.Format(time.RFC3339))
					if o.code != 1 || !strings.Contains(o.stdout, "1/2 stores up") ||
						!strings.Contains(o.stderr, "is down: ") {
						return fmt.Errorf("doctor exits with %d and prints\n%s%s", o.code, o.stdout,
							o.stderr)
					}
					return nil
				})
			}
		})
	}
}
