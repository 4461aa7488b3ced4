// Package ruleset runs the alerting rules of rule files against a Prometheus and says which alerts
// fired when, by the semantics of Prometheus (package rulefile). It makes a panel of each alert and
// the result that carries alerts from one slot to the next. It has no words: package report has
// them.
package ruleset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The most alerting rules of a report, and the most alerts of all its rules in the range.
const (
	MostRules  = 5_000
	MostAlerts = 50_000
)

// DefaultInterval is the interval of groups without one, as in Prometheus.
const DefaultInterval = time.Minute

// Options are what all rules of a run share.
type Options struct {
	End            time.Time     // the newest evaluation is at or shortly before it
	Range          time.Duration // of the report: alerts that ended before it are left out
	Interval       time.Duration // of groups without one; 0: DefaultInterval
	ScrapeInterval time.Duration // of the targets; 0: one minute
	MaxSeries      int           // most series in one answer; 0: promapi.DefaultLimit
	Concurrency    int           // rules at once; 0: promapi.DefaultConcurrency
	External       rulefile.External
	// Section is the heading of the panels, and Names are names of panels that are in use.
	Section string
	Names   []string
	// Down is why Prometheus is unreachable, so that every rule fails; nil: it is not known to be.
	Down error
	// called when a rule is done, one call at a time; nil: not called
	Progress func(done, of int)
}

// Result is what the rules came to. It is plain data.
type Result struct {
	From, To time.Time // the range of the report
	Rules    []Rule    // the alerting rules, in the order of their files
	LeftOut  int       // alerting rules that the matchers leave out
	TooMany  int       // alerting rules beyond MostRules, which were not run
	// Unlisted is why the rules of the cluster's PrometheusRules are missing; nil: none are.
	Unlisted *snapshot.Failure
	Section  string
}

// Rule is an alerting rule with its alerts.
type Rule struct {
	rulefile.Rule

	File, Group string
	Severity    rules.Severity // of its label, None for alerts that only inform
	Panel       string         // the name of its alert's panel; rules of one alertname share it
	Interval    time.Duration
	Expr        string // the PromQL as sent: recorded metrics that do not exist are expanded

	// Grid has the evaluations. Short means that it begins later than the rule needs, because there
	// are too many.
	Grid  series.Grid
	Short bool
	// Alerts are active now, or fired in the range: the worst first.
	Alerts []Alert
	// Broken are evaluations that failed although the server answered.
	Broken  []rulefile.Failure
	Notes   []rulefile.Note   // about its templates, each once
	Missing []string          // metrics of Expr that do not exist; only if its answer was empty
	Partial snapshot.Note     // set if an answer was incomplete
	Failure *snapshot.Failure // why there is no answer; nil: there is
	lines   []snapshot.Line   // its series where the condition holds, the worst first
	drawn   series.Grid       // of lines
	series  int               // in its answers
}

// State returns the worst state of its alerts now.
func (r *Rule) State() rulefile.State {
	worst := rulefile.Inactive
	for i := range r.Alerts {
		worst = max(worst, r.Alerts[i].State)
	}
	return worst
}

// Outcome is what a rule came to in the range.
type Outcome string

// The outcomes.
const (
	Fires   Outcome = "firing"  // an alert fires now
	Pends   Outcome = "pending" // an alert is pending now, and none fires
	Ended   Outcome = "ended"   // alerts fired in the range, and none does now
	Quiet   Outcome = "quiet"   // none did
	Lacking Outcome = "lacking" // none did, but a metric of the rule does not exist
	Failed  Outcome = "failed"  // the rule could not be evaluated
)

// Outcome returns what the rule came to.
func (r *Rule) Outcome() Outcome {
	switch state := r.State(); {
	case r.Failure != nil:
		return Failed
	case state == rulefile.Firing:
		return Fires
	case state == rulefile.Pending:
		return Pends
	case r.Fired():
		return Ended
	case len(r.Missing) > 0:
		return Lacking
	}
	return Quiet
}

// Fired reports whether an alert of the rule fired in the range.
func (r *Rule) Fired() bool {
	return slices.ContainsFunc(r.Alerts, func(a Alert) bool {
		return slices.ContainsFunc(a.Episodes, rulefile.Episode.Fired)
	})
}

// run is one run of a set of rules.
type run struct {
	q   snapshot.Querier
	o   Options
	mu  sync.Mutex
	off error // why every further query would fail; nil: none would
	// alerts is how many each rule has that is done, total how many all have. The rules from the
	// index cut on lose theirs.
	alerts     []int
	total, cut int
}

// Run evaluates the alerting rules of groups that match, and returns all of them with their alerts.
// A rule whose query fails is alone in that. When ctx ends, the rules without an answer fail.
//
// Recorded metrics are read where the server has them; otherwise their recording rules are expanded
// in place.
func Run(ctx context.Context, q snapshot.Querier, groups []rulefile.Group, match rules.Matchers,
	o Options) *Result {
	o.Interval = cmp.Or(o.Interval, DefaultInterval)
	res := &Result{From: o.End.Add(-o.Range), To: o.End, Section: o.Section}
	for _, g := range groups {
		for _, rule := range g.Rules {
			switch {
			case rule.Alert == "":
			case !rule.MatchedBy(match):
				res.LeftOut++
			case len(res.Rules) == MostRules:
				res.TooMany++
			default:
				res.Rules = append(res.Rules, o.rule(&g, rule))
			}
		}
	}
	res.name(o.Names)
	r := &run{
		q: q, o: o, off: o.Down, alerts: make([]int, len(res.Rules)), cut: len(res.Rules),
	}
	limits := limitsOf(groups)
	r.begin(ctx, res, limits)
	expanded := r.expand(ctx, res, groups)
	done := 0
	var progress sync.Mutex
	var group errgroup.Group
	group.SetLimit(cmp.Or(max(o.Concurrency, 0), promapi.DefaultConcurrency))
	for i := range res.Rules {
		group.Go(func() error {
			rule := &res.Rules[i]
			err := expanded[i]
			if err == nil {
				err = r.judge(ctx, rule, limits[groupKey{rule.File, rule.Group}])
			}
			if err != nil {
				rule.fail(err)
			}
			r.limit(res, i)
			progress.Lock()
			defer progress.Unlock()
			if done++; o.Progress != nil {
				o.Progress(done, len(res.Rules))
			}
			return nil
		})
	}
	_ = group.Wait() // the goroutines return nil; a failure is in its rule
	r.findMissing(ctx, res)
	return res
}

