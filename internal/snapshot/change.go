package snapshot

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// changeWindow is how far back a change is measured.
const changeWindow = time.Hour

// Change is the difference between a series' newest sample and the oldest one within the hour
// before it. The zero value means unknown: there is no other sample, or one of the two is infinite.
type Change struct {
	By float64       // in the panel's unit
	In time.Duration // between the two samples
}

// changeOf returns the change at the index newest, which may be -1.
func changeOf(values []float64, newest int, step time.Duration) Change {
	if newest < 0 || step <= 0 {
		return Change{}
	}
	first := max(newest-int(changeWindow/step), 0)
	for first < newest && math.IsNaN(values[first]) {
		first++
	}
	by := values[newest] - values[first]
	if first == newest || !series.Finite(by) {
		return Change{}
	}
	return Change{By: by, In: time.Duration(newest-first) * step}
}
