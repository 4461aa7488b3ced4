package units

import (
	"iter"
	"math"
	"strconv"
)

// Axis is a chart's axis: its bounds, its ticks in ascending order, and the label of each tick.
type Axis struct {
	Lo, Hi float64
	Ticks  []float64
	Labels []string
}

// Bounds of an axis: fewer than three ticks cannot enclose zero, and samples beyond these values
// are meaningless and would overflow.
const (
	leastTicks = 3
	mostTicks  = 100
	tiniest    = 1e-300
	hugest     = 1e300
	flat       = 1e-6 // a range that is a smaller share of its values is drawn as a flat line
)

// Axis returns an axis that encloses lo and hi, in u's base unit, with round bounds and at most
// maxTicks ticks (at least 3, at most 100), one at each bound. Ticks are at 1, 2, 2.5 or 5 times a
// power of ten; for bytes at powers of two; for time at 1, 2, 5, 10, 15, 30 seconds and minutes, at
// 1, 2, 3, 6, 12 hours and at days. All labels have the same prefix, except a bound that is exactly
// 1 of the next prefix, and as many digits as they need to be exact. Durations of a minute or more
// read as Format writes them. A flat range is widened on both sides. The axis goes from 0 to 1 if
// lo or hi is not finite, or if its value or its number as shown exceeds 1e300.
func (u Unit) Axis(lo, hi float64, maxTicks int) Axis {
	r := u.row()
	maxTicks = min(max(maxTicks, leastTicks), mostTicks)
	from, to := r.shownRange(lo, hi)

	var first, last, every float64
	for every = range r.steps((to - from) / float64(maxTicks)) {
		// A bound that is a tick except for rounding needs no tick beyond it.
		first, last = math.Floor(from/every+1e-9), math.Ceil(to/every-1e-9)
		if last-first < float64(maxTicks) {
			break
		}
	}
	shown := make([]float64, 0, maxTicks)
	for i := first; i <= last; i++ {
		shown = append(shown, float64(i*every))
	}
	a := Axis{Labels: r.labels(shown, every)}
	for _, v := range shown {
		a.Ticks = append(a.Ticks, v/r.per)
	}
	a.Lo, a.Hi = a.Ticks[0], a.Ticks[len(a.Ticks)-1]
	if r.drawable(lo) && r.drawable(hi) { // what rounding cut off
		a.Lo, a.Hi = min(a.Lo, lo, hi), max(a.Hi, lo, hi)
	}
	return a
}

// shownRange returns the range that an axis must show, in the numbers that are shown: ascending,
// distinct and bounded.
func (r *row) shownRange(lo, hi float64) (from, to float64) {
	// Products are rounded before they are added, so that no processor fuses the two.
	from, to = float64(min(lo, hi)*r.per), float64(max(lo, hi)*r.per)
	if !r.drawable(lo) || !r.drawable(hi) {
		return 0, r.per
	}
	largest := max(math.Abs(from), math.Abs(to))
	switch {
	case largest < tiniest:
		return 0, r.per
	case to-from < flat*largest:
		return from - largest/10, to + largest/10
	}
	return from, to
}

// drawable reports whether an axis can reach v. It cannot reach NaN.
func (r *row) drawable(v float64) bool {
	return math.Abs(v)*max(r.per, 1) <= hugest
}

// steps yields the possible distances of ticks, ascending from about least, without end.
func (r *row) steps(least float64) iter.Seq[float64] {
	switch r.ticks {
	case binary:
		return binarySteps(least)
	case clock:
		return clockSteps(least)
	}
	return decimalSteps(least)
}

func decimalSteps(least float64) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		for exponent := int(math.Floor(math.Log10(least))); ; exponent++ {
			for _, m := range []float64{1, 2, 2.5, 5} {
				if !yield(m * math.Pow10(exponent)) {
					return
				}
			}
		}
	}
}

func binarySteps(least float64) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		for exponent := int(math.Floor(math.Log2(least))); ; exponent++ {
			if !yield(math.Ldexp(1, exponent)) {
				return
			}
		}
	}
}

