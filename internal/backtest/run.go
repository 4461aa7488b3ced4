package backtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Run tests a rule of a panel on the past. Without a name, it is the panel's first rule with a
// level to move.
//
// It reads the history twice: coarsely, to find levels and where the history begins, and in full.
// Then it replays the alerts of every level of interest with rules.Judge and rules.Advance. If ctx
// ends while it reads in full, the result covers what was read, marked as Stopped.
//
// The workload of a pod is the one that its name suggests, and whether an object existed is what
// the identity table in Options.Query knows now. The bound on the number of alerts that promsnap
// remembers does not apply.
func Run(ctx context.Context, q snapshot.Querier, spec panel.Spec, rule string,
	o Options) (*Result, error) {
	p, err := newPlan(spec, rule, o)
	if err != nil {
		return nil, err
	}
	if spec.Without != "" {
		return nil, &LevelError{spec.Name, p.rule.Name, IsCondition}
	}
	reader, err := snapshot.NewReader(q, spec, p.rule.Name, p.step, o.Query)
	if err != nil {
		return nil, err
	}
	fetch := &fetcher{reader: reader, points: mostPoints, step: p.step}
	fetch.report = p.reporter()
	found, err := p.look(ctx, fetch)
	if err != nil {
		return nil, fmt.Errorf("surveying the history of %s: %w", spec.Name, err)
	}
	if err := p.startAt(found.first); err != nil {
		return nil, err
	}
	pinned := slices.Concat([]float64{p.configured()}, o.Levels)
	d := p.rule.Direction
	levels := filled(ordered(d, slices.Concat(pinned, suggested(found.highs, d,
		spec.Unit()))...), p.configured(), d, &spec)
	e := newEngine(p, reader, levels, pinned)
	fetch.points = min(fetch.points, pointsFor(found.series))
	read, err := e.load(ctx, fetch)
	stopped := ctx.Err() != nil
	if err != nil && !stopped {
		return nil, fmt.Errorf("reading the history of %s: %w", spec.Name, err)
	}
	p.end(read)
	if len(p.slots) == 0 {
		return nil, fmt.Errorf("reading the history of %s: %w", spec.Name, err)
	}
	return e.result(ctx, stopped), nil
}

// startAt begins the plan with the first sample that there is.
func (p *plan) startAt(first time.Time) error {
	if first.IsZero() {
		return &ShortError{Asked: p.o.Since}
	}
	p.begin(first)
	if have := p.grid.End().Sub(first); have < Week-surveyStep {
		return &ShortError{Asked: p.o.Since, Have: have, From: first}
	}
	return nil
}

// reporter returns a function that reports progress. The survey counts as a part of the history.
func (p *plan) reporter() func(time.Duration, int) {
	survey := p.grid.Range() / max(surveyStep, p.step) * p.step
	return func(done time.Duration, samples int) {
		if p.o.Progress != nil {
			all := survey + p.grid.Range()
			p.o.Progress(Progress{Done: min(done, all), All: all, Samples: samples})
		}
	}
}

// afterStop is how long the levels are replayed after the run was stopped. Those that are left
// have what one pass counted.
const afterStop = 20 * time.Second

// result replays what was loaded.
func (e *engine) result(ctx context.Context, stopped bool) *Result {
	e.finish()
	p := e.plan
	if held := p.heldOut(); !held.Equal(e.held) { // a stopped run is shorter than planned
		e.held = held
		e.splitAgain()
	}
	if stopped {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), afterStop)
		defer cancel()
	}
	out := &Result{
		Report: p.o.Report, Panel: p.spec, Rule: p.rule, Severity: p.severity,
		From: p.slots[0].at, To: p.slots[len(p.slots)-1].at, Asked: p.o.Since,
		Slots: len(p.slots), Series: len(e.tracks), Pages: p.pages,
		HeldOut: e.held, Blind: e.judgeData(), Proposed: -1,
	}
	out.Wall = p.wall()
	objects := e.objects()
	e.propose(out, func(f, l int) Candidate { return e.try(ctx, objects, f, l, out.Blind) })
	out.Stopped = stopped || ctx.Err() != nil
	return out
}

