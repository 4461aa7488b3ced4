package backtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// FileOptions are the options of a back-test of rule files.
type FileOptions struct {
	Groups []rulefile.Group // also those of recording rules that the alerts need
	Alert  string           // test only the rules of this alertname; "": all
	End    time.Time        // the newest evaluation is at or before it
	Since  time.Duration    // how far back to go
	// Interval is that of groups without one. 0: a minute.
	Interval time.Duration
	Pages    float64 // alerts a week that are wanted at most; 0: DefaultPages
	// Levels and Fors are tried in addition to those that are configured and those that the data
	// suggests.
	Levels    []float64
	Fors      []time.Duration
	MaxSeries int // the most series of an answer; 0: promapi.DefaultLimit
	External  rulefile.External
	// Progress is called after each chunk, one call at a time. Nil: not called.
	Progress func(FileProgress)
}

// FileProgress is how far a back-test of rule files is.
type FileProgress struct {
	Alert     string // of the newest chunk
	Done, All float64
	// Levels means that all rules are counted, and that levels are tried for those that alert too
	// often. Done and All begin again.
	Levels bool
}

// FileRule is what is known of an alerting rule of a rule file alone.
type FileRule struct {
	rulefile.Rule
	File, Group string
	// Query is Expr as it was asked: recorded metrics that the server does not have are expanded.
	Query    string
	Interval time.Duration // between two evaluations
	// Levelled means that the candidates have levels. Otherwise there is one, without a level.
	Levelled bool
	Brief    int // of the alerts of the configured candidate, those that ended within BriefAlert
	// Cut means that the interval is too short to evaluate all the time that was asked for.
	Cut      bool
	Failures []rulefile.Failure // evaluations that would have failed
}

// BriefAlert is how long an alert fires at least that is worth waking somebody.
const BriefAlert = 10 * time.Minute

// FileResult is what the rules of rule files would have done.
type FileResult struct {
	Rules  []Result // the noisiest first
	Failed []error  // of each rule that could not be tested, or not at other levels
	// Left are the alertnames of rules without a result because the run was stopped.
	Left []string
}

// mostEvaluations is the most evaluations of a rule: 34 chunks, or 30 days at 9 seconds.
const mostEvaluations = 34 * mostPoints

// atOnce is how many rules are counted at the same time.
const atOnce = 4

// fileTest is a back-test of rule files.
type fileTest struct {
	q     snapshot.Querier
	o     FileOptions
	from  time.Time // when the history begins, or as long ago as asked for
	known time.Time // when the history begins; zero: before all that is read, or it is unknown
	blind []Span
	rules []*fileRule
}

// fileRule is an alerting rule that is tested.
type fileRule struct {
	FileRule
	group  *rulefile.Group
	grid   series.Grid           // the evaluations whose alerts count
	common map[series.Label]bool // the labels that all its alerts have
	err    error
	out    *Result
}

// RunFile tests the alerting rules of rule files on the past, by the semantics of Prometheus. It
// counts the alerts of every rule first. Then it tries other levels for the rules that alert too
// often and compare with a number; if an alertname is asked for, for its rules in any case. A rule
// that the server refuses fails alone. If ctx ends, the result covers what was read.
//
// Recorded metrics are read if the server has them at the beginning and at the end of the time;
// otherwise their recording rules are expanded.
func RunFile(ctx context.Context, q snapshot.Querier, o FileOptions) (*FileResult, error) {
	o.Interval = cmp.Or(o.Interval, time.Minute)
	if o.Pages <= 0 {
		o.Pages = DefaultPages
	}
	if o.Since < Week {
		return nil, &ShortError{Asked: o.Since}
	}
	t := &fileTest{q: q, o: o}
	if err := t.findHistory(ctx); err != nil {
		return nil, err
	}
	t.choose()
	if err := t.expand(ctx); err != nil {
		return nil, err
	}
	t.countAll(ctx)
	t.tryLevels(ctx)
	return t.result(ctx), nil
}

