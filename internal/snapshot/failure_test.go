package snapshot

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
)

func TestFailureOf(t *testing.T) {
	refused := &promapi.Error{
		Kind: promapi.KindRefused, Op: "range query", URL: "http://p",
		Message: "connection refused", Hint: "see that it runs",
	}
	gaveUp := &promapi.Error{
		Kind: promapi.KindGaveUp, Op: "range query", Status: 504, Hint: "raise its timeout",
		Took: time.Minute,
	}
	for name, tc := range map[string]struct {
		err  error
		want Failure
	}{
		"a client error": {
			refused, Failure{
				Kind: FailureRefused, Message: "range query at http://p: connection refused",
				Hint: "see that it runs",
			},
		},
		"with context": {
			fmt.Errorf("asking which metrics exist: %w", refused),
			Failure{
				Kind: FailureRefused, Message: "asking which metrics exist: range query at " +
					"http://p: connection refused", Hint: "see that it runs",
			},
		},
		"too many series": {
			&promapi.LimitError{Limit: 5, Fixed: true},
			Failure{
				Kind: FailureLimit, Message: "the query returns more than 5 series",
				Hint: "raise prometheus.max_series",
			},
		},
		"a proxy, and the run ended": {
			fmt.Errorf("%w (%w)", errStopped, gaveUp),
			Failure{
				Kind: FailureStopped, Message: errStopped.Error() + " (range query: HTTP 504; " +
					"raise its timeout)", GaveUp: time.Minute,
			},
		},
		"stopped": {
			fmt.Errorf("%w (%w)", errStopped, context.Canceled), Failure{
				Kind: FailureStopped, Message: errStopped.Error() + " (context canceled)",
			},
		},
		"a panic": {
			&panicError{value: "index out of range", stack: []byte("main.go:1")}, Failure{
				Kind:    FailureFault,
				Message: "internal error (please report it): index out of range",
			},
		},
		"not in the part": {
			errNotInPart, Failure{Kind: FailureParts, Message: "the part does not have this panel"},
		},
		"another error": {
			errors.New("odd; it is"), Failure{Kind: FailureOther, Message: "odd; it is"},
		},
		"unknown kind": {
			&promapi.Error{Kind: "new", Message: "odd"}, Failure{
				Kind: FailureOther, Message: "odd",
			},
		},
	} {
		got := FailureOf(tc.err)
		if *got != tc.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, *got, tc.want)
		}
		if got.Error() != tc.err.Error() {
			t.Errorf("%s: got the text %q, want %q", name, got.Error(), tc.err)
		}
	}
	if got := FailureOf(nil); got != nil {
		t.Errorf("no error: got %v, want nil", got)
	}
}
