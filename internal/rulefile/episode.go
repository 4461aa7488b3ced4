package rulefile

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// State is the state of an alert at an evaluation.
type State uint8

// The states, in the order in which an alert passes them.
const (
	Inactive State = iota
	Pending        // the condition holds, for less than the rule's For
	Firing
)

// Episode is one alert from the evaluation at which its condition began to hold to its end.
type Episode struct {
	// Labels identify the alert: those of the series without __name__, the rule's after their
	// templates, and alertname.
	Labels series.Labels
	// the first evaluation at which the condition held
	ActiveSince time.Time
	FiredAt     time.Time // the evaluation at which it began to fire; zero: it did not
	// the first evaluation at which the alert was gone; zero: it is active at the newest evaluation
	Ended time.Time
	// Cut means that the alert was active at the first evaluation of the replay, so it may have
	// begun earlier.
	Cut bool

	// the newest evaluation at which the condition held. With KeepFiringFor an alert outlives it.
	LastHeld time.Time
	Source   series.Labels // of the series at LastHeld, for Templates.Annotations
	Value    float64       // at LastHeld; may be NaN
	// the lowest and the highest value while the condition held; NaN: it had no number
	Lowest, Highest float64
}

// State returns the state of the alert at an evaluation. An episode has the state that it has got
// by an evaluation from that evaluation on.
func (e Episode) State(at time.Time) State {
	switch {
	case at.Before(e.ActiveSince), !e.Ended.IsZero() && !at.Before(e.Ended):
		return Inactive
	case e.FiredAt.IsZero() || at.Before(e.FiredAt):
		return Pending
	}
	return Firing
}

// Fired reports whether the alert fired.
func (e Episode) Fired() bool { return !e.FiredAt.IsZero() }
