package ruleset

import (
	"context"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// surveyStep is how exactly the beginning of the history is looked for at first. Samples are up to
// five minutes older than an answer with them, so no shorter hole is mistaken for the beginning.
const surveyStep = 5 * time.Minute

// begin leaves out the evaluations before the history of the server: there, an expression such as
// absent(x), or one with "or vector(0)", has a series of which no server would have known. The
// history begins with the metric up, which every server has that scrapes targets. If there is none
// in all the time, nothing is known about it.
func (r *run) begin(ctx context.Context, res *Result, of map[groupKey]limits) {
	if len(res.Rules) == 0 || r.failed(ctx) != nil {
		return
	}
	known, err := r.history(ctx, res)
	if err != nil || known.IsZero() {
		r.remember(err) // each rule says by itself why it has no answer
		return
	}
	for i := range res.Rules {
		rule := &res.Rules[i]
		rule.beginAt(known.Add(of[groupKey{rule.File, rule.Group}].offset))
	}
}

// history returns when the history of the server begins, as exactly as the rule that is evaluated
// most often needs it. It returns the zero time if the history is older than all evaluations, or
// unknown.
func (r *run) history(ctx context.Context, res *Result) (time.Time, error) {
	g, first, err := r.firstUp(ctx, r.oldest(res), r.o.End, surveyStep)
	if err != nil || first == 0 {
		return time.Time{}, err
	}
	from, to := g.At(g.Len-1), r.o.End
	switch {
	case first > 0:
		from, to = g.At(first-1), g.At(first)
	case !from.Before(to):
		return time.Time{}, nil
	}
	often := surveyStep
	for i := range res.Rules {
		often = min(often, res.Rules[i].Grid.Step)
	}
	g, first, err = r.firstUp(ctx, from, to, often)
	if err != nil || first < 0 {
		return time.Time{}, err
	}
	return g.At(first), nil
}

// firstUp returns the first point between two times at which a target was scraped, or -1, and the
// grid of the points.
func (r *run) firstUp(ctx context.Context, from, to time.Time, step time.Duration) (g series.Grid,
	first int, err error) {
	for to.Sub(from)/step >= panel.MaxPoints-1 {
		step *= 2
	}
	first = -1
	meta, err := r.q.Range(ctx, promapi.Query{
		Expr: "group(up)", Grid: panel.PlanGrid(to, to.Sub(from), step),
	}, func(s series.Series) error {
		first = slices.IndexFunc(s.Values, series.Finite)
		return nil
	})
	return meta.Grid, first, err
}

// beginAt leaves out the evaluations before a time, but not the newest one.
func (r *Rule) beginAt(t time.Time) {
	early := int((t.Sub(r.Grid.Start) + r.Grid.Step - 1) / r.Grid.Step)
	early = min(max(early, 0), r.Grid.Len-1)
	r.Grid.Start, r.Grid.Len = r.Grid.At(early), r.Grid.Len-early
}

// oldest returns the time of the oldest evaluation.
func (r *run) oldest(res *Result) time.Time {
	from := r.o.End
	for i := range res.Rules {
		if g := res.Rules[i].Grid; g.Start.Before(from) {
			from = g.Start
		}
	}
	return from
}
