// Package forecast says when a series reaches a limit, and when that cannot be said. It compares
// whole weeks of daily highs, so that weekdays cancel. It is pure.
package forecast

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// History is how much time a forecast looks at: 28 whole days that end at the newest step.
const History = days * day

const (
	day  = 24 * time.Hour
	days = 28
	week = 7 // days
)

// Aim is the event that is forecast: a series stays beyond Limit for as long as For.
type Aim struct {
	Limit float64       // in the unit of the series
	Below bool          // the event is a value below the limit
	For   time.Duration // how long the value must stay beyond the limit
}

// Reason says why there is no forecast. The zero value means that there is one.
type Reason string

// The reasons.
const (
	TooShort Reason = "too_short" // less than 14 days of history, or too many holes in it
	NoData   Reason = "no_data"   // it has no sample in the newest day
	Reached  Reason = "reached"   // it was beyond the limit in the newest day
	Cycle    Reason = "cycle"     // it has come down by itself from here
	TooEarly Reason = "too_early" // it changed less than a week ago, at Since
	Flat     Reason = "flat"      // it does not grow
	Unsteady Reason = "unsteady"  // it grew in too few of the weeks
	LevelOff Reason = "level_off" // it grew, and has stopped
	TooFar   Reason = "too_far"   // the limit is further away than the history is long
)

// Forecast is when a series reaches its limit, or why that cannot be said.
type Forecast struct {
	Why   Reason
	Level float64 // the newest daily high, a low if the aim is below; NaN if there is none
	Limit float64 // of the Aim

	// Days until the limit, and its interval. NaN without a forecast, 0 if it is Reached.
	Days, Lo, Hi float64
	// Sure is the number of days after which the limit is reached even at the growth that seven in
	// ten weeks exceeded. A forecast is sure if that is within its horizon. NaN without a forecast,
	// 0 if it is Reached.
	Sure float64
	// Rate is the growth a day towards the limit, in the unit of the series. NaN if unknown.
	Rate float64
	// Grew of the Weeks pairs of days show growth. The days of a pair are a week apart, or half the
	// time since a step of the last two weeks.
	Grew, Weeks int
	// Since is when the history that counts begins: after the newest lasting step, if there is one
	// (Stepped), else with the data. For Cycle, it is when the series last came down. Zero without
	// data.
	Since   time.Time
	Stepped bool
}

// Of forecasts a series. Its values lie on g, whose step is at most an hour and whose end is the
// time of the forecast. At most the newest History counts.
func Of(values []float64, g series.Grid, aim Aim) Forecast {
	nan := math.NaN()
	f := Forecast{Level: nan, Limit: aim.Limit, Days: nan, Lo: nan, Hi: nan, Sure: nan, Rate: nan}
	if !series.Finite(aim.Limit) {
		f.Why = TooFar
		return f
	}
	h := newHistory(values, g, aim)
	if math.IsNaN(h.now()) {
		f.Why = NoData
		return f
	}
	f.Level, f.Since = h.sign*h.now(), g.At(h.first)
	begin := h.start()
	gap := h.limit - h.now()
	if gap <= 0 && h.newest[days-1] >= h.limit {
		return f.reached()
	}
	if days-begin < leastDays {
		f.Why = TooShort
		return f
	}
	if at, ok := h.cameDown(begin); ok {
		f.Why, f.Since = Cycle, g.At(at)
		return f
	}
	if at, ok := h.emptied(begin); ok {
		f.Why, f.Stepped, f.Since = TooEarly, true, g.At(at)
		return f
	}
	if gap <= 0 {
		return f.reached()
	}
	if after, at := h.step(begin); after > begin {
		begin, f.Stepped, f.Since = after, true, g.At(at)
	}
	f.grow(h, begin, gap)
	return f
}

// reached says that the limit is no days away.
func (f Forecast) reached() Forecast {
	f.Why, f.Days, f.Lo, f.Hi, f.Sure = Reached, 0, 0, 0, 0
	return f
}

// grow forecasts a series that is gap away from its limit. Its history counts from the day begin.
func (f *Forecast) grow(h *history, begin int, gap float64) {
	m := days - begin
	if m < week {
		f.Why = TooEarly
		return
	}
	var buf [days]float64
	rates := h.growth(begin, buf[:0])
	f.Weeks = len(rates)
	for _, r := range rates {
		if r > 0 {
			f.Grew++
		}
	}
	if f.Weeks < leastPairsAfter || f.Weeks < leastPairs && m >= leastDays {
		f.Why = TooShort
		return
	}
	newest := rates[len(rates)-1]
	slices.Sort(rates)
	lo, slow := quantile(rates, rareWeek), quantile(rates, sureWeek)
	mid, hi := quantile(rates, 0.5), quantile(rates, 1-rareWeek)
	f.Rate = max(mid, min(newest, hi))
	n := gap / f.Rate
	switch {
	case !(mid > 0 && mid*float64(m) >= leastGrowth*h.scale):
		f.Why, f.Rate = Flat, mid
	case lo <= 0:
		f.Why, f.Rate = Unsteady, mid
	case newest < mid/2:
		f.Why, f.Rate = LevelOff, mid
	case !(n <= float64(m)):
		f.Why = TooFar
	default:
		f.Days = n
		f.Lo = min(gap/max(hi, newest), nearest*n)
		f.Hi = min(max(gap/lo, furthest*n), math.MaxFloat64)
		f.Sure = min(gap/slow, math.MaxFloat64)
	}
}
