package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// These are the number functions of JavaScript that Grafana uses. They round as in JavaScript, so
// that the digits are the same. float64() is around each product that is added to something,
// because some processors would otherwise round both operations in one step.

// numberString writes v as String(v) does.
func numberString(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case v == 0:
		return "0"
	case v < 0:
		return "-" + numberString(-v)
	}
	if v < 1e21 && v >= 1e-6 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return exponent(strconv.FormatFloat(v, 'e', -1, 64))
}

// exponent writes Go's e-07 as JavaScript's e-7.
func exponent(s string) string {
	digits, exp, _ := strings.Cut(s, "e")
	sign, exp := exp[:1], strings.TrimLeft(exp[1:], "0")
	if exp == "" {
		exp = "0"
	}
	return digits + "e" + sign + exp
}

// round is Math.round: a half is rounded up, also below zero.
func round(v float64) float64 {
	whole := math.Floor(v)
	if v-whole >= 0.5 {
		return whole + 1
	}
	return whole
}

// pow10 is 10 to the power of n. Beyond a double it is 0 or infinite.
func pow10(n int) float64 { return math.Pow10(n) }

// log10 is Math.log10, computed step by step as in fdlibm, because its last bit decides which
// prefix a value gets.
func log10(v float64) float64 {
	const (
		ivln10  = 4.34294481903251816668e-01
		log10hi = 3.01029995663611771306e-01
		log10lo = 3.69423907715893078616e-13
	)
	if v == 1 {
		return 0
	}
	fraction, exp := math.Frexp(v) // in [0.5, 1)
	exp--
	fraction *= 2
	if exp < 0 {
		exp++
		fraction /= 2
	}
	y := float64(exp)
	z := float64(y*log10lo) + float64(ivln10*math.Log(fraction))
	return z + float64(y*log10hi)
}

// decimalsFor returns the number of decimals that Grafana gives a number if the dashboard does not
// set it.
func decimalsFor(v float64) int {
	if v == 0 || v == math.Trunc(v) {
		return 0
	}
	magnitude := math.Abs(v)
	n := 1 - int(math.Floor(math.Log(magnitude)/math.Ln10))
	if magnitude/pow10(-n) > 2.25 {
		n++
	}
	return max(0, n)
}

// fixed writes v with the given number of decimals. With nil it writes about three significant
// digits.
func fixed(v float64, decimals *int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	}
	n := decimalsFor(v)
	if decimals != nil {
		n = limited(*decimals)
	}
	if v == 0 {
		return strconv.FormatFloat(0, 'f', n, 64)
	}
	factor := 1.0
	if n > 0 {
		factor = pow10(n)
	}
	rounded := round(v*factor) / factor
	if math.IsInf(rounded, 0) || math.IsNaN(rounded) {
		return numberString(v) // Grafana prints NaN or Infinity here
	}
	s := numberString(rounded)
	if strings.Contains(s, "e") {
		return s
	}
	have := 0
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		have = len(s) - dot - 1
	}
	if have >= n {
		return s
	}
	if have == 0 {
		s += "."
	}
	// Grafana takes the zeros from the digits of the factor, so that a factor of 1e+21 adds e+21.
	zeros := numberString(factor)
	return s + zeros[1:min(len(zeros), n-have+1)]
}

// limited keeps decimals within what JavaScript allows.
func limited(decimals int) int { return min(max(decimals, 0), 100) }

// exponential writes v as toExponential does. With nil it writes as many digits as are needed to
// read back the same number.
func exponential(v float64, decimals *int) string {
	if v == 0 {
		v = 0 // not -0
	}
	if decimals == nil {
		return exponent(strconv.FormatFloat(v, 'e', -1, 64))
	}
	if v < 0 {
		return "-" + exponential(-v, decimals)
	}
	n := limited(*decimals)
	// A double has at most 767 digits. A half is rounded up; Go would round it to the even digit.
	all := strconv.FormatFloat(v, 'e', 767, 64)
	digits, exp, _ := strings.Cut(all, "e")
	digits = strings.Replace(digits, ".", "", 1)
	kept, up := digits[:n+1], digits[n+1] >= '5'
	power, _ := strconv.Atoi(exp)
	if up {
		kept = increment(kept)
		if len(kept) > n+1 {
			kept, power = kept[:n+1], power+1
		}
	}
	if n > 0 {
		kept = kept[:1] + "." + kept[1:]
	}
	sign := "+"
	if power < 0 {
		sign = ""
	}
	return kept + "e" + sign + strconv.Itoa(power)
}

// increment adds one to a number in decimal digits.
func increment(digits string) string {
	b := []byte(digits)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// hexadecimal writes v as toString(16) does, in capitals. It is exact.
func hexadecimal(v float64) string {
	if v < 0 {
		return "-" + hexadecimal(-v)
	}
	whole, fraction := math.Modf(v)
	i, _ := big.NewFloat(whole).Int(nil)
	s := strings.ToUpper(i.Text(16))
	if fraction == 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s + ".")
	for fraction > 0 {
		digit, rest := math.Modf(fraction * 16)
		b.WriteByte("0123456789ABCDEF"[int(digit)])
		fraction = rest
	}
	return b.String()
}

// grouped writes v as toLocaleString("en-US") does, with least to most decimals.
func grouped(v float64, least, most int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	}
	sign := ""
	if math.Signbit(v) {
		sign, v = "-", -v
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if len(fraction) > most {
		digits := whole + fraction[:most]
		if fraction[most] >= '5' {
			digits = increment(digits)
		}
		whole, fraction = digits[:len(digits)-most], digits[len(digits)-most:]
	}
	for len(fraction) > least && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) < least {
		fraction += strings.Repeat("0", least-len(fraction))
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}
