package main

import (
	"context"
	"testing"
	"time"
)

// The index that waits ends when Kubernetes ends it, and at the latest when the report must be
// there.
func TestHold(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	stopped := make(chan struct{})
	close(stopped)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx   context.Context
		stop  chan struct{}
		until time.Time
	}{
		"stopped":   {t.Context(), stopped, now.Add(time.Hour)},
		"cancelled": {cancelled, nil, now.Add(time.Hour)},
		"too late":  {t.Context(), nil, now},
	} {
		t.Run(name, func(*testing.T) {
			r := &fleetRun{c: &console{stop: tc.stop, now: func() time.Time { return now }}}
			r.hold(tc.ctx, tc.until) // the test's timeout fails it otherwise
		})
	}
}
