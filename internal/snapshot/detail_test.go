package snapshot_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

func TestDetailsOfBreaches(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		},
		Detail: &panel.Detail{
			Query:  `topk(3, pods{node="{{node}}",odd="{{odd}}",none="{{ none }}"})`,
			Legend: "{{pod}}", Unit: units.Bytes,
		},
	}
	p := take(fake{answers: map[string][]series.Series{
		"used": {constant(.94, "node", "n1", "odd", `a"} or up \`), constant(.5, "node", "n2")},
		`topk(3, pods{node="n1",odd="a\"} or up \\",none=""})`: {
			constant(1<<30, "pod", "small"), constant(22<<30, "pod", "large"),
			constant(2<<30, "pod", "b"), constant(2<<30, "pod", "a"),
		},
	}}, spec)[0]
	want := []snapshot.Part{
		{Name: "large", Value: 22 << 30}, {Name: "a", Value: 2 << 30}, {Name: "b", Value: 2 << 30},
	}
	if got := p.Findings[0].Details; !slices.Equal(got, want) || len(p.Notes) != 0 {
		t.Errorf("got details %v, want %v; notes %q", got, want, p.Notes)
	}
}

// Findings that are within limits, pending, or of a verdict get no detail query, which would fail
// here.
func TestNoDetailsWithoutAFiringAlert(t *testing.T) {
	for name, rule := range map[string]rules.Rule{
		"within":  {Name: "High", Critical: rules.At(.99)},
		"pending": {Name: "High", Critical: rules.At(.9), For: 15 * time.Minute},
		"verdict": {Name: "p95", Reduce: rules.Last, Critical: rules.At(.9)},
	} {
		f := fake{
			answers: map[string][]series.Series{
				"used": {
					{
						Labels: series.FromPairs("node", "n1"), Values: []float64{
							.5, .5, .5, .5, .5, .5, .5, .94,
						},
					},
				},
			},
		}
		p := take(f, panel.Spec{
			Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{rule},
			Detail: &panel.Detail{Query: "pods"},
		})[0]
		if p.Failure != nil || len(p.Notes) != 0 {
			t.Errorf("%s: got failure %v, notes %q; want none", name, p.Failure, p.Notes)
		}
		if want := name != "within"; want != (len(p.Findings) == 1) {
			t.Errorf("%s: got findings %+v, want one: %v", name, p.Findings, want)
		}
	}
}

// A series with two alerts gets one detail query.
func TestDetailsAreAskedOncePerSeries(t *testing.T) {
	asked := 0
	q := counting{
		fake{
			answers: map[string][]series.Series{
				"used": {constant(.94, "node", "n1")}, "pods": {constant(1, "pod", "a")},
			},
		}, "pods", &asked,
	}
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Detail: &panel.Detail{
			Query: "pods", Legend: "{{pod}}",
		},
		Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)}, {Name: "Higher", Critical: rules.At(.8)},
		},
	}
	p := snapshot.Take(t.Context(), q, []panel.Spec{spec}, snapshot.Options{
		Slot: slot, Range: time.Hour, QueryOffset: time.Minute,
	})[0]
	if asked != 1 || len(p.Findings) != 2 ||
		!slices.Equal(p.Findings[0].Details, p.Findings[1].Details) ||
		len(p.Findings[0].Details) != 1 {
		t.Errorf("got %d queries, findings %+v; want one query for both", asked, p.Findings)
	}
}

// counting counts how often one query runs.
type counting struct {
	fake
	expr  string
	times *int
}

func (c counting) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if q.Expr == c.expr {
		*c.times++
	}
	return c.fake.Range(ctx, q, each)
}

func TestDetailThatFailsCostsANote(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		}, Detail: &panel.Detail{Query: "broken"},
	}
	p := take(fake{answers: map[string][]series.Series{"used": {constant(.94, "node", "n1")}}},
		spec)[0]
	if p.Failure != nil || len(p.Findings) != 1 || len(p.Notes) != 1 {
		t.Errorf("got failure %v, %d findings, notes %q; want none, 1 and one note", p.Failure,
			len(p.Findings), p.Notes)
	}
}
