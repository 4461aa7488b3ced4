package backtest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// plan is what is replayed, and when.
type plan struct {
	o        Options
	spec     panel.Spec
	rule     rules.Rule // as the panel judges by it
	severity rules.Severity
	pages    float64

	step, rng, keep time.Duration
	grid            series.Grid // from the start of the first window to the end of the last
	slots           []slot
	// fors are those to try: the configured one, then those that were asked for, then longer ones
	// in case no level will do.
	fors  []time.Duration
	asked int // how many of fors are the configured one and those that were asked for
}

// slot is a scheduled time with its window, as indices of the plan's grid.
type slot struct {
	at       time.Time
	from, to int32
	data     rules.Quality
}

// newPlan returns an error if the rule or an option is wrong.
func newPlan(spec panel.Spec, name string, o Options) (*plan, error) {
	rule, severity, err := ruleOf(&spec, name, o.Severity)
	switch {
	case err != nil:
		return nil, err
	case o.Slots == nil:
		return nil, ErrNoSchedule
	case o.Since < Week:
		return nil, &ShortError{Asked: o.Since}
	}
	if spec.Events != nil {
		rule.Within = spec.Events.Within
	}
	p := &plan{
		o: o, spec: spec, rule: rule, severity: severity, pages: o.Pages,
		rng:  cmp.Or(spec.Range, o.Query.Range),
		keep: cmp.Or(rule.KeepFiringFor, rules.DefaultKeepFiringFor),
	}
	if p.pages <= 0 {
		p.pages = DefaultPages
	}
	scrape := cmp.Or(o.Query.ScrapeInterval, time.Minute)
	if p.step, err = panel.Step(p.rng, spec.Step, scrape); err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	if err := p.chooseFors(scrape); err != nil {
		return nil, err
	}
	return p, p.schedule(o.Slots(o.Query.Slot.Add(-o.Since), o.Query.Slot.Add(1)))
}

// ruleOf returns the rule with this name and the severity of its limit that moves. Without a name,
// it is the first rule that has one.
func ruleOf(spec *panel.Spec, name string,
	severity rules.Severity) (rules.Rule, rules.Severity, error) {
	refused := &LevelError{Panel: spec.Name, Rule: name, Why: IsUnknown}
	for _, r := range spec.Rules {
		if name != "" && r.Name != name {
			continue
		}
		moves, why := movable(r, severity)
		if why == "" {
			return r, moves, nil
		}
		if refused.Why == IsUnknown {
			refused.Rule, refused.Why = r.Name, why
		}
	}
	return rules.Rule{}, rules.None, refused
}

// movable returns the severity of the limit of a rule that moves, or why there is none.
func movable(r rules.Rule, severity rules.Severity) (rules.Severity, NoLevel) {
	switch {
	case !r.IsAlert():
		return rules.None, IsVerdict
	case r.Condition:
		return rules.None, IsCondition
	case r.FullIn:
		return rules.None, IsForecast
	case r.Warning.Set && severity != rules.Critical:
		return rules.Warning, ""
	case r.Critical.Set && severity != rules.Warning:
		return rules.Critical, ""
	}
	return rules.None, IsUnset
}

// chooseFors sets the Fors to try.
func (p *plan) chooseFors(scrape time.Duration) error {
	for _, f := range slices.Concat([]time.Duration{p.rule.For}, p.o.Fors) {
		switch {
		case f > 0 && p.step > f/3:
			write := panel.StepFor(p.rng, scrape, []rules.Rule{{For: f}})
			return &StepError{p.spec.Name, p.step, f, cmp.Or(write, (f / 3).Truncate(time.Second))}
		case f < 0 || f > p.rng-3*p.step:
			return &RangeError{p.spec.Name, f, p.rng, p.rng - 3*p.step}
		case !slices.Contains(p.fors, f):
			p.fors = append(p.fors, f)
		}
	}
	p.asked = len(p.fors)
	for _, times := range []time.Duration{2, 4} {
		if f := times * p.rule.For; f > 0 && p.asked == 1 && f <= p.rng-3*p.step {
			p.fors = append(p.fors, f)
		}
	}
	return nil
}

