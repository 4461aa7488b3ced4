package rulefile

import (
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Options are what an alerting rule gets from its group and its server.
type Options struct {
	Limit    int // Group.Limit
	External External
}

// External is what a server adds to all its alerts, and what templates may show of it.
type External struct {
	Labels map[string]string // external_labels, for $externalLabels
	URL    string            // --web.external-url, for $externalURL and externalURL
}

// Evaluator replays one alerting rule over the answer of its expression, as Prometheus would have
// evaluated it. Its memory grows with the alerts and their episodes, not with the evaluations.
type Evaluator struct{}

// NewEvaluator returns an evaluator of an alerting rule that has had no evaluation.
func NewEvaluator(_ Rule, _ Options) *Evaluator { return &Evaluator{} }

// Add evaluates the rule at every time of the grid, in order. answer has the series of the rule's
// expression (expanded, if its recording rules were) on that grid, NaN where a series has no
// sample. The grids of several calls must follow each other in time. What lies between two grids
// are evaluations that failed: states stay as they are, as in Prometheus. Any division of a range
// into grids gives the same result.
//
// It fails if a grid begins before the end of the last one, or if the rule has more than
// MaxEpisodes.
func (e *Evaluator) Add(_ series.Grid, _ []series.Series) error {
	return errors.New("the evaluator is not written yet")
}

// Result returns what the evaluations until now came to.
func (e *Evaluator) Result() Result { return Result{} }

// MaxEpisodes is the most episodes of a rule's replay.
const MaxEpisodes = 200_000

// Result is what the replay of a rule came to.
type Result struct {
	First, Last time.Time // the first and the newest evaluation; zero: none
	Evaluations int
	Episodes    []Episode // by ActiveSince, then by labels
	Failures    []Failure // evaluations that failed, by time
	Notes       []Note    // about the templates of labels
}

// Reason is why an evaluation failed.
type Reason string

// The reasons.
const (
	// Duplicate: two series have the same labels once the rule's labels are applied. The states of
	// all alerts stay as they were.
	Duplicate Reason = "duplicate"
	// LimitExceeded: the rule has more alerts than its group's limit. All its alerts end.
	LimitExceeded Reason = "limit"
)

// Failure is consecutive evaluations that failed for one reason.
type Failure struct {
	Reason      Reason
	From, To    time.Time // the first and the last of them
	Evaluations int
	Labels      series.Labels // Duplicate: the labels that two series had
	Alerts      int           // LimitExceeded: the most alerts of one evaluation
}
