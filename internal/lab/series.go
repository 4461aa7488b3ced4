package lab

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// sampler computes a sample's value at a time.
type sampler func(t int64) float64

// series is one time series. It stores only how to compute its samples.
type series struct {
	lset    labels.Labels
	present spans   // times in which its target exposes it
	offset  int64   // the time of scrapes within the interval
	value   sampler // at a scrape
}

// cacheLimit is the number of series of small families whose labels are kept for the next query. It
// bounds the memory at about 150 MB. Every query enumerates the other families again.
const cacheLimit = 250_000

// store answers selections over the series of all metrics. It is safe for concurrent use.
type store struct {
	families []*family // by name
	byName   map[string]*family
	interval int64
	end      func() int64 // the newest time that has samples
	cached   atomic.Int64
}

// family is a metric with the targets that expose it.
type family struct {
	metric
	targets []*target
	once    sync.Once
	all     []series // sorted by labels; nil if there are too many to keep
}

// query returns the series of a family that match and have samples in the range, sorted by labels.
func (s *store) query(f *family, from, to int64, matchers []*labels.Matcher) []series {
	from -= s.interval // for the staleness marker of a series that ended just before
	wanted := func(t *target) bool { return t.known.overlaps(from, to) && t.matches(matchers) }
	matches := func(x series) bool {
		return x.present.overlaps(from, to) && matchAll(x.lset, matchers)
	}

	f.once.Do(func() {
		size := int64(f.size())
		if s.cached.Add(size) > cacheLimit {
			s.cached.Add(-size)
			return
		}
		f.all = f.enumerate(func(*target) bool { return true }, func(series) bool { return true })
	})
	if f.all == nil {
		return f.enumerate(wanted, matches)
	}
	var found []series
	for _, x := range f.all {
		if matches(x) {
			found = append(found, x)
		}
	}
	return found
}

// size returns the number of series of a family without building their labels.
func (f *family) size() int {
	n := 0
	for _, t := range f.targets {
		f.expose(t, func(spans, sampler, ...string) { n++ })
	}
	return n
}

func (f *family) enumerate(wanted func(*target) bool, matches func(series) bool) []series {
	var found []series
	b := labels.NewScratchBuilder(32)
	for _, t := range f.targets {
		if !wanted(t) {
			continue
		}
		up := t.up
		if f.synthetic {
			up = t.known
		}
		f.expose(t, func(alive spans, v sampler, exposed ...string) {
			of := t
			if f.bare {
				of = t.bare()
			}
			x := series{
				lset: of.label(&b, f.name, exposed), present: up.and(alive), offset: t.offset,
				value: v,
			}
			if len(x.present) > 0 && matches(x) {
				found = append(found, x)
			}
		})
	}
	slices.SortFunc(found, func(a, b series) int { return labels.Compare(a.lset, b.lset) })
	return found
}

func matchAll(lset labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(lset.Get(m.Name)) {
			return false
		}
	}
	return true
}

// named returns the families whose name matches: nearly always the one that the query names.
func (s *store) named(matchers []*labels.Matcher) []*family {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			if f := s.byName[m.Value]; f != nil {
				return []*family{f}
			}
			return nil
		}
	}
	var found []*family
	for _, f := range s.families {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
			return m.Name == model.MetricNameLabel && !m.Matches(f.name)
		}) {
			found = append(found, f)
		}
	}
	return found
}

// querier is a store limited to a time range. It implements storage.Querier.
type querier struct {
	store      *store
	mint, maxt int64
}

func (q *querier) find(ctx context.Context, matchers []*labels.Matcher, each func(series)) error {
	for _, f := range q.store.named(matchers) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, x := range q.store.query(f, q.mint, q.maxt, matchers) {
			each(x)
		}
	}
	return nil
}

// Select implements storage.Querier. The series of one metric are sorted, those of several only on
// request.
func (q *querier) Select(ctx context.Context, sorted bool, _ *storage.SelectHints,
	matchers ...*labels.Matcher) storage.SeriesSet {
	set := &seriesSet{q: q, i: -1}
	if err := q.find(ctx, matchers, func(x series) { set.all = append(set.all, x) }); err != nil {
		return storage.ErrSeriesSet(err)
	}
	if sorted {
		slices.SortFunc(set.all, func(a, b series) int { return labels.Compare(a.lset, b.lset) })
	}
	return set
}

