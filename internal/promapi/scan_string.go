package promapi

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string of at most limit bytes. The text is valid until the next read. As in
// encoding/json, invalid UTF-8 and half surrogates become U+FFFD.
func (s *scanner) string(what string, limit int) ([]byte, error) {
	if err := s.expect('"', what); err != nil {
		return nil, err
	}
	for i := s.r; i < s.w; i++ {
		c := s.buf[i]
		if c == '"' && i-s.r <= limit {
			text := s.buf[s.r:i]
			s.r = i + 1
			return text, nil
		}
		if c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return s.longString(what, limit)
}

// longString is string for text that is not plain ASCII, or not in the buffer as a whole.
func (s *scanner) longString(what string, limit int) ([]byte, error) {
	s.tok = s.tok[:0]
	plain := true
	for {
		c, err := s.byte("the end of a string")
		if err != nil {
			return nil, err
		}
		switch {
		case c == '"':
			s.r++
			if !plain && !utf8.Valid(s.tok) {
				s.tok = toUTF8(s.tok)
			}
			if len(s.tok) > limit {
				return nil, s.tooLong(what, limit)
			}
			return s.tok, nil
		case c == '\\':
			s.r++
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.fail("no control character in " + what)
		default:
			plain = plain && c < utf8.RuneSelf
			s.tok = append(s.tok, c)
			s.r++
		}
		if len(s.tok) > limit {
			return nil, s.tooLong(what, limit)
		}
	}
}

// head reads a string of any length and returns its first maxText bytes. null is an
// empty string.
func (s *scanner) head(what string) (string, error) {
	if none, err := s.null(what); none || err != nil {
		return "", err
	}
	if err := s.expect('"', what); err != nil {
		return "", err
	}
	s.tok = s.tok[:0]
	for {
		c, err := s.byte("the end of a string")
		if err != nil {
			return "", err
		}
		switch {
		case c == '"':
			s.r++
			return strings.ToValidUTF8(string(s.tok), "\uFFFD"), nil
		case c == '\\':
			s.r++
			if err := s.escape(); err != nil {
				return "", err
			}
		case c < ' ':
			return "", s.fail("no control character in " + what)
		default:
			s.tok = append(s.tok, c)
			s.r++
		}
		s.tok = s.tok[:min(len(s.tok), maxText)]
	}
}

// tooLong returns the error of a text of more than limit bytes.
func (s *scanner) tooLong(what string, limit int) error {
	return &syntaxError{
		Offset: s.offset(), What: fmt.Sprintf("%s is longer than %d bytes", what, limit),
		long: true,
	}
}

// tooLong reports whether err is about a text that is too long.
func tooLong(err error) bool {
	var syntax *syntaxError
	return errors.As(err, &syntax) && syntax.long
}

// escape reads what follows a backslash and appends its character to the token.
func (s *scanner) escape() error {
	c, err := s.byte("an escape")
	if err != nil {
		return err
	}
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		s.r++
		u, err := s.hex4()
		if err != nil {
			return err
		}
		return s.surrogates(u)
	default:
		return s.fail("an escape")
	}
	s.tok = append(s.tok, c)
	s.r++
	return nil
}

// surrogates appends the character u. If u is the first half of a surrogate pair, it also reads the
// second.
func (s *scanner) surrogates(u rune) error {
	for utf16.IsSurrogate(u) {
		if c, err := s.byte("the end of a string"); err != nil || c != '\\' {
			break // the reader of the string meets the error again
		}
		s.r++
		if c, err := s.byte("an escape"); err != nil {
			return err
		} else if c != 'u' {
			s.tok = utf8.AppendRune(s.tok, utf8.RuneError)
			return s.escape()
		}
		s.r++
		second, err := s.hex4()
		if err != nil {
			return err
		}
		if pair := utf16.DecodeRune(u, second); pair != utf8.RuneError {
			s.tok = utf8.AppendRune(s.tok, pair)
			return nil
		}
		// the first half alone; the second may begin a pair
		s.tok = utf8.AppendRune(s.tok, utf8.RuneError)
		u = second
	}
	s.tok = utf8.AppendRune(s.tok, u) // a half that is left becomes U+FFFD
	return nil
}

// hex4 reads four hexadecimal digits.
func (s *scanner) hex4() (rune, error) {
	var u rune
	for range 4 {
		c, err := s.byte("four hexadecimal digits")
		if err != nil {
			return 0, err
		}
		switch {
		case '0' <= c && c <= '9':
			u = u<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, s.fail("four hexadecimal digits")
		}
		s.r++
	}
	return u, nil
}

// toUTF8 returns b with each invalid byte replaced by U+FFFD.
func toUTF8(b []byte) []byte {
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return out
}

// skipString reads a string of any length and drops it.
func (s *scanner) skipString() error {
	s.r++
	for {
		for s.r < s.w && s.buf[s.r] != '"' && s.buf[s.r] != '\\' && s.buf[s.r] >= ' ' {
			s.r++
		}
		c, err := s.byte("the end of a string")
		switch {
		case err != nil:
			return err
		case c < ' ':
			return s.fail("no control character in a string")
		}
		s.r++
		switch c {
		case '"':
			return nil
		case '\\':
			s.tok = s.tok[:0]
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
}
