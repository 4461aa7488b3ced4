package rulefiles

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory is a store of series. It holds all samples from the beginning, so an expression must not
// look into the future.
type memory struct {
	byName map[string][]*stored // in the order of their labels
	byKey  map[string]*stored
	loaded map[string]bool // the metrics of load
}

type stored struct {
	lset    labels.Labels
	samples []chunks.Sample // by time
}

func newMemory() *memory {
	return &memory{byName: map[string][]*stored{}, byKey: map[string]*stored{},
		loaded: map[string]bool{}}
}

// load adds series in the notation of promtool's unit tests.
func (m *memory) load(inputs []input, interval time.Duration) error {
	p := parser.NewParser(parser.Options{})
	for _, in := range inputs {
		lset, values, err := p.ParseSeriesDesc(in.Series + " " + in.Values)
		if err != nil {
			return fmt.Errorf("%s: %w", in.Series, err)
		}
		var samples []chunks.Sample
		for i, v := range values {
			if !v.Omitted {
				at := epoch.Add(time.Duration(i) * interval).UnixMilli()
				samples = append(samples, sample{at, v.Value})
			}
		}
		m.merge(lset, samples)
		m.loaded[lset.Get(model.MetricNameLabel)] = true
	}
	return nil
}

// merge adds samples to a series, in the order of time. Where it has one already, that one stays.
func (m *memory) merge(lset labels.Labels, samples []chunks.Sample) {
	if len(samples) == 0 {
		return
	}
	key := lset.String()
	s := m.byKey[key]
	if s == nil {
		s = &stored{lset: lset}
		m.byKey[key] = s
		name := lset.Get(model.MetricNameLabel)
		all := m.byName[name]
		i := sort.Search(len(all), func(i int) bool {
			return labels.Compare(all[i].lset, lset) > 0
		})
		m.byName[name] = slices.Insert(all, i, s)
	}
	s.samples = append(s.samples, samples...)
	slices.SortStableFunc(s.samples, func(a, b chunks.Sample) int { return cmp.Compare(a.T(), b.T()) })
	s.samples = slices.CompactFunc(s.samples, func(a, b chunks.Sample) bool { return a.T() == b.T() })
}

// Querier implements storage.Queryable.
func (m *memory) Querier(mint, maxt int64) (storage.Querier, error) {
	return querier{m, mint, maxt}, nil
}

type querier struct {
	m          *memory
	mint, maxt int64
}

// Select implements storage.Querier.
func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints,
	matchers ...*labels.Matcher) storage.SeriesSet {
	set := &seriesSet{at: -1}
	for name, all := range q.m.byName {
		if slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
			return m.Name == model.MetricNameLabel && !m.Matches(name)
		}) {
			continue
		}
		for _, s := range all {
			if !matches(name, s.lset, matchers) {
				continue
			}
			from := sort.Search(len(s.samples), func(i int) bool { return s.samples[i].T() >= q.mint })
			to := sort.Search(len(s.samples), func(i int) bool { return s.samples[i].T() > q.maxt })
			if from < to {
				set.all = append(set.all, storage.NewListSeries(s.lset, s.samples[from:to]))
			}
		}
	}
	slices.SortFunc(set.all, func(a, b storage.Series) int {
		return labels.Compare(a.Labels(), b.Labels())
	})
	return set
}

func matches(name string, lset labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		v := name
		if m.Name != model.MetricNameLabel {
			v = lset.Get(m.Name)
		}
		if !m.Matches(v) {
			return false
		}
	}
	return true
}

// LabelValues implements storage.Querier.
func (querier) LabelValues(context.Context, string, *storage.LabelHints,
	...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames implements storage.Querier.
func (querier) LabelNames(context.Context, *storage.LabelHints,
	...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close implements storage.Querier.
func (querier) Close() error { return nil }

type seriesSet struct {
	all []storage.Series
	at  int
}

// Next implements storage.SeriesSet, like the methods below.
func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.all) }
func (s *seriesSet) At() storage.Series              { return s.all[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

type sample struct {
	t int64
	v float64
}

// T implements chunks.Sample, like the methods below.
func (s sample) T() int64                      { return s.t }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Copy() chunks.Sample           { return s }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
