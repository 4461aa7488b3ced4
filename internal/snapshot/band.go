package snapshot

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/series"
)

// sampleBudget is the most floats from which the band's quantiles are computed (2 MiB), and
// sampleMost is the most series.
const (
	sampleBudget = 256 << 10
	sampleMost   = 256
)

// accumulator computes the exact part of a Band. It does not keep the series.
type accumulator struct {
	series        int
	min, max, sum []float64
	count         []int
}

// add adds the finite samples of one series.
func (a *accumulator) add(values []float64) {
	if a.series == 0 {
		a.min, a.max, a.sum = nans(len(values)), nans(len(values)), nans(len(values))
		a.count = make([]int, len(values))
	}
	a.series++
	for i, v := range values {
		if !series.Finite(v) {
			continue
		}
		if a.count[i] == 0 {
			a.min[i], a.max[i], a.sum[i] = v, v, v
		} else {
			a.min[i], a.max[i] = min(a.min[i], v), max(a.max[i], v)
			a.sum[i] = bounded(a.sum[i] + v)
		}
		a.count[i]++
	}
}

// addBand adds the series of another band.
func (a *accumulator) addBand(b *Band) {
	if a.series == 0 {
		a.series, a.min, a.max, a.sum, a.count = b.Series, slices.Clone(b.Min), slices.Clone(b.Max),
			slices.Clone(b.Sum), slices.Clone(b.Count)
		return
	}
	a.series += b.Series
	for i, n := range b.Count {
		switch {
		case n == 0:
			continue
		case a.count[i] == 0:
			a.min[i], a.max[i], a.sum[i] = b.Min[i], b.Max[i], b.Sum[i]
		default:
			a.min[i], a.max[i] = min(a.min[i], b.Min[i]), max(a.max[i], b.Max[i])
			a.sum[i] = bounded(a.sum[i] + b.Sum[i])
		}
		a.count[i] += n
	}
}

// bounded limits a sum to the finite floats.
func bounded(sum float64) float64 { return max(-math.MaxFloat64, min(sum, math.MaxFloat64)) }

// bounds returns the Band without quantiles.
func (a *accumulator) bounds() *Band {
	return &Band{
		Series: a.series, Min: a.min, Max: a.max, Sum: a.sum, Count: a.count,
		P05: nans(len(a.min)), P95: nans(len(a.min)),
	}
}

// withoutSample reports whether the quantiles of a band are unknown, as after Panel.Slim.
func (b *Band) withoutSample() bool {
	if b == nil || b.Sampled > 0 {
		return false
	}
	i := slices.IndexFunc(b.Count, func(n int) bool { return n > 0 })
	return i >= 0 && math.IsNaN(b.P05[i])
}

// band returns the Band, with quantiles from the sampled series.
func (a *accumulator) band(sampled []Sampled) *Band {
	b := a.bounds()
	b.Sampled = len(sampled)
	column := make([]float64, 0, len(sampled))
	for i := range b.P05 {
		column = column[:0]
		for _, s := range sampled {
			if v := s.Values[i]; series.Finite(v) {
				column = append(column, v)
			}
		}
		if len(column) == 0 {
			// every sampled series has a gap here: use the bounds of all series
			b.P05[i], b.P95[i] = b.Min[i], b.Max[i]
			continue
		}
		slices.Sort(column)
		b.P05[i], b.P95[i] = nearestRank(column, 0.05), nearestRank(column, 0.95)
	}
	return b
}

// nearestRank returns the smallest of the sorted values such that at least the share q of them is
// not greater.
func nearestRank(sorted []float64, q float64) float64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// sampler keeps the series whose label sets have the lowest hashes. The choice is as good as random
// and the same on every machine, in every order and run.
type sampler struct {
	most int
	h    sampleHeap
}

func newSampler(points int) sampler {
	return sampler{most: sampleSize(points)}
}

// sampleSize returns how many series with this many points are sampled.
func sampleSize(points int) int { return min(sampleMost, max(1, sampleBudget/max(points, 1))) }

func (s *sampler) offer(hash uint64, values []float64) {
	if len(s.h) < s.most {
		heap.Push(&s.h, Sampled{hash, slices.Clone(values)})
		return
	}
	if hash >= s.h[0].Hash {
		return
	}
	s.h[0] = Sampled{hash, append(s.h[0].Values[:0], values...)}
	heap.Fix(&s.h, 0)
}

// notDrawn returns the sampled series that are not drawn as lines.
func notDrawn(sample []Sampled, lines []Line) []Sampled {
	drawn := make(map[uint64]bool, len(lines))
	for _, l := range lines {
		drawn[l.Key()] = true
	}
	out := make([]Sampled, 0, len(sample))
	for _, x := range sample {
		if !drawn[x.Hash] {
			out = append(out, x)
		}
	}
	return out
}

// byHash orders a sample by hash, lowest first.
func byHash(a, b Sampled) int { return cmp.Compare(a.Hash, b.Hash) }

// sampleHeap has the highest hash on top, which is replaced first.
type sampleHeap []Sampled

func (h sampleHeap) Len() int           { return len(h) }
func (h sampleHeap) Less(i, j int) bool { return h[i].Hash > h[j].Hash }
func (h sampleHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sampleHeap) Push(x any)        { *h = append(*h, x.(Sampled)) }
func (h *sampleHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func nans(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = math.NaN()
	}
	return s
}
