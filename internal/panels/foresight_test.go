package panels_test

import (
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
)

func TestForesight(t *testing.T) {
	limits := map[string]float64{}
	var compared []string
	for _, spec := range panels.All() {
		if spec.Change != nil {
			compared = append(compared, spec.Name)
		}
		if spec.Forecast == nil {
			continue
		}
		limits[spec.Name] = spec.Forecast.Limit
		if spec.IsMemoryUse() {
			t.Errorf("%s: got a forecast, want none of memory in use", spec.Name)
		}
		// a forecast of a limit that has a rule follows the rule
		if r := spec.Rules[0]; spec.Forecast.Limit < r.Warning.Value {
			t.Errorf("%s: got a forecast of %g, want none below the warning at %g", spec.Name,
				spec.Forecast.Limit, r.Warning.Value)
		}
	}
	want := map[string]float64{
		"node-disk": 0.85, "node-inodes": 0.92, "pvc": 0.90, "pvc-inodes": 0.92,
		"node-requests": 1, "node-requests-cpu": 1,
	}
	for name, limit := range want {
		if limits[name] != limit {
			t.Errorf("%s: got a forecast of %g, want %g", name, limits[name], limit)
		}
	}
	if len(limits) != len(want) {
		t.Errorf("got forecasts of %v, want %v", limits, want)
	}
	all := []string{
		"node-memory", "node-cpu", "node-disk", "node-network", "container-memory",
		"container-cpu", "pvc",
	}
	if !slices.Equal(compared, all) {
		t.Errorf("got %q compared with the weeks before, want %q", compared, all)
	}
}

// The queries by workload are valid, also for the totals.
func TestByWorkload(t *testing.T) {
	vars := panel.Vars{Step: time.Minute, ScrapeInterval: time.Minute, Range: 24 * time.Hour}
	for _, spec := range panels.All() {
		if spec.Section != "Containers" || spec.Change == nil {
			continue
		}
		for _, query := range []string{spec.Queries[0].Expr, spec.Capacity.Query} {
			expr := panel.ByWorkload(panel.Expand(query, vars))
			if _, err := panel.Parser().ParseExpr(expr); err != nil {
				t.Errorf("%s: got %v, want a valid query", spec.Name, err)
			}
		}
	}
}
