package panels_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

// simulated queries a simulated cluster and records the length of the longest query.
type simulated struct {
	*lab.Lab
	longest int
}

func (s *simulated) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	s.longest = max(s.longest, len(q.Expr))
	since := func(t time.Time) time.Duration {
		return time.Duration(t.UnixMilli()) * time.Millisecond
	}
	m, err := query(s.Lab, q.Expr, since(q.Grid.Start), since(q.Grid.End()), q.Grid.Step)
	if err != nil {
		return promapi.Meta{}, fmt.Errorf("%w: %s", err, q.Expr)
	}
	for i, in := range m {
		if q.Limit > 0 && i == q.Limit {
			return promapi.Meta{}, &promapi.LimitError{Limit: q.Limit}
		}
		var pairs []string
		in.Metric.Range(func(l labels.Label) { pairs = append(pairs, l.Name, l.Value) })
		values := make([]float64, q.Grid.Len)
		for j := range values {
			values[j] = math.NaN()
		}
		for _, p := range in.Floats {
			values[int(time.UnixMilli(p.T).Sub(q.Grid.Start)/q.Grid.Step)] = p.F
		}
		if err := each(
			series.Series{Labels: series.FromPairs(pairs...), Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid, Series: len(m)}, nil
}

func (*simulated) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out, nil
}

// withoutEnded returns the findings without those of series that have just ended and have no
// streak, and how many series have ended.
func withoutEnded(found []snapshot.Finding) (kept []snapshot.Finding, gone int) {
	for _, f := range found {
		if f.Status == rules.Gone {
			gone++
		}
		if f.Status != rules.Gone || f.Streak != nil || f.Earlier != nil {
			kept = append(kept, f)
		}
	}
	return kept, gone
}

// TestANarrowedPanelFindsTheSame snapshots each panel that can be narrowed, once with room for all
// of its series and once with room for few. Findings, drawn lines and the number of healthy series
// are the same.
func TestANarrowedPanelFindsTheSame(t *testing.T) {
	race.SkipSerial(t)
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	cluster, err := lab.New(lab.Options{Profile: lab.Community, Nodes: 30, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var specs []panel.Spec
	for _, s := range panels.All() {
		if s.Narrow != "" {
			specs = append(specs, s)
		}
	}
	if len(specs) < 5 {
		t.Fatalf("got %d panels that can be narrowed, want at least 5", len(specs))
	}
	source := &simulated{Lab: cluster}
	const one = 1 // the engine reuses the samples of an answer for the next query
	found := 0
	for _, rng := range []time.Duration{time.Hour, 6 * time.Hour} {
		o := snapshot.Options{Slot: now, Range: rng, QueryOffset: time.Minute, Concurrency: one}
		all := snapshot.Take(t.Context(), source, specs, o)
		o.MaxSeries = 60
		few := snapshot.Take(t.Context(), source, specs, o)
		for i := range specs {
			a, f := &all[i], &few[i]
			t.Run(fmt.Sprint(rng, " ", specs[i].Name), func(t *testing.T) {
				if a.Failure != nil || f.Failure != nil {
					t.Fatalf("got errors %v and %v, want none", a.Failure, f.Failure)
				}
				allFound, allGone := withoutEnded(a.Findings)
				fewFound, fewGone := withoutEnded(f.Findings)
				if a.Total <= o.MaxSeries || f.LeftOut == 0 || f.LeftOut+len(f.Rows) != f.Total ||
					len(a.Spec.Rules) > 0 && f.Total-fewGone != a.Total-allGone ||
					len(a.Spec.Rules) > 0 && f.OK != a.OK {
					t.Errorf("narrowed: got %d rows, %d left out, %d gone, %d OK of %d; "+
						"want some left out, and the rest as for all: %d gone, %d OK of %d",
						len(f.Rows), f.LeftOut, fewGone, f.OK, f.Total, allGone, a.OK, a.Total)
				}
				if !slices.ContainsFunc(f.Notes, func(n snapshot.Note) bool {
					return strings.HasPrefix(n.Code, snapshot.NoteLeftOut)
				}) {
					t.Errorf("got notes %q, want one on the series that are left out", f.Notes)
				}
				same := cmp.Options{
					cmpopts.EquateNaNs(), cmp.Comparer(func(a, b series.Labels) bool {
						return a.Compare(b) == 0
					}),
				}
				if diff := cmp.Diff(allFound, fewFound, same); diff != "" {
					t.Errorf("findings: diff (-want as for all, +got narrowed):\n%s", diff)
				}
				for j := range f.Lines { // of equal series, others may be drawn
					if got, want := f.Lines[j].Stats.Last, a.Lines[j].Stats.Last; got != want &&
						len(a.Spec.Rules) > 0 {
						t.Errorf("line %d: got %v, want %v", j, got, want)
					}
				}
				if slices.ContainsFunc(a.Findings, func(f snapshot.Finding) bool {
					return f.Status == rules.Breach
				}) {
					found++
				}
			})
		}
	}
	if found < 4 {
		t.Errorf("got findings in %d panels, want at least 4", found)
	}
	if source.longest > 16<<10 {
		t.Errorf("got a query of %d bytes, want at most the 16,384 of VictoriaMetrics",
			source.longest)
	}
}
