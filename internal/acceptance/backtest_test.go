//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/report/tuning"
)

// The history of disks that the tests of back-tests read: 30 days to historyEnd, a sample every
// five minutes.
const (
	historyDays = 30
	historyStep = 5 * time.Minute
)

var historyEnd = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// planted is a time above a level.
type planted struct {
	node string
	day  int // 0 is the first
	at   string
	long time.Duration
	to   float64
}

// plantedHistory returns what the disks do apart from being at 40 %. On day 12 nobody has samples.
func plantedHistory() []planted {
	var all []planted
	for day := range historyDays {
		// a backup every night, up to 84 to 86 %
		all = append(all, planted{"n1", day, "02:00", time.Hour, 0.84 + 0.01*float64(day%3)})
		// a peak that is too short for an alert
		all = append(all, planted{"n5", day, "05:00", 10 * time.Minute, 0.97})
		if day%7 == 3 {
			all = append(all, planted{"n2", day, "04:00", 45 * time.Minute, 0.885})
		}
		if day%10 == 5 {
			all = append(all, planted{"n3", day, "12:00", 2 * time.Hour, 0.93})
		}
	}
	// four times within two hours, with a quarter of an hour between them
	for _, at := range []string{"10:00", "10:35", "11:10", "11:45"} {
		all = append(all, planted{"n4", 10, at, 20 * time.Minute, 0.90})
	}
	return all
}

