package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Querier is what a snapshot asks; *promapi.Client answers.
type Querier interface {
	// Range hands every series of the answer to each. What each was given counts only where Range
	// returns nil.
	Range(ctx context.Context, q promapi.Query, each func(series.Series) error) (promapi.Meta,
		error)
	// Present tells which metric names have samples between start and end.
	Present(ctx context.Context, names []string, start, end time.Time) (map[string]bool, error)
}

// Options are what all panels of a snapshot share.
type Options struct {
	Slot  time.Time     // the time that the run is for
	Range time.Duration // of the panels that name none
	// the range ends this long before the slot, so that late samples are in
	QueryOffset    time.Duration
	ScrapeInterval time.Duration // of the targets; 0: a minute
	MaxSeries      int           // cap on the series of one answer; 0: promapi.DefaultLimit
	Concurrency    int           // panels at a time; 0: promapi.DefaultConcurrency
	Nodes          Nodes
	// what is asked is this part of several, such as a cluster: its panels keep what Merge needs,
	// and name clusters. "": all
	Part    string
	Mapping Mapping // how the source names the labels of the built-in queries
	// told of each panel's begin and end, one event at a time; nil: nobody listens
	Progress func(Event)

	pool *labelPool // what the panels share
}

// Event tells that a panel is being asked for, or, where Panel is set, that it is done.
type Event struct {
	Index int
	Spec  *panel.Spec
	Panel *Panel
	Fault *Fault // what went wrong in promsnap itself (FailureFault); nil: nothing
}

// unanswered is a panel without an answer: DataFailed is the zero value.
func (o Options) unanswered(spec panel.Spec) Panel {
	p := Panel{Spec: spec, Exprs: exprs(&spec)}
	if o.Part != "" {
		p.Kept = &Kept{Part: o.Part}
	}
	return p
}

// End returns the newest time that a snapshot asks for.
func (o Options) End() time.Time { return o.Slot.Add(-o.QueryOffset) }

// Take asks for every panel and folds the answers: one Panel for each of specs, in their order. A
// query that fails is in its Panel; the others go on. Where ctx ends, the panels that have no
// answer yet fail (FailureStopped).
func Take(ctx context.Context, q Querier, specs []panel.Spec, o Options) []Panel {
	panels := make([]Panel, len(specs))
	o.Nodes.several = o.Nodes.several || o.Part != ""
	if len(specs) > 1 {
		o.pool = newLabelPool()
	}
	var telling sync.Mutex
	tell := func(e Event) {
		telling.Lock()
		defer telling.Unlock()
		if o.Progress != nil {
			o.Progress(e)
		}
	}
	var group errgroup.Group
	group.SetLimit(cmp.Or(max(o.Concurrency, 0), promapi.DefaultConcurrency))
	for i := range specs {
		group.Go(func() error {
			tell(Event{Index: i, Spec: &specs[i]})
			p, err := panelInTime(ctx, q, specs[i], o)
			if err != nil {
				p.Data, p.Failure = DataFailed, FailureOf(err)
			}
			panels[i] = p
			done := Event{Index: i, Spec: &specs[i], Panel: &panels[i]}
			var fault *panicError
			if errors.As(err, &fault) {
				done.Fault = &Fault{fmt.Sprint(fault.value), fault.stack}
			}
			tell(done)
			return nil
		})
	}
	_ = group.Wait() // the goroutines return nil: a failure is in its panel
	return panels
}

// lateness is how long a panel may go on after its context has ended, for what was under way to
// end.
const lateness = 2 * time.Second

// panelInTime takes one panel, and leaves it where it does not heed the end of its context: a
// report that is never made is worse. What is left behind keeps what it makes to itself.
func panelInTime(ctx context.Context, q Querier, spec panel.Spec, o Options) (Panel, error) {
	type answer struct {
		panel Panel
		err   error
	}
	taken := make(chan answer, 1)
	go func() {
		p, err := takePanel(ctx, q, spec, o)
		taken <- answer{p, err}
	}()
	select {
	case a := <-taken:
		return a.panel, a.err
	case <-ctx.Done():
	}
	late := time.NewTimer(lateness)
	defer late.Stop()
	select {
	case a := <-taken:
		return a.panel, a.err
	case <-late.C:
		return o.unanswered(spec), fmt.Errorf("%w (%w)", errStopped, context.Cause(ctx))
	}
}

// takePanel asks for one panel. A panic costs that panel, not the run.
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

