package alerts_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// disks is a server whose disks are functions of the days since begin.
type disks struct {
	of    map[string]func(days float64) float64
	fails func(promapi.Query) (partial bool, err error) // nil: never
}

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (d *disks) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	meta := promapi.Meta{Expr: q.Expr, Grid: q.Grid}
	if d.fails != nil {
		var err error
		if meta.Partial, err = d.fails(q); err != nil {
			return meta, err
		}
	}
	if q.Expr != "node_disk_used" {
		return meta, nil
	}
	for name, of := range d.of {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = of(q.Grid.At(i).Sub(begin).Hours() / 24)
		}
		err := each(series.Series{Labels: series.FromPairs("node", name), Values: values})
		if err != nil {
			return meta, err
		}
	}
	return meta, nil
}

func (d *disks) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out, nil
}

var filling = panel.Spec{
	Name: "disk", Queries: []panel.Query{{
		Expr: "node_disk_used", Legend: "{{node}}", Unit: units.PercentUnit,
	}},
	Forecast: &panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: panel.DefaultHorizon},
	Rules: []rules.Rule{{
		Name: "DiskFills", FullIn: true, Direction: rules.Below, NoData: rules.ResolveOnNoData,
		Warning: rules.At(7 * 86400), Critical: rules.At(2 * 86400), For: 24 * time.Hour,
		KeepFiringFor: 6 * time.Hour,
	}},
}

// at evaluates the disks at a slot.
func (d *disks) at(t *testing.T, slot time.Time) (snapshot.Panel, rules.Evaluation) {
	t.Helper()
	o := snapshot.Options{Slot: slot, Range: time.Hour}
	panels := snapshot.Take(t.Context(), d, []panel.Spec{filling}, o)
	snapshot.TakeHistory(t.Context(), d, panels, o, nil)
	now, err := alerts.Evaluate(t.Context(), d, panels, snapshot.Nodes{},
		alerts.Window{End: o.End(), Range: o.Range})
	if err != nil {
		t.Fatal(err)
	}
	if panels[0].BeginsBefore() {
		t.Fatalf("%s: got a finding to look back for, want none by a forecast", slot)
	}
	return panels[0], now
}

// A disk that grows by a percent a day is full on day 15, and is cleaned on day 18. The alert fires
// once, a day after a week is left, and ends with the cleaning. Others never alert: they are not
// sure.
func TestFullInOverAFortnight(t *testing.T) {
	noise := func(days float64) float64 { return 0.002 * math.Sin(days*29) }
	d := &disks{of: map[string]func(float64) float64{
		"fills": func(days float64) float64 {
			if days > 18 {
				return 0.3 + 0.01*(days-18) + noise(days)
			}
			return 0.7 + 0.01*days + noise(days)
		},
		"cleaned each week": func(days float64) float64 {
			return 0.7 + 0.02*math.Mod(days+70, 7) + noise(days)
		},
		"grew in one week": func(days float64) float64 {
			return 0.75 + 0.07*min(max(days-3, 0), 7)/7 + noise(days)
		},
		"always fuller": func(days float64) float64 { return 0.9 + noise(days) },
		"flat":          func(days float64) float64 { return 0.84 + noise(days) },
	}}
	var m rules.Memory
	var fired, critical []float64
	for hours := 0; hours <= 20*24; hours += 3 {
		slot := begin.Add(time.Duration(hours) * time.Hour)
		_, now := d.at(t, slot)
		m = rules.Advance(m, now, slot)
		for _, a := range m.Alerts {
			if !a.Fires() {
				continue
			}
			if a.Name != "fills" {
				t.Errorf("day %.1f: got an alert of %s, want none", float64(hours)/24, a.Name)
			}
			fired = append(fired, float64(hours)/24)
			if a.Severity == rules.Critical {
				critical = append(critical, float64(hours)/24)
			}
		}
	}
	if len(m.Alerts) != 1 {
		t.Fatalf("got %d alerts, want one", len(m.Alerts))
	}
	for _, a := range m.Alerts {
		if len(a.Episodes) != 1 || a.Fires() || a.Now().End != rules.Recovered {
			t.Errorf("got the episodes %+v, want one that recovered", a.Episodes)
		}
	}
	in := func(what string, got, from, to float64) {
		t.Helper()
		if got < from || got > to {
			t.Errorf("%s: got day %.1f, want %g to %g", what, got, from, to)
		}
	}
	in("it fires", fired[0], 8.5, 10)
	in("it is critical", critical[0], 13.5, 15)
	in("it fires last", fired[len(fired)-1], 18, 18.6)
	if n := int((fired[len(fired)-1]-fired[0])*8) + 1; len(fired) != n {
		t.Errorf("got %d slots with an alert, want it at all %d in between", len(fired), n)
	}
}

