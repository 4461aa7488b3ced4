package chart

import (
	"cmp"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// graphAxis is a value axis of a graph. Its numbers are those of the scale: on a logarithmic one
// they are exponents of the base.
type graphAxis struct {
	of        *board.Axis
	low, high float64
	ticks     []float64
	labels    []value.Formatted
}

// scaled returns a value as a number of the scale. A logarithmic scale has no number for zero and
// less: it returns NaN.
func (a *graphAxis) scaled(v float64) float64 {
	v = max(-farthestValue, min(v, farthestValue))
	switch a.of.LogBase {
	case 0:
		return v
	case 2:
		return math.Log2(v)
	}
	return math.Log10(v)
}

// value is the reverse of scaled.
func (a *graphAxis) value(s float64) float64 {
	switch a.of.LogBase {
	case 0:
		return s
	case 2:
		return math.Exp2(s)
	}
	return math.Pow(10, s)
}

// newGraphAxis returns the axis of values between low and high with about most ticks.
func newGraphAxis(of *board.Axis, data bounds, most int) graphAxis {
	a := graphAxis{of: of}
	if of.LogBase > 0 {
		a.setLogRange(data)
		a.setLogTicks(most)
	} else {
		a.setRange(data)
		a.setTicks(most)
	}
	a.setLabels()
	return a
}

// setRange chooses where a linear axis begins and ends, as Grafana does: a tenth of the data's
// range beyond them, but not beyond zero.
func (a *graphAxis) setRange(data bounds) {
	of := a.of
	lowest, highest := numberOr(of.Min, data.low), numberOr(of.Max, data.high)
	switch {
	case of.CenteredZero:
		far := max(math.Abs(lowest), math.Abs(highest))
		lowest, highest = -far, far
	case of.Percent && of.Min == nil && of.Max == nil:
		lowest = min(0, -math.Ceil(-lowest-flatRange))
		highest = max(0, math.Ceil(highest-flatRange))
	}
	a.low, a.high = a.padded(lowest, highest)
	if of.Percent {
		a.low, a.high = max(a.low, min(lowest, 0)), min(a.high, max(highest, 0))
	}
	if s := of.SoftMin; s != nil && data.low >= *s {
		a.low = max(-farthestValue, *s)
	}
	if s := of.SoftMax; s != nil && data.high <= *s {
		a.high = min(*s, farthestValue)
	}
	if of.Min != nil {
		a.low = lowest
	}
	if of.Max != nil {
		a.high = highest
	}
	if !(a.high-a.low > max(flatRange*max(math.Abs(a.low), math.Abs(a.high)), tiniestRange)) {
		a.low, a.high = a.padded(data.low, data.high)
	}
}

const (
	flatRange    = 1e-10 // a range that is a smaller share of its values counts as one value
	tiniestRange = 1e-300
)

// whole is the end of an axis for zeros.
func (a *graphAxis) whole() float64 {
	if a.of.Format.Unit() == "percentunit" || a.of.Percent {
		return 1
	}
	return 100
}

// padded returns a range with room at both ends, and with distinct ends.
func (a *graphAxis) padded(low, high float64) (float64, float64) {
	span, largest := high-low, max(math.Abs(low), math.Abs(high))
	switch {
	case largest < tiniestRange:
		return 0, a.whole()
	case !(span > max(flatRange*largest, tiniestRange)):
		return min(0, 2*low), max(0, 2*high)
	}
	unit := math.Pow(10, math.Floor(math.Log10(span))-1)
	from := math.Floor((low-span/10)/unit+1e-9) * unit
	to := math.Ceil((high+span/10)/unit-1e-9) * unit
	if low >= 0 {
		from = max(from, 0)
	}
	if high <= 0 {
		to = min(to, 0)
	}
	return from, to
}

func numberOr(v *float64, or float64) float64 {
	if v == nil || math.IsNaN(*v) {
		return or
	}
	return max(-farthestValue, min(*v, farthestValue))
}

// setLogRange chooses where a logarithmic axis begins and ends: at powers of its base.
func (a *graphAxis) setLogRange(data bounds) {
	a.low, a.high = 0, 2
	if data.any && data.low > 0 {
		a.low = math.Floor(a.scaled(data.low) + flatRange)
		a.high = math.Ceil(a.scaled(data.high) - flatRange)
	}
	if m := a.of.Min; m != nil && *m > 0 {
		a.low = a.scaled(*m)
	}
	if m := a.of.Max; m != nil && *m > 0 {
		a.high = a.scaled(*m)
	}
	if a.high < a.low+flatRange {
		a.high = a.low + 1
	}
}

// setLogTicks puts ticks at powers of the base.
func (a *graphAxis) setLogTicks(most int) {
	first, last := math.Ceil(a.low-flatRange), math.Floor(a.high+flatRange)
	every := max(1, math.Ceil((last-first)/float64(max(most-1, 1))))
	for s := first; s <= last; s += every {
		a.ticks = append(a.ticks, s)
	}
	if len(a.ticks) < 2 {
		a.ticks = []float64{a.low, a.high}
	}
}

// setTicks puts ticks at round numbers of the unit: about most, but at least two.
func (a *graphAxis) setTicks(most int) {
	ends := []float64{a.low, a.high}
	if value.IsBool(a.of.Format.Unit()) && a.low <= 0 && a.high >= 1 {
		a.ticks = []float64{0, 1} // what is between has no name
		return
	}
	for every := range a.steps((a.high - a.low) / float64(most+4)) {
		first, last := math.Ceil(a.low/every-1e-9), math.Floor(a.high/every+1e-9)
		if last <= first {
			break
		}
		a.ticks = a.ticks[:0]
		for i := first; i <= last; i++ {
			a.ticks = append(a.ticks, tidy(float64(i*every)))
		}
		if len(a.ticks) <= most {
			break
		}
	}
	if len(a.ticks) < 2 {
		a.ticks = ends
	}
}

// tidy returns a number without the last digits, in which rounding errors are.
func tidy(v float64) float64 {
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 13, 64), 64)
	if err != nil {
		return v
	}
	return out
}

