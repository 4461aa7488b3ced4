package outside

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Columns returns how many columns of a terminal a text takes, which has no control characters.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += ColumnsOf(r)
	}
	return n
}

// ColumnsOf returns how many columns of a terminal a character takes: Korean ones and emoji take
// two, marks that are drawn on the character before them none.
func ColumnsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	return 1
}

// MiddleColumns returns s. If it takes more than n columns, it returns the beginning, an ellipsis
// and the end, as Middle does.
func MiddleColumns(s string, n int) string {
	if len(s) <= n || Columns(s) <= n {
		return s
	}
	if n <= 1 {
		return strings.Repeat(ellipsis, max(n, 0))
	}
	runes := []rune(s)
	head, tail := 0, len(runes)
	for room := (n - 1) * 3 / 5; head < tail; head++ {
		if room -= ColumnsOf(runes[head]); room < 0 {
			break
		}
	}
	for room := n - 1 - Columns(string(runes[:head])); tail > head; tail-- {
		if room -= ColumnsOf(runes[tail-1]); room < 0 {
			break
		}
	}
	return string(runes[:head]) + ellipsis + string(runes[tail:])
}
