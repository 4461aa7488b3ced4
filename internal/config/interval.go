package config

import (
	"slices"
	"time"
)

// TimeInterval is a recurring time, as in Alertmanager. A time is in it if, for every list that is
// not empty, it matches one entry.
type TimeInterval struct {
	Times       []Span // minutes of the day, from First up to but not including Last
	Weekdays    []Span // 0 is Sunday
	DaysOfMonth []Span // negative days count from the end of the month; -1 is the last day
	Months      []Span
	Years       []Span
	Zone        *time.Location
}

// Span is the numbers from First to Last.
type Span struct{ First, Last int }

func (s Span) holds(n int) bool { return s.First <= n && n <= s.Last }

// Holds reports whether t is in the interval.
func (i *TimeInterval) Holds(t time.Time) bool {
	t = t.In(i.Zone)
	minute := t.Hour()*60 + t.Minute()
	lastDay := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return anyOf(i.Times, func(s Span) bool { return s.First <= minute && minute < s.Last }) &&
		anyOf(i.Weekdays, func(s Span) bool { return s.holds(int(t.Weekday())) }) &&
		anyOf(i.DaysOfMonth, func(s Span) bool { return s.fromEnd(lastDay).holds(t.Day()) }) &&
		anyOf(i.Months, func(s Span) bool { return s.holds(int(t.Month())) }) &&
		anyOf(i.Years, func(s Span) bool { return s.holds(t.Year()) })
}

// fromEnd converts negative days of a month, which count from its end, to days of that month.
func (s Span) fromEnd(lastDay int) Span {
	if s.First < 0 {
		s.First += lastDay + 1
	}
	if s.Last < 0 {
		s.Last += lastDay + 1
	}
	return s
}

// anyOf reports whether holds is true for one of the spans, or there are no spans.
func anyOf(spans []Span, holds func(Span) bool) bool {
	return len(spans) == 0 || slices.ContainsFunc(spans, holds)
}

// Muted reports whether the receiver is muted at t.
func (r *Receiver) Muted(t time.Time) bool {
	return slices.ContainsFunc(r.Mute, func(i TimeInterval) bool { return i.Holds(t) })
}

// intervals builds the time intervals and returns them by name.
func (b *builder) intervals(from []namedIntervals) map[string][]TimeInterval {
	out := map[string][]TimeInterval{}
	names := map[string]string{}
	for i, n := range from {
		at := item("time_intervals", i)
		b.unique(names, string(n.Name), key(at, "name"))
		list := key(at, "time_intervals")
		if b.has(list) && len(n.TimeIntervals) == 0 {
			b.problem(list, "no time; add one such as {weekdays: [saturday, sunday]}")
		}
		for j := range n.TimeIntervals {
			out[string(n.Name)] = append(out[string(n.Name)],
				b.interval(&n.TimeIntervals[j], item(list, j)))
		}
	}
	return out
}

// interval builds one time interval.
func (b *builder) interval(in *interval, path string) TimeInterval {
	out := TimeInterval{Zone: in.Location.Location}
	for i, t := range in.Times {
		if b.clean(item(key(path, "times"), i)) && t.EndTime.minutes <= t.StartTime.minutes {
			b.problem(item(key(path, "times"), i), "ends before it begins; split a time that "+
				"crosses midnight into two: 22:00 to 24:00 and 00:00 to 06:00")
		}
		out.Times = append(out.Times, Span{t.StartTime.minutes, t.EndTime.minutes})
	}
	for _, w := range in.Weekdays {
		out.Weekdays = append(out.Weekdays, w.Span)
	}
	for _, d := range in.DaysOfMonth {
		out.DaysOfMonth = append(out.DaysOfMonth, d.Span)
	}
	for _, m := range in.Months {
		out.Months = append(out.Months, m.Span)
	}
	for _, y := range in.Years {
		out.Years = append(out.Years, y.Span)
	}
	if len(out.Times)+len(out.Weekdays)+len(out.DaysOfMonth)+len(out.Months)+len(out.Years) == 0 {
		b.problem(path, "matches at all times; write times, weekdays, days_of_month, months or "+
			"years")
	}
	return out
}
