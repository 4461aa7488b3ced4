package backtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// evaluated is a server that also evaluates comparisons of its series with a number, and the metric
// up. Other expressions have an error or no series.
type evaluated struct {
	*past
	fails map[string]error // by expression
	down  Span             // without up
	have  map[string]bool  // of recorded metrics, nil: none
	most  int              // points of an answer; 0: any number
	after func(expr string)
}

func (e *evaluated) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if err := ctx.Err(); err != nil {
		return promapi.Meta{}, err
	}
	if e.after != nil {
		defer e.after(q.Expr)
	}
	if err := e.fails[q.Expr]; err != nil {
		return promapi.Meta{}, err
	}
	if e.most > 0 && q.Grid.Len > e.most {
		return promapi.Meta{}, &promapi.Error{Kind: promapi.KindTooMuch, Message: "points"}
	}
	if q.Expr == "group(up)" {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			at := q.Grid.At(i)
			values[i] = 1
			if at.Before(e.grid.Start) || !at.Before(e.down.From) && at.Before(e.down.To) {
				values[i] = math.NaN()
			}
		}
		return promapi.Meta{Grid: q.Grid}, each(series.Series{Values: values})
	}
	compared, ok := rulefile.Compare(q.Expr)
	switch {
	case !ok && q.Expr != "disk":
		return promapi.Meta{Grid: q.Grid}, nil
	case !ok:
		return e.past.Range(ctx, q, each)
	}
	s := levelled{compared: compared}
	return e.past.Range(ctx, q, func(one series.Series) error {
		if !s.narrow(one.Values, compared.Level) {
			return nil
		}
		return each(one)
	})
}

// Present says which recorded metrics there are.
func (e *evaluated) Present(context.Context, []string, time.Time, time.Time) (map[string]bool,
	error) {
	return e.have, nil
}

// fileOptions returns the options of a test of one rule over the history of a server.
func fileOptions(p *past, all ...rulefile.Rule) FileOptions {
	for i := range all {
		all[i].Labels = series.FromPairs("severity", "warning")
	}
	return FileOptions{
		Groups: []rulefile.Group{{
			File: "rules.yml", Name: "node", Interval: p.grid.Step, Rules: all,
		}},
		End: p.grid.End(), Since: p.grid.Range(),
	}
}

var diskFull = rulefile.Rule{Alert: "DiskFull", Expr: "disk > 0.8", For: 15 * time.Minute}

func TestRuleFile(t *testing.T) {
	short := daily(0, 30, 3, 20*time.Minute, .82) // fires for 10 minutes
	long := []bump{{25, 8, 5 * time.Hour, .95}}
	p := month(short, long, nil)
	calm := diskFull
	calm.Alert, calm.Expr = "DiskGone", "disk > 2"
	state := diskFull
	state.Alert, state.Expr = "DiskState", "disk >= bool 0.8"
	refused := diskFull
	refused.Alert, refused.Expr = "DiskOdd", "odd > 1"
	equal := diskFull
	equal.Alert, equal.Expr = "DiskEqual", "disk != 0.8"
	q := &evaluated{past: p, fails: map[string]error{
		"odd > 1": &promapi.Error{Kind: promapi.KindQuery, Message: "refused"},
	}}
	got, err := RunFile(context.Background(), q, fileOptions(p, calm, state, refused, equal,
		diskFull))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Error(), "DiskOdd: ") {
		t.Errorf("got the errors %v, want that of DiskOdd", got.Failed)
	}
	var names []string
	for _, r := range got.Rules {
		names = append(names, fmt.Sprintf("%s %d %s", r.Rule.Name, r.Candidates[r.Now].Alerts, r.Why))
	}
	want := []string{"DiskFull 31 fits", "DiskEqual 0 enough", "DiskGone 0 enough",
		"DiskState 0 enough"}
	if diff := cmp.Diff(names, want); diff != "" {
		t.Fatalf("rules and their alerts (-got +want):\n%s", diff)
	}
	r := got.Rules[0]
	now, to := r.Candidates[r.Now], r.Candidates[r.Proposed]
	if now.Objects != 2 || now.By[0].Name != `{node="n1"}` || len(now.By[0].Episodes) != 30 {
		t.Errorf("got %d series, first %s with %d alerts, want 2, n1 with 30", now.Objects,
			now.By[0].Name, len(now.By[0].Episodes))
	}
	// The condition holds at 5 evaluations. The alert fires from the fourth to the sixth.
	first := now.By[0].Episodes[0]
	if from := start.Add(3*time.Hour + 15*time.Minute); !first.From.Equal(from) ||
		first.To.Sub(first.From) != 10*time.Minute || first.Severity != rules.Warning {
		t.Errorf("got %+v, want 10 minutes from %v", first, from)
	}
	if to.Level <= 0.8 || to.Older > 2 || r.File.Brief != 0 || !r.File.Levelled {
		t.Errorf("got level %v with %.1f alerts a week, %d brief, want a higher one with 2, 0",
			to.Level, to.Older, r.File.Brief)
	}
}

