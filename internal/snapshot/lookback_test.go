package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// history is a server whose series are functions of the time before the slot. It records the range
// queries.
type history struct {
	mu     sync.Mutex
	series map[string]func(ago time.Duration) float64 // by the node, of each query
	asked  []promapi.Query
	fails  func(promapi.Query) error // nil: no query fails
	// the only series of queries of the metric up
	without func(ago time.Duration) float64
	// the only series of queries that group a metric; nil: none
	metrics  func(ago time.Duration) float64
	clusters map[string]string // by node
	joined   map[string]time.Time
}

func (h *history) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, q)
	if h.fails != nil {
		if err := h.fails(q); err != nil {
			return promapi.Meta{}, err
		}
	}
	for node, of := range h.series {
		switch {
		case strings.HasPrefix(q.Expr, "up"):
			of = h.without
		case q.Expr == `group by (cluster) ({__name__="m"})`:
			of = h.metrics
		}
		if of == nil {
			continue
		}
		if strings.Contains(q.Expr, "node=~") && !strings.Contains(q.Expr, node) {
			continue
		}
		values := make([]float64, q.Grid.Len)
		if strings.Contains(q.Expr, "kube_node_created") {
			values[0] = float64(h.joined[node].Unix())
			of = nil
		}
		for i := range values {
			if of == nil {
				break
			}
			values[i] = of(slot.Add(-time.Minute).Sub(q.Grid.At(i)))
		}
		ls := series.FromPairs("node", node)
		if cluster := h.clusters[node]; cluster != "" {
			ls = ls.With("cluster", cluster)
		}
		if q.Expr == "size" {
			ls = ls.With("size", "large")
		}
		err := each(series.Series{Labels: ls, Values: values})
		if err != nil {
			return promapi.Meta{}, err
		}
	}
	return promapi.Meta{Expr: q.Expr, Grid: q.Grid}, nil
}

func (h *history) Present(context.Context, []string, time.Time,
	time.Time) (map[string]bool, error) {
	return nil, nil
}

// above returns a series that is above the limit from ago to now, except at some times.
func above(from time.Duration, except ...func(time.Duration) (float64, bool)) func(
	time.Duration) float64 {
	return func(ago time.Duration) float64 {
		for _, e := range except {
			if v, ok := e(ago); ok {
				return v
			}
		}
		if ago > from {
			return 50
		}
		return 95
	}
}

func between(from, to time.Duration, v float64) func(time.Duration) (float64, bool) {
	return func(ago time.Duration) (float64, bool) { return v, ago <= from && ago >= to }
}

var memory = panel.Spec{
	Name: "memory", Queries: []panel.Query{{Expr: `m{x="$__interval"}`, Unit: units.Percent}},
	Rules: []rules.Rule{{
		Name: "High", Warning: rules.At(80), Critical: rules.At(90), For: 15 * time.Minute,
	}},
}

func options(rng time.Duration) snapshot.Options {
	return snapshot.Options{Slot: slot, Range: rng, QueryOffset: time.Minute}
}

// lookBack takes a panel and looks back for it.
func lookBack(h *history, spec panel.Spec, o snapshot.Options,
	known func(*snapshot.Panel, *snapshot.Finding) bool) snapshot.Panel {
	panels := snapshot.Take(context.Background(), h, []panel.Spec{spec}, o)
	h.asked = nil
	snapshot.LookBack(context.Background(), h, panels, o, known)
	return panels[0]
}

