package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain is a writer to a terminal or a log. What comes from outside may hold characters that move a
// cursor, clear a screen or turn the direction of a line: they are written as escapes, \u001b,
// which people see, and which in JSON mean the same.
type plain struct{ to io.Writer }

// Write implements io.Writer. Each call holds whole characters.
func (p plain) Write(b []byte) (int, error) {
	if strings.IndexFunc(string(b), moves) < 0 && utf8.Valid(b) {
		return p.to.Write(b)
	}
	out := make([]byte, 0, len(b)+64)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, b[i])
		case moves(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, b[i:i+size]...)
		}
		i += size
	}
	if _, err := p.to.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// moves tells whether a character does something to others: a control but for the newline and the
// tab, a mark that turns the direction of text, or a separator of lines. All of them have four
// digits.
func moves(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029'
}
