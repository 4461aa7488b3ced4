package change

import (
	"math"
	"slices"
)

// median returns the median of values, none of which is NaN, and reorders them. It is NaN if there
// are none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return values[n/2-1]/2 + values[n/2]/2
}
