package rules

import (
	"math"

	"github.com/promsnap/promsnap/internal/series"
)

// Figure returns the number by which r ranks a series (see Direction.Compare): a verdict's figure,
// or an alert's newest sample. It is the Value of the series' finding, NaN without samples.
func Figure(r Rule, s series.Series) float64 {
	if r.IsAlert() {
		return Last.of(s.Values)
	}
	return r.Reduce.of(s.Values)
}

// quantile returns the share of samples at or below the figure, and whether r is a quantile.
func (r Reduce) quantile() (q float64, ok bool) {
	switch r {
	case P50:
		return 0.50, true
	case P90:
		return 0.90, true
	case P95:
		return 0.95, true
	case P99:
		return 0.99, true
	}
	return 0, false
}

// of returns the figure of values. Last is the newest sample, infinite or not. The others use only
// finite samples, because one ±Inf (from a division by zero) would hide the rest. A quantile q of n
// samples is the nearest rank: the ⌈q·n⌉-th smallest, which is always an actual sample. The result
// is NaN if no sample counts or r is unknown.
func (r Reduce) of(values []float64) float64 {
	if r == Last {
		if i := series.Newest(values); i >= 0 {
			return values[i]
		}
		return math.NaN()
	}
	if q, ok := r.quantile(); ok {
		return nearestRank(values, q)
	}
	figure, n := math.NaN(), 0
	for _, v := range values {
		if !series.Finite(v) {
			continue
		}
		n++
		switch {
		case n == 1:
			figure = v
		case r == Avg:
			// unlike sum/n, the mean of a constant is that constant
			figure += (v - figure) / float64(n)
		case r == Min:
			figure = min(figure, v)
		case r == Max:
			figure = max(figure, v)
		default:
			return math.NaN()
		}
	}
	return figure
}

// nearestRank returns the ⌈q·n⌉-th smallest of the n finite values. Its copy of the values stays on
// the stack for the usual number of steps of a chart.
func nearestRank(values []float64, q float64) float64 {
	var stack [1024]float64
	finite := stack[:0]
	for _, v := range values {
		if series.Finite(v) {
			finite = append(finite, v)
		}
	}
	if len(finite) == 0 {
		return math.NaN()
	}
	rank := int(math.Ceil(q * float64(len(finite))))
	return series.Select(finite, min(max(rank, 1), len(finite))-1)
}
