package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Querier runs the queries of a snapshot; *promapi.Client is one.
type Querier interface {
	// Range calls each with every series of the answer. If Range returns an error, the series are
	// not valid.
	Range(ctx context.Context, q promapi.Query, each func(series.Series) error) (promapi.Meta,
		error)
	// Present returns which of the metric names have samples between start and end.
	Present(ctx context.Context, names []string, start, end time.Time) (map[string]bool, error)
}

// Options are shared by all panels of a snapshot.
type Options struct {
	Slot  time.Time     // the slot of the run
	Range time.Duration // of panels without their own
	// the range ends this long before the slot, so that late samples are included
	QueryOffset    time.Duration
	ScrapeInterval time.Duration // of the targets; 0: one minute
	MaxSeries      int           // most series in one answer; 0: promapi.DefaultLimit
	Concurrency    int           // panels at once; 0: promapi.DefaultConcurrency
	Nodes          Nodes
	// of the wall clock by which days are compared; nil: UTC
	Zone *time.Location
	// the name of the part that is queried, such as a cluster: its panels keep what Merge needs and
	// their names include clusters. "": everything
	Part    string
	Mapping Mapping // the source's names for the labels of built-in queries
	// called when each panel starts and ends, one call at a time; nil: not called
	Progress func(Event)

	pool   *labelPool            // shared by the panels
	joined map[nodeKey]time.Time // when nodes joined their clusters (TakeHistory)
}

// Event reports that a panel's queries start or, if Panel is set, that they are done.
type Event struct {
	Index   int
	Spec    *panel.Spec
	Panel   *Panel
	Fault   *Fault // the panic behind a FailureFault; nil: none
	History bool   // the queries are those over four weeks (TakeHistory)
}

// reporting returns a function that passes on events, one at a time.
func (o Options) reporting() func(Event) {
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if o.Progress != nil {
			o.Progress(e)
		}
	}
}

// faultOf returns the panic that an error comes from, or nil.
func faultOf(err error) *Fault {
	var fault *panicError
	if !errors.As(err, &fault) {
		return nil
	}
	return &Fault{fmt.Sprint(fault.value), fault.stack}
}

// unanswered returns a panel without an answer. Its Data is the zero value, DataFailed.
func (o Options) unanswered(spec panel.Spec) Panel {
	p := Panel{Spec: spec, Exprs: exprs(&spec)}
	if o.Part != "" {
		p.Kept = &Kept{Part: o.Part}
	}
	return p
}

// End returns the newest time that a snapshot queries.
func (o Options) End() time.Time { return o.Slot.Add(-o.QueryOffset) }

// scrape returns how often targets are scraped.
func (o Options) scrape() time.Duration { return cmp.Or(o.ScrapeInterval, time.Minute) }

// rangeOf returns how much time a panel shows.
func (o Options) rangeOf(s *panel.Spec) time.Duration { return cmp.Or(s.Range, o.Range) }

// vars returns the values of the variables in the queries of a panel. They depend on its own step,
// also where a query has coarser ones.
func (o Options) vars(s *panel.Spec, step time.Duration) panel.Vars {
	return panel.Vars{
		Step: step, ScrapeInterval: o.scrape(), Range: o.rangeOf(s), Virtual: o.Nodes.virtual(),
	}
}

// Take queries every panel and folds the answers. It returns one Panel for each spec, in order. A
// query that fails only affects its Panel. When ctx ends, panels without an answer fail
// (FailureStopped).
func Take(ctx context.Context, q Querier, specs []panel.Spec, o Options) []Panel {
	panels := make([]Panel, len(specs))
	o.Nodes.several = o.Nodes.several || o.Part != ""
	if len(specs) > 1 {
		o.pool = newLabelPool()
	}
	report := o.reporting()
	var group errgroup.Group
	group.SetLimit(cmp.Or(max(o.Concurrency, 0), promapi.DefaultConcurrency))
	for i := range specs {
		group.Go(func() error {
			report(Event{Index: i, Spec: &specs[i]})
			p, err := panelInTime(ctx, q, specs[i], o)
			if err != nil {
				p.Data, p.Failure = DataFailed, FailureOf(err)
			}
			panels[i] = p
			report(Event{Index: i, Spec: &specs[i], Panel: &panels[i], Fault: faultOf(err)})
			return nil
		})
	}
	_ = group.Wait() // the goroutines return nil; a failure is in its panel
	return panels
}

