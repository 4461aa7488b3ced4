package html

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/report"
)

// A browser draws nothing of a path after a number that it cannot read.
func TestNumbersOfSparklines(t *testing.T) {
	path := regexp.MustCompile(`^(M\d+(\.\d)? \d+(\.\d)?h0|L\d+(\.\d)? \d+(\.\d)?)+$`)
	number := regexp.MustCompile(`^\d+(\.\d)?$`)
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, values := range [][]float64{
		{0, 0, 0, 0}, {zero, zero, zero, zero}, {1, 2, 3, 4}, {-1, -2, -3, -4}, {
			nan, 1, inf, 2, -inf, 3, 4, nan,
		},
		{math.MaxFloat64, -math.MaxFloat64, 0, 1}, {5e-324, 0, 0, 0}, {1, 1, 1, 1 + 1e-16},
		slices.Repeat([]float64{1, 1e-9}, 500),
	} {
		for _, limit := range []float64{0, zero, 1, -1, 1e300, -1e300, nan, inf, -inf} {
			for _, below := range []bool{false, true} {
				s := sparkOf(report.Course{Values: values, Limit: limit, Below: below})
				if !path.MatchString(s.Path) || s.LimitY != "" && !number.MatchString(s.LimitY) {
					t.Errorf("values %.40v, limit %v: got path %q, limit at %q; want only "+
						"commands and numbers", values, limit, s.Path, s.LimitY)
				}
			}
		}
	}
}

func TestCoordinate(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", -0.04: "0", 0.04: "0", 1: "1", 1.25: "1.2", -1.5: "-1.5", 100: "100", 22.96: "23",
	} {
		if got := coordinate(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

func TestSpark(t *testing.T) {
	peak := make([]float64, 720)
	peak[333] = 1
	s := sparkOf(report.Course{Values: peak, Limit: 0.9})
	if !strings.Contains(s.Path, " 1L") || s.LimitY != "3" {
		t.Errorf("got %+v, want the peak, and the limit below it", s)
	}
	gap := []float64{1, 2, 3, math.NaN(), 5, 6, 7}
	s = sparkOf(report.Course{Values: gap, Limit: math.NaN()})
	if strings.Count(s.Path, "M") != 2 || s.LimitY != "" {
		t.Errorf("got %+v, want a broken line at the gap", s)
	}
	for name, values := range map[string][]float64{
		"none": nil, "few": {1, 2, 3}, "nothing": {
			math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(),
		},
	} {
		s := sparkOf(report.Course{Values: values, Limit: 1})
		if s != nil {
			t.Errorf("%s: got %+v, want nothing", name, s)
		}
	}
	s = sparkOf(report.Course{Values: []float64{5, 5, 5, 5, 5}, Limit: 5, Below: true})
	if strings.ContainsAny(s.Path, "NI") {
		t.Errorf("flat series: got %s, want a level line", s.Path)
	}
}

func TestSparkKeepsToItsBox(t *testing.T) {
	number := regexp.MustCompile(`-?\d+(\.\d+)?`)
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		s := sparkOf(report.Course{
			Values: values, Limit: rapid.Float64().Draw(t, "limit"),
			Below: rapid.Bool().Draw(t, "below"),
		})
		if s == nil {
			return
		}
		if strings.Trim(s.Path, "ML0123456789. h") != "" {
			t.Fatalf("got path %s, want numbers", s.Path)
		}
		for _, n := range number.FindAllString(s.Path, -1) {
			if len(n) > 5 || n[0] == '-' {
				t.Fatalf("got %s in %s, want a number that browsers read", n, s.Path)
			}
		}
	})
}
