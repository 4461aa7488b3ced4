package chart

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/calendar"
	"github.com/promsnap/promsnap/internal/words"
)

// timeTick is a mark on the time axis.
type timeTick struct {
	at       time.Time
	text     string
	midnight bool   // a new day begins: its line crosses the plot, and date stands below text
	date     string // "" if text is a date itself
}

// timeLadder are the distances of ticks within a day. Each divides a day.
var timeLadder = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
	30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

const day = 24 * time.Hour

// timeTicks returns about most ticks between two times, at round times of the wall clock. An hour
// that does not exist has none. A repeated hour has two, each with its zone.
func (s speech) timeTicks(from, to time.Time, most int) []timeTick {
	from, to = from.In(s.zone), to.In(s.zone)
	apart := to.Sub(from) / time.Duration(max(most, 1))
	if i := slices.IndexFunc(timeLadder, func(d time.Duration) bool { return d >= apart }); i >= 0 {
		return s.clockTicks(from, to, timeLadder[i])
	}
	return s.dayTicks(from, to, apart)
}

// clockTicks returns ticks within days. It goes from midnight to midnight, because only the wall
// clock's hours are round.
func (s speech) clockTicks(from, to time.Time, apart time.Duration) []timeTick {
	var ticks []timeTick
	y, m, d := from.Date()
	for n := 0; ; n++ {
		midnight := calendar.StartOfDay(y, m, d+n, from.Location())
		if midnight.After(to) {
			break
		}
		at := []time.Time{midnight}
		for of := time.Duration(0); of < day; of += apart {
			at = append(at, calendar.OnTheClock(y, m, d+n, of, from.Location())...)
		}
		slices.SortFunc(at, time.Time.Compare) // the two halves of a repeated hour interleave
		for _, t := range slices.CompactFunc(at, time.Time.Equal) {
			if !t.Before(from) && !t.After(to) {
				ticks = append(ticks, timeTick{
					at: t, text: s.Clock(t), midnight: t.Equal(midnight),
				})
			}
		}
	}
	for i := range ticks {
		if calendar.Repeated(ticks[i].at) {
			ticks[i].text += " " + words.Zone(ticks[i].at)
		}
		if ticks[i].midnight || i == 0 {
			ticks[i].date = s.AxisDate(ticks[i].at)
		}
	}
	return ticks
}

// dayTicks returns ticks a whole number of days apart: one, two, or weeks from Mondays.
func (s speech) dayTicks(from, to time.Time, apart time.Duration) []timeTick {
	days := 1
	for time.Duration(days)*day < apart {
		switch days {
		case 1:
			days = 2
		case 2:
			days = 7
		default:
			days *= 2
		}
	}
	y, m, d := from.Date()
	if days >= 7 {
		d -= (int(from.Weekday()) + 6) % 7
	}
	var ticks []timeTick
	for n := 0; ; n += days {
		t := calendar.StartOfDay(y, m, d+n, from.Location())
		if t.After(to) {
			return ticks
		}
		if !t.Before(from) {
			ticks = append(ticks, timeTick{at: t, text: s.AxisDate(t), midnight: true})
		}
	}
}
