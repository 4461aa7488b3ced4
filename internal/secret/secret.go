// Package secret holds a string that must never be shown, such as a token or a password.
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

// maxSize is the longest secret, in bytes. A longer file is no secret.
const maxSize = 64 << 10

// redacted is printed instead of a secret.
const redacted = "<redacted>"

// String is a secret, or the place of one. It always prints as <redacted>: with every verb of fmt,
// also in an unexported field of a struct, and in JSON, YAML and slog. The zero value is no secret.
type String struct {
	// read is a function even for a known secret, because fmt prints the value of an unexported
	// field, but of a function only the address.
	read func(ctx context.Context) (string, error)
}

// Inline returns a known secret.
func Inline(s string) String {
	return String{func(context.Context) (string, error) { return checked(s) }}
}

// File returns the secret in a file, without the space around it. The file is read for each use, so
// that a renewed token is used at once.
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

// Env returns the secret in an environment variable. lookup is os.LookupEnv, which only the mains
// call.
func Env(name string, lookup func(string) (string, bool)) String {
	return String{func(context.Context) (string, error) {
		s, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set; set it, or use a file "+
				"for the secret", name)
		}
		s, err := checked(s)
		if err != nil {
			return "", fmt.Errorf("$%s: %w", name, err)
		}
		return s, nil
	}}
}

// From returns a secret that read returns for each use, such as one in a store of secrets.
func From(read func(ctx context.Context) (string, error)) String {
	return String{func(ctx context.Context) (string, error) {
		s, err := read(ctx)
		if err != nil {
			return "", err
		}
		return checked(s)
	}}
}

// Reveal returns the secret, which is never empty. Errors name the place and contain nothing of the
// secret.
func (s String) Reveal(ctx context.Context) (string, error) {
	if s.read == nil {
		return "", errors.New("no secret is configured")
	}
	return s.read(ctx)
}

// IsZero reports whether there is no secret.
func (s String) IsZero() bool { return s.read == nil }

// String returns <redacted>, or "" if there is no secret.
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

// checked returns a secret without the space around it. It returns an error if the secret cannot be
// the value of a request header.
func checked(s string) (string, error) {
	if len(s) > maxSize {
		return "", fmt.Errorf("longer than %d KiB, so it is not a secret", maxSize>>10)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("the secret is empty")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", errors.New("the secret contains a control character or more than one line")
	}
	return s, nil
}

// Temporary reports whether a retry may be able to read a secret, for example if a store throttles
// or does not answer. Such an error has a method Temporary, like cloud.Error. Other errors are
// permanent.
func Temporary(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}