// schedule sets the slots and the grid of all their windows.
func (p *plan) schedule(times []time.Time) error {
	if len(times) == 0 {
		return fmt.Errorf("the schedule of the report has no slot in the last %s",
			model.Duration(p.o.Since))
	}
	first, last := p.window(times[0]), p.window(times[len(times)-1])
	p.grid = series.Grid{Start: first.Start, Step: p.step}
	p.grid.Len = p.index(last.End()) + 1
	if p.grid.Len > math.MaxInt32 {
		return fmt.Errorf("%s: steps of %s over %s are too many", p.spec.Name,
			model.Duration(p.step), model.Duration(p.o.Since))
	}
	p.slots = make([]slot, len(times))
	for i, at := range times {
		w := p.window(at)
		p.slots[i] = slot{at: at, from: int32(p.index(w.Start)), to: int32(p.index(w.End()))}
	}
	return nil
}

// window returns the grid of a slot.
func (p *plan) window(at time.Time) series.Grid {
	return panel.PlanGrid(at.Add(-p.o.Query.QueryOffset), p.rng, p.step)
}

// index returns the index of a time in the grid of all windows.
func (p *plan) index(at time.Time) int { return int(at.Sub(p.grid.Start) / p.step) }

// begin drops the slots that end before the first sample that there is, and what only they need.
func (p *plan) begin(first time.Time) {
	n := sort.Search(len(p.slots), func(i int) bool {
		return !p.grid.At(int(p.slots[i].to)).Before(first)
	})
	if n == 0 || n == len(p.slots) {
		return
	}
	p.slots = slices.Clone(p.slots[n:])
	by := p.slots[0].from
	p.grid.Start, p.grid.Len = p.grid.At(int(by)), p.grid.Len-int(by)
	for i := range p.slots {
		p.slots[i].from, p.slots[i].to = p.slots[i].from-by, p.slots[i].to-by
	}
}

// end drops the slots that need samples from an index on.
func (p *plan) end(before int) {
	p.slots = p.slots[:sort.Search(len(p.slots), func(i int) bool {
		return int(p.slots[i].to) >= before
	})]
}

// heldOut returns the beginning of the newest third.
func (p *plan) heldOut() time.Time {
	from, to := p.slots[0].at, p.slots[len(p.slots)-1].at
	return from.Add(to.Sub(from) * 2 / 3)
}

// at returns the rule with a level and a For. The other limit counts only where it is beyond the
// level: a warning below a critical level is another question, and a critical limit below a warning
// level would alert in its place.
func (p *plan) at(level float64, lasts time.Duration) rules.Rule {
	r := p.rule
	r.For = lasts
	moves, other := &r.Warning, &r.Critical
	if p.severity == rules.Critical {
		moves, other = other, moves
	}
	*moves = rules.At(level)
	if other.Set && !r.Direction.Beyond(other.Value, level) {
		*other = rules.Limit{}
	}
	return r
}

// configured returns the level that moves, as it is configured.
func (p *plan) configured() float64 {
	if p.severity == rules.Critical {
		return p.rule.Critical.Value
	}
	return p.rule.Warning.Value
}

// wall returns the level that no proposal may reach: where the panel has a wall, or the critical
// limit if a warning moves and would reach that first. A warning beyond it would never be sent.
func (p *plan) wall() rules.Limit {
	var wall rules.Limit
	if p.spec.Wall != nil {
		wall = rules.At(p.spec.Wall.Value)
	}
	other := p.rule.Critical
	if p.severity == rules.Warning && other.Set &&
		(!wall.Set || p.rule.Direction.Beyond(wall.Value, other.Value)) {
		wall = other
	}
	return wall
}
