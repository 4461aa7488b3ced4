package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// clocksApart is how far the clock that names a run's time, such as a schedule's, may be ahead of
// this machine's.
const clocksApart = time.Minute

// ParseSlot reads the time that a run is for: a time of RFC 3339, now, or so long before now as in
// now-2h. The slot is a whole second; now is the minute that has begun, so that two runs within it
// share their grid. The errors begin with what was written.
func ParseSlot(s string, now time.Time) (time.Time, error) {
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		return parseAgo(s, rest, now)
	}
	t, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return time.Time{}, noTime(s)
	case t.Year() < 1970 || t.Year() > 2200:
		return time.Time{}, outOfReach(s)
	case t.After(now.Add(clocksApart)):
		return time.Time{}, fmt.Errorf("%q lies in the future, of which Prometheus has no samples",
			s)
	}
	return t.UTC().Truncate(time.Second), nil
}

// parseAgo reads what stands behind now.
func parseAgo(s, rest string, now time.Time) (time.Time, error) {
	t := now.UTC().Truncate(time.Minute)
	if rest == "" {
		return t, nil
	}
	back, ok := strings.CutPrefix(rest, "-")
	d, err := model.ParseDuration(back)
	if !ok || err != nil {
		return time.Time{}, noTime(s)
	}
	if t = t.Add(-time.Duration(d)); t.Year() < 1970 {
		return time.Time{}, outOfReach(s)
	}
	return t, nil
}

func noTime(s string) error {
	return fmt.Errorf("%.40q is not a time; write 2026-11-22T09:00:00Z, now or now-2h", s)
}

func outOfReach(s string) error {
	return fmt.Errorf("%.40q is out of reach; Prometheus keeps times from 1970 on", s)
}
