package app

import (
	"testing"
	"time"
)

// A summary polls another run's claim soon, less often later, when the claim ends, and a last time
// shortly before its own deadline.
func TestUntilNextLook(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return now.Add(time.Duration(s * float64(time.Second))) }
	for _, tc := range []struct {
		name       string
		own, other float64 // seconds from now
		looks      int
		want       float64
		ok         bool
	}{
		{"at once, of one deadline", 300, 300, 0, 1, true},
		{"the other's deadline is later", 300, 301, 0, 1, true},
		{"the other's deadline is much later", 300, 3600, 2, 4, true},
		{"less often later", 300, 300, 3, 8, true},
		{"and no less often than that", 300, 300, 4, 10, true},
		{"after very many looks", 3000, 3000, 1000, 10, true},
		{"when the claim ends", 300, 3, 9, 3, true},
		{"a claim that has just ended", 300, -1, 0, 0, true},
		{"a last time before its own end", 8, 300, 9, 2, true},
		{"no time is left to deliver", 6, 300, 9, 0, false},
		{"its own time is over", -1, 300, 9, 0, false},
	} {
		got, ok := nextPoll(now, at(tc.own), at(tc.other), tc.looks)
		if want := at(tc.want).Sub(now); ok != tc.ok || got != want {
			t.Errorf("%s: got %s, %v, want %s, %v", tc.name, got, ok, want, tc.ok)
		}
	}
}
