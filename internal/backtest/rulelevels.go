package backtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

const (
	// mostLower is how many levels before the configured one are tried. They show where it is, but
	// none is proposed.
	mostLower = 2
	// surveyDay is the points of a day in the survey.
	surveyDay = int(24 * time.Hour / surveyStep)
)

// comparison returns the comparison of a rule with a number that is a level: another number makes
// it alert less often.
func (r *fileRule) comparison() (rulefile.Comparison, bool) {
	written, ok := rulefile.Compare(r.Expr)
	if !ok || !series.Finite(written.Level) {
		return rulefile.Comparison{}, false
	}
	asked, ok := rulefile.Compare(r.Query)
	switch asked.Op {
	case "<", "<=", ">", ">=":
		return asked, ok && asked.Op == written.Op && asked.Level == written.Level
	}
	return asked, false
}

// direction returns on which side of a level the samples are for which the comparison is true.
func direction(c rulefile.Comparison) rules.Direction {
	if strings.HasPrefix(c.Op, "<") {
		return rules.Below
	}
	return rules.Above
}

// levels tries other levels for a rule that is counted.
func (t *fileTest) levels(ctx context.Context, r *fileRule, progress func(part float64)) error {
	compared, ok := r.comparison()
	if !ok {
		return nil
	}
	d := direction(compared)
	highs, err := t.highs(ctx, r, compared.Left, d)
	if err != nil {
		return fmt.Errorf("surveying its series to try other levels: %w", err)
	}
	pinned := slices.Concat([]float64{compared.Level}, t.o.Levels)
	spec := panel.Spec{Name: r.Group, Queries: []panel.Query{{Expr: compared.Left}}}
	all := filled(ordered(d, slices.Concat(pinned, suggested(highs, d, units.None))...),
		compared.Level, d, &spec)
	all = slices.DeleteFunc(all, func(l float64) bool {
		lower := slices.Index(all, compared.Level) - slices.Index(all, l)
		return lower > mostLower && !slices.Contains(pinned, l)
	})
	s := &levelled{fileTest: t, rule: r, compared: compared, levels: all}
	s.fors, s.asked = t.forsOf(r.Rule)
	if err := s.read(ctx, progress); err != nil {
		return fmt.Errorf("reading its series to try other levels: %w", err)
	}
	s.propose(spec)
	return nil
}

// highs returns the highest value of each series and day; for a rule with < the lowest.
func (t *fileTest) highs(ctx context.Context, r *fileRule, expr string,
	d rules.Direction) ([]float64, error) {
	g := panel.PlanGrid(r.grid.End(), r.grid.Range(), max(surveyStep, r.Interval))
	var all, part []float64
	in := t.answersOf(r)
	in.points, in.whole = 30*surveyDay, surveyDay
	in.begin = func() { part = part[:0] }
	in.keep = func(values []float64) bool {
		for day := range slices.Chunk(values, surveyDay) {
			high := math.NaN()
			for _, v := range day {
				if series.Finite(v) && (math.IsNaN(high) || d.Compare(v, high) < 0) {
					high = v
				}
			}
			if series.Finite(high) {
				part = append(part, high)
			}
		}
		return false
	}
	err := in.read(ctx, expr, g, func(series.Grid, []series.Series) error {
		all = append(all, part...)
		if len(all) > 100*mostSeries {
			return errSeries
		}
		return nil
	})
	return all, err
}

// forsOf returns the Fors to try, and how many of them were asked for: the configured one, then
// those of the options, or else longer ones. With keep_firing_for it is only the configured one.
func (t *fileTest) forsOf(r rulefile.Rule) (fors []time.Duration, asked int) {
	fors = []time.Duration{r.For}
	if r.KeepFiringFor > 0 {
		return fors, 1
	}
	for _, f := range t.o.Fors {
		if !slices.Contains(fors, f) {
			fors = append(fors, f)
		}
	}
	asked = len(fors)
	if asked == 1 && r.For > 0 {
		fors = append(fors, 2*r.For, 4*r.For)
	}
	return fors, asked
}

// levelled is the replay of a rule at several levels.
type levelled struct {
	*fileTest
	rule     *fileRule
	compared rulefile.Comparison
	levels   []float64 // those with the most alerts first
	fors     []time.Duration
	asked    int                   // the first of fors
	states   []*rulefile.Evaluator // by level; nil: it has too many alerts
}

// read replays the rule at all levels.
func (s *levelled) read(ctx context.Context, progress func(part float64)) error {
	for range s.levels {
		s.states = append(s.states, s.evaluator(s.rule))
	}
	in := s.answersOf(s.rule)
	in.keep = func(values []float64) bool { return s.narrow(values, s.levels[0]) }
	done := 0
	replayed := s.replayed(s.rule, slices.Max(s.fors))
	err := in.read(ctx, s.compared.Left, replayed,
		func(g series.Grid, found []series.Series) error {
			for l, level := range s.levels {
				found = slices.DeleteFunc(found, func(one series.Series) bool {
					return !s.narrow(one.Values, level)
				})
				if s.states[l] == nil {
					continue
				}
				switch err := s.states[l].Add(g, found); {
				case err == nil:
				case level == s.compared.Level:
					return err
				default:
					s.states[l] = nil
				}
			}
			done += g.Len
			progress(float64(done) / float64(replayed.Len))
			return nil
		})
	return err
}

// narrow drops the samples for which the comparison with a level is false, and reports whether
// there are others.
func (s *levelled) narrow(values []float64, level float64) bool {
	any := false
	for i, v := range values {
		var holds bool
		switch s.compared.Op {
		case ">":
			holds = v > level
		case ">=":
			holds = v >= level
		case "<":
			holds = v < level
		case "<=":
			holds = v <= level
		}
		if !holds {
			values[i] = math.NaN()
		}
		any = any || holds
	}
	return any
}

// propose sets the candidates of the rule and the proposed one, as for a rule of a panel.
func (s *levelled) propose(spec panel.Spec) {
	out := *s.rule.out
	out.Panel = spec
	if out.Severity == rules.Critical {
		out.Rule.Critical = rules.At(s.compared.Level)
	} else {
		out.Rule.Warning = rules.At(s.compared.Level)
	}
	p := &plan{
		spec: spec, rule: out.Rule, severity: out.Severity, pages: out.Pages, fors: s.fors,
		asked: s.asked,
	}
	e := &engine{plan: p, fors: p.fors, fixed: make([]count, len(p.fors))}
	var episodes [][]rulefile.Episode
	for l, states := range s.states {
		if states != nil {
			e.levels = append(e.levels, s.levels[l])
			episodes = append(episodes, s.rule.counting(states.Result()).Episodes)
		}
	}
	for range p.fors {
		e.counts = append(e.counts, make([]count, len(e.levels)))
	}
	out.Candidates, out.Proposed = nil, -1
	e.propose(&out, func(f, l int) Candidate {
		c := out.candidate(s.rule, episodes[l], p.fors[f])
		c.Level = e.levels[l]
		return c
	})
	s.rule.Levelled, *s.rule.out = true, out
}
