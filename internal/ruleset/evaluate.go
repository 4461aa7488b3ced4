package ruleset

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// mostSamples is the most samples of an answer in memory, 32 MB. A larger answer is queried again
// in two halves.
const mostSamples = 4 << 20

// leastHalved is the fewest evaluations that are queried in halves because the server refused them.
const leastHalved = 60

// judge runs one rule: it queries its evaluations and replays them.
func (r *run) judge(ctx context.Context, rule *Rule, of limits) error {
	e := &evaluation{
		run: r, rule: rule, offset: of.offset,
		states: rulefile.NewEvaluator(rule.Rule, rulefile.Options{
			Limit: of.limit, External: r.o.External,
		}),
	}
	var err error
	if e.sketch, err = r.newSketch(rule.Interval); err != nil {
		return err
	}
	for first := 0; first < rule.Grid.Len; first += panel.MaxPoints {
		if err := e.add(ctx, part(rule.Grid, first, panel.MaxPoints)); err != nil {
			return err
		}
	}
	r.conclude(rule, e)
	return nil
}

// part returns at most n times of a grid, from its time first on.
func part(g series.Grid, first, n int) series.Grid {
	return series.Grid{Start: g.At(first), Step: g.Step, Len: min(n, g.Len-first)}
}

// evaluation is the replay of one rule.
type evaluation struct {
	*run
	rule   *Rule
	offset time.Duration
	states *rulefile.Evaluator
	sketch *sketch
}

// add queries some evaluations and replays them. If the answer is too large, for the memory or for
// the limits of the server, they are queried in halves.
func (e *evaluation) add(ctx context.Context, g series.Grid) error {
	if err := e.failed(ctx); err != nil {
		return err
	}
	answer, meta, err := e.query(ctx, g)
	if errors.Is(err, errLarge) && g.Len > 1 || isTooMuch(err) && g.Len >= leastHalved {
		half := g.Len / 2
		if err := e.add(ctx, part(g, 0, half)); err != nil {
			return err
		}
		return e.add(ctx, part(g, half, g.Len))
	}
	if err != nil {
		e.remember(err)
		return err
	}
	if meta.Partial && e.rule.Partial.IsZero() {
		e.rule.Partial = snapshot.NoteOf(snapshot.NotePartSilent)
		if len(meta.Warnings) > 0 {
			e.rule.Partial = snapshot.NoteOf(snapshot.NotePartSaid, outside.Line(meta.Warnings[0]))
		}
	}
	g.Start = meta.Grid.Start.Add(e.offset)
	e.rule.series = max(e.rule.series, len(answer))
	e.sketch.add(g, answer)
	return e.states.Add(g, answer)
}

// isTooMuch reports whether a server refused a query because of its points, samples or size.
func isTooMuch(err error) bool {
	var e *promapi.Error
	return errors.As(err, &e) && e.Kind == promapi.KindTooMuch
}

// query returns the series of the rule's expression at some evaluations.
func (e *evaluation) query(ctx context.Context, g series.Grid) ([]series.Series, promapi.Meta,
	error) {
	g.Start = g.Start.Add(-e.offset)
	var answer []series.Series
	most := max(mostSamples/g.Len, 1)
	meta, err := e.q.Range(ctx, promapi.Query{Expr: e.rule.Expr, Grid: g, Limit: e.o.MaxSeries},
		func(s series.Series) error {
			if len(answer) >= most && g.Len > 1 {
				return errLarge
			}
			answer = append(answer, series.Series{
				Labels: s.Labels.Clone(), Values: slices.Clone(s.Values),
			})
			return nil
		})
	return answer, meta, err
}

// mostSketched is the most series of a rule that are drawn or may be.
const mostSketched = 200

// sketch keeps the samples of a rule's series on the coarser grid of a chart.
type sketch struct {
	grid  series.Grid
	lines map[uint64]*snapshot.Line
}

func (r *run) newSketch(interval time.Duration) (*sketch, error) {
	step, err := panel.Step(r.o.Range, 0, interval)
	if err != nil {
		return nil, err
	}
	return &sketch{panel.PlanGrid(r.o.End, r.o.Range, step), map[uint64]*snapshot.Line{}}, nil
}

// add keeps the newest sample of each step.
func (s *sketch) add(g series.Grid, answer []series.Series) {
	for _, one := range answer {
		key := one.Labels.Hash()
		line := s.lines[key]
		for i, v := range one.Values {
			at := s.index(g.At(i))
			if at < 0 || math.IsNaN(v) {
				continue
			}
			if line == nil {
				if len(s.lines) == mostSketched {
					break
				}
				line = &snapshot.Line{
					Row: snapshot.Row{Labels: one.Labels}, Values: blank(s.grid.Len),
				}
				s.lines[key] = line
			}
			line.Values[at] = v
		}
	}
}

// index returns the step of a time: the first one that is not before it. It is -1 if the chart does
// not show the time.
func (s *sketch) index(t time.Time) int {
	since := t.Sub(s.grid.Start)
	if since < 0 {
		return -1
	}
	return min(int((since+s.grid.Step-1)/s.grid.Step), s.grid.Len-1)
}

// blank returns n missing samples.
func blank(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}
