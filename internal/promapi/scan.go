package promapi

import (
	"errors"
	"fmt"
	"io"
)

const (
	bufferSize = 64 << 10
	maxDepth   = 128 // of objects and arrays inside a value that is skipped
	maxNumber  = 64  // bytes of a number, in quotes or not
)

// A syntaxError says where an answer differs from what Prometheus answers.
type syntaxError struct {
	Offset int64  // of the byte, from 0
	What   string // what was expected, or what is wrong
	cut    bool   // the answer ended too soon
	long   bool   // a text is too long
}

func (e *syntaxError) Error() string {
	if e.cut {
		return fmt.Sprintf("the answer ends at byte %d: %s", e.Offset, e.What)
	}
	return fmt.Sprintf("byte %d of the answer: %s", e.Offset, e.What)
}

// A scanner reads JSON (RFC 8259) through a buffer of fixed size. It accepts exactly what
// encoding/json accepts.
type scanner struct {
	src  io.Reader
	buf  []byte
	r, w int    // buf[r:w] is read from src and not yet consumed
	base int64  // offset of buf[0] in the answer
	err  error  // the error of src; nil if there is more
	tok  []byte // a string that is not in buf as a whole
}

func newScanner(src io.Reader) scanner {
	return scanner{src: src, buf: make([]byte, bufferSize)}
}

func (s *scanner) offset() int64 { return s.base + int64(s.r) }

