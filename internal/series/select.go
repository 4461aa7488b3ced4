package series

import "slices"

// Select returns the k-th smallest of values, counting from 0, and reorders values: none before the
// index k is larger, and none after it is smaller. The values must not include NaN. It is Hoare's
// quickselect. If bad pivots would make it quadratic, it sorts the rest.
func Select(values []float64, k int) float64 {
	const few = 12
	for rounds := 0; len(values) > few && rounds < 64; rounds++ {
		low, mid, high := values[0], values[len(values)/2], values[len(values)-1]
		pivot := max(min(low, mid), min(max(low, mid), high))
		i, j := 0, len(values)-1
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			values = values[:j+1]
		case k >= i:
			values, k = values[i:], k-i
		default:
			return pivot // everything between the two parts equals it
		}
	}
	slices.Sort(values)
	return values[k]
}
