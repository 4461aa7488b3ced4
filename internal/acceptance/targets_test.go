//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// TestTargets compares promsnap targets with what the Targets pages of Debian's Prometheus, of the
// newest one, of a Thanos on top of it and of VictoriaMetrics say: of Debian's node_exporter, of a
// port on which nothing listens, and of a server without metrics whose address has a token in it.
func TestTargets(t *testing.T) {
	t.Parallel()
	exporter, dead := freePort(t), freePort(t)
	start(t, nil, "/usr/bin/prometheus-node-exporter", "--web.listen-address="+exporter)
	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	body := fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s, external_labels: {a: b}}
scrape_configs:
  - {job_name: node, static_configs: [{targets: ['%s', '%s']}]}
  - {job_name: empty, params: {token: [s3cret]}, static_configs: [{targets: ['%s']}]}
`, exporter, dead, strings.TrimPrefix(empty.URL, "http://"))
	if err := os.WriteFile(config, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	prometheus := func(path string) *server {
		return startPrometheus(t, path, nil, "--config.file="+config,
			"--storage.tsdb.path="+filepath.Join(dir, path))
	}
	newest := prometheus(installed(t, "prometheus"))
	for version, s := range map[string]*server{
		"Debian": prometheus("/usr/bin/prometheus"), "newest": newest,
		"Thanos": startThanosOf(t, newest),
		"VictoriaMetrics": startEmptyVictoria(t, installed(t, "victoria-metrics"),
			"-promscrape.config="+config, "-search.latencyOffset=0s"),
	} {
		t.Run(version, func(t *testing.T) {
			await(t, "a scrape of each target", func() error {
				got, err := s.instant("count(up offset 3s) == 3")
				if err == nil && len(got) == 0 {
					err = fmt.Errorf("fewer than three targets have up")
				}
				return err
			})
			checkTargets(t, s, exporter, dead, version == "Debian" || version == "newest")
		})
	}
}

// checkTargets runs promsnap targets against a server that scrapes the targets of TestTargets.
// intervals says whether the server lists how often it scrapes each of them.
func checkTargets(t *testing.T, s *server, exporter, dead string, intervals bool) {
	t.Helper()
	every := 0.0
	if intervals {
		every = 1
	}
	flags := []string{"targets", "-c", configFile(t, fmt.Sprintf(
		"version: 1\nprometheus: {url: %s, query_offset: 0s, scrape_interval: 1s}\n"+
			"reports: [{name: now}]\n", s.url))}
	o := promsnap(t, append(flags, "-o", "json", "--time",
		time.Now().Format(time.RFC3339))...).want(t, 0)
	var doc reportjson.DocTargets
	if err := json.Unmarshal([]byte(o.stdout), &doc); err != nil {
		t.Fatalf("%v in %s", err, tail(o.stdout, 500))
	}
	if !doc.Live || doc.Up != 1 || doc.Down != 2 || doc.Unknown != 0 {
		t.Errorf("got live %v, %d up, %d down, %d unknown, want the live list with 1, 2 and 0",
			doc.Live, doc.Up, doc.Down, doc.Unknown)
	}
	var got []string
	for _, target := range doc.Targets {
		got = append(got, fmt.Sprint(target.Job, " ", target.Health, " ", target.Trouble))
		if target.Instance == exporter && (!(target.Duration > 0) ||
			!(target.Samples > 100) || target.LastScrape == nil || target.Interval != every ||
			target.Timeout != every) {
			t.Errorf("got %+v of node_exporter, want its duration, more than 100 samples, its "+
				"last scrape, and an interval and a timeout of %v s", target, every)
		}
	}
	slices.Sort(got)
	want := []string{"empty down not_found", "node down refused", "node up "}
	if !slices.Equal(got, want) {
		t.Errorf("got the targets %q, want %q", got, want)
	}
	text := promsnap(t, flags...).want(t, 0).stdout
	for _, said := range []string{
		"connection refused: is the exporter running on this node?", dead, "1 of 3 targets up, 2 down",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("got\n%s\nwant %q in it", text, said)
		}
	}
	if down := promsnap(t, append(flags, "--down", "--job", "node")...).want(t, 0).stdout; strings.
		Contains(down, exporter) || !strings.Contains(down, dead) {
		t.Errorf("--down --job node: got\n%s\nwant %s and not %s", down, dead, exporter)
	}
	if all := o.stdout + text; strings.Contains(all, "s3cret") {
		t.Errorf("got the token of a scrape's address in the output:\n%s", all)
	}
}

// checkTargetsOfUp runs promsnap targets against a server that scrapes nothing itself and has the
// fixture. Its targets are those of up.
func checkTargetsOfUp(t *testing.T, s *server) {
	t.Helper()
	o := promsnap(t, "targets", "--prometheus-url", s.url, "--time", slot.Format(time.RFC3339)).
		want(t, 0)
	for _, said := range []string{
		"13 of 16 targets up, 3 down\n", "metric up, which knows no errors\n",
		"kubernetes-service-endpoints  5/6  1     -\n",
	} {
		if !strings.Contains(o.stdout, said) {
			t.Errorf("got\n%s\nwant %q in it", o.stdout, said)
		}
	}
}
