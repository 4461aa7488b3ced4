package dashboard_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/dashboard"
)

// Each query has its own grid, equal ones are sent once, and one with a variable without a value is
// not sent.
func TestQueries(t *testing.T) {
	d := newDouble(t)
	b := decode(t, graph(1, "First", "up", `x{job="$job"}`, "y{z=\"$nothing\"}")+","+
		graph(2, "Again", "up")+","+
		panelOf(3, "Now", "stat", `, "instant": true`, "up")+","+
		panelOf(4, "Slow", "timeseries", `, "interval": "7m"`, "up")+`,{"id": 5, "type": "text",
			"options": {"content": "# Words"}}`,
		`{"name": "job", "type": "query", "query": "label_values(up, job)"}`)
	p := dashboard.New(t.Context(), d.client(t), b, dashboard.Options{
		End: end, Range: time.Hour, Scrape: time.Minute,
	})
	got := p.Run(t.Context(), nil)
	want := []string{
		"instant up 1795953630",
		`range up 1795949820 1795953600 420`,
		"range up 1795950000 1795953600 60",
		`range x{job="one"} 1795950000 1795953600 60`,
		"values /api/v1/label/job/values up",
	}
	if diff := cmp.Diff(want, d.asked()); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if got.Title != "Test" || len(got.Panels) != 5 || len(got.Verdicts) != 5 {
		t.Fatalf("got %q with %d panels, %d verdicts, want Test with 5, 5", got.Title,
			len(got.Panels), len(got.Verdicts))
	}
	var names []string
	for _, one := range got.Panels {
		names = append(names, one.Name)
	}
	if diff := cmp.Diff([]string{"first-1", "again-2", "now-3", "slow-4", "panel-5"},
		names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if f := got.Panels[0].Failures; len(f) != 1 || f[0].Ref != "C" || f[0].Sent {
		t.Errorf("got failures %+v, want one of C, which is not sent", f)
	}
	if g := got.Panels[0].Graph; g == nil || len(g.Curves) != 4 {
		t.Errorf("got %+v, want a graph of 4 curves", g)
	}
}
