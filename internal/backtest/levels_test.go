package backtest

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/rules"
)

// A value is in the band of as many levels as it is beyond, wherever the search begins, and a run
// ends where the band changes.
func TestRankOf(t *testing.T) {
	inf := math.Inf(1)
	number := rapid.SampledFrom([]float64{
		-inf, -math.MaxFloat64, -1, -0.5, math.Copysign(0, -1), 0, 5e-324, 0.5,
		math.Nextafter(0.5, 1), 1, math.MaxFloat64, inf,
	})
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom([]rules.Direction{rules.Above, rules.Below}).Draw(t, "direction")
		levels := ordered(d, rapid.SliceOf(number).Draw(t, "levels")...)
		bands := bandsOf(d, levels...)
		values := append(rapid.SliceOfN(number, 1, 20).Draw(t, "values"), math.NaN())
		var ranks []int32
		for _, v := range values {
			n := int32(0)
			for _, l := range levels {
				if d.Beyond(v, l) {
					n++
				}
			}
			ranks = append(ranks, n)
		}
		from := rapid.IntRange(0, len(levels)).Draw(t, "from")
		for i, v := range values[:len(values)-1] {
			got := rankOf(v, bands, int32(from), d)
			if got != ranks[i] {
				t.Fatalf("%v of %v: got rank %d, want %d", v, levels, got, ranks[i])
			}
			run := 1
			for ranks[i+run] == got && !math.IsNaN(values[i+run]) {
				run++
			}
			if n := bands[got].run(values[i:]); n != run {
				t.Fatalf("%v in band %d of %v: got a run of %d, want %d", values[i:], got, levels, n,
					run)
			}
		}
	})
}
