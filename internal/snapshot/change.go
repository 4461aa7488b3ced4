package snapshot

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// changeWindow is how far back a change is looked for.
const changeWindow = time.Hour

// Change is how far a series moved up to its newest sample: that sample less the oldest one within
// an hour before it. The zero value is not known: there is no other sample, or one of the two is
// infinite.
type Change struct {
	By float64       // in the panel's unit
	In time.Duration // from the one sample to the other
}

// changeOf returns the change up to the sample at newest, which may be -1.
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
