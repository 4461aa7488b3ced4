package alerts_test

import (
	"context"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// old is a server with one node whose memory is full since five hours before the slot. It counts
// the range queries.
type old struct {
	slot  time.Time
	asked int
}

func (o *old) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	o.asked++
	values := make([]float64, q.Grid.Len)
	for i := range values {
		if !q.Grid.At(i).Before(o.slot.Add(-5 * time.Hour)) {
			values[i] = 95
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid},
		each(series.Series{Labels: series.FromPairs("node", "n1"), Values: values})
}

func (*old) Present(context.Context, []string, time.Time,
	time.Time) (map[string]bool, error) {
	return nil, nil
}

// A query looks back only for alerts whose beginning the state does not have.
func TestLookBack(t *testing.T) {
	slot := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	spec := panel.Spec{
		Name: "memory", Queries: []panel.Query{{Expr: "m"}},
		Rules: []rules.Rule{{Name: "High", Warning: rules.At(90), For: 15 * time.Minute}},
	}
	key := rules.KeyOf(rules.RuleID{Panel: "memory", Rule: "High"}, series.FromPairs("node", "n1"))
	before := slot.Add(-5 * time.Minute)
	for _, tc := range []struct {
		name  string
		known *rules.Episode
		asked int
		since time.Duration // of the alert after the slot, before it
		open  bool
	}{
		{"no state", nil, 1, 5 * time.Hour, false},
		{
			"the state saw it begin",
			&rules.Episode{Since: slot.Add(-5 * time.Hour), Found: before}, 0, 5 * time.Hour, false,
		},
		{
			"the state may not have seen it begin",
			&rules.Episode{Since: slot.Add(-2 * time.Hour), Open: true, Found: before},
			1, 5 * time.Hour, false,
		},
		{
			"more than a day ago",
			&rules.Episode{Since: slot.Add(-40 * time.Hour), Open: true, Found: before}, 0,
			40 * time.Hour, true,
		},
		{
			"this slot found it", &rules.Episode{Since: slot.Add(-5 * time.Hour), Found: slot}, 1,
			5 * time.Hour, false,
		},
		{
			"it ended since", &rules.Episode{
				Since: slot.Add(-4 * time.Hour), Found: before, Ended: slot.Add(-3 * time.Hour),
				End: rules.Recovered, Last: slot.Add(-3 * time.Hour),
			}, 0, time.Hour, true,
		},
	} {
		q := &old{slot: slot}
		o := snapshot.Options{Slot: slot, Range: time.Hour}
		panels := snapshot.Take(t.Context(), q, []panel.Spec{spec}, o)
		now, err := alerts.Evaluate(t.Context(), q, panels, snapshot.Nodes{},
			alerts.Window{End: slot})
		if err != nil {
			t.Fatal(err)
		}
		var m rules.Memory
		if e := tc.known; e != nil {
			if e.Last.IsZero() {
				e.Last = before
			}
			m = rules.Memory{Slot: before, Alerts: map[rules.Key]rules.Alert{
				key: {Panel: "memory", Rule: "High", Episodes: []rules.Episode{*e}},
			}}
		}
		q.asked = 0
		alerts.LookBack(t.Context(), q, panels, now, m, o)
		if q.asked != tc.asked {
			t.Errorf("%s: got %d more queries, want %d", tc.name, q.asked, tc.asked)
		}
		if got, want := now.Rules[0].Findings[0].Streak, panels[0].Findings[0].Streak; got != want {
			t.Errorf("%s: got the streak %+v in the evaluation, want that of the panel, %+v",
				tc.name, got, want)
		}
		e := rules.Advance(m, now, slot).Alerts[key].Now()
		if got := slot.Sub(e.Since); got != tc.since || e.Open != tc.open {
			t.Errorf("%s: got an alert since %s before the slot, open %v; want %s, %v", tc.name,
				got, e.Open, tc.since, tc.open)
		}
	}
}
