// Package outside makes words from outside fit to be shown: names and values of labels, answers of
// servers, errors. They may hold line breaks, characters that nobody sees, marks that turn the
// direction of what follows, bytes that are no text, and any length. It is a leaf.
package outside

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line: what breaks a line is a blank; what is not seen, or turns the
// direction of text, is left out, as are bytes that are no text. The joiners stay, which some
// scripts and emoji are written with. XML takes the result.
func Line(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return ' '
		case r == '\u200c', r == '\u200d':
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf), r == unicode.ReplacementChar, r == 0xFFFE,
			r == 0xFFFF:
			return -1
		}
		return r
	}, s)
}

// isPlain reports whether s is ASCII without controls, as nearly all names are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Said returns what another program says as one line of at most n characters, each run of blanks as
// one.
func Said(s string, n int) string { return Clip(strings.Join(strings.Fields(Line(s)), " "), n) }

const ellipsis = "…"

// Clip returns s, or its beginning and an ellipsis where it is longer than n characters.
func Clip(s string, n int) string {
	if fits(s, n) {
		return s
	}
	return s[:offset(s, n-1)] + ellipsis
}

// Middle returns s, or its beginning, an ellipsis and its end where it is longer than n characters:
// the beginning of a name says what it is, its end which one.
func Middle(s string, n int) string {
	if fits(s, n) {
		return s
	}
	head := n * 3 / 5
	return s[:offset(s, head)] + ellipsis + s[offset(s, utf8.RuneCountInString(s)-(n-1-head)):]
}

// Head returns the beginning of s, of at most n bytes, which ends between two characters.
func Head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// fits reports whether s has at most n characters.
func fits(s string, n int) bool { return len(s) <= n || utf8.RuneCountInString(s) <= n }

// offset returns where in s the character with the index n begins.
func offset(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}
