package ruleset

import (
	"context"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// surveyStep is how exactly the beginning of the history is known. Samples are never older than
// five minutes in an answer, so no shorter hole is mistaken for it.
const surveyStep = 5 * time.Minute

// begin leaves out the evaluations before the history of the server: there, an expression such as
// absent(x), or one with "or vector(0)", has a series of which no server would have known. The
// history begins with the metric up, which every server has that scrapes targets. If there is none
// in all the time, nothing is known about it.
func (r *run) begin(ctx context.Context, res *Result, of map[groupKey]limits) {
	if len(res.Rules) == 0 || r.failed(ctx) != nil {
		return
	}
	span := r.o.End.Sub(r.oldest(res))
	step := surveyStep
	for span/step >= panel.MaxPoints-1 {
		step *= 2
	}
	first := -1
	meta, err := r.q.Range(ctx, promapi.Query{
		Expr: "group(up)", Grid: panel.PlanGrid(r.o.End, span, step),
	}, func(s series.Series) error {
		first = slices.IndexFunc(s.Values, series.Finite)
		return nil
	})
	if err != nil || first <= 0 {
		r.remember(err) // each rule says by itself why it has no answer
		return
	}
	known := meta.Grid.At(first)
	for i := range res.Rules {
		rule := &res.Rules[i]
		rule.beginAt(known.Add(of[groupKey{rule.File, rule.Group}].offset))
	}
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
