// Package calendar knows days and hours as the clocks of a time zone show them, also where these go
// forward or back. It is a leaf.
package calendar

import "time"

// StartOfDay returns the first moment of a day, which is not midnight where clocks go forward over
// it. As with time.Date, the day may be beyond the month.
func StartOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if t.Hour() > 12 { // time.Date has chosen the evening before
		_, t = t.ZoneBounds()
	}
	if other, ok := twin(t); ok && other.Before(t) {
		// of a midnight that comes twice time.Date may choose either
		return other
	}
	return t
}

// LastOfDayBefore returns the last minute of the day before t's.
func LastOfDayBefore(t time.Time) time.Time {
	year, month, day := t.Date()
	return StartOfDay(year, month, day, t.Location()).Add(-time.Minute)
}

// LastOfHourBefore returns the last minute before t's hour by the wall clock, which is not always
// 60 minutes long: Lord Howe's clocks go back by half an hour.
func LastOfHourBefore(t time.Time) time.Time {
	for hour := t.Hour(); t.Hour() == hour; {
		t = t.Add(-time.Minute)
	}
	return t
}

// OnTheClock returns when the wall clock shows a time of a day: never, once, or twice.
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

// Repeated reports whether the wall clock shows twice what it shows at t.
func Repeated(t time.Time) bool {
	_, ok := twin(t)
	return ok
}

// twin returns the other moment at which the wall clock shows what it shows at t, if clocks go back
// over it.
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
