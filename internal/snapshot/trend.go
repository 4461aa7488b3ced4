package snapshot

import (
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/series"
)

// Trend is the direction of a series at the end of the window.
//
// A series is rising if three things are true of a stretch at the end of the window: the last
// quarter or, for a series that moved late, the last eighth or sixteenth.
//
//   - It climbs throughout. The medians of the stretch's thirds climb, and the last third still
//     contributes. A jump, a spike, or a climb that has levelled off is not a trend.
//   - It climbs by enough to be visible: by 3 % of the limit (or of the median, if that is larger),
//     by 8 % of the span that holds nine in ten samples of the window (by half of it for the
//     shorter stretches), and by more than the series' noise could cause. The noise is the median
//     distance of a sample from the middle of its neighbours.
//   - It does not swing. A series that has come back by as much at least twice in the window, like
//     saw-teeth and several days of a daily rhythm, will come back again.
//
// Falling is the same upside down. If stretches disagree, or there are too few samples, the trend
// is Steady.
type Trend int8

// The trends.
const (
	Falling Trend = iota - 1
	Steady
	Rising
)

// The constants of the definition.
const (
	trendFewest     = 2 // samples in a third of the last quarter
	trendFewestLate = 4 // samples in a third of a shorter stretch
	// least share of the climb that is from the first third to the second
	trendEarly    = 0.15
	trendLate     = 0.35 // least share that is from the second third to the last
	trendLeast    = 0.03 // of the limit
	trendSpan     = 0.08 // of the span
	trendSpanLate = 0.5  // of the span, of a shorter stretch
	trendNoise    = 2    // of the noise
	// of the noise, divided by the square root of the number of samples in a third: four standard
	// deviations of a difference of medians
	trendFeigned = 7
	trendBack    = 0.8 // share of the climb that counts as coming back
	trendSwings  = 2
	trendBlocks  = 48 // blocks of the window whose medians are compared for swings
)

// Climbs are how much a drawn series climbs or falls in the stretches that Trend uses: the last
// quarter, eighth and sixteenth of the window. The unit is the panel's. Each figure is the median
// of the last third minus that of the first, or 0 if the stretch has no trend against any limit.
type Climbs [3]float64

// Trend returns the direction of the series, given a limit that may be NaN.
func (c Climbs) Trend(limit float64) Trend {
	trend := Steady
	for _, by := range c {
		if by == 0 || series.Finite(limit) && math.Abs(by) < trendLeast*math.Abs(limit) {
			continue
		}
		heading := Rising
		if by < 0 {
			heading = Falling
		}
		if trend == -heading {
			return Steady
		}
		trend = heading
	}
	return trend
}

// climbsOf returns the climbs of a series.
func climbsOf(values []float64) Climbs {
	var out Climbs
	all := finiteOf(values)
	if len(all) < 3*trendFewest {
		return out
	}
	slices.Sort(all)
	span := all[len(all)-1-len(all)/20] - all[len(all)/20]
	middle := math.Abs(all[len(all)/2])
	noise := noiseOf(values)
	for i, part := range []int{4, 8, 16} {
		fewest, share := trendFewest, trendSpan
		if part > 4 {
			fewest, share = trendFewestLate, trendSpanLate
		}
		by, samples := climb(values[len(values)-len(values)/part:], fewest)
		least := max(trendLeast*middle, share*span, trendNoise*noise,
			trendFeigned*noise/math.Sqrt(samples))
		if by != 0 && series.Finite(by) && math.Abs(by) >= least && !swings(values, by) {
			out[i] = by
		}
	}
	return out
}

// climb returns how much the medians of a stretch's thirds go up or down, 0 if they do not do so
// throughout, and the number of samples in the smallest third.
func climb(stretch []float64, fewest int) (by, samples float64) {
	var medians [3]float64
	least := len(stretch)
	for i := range medians {
		third := finiteOf(stretch[i*len(stretch)/3 : (i+1)*len(stretch)/3])
		if len(third) < fewest {
			return 0, 1
		}
		least = min(least, len(third))
		medians[i] = median(third)
	}
	by = medians[2] - medians[0]
	early, late := medians[1]-medians[0], medians[2]-medians[1]
	if early/by < trendEarly || late/by < trendLate || by == 0 {
		return 0, 1
	}
	return by, float64(least)
}

// swings reports whether the series came back by most of a climb at least twice: it went the other
// way and then this way again.
func swings(values []float64, by float64) bool {
	blocks := max(min(trendBlocks, len(values)/3), 1)
	turn := math.Abs(by) * trendBack
	back, extreme, returning := 0, math.NaN(), false
	for i := range blocks {
		block := finiteOf(values[i*len(values)/blocks : (i+1)*len(values)/blocks])
		if len(block) == 0 {
			continue
		}
		v := median(block)
		if by < 0 {
			v = -v
		}
		switch {
		case math.IsNaN(extreme), !returning && v > extreme, returning && v < extreme:
			extreme = v
		case !returning && v <= extreme-turn:
			extreme, returning = v, true
			back++
		case returning && v >= extreme+turn:
			extreme, returning = v, false
		}
	}
	return back >= trendSwings
}

// noiseOf returns the median distance of a sample from the middle of its two neighbours.
func noiseOf(values []float64) float64 {
	var off []float64
	for i := 2; i < len(values); i++ {
		if d := math.Abs(values[i-1] - (values[i-2]/2 + values[i]/2)); series.Finite(d) {
			off = append(off, d)
		}
	}
	if len(off) == 0 {
		return 0
	}
	return median(off)
}

// median returns the median of values, which it reorders. For an even number it drops the oldest,
// so that the median is always a sample: if one half is low and the other high there is no middle.
func median(values []float64) float64 {
	values = values[1-len(values)%2:]
	slices.Sort(values)
	return values[len(values)/2]
}

func finiteOf(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for _, v := range values {
		if series.Finite(v) {
			out = append(out, v)
		}
	}
	return out
}