// fail makes a rule one that failed.
func (r *Rule) fail(err error) {
	r.Failure, r.Alerts, r.lines = snapshot.FailureOf(err), nil, nil
}

// limit counts the alerts of a rule that is done. If there are too many in all, the rules at the
// end fail: those after the first MostAlerts, whichever is done first.
func (r *run) limit(res *Result, i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alerts[i] = len(res.Rules[i].Alerts)
	r.total += r.alerts[i]
	if i > r.cut {
		r.drop(res, i)
	}
	for r.total > MostAlerts {
		for r.cut--; r.alerts[r.cut] == 0; r.cut-- {
		}
		r.drop(res, r.cut)
	}
}

// drop removes the alerts of a rule that is done.
func (r *run) drop(res *Result, i int) {
	if r.alerts[i] > 0 {
		res.Rules[i].fail(errAlerts)
		r.total, r.alerts[i] = r.total-r.alerts[i], 0
	}
}

// groupKey identifies a group.
type groupKey struct{ file, name string }

// limits are what the evaluations of a group have in common.
type limits struct {
	limit  int
	offset time.Duration
}

func limitsOf(groups []rulefile.Group) map[groupKey]limits {
	out := map[groupKey]limits{}
	for _, g := range groups {
		out[groupKey{g.File, g.Name}] = limits{g.Limit, g.QueryOffset}
	}
	return out
}

// mostEvaluations is the most evaluations of a rule: more would take more than four queries.
const mostEvaluations = 4 * panel.MaxPoints

// rule returns a rule of a group with its evaluations, before it is run.
func (o Options) rule(g *rulefile.Group, rule rulefile.Rule) Rule {
	r := Rule{
		Rule: rule, File: g.File, Group: g.Name, Severity: rule.Severity(), Expr: rule.Expr,
		Interval: cmp.Or(g.Interval, o.Interval),
	}
	need := o.Range + rule.Lookback(r.Interval)
	judged := min(need, (mostEvaluations-2)*r.Interval)
	r.Short = judged < need
	r.Grid = panel.PlanGrid(o.End, judged, r.Interval)
	return r
}

// expand replaces recorded metrics that the server does not have. It returns an error for each rule
// that cannot be run.
func (r *run) expand(ctx context.Context, res *Result, groups []rulefile.Group) []error {
	recorded := rulefile.NewRecordings(groups)
	out, needs := make([]error, len(res.Rules)), make([]bool, len(res.Rules))
	var names []string
	for i := range res.Rules {
		needed, err := recorded.Needed(res.Rules[i].Expr)
		if err != nil {
			continue // the server decides what PromQL is valid
		}
		needs[i] = len(needed) > 0
		names = append(names, needed...)
	}
	present, err := r.present(ctx, names, res)
	for i := range res.Rules {
		rule := &res.Rules[i]
		if !needs[i] {
			continue
		}
		if out[i] = err; err == nil {
			rule.Expr, out[i] = recorded.Expand(rule.Expr, func(name string) bool {
				return present[name]
			})
		}
	}
	return out
}

// present returns which metrics the server has in the time of the rules.
func (r *run) present(ctx context.Context, names []string, res *Result) (map[string]bool, error) {
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil, nil
	}
	if err := r.failed(ctx); err != nil {
		return nil, err
	}
	found, err := r.q.Present(ctx, names, r.oldest(res), r.o.End)
	r.remember(err)
	return found, err
}

// remember keeps an error with which every further query would fail.
func (r *run) remember(err error) {
	if off := promapi.Unreachable(err); off != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.off == nil {
			r.off = off
		}
	}
}

// failed returns why a query need not be sent, nil if it must.
func (r *run) failed(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.off == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return r.off
}

// findMissing finds out which metrics of the rules with an empty answer do not exist. After an
// error none is known.
func (r *run) findMissing(ctx context.Context, res *Result) {
	var names []string
	reads := map[int][]string{}
	for i := range res.Rules {
		rule := &res.Rules[i]
		if rule.Failure != nil || rule.series > 0 || !rule.Partial.IsZero() {
			continue
		}
		own, err := panel.MetricNames(rule.Expr)
		if err != nil {
			continue
		}
		reads[i] = own
		names = append(names, own...)
	}
	present, err := r.present(ctx, names, res)
	if err != nil {
		return
	}
	for i, own := range reads {
		res.Rules[i].Missing = slices.DeleteFunc(slices.Clone(own), func(name string) bool {
			return present[name]
		})
	}
}

// errAlerts says that a rule's alerts are too many together with those of the rules before it.
var errAlerts = fmt.Errorf("the rules have more than %d alerts in all, and those of this one are "+
	"left out; choose fewer rules", MostAlerts)

// errLarge says that an answer has too many samples to keep at once.
var errLarge = errors.New("the answer has too many samples")
