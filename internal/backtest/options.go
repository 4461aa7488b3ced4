package backtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Week is the shortest history that a back-test accepts.
const Week = 7 * 24 * time.Hour

// Options are the options of a back-test.
type Options struct {
	Report string
	// Query is how the report queries its panels. Slot is the newest time to replay.
	Query snapshot.Options
	// Slots returns the slots of the report from one time on and before another, in order. Nil: the
	// report has no schedule.
	Slots func(from, before time.Time) []time.Time
	Since time.Duration // how far back to go
	Pages float64       // alerts a week that are wanted at most; 0: DefaultPages
	// Levels and Fors are tried in addition to those that are configured and those that the data
	// suggests.
	Levels []float64
	Fors   []time.Duration
	// Severity is that of the limit that moves. None: the lowest limit that is set.
	Severity rules.Severity
	// Progress is called after each chunk. Nil: not called.
	Progress func(Progress)
}

// DefaultPages is how many alerts a week are wanted at most, if nothing else is asked for.
const DefaultPages = 2

// Progress is how much of the history is read.
type Progress struct {
	Done, All time.Duration // of the history, by the time that it takes to read it
	Samples   int           // so far
}

// ErrNoSchedule means that the report has no schedule, so nothing says when it would have run.
var ErrNoSchedule = errors.New("the report has no schedule, so nothing says when it would have " +
	"run; give it one, such as schedule: \"*/5 * * * *\"")

// NoLevel says why a rule has no level to move.
type NoLevel string

// The reasons.
const (
	IsUnknown   NoLevel = "unknown"   // the panel has no such rule
	IsCondition NoLevel = "condition" // its series are 0 or 1
	IsVerdict   NoLevel = "verdict"   // it never alerts
	IsForecast  NoLevel = "full_in"   // it judges a forecast
	IsUnset     NoLevel = "unset"     // it has no limit of the severity that was asked for
)

// LevelError means that a rule has no level to move.
type LevelError struct {
	Panel, Rule string // Rule is empty if no rule of the panel has a level
	Why         NoLevel
}

func (e *LevelError) Error() string {
	name := e.Panel
	if e.Rule != "" {
		name += "/" + e.Rule
	}
	switch e.Why {
	case IsCondition:
		return name + ": its series are 0 or 1, so there is no level to move; only a longer for " +
			"makes it alert less often"
	case IsVerdict:
		return name + ": a rule with reduce is a verdict and never alerts; name a rule with for"
	case IsForecast:
		return name + ": a full_in rule judges a forecast and has no level to move; name a rule " +
			"with above or below"
	case IsUnset:
		return name + ": the rule has no limit of this severity; name the other one"
	}
	return name + ": there is no such rule"
}

// StepError means that the panel's step is too coarse for a rule: one of its alerts may be between
// two samples.
type StepError struct {
	Panel     string
	Step, For time.Duration
	Write     time.Duration // the step to write
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s: with a step of %s, a for of %s is less than three samples, too few to "+
		"count alerts; write step: %s for the panel", e.Panel, model.Duration(e.Step),
		model.Duration(e.For), model.Duration(e.Write))
}

// RangeError means that a For does not fit into the range of the report.
type RangeError struct {
	Panel      string
	For, Range time.Duration
	Longest    time.Duration // that fits
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s: a for of %s does not fit into a range of %s; use %s or less, or write "+
		"a longer range for the panel", e.Panel, model.Duration(e.For), model.Duration(e.Range),
		model.Duration(max(e.Longest, 0)))
}

// ShortError means that there is less than a week of history.
type ShortError struct {
	Asked time.Duration
	Have  time.Duration // of history; 0: none
	From  time.Time     // when it begins, zero if there is none
}

func (e *ShortError) Error() string {
	const least = "a back-test needs a week"
	switch {
	case e.Asked < Week:
		return fmt.Sprintf("%s is too short: %s; ask for 7d or more", model.Duration(e.Asked),
			least)
	case e.Have <= 0:
		return "the query has no series in " + model.Duration(e.Asked).String() + ", so there is " +
			"nothing to test; check the query and the labels"
	}
	return fmt.Sprintf("the history begins only %s ago, at %s: %s; wait, or check the retention "+
		"of the server", model.Duration(e.Have.Truncate(time.Hour)),
		e.From.UTC().Format(time.RFC3339), least)
}