// panelInTime takes one panel and abandons it two seconds after ctx ends, because a report with a
// failed panel is better than none. The abandoned goroutine shares no data with the report.
func panelInTime(ctx context.Context, q Querier, spec panel.Spec, o Options) (Panel, error) {
	type answer struct {
		panel Panel
		err   error
	}
	a, ok := inTime(ctx, func() answer {
		p, err := takePanel(ctx, q, spec, o)
		return answer{p, err}
	})
	if !ok {
		return o.unanswered(spec), fmt.Errorf("%w (%w)", errStopped, context.Cause(ctx))
	}
	return a.panel, a.err
}

// takePanel queries one panel. A panic fails that panel but not the run.
func takePanel(ctx context.Context, q Querier, spec panel.Spec, o Options) (p Panel, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = o.unanswered(spec), &panicError{value: r, stack: debug.Stack()}
		}
	}()
	p = o.unanswered(spec)
	if ctx.Err() != nil {
		return p, errStopped
	}
	if spec.Builtin {
		q = o.Mapping.Querier(q)
	}
	err = p.ask(ctx, q, o)
	if err == nil {
		return p, nil
	}
	if ctx.Err() != nil {
		return p, fmt.Errorf("%w (%w)", errStopped, err)
	}
	var many *promapi.LimitError
	if spec.Builtin && errors.As(err, &many) {
		return p, &promapi.LimitError{Limit: many.Limit, Fixed: true}
	}
	return p, err
}

// ask runs the panel's queries: its capacities, then the series and, if there are none, which
// metrics exist.
func (p *Panel) ask(ctx context.Context, q Querier, o Options) error {
	rng := o.rangeOf(&p.Spec)
	step, err := panel.Step(rng, p.Spec.Step, o.scrape())
	if err != nil {
		return err
	}
	p.Grid = panel.PlanGrid(o.End(), rng, step)
	p.Spec.Rules = judgedBy(&p.Spec, step)
	vars := o.vars(&p.Spec, step)
	for i := range p.Exprs {
		p.Exprs[i] = panel.Expand(p.Exprs[i], vars)
	}

	if p.Spec.Without != "" {
		return p.askWithout(ctx, q, vars, o)
	}
	left, err := p.askLostTargets(ctx, q, vars, o)
	if err != nil {
		return err
	}
	f, meta, err := p.askSeries(ctx, q, vars, o, left)
	if err != nil && p.several() {
		return fmt.Errorf("query %s: %w", p.Spec.Queries[0].Ref, err)
	}
	if err != nil {
		return err
	}
	p.Remarks = append(p.Remarks, left.finish(f)...)
	if err := p.askMore(ctx, q, o, f, &meta); err != nil {
		return err
	}
	f.into(p)
	p.Total, p.OK = p.Total+p.LeftOut, p.OK+p.LeftOut // series left out are within every limit
	p.readMeta(meta)
	p.dropPartialJudgements()
	if p.Total == 0 && !p.Partial.IsZero() {
		return nil // the missing part of the answer may have series
	}
	if p.Total == 0 {
		return p.explainEmpty(ctx, q, vars)
	}
	if p.Partial.IsZero() {
		if err := p.findAbsent(ctx, q); err != nil {
			return err
		}
	}
	p.judgeAge(f.oldest())
	p.noteUnseen(ctx, q, vars)
	p.askReferences(ctx, q, vars)
	p.askDetails(ctx, q, vars)
	p.askRemarks(ctx, q, vars)
	return nil
}

// Planned returns a spec as the panel that Take returns for it has it: with its rules as they judge
// on the panel's grid.
func (o Options) Planned(spec panel.Spec) (panel.Spec, error) {
	step, err := panel.Step(o.rangeOf(&spec), spec.Step, o.scrape())
	if err != nil {
		return spec, err
	}
	spec.Rules = judgedBy(&spec, step)
	return spec, nil
}

// judgedBy returns the rules of a panel as they judge on a grid with this step.
func judgedBy(spec *panel.Spec, step time.Duration) []rules.Rule {
	out := holdForThreeSteps(spec.Rules, step)
	if spec.Events != nil {
		for i := range out {
			out[i].Within = spec.Events.Within
		}
	}
	return out
}

// holdForThreeSteps raises each alert's For to at least three steps, because a coarse grid cannot
// show that a shorter streak was unbroken. Only built-in panels have a shorter For here; in a
// configuration it is an error.
func holdForThreeSteps(rs []rules.Rule, step time.Duration) []rules.Rule {
	out := slices.Clone(rs)
	for i := range out {
		if out[i].For > 0 {
			out[i].For = max(out[i].For, 3*step)
		}
	}
	return out
}

// Failed returns panels for specs that were not queried because of err.
func Failed(specs []panel.Spec, err error) []Panel {
	panels := make([]Panel, len(specs))
	for i, s := range specs {
		panels[i] = Panel{Spec: s, Exprs: exprs(&s), Data: DataFailed, Failure: FailureOf(err)}
	}
	return panels
}
