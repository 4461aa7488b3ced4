package change

import (
	"math"
	"slices"
)

// few is the length up to which insertion sort is faster than slices.Sort.
const few = 32

// median returns the median of values, none of which is NaN, and reorders them. It is NaN if there
// are none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	if n <= few {
		for i := 1; i < n; i++ {
			v, j := values[i], i
			for ; j > 0 && values[j-1] > v; j-- {
				values[j] = values[j-1]
			}
			values[j] = v
		}
	} else {
		slices.Sort(values)
	}
	if n%2 == 1 {
		return values[n/2]
	}
	return values[n/2-1]/2 + values[n/2]/2
}
