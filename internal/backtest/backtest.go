// Package backtest replays the alerts of a rule over the past, slot by slot, with the code that
// judges them every day, and says how often other levels would have alerted.
package backtest

import (
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Result is what a rule would have done in the past.
type Result struct {
	Report string
	Panel  panel.Spec
	Rule   rules.Rule // as configured
	// Severity is that of the limit that the levels replace. The other limit counts only where it
	// is beyond the level.
	Severity rules.Severity

	// From and To are the first and the last slot. Asked is how much time was asked for; less has
	// data if the server keeps less.
	From, To time.Time
	Asked    time.Duration
	Slots    int
	Stopped  bool   // the run was stopped, so To is earlier than asked
	Blind    []Span // when the server had no data of the panel at all: not calm, but unknown
	Series   int

	// Candidates are the levels, from the most to the fewest alerts. Now is the index of what is
	// configured; Proposed that of what is proposed, -1 if there is none.
	Candidates    []Candidate
	Now, Proposed int
	// Why says why nothing is proposed, or why this level.
	Why Reason
	// Wall is the level that no proposal reaches: where something worse than an alert happens, such
	// as the kubelet's eviction of pods, or the critical limit if a warning moves. Not set: there
	// is none.
	Wall rules.Limit
	// Pages is the number of alerts a week that is aimed at.
	Pages float64
	// HeldOut is the beginning of the newest third, on which no level was chosen.
	HeldOut time.Time

	// File is set if the rule is one of a rule file. Panel then has its group and its query, and a
	// slot is an evaluation.
	File *FileRule
}

// Reason says how a proposal came about. Package report has its words.
type Reason string

// The reasons.
const (
	Fits   Reason = "fits"    // the lowest level with few enough alerts
	Cliff  Reason = "cliff"   // higher than that, where the number of alerts stops falling quickly
	Enough Reason = "enough"  // what is configured alerts rarely enough
	Newest Reason = "newest"  // what is configured alerts too often only in the newest third
	Wall   Reason = "wall"    // every level alerts too often, up to the wall if one is known
	NoData Reason = "no_data" // there is too little data

	// Those of rule files alone.

	Fixed  Reason = "fixed"  // what is configured alerts too often, and it has no level to move
	Unread Reason = "unread" // the same, and the series could not be read to try levels
)

// Span is a stretch of time.
type Span struct{ From, To time.Time }

// Candidate is a level with a For, and what it would have done.
type Candidate struct {
	Level float64 // in the panel's unit
	For   time.Duration

	// About means that the alerts were counted by series and in one pass, and not replayed: the
	// level alerts too often, or the series have too many gaps or samples beyond the limits of
	// overrides. The figures are about right, TopShare is 0 and By is empty.
	About bool

	Alerts  int     // episodes
	PerWeek float64 // alerts a week
	// Older is the number of alerts a week before the newest third, by which a level is chosen.
	// Held is that in the newest third.
	Older, Held     float64
	Objects         int // that alerted
	Firing, Longest time.Duration
	TopShare        float64 // share of the alerts that is of one object
	Flaps           int     // alerts that came back within three times KeepFiringFor
	// By lists the alerts of each object, most alerts first. Only the configured and the proposed
	// candidate have it.
	By []Object
}

// Object is an object with its alerts.
type Object struct {
	Name     string
	Identity series.Labels
	Episodes []Episode // by time
}

// Episode is one alert.
type Episode struct {
	From, To time.Time
	Firing   bool // it had not ended at the last slot
	Worst    float64
	Severity rules.Severity
}