func TestRuleFileBrief(t *testing.T) {
	p := month(daily(0, 30, 3, 15*time.Minute, .82))
	o := fileOptions(p, diskFull)
	q := &evaluated{past: p, down: Span{start.Add(48 * time.Hour), start.Add(60 * time.Hour)}}
	got, err := RunFile(context.Background(), q, o)
	if err != nil {
		t.Fatal(err)
	}
	if r := got.Rules[0]; r.File.Brief != 30 || len(r.Blind) != 1 {
		t.Errorf("got %d brief alerts and %v blind, want 30 and one time", r.File.Brief, r.Blind)
	}
	o.Since = 60 * 24 * time.Hour
	got, err = RunFile(context.Background(), q, o)
	if err != nil || !got.Rules[0].From.Equal(start) {
		t.Errorf("got %v and error %v, want the beginning of the history", got, err)
	}
	o.End = start.Add(24 * time.Hour)
	var lacks *ShortError
	if _, err = RunFile(context.Background(), q, o); !errors.As(err, &lacks) {
		t.Errorf("got error %v, want that the history is short", err)
	}
}

// A stopped run has what was read, and names the rules that it did not read.
func TestRuleFileStops(t *testing.T) {
	p := month(daily(0, 30, 3, 20*time.Minute, .82))
	other := diskFull
	other.Alert = "Other"
	for _, stop := range []string{"disk > 0.8", "disk"} {
		ctx, cancel := context.WithCancel(context.Background())
		q := &evaluated{past: p, most: 3000, after: func(expr string) {
			if expr == stop && len(p.questions()) > 2 {
				cancel()
			}
		}}
		p.asked = nil
		got, err := RunFile(ctx, q, fileOptions(p, diskFull))
		if err != nil || len(got.Rules) != 1 || !got.Rules[0].Stopped || len(got.Failed) != 0 {
			t.Fatalf("%s: got %+v and error %v, want one stopped rule", stop, got, err)
		}
		if r := got.Rules[0]; r.Candidates[r.Now].Alerts < 10 || r.File.Levelled {
			t.Errorf("%s: got %d alerts, want those that were read", stop, r.Candidates[0].Alerts)
		}
	}
	// Nothing is known of a rule that did not fire in the part that was read.
	calm := month(daily(20, 30, 3, 20*time.Minute, .82))
	ctx, cancel := context.WithCancel(context.Background())
	q := &evaluated{past: calm, most: 3000, after: func(expr string) {
		if expr == "disk > 0.8" && len(calm.questions()) > 0 {
			cancel()
		}
	}}
	got, err := RunFile(ctx, q, fileOptions(calm, diskFull))
	if err != nil || len(got.Rules) != 0 || len(got.Left) != 1 {
		t.Errorf("got %+v and error %v, want one rule left", got, err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	q = &evaluated{past: p, after: func(string) { cancel() }}
	got, err = RunFile(ctx, q, fileOptions(p, diskFull, other))
	if err != nil || len(got.Rules) != 0 || len(got.Left) != 2 {
		t.Errorf("got %+v and error %v, want two rules left", got, err)
	}
}

// A recorded metric that the server does not have in all the time is expanded.
func TestRuleFileExpands(t *testing.T) {
	p := month(daily(0, 30, 3, 20*time.Minute, .82))
	rule := diskFull
	rule.Expr = "node:disk > 0.8"
	for _, have := range []bool{false, true} {
		o := fileOptions(p, rule)
		o.Groups[0].Rules = append(o.Groups[0].Rules, rulefile.Rule{
			Record: "node:disk", Expr: "disk",
		})
		q := &evaluated{past: p, have: map[string]bool{"node:disk": have}}
		got, err := RunFile(context.Background(), q, o)
		if err != nil {
			t.Fatal(err)
		}
		want := "disk > 0.8"
		if have {
			want = "node:disk > 0.8"
		}
		query := strings.NewReplacer("(", "", ")", "").Replace(got.Rules[0].File.Query)
		if query != want {
			t.Errorf("recorded %v: got the query %s, want %s", have, query, want)
		}
	}
}

// genEvaluated draws a history of two weeks with a rule.
func genEvaluated(t *rapid.T) (*past, rulefile.Rule) {
	below := rapid.Bool().Draw(t, "below")
	p := &past{grid: series.Grid{Start: start, Step: 10 * time.Minute, Len: 14*144 + 1}}
	for _, name := range []string{"a", "b", "c"} {
		text := genText(p.grid.Len).Draw(t, name)
		p.series = append(p.series, series.Series{
			Labels: series.FromPairs("node", name), Values: valuesOf(text, below),
		})
	}
	rule := rulefile.Rule{
		Alert: "High", Expr: rapid.SampledFrom([]string{"disk > 80", "disk >= 75"}).Draw(t, "expr"),
		For:           time.Duration(rapid.SampledFrom([]int{0, 10, 25, 60}).Draw(t, "for")) * time.Minute,
		KeepFiringFor: rapid.SampledFrom([]time.Duration{0, 0, 25 * time.Minute}).Draw(t, "keep"),
	}
	if below {
		rule.Expr = rapid.SampledFrom([]string{"disk < -80", "disk <= -75"}).Draw(t, "expr below")
	}
	return p, rule
}

// Chunks change nothing, and a level that is tried has the alerts of a rule with that level and
// For.
func TestRuleFileLevelsAreRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, rule := genEvaluated(rt)
		q := &evaluated{past: p}
		o := fileOptions(p, rule)
		o.Alert, o.Pages = "High", rapid.SampledFrom([]float64{2, 20, 1000}).Draw(rt, "pages")
		o.Fors = []time.Duration{30 * time.Minute}
		run := func(o FileOptions) Result {
			got, err := RunFile(context.Background(), q, o)
			if err != nil || len(got.Failed) > 0 || len(got.Rules) != 1 {
				rt.Fatalf("got %+v and error %v, want one rule", got, err)
			}
			return got.Rules[0]
		}
		want := run(o)
		q.most = rapid.IntRange(100, 1500).Draw(rt, "most points")
		if diff := cmp.Diff(run(o), want, cmpopts.EquateNaNs()); diff != "" {
			rt.Fatalf("in chunks (-got +want):\n%s", diff)
		}
		c := rapid.SampledFrom(want.Candidates).Draw(rt, "candidate")
		one := rule
		one.Expr, _ = rulefile.WithLevel(rule.Expr, c.Level)
		one.For, one.Labels = c.For, nil
		o = fileOptions(p, one)
		o.Pages = 1e6
		counted := run(o)
		got := counted.Candidates[0]
		got.Level = c.Level
		if len(c.By) == 0 {
			got.By = nil
		}
		for _, all := range [][]Object{got.By, c.By} { // the order of equal ones may differ
			slices.SortFunc(all, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
		}
		if diff := cmp.Diff(c, got); diff != "" {
			rt.Fatalf("%s for %v (-level +rule):\n%s", one.Expr, one.For, diff)
		}
	})
}
