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

// wellThere are the panels and remarks that have nothing to say of the simulated cluster, which is
// well in this.
var wellThere = []string{
	"pod-waiting",
	"target-flaps",
	"not judged, because its meaning is not known: {{condition}} (nodes that have it: {{value}})",
	"not judged, because it is kept by other machines: {{fstype}} {{device}} (nodes that mount " +
		"it: {{value}})",
	"containers with a memory limit whose use is not measured, and so not judged: {{value}}",
	"volumes that can only be read, which are as full as they were made and not judged: {{value}}",
	"raw block volumes, whose use only their application knows: {{value}}",
	"claims on one file system with an older one, which alone is judged: {{value}}",
}

// TestEveryPanelAnswersOnTheSimulatedCluster runs the panels over a small cluster of the kind that
// the demo has: each finds its series, as many under one chart's labels as under the other's, and
// each ratio's whole is known.
func TestEveryPanelAnswersOnTheSimulatedCluster(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	found := map[string]int{}
	for _, profile := range []lab.Profile{lab.Community, lab.KPS} {
		cluster, err := lab.New(lab.Options{Profile: profile, Nodes: 16, Now: now})
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
				if len(m) == 0 && !slices.Contains(wellThere, spec.Name) {
					t.Fatalf("no series from %s", spec.Queries[0].Expr)
				}
				if n, ok := found[spec.Name]; ok && n != len(m) && spec.Name != "scrape-health" {
					t.Errorf("%d series, and %d under the other chart's labels", len(m), n)
				}
				found[spec.Name] = len(m)
				for _, r := range spec.Remarks {
					if len(run(t, r.Query)) == 0 != slices.Contains(wellThere, r.Text) {
						t.Errorf("an answer, or none, to %s", r.Query)
					}
				}
				if spec.Capacity == nil {
					return
				}
				whole := map[string]bool{}
				for _, s := range run(t, spec.Capacity.Query) {
					key, _ := keyOf(
						labels.NewBuilder(s.Metric).Del(spec.Capacity.Aside...).Labels())
					whole[key] = true
				}
				for _, s := range m {
					if key, _ := keyOf(s.Metric); !whole[key] {
						t.Errorf("the whole of %s is not known", key)
					}
				}
			})
		}
	}
}