// secondsIn are the units of time, in seconds.
var secondsIn = map[string]float64{
	"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400,
	"dtdurations": 1, "dtdurationms": 1e-3, "clocks": 1, "clockms": 1e-3, "dthms": 1, "dtdhms": 1,
}

// steps yields the possible distances of ticks from least on, in ascending order.
func (a *graphAxis) steps(least float64) iter.Seq[float64] {
	unit := a.of.Format.Unit()
	second := secondsIn[unit]
	return func(yield func(float64) bool) {
		switch {
		case least*second > 1:
			for _, s := range clockLadder {
				if s/second >= least && !yield(s/second) {
					return
				}
			}
			for days := range niceSteps(max(2, least*second/86400)) {
				if !yield(days * 86400 / second) {
					return
				}
			}
		case a.of.Format.Binary() && least > 1:
			for step := math.Exp2(math.Ceil(math.Log2(least) - 1e-9)); ; step *= 2 {
				if !yield(step) {
					return
				}
			}
		}
		for step := range niceSteps(least) {
			if !yield(step) {
				return
			}
		}
	}
}

// clockLadder are distances of ticks in seconds.
var clockLadder = []float64{
	1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
}

// niceSteps yields 1, 2, 2.5 and 5 times powers of ten, from least on.
func niceSteps(least float64) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		for exponent := int(math.Floor(math.Log10(least))); ; exponent++ {
			for _, m := range []float64{1, 2, 2.5, 5} {
				step := m * math.Pow10(exponent)
				if step >= least*(1-1e-9) && !yield(step) {
					return
				}
			}
		}
	}
}

// setLabels writes the ticks, with as many decimals as their distance has, as Grafana does. If
// these do not tell them apart, they get more.
func (a *graphAxis) setLabels() {
	a.labels = a.written(a.of.Decimals)
	if n := a.distanceDecimals(); n > 0 && a.of.Decimals == nil {
		a.labels = a.written(&n)
		if unit := a.of.Format.Unit(); !value.IsDate(unit) && !value.IsBool(unit) &&
			unit != "locale" && !strings.HasPrefix(unit, "currency") {
			trimZeros(a.labels)
		}
	}
	for n := 1; n < 7 && !a.even(); n++ {
		if a.of.Decimals == nil || n > *a.of.Decimals {
			a.labels = a.written(&n)
		}
	}
}

// distanceDecimals returns how many decimals the distance of two ticks of a linear axis has.
func (a *graphAxis) distanceDecimals() int {
	if len(a.ticks) < 2 || a.of.LogBase > 0 {
		return 0
	}
	const most = 6
	distance := math.Abs(a.ticks[1] - a.ticks[0])
	_, decimals, _ := strings.Cut(strconv.FormatFloat(distance, 'f', most, 64), ".")
	return len(strings.TrimRight(decimals, "0"))
}

// trimZeros removes the zeros behind the decimals of numbers. The decimals may be those of another
// unit: with a distance of 0.25 s, a tick is 250.00 ms.
func trimZeros(labels []value.Formatted) {
	for i := range labels {
		if text := labels[i].Text; strings.Contains(text, ".") {
			labels[i].Text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
	}
}

func (a *graphAxis) written(decimals *int) []value.Formatted {
	labels := make([]value.Formatted, len(a.ticks))
	for i, t := range a.ticks {
		labels[i] = a.of.Format.Format(a.value(t), decimals)
	}
	return labels
}

// even reports whether labels are distinct, and those of one unit as far apart as their ticks.
func (a *graphAxis) even() bool {
	type shown struct{ number, tick float64 }
	last, per := map[string]shown{}, map[string]float64{}
	for i, l := range a.labels {
		if i > 0 && l == a.labels[i-1] {
			return false
		}
		number, err := strconv.ParseFloat(l.Text, 64)
		if err != nil || a.of.LogBase > 0 {
			continue
		}
		unit := l.Prefix + l.Suffix
		was, again := last[unit]
		last[unit] = shown{number, a.ticks[i]}
		if !again {
			continue
		}
		ratio := (number - was.number) / (a.ticks[i] - was.tick)
		if first, ok := per[unit]; ok && math.Abs(ratio-first) > 0.02*math.Abs(first) {
			return false
		}
		per[unit] = cmp.Or(per[unit], ratio)
	}
	return true
}
