package panels_test

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panels"
)

// emptyInLab are the panels and remarks without an answer from the simulated cluster, which is
// healthy in these respects.
var emptyInLab = []string{
	"pod-waiting",
	"target-flaps",
	"not judged, because promsnap does not know the condition: {{condition}} (nodes: {{value}})",
	"not judged, because other machines keep it: {{fstype}} {{device}} (nodes that mount it: " +
		"{{value}})",
	"containers with a memory limit but no measured usage (not judged): {{value}}",
	"read-only volumes, which stay as full as they were made (not judged): {{value}}",
	"raw block volumes, whose use only the application knows (not judged): {{value}}",
	"claims on one file system with an older claim, the only one judged: {{value}}",
}

// TestEveryPanelAnswersOnTheSimulatedCluster runs the panels over a small cluster like the one in
// the demo. Each panel finds its series, the same number under the labels of both charts, and the
// capacity behind each ratio is known.
func TestEveryPanelAnswersOnTheSimulatedCluster(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	found := map[string]int{}
	for _, profile := range []lab.Profile{lab.Community, lab.KPS} {
		cluster, err := lab.New(lab.Options{Profile: profile, Nodes: 16, Now: now, Alerts: true})
		if err != nil {
			t.Fatal(err)
		}
		run := func(t *testing.T, expr string) promql.Matrix {
			t.Helper()
			from := time.Duration(now.Add(-10*time.Minute).UnixMilli()) * time.Millisecond
			m, err := query(cluster, expr, from, from+10*time.Minute, 2*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for _, spec := range panels.All() {
			t.Run(string(profile)+"/"+spec.Name, func(t *testing.T) {
				m := run(t, spec.Queries[0].Expr)
				if len(m) == 0 && !slices.Contains(emptyInLab, spec.Name) {
					t.Fatalf("got no series, want some from %s", spec.Queries[0].Expr)
				}
				if n, ok := found[spec.Name]; ok && n != len(m) && spec.Name != "scrape-health" {
					t.Errorf("got %d series, want %d as under the other chart's labels", len(m), n)
				}
				found[spec.Name] = len(m)
				for _, r := range spec.Remarks {
					empty := len(run(t, r.Query)) == 0
					if want := slices.Contains(emptyInLab, r.Text); empty != want {
						t.Errorf("empty answer to the remark %q: got %v, want %v", r.Text, empty,
							want)
					}
				}
				if spec.Capacity == nil {
					return
				}
				known := map[string]bool{}
				for _, s := range run(t, spec.Capacity.Query) {
					key, _ := keyOf(
						labels.NewBuilder(s.Metric).Del(spec.Capacity.Aside...).Labels())
					known[key] = true
				}
				for _, s := range m {
					if key, _ := keyOf(s.Metric); !known[key] {
						t.Errorf("got no capacity for %s, want one", key)
					}
				}
			})
		}
	}
}
