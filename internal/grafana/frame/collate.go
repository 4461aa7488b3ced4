package frame

import (
	"cmp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asciiOrder is the order that Unicode's collation gives to ASCII characters that are neither
// digits nor letters.
const asciiOrder = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"

// weights maps each ASCII character to its place in that order. Characters that are ignored have 0.
var weights = func() (w [128]rune) {
	next := rune(1)
	for _, c := range asciiOrder {
		w[c] = next
		next++
	}
	for c := '0'; c <= '9'; c++ {
		w[c] = next
		next++
	}
	for c := 'a'; c <= 'z'; c++ {
		w[c], w[c-'a'+'A'] = next, next
		next++
	}
	return w
}()

// baseLetters returns the weights of s. It ignores case and accents. Letters beyond ASCII keep the
// order of their code points.
func baseLetters(s string) []rune {
	out := make([]rune, 0, len(s))
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 128
	}
	if !ascii {
		s = norm.NFD.String(s)
	}
	for _, c := range s {
		switch {
		case c < 128:
			if w := weights[c]; w != 0 {
				out = append(out, w)
			}
		case !unicode.Is(unicode.Mn, c):
			out = append(out, unicode.ToLower(c))
		}
	}
	return out
}

// collate compares a and b as people sort words: it ignores case and accents.
func collate(a, b string) int {
	x, y := baseLetters(a), baseLetters(b)
	for i := range min(len(x), len(y)) {
		if c := cmp.Compare(x[i], y[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// collateNumeric is like collate, but compares runs of digits as numbers.
func collateNumeric(a, b string) int {
	x, y := baseLetters(a), baseLetters(b)
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		if isDigit(x[i]) && isDigit(y[j]) {
			m, n := digitsOf(x[i:]), digitsOf(y[j:])
			if c := cmp.Or(
				cmp.Compare(len(m), len(n)),
				strings.Compare(string(m), string(n)),
			); c != 0 {
				return c
			}
			i, j = skipDigits(x, i), skipDigits(y, j)
			continue
		}
		if c := cmp.Compare(x[i], y[j]); c != 0 {
			return c
		}
		i, j = i+1, j+1
	}
	return cmp.Compare(len(x)-i, len(y)-j)
}

func isDigit(w rune) bool { return w >= weights['0'] && w <= weights['9'] }

func skipDigits(x []rune, i int) int {
	for i < len(x) && isDigit(x[i]) {
		i++
	}
	return i
}

// digitsOf returns the digits that x begins with, without leading zeros.
func digitsOf(x []rune) []rune {
	x = x[:skipDigits(x, 0)]
	for len(x) > 0 && x[0] == weights['0'] {
		x = x[1:]
	}
	return x
}
