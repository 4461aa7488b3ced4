// Package change finds what differs from the same weekdays before. It is pure.
package change

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Floor is the least change that counts, in addition to three times the series' own noise. The
// zero Floor counts every change beyond the noise.
type Floor struct {
	By     float64 // least difference, in the unit of the series: 0.05 of a ratio
	Factor float64 // least factor between the two levels, such as 1.5 for rates; 0: any
}

// Change is how the level of a series differs from that of the same weekdays before. A level is the
// median of a day that ends at the slot.
type Change struct {
	From, To  float64   // the usual level of this weekday, and today's
	Low, High float64   // the lowest and the highest level of this weekday in the weeks before
	Begin     time.Time // the first day from which on the level is beyond its usual range
	Weeks     int       // how many weeks were compared; 0: only yesterday
	New       bool      // the series has no past, so From, Low and High are NaN
}

// Of compares the newest day of a series with the same weekdays before. It returns false if
// nothing changed or nothing can be said. Its values lie on g, whose step is at most an hour and
// whose end is the slot. Days are those of the wall clock in zone, nil for UTC.
func Of(values []float64, g series.Grid, floor Floor, zone *time.Location) (Change, bool) {
	return Change{}, false
}