// ask runs the panel's queries: the whole of its ratio, then the series themselves, then, where
// none came, which metrics exist.
func (p *Panel) ask(ctx context.Context, q Querier, o Options) error {
	rng := cmp.Or(p.Spec.Range, o.Range)
	scrape := cmp.Or(o.ScrapeInterval, time.Minute)
	step, err := panel.Step(rng, p.Spec.Step, scrape)
	if err != nil {
		return err
	}
	p.Grid = panel.PlanGrid(o.End(), rng, step)
	p.Spec.Rules = holdForThreeSteps(p.Spec.Rules, step)
	if p.Spec.Events != nil {
		for i := range p.Spec.Rules {
			p.Spec.Rules[i].Within = p.Spec.Events.Within
		}
	}
	vars := panel.Vars{Step: step, ScrapeInterval: scrape, Range: rng, Virtual: o.Nodes.virtual()}
	for i := range p.Exprs {
		p.Exprs[i] = panel.Expand(p.Exprs[i], vars)
	}

	if p.Spec.Without != "" {
		return p.askWithout(ctx, q, vars, o)
	}
	left, err := p.askLeft(ctx, q, vars, o)
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
	p.Total, p.OK = p.Total+p.LeftOut, p.OK+p.LeftOut // they are within every limit
	p.read(meta)
	p.holdBack()
	if p.Total == 0 && !p.Partial.IsZero() {
		return nil // what is not in a part of the answer may be there
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

// holdForThreeSteps raises each alert's For to three steps where it is shorter: what a coarser grid
// cannot see it must not call unbroken. Only built-in panels come here with a shorter one; in a
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

// read takes over what the answer says of itself.
func (p *Panel) read(m promapi.Meta) {
	p.Exprs[0], p.Data = m.Expr, DataComplete
	if m.Partial {
		p.partly(m)
	}
	if moved := m.Grid.Start.Sub(p.Grid.Start); moved != 0 {
		p.note(NoteSamplesMoved, moved)
		p.Grid = m.Grid
		p.move(moved)
	}
	for _, warning := range m.Warnings {
		p.note(NoteServerWarns, outside.Line(warning))
	}
	for _, info := range m.Infos {
		p.note(NoteServerNotes, outside.Line(info))
	}
}

// partly says that an answer is only a part, and what the server says of that.
func (p *Panel) partly(m promapi.Meta) {
	p.Data = DataPartial
	switch {
	case !p.Partial.IsZero():
	case len(m.Warnings) > 0:
		p.Partial = NoteOf(NotePartSaid, outside.Line(m.Warnings[0]))
	default:
		p.Partial = NoteOf(NotePartSilent)
	}
}

// Keep gives the findings that which selects the status NoData where there, asked of their rows,
// says that what they are about is there.
func (p *Panel) Keep(which func(Finding) bool, there func(Row) bool) {
	selected := map[uint64]bool{}
	for _, f := range p.Findings {
		if which(f) {
			selected[f.Key()] = true
		}
	}
	if len(selected) == 0 {
		return
	}
	kept := map[uint64]bool{}
	for _, r := range p.Rows {
		if k := r.Key(); selected[k] {
			kept[k] = there(r)
		}
	}
	for i := range p.Findings {
		if f := &p.Findings[i]; which(*f) && kept[f.Key()] {
			f.Status = rules.NoData
		}
	}
	slices.SortStableFunc(p.Findings, func(a, b Finding) int { return a.Compare(b.Finding) })
	for i := range p.Rows {
		p.Rows[i].silence(kept)
	}
	for i := range p.Lines {
		p.Lines[i].silence(kept)
	}
}

// silence calls a row that ended one without data, where what it is about is there.
func (r *Row) silence(there map[uint64]bool) {
	if r.Status == rules.Gone && there[r.Key()] {
		r.Status = rules.NoData
	}
}

// holdBack takes back what rules that need all data have judged by a part of it: what is not in the
// answer may be there.
func (p *Panel) holdBack() {
	judges, held := false, map[string]bool{} // a rule that needs not all judges on
	for _, r := range p.Spec.Rules {
		judges, held[r.Name] = judges || !r.NeedsAll, r.NeedsAll
	}
	if p.Partial.IsZero() || !slices.ContainsFunc(p.Spec.Rules, func(r rules.Rule) bool {
		return r.NeedsAll
	}) {
		return
	}
	p.Findings = slices.DeleteFunc(p.Findings, func(f Finding) bool { return held[f.Rule] })
	worst := map[uint64]rules.Finding{}
	for i := range p.Findings { // the worst first
		f := &p.Findings[i]
		if _, known := worst[f.Key()]; !known && f.Status != rules.OK {
			worst[f.Key()] = f.Finding
		}
	}
	rejudge := func(r *Row) {
		f, found := worst[r.Key()]
		switch {
		case !p.Spec.Judges(r.Ref):
		case found:
			r.Status, r.Severity = f.Status, f.Severity
		case judges:
			r.Status, r.Severity = rules.OK, rules.None
		default:
			r.Status, r.Severity = rules.Unknown, rules.None
		}
	}
	p.OK = 0
	for i := range p.Rows {
		rejudge(&p.Rows[i])
		if p.Rows[i].Status == rules.OK {
			p.OK++
		}
	}
	for i := range p.Lines {
		rejudge(&p.Lines[i].Row)
	}
	p.note(NoteNotJudgedByPart)
}

// move sets right the times that were taken from the grid while the answer was folded, which is
// before it was known to be moved.
func (p *Panel) move(by time.Duration) {
	set := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	for i := range p.Rows {
		set(&p.Rows[i].Stats.MaxAt)
	}
	for i := range p.Lines {
		set(&p.Lines[i].Stats.MaxAt)
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		set(&f.Newest)
		streaks := []*rules.Streak{f.Streak, f.Earlier}
		if f.Latest != f.Earlier { // they are often the same
			streaks = append(streaks, f.Latest)
		}
		for _, s := range streaks {
			if s != nil {
				set(&s.From, &s.To, &s.PeakAt, &s.Well, &s.Event)
			}
		}
	}
}

// judgeAge calls an answer partial whose newest sample of all is old: the server lags, or lost its
// targets.
func (p *Panel) judgeAge(newest int) {
	whole := p.Data == DataComplete
	if newest < 0 {
		p.Data, p.Old = DataPartial, whole
		p.note(NoteNoSamples)
		return
	}
	if age := p.Grid.End().Sub(p.Grid.At(newest)); age > rules.StaleAfter(p.Grid.Step) {
		p.Data, p.Old = DataPartial, whole
		p.note(NoteNewestIsOld, age)
	}
}

// whole is what a ratio is of, and the labels that it adds to the series.
type whole struct {
	size  float64
	aside series.Labels
}

// askCapacity asks for the whole of each series' ratio at the end of the range and puts it into
// wholes, by the hash of the labels: of the series of so many names of Spec.Narrow, of all where
// there are none. Of several wholes of one series, such as disks that are mounted one upon the
// other, it is the largest, then the one whose labels come first.
func (p *Panel) askCapacity(ctx context.Context, q Querier, v panel.Vars, o Options, names []string,
	wholes map[uint64]whole) error {
	if p.Spec.Capacity == nil {
		return nil
	}
	expr := panel.Expand(p.Spec.Capacity.Query, v)
	if len(names) > 0 {
		var err error
		if expr, err = narrowedTo(expr, p.Spec.Narrow, names); err != nil {
			return err
		}
	}
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: p.newest(), Limit: o.MaxSeries},
		func(s series.Series) error {
			c := s.Values[0]
			if !series.Finite(c) {
				return nil
			}
			own, aside := split(s.Labels, p.Spec.Capacity.Aside)
			k := own.Hash()
			if known, ok := wholes[k]; !ok ||
				cmp.Or(cmp.Compare(known.size, c), aside.Compare(known.aside)) < 0 {
				wholes[k] = whole{c, aside}
			}
			return nil
		})
	if err != nil {
		return fmt.Errorf("asking for the capacity: %w", err)
	}
	return nil
}

