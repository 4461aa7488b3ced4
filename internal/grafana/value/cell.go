package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Cell is one value of a table or series. Package frame implements it.
type Cell interface {
	IsNull() bool
	Number() (float64, bool)
	Text() (string, bool)
	Bool() (value, ok bool)
}

// cellText returns a cell as String(v) does. Null is empty.
func cellText(c Cell) string {
	if f, ok := c.Number(); ok {
		return numberString(f)
	}
	if b, ok := c.Bool(); ok {
		return strconv.FormatBool(b)
	}
	s, _ := c.Text()
	return s
}

// cellNumber returns a cell as a number, or NaN if it is not one.
func cellNumber(c Cell) float64 {
	if f, ok := c.Number(); ok {
		return f
	}
	if b, ok := c.Bool(); ok {
		if b {
			return 1
		}
		return 0
	}
	s, ok := c.Text()
	if !ok || s == "" {
		return math.NaN()
	}
	return textNumber(s)
}

// textNumber is JavaScript's Number(s).
func textNumber(s string) float64 {
	s = strings.Trim(s, jsSpace)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' && strings.IndexByte("xXoObB", s[1]) >= 0 {
		base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]
		n, ok := new(big.Int).SetString(s[2:], base)
		if !ok || strings.ContainsAny(s[2:], "+-_") || len(s) > 2000 {
			return math.NaN()
		}
		f, _ := new(big.Float).SetInt(n).Float64()
		return f
	}
	if sign, ok := strings.CutSuffix(s, "Infinity"); ok && len(sign) <= 1 {
		return infinite(sign)
	}
	if leading(s) != len(s) {
		return math.NaN()
	}
	return parse(s)
}

// leadingNumber is JavaScript's parseFloat(s): what s begins with.
func leadingNumber(s string) float64 {
	s = strings.TrimLeft(s, jsSpace)
	unsigned := strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	if sign := s[:len(s)-len(unsigned)]; strings.HasPrefix(unsigned, "Infinity") && len(sign) <= 1 {
		return infinite(sign)
	}
	n := leading(s)
	if n == 0 {
		return math.NaN()
	}
	return parse(s[:n])
}

// infinite returns infinity with the given sign, which may be empty.
func infinite(sign string) float64 {
	switch sign {
	case "", "+":
		return math.Inf(1)
	case "-":
		return math.Inf(-1)
	}
	return math.NaN()
}

func parse(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // out of range it is infinite, as in JavaScript
	return f
}

// jsSpace is what JavaScript treats as white space.
const jsSpace = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007" +
	"\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

// leading returns the number of bytes at the start of s that are a decimal number.
func leading(s string) int {
	i := 0
	digits := func() (n int) {
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			n++
		}
		return n
	}
	sign := func() {
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
	}
	sign()
	n := digits()
	if i < len(s) && s[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return 0
	}
	if end := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		sign()
		if digits() == 0 {
			return end
		}
	}
	return i
}