func TestLookBack(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		name  string
		of    func(time.Duration) float64
		rng   time.Duration
		since time.Duration // before the end of the window
		open  bool
		asked int
	}{
		{"it began five hours ago", above(5 * time.Hour), time.Hour, 299 * time.Minute, false, 1},
		{
			"with a hole", above(5*time.Hour, between(4*time.Hour, 3*time.Hour, nan)), time.Hour,
			299 * time.Minute, false, 1,
		},
		{
			"with a dip", above(5*time.Hour, between(3*time.Hour, 170*time.Minute, 50)), time.Hour,
			169 * time.Minute, false, 1,
		},
		{"older than a day", above(30 * time.Hour), time.Hour, 24 * time.Hour, true, 1},
		{
			"the source may be new",
			above(30*time.Hour, between(90*time.Hour, 301*time.Minute, nan)),
			time.Hour, 299 * time.Minute, true, 1,
		},
		{"it began within the window", above(30 * time.Minute), time.Hour, 30 * time.Minute, false,
			0},
		{"the window is a day", above(30 * time.Hour), 24 * time.Hour, 24 * time.Hour, true, 0},
	} {
		h := &history{series: map[string]func(time.Duration) float64{"n1": tc.of}}
		p := lookBack(h, memory, options(tc.rng), nil)
		if len(h.asked) != tc.asked {
			t.Errorf("%s: got %d more queries, want %d", tc.name, len(h.asked), tc.asked)
		}
		s := p.Findings[0].Streak
		if got := p.Grid.End().Sub(s.From); got != tc.since || s.Open != tc.open {
			t.Errorf("%s: got a beginning %s before the end, open %v; want %s, %v", tc.name, got,
				s.Open, tc.since, tc.open)
		}
		past := p.PastOf("", p.Findings[0].Labels)
		if (past != nil) != (tc.asked > 0) {
			t.Errorf("%s: got the past %v, want one only after a query", tc.name, past)
		}
		if past != nil && (past.Grid.Step != 2*time.Minute || past.Grid.Len != 721 ||
			len(past.Values) != 721) {
			t.Errorf("%s: got a past of %d samples, each %s; want 721, each 2m", tc.name,
				len(past.Values), past.Grid.Step)
		}
		if len(p.Notes) > 0 {
			t.Errorf("%s: got the notes %v, want none", tc.name, p.Notes)
		}
	}
}

// Only the objects of the alerts are asked about, with the variables of the panel's own step:
// increase(x[$__interval]) must not grow with the steps.
func TestLookBackLimitsTheQuery(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{}}
	for i := range 100 {
		h.series[fmt.Sprintf("calm-%03d", i)] = above(-1)
	}
	for i := range 60 {
		h.series[fmt.Sprintf("hot-%03d", i)] = above(5 * time.Hour)
	}
	p := lookBack(h, memory, options(time.Hour), nil)
	if len(h.asked) != 1 {
		t.Fatalf("got %d more queries, want 1", len(h.asked))
	}
	expr := h.asked[0].Expr
	if !strings.HasPrefix(expr, `m{node=~"hot-`) || !strings.Contains(expr, `x="1m"`) ||
		strings.Count(expr, "calm-") != 0 || strings.Count(expr, "hot-") != 53 {
		t.Errorf("got the query %s, want it for 50 nodes and 3 witnesses, with an interval of 1m",
			expr)
	}
	if len(p.Past) != 50 {
		t.Errorf("got the past of %d series, want 50", len(p.Past))
	}
	open := 0
	for _, f := range p.Findings {
		if f.Streak != nil && f.Streak.Open {
			open++
		}
	}
	if open != 10 {
		t.Errorf("got %d streaks that may be older, want the 10 that were not asked about", open)
	}
}

// A query that cannot be limited has coarser steps for many series.
func TestLookBackAtEverySeries(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"hot": above(5 * time.Hour)}}
	for i := range 2000 {
		h.series[fmt.Sprintf("calm-%04d", i)] = above(-1)
	}
	spec := memory
	spec.Queries = []panel.Query{{Expr: `sum without (node) (m)`, Unit: units.Percent}}
	p := lookBack(h, spec, options(time.Hour), nil)
	if len(h.asked) != 1 || h.asked[0].Expr != spec.Queries[0].Expr ||
		h.asked[0].Grid.Step != 10*time.Minute {
		t.Errorf("got %v, want the query unchanged, each 10m", h.asked)
	}
	if got := p.Grid.End().Sub(p.Findings[0].Streak.From); got > 5*time.Hour ||
		got < 290*time.Minute {
		t.Errorf("got a beginning %s before the end, want about 5h", got)
	}
}

func TestLookBackOnlyAtTheUnknown(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{
		"a": above(5 * time.Hour), "b": above(6 * time.Hour), "c": above(-1),
	}}
	known := func(_ *snapshot.Panel, f *snapshot.Finding) bool { return f.Name == "{node=\"a\"}" }
	p := lookBack(h, memory, options(time.Hour), known)
	if len(h.asked) != 1 || !strings.Contains(h.asked[0].Expr, `node=~"a|b|c"`) {
		t.Errorf("got %v, want one query for b, with a and c as witnesses", h.asked)
	}
	for _, f := range p.Findings {
		if open := f.Name == "{node=\"a\"}"; f.Streak.Open != open {
			t.Errorf("%s: got open %v, want %v", f.Name, f.Streak.Open, open)
		}
	}
	p = lookBack(h, memory, options(time.Hour), func(*snapshot.Panel, *snapshot.Finding) bool {
		return true
	})
	if len(h.asked) != 0 || p.Past != nil {
		t.Errorf("all known: got the queries %v and the past %v, want none", h.asked, p.Past)
	}
}

