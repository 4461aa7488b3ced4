package words

import (
	"fmt"
	"time"
)

// Clock returns the time of day in the zone of t: "02:10".
func (w *Words) Clock(t time.Time) string { return t.Format("15:04") }

// Date returns the day in the zone of t: "Sun 22 Nov", "11월 22일 (일)".
func (w *Words) Date(t time.Time) string { return w.day(w.Day, t) }

// IsRecent reports whether t is less than a day before now, so that the time of day is enough.
func IsRecent(t, now time.Time) bool {
	d := now.Sub(t)
	return d >= 0 && d < 24*time.Hour
}

// When returns t in its zone as a reader at now needs it: the time of day if t is recent, else the
// day and the time of day.
func (w *Words) When(t, now time.Time) string {
	if IsRecent(t, now) {
		return w.Clock(t)
	}
	return w.Date(t) + " " + w.Clock(t)
}

// Happened returns the format for the time of the newest event. one means that it is the only
// event, before that only a later time is known.
func (w *Words) Happened(one, before bool) string {
	switch {
	case before:
		return w.EventBefore
	case one:
		return w.EventAt
	}
	return w.EventLast
}

// AxisDate returns a short Date for an axis: "Sun 22 Nov", "11/22 (일)".
func (w *Words) AxisDate(t time.Time) string { return w.day(w.AxisDay, t) }

// Stamp returns a time in full: "Sun 22 Nov 2026 09:00 KST", "2026년 11월 22일 (일) 09:00 KST".
func (w *Words) Stamp(t time.Time) string {
	return w.day(w.DayOfYear, t) + " " + w.Clock(t) + " " + Zone(t)
}

func (w *Words) day(format string, t time.Time) string {
	year, month, day := t.Date()
	return fmt.Sprintf(format, w.Weekdays[t.Weekday()], day, w.Months[month-1], int(month), year)
}

// Zone returns the abbreviation of the zone of t, such as KST, or its offset, such as UTC+08.
func Zone(t time.Time) string {
	name, _ := t.Zone()
	if name != "" && (name[0] == '+' || name[0] == '-') {
		return "UTC" + name
	}
	return name
}
