//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/series"
)

// historyRules are about the disks of the history. Back joins the four alerts of n4.
const historyRules = `
groups:
  - name: disks
    interval: 5m
    rules:
      - {alert: High, expr: disk_used_ratio > 0.8, for: 15m}
      - {alert: Slow, expr: disk_used_ratio > 0.8, for: 40m}
      - {alert: Back, expr: disk_used_ratio > 0.88, for: 10m, keep_firing_for: 20m}
      - {alert: Gone, expr: 'absent(disk_used_ratio{node="n1"})', keep_firing_for: 1h}
      - {alert: Never, expr: disk_used_ratio > 2}
`

// testRulesOfHistory compares the alerts of backtest --rules with those of run --rules over the
// same two weeks. They begin in the middle of an alert of n1.
func testRulesOfHistory(t *testing.T, s *server) {
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte(historyRules), 0o600); err != nil {
		t.Fatal(err)
	}
	config := configFile(t, fmt.Sprintf("version: 1\nprometheus: {url: %s, query_offset: 0s}\n"+
		"reports: [{name: disks, range: 14d, alerting_rules: {files: [%s]}}]\n", s.url, rules))
	end := time.Date(2026, 2, 28, 2, 30, 0, 0, time.UTC)
	from, at := end.Add(-14*24*time.Hour), end.Format(time.RFC3339)
	o := promsnap(t, "backtest", "--rules", rules, "-c", config, "--time", at, "--since", "14d",
		"-o", "json").want(t, 0)
	var tested tuning.Document
	if err := json.Unmarshal([]byte(o.stdout), &tested); err != nil {
		t.Fatal(err)
	}
	var got []string
	line := func(labels map[string]string, from, to time.Time, firing bool) string {
		return fmt.Sprintf("%s from %s to %s, fires: %v", series.FromMap(labels),
			from.UTC().Format(time.DateTime), to.UTC().Format(time.DateTime), firing)
	}
	for _, r := range tested.Rules {
		if !r.From.Equal(from) || !r.To.Equal(end) {
			t.Errorf("%s: got evaluations from %v to %v, want %v to %v", r.Rule, r.From, r.To, from, end)
		}
		for _, object := range r.Candidates[*r.Now].By {
			for _, a := range object.Alerts {
				got = append(got, line(object.Labels, a.From, a.To, a.Firing))
			}
		}
	}
	var want []string
	run := promsnap(t, "run", "disks", "-c", config, "--time", at, "--output-dir", "out").want(t, 0)
	for _, rule := range run.document(t, "disks", end).AlertingRules.Rules {
		for _, a := range rule.Alerts {
			for _, e := range a.Episodes {
				if e.FiredAt == nil {
					continue
				}
				to := end
				if e.Ended != nil {
					to = *e.Ended
				}
				want = append(want, line(a.Labels, latest(*e.FiredAt, from), to, e.Ended == nil))
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 30 {
		t.Errorf("%d alerts (-run +backtest):\n%s", len(want), diff)
	}
	t.Logf("%d alerts", len(want))
}