func TestLookBackFails(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"a": above(5 * time.Hour)}}
	before := snapshot.Take(t.Context(), h, []panel.Spec{memory}, options(time.Hour))[0]
	h.fails = func(q promapi.Query) error {
		if q.Grid.Range() == snapshot.LookBackRange {
			return errors.New("too many samples")
		}
		return nil
	}
	p := lookBack(h, memory, options(time.Hour), nil)
	want := []snapshot.Note{snapshot.NoteOf(snapshot.NotePastUnknown, "too many samples")}
	if !slices.EqualFunc(p.Notes, want, func(a, b snapshot.Note) bool {
		return a.Code == b.Code && slices.Equal(a.Args, b.Args)
	}) {
		t.Errorf("got the notes %v, want %v", p.Notes, want)
	}
	if got, want := *p.Findings[0].Streak, *before.Findings[0].Streak; got != want {
		t.Errorf("got the streak %+v, want it unchanged: %+v", got, want)
	}
	if p.Data != snapshot.DataComplete || p.Failure != nil {
		t.Errorf("got data %v, failure %v; want complete, none", p.Data, p.Failure)
	}
	h.fails = func(q promapi.Query) error {
		if q.Grid.Range() == snapshot.LookBackRange {
			panic("boom")
		}
		return nil
	}
	if p := lookBack(h, memory, options(time.Hour), nil); len(p.Notes) != 1 {
		t.Errorf("after a panic: got the notes %v, want one", p.Notes)
	}
}

// Each query of a panel looks back for its own series, and a panel that counts what lacks a series
// asks both of its queries.
func TestLookBackAtSeveralQueries(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"a": above(5 * time.Hour)}}
	spec := memory
	spec.Queries = []panel.Query{
		{Ref: "A", Expr: "a"}, {Ref: "B", Expr: "b"}, {Ref: "C", Expr: "c"},
	}
	spec.Rules = []rules.Rule{
		{Name: "One", Ref: "A", Warning: rules.At(90)},
		{Name: "Two", Ref: "B", Warning: rules.At(80)},
		{Name: "Three", Ref: "B", Critical: rules.At(90)},
	}
	p := lookBack(h, spec, options(time.Hour), nil)
	if len(h.asked) != 2 || len(p.Past) != 2 {
		t.Fatalf("got the queries %v and %d pasts, want one of A and one of B", h.asked,
			len(p.Past))
	}
	for _, f := range p.Findings {
		if got := p.Grid.End().Sub(f.Streak.From); got != 299*time.Minute || f.Streak.Open {
			t.Errorf("%s: got a beginning %s before the end, want 4h59m", f.Rule, got)
		}
	}
}

// A panel about nodes without a series of another query has more than one query to look back with.
func TestLookBackAtNodesWithout(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{"n1": above(99 * time.Hour)}}
	spec := panel.Spec{
		Name: "exporter", Queries: []panel.Query{{Expr: `kube_node_info`, Legend: "{{node}}"}},
		Without: `up{job="node"}`, WithoutAll: "all",
		Rules: []rules.Rule{{Name: "Silent", Warning: rules.At(0), Condition: true}},
	}
	h.without = func(ago time.Duration) float64 {
		if ago > 5*time.Hour {
			return 1
		}
		return math.NaN()
	}
	p := lookBack(h, spec, options(time.Hour), nil)
	if len(h.asked) != 2 {
		t.Errorf("got %d more queries, want 2", len(h.asked))
	}
	if got := p.Grid.End().Sub(p.Findings[0].Streak.From); got != 299*time.Minute {
		t.Errorf("got a beginning %s before the end, want 4h59m", got)
	}
}

// A merged panel has the past of the worst series of all parts.
func TestMergedPast(t *testing.T) {
	var parts []snapshot.Panel
	for _, name := range []string{"a", "b"} {
		h := &history{series: map[string]func(time.Duration) float64{}}
		for i := range 40 {
			h.series[fmt.Sprintf("%s-%02d", name, i)] = above(5 * time.Hour)
		}
		o := options(time.Hour)
		o.Part = name
		parts = append(parts, lookBack(h, memory, o, nil))
	}
	p, err := snapshot.Merge(parts...)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Past) != 50 {
		t.Errorf("got the past of %d series, want 50", len(p.Past))
	}
	for i := range p.Past {
		if f := &p.Findings[i]; p.PastOf("", f.Labels) == nil {
			t.Errorf("got no past of %s, the %dth worst, want one", f.Name, i)
		}
	}
	again, err := snapshot.Merge(parts[1], parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(p.Past, again.Past, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("in another order (-want +got):\n%s", diff)
	}
}