// writeHistory writes the history as OpenMetrics text.
func writeHistory(path string) error {
	begin := historyEnd.Add(-historyDays * 24 * time.Hour)
	var b bytes.Buffer
	for _, node := range []string{"n1", "n2", "n3", "n4", "n5"} {
		values := map[time.Time]float64{}
		for _, p := range plantedHistory() {
			clock, err := time.Parse("15:04", p.at)
			if err != nil {
				return err
			}
			from := begin.Add(time.Duration(p.day)*24*time.Hour +
				time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
			for at := from; p.node == node && !at.After(from.Add(p.long)); at = at.Add(historyStep) {
				values[at] = p.to
			}
		}
		for at := begin; !at.After(historyEnd); at = at.Add(historyStep) {
			if day := int(at.Sub(begin) / (24 * time.Hour)); day == 12 {
				continue
			}
			v, ok := values[at]
			if !ok {
				v = 0.40 + 0.01*math.Sin(float64(at.Unix())/9000)
			}
			fmt.Fprintf(&b, "disk_used_ratio{node=%q} %s %d\n", node, number(v), at.Unix())
		}
	}
	b.WriteString("# EOF\n")
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// historyBlocks returns a directory with the history in blocks.
func historyBlocks(t *testing.T) string {
	t.Helper()
	om, blocks := filepath.Join(t.TempDir(), "history.om"), filepath.Join(t.TempDir(), "data")
	if err := writeHistory(om); err != nil {
		t.Fatal(err)
	}
	// few blocks: promtool reads the file once for each
	out, err := exec.Command(installed(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics",
		"--quiet", "--max-block-duration=768h", om, blocks).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool: %v\n%s", err, tail(string(out), 4000))
	}
	return blocks
}

// historyConfig returns a configuration with a rule for the disks.
func historyConfig(t *testing.T, url string) string {
	t.Helper()
	return configFile(t, fmt.Sprintf(`version: 1
cluster: history
prometheus: {url: %s, query_offset: 0s}
state: {dir: state}
receivers: [{name: archive, dir: {path: out}}]
reports:
  - name: check
    schedule: "*/5 * * * *"
    range: 1h
    receivers: [archive]
    panels:
      - name: disk
        query: disk_used_ratio
        unit: percentunit
        legend: "{{node}}"
        step: 5m
        rules: [{alertname: DiskHigh, above: {warning: 80%%, critical: 95%%}, for: 15m}]
`, url))
}

// backtested runs a back-test and returns the document of its one rule.
func backtested(t *testing.T, config, panel string, at time.Time, args ...string) tuning.DocRule {
	t.Helper()
	o := promsnap(t, append([]string{
		"backtest", "check", panel, "-c", config, "--time", at.Format(time.RFC3339), "-o", "json",
	}, args...)...).want(t, 0)
	var doc tuning.Document
	if err := json.Unmarshal([]byte(o.stdout), &doc); err != nil || len(doc.Rules) != 1 {
		t.Fatalf("got %v and %d rules, want the document of one:\n%s", err, len(doc.Rules),
			tail(o.stdout, 1000))
	}
	return doc.Rules[0]
}

// table writes the candidates of a back-test, a line each.
func table(r tuning.DocRule) string {
	var b strings.Builder
	for i, c := range r.Candidates {
		mark := ""
		if r.Now != nil && *r.Now == i {
			mark += " now"
		}
		if r.Proposed != nil && *r.Proposed == i {
			mark += " proposed"
		}
		fmt.Fprintf(&b, "%.3g for %vs: %d alerts of %d objects, firing %vs, longest %vs, %d flaps%s\n",
			*c.Level, c.For, c.Alerts, c.Objects, c.Firing, c.Longest, c.Flaps, mark)
	}
	return b.String()
}

// wantHistory are the candidates of the history.
//
// Above 80 % are 29 nights of n1 (day 12 has no samples), 4 times n2, 3 afternoons of n3, and 4
// times n4, which came back 3 times within half an hour. n5 is never above for 15 minutes. Of n1,
// 20 nights are above 84 %, and none is above 86 %.
const wantHistory = `0.41 for 900s: 40 alerts of 4 objects, firing 141600s, longest 7200s, 3 flaps
0.8 for 900s: 40 alerts of 4 objects, firing 141600s, longest 7200s, 3 flaps now
0.82 for 900s: 40 alerts of 4 objects, firing 141600s, longest 7200s, 3 flaps
0.84 for 900s: 31 alerts of 4 objects, firing 109200s, longest 7200s, 3 flaps
0.86 for 900s: 11 alerts of 3 objects, firing 37200s, longest 7200s, 3 flaps
0.88 for 900s: 11 alerts of 3 objects, firing 37200s, longest 7200s, 3 flaps
0.89 for 900s: 7 alerts of 2 objects, firing 26400s, longest 7200s, 3 flaps
0.91 for 900s: 3 alerts of 1 objects, firing 21600s, longest 7200s, 0 flaps proposed
0.93 for 900s: 0 alerts of 0 objects, firing 0s, longest 0s, 0 flaps
0.95 for 900s: 0 alerts of 0 objects, firing 0s, longest 0s, 0 flaps
0.97 for 900s: 0 alerts of 0 objects, firing 0s, longest 0s, 0 flaps
`

// TestBacktest tests a rule on a history with known alerts on real servers, also on such that limit
// the points or the samples of an answer.
func TestBacktest(t *testing.T) {
	t.Parallel()
	blocks := historyBlocks(t)
	prometheus := func(t *testing.T, flags ...string) *server {
		return startPrometheus(t, installed(t, "prometheus"), nil,
			append(blockFlags(t, blocks), flags...)...)
	}
	for name, run := range map[string]func(t *testing.T) *server{
		"Prometheus": func(t *testing.T) *server { return prometheus(t) },
		"Prometheus with few samples": func(t *testing.T) *server {
			return prometheus(t, "--query.max-samples=4000")
		},
		"VictoriaMetrics with few points": func(t *testing.T) *server {
			s := startEmptyVictoria(t, installed(t, "victoria-metrics"),
				"-search.maxPointsPerTimeseries=500")
			om := filepath.Join(t.TempDir(), "history.om")
			if err := writeHistory(om); err != nil {
				t.Fatal(err)
			}
			lines, err := os.ReadFile(om)
			if err != nil {
				t.Fatal(err)
			}
			// what importLines waits for
			s.importLines(t, fmt.Appendf(lines, "kube_node_info{node=\"n1\"} 1 %d\n", slot.Unix()))
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := run(t)
			got := backtested(t, historyConfig(t, s.url), "disk", historyEnd)
			if diff := cmp.Diff(table(got), wantHistory); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if got.Slots != historyDays*24*12+1 || got.Series != 5 {
				t.Errorf("got %d slots and %d series, want 8641 and 5", got.Slots, got.Series)
			}
			day := historyEnd.Add((12 - historyDays) * 24 * time.Hour)
			if n := len(got.Blind); n != 1 || got.Blind[0].From.Sub(day) > historyStep ||
				got.Blind[0].To.Sub(day) < 24*time.Hour-historyStep {
				t.Errorf("got blind %v, want the day from %v", got.Blind, day)
			}
			t.Run("rule files", func(t *testing.T) { testRulesOfHistory(t, s) })
		})
	}
}

// A server that has twelve days is asked for thirty: the slots begin with the data, and the result
// says so. One with three days is refused.
func TestBacktestOfAShortHistory(t *testing.T) {
	s := startPrometheus(t, installed(t, "prometheus"), nil, blockFlags(t, historyBlocks(t))...)
	config := historyConfig(t, s.url)
	at := historyEnd.Add((12 - historyDays) * 24 * time.Hour)
	got := backtested(t, config, "disk", at)
	begin := historyEnd.Add(-historyDays * 24 * time.Hour)
	if got.From.Sub(begin).Abs() > time.Hour || got.Asked != 30*24*3600 {
		t.Errorf("got slots from %v of %v s, want from %v of 30 days", got.From, got.Asked, begin)
	}
	o := promsnap(t, "backtest", "check", "disk", "-c", config, "--time",
		begin.Add(3*24*time.Hour).Format(time.RFC3339)).want(t, 1)
	if !strings.Contains(o.stderr, "the history begins only 3d ago") {
		t.Errorf("got %q, want how much there is", o.stderr)
	}
}

// TestBacktestOfTheLab finds the incidents that promlab documents, by their number: 35 times above
// 80 %, on 13 nodes, 21 times above 82 %, and 4 times above 85 and 90 %.
func TestBacktestOfTheLab(t *testing.T) {
	t.Parallel()
	s := startPromlab(t, 42, benchEnd)
	config := configFile(t, fmt.Sprintf(`version: 1
cluster: lab
prometheus: {url: %s, scrape_interval: 1m}
state: {dir: state}
receivers: [{name: archive, dir: {path: out}}]
reports:
  - name: check
    schedule: "*/5 * * * *"
    range: 1h
    receivers: [archive]
    panels: [{use: node-memory, step: 5m}]
`, s.url))
	got := backtested(t, config, "node-memory", benchEnd, "--levels", "82%,85%,90%")
	want := map[float64][2]int{.80: {35, 13}, .82: {21, 13}, .85: {4, 4}, .90: {4, 4}}
	for _, c := range got.Candidates {
		if w, ok := want[*c.Level]; ok && (c.Alerts != w[0] || c.Objects != w[1] || c.About) {
			t.Errorf("above %v: got %d alerts of %d nodes, about %v; want %d of %d, replayed",
				*c.Level, c.Alerts, c.Objects, c.About, w[0], w[1])
		}
		delete(want, *c.Level)
	}
	if len(want) > 0 {
		t.Errorf("got no candidates for %v", want)
	}
	if got.Proposed == nil || *got.Candidates[*got.Proposed].Level < .83 {
		t.Errorf("got the proposal %v of\n%swant a level above the nightly peaks", got.Proposed,
			table(got))
	}
}
