package backtest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// mostHeld is the most samples of an answer that are in memory at once: 16 MB.
const mostHeld = 2 << 20

// errHeld means that an answer has more than mostHeld samples.
var errHeld = errors.New("the rule has too many series to keep even an hour of them; aggregate " +
	"its expression")

// answers reads the answers of an expression in chunks, the oldest first.
type answers struct {
	q      snapshot.Querier
	limit  int           // of the series of an answer
	offset time.Duration // how far before an evaluation its samples are
	points int           // of a chunk; fewer once an answer was too large
	whole  int           // a chunk has a multiple of so many points; 0: any number
	begin  func()        // before each answer; nil: not called
	// keep reports whether a series is needed. It may change the samples. Nil: every one is.
	keep func([]float64) bool
}

// read calls end with the series of each chunk. A chunk that is too much for the server or for the
// memory is asked for again in halves.
func (a *answers) read(ctx context.Context, expr string, g series.Grid,
	end func(series.Grid, []series.Series) error) error {
	for at := 0; at < g.Len; {
		n := min(a.points, g.Len-at)
		part := series.Grid{Start: g.At(at).Add(-a.offset), Step: g.Step, Len: n}
		found, meta, err := a.ask(ctx, expr, part)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case (errors.Is(err, errHeld) || tooMuch(err, meta)) && n > leastPoints:
			a.points = max(n/2, leastPoints)
			a.points -= a.points % max(a.whole, 1)
			continue
		default:
			return err
		}
		part.Start = g.At(at)
		if err := end(part, found); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// ask returns the series of an answer that are needed.
func (a *answers) ask(ctx context.Context, expr string, g series.Grid) ([]series.Series,
	promapi.Meta, error) {
	if a.begin != nil {
		a.begin()
	}
	var found []series.Series
	meta, err := a.q.Range(ctx, promapi.Query{Expr: expr, Grid: g, Limit: a.limit},
		func(s series.Series) error {
			if a.keep != nil && !a.keep(s.Values) {
				return nil
			}
			if (len(found)+1)*g.Len > mostHeld {
				return errHeld
			}
			found = append(found, series.Series{
				Labels: s.Labels.Clone(), Values: slices.Clone(s.Values),
			})
			return nil
		})
	return found, meta, err
}

// answersOf returns a reader of answers for a rule.
func (t *fileTest) answersOf(r *fileRule) *answers {
	return &answers{
		q: t.q, limit: t.o.MaxSeries, offset: r.group.QueryOffset, points: mostPoints,
	}
}

// evaluator returns an evaluator of a rule.
func (t *fileTest) evaluator(r *fileRule) *rulefile.Evaluator {
	return rulefile.NewEvaluator(r.Rule, rulefile.Options{
		Limit: r.group.Limit, External: t.o.External,
	})
}

// count counts the alerts of a rule as it is configured. If ctx ends, the result covers what was
// read.
func (t *fileTest) count(ctx context.Context, r *fileRule, progress func(part float64)) error {
	states := t.evaluator(r)
	seen := map[uint64]struct{}{}
	replayed := t.replayed(r, r.For)
	err := t.answersOf(r).read(ctx, r.Query, replayed,
		func(g series.Grid, found []series.Series) error {
			for _, s := range found {
				seen[s.Labels.Hash()] = struct{}{}
			}
			if len(seen) > mostSeries {
				return errSeries
			}
			progress(float64(g.Len) / float64(replayed.Len))
			return states.Add(g, found)
		})
	got := r.counting(states.Result())
	if err != nil && (ctx.Err() == nil || got.Evaluations == 0) {
		return err
	}
	r.Failures = got.Failures
	r.out = t.counted(r, got)
	r.out.Series, r.out.Stopped = len(seen), err != nil
	return nil
}

// counting returns what counts of a replay: nothing of what was over before the first evaluation
// that counts.
func (r *fileRule) counting(got rulefile.Result) rulefile.Result {
	first := r.grid.Start
	got.First = first
	got.Evaluations = max(0, int(got.Last.Sub(first)/r.Interval)+1)
	got.Episodes = slices.DeleteFunc(got.Episodes, func(e rulefile.Episode) bool {
		return !e.Ended.IsZero() && !e.Ended.After(first)
	})
	got.Failures = slices.DeleteFunc(got.Failures, func(f rulefile.Failure) bool {
		return f.To.Before(first)
	})
	for i := range got.Failures {
		if f := &got.Failures[i]; f.From.Before(first) {
			f.From, f.Evaluations = first, int(f.To.Sub(first)/r.Interval)+1
		}
	}
	return got
}

// counted returns the result of a rule without other levels.
func (t *fileTest) counted(r *fileRule, got rulefile.Result) *Result {
	compared, levelled := r.comparison()
	out := &Result{
		Panel: panel.Spec{Name: r.Group, Queries: []panel.Query{{Expr: r.Query}}},
		Rule: rules.Rule{
			Name: r.Alert, Direction: direction(compared), For: r.For,
			KeepFiringFor: r.KeepFiringFor,
		},
		Severity: r.severity(), From: got.First, To: got.Last, Asked: t.o.Since,
		Slots: got.Evaluations, Pages: t.o.Pages,
		HeldOut: got.First.Add(got.Last.Sub(got.First) * 2 / 3),
	}
	for _, b := range t.blind {
		if b.To.After(out.From) && b.From.Before(out.To) {
			out.Blind = append(out.Blind, b)
		}
	}
	r.common = commonTo(got.Episodes)
	now := out.candidate(r, got.Episodes, r.For)
	now.Level = math.NaN()
	for _, o := range now.By {
		for _, e := range o.Episodes {
			if !e.Firing && e.To.Sub(e.From) < BriefAlert {
				r.Brief++
			}
		}
	}
	out.Candidates, out.File = []Candidate{now}, &r.FileRule
	switch often := max(now.Older, now.PerWeek) > t.o.Pages; {
	case levelled && (often || t.o.Alert != ""):
		out.Why, out.Proposed = Unread, -1 // until other levels were tried
	case often:
		out.Why, out.Proposed = Fixed, -1
	default:
		out.Why = Enough
	}
	return out
}

// candidate returns what the episodes of a level come to with a For.
func (out *Result) candidate(r *fileRule, all []rulefile.Episode, hold time.Duration) Candidate {
	c := Candidate{For: hold}
	by := map[string]int{}
	older := 0
	back := 3 * cmp.Or(r.KeepFiringFor, rules.DefaultKeepFiringFor)
	for i := range all {
		e := r.episode(&all[i], hold, out)
		if e == nil {
			continue
		}
		key := all[i].Labels.String()
		n, ok := by[key]
		if !ok {
			n = len(c.By)
			by[key] = n
			c.By = append(c.By, Object{Name: r.nameOf(all[i].Labels), Identity: all[i].Labels})
		}
		o := &c.By[n]
		lasted := e.To.Sub(e.From)
		c.Alerts, c.Firing, c.Longest = c.Alerts+1, c.Firing+lasted, max(c.Longest, lasted)
		if n := len(o.Episodes); n > 0 && e.From.Sub(o.Episodes[n-1].To) < back {
			c.Flaps++
		}
		if e.From.Before(out.HeldOut) {
			older++
		}
		o.Episodes = append(o.Episodes, *e)
	}
	c.Objects = len(c.By)
	c.finish()
	c.PerWeek = perWeek(c.Alerts, out.From, out.To, out.Blind)
	c.Older = perWeek(older, out.From, out.HeldOut, out.Blind)
	c.Held = perWeek(c.Alerts-older, out.HeldOut, out.To, out.Blind)
	return c
}

// episode returns the alert of an episode with a For, nil if it would not have fired. A For other
// than the rule's is only for rules without KeepFiringFor: with it, an episode could be several.
func (r *fileRule) episode(from *rulefile.Episode, hold time.Duration, of *Result) *Episode {
	at := from.FiredAt
	if hold != r.For {
		at = time.Time{}
		if from.LastHeld.Sub(from.ActiveSince) >= hold {
			steps := (hold + r.Interval - 1) / r.Interval
			at = from.ActiveSince.Add(steps * r.Interval)
		}
	}
	if at.IsZero() {
		return nil
	}
	e := &Episode{
		From: latest(at, of.From), To: from.Ended, Firing: from.Ended.IsZero(), Worst: from.Highest,
		Severity: r.severity(),
	}
	if e.Firing {
		e.To = of.To
	}
	if of.Rule.Direction == rules.Below {
		e.Worst = from.Lowest
	}
	return e
}

// nameOf names an alert by the labels in which it differs from others of the rule.
func (r *fileRule) nameOf(ls series.Labels) string {
	own := slices.DeleteFunc(slices.Clone(ls), func(l series.Label) bool { return r.common[l] })
	for _, l := range r.Labels {
		own = own.With(l.Name, "")
	}
	if own = own.With("alertname", ""); len(own) == 0 {
		own = ls
	}
	return own.String()
}

// commonTo returns the labels that all alerts that fired have. There are none if all are one.
func commonTo(all []rulefile.Episode) map[series.Label]bool {
	out := map[series.Label]bool{}
	var first series.Labels
	several := false
	for _, e := range all {
		switch {
		case !e.Fired():
		case first == nil:
			first = e.Labels
			for _, l := range first {
				out[l] = true
			}
		default:
			several = several || !slices.Equal(first, e.Labels)
			maps.DeleteFunc(out, func(l series.Label, _ bool) bool {
				return e.Labels.Get(l.Name) != l.Value
			})
		}
	}
	if !several {
		return nil
	}
	return out
}
