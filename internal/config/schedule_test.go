package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScheduleLast(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	seoul, berlin, santiago, lordHowe := zone("Asia/Seoul"), zone("Europe/Berlin"),
		zone("America/Santiago"), zone("Australia/Lord_Howe")
	for _, tc := range []struct {
		schedule string
		zone     *time.Location
		at, want string
	}{
		{"*/5 * * * *", time.UTC, "2026-11-22T10:04:59Z", "2026-11-22T10:00:00Z"},
		{"*/5 * * * *", time.UTC, "2026-11-22T10:05:00Z", "2026-11-22T10:05:00Z"},
		{"0 9 * * *", seoul, "2026-11-22T00:00:30Z", "2026-11-22T00:00:00Z"},
		{"0 9 * * *", seoul, "2026-11-21T23:59:59Z", "2026-11-21T00:00:00Z"},
		{"30 8 * * mon-fri", time.UTC, "2026-11-22T12:00:00Z", "2026-11-20T08:30:00Z"},
		{"0 0 1 * *", time.UTC, "2026-11-22T12:00:00Z", "2026-11-01T00:00:00Z"},
		{"0 0 29 feb *", time.UTC, "2027-01-01T00:00:00Z", "2024-02-29T00:00:00Z"},
		// either of the two
		{"0 0 13 * fri", time.UTC, "2026-11-22T12:00:00Z", "2026-11-20T00:00:00Z"},
		// a step names days, too
		{"0 0 */2 * sat", time.UTC, "2026-11-22T12:00:00Z", "2026-11-21T00:00:00Z"},
		{"0 0 */2 * sun", time.UTC, "2026-11-22T12:00:00Z", "2026-11-22T00:00:00Z"},
		{"0 0 3 3 */7", time.UTC, "2026-03-07T00:00:00Z", "2026-03-03T00:00:00Z"},
		// * does not: both
		{"0 0 * * sat", time.UTC, "2026-11-22T12:00:00Z", "2026-11-21T00:00:00Z"},
		{"0 0 13 * */1", time.UTC, "2026-11-22T12:00:00Z", "2026-11-13T00:00:00Z"},
		{"0 12 * * 7", time.UTC, "2026-11-28T12:00:00Z", "2026-11-22T12:00:00Z"},
		{"10-20/5,50 3 * * *", time.UTC, "2026-11-22T03:49:00Z", "2026-11-22T03:20:00Z"},
		// the clocks skip it
		{"30 2 * * *", berlin, "2026-03-29T10:00:00Z", "2026-03-28T01:30:00Z"},
		// the clocks skip midnight
		{"* 23 5 9 *", santiago, "2026-09-06T14:00:00Z", "2026-09-06T03:59:00Z"},
		// and the first half of 02:00
		{"* 1 * * *", lordHowe, "2026-10-03T15:40:00Z", "2026-10-03T15:29:00Z"},
		// ? is *, as to Kubernetes
		{"0 9 ? * MON-FRI", time.UTC, "2026-11-22T12:00:00Z", "2026-11-20T09:00:00Z"},
		{"? ?/6 13 * ?", time.UTC, "2026-11-22T12:00:00Z", "2026-11-13T18:59:00Z"},
		{"0 0 ?/2 * sat", time.UTC, "2026-11-22T12:00:00Z", "2026-11-21T00:00:00Z"},
		{"@hourly", time.UTC, "2026-11-22T12:34:56Z", "2026-11-22T12:00:00Z"},
		{"@daily", seoul, "2026-11-22T12:00:00Z", "2026-11-21T15:00:00Z"},
		{"@midnight", time.UTC, "2026-11-22T12:00:00Z", "2026-11-22T00:00:00Z"},
		{"@weekly", time.UTC, "2026-11-24T12:00:00Z", "2026-11-22T00:00:00Z"},
		{"@monthly", time.UTC, "2026-11-22T12:00:00Z", "2026-11-01T00:00:00Z"},
		{"@yearly", time.UTC, "2026-11-22T12:00:00Z", "2026-01-01T00:00:00Z"},
		{"@annually", time.UTC, "2026-11-22T12:00:00Z", "2026-01-01T00:00:00Z"},
		{"0 22/1 * * *", time.UTC, "2026-11-22T23:30:00Z", "2026-11-22T23:00:00Z"},
	} {
		s, err := parseSchedule(tc.schedule)
		if err != nil {
			t.Errorf("%s: got error %v, want none", tc.schedule, err)
			continue
		}
		s.zone = tc.zone
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Last(at).Format(time.RFC3339); got != tc.want {
			t.Errorf("%s at %s: got %s, want %s", tc.schedule, tc.at, got, tc.want)
		}
	}
}

func TestNoSchedule(t *testing.T) {
	for _, text := range []string{
		"", "* * * *", "@dayly", "@every 5m", "??", "? ? ? ?", "*/? * * * *", "60 * * * *",
		"* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *",
		"a * * * *", "* * * * * *", "1, * * * *", "-1 * * * *", "0 0 31 2 *",
	} {
		if s, err := parseSchedule(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, s)
		}
	}
}

