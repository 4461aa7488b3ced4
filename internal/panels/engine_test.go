package panels_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// scrape is the interval of the fixtures' samples, the first of which is at the Unix epoch.
const scrape = time.Minute

// store holds series in memory for the real PromQL engine.
type store struct{ series []storage.Series }

// add adds a series with one sample every interval. values are in promtool's notation: "0x50 1x9",
// "0+30x60", "1 _ 1".
func (st *store) add(t *testing.T, name string, ls map[string]string, interval time.Duration,
	values string) {
	t.Helper()
	b := labels.NewBuilder(labels.FromMap(ls))
	b.Set(model.MetricNameLabel, name)
	_, vals, err := panel.Parser().ParseSeriesDesc("x " + values)
	if err != nil {
		t.Fatalf("values %q of %s: %v", values, name, err)
	}
	var samples []chunks.Sample
	for i, v := range vals {
		if !v.Omitted {
			samples = append(samples, sample{int64(i) * interval.Milliseconds(), v.Value})
		}
	}
	st.series = append(st.series, storage.NewListSeries(b.Labels(), samples))
}

// Querier makes st a storage.Queryable.
func (st *store) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints,
		ms ...*labels.Matcher) storage.SeriesSet {
		set := &seriesSet{}
		for _, s := range st.series {
			if matches(s.Labels(), ms) {
				set.series = append(set.series, s)
			}
		}
		return set
	}}, nil
}

func matches(ls labels.Labels, ms []*labels.Matcher) bool {
	for _, m := range ms {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

type seriesSet struct {
	series []storage.Series
	next   int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

type sample struct {
	t int64
	v float64
}

func (s sample) ST() int64                     { return 0 }
func (s sample) T() int64                      { return s.t }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// query runs a panel's query over a storage as a snapshot would, between two offsets from the
// epoch. A warning of the engine, such as a rate of a gauge, is an error.
func query(in storage.Queryable, expr string, from, to, step time.Duration) (promql.Matrix, error) {
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 10_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		Parser:           panel.Parser(),
		EnableAtModifier: true, // on in every server, off in the library
	})
	defer func() { _ = engine.Close() }()
	expr = panel.Expand(expr, panel.Vars{
		Step: step, ScrapeInterval: scrape, Range: max(to-from, time.Hour),
	})
	ctx := context.Background()
	q, err := engine.NewRangeQuery(ctx, in, nil, expr, time.UnixMilli(from.Milliseconds()),
		time.UnixMilli(to.Milliseconds()), step)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if len(res.Warnings) > 0 {
		return nil, errors.Join(res.Warnings.AsErrors()...)
	}
	m, err := res.Matrix()
	m = slices.Clone(m)
	for i := range m {
		// the engine reuses the result's samples once the query is closed
		m[i].Floats = slices.Clone(m[i].Floats)
	}
	return m, err
}

// Range makes st a snapshot.Querier.
func (st *store) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	return rangeOver(st, q, each)
}

// rangeOver answers a query of a snapshot from a storage.
func rangeOver(in storage.Queryable, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	from, to := q.Grid.Start.UnixMilli(), q.Grid.End().UnixMilli()
	m, err := query(in, q.Expr, time.Duration(from)*time.Millisecond,
		time.Duration(to)*time.Millisecond, q.Grid.Step)
	if err != nil {
		return promapi.Meta{}, err
	}
	for _, s := range m {
		vs := make([]float64, q.Grid.Len)
		for i := range vs {
			vs[i] = math.NaN()
		}
		for _, p := range s.Floats {
			vs[(p.T-from)/q.Grid.Step.Milliseconds()] = p.F
		}
		if err := each(
			series.Series{Labels: series.FromMap(s.Metric.Map()), Values: vs}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

// Present reports all metrics as present.
func (st *store) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all, nil
}

// values are the results of a query at one time. The key joins the label values with spaces, in the
// order of the label names.
type values map[string]float64

// at runs a query at one offset from the epoch. names are the label names of the series.
func (st *store) at(t *testing.T, expr string,
	offset time.Duration) (got values, names string, err error) {
	t.Helper()
	m, err := query(st, expr, offset, offset, scrape)
	if err != nil {
		return nil, "", err
	}
	got = values{}
	for _, s := range m {
		key, n := keyOf(s.Metric)
		got[key], names = s.Floats[0].F, n
	}
	return got, names, nil
}

func keyOf(ls labels.Labels) (key, names string) {
	var vs, ns []string
	ls.Range(func(l labels.Label) {
		vs, ns = append(vs, l.Value), append(ns, l.Name)
	})
	return strings.Join(vs, " "), strings.Join(ns, " ")
}

// near allows for rounding, which depends on the order of additions. NaN is near NaN.
func near(a, b float64) bool {
	return math.Abs(a-b) < 1e-9 || math.IsNaN(a) && math.IsNaN(b)
}

func (v values) equal(o values) bool {
	if len(v) != len(o) {
		return false
	}
	for k, x := range v {
		if y, ok := o[k]; !ok || !near(x, y) {
			return false
		}
	}
	return true
}