// Without the history, no alert by a forecast ends and none begins. A shorter one, for a server
// that refuses four weeks, ends the alert of a disk that does not grow.
func TestFullInWithoutHistory(t *testing.T) {
	cleaned := false
	d := &disks{of: map[string]func(float64) float64{"fills": func(days float64) float64 {
		if cleaned {
			return 0.3
		}
		return 0.7 + 0.01*days
	}}}
	slot := begin.Add(12 * 24 * time.Hour)
	p, now := d.at(t, slot)
	if p.Rows[0].Status != rules.Breach || p.OK != 0 || len(p.Findings) != 1 {
		t.Fatalf("got the row %+v and %d findings, want a breach", p.Rows[0], len(p.Findings))
	}
	if v := p.Findings[0].Value; math.Abs(v-3*86400) > 5000 {
		t.Errorf("got %g seconds, want about three days", v)
	}
	m := rules.Advance(rules.Memory{}, now, slot)
	refused := &promapi.Error{Kind: promapi.KindTooMuch, Message: "too many samples"}
	cleaned = true
	long := func(q promapi.Query) bool { return q.Grid.Range() > 20*24*time.Hour }
	for name, fails := range map[string]func(promapi.Query) (bool, error){
		"it is refused": func(q promapi.Query) (bool, error) {
			if q.Grid.Step == time.Hour {
				return false, refused
			}
			return false, nil
		},
		"it fails": func(q promapi.Query) (bool, error) {
			if q.Grid.Step == time.Hour {
				return false, errors.New("broken")
			}
			return false, nil
		},
		"a partial answer": func(q promapi.Query) (bool, error) { return long(q), nil },
	} {
		d.fails = fails
		p, now := d.at(t, slot.Add(time.Hour))
		if now.Rules[0].Data != rules.DataPartial {
			t.Errorf("%s: got data %v, want partial", name, now.Rules[0].Data)
		}
		next := rules.Advance(m, now, slot.Add(time.Hour))
		for _, a := range next.Alerts {
			if !a.Fires() {
				t.Errorf("%s: got %+v, want it to fire still", name, a)
			}
		}
		if p.History == nil && (p.Rows[0].Status != rules.Unknown || p.OK != 0) {
			t.Errorf("%s: got the row %v, want it not to be judged", name, p.Rows[0].Status)
		}
	}
	for name, most := range map[string]time.Duration{
		"all": 99 * 24 * time.Hour, "two weeks": 20 * 24 * time.Hour, "one week": 8 * 24 * time.Hour,
	} {
		d.fails = func(q promapi.Query) (bool, error) {
			if q.Grid.Range() > most {
				return false, refused
			}
			return false, nil
		}
		_, now = d.at(t, slot.Add(time.Hour))
		next := rules.Advance(m, now, slot.Add(7*time.Hour))
		for _, a := range next.Alerts {
			if a.Fires() || a.Now().End != rules.Recovered {
				t.Errorf("%s: got %+v, want its end after the disk was cleaned", name, a)
			}
		}
	}
	d.fails = nil
	p, _ = d.at(t, slot.Add(time.Hour))
	if p.Rows[0].Status != rules.OK || p.OK != 1 {
		t.Errorf("got the row %v of %d, want it to be OK", p.Rows[0].Status, p.OK)
	}
}
