package rules

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// TestNewestEventIsDated uses counts of the last hour, a sample every 20 minutes. The newest event
// is where the count rises, or stays although an event of an hour ago is no longer counted.
func TestNewestEventIsDated(t *testing.T) {
	hole := math.NaN()
	for _, c := range []struct {
		name   string
		counts []float64
		status Status
		event  int // the index of the sample, -1: before the first
	}{
		{"one", []float64{0, 0, 0, 0, 1, 1}, Breach, 4},
		{"two, the second an hour after the first", []float64{0, 1, 1, 1, 1}, Breach, 4},
		{"one that has passed", []float64{0, 1, 1, 1, 0, 0}, OK, 1},
		{"two that have passed", []float64{0, 1, 2, 2, 1, 0}, OK, 2},
		{"the count falls although something is new", []float64{0, 3, 3, 3, 1}, Breach, 4},
		{"the count falls and nothing is new", []float64{0, 2, 2, 3, 1, 1}, Breach, 3},
		{"seen after a hole", []float64{0, 0, hole, 1, 1}, Breach, 3},
		{"an hour ago lies in a hole", []float64{0, 1, hole, hole, 0, 0}, OK, 1},
		{"before the first sample", []float64{1, 1, 0, 0}, OK, -1},
		{"before the first sample, and going on", []float64{2, 2}, Breach, -1},
		{"a new series", []float64{hole, hole, hole, 2, 2}, Breach, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := series.Grid{
				Start: time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC), Step: 20 * time.Minute,
				Len: len(c.counts),
			}
			r := Rule{Name: "Killed", Critical: At(0), Within: time.Hour, NoData: ResolveOnNoData}
			f := Judge(r, series.Series{Values: c.counts}, g)
			if f.Status != c.status {
				t.Fatalf("got %v, want %v", f.Status, c.status)
			}
			streak := f.Streak
			if streak == nil {
				streak = f.Latest
			}
			want := time.Time{}
			if c.event >= 0 {
				want = g.At(c.event)
			}
			if !streak.Event.Equal(want) {
				t.Errorf("newest event: got %v, want %v", streak.Event, want)
			}
			at, before := streak.Dated(r.Within)
			if before != (c.event < 0) || before && !at.Equal(g.Start) {
				t.Errorf("got %v, before %t; want before %t", at, before, c.event < 0)
			}
		})
	}
}

// TestAlertKeepsItsNewestEvent carries an alert over three slots, the last of which no longer sees
// an event.
func TestAlertKeepsItsNewestEvent(t *testing.T) {
	start := time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)
	r := Rule{Name: "Killed", Critical: At(0), Within: time.Hour, NoData: ResolveOnNoData}
	id := RuleID{"container-oom", "Killed"}
	who := series.FromMap(map[string]string{"pod": "p"})
	var m Memory
	for _, counts := range [][]float64{{0, 0, 1}, {0, 0, 1, 1, 2}, {0, 0, 1, 1, 2, 1, 1, 0, 0}} {
		g := series.Grid{Start: start, Step: 20 * time.Minute, Len: len(counts)}
		f := Judge(r, series.Series{Labels: who, Values: counts}, g)
		m = Advance(m, Evaluation{Rules: []RuleResult{{
			ID: id, Data: DataComplete, Through: g.End(), Series: []series.Labels{who},
			Findings: []Judged{{Finding: f, Identity: who, Name: "p"}},
		}}}, g.End())
	}
	e := m.Alerts[KeyOf(id, who)].Now()
	if want := start.Add(80 * time.Minute); e.Fires() || !e.Event.Equal(want) || e.Peak != 2 {
		t.Errorf("got %+v, want it ended with its newest event at %v", e, want)
	}
}
