package backtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/series"
)

// runAlerts returns the alerts that a report of the rules has: by labels, each time in which one
// fired, cut to the range.
func runAlerts(q *evaluated, o FileOptions) []string {
	res := ruleset.Run(context.Background(), q, o.Groups, nil, ruleset.Options{
		End: o.End, Range: o.Since, Interval: o.Interval,
	})
	var all []string
	for _, r := range res.Rules {
		for _, a := range r.Alerts {
			for _, e := range a.Episodes {
				if !e.Fired() {
					continue
				}
				from, to := e.FiredAt, e.Ended
				if from.Before(res.From) {
					from = res.From
				}
				if to.IsZero() {
					to = r.Grid.End()
				}
				all = append(all, alertLine(a.Labels.String(), from, to, e.Ended.IsZero()))
			}
		}
	}
	slices.Sort(all)
	return all
}

func alertLine(labels string, from, to time.Time, firing bool) string {
	return fmt.Sprintf("%s %s to %s, fires now: %v", labels, from.Format(time.RFC3339),
		to.Format(time.RFC3339), firing)
}

// candidateAlerts returns the alerts of a candidate.
func candidateAlerts(c Candidate) []string {
	var all []string
	for _, o := range c.By {
		for _, e := range o.Episodes {
			all = append(all, alertLine(o.Identity.String(), e.From, e.To, e.Firing))
		}
	}
	slices.Sort(all)
	return all
}

// A back-test has the alerts that a report of the same time has, for the level and the For of every
// candidate.
func TestRuleFilesAgreeWithRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, rule := genEvaluated(rt)
		q := &evaluated{past: p}
		o := fileOptions(p, rule)
		o.Since = time.Duration(rapid.IntRange(7*144, p.grid.Len-1).Draw(rt, "since")) * p.grid.Step
		o.Alert = rapid.SampledFrom([]string{"", "High"}).Draw(rt, "alert")
		o.Pages, o.Fors = 2, []time.Duration{40 * time.Minute}
		found, err := RunFile(context.Background(), q, o)
		if err != nil || len(found.Failed) > 0 || len(found.Rules) != 1 {
			rt.Fatalf("got %+v and error %v, want one rule", found, err)
		}
		got := found.Rules[0]
		if want := o.End.Add(-o.Since); !got.From.Equal(want) {
			rt.Fatalf("got a back-test from %v, want %v", got.From, want)
		}
		for _, c := range got.Candidates {
			one := rule
			if one.For = c.For; got.File.Levelled {
				one.Expr, _ = rulefile.WithLevel(rule.Expr, c.Level)
			}
			asked := fileOptions(p, one)
			asked.Since = o.Since
			if c.Alerts > 0 && len(c.By) == 0 {
				continue // only counted
			}
			if diff := cmp.Diff(runAlerts(q, asked), candidateAlerts(c)); diff != "" {
				rt.Fatalf("%s for %v keep %v (-run +back-test):\n%s", one.Expr, one.For,
					one.KeepFiringFor, diff)
			}
		}
	})
}

// without is a server that answers absent(disk): it has a series before the history.
type without struct{ *evaluated }

func (w without) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr != "absent(disk)" {
		return w.evaluated.Range(ctx, q, each)
	}
	values := make([]float64, q.Grid.Len)
	for i := range values {
		if values[i] = 1; !q.Grid.At(i).Before(w.grid.Start) {
			values[i] = math.NaN()
		}
	}
	return promapi.Meta{Grid: q.Grid}, each(series.Series{Values: values})
}

// What is before the history of a server is not replayed.
func TestRuleFileBeforeTheHistory(t *testing.T) {
	p := &past{grid: series.Grid{Start: start, Step: 10 * time.Minute, Len: 14*144 + 1}}
	for _, since := range []time.Duration{15 * 24 * time.Hour, p.grid.Range() - 10*time.Minute} {
		o := fileOptions(p, rulefile.Rule{
			Alert: "Gone", Expr: "absent(disk)", For: 2 * time.Hour, KeepFiringFor: time.Hour,
		})
		o.Since = since
		got, err := RunFile(t.Context(), without{&evaluated{past: p}}, o)
		if err != nil || len(got.Failed) > 0 || len(got.Rules) != 1 {
			t.Fatalf("got %+v and error %v, want one rule", got, err)
		}
		r := got.Rules[0]
		if r.From.Before(start) || r.Candidates[0].Alerts != 0 {
			t.Errorf("since %v: got %d alerts from %v on, want none from %v", since,
				r.Candidates[0].Alerts, r.From, start)
		}
	}
}
