package frame

import (
	"math"
	"strconv"
	"strings"
)

// The functions here do what JavaScript's operators do with values of several kinds.

// String returns v as JavaScript writes it. Null is empty, as in a list.
func (v Value) String() string {
	switch v.kind {
	case number:
		return FormatNumber(v.num)
	case text, list:
		return v.text
	case boolean:
		return strconv.FormatBool(v.num != 0)
	default:
		return ""
	}
}

// spelled returns v as a JavaScript template writes it, with null as a word.
func (v Value) spelled() string {
	switch v.kind {
	case null:
		return "null"
	case absent:
		return "undefined"
	default:
		return v.String()
	}
}

// FormatNumber returns f as JavaScript writes it: plain digits from 1e-6 until before 1e21.
func FormatNumber(f float64) string {
	switch a := math.Abs(f); {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	case a >= 1e21 || a < 1e-6:
		mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		return mantissa + "e" + exp[:1] + strings.TrimLeft(exp[1:], "0")
	default:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
}

// toNumber returns v as an operand of arithmetic: null is 0, a missing value is NaN.
func (v Value) toNumber() float64 {
	switch v.kind {
	case null:
		return 0
	case number, boolean:
		return v.num
	case text, list:
		return parseNumber(v.text)
	default:
		return math.NaN()
	}
}

// parseNumber returns s as a number: 0 for blanks, and NaN if the whole of s is not a number.
func parseNumber(s string) float64 {
	s = strings.TrimSpace(s)
	switch s {
	case "":
		return 0
	case "Infinity", "+Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	if len(s) > 2 && s[0] == '0' {
		if base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[s[1]]; base != 0 {
			if n, err := strconv.ParseUint(s[2:], base, 64); err == nil {
				return float64(n)
			}
			return math.NaN()
		}
	}
	if n := numberPrefix(s); n != len(s) {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// leadingNumber returns the number that s begins with, and NaN if there is none.
func leadingNumber(s string) float64 {
	s = strings.TrimSpace(s)
	unsigned := strings.TrimLeft(s, "+-")
	if strings.HasPrefix(unsigned, "Infinity") && len(s)-len(unsigned) <= 1 {
		return parseNumber(s[:len(s)-len(unsigned)+len("Infinity")])
	}
	n := numberPrefix(s)
	if n == 0 {
		return math.NaN()
	}
	return parseNumber(s[:n])
}

// leadingInteger returns the integer that s begins with, and NaN if there is none.
func leadingInteger(s string) float64 {
	s = strings.TrimSpace(s)
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || n == 0 && (s[0] == '-' || s[0] == '+')) {
		n++
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// numberPrefix returns how many bytes of s are a decimal number.
func numberPrefix(s string) int {
	i, digits := 0, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if k := j; k < len(s) && s[k] >= '0' && s[k] <= '9' {
			for i = k; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			}
		}
	}
	return i
}

// truthy reports whether v counts as true in a condition.
func (v Value) truthy() bool {
	switch v.kind {
	case number, boolean:
		return v.num != 0 && !math.IsNaN(v.num)
	case text:
		return v.text != ""
	case list:
		return true
	default:
		return false
	}
}

// same reports whether v and o are of one kind and equal. NaN is not equal to itself.
func (v Value) same(o Value) bool { return v == o }

// looselyEqual reports whether v and o are equal after conversion to a common kind.
func looselyEqual(v, o Value) bool {
	switch {
	case v.IsNull() || o.IsNull():
		return v.IsNull() && o.IsNull()
	case v.kind >= text && v.kind != boolean && o.kind >= text && o.kind != boolean:
		return v.text == o.text
	default:
		return v.toNumber() == o.toNumber()
	}
}

// less reports whether v is below o. It compares texts by their letters and anything else as
// numbers.
func less(v, o Value) bool {
	if (v.kind == text || v.kind == list) && (o.kind == text || o.kind == list) {
		return v.text < o.text
	}
	return v.toNumber() < o.toNumber()
}

// key returns v in a form that == compares like the keys of a JavaScript Map: NaN equals itself,
// and -0 equals 0.
func (v Value) key() Value {
	if v.kind == number && math.IsNaN(v.num) {
		return Value{kind: number, text: "NaN"}
	}
	if v.num == 0 {
		v.num = 0
	}
	return v
}

// joined returns the values with commas between them, as JavaScript writes a list.
func joined(vs []Value) string {
	var b strings.Builder
	for i, v := range vs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(v.String())
	}
	return b.String()
}
