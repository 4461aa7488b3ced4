package snapshot

import (
	"container/heap"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/series"
)

// sampleBudget bounds the floats that the quantiles of the band are computed from, 2 MiB of them, and sampleMost the series.
const (
	sampleBudget = 256 << 10
	sampleMost   = 256
)

// accumulator is the exact part of a Band: it forgets each series after adding it.
type accumulator struct {
	series        int
	min, max, sum []float64
	count         []int
}

// add counts the finite samples of one series in.
func (a *accumulator) add(values []float64) {
	if a.series == 0 {
		a.min, a.max, a.sum = nans(len(values)), nans(len(values)), nans(len(values))
		a.count = make([]int, len(values))
	}
	a.series++
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if a.count[i] == 0 {
			a.min[i], a.max[i], a.sum[i] = v, v, v
		} else {
			a.min[i], a.max[i] = min(a.min[i], v), max(a.max[i], v)
			a.sum[i] = max(-math.MaxFloat64, min(a.sum[i]+v, math.MaxFloat64))
		}
		a.count[i]++
	}
}

// band completes the accumulated part with the quantiles of the sampled series.
func (a *accumulator) band(sampled [][]float64) *Band {
	b := &Band{Series: a.series, Min: a.min, Max: a.max, Sum: a.sum, Count: a.count, Sampled: len(sampled)}
	b.P05, b.P95 = nans(len(a.min)), nans(len(a.min))
	column := make([]float64, 0, len(sampled))
	for i := range b.P05 {
		column = column[:0]
		for _, s := range sampled {
			if v := s[i]; !math.IsNaN(v) && !math.IsInf(v, 0) {
				column = append(column, v)
			}
		}
		if len(column) == 0 { // every sampled series has a gap here: the bounds of all are the best that is known
			b.P05[i], b.P95[i] = b.Min[i], b.Max[i]
			continue
		}
		slices.Sort(column)
		b.P05[i], b.P95[i] = nearestRank(column, 0.05), nearestRank(column, 0.95)
	}
	return b
}

// nearestRank is the smallest of the sorted values that at least the share q of them does not exceed.
func nearestRank(sorted []float64, q float64) float64 {
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// sampler keeps the series whose label sets hash lowest: a choice that is as good as random, the same on every machine, in every
// order and run.
type sampler struct {
	most int
	h    sampleHeap
}

func newSampler(points int) sampler {
	return sampler{most: min(sampleMost, max(1, sampleBudget/max(points, 1)))}
}

func (s *sampler) offer(ls series.Labels, values []float64) {
	hash := ls.Hash()
	if len(s.h) < s.most {
		heap.Push(&s.h, sampledSeries{hash, slices.Clone(values)})
		return
	}
	if hash >= s.h[0].hash {
		return
	}
	s.h[0] = sampledSeries{hash, append(s.h[0].values[:0], values...)}
	heap.Fix(&s.h, 0)
}

// without returns the samples of the series that are not drawn as lines.
func (s *sampler) without(drawn map[uint64]bool) [][]float64 {
	var out [][]float64
	for _, x := range s.h {
		if !drawn[x.hash] {
			out = append(out, x.values)
		}
	}
	return out
}

type sampledSeries struct {
	hash   uint64
	values []float64
}

// sampleHeap has the series that gives way first, the highest hash, on top.
type sampleHeap []sampledSeries

func (h sampleHeap) Len() int           { return len(h) }
func (h sampleHeap) Less(i, j int) bool { return h[i].hash > h[j].hash }
func (h sampleHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sampleHeap) Push(x any)        { *h = append(*h, x.(sampledSeries)) }
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
