package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// passing is an error that says of itself whether it passes.
type passing bool

func (passing) Error() string     { return "x" }
func (p passing) Temporary() bool { return bool(p) }

func TestTemporary(t *testing.T) {
	place := Place{Store: ParameterStore, Name: "/slack"}
	_, throttled := Stored(place, func(context.Context, Place) (string, error) {
		return "", passing(true)
	}).Reveal(t.Context())
	_, unreadable := File(t.TempDir() + "/none").Reveal(t.Context())
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"none":         {nil, false},
		"says nothing": {errors.New("the secret is empty"), false},
		"passes":       {fmt.Errorf("reading Slack's token: %w", passing(true)), true},
		"stays":        {fmt.Errorf("reading Slack's token: %w", passing(false)), false},
		// the first one that says something
		"stays by a passing": {fmt.Errorf("%w", errors.Join(passing(false), passing(true))), false},
		"a store":            {throttled, true},
		"no file":            {unreadable, false},
		"too many files": {
			fmt.Errorf("reading a secret: %w", &os.PathError{
				Op: "open", Path: "token", Err: syscall.EMFILE,
			}), true,
		},
	} {
		if got := Temporary(tc.err); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}
