package units

import (
	"math"
	"testing"
)

func TestChange(t *testing.T) {
	for _, c := range []struct {
		now, before float64
		want        string
	}{
		{112, 100, "+12 %"}, {95.5, 100, "−4.5 %"}, {100, 100, "±0 %"}, {100.01, 100, "±0 %"},
		{340, 100, "×3.4"}, {0, 100, "−100 %"}, {5, 0, "–"}, {5, -1, "–"}, {math.NaN(), 1, "–"},
		{1, math.NaN(), "–"}, {math.Inf(1), 1, "–"}, {-10, 100, "−110 %"},
	} {
		if got := Change(c.now, c.before); got != c.want {
			t.Errorf("from %v to %v: got %s, want %s", c.before, c.now, got, c.want)
		}
	}
}
