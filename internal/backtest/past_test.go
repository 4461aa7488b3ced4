package backtest

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

var start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// past is a server with these series on one grid.
type past struct {
	grid   series.Grid
	series []series.Series
	// refuse returns an error for a query of so many points; nil: it never does
	refuse func(points int) error
	// breaks ends an answer after so many series with an error; 0: it does not
	breaks int
	mu     sync.Mutex // of asked: rules are counted at the same time
	asked  []int      // the points of each query
}

// questions returns the points of each query so far.
func (p *past) questions() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Range answers with the samples at the times of the query.
func (p *past) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	p.mu.Lock()
	p.asked = append(p.asked, q.Grid.Len)
	p.mu.Unlock()
	meta := promapi.Meta{Expr: q.Expr, Grid: q.Grid}
	if p.refuse != nil {
		if err := p.refuse(q.Grid.Len); err != nil {
			return meta, err
		}
	}
	for n, s := range p.series {
		if p.breaks > 0 && n == p.breaks {
			p.breaks = 0
			return meta, &promapi.Error{Kind: promapi.KindTooMuch, Message: "cut off"}
		}
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = math.NaN()
			if at := int(q.Grid.At(i).Sub(p.grid.Start) / p.grid.Step); at >= 0 &&
				at < len(s.Values) && !q.Grid.At(i).Before(p.grid.Start) {
				values[i] = s.Values[at]
			}
		}
		if series.Newest(values) < 0 {
			continue
		}
		meta.Series, meta.Samples = meta.Series+1, meta.Samples+len(values)
		if err := each(series.Series{Labels: slices.Clone(s.Labels), Values: values}); err != nil {
			return meta, err
		}
	}
	return meta, nil
}

// Present says that every metric exists.
func (p *past) Present(_ context.Context, names []string, _, _ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out, nil
}

// wide is the panel of the tests.
func wide(rs ...rules.Rule) panel.Spec {
	return panel.Spec{
		Name: "disk", Title: "Disk", Rules: rs,
		Queries: []panel.Query{{Expr: "disk", Legend: "{{node}}", Unit: units.PercentUnit}},
	}
}

// every returns slots, so far apart.
func every(step time.Duration) func(from, before time.Time) []time.Time {
	return func(from, before time.Time) []time.Time {
		var out []time.Time
		for at := from.Truncate(step); at.Before(before); at = at.Add(step) {
			if !at.Before(from) {
				out = append(out, at)
			}
		}
		return out
	}
}

// loaded returns an engine that has read a history in chunks of so many points.
func loaded(t testing.TB, p *plan, q snapshot.Querier, levels []float64, points int) *engine {
	t.Helper()
	reader, err := snapshot.NewReader(q, p.spec, p.rule.Name, p.step, p.o.Query)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(p, reader, levels, levels)
	f := &fetcher{reader: reader, points: points, report: func(time.Duration, int) {}}
	if _, err := e.load(context.Background(), f); err != nil {
		t.Fatal(err)
	}
	e.finish()
	e.judgeData()
	return e
}
