package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// maxClockSkew is how far the clock that sets the slot, such as that of a scheduler, may be ahead
// of this machine's.
const maxClockSkew = time.Minute

// ParseSlot parses the slot of a run: a time in RFC 3339, now, or a time before now such as now-2h.
// It rounds the slot down to a second, and now to a minute, so that two runs within a minute share
// a grid. Errors begin with s.
func ParseSlot(s string, now time.Time) (time.Time, error) {
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		return parseAgo(s, rest, now)
	}
	t, err := time.Parse(time.RFC3339, s)
	switch {
	case err != nil:
		return time.Time{}, notATime(s)
	case t.Year() < 1970 || t.Year() > 2200:
		return time.Time{}, outOfRange(s)
	case t.After(now.Add(maxClockSkew)):
		return time.Time{}, fmt.Errorf("%q is in the future; Prometheus has no samples for it yet",
			s)
	}
	return t.UTC().Truncate(time.Second), nil
}

// parseAgo parses what follows now.
func parseAgo(s, rest string, now time.Time) (time.Time, error) {
	t := now.UTC().Truncate(time.Minute)
	if rest == "" {
		return t, nil
	}
	back, ok := strings.CutPrefix(rest, "-")
	d, err := model.ParseDuration(back)
	if !ok || err != nil {
		return time.Time{}, notATime(s)
	}
	if t = t.Add(-time.Duration(d)); t.Year() < 1970 {
		return time.Time{}, outOfRange(s)
	}
	return t, nil
}

func notATime(s string) error {
	return fmt.Errorf("%.40q is not a time; write 2026-11-22T09:00:00Z, now or now-2h", s)
}

func outOfRange(s string) error {
	return fmt.Errorf("%.40q is out of range; write a time from 1970 to 2200", s)
}
