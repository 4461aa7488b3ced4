// Package secret holds a string that nobody is to see: a token, a password.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/promsnap/promsnap/internal/disk"
)

// maxSize bounds a secret, in bytes: a file that is longer is not one.
const maxSize = 64 << 10

// redacted is how a secret prints.
const redacted = "<redacted>"

// String is a secret, or where one lies. Whatever prints it (every verb of fmt, also of a struct
// that holds it in an unexported field; JSON, YAML, slog) prints <redacted>. The zero value is no
// secret.
type String struct {
	// read is a function even where the secret is known, because fmt shows what an unexported field
	// holds, and of a function its address.
	read func(ctx context.Context) (string, error)
}

// Inline is a secret that is known.
func Inline(s string) String {
	return String{func(context.Context) (string, error) { return checked(s) }}
}

// File is what a file holds, without space around it. It is read at each use, so that a token that
// was renewed is the one that is used.
func File(path string) String {
	return String{func(ctx context.Context) (string, error) {
		b, err := disk.Read(ctx, path, maxSize)
		if err != nil {
			return "", fmt.Errorf("reading a secret: %w", err)
		}
		s, err := checked(string(b))
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		return s, nil
	}}
}

// Env is what a variable of the environment holds; lookup is os.LookupEnv, which stands in the
// mains alone.
func Env(name string, lookup func(string) (string, bool)) String {
	return String{func(context.Context) (string, error) {
		s, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("the environment has no %s; set it, or name a file that holds "+
				"the secret", name)
		}
		s, err := checked(s)
		if err != nil {
			return "", fmt.Errorf("$%s: %w", name, err)
		}
		return s, nil
	}}
}

// From is what read answers, at each use: a secret that lies in a store of secrets.
func From(read func(ctx context.Context) (string, error)) String {
	return String{func(ctx context.Context) (string, error) {
		s, err := read(ctx)
		if err != nil {
			return "", err
		}
		return checked(s)
	}}
}

// Reveal returns the secret, never an empty one. Its errors name the place, and nothing of what is
// in it.
func (s String) Reveal(ctx context.Context) (string, error) {
	if s.read == nil {
		return "", errors.New("no secret is configured")
	}
	return s.read(ctx)
}

// IsZero tells whether there is no secret at all.
func (s String) IsZero() bool { return s.read == nil }

// String is <redacted>; "" where there is no secret.
func (s String) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format writes <redacted> for every verb.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes <redacted>, for JSON, YAML and slog.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// checked returns a secret without the space around it. What is in it must do for the header of a
// request.
func checked(s string) (string, error) {
	if len(s) > maxSize {
		return "", fmt.Errorf("a secret has at most %d KiB; this is something else", maxSize>>10)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the secret is empty")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", errors.New("a secret is one line without control characters")
	}
	return s, nil
}

// Temporary tells whether a secret that could not be read may be read at another try: a store that
// throttles or does not answer. An error says so of itself by a method Temporary, as cloud.Error
// does; whatever says nothing stays until somebody does something.
func Temporary(err error) bool {
	var passing interface{ Temporary() bool }
	return errors.As(err, &passing) && passing.Temporary()
}