// try replays a level with a For. Of a level that is of no interest, and once ctx has ended, it
// returns what one pass counted.
func (e *engine) try(ctx context.Context, objects []object, f, l int, blind []Span) Candidate {
	p := e.plan
	var out Candidate
	from, to := p.slots[0].at, p.slots[len(p.slots)-1].at
	older, done := 0, false
	if e.replayed(f, l) {
		out, older, done = e.replayAll(ctx, objects, p.at(e.levels[l], e.fors[f]))
	}
	if !done {
		out = Candidate{About: true}
		older = e.about(&out, f, l)
	}
	out.Level, out.For = e.levels[l], e.fors[f]
	out.PerWeek = perWeek(out.Alerts, from, to, blind)
	out.Held = perWeek(out.Alerts-older, e.held, to, blind)
	out.Older = perWeek(older, from, e.held, blind)
	return out
}

// replayAll replays a rule for every object, and returns how many alerts a slot found before the
// newest third. It is not done if ctx ends.
func (e *engine) replayAll(ctx context.Context, objects []object,
	rule rules.Rule) (c Candidate, older int, done bool) {
	for i := range objects {
		if ctx.Err() != nil {
			return c, 0, false
		}
		o := &objects[i]
		if r := e.newReplay(o, rule); r != nil {
			older += e.count(&c, o, r.run(e.plan.slots), r.alert.Name)
		}
	}
	c.finish()
	return c, older, true
}

// about fills in what one pass counted, and returns the alerts before the newest third.
func (e *engine) about(c *Candidate, f, l int) (older int) {
	var objects keys
	for _, n := range []*count{&e.counts[f][l], &e.fixed[f]} {
		c.Alerts, older = c.Alerts+n.alerts, older+n.older
		c.Firing, c.Longest = c.Firing+n.firing, max(c.Longest, n.longest)
		c.Flaps += n.flaps
		objects.addAll(n.objects)
	}
	c.Objects = objects.len()
	return older
}

// count adds the episodes of an object, and returns how many a slot found before the newest third.
func (e *engine) count(c *Candidate, o *object, all []rules.Episode, name string) (older int) {
	if len(all) == 0 {
		return 0
	}
	out := Object{Name: name, Identity: o.identity}
	for i, ep := range all {
		lasted := ep.Lasted()
		c.Firing, c.Longest = c.Firing+lasted, max(c.Longest, lasted)
		if i > 0 && ep.Since.Sub(all[i-1].Last) < 3*e.plan.keep {
			c.Flaps++
		}
		if ep.Found.Before(e.held) {
			older++
		}
		out.Episodes = append(out.Episodes, Episode{
			From: ep.Since, To: ep.Last, Firing: ep.Fires(), Worst: float64(ep.Peak),
			Severity: ep.Worst,
		})
	}
	c.Alerts, c.Objects, c.By = c.Alerts+len(all), c.Objects+1, append(c.By, out)
	return older
}

// finish sorts the objects and computes the share of the first.
func (c *Candidate) finish() {
	slices.SortStableFunc(c.By, func(a, b Object) int {
		return cmp.Compare(len(b.Episodes), len(a.Episodes))
	})
	if len(c.By) > 0 {
		c.TopShare = float64(len(c.By[0].Episodes)) / float64(c.Alerts)
	}
}

// perWeek returns a number of alerts a week, of the time that was not blind.
func perWeek(n int, from, to time.Time, blind []Span) float64 {
	seen := to.Sub(from)
	for _, b := range blind {
		a, z := latest(b.From, from), b.To
		if z.After(to) {
			z = to
		}
		seen -= max(z.Sub(a), 0)
	}
	if n == 0 || seen <= 0 {
		return 0
	}
	return float64(n) * float64(Week) / float64(seen)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
