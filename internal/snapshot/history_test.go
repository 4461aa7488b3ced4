package snapshot_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// disk is a panel that is forecast and compared.
var disk = panel.Spec{
	Name: "disk", Queries: []panel.Query{
		{Expr: `node_used{x="$__interval"}`, Unit: units.PercentUnit, Legend: "disk of {{node}}"},
	},
	Rules:    []rules.Rule{{Name: "High", Warning: rules.At(0.9), For: 15 * time.Minute}},
	Forecast: &panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: 30 * 24 * time.Hour},
	Change:   &panel.Change{By: 0.05},
}

// grows gains a percent a day and is now at a share.
func grows(now float64) func(time.Duration) float64 {
	return func(ago time.Duration) float64 { return now - 0.01*ago.Hours()/24 }
}

// steps rose, or fell, some days ago.
func steps(from, to float64, before time.Duration) func(time.Duration) float64 {
	return func(ago time.Duration) float64 {
		if ago < before {
			return to
		}
		return from
	}
}

// takeHistory takes a panel and its history. It returns the queries for the history.
func takeHistory(t *testing.T, h *history, spec panel.Spec) (snapshot.Panel, []promapi.Query) {
	t.Helper()
	o := options(time.Hour)
	panels := snapshot.Take(t.Context(), h, []panel.Spec{spec}, o)
	h.asked = nil
	snapshot.TakeHistory(t.Context(), h, panels, o, nil)
	return panels[0], h.asked
}

func TestTakeHistory(t *testing.T) {
	gone := func(ago time.Duration) float64 {
		if ago < 3*time.Hour {
			return math.NaN()
		}
		return grows(0.8)(ago)
	}
	p, asked := takeHistory(t, &history{series: map[string]func(time.Duration) float64{
		"soon": grows(0.8), "later": grows(0.75), "flat": steps(0.84, 0.84, 0),
		"lower": steps(0.3, 0.3, 0), "rose": steps(0.2, 0.4, 50*time.Hour),
		"rose more": steps(0.2, 0.6, 20*time.Hour), "fell": steps(0.4, 0.1, 40*time.Hour),
		"rose a little": steps(0.4, 0.44, 40*time.Hour), "new": steps(math.NaN(), 0.3, 30*time.Hour),
		"gone": gone,
	}}, disk)
	if len(asked) != 2 || asked[1].Expr != `node_used{x="1m"}` {
		t.Errorf("got the queries %v, want that of the panel, with its interval, after that of "+
			"the nodes", asked)
	}
	g := asked[1].Grid
	if g.Step != time.Hour || g.Len != 672 || g.End().After(p.Grid.End()) ||
		p.Grid.End().Sub(g.End()) >= time.Hour {
		t.Errorf("got %d steps of %s up to %s, want 672 hours up to %s", g.Len, g.Step, g.End(),
			p.Grid.End())
	}
	h := p.History
	if h == nil || len(p.Notes) > 0 || h.Partial || h.Had != g.Range() {
		t.Fatalf("got the history %+v and the notes %v, want four weeks", h, p.Notes)
	}
	var forecasts, up, down []string
	for _, f := range h.Forecasts {
		forecasts = append(forecasts, strings.TrimPrefix(f.Name, "disk of ")+" "+string(f.Why))
	}
	for _, m := range h.Up {
		up = append(up, m.Name)
	}
	for _, m := range h.Down {
		down = append(down, m.Name)
	}
	want := []string{
		"soon ", "later ", "flat flat", "rose more too_early", "rose a little flat",
		"rose too_early", "lower flat", "new too_short", "fell too_early",
	}
	if !slices.Equal(forecasts, want) {
		t.Errorf("got the forecasts %q, want %q", forecasts, want)
	}
	if f := p.ForecastOf("", series.FromPairs("node", "soon")); f == nil ||
		math.Abs(f.Days-5) > 0.2 || f.Node != "soon" {
		t.Errorf("soon: got %+v, want 5 days", f)
	}
	wantUp := []string{"disk of rose more", "disk of new", "disk of rose"}
	if !slices.Equal(up, wantUp) || h.UpAll != 3 {
		t.Errorf("got up %q of %d, want %q", up, h.UpAll, wantUp)
	}
	if !slices.Equal(down, []string{"disk of fell"}) || h.DownAll != 1 {
		t.Errorf("got down %q of %d, want that which fell", down, h.DownAll)
	}
	if m := h.Up[0]; len(m.Week) != 168 || len(m.Before) != 168 || m.Week[167] != 0.6 ||
		m.Before[167] != 0.2 || math.Abs(m.Amount-0.4) > 1e-9 || m.New {
		t.Errorf("got %+v, want a change by 0.4 with two weeks of samples", m)
	}
	if !h.Up[1].New {
		t.Errorf("got %+v, want it to be new", h.Up[1])
	}
}

