package app

import (
	"testing"
	"time"
)

// Reading a state that does not answer leaves the run most of its time for sending messages.
func TestReadingTheStateLeavesTimeToSend(t *testing.T) {
	for _, timeout := range []time.Duration{time.Second, 16 * time.Second, 5 * time.Minute} {
		a := &recipients{o: Options{Timeout: timeout}}
		ctx, cancel := a.stateTime(t.Context())
		end, _ := ctx.Deadline()
		cancel()
		if got, want := time.Until(end), min(timeout/4, maxStateTime); got > want {
			t.Errorf("timeout %s: got %s for the state, want %s", timeout, got, want)
		}
	}
}