// BenchmarkLookBack looks back for 40 of 5,000 nodes: with a query that can be limited to these
// nodes, and with one that cannot.
func BenchmarkLookBack(b *testing.B) {
	h := &history{series: map[string]func(time.Duration) float64{}}
	for i := range 5000 {
		from := 5 * time.Hour
		if i >= 40 {
			from = 0
		}
		h.series[fmt.Sprintf("n-%04d", i)] = above(from)
	}
	for name, expr := range map[string]string{"limited": `m`, "whole": `sum without (node) (m)`} {
		b.Run(name, func(b *testing.B) {
			spec := memory
			spec.Queries = []panel.Query{{Expr: expr}}
			taken := snapshot.Take(b.Context(), h, []panel.Spec{spec}, options(time.Hour))[0]
			b.ReportAllocs()
			for b.Loop() {
				p := taken
				p.Findings = slices.Clone(p.Findings)
				snapshot.LookBack(b.Context(), h, []snapshot.Panel{p}, options(time.Hour), nil)
				if p.Findings[0].Streak.Open {
					b.Fatal("got a streak that may be older, want its beginning")
				}
			}
		})
	}
}

// The first sample of a series is its beginning if its source has older samples.
func TestLookBackAtANewSeries(t *testing.T) {
	missing := between(90*time.Hour, 301*time.Minute, math.NaN())
	for name, tc := range map[string]struct {
		other     func(time.Duration) float64
		emptyIsOK bool
		metric    func(time.Duration) float64 // nil: the server does not know it
		open      bool
	}{
		"another series is older": {above(-1), false, nil, false},
		"all series are as new":   {above(0, missing), false, nil, true},
		"only bad series are in the answer, and the metric is older": {
			above(0, missing), true, above(0), false,
		},
		"only bad series are in the answer, and the metric is as new": {
			above(0, missing), true, above(0, missing), true,
		},
		"only bad series are in the answer, and nothing is known of the metric": {
			above(0, missing), true, nil, true,
		},
		"only bad series are in the answer, and another is older": {above(-1), true, nil, false},
	} {
		h := &history{series: map[string]func(time.Duration) float64{
			"new": above(30*time.Hour, missing), "other": tc.other,
		}, metrics: tc.metric}
		spec := memory
		spec.EmptyIsOK = tc.emptyIsOK
		s := lookBack(h, spec, options(time.Hour), nil).Findings[0].Streak
		if got := slot.Add(-time.Minute).Sub(s.From); got != 299*time.Minute || s.Open != tc.open {
			t.Errorf("%s: got a beginning %s before the end, open %v; want 4h59m, %v", name, got,
				s.Open, tc.open)
		}
	}
}

// A cluster's first sample is no sign that another cluster has older data.
func TestLookBackAtClusters(t *testing.T) {
	missing := between(90*time.Hour, 301*time.Minute, math.NaN())
	for name, tc := range map[string]struct {
		other string // the cluster of the series that is older
		open  bool
	}{
		"an older series in the same cluster":  {"a", false},
		"an older series in the other cluster": {"b", true},
	} {
		h := &history{
			series: map[string]func(time.Duration) float64{
				"new": above(30*time.Hour, missing), "other": above(-1),
			},
			clusters: map[string]string{"new": "a", "other": tc.other},
		}
		p := lookBack(h, memory, options(time.Hour), nil)
		if s := p.Findings[0].Streak; s.Open != tc.open {
			t.Errorf("%s: got open %v, want %v", name, s.Open, tc.open)
		}
		if tc.other == "b" && strings.Contains(h.asked[0].Expr, "other") {
			t.Errorf("%s: got the query %s, want no witness of it", name, h.asked[0].Expr)
		}
	}
}

// Overrides match the labels of the capacity, when the panel looks back too.
func TestLookBackAtOverrides(t *testing.T) {
	h := &history{series: map[string]func(time.Duration) float64{
		"n1": above(5*time.Hour, between(8*time.Hour, 300*time.Minute, 85)),
	}}
	spec := memory
	spec.Capacity = &panel.Capacity{Query: "size", Aside: []string{"size"}}
	spec.Overrides = []panel.Override{{
		Match: []panel.Matcher{{Label: "size", Op: "=", Value: "large"}},
		Rule:  "High", Warning: rules.At(90),
	}}
	s := lookBack(h, spec, options(time.Hour), nil).Findings[0].Streak
	// 85 % is within the limit of this node and beyond that of others
	if want := slot.Add(-302 * time.Minute); s.Well.Before(want) {
		t.Errorf("got the newest sample within the limit at %s, want one at %s or later", s.Well,
			want)
	}
}
