package snapshot_test

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
)

func TestScrapeInterval(t *testing.T) {
	const window = 10 * time.Minute
	for samples, want := range map[float64]time.Duration{
		0: 0, 1: 10 * time.Minute, 2: 5 * time.Minute, 3: 3 * time.Minute, 5: 2 * time.Minute,
		9: time.Minute, 10: time.Minute, 11: time.Minute,
		20: 30 * time.Second, 21: 30 * time.Second, 39: 15 * time.Second, 40: 15 * time.Second,
		60: 10 * time.Second, 120: 5 * time.Second, 600: 5 * time.Second,
	} {
		if got := snapshot.ScrapeInterval(window, samples); got != want {
			t.Errorf("%v samples in %s: got %s, want %s", samples, window, got, want)
		}
	}
	if got := snapshot.ScrapeInterval(time.Hour, 12); got != 5*time.Minute {
		t.Errorf("12 samples in an hour: got %s, want 5m", got)
	}
}
