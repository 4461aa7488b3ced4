package config_test

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
)

func TestTimeIntervals(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/full.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	oncall := c.Receivers[3]
	if len(oncall.Mute) != 2 {
		t.Fatalf("got %+v, want two intervals", oncall.Mute)
	}
	for at, want := range map[string]bool{
		"2026-11-20T22:00:00+09:00": true,  // a Friday night
		"2026-11-20T21:59:59+09:00": false, // before it
		"2026-11-20T23:59:00+09:00": true,
		"2026-11-20T06:29:00+09:00": true,
		"2026-11-20T06:30:00+09:00": false,
		"2026-11-20T14:00:00Z":      true,  // 23:00 in Seoul
		"2026-11-21T23:00:00+09:00": false, // Saturday
		"2026-12-01T12:00:00Z":      true,
		"2026-12-02T12:00:00Z":      false,
		"2026-12-05T12:00:00Z":      true, // from the fifth
		"2026-12-22T12:00:00Z":      true, // to the tenth from the end
		"2026-12-23T12:00:00Z":      false,
		"2026-12-30T12:00:00Z":      true,
		"2028-02-28T12:00:00Z":      true, // the last but one of a leap year's February
		"2027-12-01T12:00:00Z":      false,
		"2026-03-01T12:00:00Z":      false,
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := oncall.Muted(when); got != want {
			t.Errorf("%s: muted %v, want %v", at, got, want)
		}
	}
	if c.Receivers[2].Muted(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)) {
		t.Error("got a muted receiver without mute_time_intervals, want it not muted")
	}
}
