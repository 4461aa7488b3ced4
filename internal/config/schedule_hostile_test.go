package config

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/testdata/race"
)

// Nights with clock changes, leap days, and the limits of time. As in the CronJob controller, a
// scheduled time that the clocks skip does not run that day, and one that they repeat runs twice.
func TestScheduleOnOddDays(t *testing.T) {
	for _, tc := range []struct {
		schedule, zone string
		at, last, next string
	}{
		// 29 March 2026, Berlin: 01:59 CET, then 03:00 CEST.
		{
			"30 2 * * *", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-28T01:30:00Z",
			"2026-03-30T00:30:00Z",
		},
		{
			"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-28T01:30:00Z",
			"2026-03-30T00:30:00Z",
		},
		{
			"30 2 * * *", "Europe/Berlin", "2026-03-30T00:30:00Z", "2026-03-30T00:30:00Z",
			"2026-03-31T00:30:00Z",
		},
		{
			"0 3 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z",
			"2026-03-30T01:00:00Z",
		},
		{
			"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T00:30:00Z",
			"2026-03-29T01:00:00Z",
		},
		// 25 October 2026, Berlin: 02:59 CEST, then 02:00 CET again.
		{
			"30 2 * * *", "Europe/Berlin", "2026-10-25T00:29:59Z", "2026-10-24T00:30:00Z",
			"2026-10-25T00:30:00Z",
		},
		{
			"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z",
			"2026-10-25T01:30:00Z",
		},
		{
			"30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z",
			"2026-10-26T01:30:00Z",
		},
		{
			"0 3 * * *", "Europe/Berlin", "2026-10-25T01:59:00Z", "2026-10-24T01:00:00Z",
			"2026-10-25T02:00:00Z",
		},
		// 8 March 2026, New York: 01:59 EST, then 03:00 EDT; and 1 November, back.
		{
			"30 2 * * *", "America/New_York", "2026-03-08T12:00:00Z", "2026-03-07T07:30:00Z",
			"2026-03-09T06:30:00Z",
		},
		{
			"30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T05:30:00Z",
			"2026-11-01T06:30:00Z",
		},
		{
			"30 2 * * *", "America/New_York", "2026-11-01T07:29:00Z", "2026-10-31T06:30:00Z",
			"2026-11-01T07:30:00Z",
		},
		{
			"0 0 * * *", "America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z",
			"2026-11-02T05:00:00Z",
		},
		// Half an hour, and a midnight that does not exist.
		{
			"15 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00:00Z", "2026-10-02T15:45:00Z",
			"2026-10-04T15:15:00Z",
		},
		{
			"0 0 * * *", "Africa/Cairo", "2026-04-24T12:00:00Z", "2026-04-22T22:00:00Z",
			"2026-04-24T21:00:00Z",
		},
		// Leap days; 2100 has none.
		{
			"0 9 29 2 *", "UTC", "2027-03-01T00:00:00Z", "2024-02-29T09:00:00Z",
			"2028-02-29T09:00:00Z",
		},
		{
			"0 9 29 2 *", "UTC", "2100-03-01T00:00:00Z", "2096-02-29T09:00:00Z",
			"2104-02-29T09:00:00Z",
		},
		{
			"0 9 * * *", "UTC", "2028-02-29T00:00:00Z", "2028-02-28T09:00:00Z",
			"2028-02-29T09:00:00Z",
		},
		{
			"59 23 31 12 *", "UTC", "2026-12-31T23:59:59Z", "2026-12-31T23:59:00Z",
			"2027-12-31T23:59:00Z",
		},
		// A machine whose clock was never set, and the far end.
		{
			"*/5 * * * *", "Asia/Seoul", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
			"1970-01-01T00:05:00Z",
		},
		{
			"0 9 * * *", "America/New_York", "1970-01-01T00:00:00Z", "1969-12-31T14:00:00Z",
			"1970-01-01T14:00:00Z",
		},
		{
			"0 9 * * *", "Europe/Berlin", "2200-07-01T12:00:00Z", "2200-07-01T07:00:00Z",
			"2200-07-02T07:00:00Z",
		},
	} {
		t.Run(tc.zone+" "+tc.schedule+" "+tc.at, func(t *testing.T) {
			s, err := parseSchedule(tc.schedule)
			if err != nil {
				t.Fatal(err)
			}
			if s.zone, err = time.LoadLocation(tc.zone); err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, tc.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Last(at).Format(time.RFC3339); got != tc.last {
				t.Errorf("last %s, want %s", got, tc.last)
			}
			if got := s.Next(at).Format(time.RFC3339); got != tc.next {
				t.Errorf("next %s, want %s", got, tc.next)
			}
		})
	}
}

// Over the year in which every zone changes its clocks, the scheduled times are in order: none is
// repeated, and Last skips none.
func TestScheduleThroughAYear(t *testing.T) {
	race.SkipSerial(t)
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe"} {
		for schedule, want := range map[string][2]int{
			"30 2 * * *": {364, 366}, "0 9 * * *": {365, 365}, "0 */12 * * *": {730, 730},
		} {
			s, err := parseSchedule(schedule)
			if err != nil {
				t.Fatal(err)
			}
			if s.zone, err = time.LoadLocation(zone); err != nil {
				t.Fatal(err)
			}
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, s.zone)
			times := s.Between(from, from.AddDate(1, 0, 0))
			if n := len(times); n < want[0] || n > want[1] {
				t.Errorf("%s %s: got %d times in a year, want %d to %d", zone, schedule, n,
					want[0], want[1])
			}
			for i := 1; i < len(times); i++ {
				if !s.Next(times[i-1]).Equal(times[i]) ||
					!s.Last(times[i].Add(-time.Second)).Equal(times[i-1]) {
					t.Errorf("%s %s: got %v after %v, want %v", zone, schedule, s.Next(times[i-1]),
						times[i-1], times[i])
				}
			}
		}
	}
}
