// Package rules judges series by thresholds. It is pure: no clock, no I/O. The time of every
// finding comes from the samples.
package rules

import (
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Status is what a rule found in one series. The zero value means not judged, so a forgotten Status
// never reads as OK.
type Status uint8

// The statuses, from least to most known.
const (
	Unknown Status = iota // not judged
	OK                    // within the limits at the newest sample
	// beyond a limit at the newest sample, but not for as long as the rule's For
	Pending
	Breach // an alert fires, or a verdict's figure is beyond a limit
	// no sample, or none that is new enough, of an object that must report (Rule.NoData is
	// AlertOnNoData)
	NoData
	// no new sample of an object that may end, such as a pod (Rule.NoData is ResolveOnNoData)
	Gone
	Failed // the query failed
)

// Severity is how bad a breach is. The zero value is none.
type Severity uint8

// The severities, in increasing order.
const (
	None Severity = iota
	Warning
	Critical
)

// Direction is the side of a limit on which a value breaches it.
type Direction uint8

// A value breaches if it is above the limit, or below it. As with PromQL's > and <, a value equal
// to the limit does not.
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

// NoDataPolicy says what a rule does if a series has no newest sample.
type NoDataPolicy uint8

// The policies. A node or a job without data is a finding; a pod or a volume may end.
const (
	AlertOnNoData NoDataPolicy = iota
	ResolveOnNoData
)

// Reduce names the figure that represents the whole window in a verdict.
type Reduce string

// The figures. Last is the newest sample. The others use the finite samples of the window: avg is
// their arithmetic mean, and a quantile is their nearest rank, the ⌈q·n⌉-th smallest.
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

// Rule is either an alert (Reduce is empty) or a verdict (Reduce names the figure and For is 0).
// Both at once is a configuration error that Check finds.
type Rule struct {
	Name string // alertname of an alert, name of a verdict
	// the query whose series are judged, by panel.Query.Ref; empty: the panel's first query
	Ref       string
	Direction Direction
	Warning   Limit
	Critical  Limit
	// how long a streak must last before an alert fires; 0: one sample is enough
	For    time.Duration
	Reduce Reduce
	NoData NoDataPolicy
	// Condition means that the series is above the limit while something holds, such as NotReady:
	// mostly 1, and 0 otherwise.
	Condition bool
	// Flaps means that a condition that comes and goes is also a breach.
	Flaps bool
	// NeedsAll means that the rule judges what is missing or a share of all, so it needs complete
	// data.
	NeedsAll bool
	// FullIn means that the rule judges the seconds until a series reaches the limit of its panel's
	// forecast, and not its samples: an alert fires if they are below Warning or Critical.
	FullIn bool
	// Within is the window of a sample that counts events, such as 1h for the restarts of the last
	// hour. 0: the samples are not such counts.
	Within     time.Duration
	RunbookURL string // a page that says what to do; "": none
	// KeepFiringFor is how long an alert outlives its last sample beyond the limit. 0 means
	// DefaultKeepFiringFor.
	KeepFiringFor time.Duration
}

// IsAlert reports whether r is an alert rather than a verdict.
func (r Rule) IsAlert() bool { return r.Reduce == "" }

// Holds reports whether a breach only means that a condition holds, so that readers need no figure.
// If values below 1 breach, the condition is the good state, and the figure is needed.
func (r Rule) Holds() bool {
	return r.Condition && (r.IsAlert() || r.Reduce == Last) && r.Direction == Above
}

// Streak is a run of samples beyond a limit without a sample within it. A hole shorter than the
// rule's For does not break it, and once it has lasted For no hole does. The streak of a condition
// that comes and goes (Bouts is not 0) also has samples within the limit.
type Streak struct {
	From, To time.Time // first and last sample
	// whether it may have begun before From, because it begins where the window does, apart from a
	// hole; a series that first appears later in the window began then
	Open     bool
	Peak     float64 // the value furthest beyond the limit
	PeakAt   time.Time
	Limit    float64
	Severity Severity
	// Seen is the number of samples present in the Expected steps of the grid from From to To, or
	// to the end of the grid if the streak is ongoing.
	Seen, Expected int
	// For a condition that comes and goes, Bouts is how often it began to hold and Beyond is the
	// number of samples in which it held. Otherwise both are 0.
	Bouts, Beyond int
	// Well is the newest sample before From that is within every limit of the rule. Zero: the
	// window has none.
	Well time.Time
	// Event is the first sample that counts the newest event, for a rule with Within. Zero: the
	// event was before the first sample.
	Event time.Time
}

// Lasted returns the time between the first and the last sample: k samples in a row last
// (k−1)·step.
func (s Streak) Lasted() time.Duration { return s.To.Sub(s.From) }

// Finding is the judgement of a rule about one series.
type Finding struct {
	Rule   string
	Labels series.Labels
	Status Status
	// of Breach and Pending, and of NoData and Gone with a Streak, which fired when its data ended
	Severity Severity
	Value    float64 // an alert: the newest sample; a verdict: its figure. NaN without samples
	// the crossed limit (Breach, Pending), else the nearest one that is set; NaN if the rule has
	// none
	Limit  float64
	Newest time.Time // the time of the newest sample, zero without samples
	// Streak is the streak that touches the newest sample, if the alert is Breach or Pending, or
	// fired when its data ended (NoData, Gone).
	Streak *Streak
	// an alert: the worst ended streak that lasted For (the more severe, then the longer, then the
	// later)
	Earlier *Streak
	// an alert: the ended streak that lasted For and ended last (then the more severe); often equal
	// to Earlier
	Latest *Streak
	// what it has in common with other findings; the code that judges does not set it
	Cause Cause
}

// lastEnded returns the streak that ended last, including one whose object is gone, or nil.
func (f *Finding) lastEnded() *Streak {
	if f.Status == Gone && f.Streak != nil {
		return f.Streak
	}
	return f.Latest
}

// runbooks is where the pages about promsnap's own rules are.
const runbooks = "https://github.com/promsnap/promsnap/blob/main/docs/runbooks/"

// RunbookURL returns the address of the page about one of promsnap's own rules: a rule of a
// built-in panel, or PromsnapBlind.
func RunbookURL(rule string) string { return runbooks + rule + ".md" }
