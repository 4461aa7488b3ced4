// Package outside makes text from outside safe to show: names and values of labels, answers of
// servers, errors. Such text may hold line breaks, invisible characters, marks that change the
// direction of text, invalid bytes, and have any length. It is a leaf.
package outside

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line that is valid in XML. Line breaks become blanks. Invisible characters,
// marks that change the direction of text, and invalid bytes are removed. The joiners stay, because
// some scripts and emoji need them.
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

// isPlain reports whether s is ASCII without control characters, as nearly all names are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ShellWord returns a word as a POSIX shell reads it.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("-_./:=,@%+", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Said returns the words of another program as one line of at most n characters. Runs of blanks
// become one.
func Said(s string, n int) string { return Clip(strings.Join(strings.Fields(Line(s)), " "), n) }

const ellipsis = "…"

// Clip returns s. If it is longer than n characters, it returns the beginning and an ellipsis.
func Clip(s string, n int) string {
	if fits(s, n) {
		return s
	}
	return s[:offset(s, n-1)] + ellipsis
}

// Middle returns s. If it is longer than n characters, it returns the beginning, an ellipsis and
// the end: the beginning of a name says what it is, and the end which one.
func Middle(s string, n int) string {
	if fits(s, n) {
		return s
	}
	head := n * 3 / 5
	return s[:offset(s, head)] + ellipsis + s[offset(s, utf8.RuneCountInString(s)-(n-1-head)):]
}

// Head returns at most the first n bytes of s, without cutting a character.
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

// offset returns the byte offset of the n-th character of s, counted from 0.
func offset(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}

// Slug returns the letters and digits of a text in lower case, with a dash for everything between
// them: [a-z0-9-], at most most characters. It may be empty, and different texts may give the same.
func Slug(text string, most int) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		if b.Len() == most {
			break
		}
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}
