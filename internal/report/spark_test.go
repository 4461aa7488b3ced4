package report

import (
	"math"
	"regexp"
	"slices"
	"testing"
)

// A browser draws nothing of a path behind a number that it cannot read.
func TestNumbersOfSparklines(t *testing.T) {
	path := regexp.MustCompile(`^(M\d+(\.\d)? \d+(\.\d)?h0|L\d+(\.\d)? \d+(\.\d)?)+$`)
	number := regexp.MustCompile(`^\d+(\.\d)?$`)
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, values := range [][]float64{
		{0, 0, 0, 0}, {zero, zero, zero, zero}, {1, 2, 3, 4}, {-1, -2, -3, -4}, {nan, 1, inf, 2, -inf, 3, 4, nan},
		{math.MaxFloat64, -math.MaxFloat64, 0, 1}, {5e-324, 0, 0, 0}, {1, 1, 1, 1 + 1e-16}, slices.Repeat([]float64{1, 1e-9}, 500),
	} {
		for _, limit := range []float64{0, zero, 1, -1, 1e300, -1e300, nan, inf, -inf} {
			for _, below := range []bool{false, true} {
				s := sparkOf(values, limit, below)
				if !path.MatchString(s.Path) || s.LimitY != "" && !number.MatchString(s.LimitY) {
					t.Errorf("of %.40v with the limit %v: path %q, limit at %q", values, limit, s.Path, s.LimitY)
				}
			}
		}
	}
}

func TestCoordinate(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.04: "0", 0.04: "0", 1: "1", 1.25: "1.2", -1.5: "-1.5", 100: "100", 22.96: "23"} {
		if got := coordinate(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
