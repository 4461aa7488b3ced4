package rules

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/series"
)

func TestCompareFindings(t *testing.T) {
	of := func(name string) series.Labels { return series.FromPairs("node", name) }
	// The worst first.
	ordered := []Finding{
		{Status: Breach, Severity: Critical, Value: math.Inf(1), Limit: 90},
		{Status: Breach, Severity: Critical, Value: 0.99, Limit: 0.90, Labels: of("a")},
		{Status: Breach, Severity: Critical, Value: 95, Limit: 90, Labels: of("a")},
		{Status: Breach, Severity: Critical, Value: 95, Limit: 90, Labels: of("a"), Rule: "second"},
		{Status: Breach, Severity: Critical, Value: 95, Limit: 90, Labels: of("b")},
		// below its limit by a half
		{Status: Breach, Severity: Warning, Value: 5, Limit: 10, Labels: of("a")},
		{Status: Breach, Severity: Warning, Value: 0.4, Limit: 0, Labels: of("z")},
		{
			Status: Breach, Severity: Warning, Value: 85, Limit: 80, Labels: of("a"),
			Earlier: &Streak{Severity: Critical},
		},
		{Status: Breach, Severity: Warning, Value: 85, Limit: 80, Labels: of("b")},
		{Status: NoData, Value: nan, Limit: 80, Earlier: &Streak{Severity: Warning}},
		{Status: NoData, Value: nan, Limit: 80, Labels: of("a")},
		{Status: NoData, Value: nan, Limit: nan, Labels: of("b")},
		{Status: Failed},
		{Status: Pending, Severity: Critical, Value: 91, Limit: 90},
		{Status: Pending, Severity: Warning, Value: 89, Limit: 80},
		{Status: Gone},
		{Status: Unknown},
		{Status: OK, Value: 1, Limit: 80, Earlier: &Streak{Severity: Critical}, Labels: of("z")},
		{Status: OK, Value: 1, Limit: 80, Earlier: &Streak{Severity: Warning}, Labels: of("z")},
		{Status: OK, Value: 1, Limit: 80, Labels: of("a")},
		{Status: OK, Value: 79, Limit: 80, Labels: of("b")},
	}
	for i, a := range ordered {
		for j, b := range ordered {
			got, want := a.Compare(b), 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got != want {
				t.Errorf("Compare(%d: %s %v, %d: %s %v) = %d, want %d", i, brief(a), a.Labels, j,
					brief(b), b.Labels, got, want)
			}
		}
	}
}

func TestDirectionCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		figures := rapid.SliceOf(rapid.SampledFrom([]float64{
			nan, math.Inf(-1), -1, 0, 1, 2, math.Inf(1),
		})).Draw(t, "figures")
		for _, d := range []Direction{Above, Below} {
			slices.SortFunc(figures, d.Compare)
			for i := 1; i < len(figures); i++ {
				a, b := figures[i-1], figures[i]
				if math.IsNaN(a) && !math.IsNaN(b) || d.Beyond(b, a) {
					t.Fatalf("%s: got %v before %v, want the worse first and NaN last", d, a, b)
				}
			}
		}
	})
}