// fill reads more into the buffer. It returns false if there is no more or no room.
func (s *scanner) fill() bool {
	if s.r > 0 {
		copy(s.buf, s.buf[s.r:s.w])
		s.base += int64(s.r)
		s.w -= s.r
		s.r = 0
	}
	for range 100 { // a reader may return nothing, but not forever
		if s.err != nil || s.w == len(s.buf) {
			return false
		}
		n, err := s.src.Read(s.buf[s.w:])
		s.err = err
		s.w += n
		if n > 0 {
			return true
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// ended reports whether the answer ended, rather than broke off.
func (s *scanner) ended() bool { return errors.Is(s.err, io.EOF) }

// fail returns the error of an answer that does not continue with want.
func (s *scanner) fail(want string) error {
	if s.r < s.w {
		return &syntaxError{
			Offset: s.offset(), What: fmt.Sprintf("expected %s, found %q", want, s.buf[s.r]),
		}
	}
	if s.ended() {
		return &syntaxError{Offset: s.offset(), What: "expected " + want, cut: true}
	}
	return fmt.Errorf("the answer breaks off at byte %d, before %s: %w", s.offset(), want, s.err)
}

// wrong returns the error of an answer that is JSON but not what Prometheus answers.
func (s *scanner) wrong(format string, args ...any) error {
	return &syntaxError{Offset: s.offset(), What: fmt.Sprintf(format, args...)}
}

// byte returns the next byte and does not consume it.
func (s *scanner) byte(want string) (byte, error) {
	if s.r == s.w && !s.fill() {
		return 0, s.fail(want)
	}
	return s.buf[s.r], nil
}

// peek skips white space, and returns the next byte but does not consume it.
func (s *scanner) peek(want string) (byte, error) {
	for {
		c, err := s.byte(want)
		if err != nil || c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c, err
		}
		s.r++
	}
}

// expect skips white space and consumes the next byte, which must be c.
func (s *scanner) expect(c byte, want string) error {
	switch got, err := s.peek(want); {
	case err != nil:
		return err
	case got != c:
		return s.fail(want)
	}
	s.r++
	return nil
}

// word consumes w.
func (s *scanner) word(w string) error {
	for i := range len(w) {
		if c, err := s.byte(w); err != nil {
			return err
		} else if c != w[i] {
			return s.fail(w)
		}
		s.r++
	}
	return nil
}

// null consumes a null if there is one, and reports whether there was.
func (s *scanner) null(want string) (bool, error) {
	c, err := s.peek(want)
	if err != nil || c != 'n' {
		return false, err
	}
	return true, s.word("null")
}

// more consumes a comma or the closing bracket, and reports whether it was a comma.
func (s *scanner) more(closing byte, want string) (bool, error) {
	c, err := s.peek(want)
	switch {
	case err != nil:
		return false, err
	case c != ',' && c != closing:
		return false, s.fail(want)
	}
	s.r++
	return c == ',', nil
}

// object reads an object. field must read the value of key; key is valid until field reads
// anything. null is an empty object.
func (s *scanner) object(what string, field func(key []byte) error) error {
	if none, err := s.null(what); none || err != nil {
		return err
	}
	if err := s.expect('{', what); err != nil {
		return err
	}
	if c, err := s.peek("a key or '}'"); err != nil {
		return err
	} else if c == '}' {
		s.r++
		return nil
	}
	for {
		key, err := s.string("a key", maxLabelBytes)
		if err != nil {
			return err
		}
		if err := s.colon(key, field); err != nil {
			return err
		}
		if more, err := s.more('}', "',' or '}'"); !more || err != nil {
			return err
		}
	}
}

// colon consumes the colon after a key and calls field. It copies key if it has to refill the
// buffer, which may move key.
func (s *scanner) colon(key []byte, field func(key []byte) error) error {
	if s.r < s.w && s.buf[s.r] == ':' {
		s.r++
		return field(key)
	}
	s.tok = append(s.tok[:0], key...)
	if err := s.expect(':', "':'"); err != nil {
		return err
	}
	return field(s.tok)
}

// array reads an array. element must read one element. null is an empty array.
func (s *scanner) array(what string, element func() error) error {
	if none, err := s.null(what); none || err != nil {
		return err
	}
	if err := s.expect('[', what); err != nil {
		return err
	}
	if c, err := s.peek("an element or ']'"); err != nil {
		return err
	} else if c == ']' {
		s.r++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if more, err := s.more(']', "',' or ']'"); !more || err != nil {
			return err
		}
	}
}

// number reads a number and returns its text, which is valid until the next read.
func (s *scanner) number(what string) ([]byte, error) {
	if _, err := s.peek(what); err != nil {
		return nil, err
	}
	s.tok = s.tok[:0]
	for len(s.tok) <= maxNumber {
		c, err := s.byte(what)
		if err != nil {
			return nil, err
		}
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			if len(s.tok) == 0 || !validNumber(s.tok) {
				return nil, s.fail(what)
			}
			return s.tok, nil
		}
		s.tok = append(s.tok, c)
		s.r++
	}
	return nil, s.wrong("%s is longer than %d bytes", what, maxNumber)
}

// validNumber reports whether b is a JSON number, which has no leading zero, no plus sign and no
// bare point.
func validNumber(b []byte) bool {
	run := func() int {
		n := 0
		for len(b) > 0 && '0' <= b[0] && b[0] <= '9' {
			b = b[1:]
			n++
		}
		return n
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	zero := len(b) > 0 && b[0] == '0'
	if n := run(); n == 0 || zero && n > 1 {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		if run() == 0 {
			return false
		}
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if run() == 0 {
			return false
		}
	}
	return len(b) == 0
}

// skip reads a value of any kind and drops it. Strings in it may have any length.
func (s *scanner) skip(depth int) error {
	c, err := s.peek("a value")
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return s.wrong("objects and arrays are nested deeper than %d", maxDepth)
	}
	switch c {
	case '{':
		return s.object("an object", func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.array("an array", func() error { return s.skip(depth + 1) })
	case '"':
		return s.skipString()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	_, err = s.number("a value")
	return err
}

// end returns an error if anything but white space follows.
func (s *scanner) end() error {
	switch _, err := s.peek("nothing more"); {
	case err == nil:
		return s.fail("nothing more")
	case !s.ended():
		return fmt.Errorf("the answer breaks off at byte %d, where it was to end: %w", s.offset(),
			s.err)
	}
	return nil
}
