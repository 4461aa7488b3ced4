//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// liveRules are evaluated by a real Prometheus while it runs. Their conditions come and go by the
// clock, so that they change within a minute.
const liveRules = `
groups:
  - name: live
    interval: 2s
    rules:
      - {record: "job:live:time", expr: vector(time() % 20)}
      - {alert: Blinks, expr: vector(time() % 20) < 8}
      - {alert: WaitsLong, expr: vector(time() % 30) < 20, for: 6s, labels: {severity: critical}}
      - {alert: WaitsTooLong, expr: vector(time() % 20) < 4, for: 10s}
      - {alert: Keeps, expr: vector(time() % 30) < 6, keep_firing_for: 8s}
      - {alert: Recorded, expr: "job:live:time > 12", for: 2s}
      - {alert: Always, expr: prometheus_build_info, labels: {severity: info, version: ""}}
      - {alert: Absent, expr: 'absent(up{job="none"})'}
      - {alert: Never, expr: up > 5}
      - alert: Changes
        expr: label_replace(floor(vector(time() / 10)) % 3, "n", "x", "", "") > 0
        labels: {value: "{{ $value }}"}
        annotations: {summary: "{{ $labels.n }} is {{ $value | humanize }}"}
`

// liveInterval is that of the group.
const liveInterval = 2 * time.Second

// span is a time in which an alert fired: the first and the last evaluation.
type span struct{ from, to time.Time }

// live is a Prometheus that has evaluated liveRules and faultyRules for a while.
type live struct {
	*server
	rules    string    // the file of liveRules
	from, at time.Time // the first and a recent evaluation
}

// TestRulesOfARealPrometheus compares what promsnap says about rules with what a Prometheus says
// that evaluates them.
func TestRulesOfARealPrometheus(t *testing.T) {
	t.Parallel() // it mostly waits
	l := startLive(t)
	t.Run("alerts of rule files", l.testAlerts)
	t.Run("what fired", l.testFired)
}