// LabelValues implements storage.Querier.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints,
	matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := map[string]struct{}{}
	err := q.find(ctx, matchers, func(x series) {
		if v := x.lset.Get(name); v != "" {
			values[v] = struct{}{}
		}
	})
	return sortedKeys(values), nil, err
}

// LabelNames implements storage.Querier.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints,
	matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := map[string]struct{}{}
	err := q.find(ctx, matchers, func(x series) {
		x.lset.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
	})
	return sortedKeys(names), nil, err
}

// Close implements storage.Querier.
func (q *querier) Close() error { return nil }

func sortedKeys(set map[string]struct{}) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// seriesSet implements storage.SeriesSet.
type seriesSet struct {
	q   *querier
	all []series
	i   int
}

func (s *seriesSet) Next() bool                        { s.i++; return s.i < len(s.all) }
func (s *seriesSet) At() storage.Series                { return readable{&s.all[s.i], s.q} }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// readable is a series in a querier's range. It implements storage.Series.
type readable struct {
	s *series
	q *querier
}

func (r readable) Labels() labels.Labels { return r.s.lset }

func (r readable) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*iterator)
	if !ok {
		it = &iterator{}
	}
	*it = iterator{
		s: r.s, interval: r.q.store.interval, end: min(r.q.maxt, r.q.store.end()), t: r.q.mint - 1,
	}
	return it
}

// iterator iterates the scrapes of a series and computes each value on demand. After a series ends,
// the first scrape without it has a staleness marker, as in Prometheus. It implements
// chunkenc.Iterator.
type iterator struct {
	s             *series
	interval, end int64
	i             int // the span that t is in
	t             int64
	v             float64
	kind          chunkenc.ValueType
	stale, known  bool
}

// Next implements chunkenc.Iterator.
func (it *iterator) Next() chunkenc.ValueType {
	if next := it.t + it.interval; it.kind == chunkenc.ValFloat && !it.stale &&
		next < it.s.present[it.i].to {
		return it.stand(next, false)
	}
	return it.advance(it.t + 1)
}

// millis is Unix milliseconds. The name prevents go vet from reading Seek(int64) as a wrong
// io.Seeker.
type millis = int64

// Seek implements chunkenc.Iterator.
func (it *iterator) Seek(t millis) chunkenc.ValueType {
	if it.kind == chunkenc.ValFloat && it.t >= t {
		return it.kind
	}
	return it.advance(max(t, it.t+1))
}

// advance goes to the first sample or staleness marker at t or later.
func (it *iterator) advance(t int64) chunkenc.ValueType {
	spans := it.s.present
	for ; it.i < len(spans); it.i++ {
		s := spans[it.i]
		if at := it.scrape(max(t, s.from)); at < s.to {
			return it.stand(at, false)
		}
		if s.to == forever {
			break
		}
		mark := it.scrape(s.to)
		if t <= mark && (it.i+1 == len(spans) || mark < spans[it.i+1].from) {
			return it.stand(mark, true)
		}
	}
	it.kind = chunkenc.ValNone
	return it.kind
}

// scrape returns the first scrape at t or later.
func (it *iterator) scrape(t int64) int64 {
	return floorDiv(t-it.s.offset+it.interval-1, it.interval)*it.interval + it.s.offset
}

func (it *iterator) stand(t int64, stale bool) chunkenc.ValueType {
	it.t, it.stale, it.known = t, stale, false
	it.kind = chunkenc.ValFloat
	if t > it.end {
		it.kind = chunkenc.ValNone
	}
	return it.kind
}

// At implements chunkenc.Iterator.
func (it *iterator) At() (int64, float64) {
	if !it.known {
		it.known = true
		if it.stale {
			it.v = math.Float64frombits(value.StaleNaN)
		} else {
			it.v = it.s.value(it.t)
		}
	}
	return it.t, it.v
}

// AtT implements chunkenc.Iterator.
func (it *iterator) AtT() int64 { return it.t }

// AtST implements chunkenc.Iterator. There are no start timestamps.
func (it *iterator) AtST() int64 { return 0 }

// AtHistogram implements chunkenc.Iterator. There are no native histograms, so it is never called.
func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return it.t, nil
}

// AtFloatHistogram implements chunkenc.Iterator; see AtHistogram.
func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return it.t, nil
}

// Err implements chunkenc.Iterator. It returns nil, because computing does not fail.
func (it *iterator) Err() error { return nil }
