// Package calendar computes with days and hours on the wall clock of a time zone, including the
// changes to and from summer time. It is a leaf.
package calendar

import "time"

// StartOfDay returns the first moment of a day. It is not midnight if clocks go forward at
// midnight. As with time.Date, the day may be beyond the end of the month.
func StartOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if t.Hour() > 12 { // time.Date chose the evening before
		_, t = t.ZoneBounds()
	}
	if other, ok := twin(t); ok && other.Before(t) {
		// time.Date may return either of two midnights
		return other
	}
	return t
}

// LastOfDayBefore returns the last minute of the day before t.
func LastOfDayBefore(t time.Time) time.Time {
	year, month, day := t.Date()
	return StartOfDay(year, month, day, t.Location()).Add(-time.Minute)
}

// LastOfHourBefore returns the last minute before t's hour on the wall clock. Hours are not always
// 60 minutes long: on Lord Howe Island clocks go back by half an hour.
func LastOfHourBefore(t time.Time) time.Time {
	for hour := t.Hour(); t.Hour() == hour; {
		t = t.Add(-time.Minute)
	}
	return t
}

// OnTheClock returns the moments at which the wall clock shows a time of a day: none, one or two.
func OnTheClock(year int, month time.Month, day int, of time.Duration,
	zone *time.Location) []time.Time {
	t := time.Date(year, month, day, 0, 0, int(of/time.Second), 0, zone)
	if h, min, s := t.Clock(); time.Duration(h)*time.Hour+time.Duration(min)*time.Minute+
		time.Duration(s)*time.Second != of {
		return nil
	}
	if other, ok := twin(t); ok {
		return []time.Time{t, other}
	}
	return []time.Time{t}
}

// Repeated reports whether the wall clock shows the time of t twice.
func Repeated(t time.Time) bool {
	_, ok := twin(t)
	return ok
}

// twin returns the other moment at which the wall clock shows the time of t, and whether there is
// one. There is if clocks go back.
func twin(t time.Time) (time.Time, bool) {
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	for _, edge := range []time.Time{start, end} {
		if edge.IsZero() {
			continue // the zone has no transition on this side
		}
		neighbour := edge
		if edge.Equal(start) {
			neighbour = edge.Add(-time.Second)
		}
		_, theirs := neighbour.Zone()
		other := t.Add(time.Duration(offset-theirs) * time.Second)
		if _, at := other.Zone(); at == theirs && !other.Equal(t) {
			return other, true
		}
	}
	return time.Time{}, false
}