// For any schedule, Last returns a scheduled time that is not after the given time, is its own
// Last, and is the latest one. Half of the times are near a clock change.
func TestLastIsDue(t *testing.T) {
	zones := []string{
		"UTC", "Asia/Seoul", "America/Sao_Paulo", "America/Santiago", "America/Havana",
		"Australia/Lord_Howe", "Africa/Cairo",
	}
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom([]string{"*", "*/7", "1", "3", "23", "1-5", "2,4"})
		some := rapid.SampledFrom([]string{"*", "3", "1-5", "2,4"})
		text := field.Draw(t, "minute") + " " + field.Draw(t, "hour") + " " + field.Draw(t, "day") +
			" " + some.Draw(t, "month") + " " + some.Draw(t, "weekday")
		s, err := parseSchedule(text)
		if err != nil {
			t.Fatal(err)
		}
		if s.zone, err = time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone")); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0)
		if change, _ := at.In(s.zone).ZoneBounds(); change.Unix() > 0 &&
			rapid.Bool().Draw(t, "near a change") {
			at = change.Add(time.Duration(rapid.IntRange(-120, 1500).Draw(t,
				"minutes")) * time.Minute)
		}
		last := s.Last(at)
		local := last.In(s.zone)
		if last.IsZero() || last.After(at) || !s.Last(last).Equal(last) {
			t.Fatalf("%q at %v: got last %v, want a time not after it that is its own last", text,
				at, last)
		}
		if !s.minute.has(local.Minute()) || !s.hour.has(local.Hour()) ||
			!s.month.has(int(local.Month())) || !s.onDay(local) {
			t.Fatalf("%q at %v: got last %v, want a time that the schedule matches", text, at,
				local)
		}
		for m := at.In(s.zone).Truncate(time.Minute); m.After(last) &&
			at.Sub(m) < 49*time.Hour; m = m.Add(-time.Minute) {
			if s.minute.has(m.Minute()) && s.hour.has(m.Hour()) && s.month.has(int(m.Month())) &&
				s.onDay(m) {
				t.Fatalf("%q at %v: got last %v, want %v, which matches", text, at, local, m)
			}
		}
		if next := s.Last(at.Add(time.Hour)); next.Before(last) {
			t.Fatalf("%q an hour later: got last %v, want %v or later", text, next, last)
		}
	})
}

func TestScheduleNextAndInterval(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		schedule string
		zone     *time.Location
		at, next string
		interval time.Duration
	}{
		{"*/5 * * * *", time.UTC, "2026-11-22T10:04:59Z", "2026-11-22T10:05:00Z", 5 * time.Minute},
		{"*/5 * * * *", time.UTC, "2026-11-22T10:05:00Z", "2026-11-22T10:10:00Z", 5 * time.Minute},
		{"*/7 * * * *", time.UTC, "2026-11-22T10:50:00Z", "2026-11-22T10:56:00Z", 7 * time.Minute},
		{
			"*/5 8-18 * * *", time.UTC, "2026-11-22T18:55:00Z", "2026-11-23T08:00:00Z",
			13*time.Hour + 5*time.Minute,
		},
		{
			"*/5 8-18 * * *", time.UTC, "2026-11-23T08:00:00Z", "2026-11-23T08:05:00Z",
			13*time.Hour + 5*time.Minute,
		},
		{"0 9 * * *", berlin, "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z", 25 * time.Hour},
		{
			"30 8 * * mon-fri", time.UTC, "2026-11-20T08:30:00Z", "2026-11-23T08:30:00Z",
			72 * time.Hour,
		},
		{
			"0 0 29 feb *", time.UTC, "2026-11-22T00:00:00Z", "2028-02-29T00:00:00Z",
			1461 * 24 * time.Hour,
		},
	} {
		s, err := parseSchedule(tc.schedule)
		if err != nil {
			t.Fatal(err)
		}
		s.zone = tc.zone
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next(at).Format(time.RFC3339); got != tc.next {
			t.Errorf("%s after %s: %s, want %s", tc.schedule, tc.at, got, tc.next)
		}
		if got := s.Interval(at); got != tc.interval {
			t.Errorf("%s at %s: every %s, want %s", tc.schedule, tc.at, got, tc.interval)
		}
	}
}

// There is no scheduled time between two adjacent ones: Next of the first is the second, and
// Between around them returns both.
func TestNextFollowsLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom([]string{"*", "*/7", "3", "1-5", "2,4"})
		s, err := parseSchedule(field.Draw(t, "minute") + " " + field.Draw(t, "hour") + " * * " +
			field.Draw(t, "weekday"))
		if err != nil {
			t.Fatal(err)
		}
		if s.zone, err = time.LoadLocation(
			rapid.SampledFrom([]string{"UTC", "Africa/Cairo", "Australia/Lord_Howe"}).Draw(t,
				"zone")); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "at"), 0)
		last, next := s.Last(at), s.Next(at)
		if !next.After(at) || !s.Last(next).Equal(next) ||
			!s.Last(next.Add(-time.Nanosecond)).Equal(last) {
			t.Fatalf("at %v: got last %v, next %v; want next after it, and none between them", at,
				last, next)
		}
		if due := s.Between(last, next); len(due) != 1 || !due[0].Equal(last) {
			t.Fatalf("between %v and %v: got %v, want only the first", last, next, due)
		}
		if due := s.Between(last, next.Add(time.Nanosecond)); len(due) != 2 || !due[1].Equal(next) {
			t.Fatalf("from %v to %v: got %v, want both", last, next, due)
		}
	})
}
