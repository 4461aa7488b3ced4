package backtest

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// run tests a rule on a history and fails if it cannot.
func run(t *testing.T, q *past, spec panel.Spec, edit func(*Options)) *Result {
	t.Helper()
	o := monthly()
	if edit != nil {
		edit(&o)
	}
	got, err := Run(context.Background(), q, spec, "", o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// proposed writes what a result proposes.
func proposed(r *Result) string {
	if r.Proposed < 0 {
		return fmt.Sprintf("%s: none", r.Why)
	}
	c := r.Candidates[r.Proposed]
	return fmt.Sprintf("%s: %.2f %v", r.Why, c.Level, c.For)
}

func TestProposals(t *testing.T) {
	// 30 nights at 84 % for an hour, and on every other one another node for half an hour
	often := func() *past {
		return month(daily(0, 30, 2, time.Hour, 0.85), daily(0, 30, 5, 30*time.Minute, 0.85))
	}
	wallAt := func(v float64) panel.Spec {
		spec := disk(diskHigh)
		spec.Wall = &panel.Wall{Value: v, Why: panel.WallEvicts}
		return spec
	}
	low := diskHigh
	low.Critical = rules.At(0.84)
	high := diskHigh
	high.Warning, high.Critical = rules.At(0.89), rules.Limit{}
	for name, tt := range map[string]struct {
		past *past
		spec panel.Spec
		edit func(*Options)
		want string
	}{
		"the first level": {nightly(), disk(diskHigh), nil, "fits: 0.89 15m0s"},
		"more pages": {
			nightly(), disk(diskHigh), func(o *Options) { o.Pages = 8 }, "cliff: 0.89 15m0s",
		},
		"too often in the newest third only": {
			month(daily(22, 30, 2, time.Hour, 0.85), daily(22, 30, 9, time.Hour, 0.85)),
			disk(diskHigh), nil, "newest: 0.80 15m0s",
		},
		"rare enough": {nightly(), disk(high), nil, "enough: 0.89 15m0s"},
		// two series are always above 30 %, which is two alerts
		"not below what is configured": {
			nightly(), disk(diskHigh), func(o *Options) { o.Levels = []float64{0.30} },
			"fits: 0.89 15m0s",
		},
		"before a wall":                     {nightly(), wallAt(0.90), nil, "fits: 0.89 15m0s"},
		"nothing before the critical limit": {nightly(), disk(low), nil, "wall: none"},
		"nothing before a wall":             {often(), wallAt(0.86), nil, "wall: none"},
		"a longer for that will do": {
			month(daily(0, 30, 2, 20*time.Minute, 0.85)), wallAt(0.86), nil, "wall: 0.80 30m0s",
		},
		"every level": {
			often(), wallAt(0.82), func(o *Options) { o.Fors = []time.Duration{40 * time.Minute} },
			"wall: none",
		},
		"a for that was asked for": {
			month(daily(0, 30, 2, 20*time.Minute, 0.85)), wallAt(0.86),
			func(o *Options) { o.Fors = []time.Duration{25 * time.Minute} }, "wall: 0.80 25m0s",
		},
	} {
		got := run(t, tt.past, tt.spec, tt.edit)
		if proposed(got) != tt.want {
			t.Errorf("%s: got %s, want %s of\n%s", name, proposed(got), tt.want, rows(got))
		}
	}
}

// A level on a cliff is left: the next two percent take off most of its alerts.
func TestCliff(t *testing.T) {
	var bumps []bump
	for day := range 30 { // 14 a week above 85 %, half of them above 87 %, 2 above 89 %
		bumps = append(bumps, bump{day, 2, time.Hour, 0.885}, bump{day, 8, time.Hour, 0.865})
		if day%4 == 0 {
			bumps = append(bumps, bump{day, 14, time.Hour, 0.925})
		}
	}
	rule := diskHigh
	rule.Critical = rules.Limit{}
	got := run(t, month(bumps), disk(rule), func(o *Options) {
		o.Pages, o.Levels = 10, []float64{0.82, 0.84, 0.86, 0.87, 0.88, 0.89, 0.90, 0.92}
	})
	if want := "cliff: 0.89 15m0s"; proposed(got) != want {
		t.Errorf("got %s, want %s of\n%s", proposed(got), want, rows(got))
	}
}

// The limits of an override stay where they are.
func TestOverridesStay(t *testing.T) {
	spec := disk(diskHigh)
	spec.Overrides = []panel.Override{{
		Match:   []panel.Matcher{{Label: "node", Op: "=", Value: "n1"}},
		Warning: rules.At(0.30),
	}}
	got := run(t, month(nil, daily(0, 30, 5, time.Hour, 0.85)), spec, nil)
	for _, c := range got.Candidates {
		want := 31
		if c.Level >= 0.89 {
			want = 1 // n1 fires all the time
		}
		if c.Level <= 0.84 && c.Level > 0.42 && c.Alerts != want || c.Level >= 0.89 &&
			c.Alerts != want {
			t.Errorf("got %s, want %d alerts", row(c), want)
		}
	}
}

// Below is above turned upside down.
func TestBelowIsAboveUpsideDown(t *testing.T) {
	turned := nightly()
	for _, s := range turned.series {
		for i := range s.Values {
			s.Values[i] = math.Round((1-s.Values[i])*1e6) / 1e6
		}
	}
	rule := diskHigh
	rule.Direction, rule.Warning, rule.Critical = rules.Below, rules.At(0.20), rules.At(0.10)
	levels := []float64{0.80, 0.82, 0.84, 0.86, 0.88, 0.90}
	above := run(t, nightly(), disk(diskHigh), func(o *Options) { o.Levels = levels })
	below := run(t, turned, disk(rule), func(o *Options) {
		for _, l := range levels {
			o.Levels = append(o.Levels, math.Round(100-100*l)/100)
		}
	})
	for _, l := range levels {
		a, b := at(above, l), at(below, math.Round(100-100*l)/100)
		if a.Alerts == 0 || b.Alerts != a.Alerts || b.Firing != a.Firing || b.Held != a.Held {
			t.Errorf("got %s, want the same as %s", row(b), row(a))
		}
	}
}

// at returns the candidate of a level.
func at(r *Result, level float64) Candidate {
	for _, c := range r.Candidates {
		if c.Level == level {
			return c
		}
	}
	return Candidate{}
}

// An alert of pods is that of their workload, so a rollout is not another object.
func TestPodsAreTheirWorkload(t *testing.T) {
	q := month(daily(0, 15, 5, time.Hour, 0.85), daily(15, 30, 5, time.Hour, 0.85))
	for i, pod := range []string{"api-6c8d7f9b54-x2x9k", "api-7d9f8c6b5d-q4w5r"} {
		q.series[i].Labels = series.FromPairs("namespace", "shop", "pod", pod, "container", "app")
		for j := range q.series[i].Values {
			if (j < 15*24*12) == (i == 1) {
				q.series[i].Values[j] = math.NaN()
			}
		}
	}
	got := run(t, q, disk(diskHigh), nil)
	if c := got.Candidates[got.Now]; c.Alerts != 30 || c.Objects != 1 {
		t.Errorf("got %s, want 30 alerts of one workload", row(c))
	}
	if ls := got.Candidates[got.Now].By[0].Identity; ls.Get("workload") != "api" ||
		ls.Get("pod") != "" {
		t.Errorf("got the identity %s, want the workload api", ls)
	}
}

// events answers like past, and like a server that has the metric the whole time.
type events struct{ *past }

// Range implements snapshot.Querier.
func (e events) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr == "disk" {
		return e.past.Range(ctx, q, each)
	}
	values := make([]float64, q.Grid.Len)
	return promapi.Meta{Grid: q.Grid}, each(series.Series{Values: values})
}

// Where an empty answer is good news, the time without series is calm and not blind.
func TestEmptyIsCalm(t *testing.T) {
	q := month(daily(0, 30, 5, time.Hour, 0.85))
	for i, v := range q.series[0].Values {
		if v < 0.80 {
			q.series[0].Values[i] = math.NaN()
		}
	}
	q.series[0].Labels = series.FromPairs("job", "batch") // no source knows such objects
	spec := disk(diskHigh)
	spec.EmptyIsOK, spec.Needs = true, []string{"disk_metric"}
	got, err := Run(context.Background(), events{q}, spec, "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Candidates[got.Now]; c.Alerts != 30 || len(got.Blind) > 0 ||
		math.Abs(c.PerWeek-7) > 0.01 {
		t.Errorf("got %s, blind %v; want 30 alerts, 7 a week, and nothing blind", row(c), got.Blind)
	}
}

// Where kube-state-metrics is gone, an empty answer is no good news.
func TestEmptyIsBlindWithoutWhatItNeeds(t *testing.T) {
	q := month(daily(0, 30, 5, time.Hour, 0.85))
	for i, v := range q.series[0].Values {
		if v < 0.80 {
			q.series[0].Values[i] = math.NaN()
		}
	}
	spec := disk(diskHigh)
	spec.EmptyIsOK, spec.Needs = true, []string{"disk_metric", "limit_metric"}
	spec.Blind = &panel.Blind{Query: "vector(1) unless on () count(kube_node_info)"}
	const exists = `group({__name__="disk_metric"}) and group({__name__="limit_metric"})` +
		` unless group(vector(1) unless on () count(kube_node_info))`
	gone := Span{q.grid.At(10 * 24 * 12), q.grid.At(15 * 24 * 12)}
	got, err := Run(context.Background(), outage{q, exists, gone}, spec, "", monthly())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Blind) != 1 || got.Blind[0].To.Sub(got.Blind[0].From) < 4*24*time.Hour {
		t.Errorf("got blind %v, want most of %v", got.Blind, gone)
	}
}

// outage answers when a metric exists with a query, except in a span without any answer.
type outage struct {
	past   *past
	exists string
	gone   Span
}

func (o outage) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	values := make([]float64, q.Grid.Len)
	for i := range values {
		if at := q.Grid.At(i); !at.Before(o.gone.From) && at.Before(o.gone.To) {
			values[i] = math.NaN()
		}
	}
	switch q.Expr {
	case "disk":
		return o.past.Range(ctx, q, func(s series.Series) error {
			for i := range s.Values {
				s.Values[i] += values[i] // NaN in the outage
			}
			return each(s)
		})
	case o.exists:
		return promapi.Meta{Grid: q.Grid}, each(series.Series{Values: values})
	}
	return promapi.Meta{Grid: q.Grid}, fmt.Errorf("unexpected query %s", q.Expr)
}

func (o outage) Present(ctx context.Context, names []string,
	start, end time.Time) (map[string]bool, error) {
	return o.past.Present(ctx, names, start, end)
}

// Of a level that alerts far too often, the alerts are counted in one pass, unless it is
// configured.
func TestNoisyLevelsAreNotReplayed(t *testing.T) {
	var all [][]bump
	for n := range 40 {
		all = append(all, daily(0, 30, float64(n)/2, 30*time.Minute, 0.85))
	}
	got := run(t, month(all...), disk(diskHigh), nil)
	about := 0
	for i, c := range got.Candidates {
		if c.About {
			about++
		}
		if c.About && i == got.Now || c.Level > 0.79 && c.Level < 0.845 && c.Alerts != 1200 {
			t.Errorf("got %s, want 1200 alerts, replayed where it is configured", row(c))
		}
	}
	if about == 0 {
		t.Errorf("got no level that is counted in one pass of\n%s", rows(got))
	}
}