// split returns the labels without those named, and those. One with the value of another label says
// nothing more, and is in neither.
func split(ls series.Labels, names []string) (rest, named series.Labels) {
	if len(names) == 0 {
		return ls, nil
	}
	for _, l := range ls {
		if !slices.Contains(names, l.Name) {
			rest = append(rest, l)
		}
	}
	for _, l := range ls {
		if slices.Contains(names, l.Name) && !slices.ContainsFunc(rest, func(r series.Label) bool {
			return r.Value == l.Value
		}) {
			named = append(named, series.Label{
				Name: strings.Clone(l.Name), Value: strings.Clone(l.Value),
			})
		}
	}
	return rest, named
}

// Failed returns the panels of specs that were not asked for because of err.
func Failed(specs []panel.Spec, err error) []Panel {
	panels := make([]Panel, len(specs))
	for i, s := range specs {
		panels[i] = Panel{Spec: s, Exprs: exprs(&s), Data: DataFailed, Failure: FailureOf(err)}
	}
	return panels
}

// mostRemarks is how many lines one remark may have.
const mostRemarks = 10

// askRemarks runs the remarks' queries. One that fails costs a note.
func (p *Panel) askRemarks(ctx context.Context, q Querier, v panel.Vars) {
	at := series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1}
	for i, r := range p.Spec.Remarks {
		var lines []remarked
		_, err := q.Range(ctx, promapi.Query{Expr: panel.Expand(r.Query, v), Grid: at},
			func(s series.Series) error {
				if !math.IsNaN(s.Values[0]) {
					lines = append(lines, remarked{
						legend(r.Text, s.Labels.With("value", "{{value}}")), s.Values[0],
					})
				}
				return nil
			})
		if err != nil {
			p.note(NoteRemarkMissing, err)
			continue
		}
		p.remark(i, lines, 0)
	}
}
