package config

import (
	"testing"
	"time"
)

// For any schedule and time, Last is a scheduled time that is not after the time, no scheduled time
// is between the two, and Next, Between and Interval agree with it.
func FuzzSchedule(f *testing.F) {
	for i, s := range []string{
		"*/5 * * * *", "0 9 * * mon-fri", "30 2 * * *", "0 0 29 2 *", "59 23 31 12 *",
		"0 0 1,15 * 3", "0-59/7 */3 * jan-mar,dec 0,7", "5/10 1 * * SUN", "* * * * 7", "0 0 31 2 *",
		"60 * * * *", "*/0 * * * *", "1-0 * * * *", "* * *", "@daily", "-1 * * * *",
		"*,* */23 1-31/30 * *",
	} {
		f.Add(s, int64(1795305600+i*86400*37), uint8(i))
		f.Add(s, int64(0), uint8(i))
	}
	zones := []string{
		"UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
		"Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia",
	}
	f.Fuzz(func(t *testing.T, text string, at int64, zone uint8) {
		s, err := parseSchedule(text)
		if err != nil {
			return
		}
		if s.zone, err = time.LoadLocation(zones[int(zone)%len(zones)]); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(at%(1<<33), 0) // to 2242, and as far back
		last, next := s.Last(now), s.Next(now)
		if last.IsZero() || next.IsZero() {
			return // once in eight years at most
		}
		if last.After(now) || !next.After(now) || last.Nanosecond() != 0 || !s.matches(last) ||
			!s.matches(next) {
			t.Fatalf("%q around %s: got last %s, next %s; want whole seconds that the schedule "+
				"matches, before and after", text, now, last, next)
		}
		for m, n := now.Truncate(time.Minute), 0; m.After(last) &&
			n < 2000; m, n = m.Add(-time.Minute), n+1 {
			if s.matches(m) {
				t.Fatalf("%q at %s: got last %s, want %s, which matches", text, now, last, m)
			}
		}
		if s.Last(next) != next || s.Next(last) != next ||
			s.Last(next.Add(-time.Nanosecond)) != last {
			t.Fatalf("%q around %s: got %s, %s after last and %s before next; want %s, %s and %s",
				text, now, s.Last(next), s.Next(last), s.Last(next.Add(-time.Nanosecond)),
				next, next, last)
		}
		if every := s.Interval(now); every != 0 && every < next.Sub(last) {
			t.Errorf("%q around %s: got interval %s, want at least that from %s to %s", text, now,
				every, last, next)
		}
		if between := s.Between(last, next); len(between) != 1 || between[0] != last {
			t.Errorf("%q from %s to %s: got %v, want only the first", text, last, next, between)
		}
	})
}

// matches reports whether the fields of a schedule match a minute.
func (s *Schedule) matches(at time.Time) bool {
	at = at.In(s.zone)
	return s.minute.has(at.Minute()) && s.hour.has(at.Hour()) && s.month.has(int(at.Month())) &&
		s.onDay(at)
}
