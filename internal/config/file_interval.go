package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The types of this file are the times at which receivers are muted, in the syntax of
// Alertmanager's time_intervals. See file.go.

// namedIntervals is a list of times that receivers refer to by a name.
type namedIntervals struct {
	// The name, for mute_time_intervals.
	Name intervalName `yaml:"name" jsonschema:"required"`
	// The times. One of them must match.
	TimeIntervals []interval `yaml:"time_intervals" jsonschema:"required"`
}

// interval is a recurring time. An entry matches a time if each of its keys matches. A key matches
// if one value in its list does.
type interval struct {
	// Times of the day.
	Times []timeRange `yaml:"times"`
	// Days of the week: saturday, monday:friday
	Weekdays []weekdays `yaml:"weekdays"`
	// Days of the month: 1, 1:5. Negative ones count from its end: -3:-1
	DaysOfMonth []monthDays `yaml:"days_of_month"`
	// Months: may:august, december, 1:3
	Months []months `yaml:"months"`
	// Years: 2026, 2026:2028
	Years []years `yaml:"years"`
	// The IANA time zone of these times, such as Asia/Seoul.
	Location zone `yaml:"location" jsonschema:"default=UTC"`
}

// timeRange is a part of one day. A time that crosses midnight needs two entries.
type timeRange struct {
	// When it begins: 22:00
	StartTime clock `yaml:"start_time" jsonschema:"required"`
	// When it ends: 24:00
	EndTime clock `yaml:"end_time" jsonschema:"required"`
}

// clock is a time of the day in minutes.
type clock struct{ minutes int }

// UnmarshalText reads HH:MM, up to 24:00.
func (c *clock) UnmarshalText(b []byte) error {
	h, m, _ := strings.Cut(string(b), ":")
	hour, errHour := strconv.ParseUint(h, 10, 8)
	minute, errMinute := strconv.ParseUint(m, 10, 8)
	if errHour != nil || errMinute != nil || len(m) != 2 || minute > 59 || hour*60+minute > 24*60 {
		return fmt.Errorf("%q is not a time of the day; write 00:00 to 24:00", shorten(string(b)))
	}
	c.minutes = int(hour*60 + minute)
	return nil
}

// weekdays are days of the week, from Sunday, which is 0.
type weekdays struct{ Span }

// monthDays are days of the month; negative ones count from its end.
type monthDays struct{ Span }

// months are months of the year, from January, which is 1.
type months struct{ Span }

// years are years.
type years struct{ Span }

// UnmarshalText reads a day of the week, or two.
func (w *weekdays) UnmarshalText(b []byte) (err error) {
	w.Span, err = span(string(b), "a day of the week; write saturday, or monday:friday",
		func(s string) (int, bool) {
			for d := time.Sunday; d <= time.Saturday; d++ {
				if strings.EqualFold(s, d.String()) {
					return int(d), true
				}
			}
			return 0, false
		})
	return err
}

// UnmarshalText reads a month by its name or number, or two.
func (m *months) UnmarshalText(b []byte) (err error) {
	m.Span, err = span(string(b), "a month; write december, may:august or 1:3",
		func(s string) (int, bool) {
			for month := time.January; month <= time.December; month++ {
				if strings.EqualFold(s, month.String()) || s == strconv.Itoa(int(month)) {
					return int(month), true
				}
			}
			return 0, false
		})
	return err
}

// UnmarshalText reads a day of the month, or two, negative ones from its end.
func (d *monthDays) UnmarshalText(b []byte) (err error) {
	const advice = "a day of the month; write 1 to 31, 1:5, or from the end -1, -3:-1"
	d.Span, err = span(string(b), advice, func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n != 0 && n >= -31 && n <= 31
	})
	return err
}

// UnmarshalText reads a year, or two.
func (y *years) UnmarshalText(b []byte) (err error) {
	y.Span, err = span(string(b), "a year; write 2026, or 2026:2028", func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= 1970 && n <= 9999
	})
	return err
}

// span parses one value, or two values separated by a colon.
func span(text, what string, read func(string) (int, bool)) (Span, error) {
	first, last, two := strings.Cut(text, ":")
	if !two {
		last = first
	}
	a, okA := read(strings.TrimSpace(first))
	b, okB := read(strings.TrimSpace(last))
	if !okA || !okB {
		return Span{}, fmt.Errorf("%q is not %s", shorten(text), what)
	}
	if b < a && (a < 0 || b > 0) { // 5:-1 ends at the month's end
		return Span{}, fmt.Errorf("%q ends before it begins; split it into two", shorten(text))
	}
	return Span{a, b}, nil
}
