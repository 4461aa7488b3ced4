package config

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/calendar"
)

// Schedule is the set of minutes in which a report runs: a cron expression in a time zone.
type Schedule struct {
	minute, hour, day, month, weekday bits
	eitherDay                         bool // day and weekday are both set: one match is enough
	zone                              *time.Location
	text                              string // as in the file
}

// String returns the schedule as it is in the file.
func (s *Schedule) String() string { return s.text }

// bits is a set of small numbers.
type bits uint64

func (b bits) has(n int) bool { return b&(1<<n) != 0 }

// cronField is one of the five fields of a cron expression.
type cronField struct {
	name        string
	first, last int
	names       []string // of the numbers, starting with first
}

var cronFields = [5]cronField{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of the month", 1, 31, nil},
	{
		"month", 1, 12, []string{
			"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
		},
	},
	{"day of the week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// cronWords are the named schedules.
var cronWords = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *",
	"@yearly":  "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// parseSchedule parses a cron expression in the syntax of a Kubernetes CronJob: five fields, in
// which ? means *, or one of cronWords.
func parseSchedule(text string) (Schedule, error) {
	written := text
	if strings.HasPrefix(text, "@every") {
		return Schedule{}, errors.New("@every counts from the start of a scheduler, which a run " +
			"does not know; write the times, such as \"*/5 * * * *\" for every 5 minutes")
	}
	if named, ok := cronWords[text]; ok {
		text = named
	}
	fields := strings.Fields(text)
	if len(fields) != len(cronFields) {
		return Schedule{}, fmt.Errorf("%q is not a schedule; write minute, hour, day, month and "+
			"day of the week, such as \"*/5 * * * *\" or \"0 9 * * mon-fri\", or @hourly, "+
			"@daily, @weekly, @monthly or @yearly", shorten(text))
	}
	var sets [5]bits
	for i, f := range fields {
		var err error
		if sets[i], err = cronFields[i].parse(f); err != nil {
			return Schedule{}, err
		}
	}
	s := Schedule{
		minute: sets[0], hour: sets[1], day: sets[2], month: sets[3], weekday: sets[4],
		zone: time.UTC, text: written,
	}
	if s.weekday.has(7) { // 7 is also Sunday
		s.weekday |= 1
	}
	s.eitherDay = !anyDay(fields[2]) && !anyDay(fields[4])
	if s.Last(time.Date(2400, 12, 31, 23, 59, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, errors.New("this day never comes; correct the day or the month")
	}
	return s, nil
}

// anyDay reports whether a field of days matches every day. As in Kubernetes (robfig/cron), and
// unlike in Vixie's cron, a field with a step does not.
func anyDay(field string) bool {
	return slices.ContainsFunc(strings.Split(field, ","), func(part string) bool {
		return part == "*" || part == "?" || part == "*/1" || part == "?/1"
	})
}

// parse parses one field: numbers, names, ranges and steps, separated by commas.
func (f *cronField) parse(text string) (bits, error) {
	var set bits
	for part := range strings.SplitSeq(text, ",") {
		spread, every, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.ParseUint(every, 10, 8)
			if err != nil || n == 0 || int(n) > f.last {
				return 0, fmt.Errorf("%q is not a step of the %s; write one such as */5",
					shorten(every), f.name)
			}
			step = int(n)
		}
		first, last := f.first, f.last
		if spread != "*" && spread != "?" {
			low, high, isRange := strings.Cut(spread, "-")
			var okLow, okHigh bool
			if first, okLow = f.number(low); !okLow {
				return 0, f.error(spread)
			}
			switch {
			case isRange:
				if last, okHigh = f.number(high); !okHigh || last < first {
					return 0, f.error(spread)
				}
			case !stepped:
				last = first
			}
		}
		for n := first; n <= last; n += step {
			set |= 1 << n
		}
	}
	return set, nil
}

// error returns the error about a value of the field.
func (f *cronField) error(text string) error {
	return fmt.Errorf("%q is not a %s; write %d to %d, a range such as %d-%d, or *", shorten(text),
		f.name, f.first, f.last, f.first+1, f.first+5)
}

// number parses a number or its name.
func (f *cronField) number(text string) (int, bool) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.first + i, true
		}
	}
	n, err := strconv.ParseUint(text, 10, 8)
	return int(n), err == nil && int(n) >= f.first && int(n) <= f.last
}

// longestPause is the longest time between two runs: around 2100, leap days are eight years apart.
const longestPause = 8 * 366 * 24 * time.Hour

// Last returns the latest scheduled time that is not after t, or the zero Time if there is none
// within eight years.
func (s *Schedule) Last(t time.Time) time.Time {
	at := t.In(s.zone).Truncate(time.Minute)
	for end := at.Add(-longestPause); at.After(end); {
		switch {
		case !s.month.has(int(at.Month())) || !s.onDay(at):
			at = calendar.LastOfDayBefore(at)
		case !s.hour.has(at.Hour()):
			at = calendar.LastOfHourBefore(at)
		case !s.minute.has(at.Minute()):
			at = at.Add(-time.Minute)
		default:
			return at.UTC()
		}
	}
	return time.Time{}
}

// Next returns the first scheduled time after t, or the zero Time if there is none within eight
// years.
func (s *Schedule) Next(t time.Time) time.Time {
	later := func(minutes int) time.Time {
		return s.Last(t.Add(time.Duration(minutes+1) * time.Minute))
	}
	const most = int(longestPause / time.Minute)
	if n := sort.Search(most, func(n int) bool { return later(n).After(t) }); n < most {
		return later(n)
	}
	return time.Time{}
}

// Interval returns the longer of two times: that between the last two scheduled times not after t,
// and that between the last one and the next. It returns 0 if the report runs at most once in eight
// years.
func (s *Schedule) Interval(t time.Time) time.Duration {
	at := s.Last(t)
	before, next := s.Last(at.Add(-time.Nanosecond)), s.Next(at)
	if before.IsZero() || next.IsZero() {
		return 0
	}
	return max(at.Sub(before), next.Sub(at))
}

// Between returns the scheduled times from one time on and before another, the oldest first.
func (s *Schedule) Between(from, before time.Time) []time.Time {
	var times []time.Time
	for at := s.Last(before.Add(-time.Nanosecond)); !at.IsZero() &&
		!at.Before(from); at = s.Last(at.Add(-time.Nanosecond)) {
		times = append(times, at)
	}
	slices.Reverse(times)
	return times
}

// onDay reports whether the schedule includes the day of t.
func (s *Schedule) onDay(t time.Time) bool {
	day, weekday := s.day.has(t.Day()), s.weekday.has(int(t.Weekday()))
	if s.eitherDay {
		return day || weekday
	}
	return day && weekday
}
