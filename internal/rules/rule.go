// Package rules judges series by thresholds. It is pure: no clock, no I/O; the time of every
// finding comes from the samples.
package rules

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Status says what a rule found in one series. The zero value is no judgement, so that a forgotten
// one never reads as OK.
type Status uint8

// The statuses, from least to most known.
const (
	Unknown Status = iota // not judged
	OK                    // judged, within the limits at the newest sample
	// beyond a limit at the newest sample, but not for as long as the rule's For
	Pending
	Breach // an alert fires, or a verdict's figure is beyond a limit
	// no sample, or none that is new enough, of something that must report (Rule.NoData is
	// AlertOnNoData)
	NoData
	// no new sample of something that may end, such as a pod (Rule.NoData is ResolveOnNoData)
	Gone
	Failed // the query failed
)

// Severity is how bad a breach is. The zero value is none.
type Severity uint8

// The severities, in the order of their gravity.
const (
	None Severity = iota
	Warning
	Critical
)

// Direction says on which side of a limit the breach lies.
type Direction uint8

// A value breaches where it is above the limit, or below it; a value equal to the limit does not,
// as PromQL's > and <.
const (
	Above Direction = iota
	Below
)

// Limit is a threshold in the panel's base unit. The zero value means that there is no limit.
type Limit struct {
	Value float64
	Set   bool
}

// At returns the limit v.
func At(v float64) Limit { return Limit{Value: v, Set: true} }

// NoDataPolicy says what it means that a series has no newest sample.
type NoDataPolicy uint8

// The policies: of a node or a job silence is a finding; a pod or a volume may end.
const (
	AlertOnNoData NoDataPolicy = iota
	ResolveOnNoData
)

// Reduce names the figure that stands for a whole window in a verdict.
type Reduce string

// The figures. Last is the newest sample; the others are over the finite samples of the window: avg
// is their arithmetic mean, a quantile their nearest rank, the ⌈q·n⌉-th smallest.
const (
	Last Reduce = "last"
	Avg  Reduce = "avg"
	Min  Reduce = "min"
	Max  Reduce = "max"
	P50  Reduce = "p50"
	P90  Reduce = "p90"
	P95  Reduce = "p95"
	P99  Reduce = "p99"
)

// Rule is either an alert (Reduce is empty) or a verdict (Reduce names the figure; For is 0). Both
// at once is a configuration error that Check finds.
type Rule struct {
	Name string // alertname of an alert, name of a verdict
	// the query whose series are judged, by its panel.Query.Ref; empty: the panel's first
	Ref       string
	Direction Direction
	Warning   Limit
	Critical  Limit
	// how long a streak must last before an alert fires; 0: one sample is enough
	For    time.Duration
	Reduce Reduce
	NoData NoDataPolicy
	// Condition says that the series is 1 where something holds, such as NotReady, and 0 where it
	// does not.
	Condition bool
	// Flaps says that a condition that comes and goes is a breach too.
	Flaps bool
	// NeedsAll says that the rule judges what is missing, or a share of all: over a part of the
	// data it says nothing.
	NeedsAll bool
	// Within says that a sample counts the events of so long before it, such as the restarts of the
	// last hour. 0: it is no such count.
	Within     time.Duration
	RunbookURL string
	// KeepFiringFor is how long an alert outlives its last sample beyond the limit; 0:
	// DefaultKeepFiringFor.
	KeepFiringFor time.Duration
}

// IsAlert tells an alert from a verdict.
func (r Rule) IsAlert() bool { return r.Reduce == "" }

// Holds reports whether a breach says no more than that a condition holds, so that a reader needs
// no figure. Where less than 1 is the breach, the condition is the good one, and the figure says
// so.
func (r Rule) Holds() bool { return r.Condition && r.IsAlert() && r.Direction == Above }

// Streak is a run of samples beyond a limit without a sample within it. A hole that is shorter than
// the rule's For does not break it, and none does once it has lasted For. The streak of a condition
// that comes and goes (Bouts is not 0) has samples within the limit too.
type Streak struct {
	From, To time.Time // first and last sample
	// it begins where the window does, give or take a hole: it may have begun before From. A series
	// that appears later began then
	Open     bool
	Peak     float64 // the value furthest beyond the limit
	PeakAt   time.Time
	Limit    float64
	Severity Severity
	// Seen is how many samples there are, of the Expected steps of the grid: from From to To, and
	// of a streak that goes on to the end of the grid.
	Seen, Expected int
	// Bouts is how often the condition held of a rule whose condition comes and goes, and Beyond in
	// how many of the samples. Otherwise both are 0.
	Bouts, Beyond int
	// Well is the newest sample before From that is within every limit of the rule. Zero: the
	// window has none.
	Well time.Time
	// Event is the first sample that counts the newest event, of a rule with Within. Zero: that was
	// before the first sample.
	Event time.Time
}

// Lasted is the time between the first and the last sample: k samples in a row last (k−1)·step.
func (s Streak) Lasted() time.Duration { return s.To.Sub(s.From) }

// Finding is a rule's judgement of one series.
type Finding struct {
	Rule   string
	Labels series.Labels
	Status Status
	// of Breach and Pending, and of what fired when its data ended (NoData and Gone with a Streak)
	Severity Severity
	Value    float64 // an alert: the newest sample; a verdict: its figure. NaN without samples
	// the limit that is crossed (Breach, Pending), else the nearest that is set; NaN where the rule
	// has none
	Limit  float64
	Newest time.Time // the time of the newest sample, zero without samples
	// Streak is the one that touches the newest sample: of an alert that is Breach or Pending, and
	// of one that fired when its data ended (NoData, Gone).
	Streak *Streak
	// an alert: the worst earlier streak that lasted For and has ended (the graver, then the
	// longer, then the later)
	Earlier *Streak
	// an alert: of the streaks that lasted For and have ended, the one that ended last (then the
	// graver); often Earlier
	Latest *Streak
}

// over returns the streak that ended last, also by the end of its object; nil where there is none.
func (f *Finding) over() *Streak {
	if f.Status == Gone && f.Streak != nil {
		return f.Streak
	}
	return f.Latest
}
