package units

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// The number of significant digits, and the most digits that a number may need to differ from a
// limit.
const (
	plainDigits = 3
	mostDigits  = 6
)

// Beyond these a number is written with an exponent.
const (
	leastPlain = 1e-6
	mostPlain  = 1e15
)

// Format writes v, in u's base unit, with three significant digits and no trailing zeros: "60.4
// GiB", "94 %", "3 h 20 min". It keeps all digits before the point: "1023 MiB", not "1020 MiB". NaN
// is "–", the infinities are "+∞" and "−∞". A negative number has a minus sign, not a hyphen.
func (u Unit) Format(v float64) string { return u.row().format(v, plainDigits) }

// leastShare is the smallest share that FormatBrief writes as a number: a thousandth of a percent.
const leastShare = 1e-5

// FormatBrief is Format for tables. It writes a positive share below a thousandth of a percent as
// "< 0.001 %" and not with seven meaningless digits.
func (u Unit) FormatBrief(v float64) string {
	r := u.row()
	least := leastShare * 100 / r.per
	if (u == Percent || u == PercentUnit) && v > 0 && v < least {
		return "< " + r.format(least, plainDigits)
	}
	return r.format(v, plainDigits)
}

// FormatAgainst writes v and the limit that it was compared with. If they differ but would read the
// same, both get more digits, up to six: "90.04 %" against "90 %".
func (u Unit) FormatAgainst(v, limit float64) (value, against string) {
	r := u.row()
	for digits := plainDigits; ; digits++ {
		value, against = r.format(v, digits), r.format(limit, digits)
		if value != against || v == limit || digits == mostDigits {
			return value, against
		}
	}
}

// FormatOf writes part of a whole in the unit of the whole: "60.4 of 64 GiB". Durations have a unit
// each, and so have parts that would read as less than 0.01 or as a thousand times the whole: "4
// MiB of 64 GiB". If whole is NaN, it writes only the part.
func (u Unit) FormatOf(part, whole float64) string {
	r := u.row()
	if math.IsNaN(whole) {
		return r.format(part, plainDigits)
	}
	shown := math.Abs(whole * r.per)
	i, _ := r.prefix(shown, plainDigits)
	unit := r.scale[i].factor
	scaled := part * r.per / unit
	fits := scaled == 0 || scaled >= 0.01 && scaled <= 1000*max(1, shown/unit)
	if !fits || r.ticks == clock || math.IsInf(shown, 0) {
		return r.format(part, plainDigits) + " of " + r.format(whole, plainDigits)
	}
	return significant(scaled, plainDigits) + " of " + r.format(whole, plainDigits)
}

// format writes v with this many significant digits.
func (r *row) format(v float64, digits int) string {
	shown := math.Abs(v * r.per)
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "+∞"
	case math.IsInf(v, -1):
		return "−∞"
	case math.IsInf(shown, 0): // v itself is finite
		return sign(v) + r.scale[len(r.scale)-1].label(r.beyond(math.Abs(v), digits))
	}
	i, number := r.prefix(shown, digits)
	text := r.scale[i].label(number)
	if r.ticks == clock && shown >= minute {
		text = clockTime(shown, digits-1, clockScale)
		if shown < 2*day {
			text = clockTime(shown, digits-1, clockScale[1:])
		}
	}
	return sign(v) + text
}

// sign returns the sign that goes before a number.
func sign(v float64) string {
	if v < 0 {
		return "−"
	}
	return ""
}

// beyond writes a non-negative number that is finite in the base unit but overflows as it is shown.
func (r *row) beyond(v float64, digits int) string {
	shown := new(big.Float).Mul(big.NewFloat(v), big.NewFloat(r.per))
	return shown.Quo(shown, big.NewFloat(r.scale[len(r.scale)-1].factor)).Text('g', digits)
}

// prefix chooses the name on the scale for a non-negative number and writes the number. The name
// fits the number as written: 1023.9 MiB is 1 GiB, not 1024 MiB.
func (r *row) prefix(shown float64, digits int) (i int, text string) {
	i = r.fit(shown)
	text = significant(shown/r.scale[i].factor, digits)
	if i+1 < len(r.scale) {
		next := math.Round(r.scale[i+1].factor / r.scale[i].factor)
		if rounded, err := strconv.ParseFloat(text, 64); err == nil && rounded >= next {
			return i + 1, "1"
		}
	}
	return i, text
}

// fit returns the index of the largest name on the scale that is not larger than shown. Zero has
// the name without a prefix.
func (r *row) fit(shown float64) int {
	fit := 0
	for i, s := range r.scale {
		if s.factor <= shown || shown == 0 && s.factor <= 1 {
			fit = i
		}
	}
	return fit
}

// label appends the unit to a number.
func (s step) label(number string) string {
	switch {
	case s.symbol == "":
		return number
	case s.one != "" && number == "1":
		return number + " " + s.one
	}
	return number + " " + s.symbol
}

// significant writes v, which is not negative, with this many significant digits and without
// trailing zeros. It keeps all digits before the point.
func significant(v float64, digits int) string {
	if v == 0 {
		return "0"
	}
	if v < leastPlain || v >= mostPlain {
		return strconv.FormatFloat(v, 'g', digits, 64)
	}
	places := max(0, digits-1-int(math.Floor(math.Log10(v))))
	text := strconv.FormatFloat(v, 'f', places, 64)
	if places > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// clockScale is the scale of durations of a minute or more, largest first.
var clockScale = []step{{day, "d", ""}, {hour, "h", ""}, {minute, "min", ""}, {1, "s", ""}}

// Span writes a duration in at most two parts: "6 h 50 min". Up to two days it counts in hours: "24
// h".
func Span(d time.Duration) string {
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	return Duration.Format(d.Seconds())
}

// clockTime writes seconds, about a minute or more, in this many parts: "3 h 20 min" has two. It
// rounds to the last part and omits parts that are zero.
func clockTime(seconds float64, parts int, scale []step) string {
	if seconds >= mostPlain {
		return significant(seconds/day, plainDigits) + " d"
	}
	top := 0
	for top+1 < len(scale) && scale[top].factor > seconds {
		top++
	}
	last := min(top+parts-1, len(scale)-1)
	unit := scale[last].factor
	rest := math.Round(seconds/unit) * unit
	if top > 0 && rest >= scale[top-1].factor {
		top-- // 59 min 59.7 s is 1 h
	}
	var written []string
	for _, s := range scale[top : last+1] {
		if n := math.Floor(rest / s.factor); n > 0 {
			written = append(written, strconv.FormatFloat(n, 'f', 0, 64)+" "+s.symbol)
			rest -= float64(n * s.factor) // rounded on every processor
		}
	}
	return strings.Join(written, " ")
}
