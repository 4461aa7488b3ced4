package backtest

import (
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

// Of the highest values of each day and series, the levels are the quantiles from the median to
// the one in a thousand, closer to each other where values are rare.
const (
	mostLevels = 24
	farthest   = 0.001
	// mostSteps is the most parts of a gap between two levels.
	mostSteps = 8
)

// suggested returns levels that the highest values of each day suggest, rounded as a person would.
// For a rule with below they are the lowest values.
func suggested(highs []float64, d rules.Direction, unit units.Unit) []float64 {
	highs = slices.DeleteFunc(highs, func(v float64) bool { return !series.Finite(v) })
	if len(highs) == 0 {
		return nil
	}
	slices.SortFunc(highs, func(a, b float64) int { return d.Compare(b, a) }) // the worst last
	var out []float64
	for i := range mostLevels {
		above := 0.5 * math.Pow(2*farthest, float64(i)/(mostLevels-1))
		rank := int(math.Ceil((1 - above) * float64(len(highs))))
		out = append(out, rounded(highs[min(max(rank, 1), len(highs))-1], unit))
	}
	return out
}

// filled adds levels beyond the configured one where two neighbours are far apart, the farthest
// ones first, as long as there are fewer than mostLevels: days of the same height leave gaps
// between their quantiles.
func filled(levels []float64, now float64, d rules.Direction, spec *panel.Spec) []float64 {
	for i := len(levels) - 1; i > 0 && len(levels) < mostLevels; i-- {
		from, to := levels[i-1], levels[i]
		if d.Beyond(now, from) {
			break
		}
		steps := math.Ceil(math.Abs(to-from)/twoPercent(spec, from) - 0.001)
		steps = min(steps, mostSteps)
		for k := steps - 1; k > 0 && len(levels) < mostLevels; k-- {
			v := rounded(from+(to-from)*k/steps, spec.Unit())
			if d.Beyond(v, from) && d.Beyond(to, v) {
				levels = append(levels, v)
			}
		}
	}
	return ordered(d, levels...)
}

// ordered returns levels in order, those with the most alerts first, each once.
func ordered(d rules.Direction, levels ...float64) []float64 {
	levels = slices.DeleteFunc(levels, func(v float64) bool { return !series.Finite(v) })
	slices.SortFunc(levels, func(a, b float64) int { return d.Compare(b, a) })
	return slices.Compact(levels)
}

// band is the values that are beyond the same levels, from the lowest to the highest.
type band struct{ low, high float64 }

// bandsOf returns the bands between levels in order, by how many levels a value is beyond. No value
// is beyond a level that is NaN.
func bandsOf(d rules.Direction, levels ...float64) []band {
	out, rest := []band{}, band{math.Inf(-1), math.Inf(1)}
	for _, l := range levels {
		switch {
		case math.IsNaN(l):
		case d == rules.Below:
			out = append(out, band{l, rest.high})
			rest.high = math.Nextafter(l, math.Inf(-1))
		default:
			out = append(out, band{rest.low, l})
			rest.low = math.Nextafter(l, math.Inf(1))
		}
	}
	return append(out, rest)
}

// run returns how many samples at the start of values are there and in the band.
func (b band) run(values []float64) int {
	for i, v := range values {
		if !(v >= b.low && v <= b.high) { // a comparison with NaN is false
			return i
		}
	}
	return len(values)
}

// rankOf returns how many levels a value is beyond. It looks at the bands from a rank on.
func rankOf(v float64, bands []band, rank int32, d rules.Direction) int32 {
	for {
		switch b := bands[rank]; {
		case v >= b.low && v <= b.high:
			return rank
		case v > b.high != (d == rules.Below):
			rank++
		default:
			rank--
		}
	}
}

// rounded returns a level as a person would write it: whole percents, two digits of anything else.
func rounded(v float64, unit units.Unit) float64 {
	switch unit {
	case units.PercentUnit:
		return math.Round(v*100) / 100
	case units.Percent:
		return math.Round(v)
	case units.Bytes:
		scale := 1.0
		for math.Abs(v)/scale >= 1024 && scale < 1<<60 {
			scale *= 1024
		}
		return twoDigits(v/scale) * scale
	}
	return twoDigits(v)
}

func twoDigits(v float64) float64 {
	if v == 0 {
		return 0
	}
	power := math.Floor(math.Log10(math.Abs(v))) - 1
	if power < 0 { // exact for decimals, unlike a multiple of 0.01
		return math.Round(v*math.Pow(10, -power)) / math.Pow(10, -power)
	}
	return math.Round(v/math.Pow(10, power)) * math.Pow(10, power)
}

// twoPercent returns how far two percent of a level are in the panel's unit.
func twoPercent(spec *panel.Spec, level float64) float64 {
	switch spec.Unit() {
	case units.PercentUnit:
		return 0.02
	case units.Percent:
		return 2
	}
	return 0.02 * math.Abs(level)
}