// clockSteps yields decimal steps below a second and for whole days.
func clockSteps(least float64) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		for every := range decimalSteps(least) {
			if every >= 1 {
				break
			}
			if !yield(every) {
				return
			}
		}
		for _, unit := range []float64{1, minute} {
			for _, m := range []float64{1, 2, 5, 10, 15, 30} {
				if !yield(m * unit) {
					return
				}
			}
		}
		for _, hours := range []float64{1, 2, 3, 6, 12} {
			if !yield(hours * hour) {
				return
			}
		}
		for days := range decimalSteps(max(1, least/day)) {
			if days != 2.5 && !yield(days*day) {
				return
			}
		}
	}
}

// labels returns the labels of ticks at a distance of every.
func (r *row) labels(ticks []float64, every float64) []string {
	largest := max(math.Abs(ticks[0]), math.Abs(ticks[len(ticks)-1]))
	if r.ticks == clock && largest >= minute && every >= 1 && largest < mostPlain {
		labels := make([]string, len(ticks))
		for i, v := range ticks {
			labels[i] = signed(v, "0 s", func(v float64) string {
				return clockTime(v, len(clockScale), clockScale)
			})
		}
		return labels
	}
	// The prefix is that of the largest tick, unless that is exactly 1 of it: 256, 512, 768 MiB, 1
	// GiB reads better than quarters of a GiB. The next smaller prefix comes before a third decimal
	// place.
	top := r.fit(math.Nextafter(largest, 0))
	for _, try := range []struct{ unit, places int }{{top, 2}, {max(top-1, 0), 2}, {top, 6}} {
		unit := r.scale[try.unit]
		for places := range try.places + 1 {
			if exact(ticks, every, unit.factor, 'f', places) {
				return r.withOne(unit.labels(ticks, 'f', places), ticks, try.unit)
			}
		}
	}
	for digits := plainDigits; ; digits++ {
		if digits == 17 || exact(ticks, every, r.scale[top].factor, 'g', digits) {
			// 17 digits distinguish any two numbers.
			return r.scale[top].labels(ticks, 'g', digits)
		}
	}
}

// withOne writes a bound that is exactly 1 of the next prefix with that prefix: 1 GB/s, not 1000
// MB/s. A count without a name keeps its digits.
func (r *row) withOne(labels []string, ticks []float64, unit int) []string {
	if unit+1 == len(r.scale) || r.scale[unit].symbol == "" {
		return labels
	}
	next := r.scale[unit+1]
	one := func(v float64) bool { return math.Abs(math.Abs(v)-next.factor) < flat*next.factor }
	last := len(ticks) - 1
	for _, i := range []int{0, last} {
		other := last - i
		if one(ticks[i]) && (one(ticks[other]) || math.Abs(ticks[other]) < next.factor) {
			labels[i] = signed(ticks[i], "", func(float64) string { return next.label("1") })
		}
	}
	return labels
}

// exact reports whether every tick as written is within a thousandth of the tick distance.
func exact(ticks []float64, every, factor float64, format byte, precision int) bool {
	for _, v := range ticks {
		if format == 'f' && math.Abs(v/factor) >= mostPlain {
			return false
		}
		written, err := strconv.ParseFloat(strconv.FormatFloat(v/factor, format, precision, 64), 64)
		if err != nil || math.Abs(written-v/factor) > every/factor/1000 {
			return false
		}
	}
	return true
}

// labels writes every tick with one prefix, and zero without decimal places.
func (s step) labels(ticks []float64, format byte, precision int) []string {
	labels := make([]string, len(ticks))
	for i, v := range ticks {
		labels[i] = signed(v, s.label("0"), func(v float64) string {
			return s.label(strconv.FormatFloat(v/s.factor, format, precision, 64))
		})
	}
	return labels
}

// signed writes v with write, which handles no signs, or as zero.
func signed(v float64, zero string, write func(float64) string) string {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return "−" + write(-v)
	}
	return write(v)
}