// One of many equal nodes is news. A change is not if it is small beside the largest.
func TestTakeHistoryOfMany(t *testing.T) {
	server := &history{series: map[string]func(time.Duration) float64{
		"rose": steps(0.2, 0.4, 50*time.Hour), "huge": steps(90, 90, 0),
		"rose a lot": steps(0.2, 2.4, 50*time.Hour),
	}}
	for i := range 200 {
		server.series["n"+strconv.Itoa(i)] = steps(0.5, 0.5, 0)
	}
	p, _ := takeHistory(t, server, disk)
	if h := p.History; h.UpAll != 1 || h.Up[0].Node != "rose a lot" || h.Most != 90 {
		t.Errorf("beside one of %g: got %d that rose: %+v, want the one that rose a lot", h.Most,
			h.UpAll, h.Up)
	}
	delete(server.series, "huge")
	p, _ = takeHistory(t, server, disk)
	if h := p.History; h.UpAll != 2 || h.Up[1].Node != "rose" {
		t.Errorf("of 202 nodes: got %d that rose: %+v, want both", h.UpAll, h.Up)
	}
}

// A server that keeps little has no new series, and says how much it keeps.
func TestTakeHistoryOfAYoungServer(t *testing.T) {
	young := steps(math.NaN(), 0.3, 30*time.Hour)
	p, _ := takeHistory(t, &history{series: map[string]func(time.Duration) float64{
		"a": young, "b": young, "new": steps(math.NaN(), 0.3, 14*time.Hour),
	}}, disk)
	h := p.History
	if h.Had < 28*time.Hour || h.Had > 30*time.Hour {
		t.Errorf("got %s of data, want 29h", h.Had)
	}
	if len(h.Up) != 1 || h.Up[0].Node != "new" || h.UpAll != 1 {
		t.Errorf("got %+v, want only the series that came later", h.Up)
	}
	for _, f := range h.Forecasts {
		if f.Why != forecast.TooShort {
			t.Errorf("%s: got %q, want that the history is too short", f.Name, f.Why)
		}
	}
}

// If the server refuses four weeks, two are asked about, then one.
func TestTakeHistoryShrinks(t *testing.T) {
	refused := &promapi.Error{Kind: promapi.KindTooMuch, Message: "too many samples"}
	for _, tc := range []struct {
		name  string
		err   error
		above time.Duration // a range that is refused
		asked []int         // days
		note  bool
	}{
		{"two weeks", refused, 20 * 24 * time.Hour, []int{28, 14}, false},
		{"one week", refused, 8 * 24 * time.Hour, []int{28, 14, 7}, false},
		{"nothing", refused, 0, []int{28, 14, 7}, true},
		{"another error", errors.New("denied"), 0, []int{28}, true},
	} {
		h := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
		h.fails = func(q promapi.Query) error {
			if q.Grid.Step == time.Hour && q.Grid.Range() > tc.above {
				return tc.err
			}
			return nil
		}
		p, asked := takeHistory(t, h, disk)
		var days []int
		for _, q := range asked[1:] {
			days = append(days, q.Grid.Len/24)
		}
		if !slices.Equal(days, tc.asked) {
			t.Errorf("%s: got queries over %v days, want %v", tc.name, days, tc.asked)
		}
		if tc.note != (len(p.Notes) == 1 && p.Notes[0].Code == snapshot.NoteHistoryUnknown) ||
			tc.note != (p.History == nil) || p.Data != snapshot.DataComplete {
			t.Errorf("%s: got the notes %v and the history %+v, want a note only after a failure",
				tc.name, p.Notes, p.History)
		}
		if !tc.note && len(p.History.Forecasts) != 1 {
			t.Errorf("%s: got %+v, want one forecast", tc.name, p.History)
		}
	}
}

