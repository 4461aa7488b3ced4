package series

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSelectIsTheSortedValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// few different values, so that many are equal
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(-9, 9), func(n int) float64 {
			return float64(n)
		}), 1, 200).Draw(t, "values")
		k := rapid.IntRange(0, len(values)-1).Draw(t, "k")
		sorted := slices.Sorted(slices.Values(values))
		got := Select(values, k)
		if got != sorted[k] || values[k] != got {
			t.Fatalf("got %v, and %v at index %d, want %v", got, values[k], k, sorted[k])
		}
		if low := slices.Max(values[:k+1]); low > got {
			t.Fatalf("got %v before index %d, want none above %v", low, k, got)
		}
		if high := slices.Min(values[k:]); high < got {
			t.Fatalf("got %v after index %d, want none below %v", high, k, got)
		}
	})
}
