package snapshot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The drawn lines are queried on a grid a week earlier, and no others.
func TestTakeBefore(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{}}
	for i := range 30 {
		h.series[fmt.Sprintf("n%02d", i)] = func(ago time.Duration) float64 {
			if ago > 3*24*time.Hour {
				return float64(i) / 200
			}
			return float64(i) / 100
		}
	}
	spec := disk
	spec.Forecast, spec.Change, spec.Compare, spec.Top = nil, nil, 7*24*time.Hour, 3
	p, asked := takeHistory(t, h, spec)
	if len(asked) != 1 || !strings.HasPrefix(asked[0].Expr, `node_used{node=~"`) ||
		!strings.Contains(asked[0].Expr, "n29") || strings.Contains(asked[0].Expr, "n05") {
		t.Fatalf("got the queries %v, want one of the lines", asked)
	}
	g := asked[0].Grid
	if !g.Start.Equal(p.Grid.Start.Add(-7*24*time.Hour)) || g.Len != p.Grid.Len ||
		g.Step != p.Grid.Step {
		t.Errorf("got the grid %v, want that of the panel a week before", g)
	}
	for _, l := range p.Lines {
		if len(l.Before) != p.Grid.Len || l.Before[0] != l.Values[0]/2 {
			t.Errorf("%s: got %v before, want half of %v", l.Name, l.Before, l.Values[0])
		}
	}
	if len(p.Lines) != 3 || p.History != nil || len(p.Notes) > 0 {
		t.Errorf("got %d lines, the history %v and the notes %v, want 3 lines", len(p.Lines),
			p.History, p.Notes)
	}
}

// The lines are compared also in a report whose panels have no history.
func TestTakeBeforeWithoutHistory(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
	spec := disk
	spec.Compare = 24 * time.Hour
	o := options(time.Hour)
	panels := snapshot.Take(t.Context(), h, []panel.Spec{spec}, o)
	snapshot.TakeHistory(t.Context(), h, panels, o, func(*snapshot.Panel) bool { return false })
	if p := panels[0]; p.History != nil || p.Lines[0].Before == nil {
		t.Errorf("got the history %v and the samples %v before, want only the samples", p.History,
			p.Lines[0].Before)
	}
}

func TestTakeBeforeFails(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
	spec := panel.Spec{
		Name: "disk", Queries: disk.Queries, Compare: 24 * time.Hour, Forecast: disk.Forecast,
	}
	for name, fails := range map[string]func(){
		"an error": nil, "a panic": func() { panic("boom") },
	} {
		h.fails = func(q promapi.Query) error {
			if !q.Grid.End().Before(slot.Add(-23*time.Hour)) || q.Grid.Step == time.Hour {
				return nil
			}
			if fails != nil {
				fails()
			}
			return errors.New("refused")
		}
		p, _ := takeHistory(t, h, spec)
		if len(p.Notes) != 1 || p.Notes[0].Code != snapshot.NoteBeforeUnknown ||
			p.History == nil || p.Lines[0].Before != nil {
			t.Errorf("%s: got the notes %v and the history %v, want a note only about the lines",
				name, p.Notes, p.History)
		}
	}
}
