package snapshot_test

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Panels about the same objects share one copy of labels and names, also if a node is added to the
// labels.
func TestPanelsShareLabels(t *testing.T) {
	var answer, again []series.Series
	for i := range 5 {
		instance := fmt.Sprint("10.0.0.", i)
		answer = append(answer, series.Series{
			Labels: series.FromPairs("instance", instance), Values: []float64{1},
		})
		again = append(again, series.Series{
			Labels: series.FromPairs("instance", instance), Values: []float64{2},
		})
	}
	q := fake{answers: map[string][]series.Series{"a": answer, "b": again}}
	panels := snapshot.Take(t.Context(), q, []panel.Spec{
		{Name: "a", Queries: []panel.Query{{Expr: "a"}}}, {
			Name: "b", Queries: []panel.Query{{Expr: "b"}},
		},
	}, snapshot.Options{Slot: time.Unix(1_760_000_000, 0), Range: time.Hour, Concurrency: 1})
	known := map[string]*snapshot.Row{}
	for _, p := range panels {
		if len(p.Rows) != len(answer) {
			t.Fatalf("panel %s: got %d rows, want %d: %+v", p.Spec.Name, len(p.Rows), len(answer),
				p.Failure)
		}
		for i := range p.Rows {
			row := &p.Rows[i]
			first := known[row.Labels.String()]
			if first == nil {
				known[row.Labels.String()] = row
				continue
			}
			if &first.Labels[0] != &row.Labels[0] ||
				unsafe.StringData(first.Name) != unsafe.StringData(row.Name) {
				t.Errorf("got two copies of %s, want one", row.Name)
			}
		}
	}
	if len(known) != len(answer) {
		t.Errorf("got %d label sets, want %d", len(known), len(answer))
	}
}
