package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain writes to a terminal or a log. Text from outside may contain characters that move the
// cursor, clear the screen or change the direction of text. plain writes them as escapes such as
// \u001b, which people can see and which mean the same in JSON.
type plain struct{ to io.Writer }

// Write implements io.Writer. b must not end within a character.
func (p plain) Write(b []byte) (int, error) {
	if strings.IndexFunc(string(b), isControl) < 0 && utf8.Valid(b) {
		return p.to.Write(b)
	}
	out := make([]byte, 0, len(b)+64)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = fmt.Appendf(out, `\x%02x`, b[i])
		case isControl(r):
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

// isControl reports whether r affects other text: a control character except newline and tab, a
// mark that changes the direction of text, or a line separator. All of them have four hex digits.
func isControl(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029'
}