// findHistory finds out when the history of the server begins, and when it had no data: it had none
// of the metric up, which every server has that scrapes targets.
func (t *fileTest) findHistory(ctx context.Context) error {
	g := panel.PlanGrid(t.o.End, t.o.Since+t.longestLookback(), surveyStep)
	t.from = t.o.End.Add(-t.o.Since)
	var seen []bool
	in := &answers{q: t.q, limit: t.o.MaxSeries, points: mostPoints}
	err := in.read(ctx, "group(up)", g, func(part series.Grid, found []series.Series) error {
		for i := range part.Len {
			seen = append(seen, slices.ContainsFunc(found, func(s series.Series) bool {
				return series.Finite(s.Values[i])
			}))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking for the beginning of the history: %w", err)
	}
	first := slices.Index(seen, true)
	if first < 0 {
		return nil // nothing is known about it
	}
	if first > 0 {
		t.known = g.At(first)
		t.from = latest(t.from, t.known)
	}
	for i := first; i < g.Len; i++ {
		from := i
		for i < g.Len && !seen[i] {
			i++
		}
		if i > from {
			t.blind = append(t.blind, Span{g.At(from), g.At(min(i, g.Len-1))})
		}
	}
	if have := t.o.End.Sub(t.from); have < Week-surveyStep {
		return &ShortError{Asked: t.o.Since, Have: have, From: t.from}
	}
	return nil
}

// isTested reports whether a rule of the files is tested.
func (o *FileOptions) isTested(rule *rulefile.Rule) bool {
	return rule.Alert != "" && (o.Alert == "" || rule.Alert == o.Alert)
}

// longestLookback returns how long before the time that counts a replay begins at most.
func (t *fileTest) longestLookback() (longest time.Duration) {
	for _, g := range t.o.Groups {
		for _, rule := range g.Rules {
			if t.o.isTested(&rule) {
				fors, _ := t.forsOf(rule)
				rule.For = slices.Max(fors)
				longest = max(longest, rule.Lookback(cmp.Or(g.Interval, t.o.Interval)))
			}
		}
	}
	return longest
}

// choose sets the rules to test.
func (t *fileTest) choose() {
	for i := range t.o.Groups {
		g := &t.o.Groups[i]
		for _, rule := range g.Rules {
			if !t.o.isTested(&rule) {
				continue
			}
			r := &fileRule{group: g, FileRule: FileRule{
				Rule: rule, File: g.File, Group: g.Name, Query: rule.Expr,
				Interval: cmp.Or(g.Interval, t.o.Interval),
			}}
			asked := t.o.End.Sub(t.from)
			need := min(asked, (mostEvaluations-1)*r.Interval)
			r.Cut = need < asked
			r.grid = panel.PlanGrid(t.o.End, need, r.Interval)
			if r.grid.Len > 1 && r.grid.Start.Before(t.known) {
				r.grid.Start, r.grid.Len = r.grid.At(1), r.grid.Len-1
			}
			t.rules = append(t.rules, r)
		}
	}
}

// replayed returns the evaluations of a replay that knows, for every For up to the longest one,
// which alerts fire at the first evaluation that counts. None is before the history: there, an
// expression with absent would have a series.
func (t *fileTest) replayed(r *fileRule, longest time.Duration) series.Grid {
	rule := r.Rule
	rule.For = longest
	before := min(int(rule.Lookback(r.Interval)/r.Interval), mostEvaluations)
	if !t.known.IsZero() {
		before = min(before, int(r.grid.Start.Sub(t.known)/r.Interval))
	}
	return series.Grid{Start: r.grid.At(-before), Step: r.grid.Step, Len: r.grid.Len + before}
}

// expand replaces the recorded metrics that the server does not have in all the time.
func (t *fileTest) expand(ctx context.Context) error {
	recorded := rulefile.NewRecordings(t.o.Groups)
	var names []string
	for _, r := range t.rules {
		needed, err := recorded.Needed(r.Expr)
		if err == nil { // otherwise the server decides what PromQL is valid
			names = append(names, needed...)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil
	}
	const day = 24 * time.Hour
	old, err := t.q.Present(ctx, names, t.from, t.from.Add(day))
	if err != nil {
		return fmt.Errorf("looking for recorded metrics: %w", err)
	}
	recent, err := t.q.Present(ctx, names, t.o.End.Add(-day), t.o.End)
	if err != nil {
		return fmt.Errorf("looking for recorded metrics: %w", err)
	}
	for _, r := range t.rules {
		text, err := recorded.Expand(r.Expr, func(name string) bool {
			return old[name] && recent[name]
		})
		if err != nil {
			r.err = err
			continue
		}
		r.Query = text
	}
	return nil
}

// countAll counts the alerts of all rules.
func (t *fileTest) countAll(ctx context.Context) {
	var mu sync.Mutex
	done := 0.0
	progress := func(r *fileRule, part float64) {
		mu.Lock()
		defer mu.Unlock()
		if done += part; t.o.Progress != nil {
			t.o.Progress(FileProgress{Alert: r.Alert, Done: done, All: float64(len(t.rules))})
		}
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, r := range t.rules {
		group.Go(func() error {
			if r.err == nil && ctx.Err() == nil {
				r.err = t.count(ctx, r, func(part float64) { progress(r, part) })
			}
			return nil
		})
	}
	_ = group.Wait() // an error is in its rule
}

// tryLevels tries other levels for the rules that have one and alert too often.
func (t *fileTest) tryLevels(ctx context.Context) {
	var noisy []*fileRule
	for _, r := range t.rules {
		if r.out != nil && r.out.Why == Unread {
			noisy = append(noisy, r)
		}
	}
	for i, r := range noisy {
		if ctx.Err() != nil {
			r.out.Stopped = true
			continue
		}
		r.err = t.levels(ctx, r, func(part float64) {
			if t.o.Progress != nil {
				t.o.Progress(FileProgress{
					Alert: r.Alert, Done: float64(i) + part, All: float64(len(noisy)), Levels: true,
				})
			}
		})
	}
}

// result returns the results of all rules, the noisiest first.
func (t *fileTest) result(ctx context.Context) *FileResult {
	out := &FileResult{}
	for _, r := range t.rules {
		stopped := r.err != nil && ctx.Err() != nil
		switch {
		case r.out != nil && r.out.To.Before(r.grid.End()) && r.out.Candidates[0].Alerts == 0:
			out.Left = append(out.Left, r.Alert) // it may fire in the time that was not read
		case r.out != nil:
			r.out.Stopped = r.out.Stopped || stopped
			out.Rules = append(out.Rules, *r.out)
		case r.err == nil || stopped:
			out.Left = append(out.Left, r.Alert)
		}
		if r.err != nil && !stopped {
			out.Failed = append(out.Failed, fmt.Errorf("%s: %w", r.Alert, r.err))
		}
	}
	slices.SortStableFunc(out.Rules, func(a, b Result) int {
		x, y := &a.Candidates[a.Now], &b.Candidates[b.Now]
		return cmp.Or(cmp.Compare(y.Alerts, x.Alerts), cmp.Compare(y.Firing, x.Firing),
			cmp.Compare(a.Rule.Name, b.Rule.Name))
	})
	return out
}

// severity returns the severity that a result shows: alerts that only inform are warnings.
func (r *fileRule) severity() rules.Severity { return max(r.Severity(), rules.Warning) }