func TestTakeHistoryPanics(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
	h.fails = func(q promapi.Query) error {
		if q.Grid.Step == time.Hour {
			panic("boom")
		}
		return nil
	}
	if p, _ := takeHistory(t, h, disk); len(p.Notes) != 1 || p.History != nil {
		t.Errorf("got the notes %v and the history %v, want one note", p.Notes, p.History)
	}
}

// rollout has the series of pods whose names changed with a rollout three days ago, and the same by
// workload. It also has their capacities.
type rollout struct {
	history
	capacity map[string]float64 // by workload
}

func (p *rollout) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	p.asked = append(p.asked, q)
	for workload, of := range p.series {
		ls := series.FromPairs("cluster", "eu", "namespace", "shop", "container", "app")
		switch q.Expr {
		case "container_used", "size":
			ls = ls.With("pod", workload+"-5d4f7c9b8d-x2x4z")
		case panel.ByWorkload("container_used"), panel.ByWorkload("size"):
			ls = ls.With("workload", workload)
		default:
			return promapi.Meta{}, errors.New("refused: " + q.Expr)
		}
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = of(slot.Sub(q.Grid.At(i)))
			if strings.Contains(q.Expr, "size") {
				values[i] = p.capacity[workload]
			}
		}
		if err := each(series.Series{Labels: ls, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

func TestTakeHistoryOfPods(t *testing.T) {
	server := &rollout{capacity: map[string]float64{"api": 10, "web": 1000, "db": 100}}
	server.series = map[string]func(time.Duration) float64{
		"api": steps(0.1, 0.9, 60*time.Hour), "web": steps(0.1, 0.2, 60*time.Hour),
		"db": steps(0.5, 0.5, 0),
	}
	spec := disk
	spec.Builtin = true
	spec.Queries = []panel.Query{{
		Expr: "container_used", Unit: units.PercentUnit,
		Legend: "{{namespace}}/{{ pod }} {{container}}",
	}}
	spec.Capacity = &panel.Capacity{Query: "size", Unit: units.Bytes}
	o := options(time.Hour)
	panels := snapshot.Take(t.Context(), server, []panel.Spec{spec}, o)
	server.asked = nil
	snapshot.TakeHistory(t.Context(), server, panels, o, nil)
	h := panels[0].History
	if h == nil || len(panels[0].Notes) > 0 {
		t.Fatalf("got the history %v and the notes %v, want a history", h, panels[0].Notes)
	}
	if len(h.Forecasts) > 0 {
		t.Errorf("got the forecasts %+v, want none of pods", h.Forecasts)
	}
	if h.UpAll != 2 || h.Up[0].Name != "shop/web app" || h.Up[1].Name != "shop/api app" {
		t.Fatalf("got %+v, want web, which grew by more memory, then api", h.Up)
	}
	if m := h.Up[0]; math.Abs(m.Amount-100) > 1e-6 || m.Capacity != 1000 ||
		m.Labels.Get("workload") != "web" {
		t.Errorf("got %+v, want a change by 100 of 1000", m)
	}
	if math.Abs(h.Sum-(9+200+50)) > 1e-6 {
		t.Errorf("got a sum of %g, want 259", h.Sum)
	}
	spec.Rules = []rules.Rule{{Name: "Fills", FullIn: true, Warning: rules.At(86400)}}
	panels = snapshot.Take(t.Context(), server, []panel.Spec{spec}, o)
	snapshot.TakeHistory(t.Context(), server, panels, o, nil)
	if n := panels[0].Notes; len(n) != 1 || n[0].Code != snapshot.NoteHistoryUnknown {
		t.Errorf("got the notes %v, want one that full_in judges nothing of pods", n)
	}
}

// A node that joined last week has the address of another one, whose history is not its own.
func TestTakeHistorySinceTheNodeJoined(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{
		"old": steps(0.2, 0.5, 40*time.Hour), "young": steps(0.2, 0.6, 40*time.Hour),
	}}
	h.joined = map[string]time.Time{
		"old": slot.Add(-99 * 24 * time.Hour), "young": slot.Add(-30 * time.Hour),
	}
	p, _ := takeHistory(t, h, disk)
	if up := p.History.Up; len(up) != 2 || up[0].Node != "young" || !up[0].New ||
		up[1].Node != "old" || up[1].New {
		t.Errorf("got %d series up, want young to be new and old to have risen: %+v", len(up), up)
	}
	if f := p.ForecastOf("", series.FromPairs("node", "young")); f.Why != forecast.TooShort {
		t.Errorf("got %+v, want no forecast from the history of another node", f)
	}
}

// A series whose limits are overridden is forecast to reach its own.
func TestTakeHistoryOfOverrides(t *testing.T) {
	for name, tc := range map[string]struct {
		override panel.Override
		limit    float64
	}{
		"none":     {panel.Override{Rule: "High", Warning: rules.At(0.9)}, 0.85},
		"warning":  {panel.Override{Rule: "High", Warning: rules.At(0.95)}, 0.95},
		"critical": {panel.Override{Rule: "High", Critical: rules.At(0.98)}, 0.98},
		"both": {
			panel.Override{Rule: "High", Warning: rules.At(0.94), Critical: rules.At(0.98)}, 0.98,
		},
	} {
		spec := disk
		tc.override.Match = []panel.Matcher{{Label: "node", Op: "=", Value: "boot"}}
		spec.Overrides = []panel.Override{tc.override}
		p, _ := takeHistory(t, &history{series: map[string]func(time.Duration) float64{
			"boot": grows(0.8), "root": grows(0.8),
		}}, spec)
		for node, want := range map[string]float64{"boot": tc.limit, "root": 0.85} {
			got := p.ForecastOf("", series.FromPairs("node", node))
			if got == nil || got.Limit != want {
				t.Errorf("%s: %s: got %+v, want the limit %g", name, node, got, want)
			}
		}
	}
}

// A report without trends sends no query. One whose time has ended gets no history.
func TestTakeHistoryOfWantedPanels(t *testing.T) {
	server := &history{series: map[string]func(time.Duration) float64{"a": grows(0.8)}}
	o := options(time.Hour)
	panels := snapshot.Take(t.Context(), server, []panel.Spec{disk}, o)
	server.asked = nil
	snapshot.TakeHistory(t.Context(), server, panels, o, func(*snapshot.Panel) bool {
		return false
	})
	if len(server.asked) > 0 {
		t.Errorf("got the queries %v, want none", server.asked)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	server.fails = func(q promapi.Query) error {
		if q.Grid.Step == time.Hour {
			cancel(errors.New("out of time"))
		}
		return nil
	}
	snapshot.TakeHistory(ctx, server, panels, o, nil)
	if panels[0].History != nil || len(panels[0].Notes) != 1 {
		t.Errorf("got the history %+v and the notes %v, want a note that time is over",
			panels[0].History, panels[0].Notes)
	}
}
