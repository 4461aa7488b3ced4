package rulefile

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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

// MaxEpisodes is the most episodes of a rule's replay.
const MaxEpisodes = 200_000

// Result is what the replay of a rule came to.
type Result struct {
	First, Last time.Time // the first and the newest evaluation; zero: none
	Evaluations int
	Episodes    []Episode // by ActiveSince, then by labels
	Failures    []Failure // evaluations that failed, by time
	Notes       []Note    // about the templates of labels, each once
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

// Evaluator replays one alerting rule over the answer of its expression, as Prometheus would have
// evaluated it. Its memory grows with the alerts and their episodes, not with the evaluations. It
// is not safe for concurrent use.
type Evaluator struct {
	rule      Rule
	limit     int
	templates *Templates

	alerts map[string]*alert // by the text of their labels
	active []*alert          // pending or firing, in the order in which they became so
	result Result
	failed bool // the newest evaluation
	notes  map[Note]bool
}

// alert is one label set of the rule.
type alert struct {
	episode Episode
	state   State
	seen    int // the newest evaluation with a series of it, counted from 1
	source  series.Labels
	value   float64   // at seen
	gone    time.Time // since when a firing alert has no series; zero: it has one
}

// NewEvaluator returns an evaluator of an alerting rule that has had no evaluation.
func NewEvaluator(rule Rule, o Options) *Evaluator {
	return &Evaluator{
		rule: rule, limit: o.Limit, templates: NewTemplates(rule, o.External),
		alerts: map[string]*alert{}, notes: map[Note]bool{},
	}
}

// Add evaluates the rule at every time of the grid, in order. answer has the series of the rule's
// expression (expanded, if its recording rules were) on that grid, and a gap where a series has no
// sample. As in Prometheus, a sample that is NaN is one (series.NotANumber). The grids of several
// calls must follow each other in time. What lies between two grids are evaluations that failed:
// states stay as they are, as in Prometheus. Any division of a range into grids gives the same
// result.
//
// Add fails if the grid does not begin after the newest evaluation, or if the rule has more than
// MaxEpisodes. After an error the evaluator must not be used.
func (e *Evaluator) Add(grid series.Grid, answer []series.Series) error {
	if grid.Len == 0 {
		return nil
	}
	if e.result.Evaluations > 0 && !grid.Start.After(e.result.Last) {
		return fmt.Errorf("evaluating %s: the samples begin at %v, which is evaluated already",
			e.rule.Name(), grid.Start)
	}
	all := make([]input, len(answer))
	for i, s := range answer {
		all[i] = input{series: s}
		all[i].skip(0)
	}
	hits := make([]*alert, 0, len(answer))
	for i := range grid.Len {
		at := grid.At(i)
		if e.result.Evaluations == 0 {
			e.result.First = at
		}
		e.result.Evaluations++
		e.result.Last = at
		hits = hits[:0]
		twice := e.find(all, i, at, &hits)
		switch {
		case twice != nil:
			e.fail(Failure{Reason: Duplicate, Labels: twice, From: at})
		default:
			e.evaluate(at, hits)
		}
		if len(e.result.Episodes) > MaxEpisodes {
			return fmt.Errorf("evaluating %s: more than %d alerts began and ended; choose a "+
				"shorter range", e.rule.Name(), MaxEpisodes)
		}
	}
	for key, a := range e.alerts {
		if a.state == Inactive {
			delete(e.alerts, key)
		}
	}
	return nil
}

// input is one series of an answer, with the alert of its newest sample.
type input struct {
	series series.Series
	next   int // the index of its next sample
	alert  *alert
	value  float64 // that alert was looked up for
}

// skip sets next to the first index from i that has a sample.
func (in *input) skip(i int) {
	for ; i < len(in.series.Values) && series.IsGap(in.series.Values[i]); i++ {
	}
	in.next = i
}

// find appends the alerts of all samples at index i to hits. It returns the labels of an alert that
// two series have, if there is one.
func (e *Evaluator) find(all []input, i int, at time.Time, hits *[]*alert) series.Labels {
	evaluation := e.result.Evaluations
	var twice series.Labels
	for k := range all {
		in := &all[k]
		if in.next != i || i >= len(in.series.Values) {
			continue
		}
		v := in.series.Values[i]
		in.skip(i + 1)
		if in.alert == nil || e.templates.timely || e.templates.changing && v != in.value {
			in.alert, in.value = e.lookup(in.series.Labels, v, at), v
		}
		a := in.alert
		if a.seen == evaluation {
			if twice == nil || a.episode.Labels.Compare(twice) < 0 {
				twice = a.episode.Labels
			}
			continue
		}
		a.seen, a.source, a.value = evaluation, in.series.Labels, v
		*hits = append(*hits, a)
	}
	return twice
}

// lookup returns the alert of a series.
func (e *Evaluator) lookup(source series.Labels, value float64, at time.Time) *alert {
	ls, notes := e.templates.Labels(source, value, at)
	for _, n := range notes {
		if len(e.notes) < maxProblems {
			e.notes[n] = true
		}
	}
	key := ls.String()
	a := e.alerts[key]
	if a == nil {
		a = &alert{episode: Episode{Labels: ls}}
		e.alerts[key] = a
	}
	return a
}

// fail records a failed evaluation.
func (e *Evaluator) fail(f Failure) {
	f.To, f.Evaluations = f.From, 1
	if n := len(e.result.Failures); e.failed && e.result.Failures[n-1].Reason == f.Reason {
		last := &e.result.Failures[n-1]
		last.To = f.To
		last.Evaluations++
		last.Alerts = max(last.Alerts, f.Alerts)
		return
	}
	e.failed = true
	e.result.Failures = append(e.result.Failures, f)
}

// evaluate carries the states to an evaluation at which the alerts hits have a series.
func (e *Evaluator) evaluate(at time.Time, hits []*alert) {
	evaluation := e.result.Evaluations
	if n := e.count(at, hits); e.limit > 0 && n > e.limit {
		for _, a := range e.active {
			e.end(a, at)
		}
		e.active = e.active[:0]
		e.fail(Failure{Reason: LimitExceeded, From: at, Alerts: n})
		return
	}
	e.failed = false
	for _, a := range hits {
		if a.state == Inactive {
			a.state = Pending
			a.episode = Episode{
				Labels: a.episode.Labels, ActiveSince: at, Cut: evaluation == 1,
				Lowest: math.NaN(), Highest: math.NaN(),
			}
			e.active = append(e.active, a)
		}
		a.gone = time.Time{}
		ep := &a.episode
		ep.LastHeld, ep.Source, ep.Value = at, a.source, a.value
		if math.IsNaN(ep.Lowest) {
			ep.Lowest, ep.Highest = a.value, a.value
		} else if !math.IsNaN(a.value) {
			ep.Lowest, ep.Highest = min(ep.Lowest, a.value), max(ep.Highest, a.value)
		}
	}
	e.active = slices.DeleteFunc(e.active, func(a *alert) bool {
		if a.seen != evaluation {
			if !e.keeps(a, at) {
				e.end(a, at)
				return true
			}
			if a.gone.IsZero() {
				a.gone = at
			}
		}
		if a.state == Pending && at.Sub(a.episode.ActiveSince) >= e.rule.For {
			a.state, a.episode.FiredAt = Firing, at
		}
		return false
	})
}

// keeps reports whether an alert without a series stays active at an evaluation.
func (e *Evaluator) keeps(a *alert, at time.Time) bool {
	if a.state != Firing || e.rule.KeepFiringFor <= 0 {
		return false
	}
	return a.gone.IsZero() || at.Sub(a.gone) < e.rule.KeepFiringFor
}

// count returns how many alerts would be active after an evaluation.
func (e *Evaluator) count(at time.Time, hits []*alert) int {
	if e.limit <= 0 {
		return 0
	}
	n := len(hits)
	for _, a := range e.active {
		if a.seen != e.result.Evaluations && e.keeps(a, at) {
			n++
		}
	}
	return n
}

// end ends an alert.
func (e *Evaluator) end(a *alert, at time.Time) {
	a.state, a.gone = Inactive, time.Time{}
	a.episode.Ended = at
	e.result.Episodes = append(e.result.Episodes, a.episode)
}

// Result returns what the evaluations until now came to.
func (e *Evaluator) Result() Result {
	r := e.result
	r.Episodes = slices.Clone(r.Episodes)
	for _, a := range e.active {
		r.Episodes = append(r.Episodes, a.episode)
	}
	slices.SortFunc(r.Episodes, func(a, b Episode) int {
		return cmp.Or(a.ActiveSince.Compare(b.ActiveSince), a.Labels.Compare(b.Labels))
	})
	r.Failures = slices.Clone(r.Failures)
	for n := range e.notes {
		r.Notes = append(r.Notes, n)
	}
	slices.SortFunc(r.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Err, b.Err))
	})
	return r
}
