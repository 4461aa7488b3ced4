package units

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// longestValue is the longest input that ParseValue reads.
const longestValue = 64

// ParseValue reads a threshold that a person wrote and returns it in u's base unit. A number
// without a suffix is in the base unit.
//
//   - bytes: 24GiB and 24Gi are powers of 1,024, 24GB and 24G of 1,000, as in Kubernetes
//   - rates of bytes and bits: the same with /s: 12MiB/s, 100Mb/s
//   - percent: 92% or 92; percentunit: 92% or 0.92
//   - cores: 1.5 or 500m
//   - time: 15m, 1h30m, 250ms, 1 h 30 min; a year is 365 days
//   - counts: 1500, 1.5K or 1.5k, 4M or 4Mil
//
// It also reads what Format writes. Its error for a value that does not fit the unit says what to
// write.
func (u Unit) ParseValue(s string) (float64, error) {
	r := u.row()
	text := strings.TrimSpace(s)
	if text == "" {
		return 0, fmt.Errorf("an empty value; write %s", r.write)
	}
	if len(text) > longestValue {
		return 0, fmt.Errorf("%q is too long for a value; write %s", shorten(text), r.write)
	}
	sign, size := cutSign(text)
	v, err := r.readSize(size)
	if err != nil {
		return 0, fmt.Errorf("%q %w; write %s", text, err, r.write)
	}
	return sign * v, nil
}

// asWritten makes what Format writes what a person writes in a configuration.
var asWritten = strings.NewReplacer(" min", "m", " cores", "", " core", "", " ", "", "−", "-")

// Text writes v as a person writes a threshold: "84%", "24GiB", "1h30m", "1.5". ParseValue reads it
// back as v. A number that needs more than six digits has no suffix.
func (u Unit) Text(v float64) string {
	const rounding = 1e-12
	for digits := plainDigits; digits <= mostDigits; digits++ {
		text := asWritten.Replace(u.row().format(v, digits))
		back, err := u.ParseValue(text)
		if err == nil && math.Abs(back-v) <= rounding*math.Abs(v) {
			return text
		}
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

var (
	errNotNumber   = errors.New("is not a number")
	errNotDuration = errors.New("is not a duration")
	errTooLarge    = errors.New("is too large")
)

// readSize reads a value without a sign.
func (r *row) readSize(text string) (float64, error) {
	number, rest := cutNumber(text)
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errTooLarge
	case err != nil:
		return 0, errNotNumber
	}
	suffix := strings.TrimSpace(rest)
	switch {
	case suffix == "" && r.most > 0 && v > r.most:
		return 0, fmt.Errorf("without a %% sign is %s %%", significant(v*r.per, mostDigits))
	case suffix == "":
		return v, nil
	case r.ticks == clock:
		return r.readDuration(text)
	}
	for _, s := range slices.Concat(r.scale, r.reads) {
		if s.symbol == suffix {
			return finite(convert(v, s.factor/r.per))
		}
	}
	return 0, fmt.Errorf("does not fit the unit %s", r.id)
}

// convert multiplies v by a ratio of units. If one is an integer multiple of the other, the result
// is as if computed with integers: 300m cores are 0.3.
func convert(v, ratio float64) float64 {
	const rounding = 1e-9
	if whole := math.Round(ratio); ratio >= 1 && math.Abs(ratio-whole) < rounding*whole {
		return v * whole
	}
	if whole := math.Round(1 / ratio); ratio < 1 && math.Abs(1/ratio-whole) < rounding*whole {
		return v / whole
	}
	return v * ratio
}

func finite(v float64) (float64, error) {
	if math.IsInf(v, 0) {
		return 0, errTooLarge
	}
	return v, nil
}

// timeParts are the units of a duration, largest first. Units with one factor are spellings of the
// same. The first spelling is Prometheus', the others are what Format writes.
var timeParts = []struct {
	symbol string
	factor float64
}{
	{"y", 365 * day}, {"w", 7 * day}, {"d", day}, {"h", hour}, {"m", minute}, {"min", minute},
	{"s", 1},
	{"ms", 1e-3}, {"us", 1e-6}, {"µs", 1e-6}, {"ns", 1e-9},
}

// readDuration reads numbers with their units, each unit smaller than the one before: 1h30m.
func (r *row) readDuration(text string) (float64, error) {
	total, above := 0.0, math.Inf(1)
	for rest := text; rest != ""; {
		number, after := cutNumber(rest)
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, errNotDuration
		}
		after = strings.TrimLeft(after, " ")
		symbol := after[:len(after)-len(strings.TrimLeftFunc(after, isTimeLetter))]
		factor := timeFactor(symbol)
		if factor == 0 || factor >= above {
			return 0, errNotDuration
		}
		total += convert(v, factor/r.per)
		above, rest = factor, strings.TrimLeft(after[len(symbol):], " ")
	}
	return finite(total)
}

func isTimeLetter(c rune) bool { return c >= 'a' && c <= 'z' || c == 'µ' }

// timeFactor returns the seconds in a unit of time, or 0 for an unknown one.
func timeFactor(symbol string) float64 {
	for _, p := range timeParts {
		if p.symbol == symbol {
			return p.factor
		}
	}
	return 0
}

// cutSign cuts a hyphen, a minus sign or a plus sign off the beginning of s.
func cutSign(s string) (sign float64, rest string) {
	for _, minus := range []string{"-", "−"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			return -1, rest
		}
	}
	return 1, strings.TrimPrefix(s, "+")
}

// cutNumber cuts digits, one point and an exponent off the beginning of s. An exponent's e must
// have digits after it, so that 5E is 5 exa.
func cutNumber(s string) (number, rest string) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	end := digits(0)
	if end < len(s) && s[end] == '.' {
		end = digits(end + 1)
	}
	if exponent := end; exponent < len(s) && (s[exponent] == 'e' || s[exponent] == 'E') {
		exponent++
		if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
			exponent++
		}
		if last := digits(exponent); last > exponent {
			end = last
		}
	}
	return s[:end], s[end:]
}
