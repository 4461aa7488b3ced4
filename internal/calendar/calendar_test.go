package calendar

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestStartOfDay(t *testing.T) {
	for _, tt := range []struct {
		name, zone, day, want string
	}{
		{"midnight", "Asia/Seoul", "2026-11-21", "2026-11-21T00:00:00+09:00"},
		{
			"clocks go forward over midnight", "America/Santiago", "2026-09-06",
			"2026-09-06T01:00:00-03:00",
		},
		{"midnight comes twice", "America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00"},
		{
			"clocks go back to the day before", "Asia/Beirut", "2026-10-25",
			"2026-10-25T00:00:00+02:00",
		},
	} {
		d, err := time.Parse(time.DateOnly, tt.day)
		if err != nil {
			t.Fatal(err)
		}
		y, m, day := d.Date()
		if got := StartOfDay(y, m, day, zone(t, tt.zone)).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		if got := StartOfDay(y, m-1, day+d.AddDate(0, 0, -day).Day(),
			zone(t, tt.zone)).Format(time.RFC3339); got != tt.want {
			t.Errorf("%s, as a day of the month before: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestOnTheClock(t *testing.T) {
	newYork := zone(t, "America/New_York")
	for _, tt := range []struct {
		month   time.Month
		day     int
		of      time.Duration
		want    int
		repeats bool
	}{
		{time.March, 8, 2 * time.Hour, 0, false},
		{time.March, 8, 3 * time.Hour, 1, false},
		{time.November, 1, 90 * time.Minute, 2, true},
		{time.November, 1, 2 * time.Hour, 1, false},
	} {
		got := OnTheClock(2026, tt.month, tt.day, tt.of, newYork)
		if len(got) != tt.want {
			t.Errorf("%s %d, %s after midnight: got %v, want %d moments", tt.month, tt.day, tt.of,
				got, tt.want)
		}
		for _, at := range got {
			if Repeated(at) != tt.repeats {
				t.Errorf("%s comes twice: got %v, want %v", at, !tt.repeats, tt.repeats)
			}
		}
	}
}

// The last minute before a day or an hour belongs to another day or hour, and the minute after it
// to that day or hour.
func TestBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := zone(t, rapid.SampledFrom([]string{
			"UTC", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "America/Havana",
			"Asia/Beirut", "Africa/Cairo",
		}).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(8e8, 4e9).Draw(t, "at"), 0).Truncate(time.Minute).In(z)
		before := LastOfDayBefore(at)
		if !before.Before(at) || before.Day() == at.Day() || at.Sub(before) > 26*time.Hour {
			t.Errorf("end of the day before %s: got %s, want it on another day, within 26h", at,
				before)
		}
		if next := before.Add(time.Minute); next.Day() != at.Day() {
			t.Errorf("beginning of the day of %s: got %s, want it on the same day", at, next)
		}
		if before := LastOfHourBefore(at); !before.Before(at) || before.Hour() == at.Hour() ||
			before.Add(time.Minute).Hour() != at.Hour() {
			t.Errorf("end of the hour before %s: got %s, want a minute before the hour", at, before)
		}
	})
}