// startLive starts the Prometheus and waits until it has evaluated its rules for 90 seconds.
func startLive(t *testing.T) *live {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	l := &live{rules: write("rules.yml", liveRules)}
	address := freePort(t)
	config := write("prometheus.yml", fmt.Sprintf("global: {scrape_interval: 1s, "+
		"evaluation_interval: 2s}\nrule_files: [%s, %s]\nscrape_configs: [{job_name: prometheus, "+
		"static_configs: [{targets: [%q]}]}]\nremote_read: [{url: %q, read_recent: true, "+
		"required_matchers: {job: slow}}]\n", l.rules, write("faulty.yml", faultyRules), address,
		startSlow(t)))
	om := write("old.om", oldSamples(time.Now()))
	makeBlocks(t, om, filepath.Join(dir, "data"))
	l.server = startPrometheus(t, installed(t, "prometheus"), nil, "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var now time.Time
	await(t, "90 seconds of evaluations", func() error {
		all, err := firings(l.server)
		if err != nil {
			return err
		}
		one := all[series.FromPairs("alertname", "Absent", "job", "none").String()]
		if len(one) == 0 || one[0].to.Sub(one[0].from) < 90*time.Second {
			return fmt.Errorf("got %v", one)
		}
		l.from, now = one[0].from, one[0].to
		return nil
	})
	l.at = now.Truncate(liveInterval)
	return l
}

// testAlerts compares the episodes of a run with what Prometheus itself wrote into ALERTS while it
// evaluated the same rule file: each episode of one is one of the other. A server evaluates a group
// at its own second, so the times differ by at most one interval.
func (l *live) testAlerts(t *testing.T) {
	s, at := l.server, l.at
	// The condition of the longest for must be known at the beginning.
	from := l.from.Add(20 * time.Second)
	report := configFile(t, fmt.Sprintf("version: 1\nprometheus: {url: %s, query_offset: 0s, "+
		"scrape_interval: 1s}\nreports: [{name: live, range: 1m, alerting_rules: {files: [%s]}}]\n",
		s.url, l.rules))
	o := promsnap(t, "run", "live", "-c", report, "--output-dir", "out", "--time",
		at.UTC().Format(time.RFC3339)).want(t, 0)
	got := map[string][]span{}
	for _, rule := range o.document(t, "live", at).AlertingRules.Rules {
		for _, a := range rule.Alerts {
			key := series.FromMap(a.Labels).String()
			for _, e := range a.Episodes {
				if e.FiredAt == nil {
					continue
				}
				one := span{*e.FiredAt, at}
				if e.Ended != nil {
					one.to = e.Ended.Add(-liveInterval)
				}
				got[key] = append(got[key], one)
			}
		}
	}
	want, err := firings(s)
	if err != nil {
		t.Fatal(err)
	}
	from = latest(from, at.Add(-50*time.Second))
	compared, all := 0, maps.Clone(want)
	maps.Copy(all, got)
	for key := range all {
		theirs, ours := within(want[key], from, at), within(got[key], from, at)
		compared += len(theirs)
		if miss := unmatched(theirs, ours); len(miss) > 0 {
			t.Errorf("%s: got the episodes %v, want also %v", key, ours, miss)
		}
		if extra := unmatched(ours, theirs); len(extra) > 0 {
			t.Errorf("%s: got the episodes %v, want %v without %v", key, ours, theirs, extra)
		}
	}
	if compared < 12 {
		t.Errorf("compared %d episodes, want at least 12", compared)
	}
	t.Logf("compared %d episodes of %d alerts", compared, len(want))
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// within returns the spans that lie between two times, cut to them.
func within(spans []span, from, to time.Time) []span {
	var out []span
	for _, s := range spans {
		if s.to.Before(from) || s.from.After(to) {
			continue
		}
		s.from = latest(s.from, from)
		if s.to.After(to) {
			s.to = to
		}
		out = append(out, s)
	}
	return out
}

// unmatched returns the spans that are not among others, whose times may differ by one interval. A
// span that is shorter than two intervals is left out: only one of both grids may have it.
func unmatched(spans, others []span) []span {
	return slices.DeleteFunc(slices.Clone(spans), func(s span) bool {
		return s.to.Sub(s.from) < 2*liveInterval || slices.ContainsFunc(others, func(o span) bool {
			return o.from.Sub(s.from).Abs() <= liveInterval && o.to.Sub(s.to).Abs() <= liveInterval
		})
	})
}

// firings returns when each alert of a Prometheus fired, from the raw samples of ALERTS. Labels of
// ALERTS itself are left out.
func firings(s *server) (map[string][]span, error) {
	body, err := s.get("/api/v1/query", url.Values{
		"query": {`ALERTS{alertstate="firing"}[1h]`},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	out := map[string][]span{}
	for _, r := range answer.Data.Result {
		delete(r.Metric, "__name__")
		delete(r.Metric, "alertstate")
		key := series.FromMap(r.Metric).String()
		for _, v := range r.Values {
			seconds, _ := v[0].(float64)
			at := time.UnixMilli(int64(seconds * 1000)).UTC()
			last := len(out[key]) - 1
			if last < 0 || at.Sub(out[key][last].to) > liveInterval*3/2 {
				out[key] = append(out[key], span{at, at})
				continue
			}
			out[key][last].to = at
		}
	}
	return out, nil
}

// rulesEnd is the newest time of the promlab whose rules are run.
var rulesEnd = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// kubePrometheus are the rules of kube-prometheus.
const kubePrometheus = "../rulefile/testdata/rules/kube-prometheus_*.yaml"

// TestRulesOfKubePrometheus runs the rules of kube-prometheus over the incidents of promlab.
func TestRulesOfKubePrometheus(t *testing.T) {
	t.Parallel()
	s := startPromlab(t, 9, rulesEnd)
	pattern, err := filepath.Abs(kubePrometheus)
	if err != nil {
		t.Fatal(err)
	}
	o := promsnap(t, "run", "--rules", pattern, "--prometheus-url", s.url, "--output-dir", "out",
		"--range", "6h", "--time", rulesEnd.Format(time.RFC3339)).want(t, 0)
	doc := o.document(t, "rules", rulesEnd)
	outcomes := map[string][]string{}
	for _, r := range doc.AlertingRules.Rules {
		outcomes[r.Outcome] = append(outcomes[r.Outcome], r.Alert)
	}
	if n := len(doc.AlertingRules.Rules); n < 100 || len(outcomes["failed"]) > 0 {
		t.Errorf("got %d rules, failed %q; want over 100, and none", n, outcomes["failed"])
	}
	for _, alert := range []string{"Watchdog", "TargetDown"} {
		if !slices.Contains(outcomes["firing"], alert) {
			t.Errorf("got the firing rules %q, want %s among them", outcomes["firing"], alert)
		}
	}
	if !strings.Contains(o.stdout, " rules fire, ") {
		t.Errorf("got %q, want how many rules fire", o.stdout)
	}
	t.Logf("firing: %q, quiet: %s, lacking: %s", outcomes["firing"],
		strconv.Itoa(len(outcomes["quiet"])), strconv.Itoa(len(outcomes["lacking"])))
}
