package snapshot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// usedOfLimit returns a panel with two queries whose series have the same labels.
func usedOfLimit() panel.Spec {
	return panel.Spec{
		Name: "memory", Title: "Memory",
		Queries: []panel.Query{
			{Ref: "used", Expr: "used_bytes", Legend: "{{pod}}", Unit: units.Bytes},
			{Ref: "limit", Expr: "limit_bytes", Legend: "{{pod}}", Unit: units.Bytes},
		},
		Rules: []rules.Rule{
			{Name: "High", Warning: rules.At(80)},
			{Name: "NoRoom", Ref: "limit", Direction: rules.Below, Critical: rules.At(50)},
		},
		Capacity: &panel.Capacity{Query: "whole_bytes", Unit: units.Bytes},
	}
}

func twoAnswers() fake {
	return fake{
		answers: map[string][]series.Series{
			"used_bytes":  {constant(10, "pod", "a"), constant(90, "pod", "b")},
			"limit_bytes": {constant(40, "pod", "a"), constant(100, "pod", "b")},
			"whole_bytes": {constant(200, "pod", "a"), constant(200, "pod", "b")},
		},
		present: map[string]bool{"used_bytes": true},
	}
}

func rowsOf(p snapshot.Panel) []string {
	var out []string
	for _, r := range p.Rows {
		out = append(out, fmt.Sprintf("%s %s %v of %v %v", r.Ref, r.Name, r.Stats.Last, r.Capacity,
			r.Status))
	}
	return out
}

func TestSeveralQueriesShareAPanel(t *testing.T) {
	p := take(twoAnswers(), usedOfLimit())[0]
	want := []string{
		"used b (used) 90 of 200 breach", "used a (used) 10 of 200 ok",
		"limit a (limit) 40 of NaN breach", "limit b (limit) 100 of NaN ok",
	}
	if got := rowsOf(p); !slices.Equal(got, want) {
		t.Errorf("rows:\ngot  %q\nwant %q", got, want)
	}
	var found []string
	for _, f := range p.Findings {
		found = append(found, f.Rule+" "+f.Ref+" "+f.Name)
		if l := p.Line(f.Ref, f.Labels); l == nil || l.Stats.Last != f.Value {
			t.Errorf("%s: got the line %+v, want that of the value %v", f.Rule, l, f.Value)
		}
	}
	if want := []string{"NoRoom limit a (limit)", "High used b (used)"}; !slices.Equal(found,
		want) {
		t.Errorf("findings: got %q, want %q", found, want)
	}
	if p.Failure != nil || p.Data != snapshot.DataComplete || p.Total != 4 || p.OK != 2 ||
		len(p.Lines) != 4 || !slices.Equal(p.Exprs, []string{"used_bytes", "limit_bytes"}) {
		t.Errorf("got total %d, OK %d, %d lines, data %v, queries %q, failure %v; want 4, 2, 4, "+
			"complete data of both queries", p.Total, p.OK, len(p.Lines), p.Data, p.Exprs,
			p.Failure)
	}
}

// Each query has its own lines: a hundred series of one do not displace a single one of another.
func TestQueriesShareTheRoom(t *testing.T) {
	f := fake{answers: map[string][]series.Series{"b": {constant(0, "of", "all")}}}
	for i := range 100 {
		f.answers["a"] = append(f.answers["a"],
			constant(float64(i), "pod", fmt.Sprintf("p%02d", i)))
	}
	spec := panel.Spec{Queries: []panel.Query{{Ref: "A", Expr: "a"}, {Ref: "B", Expr: "b"}}}
	for top, want := range map[int]string{0: "A99 A98 A97 A96 B0", 2: "A99 A98 B0"} {
		spec.Top = top
		p := take(f, spec)[0]
		var drawn []string
		for _, l := range p.Lines {
			drawn = append(drawn, fmt.Sprintf("%s%v", l.Ref, l.Stats.Last))
		}
		if got := strings.Join(drawn, " "); got != want {
			t.Errorf("top %d: got %s, want %s", top, got, want)
		}
		if n := len(p.Lines); p.Rest == nil || p.Rest.Series != 101-n || len(p.Others()) != 101-n {
			t.Errorf("top %d: got %d lines, the rest %+v, %d others; want %d in the last two", top,
				n, p.Rest, len(p.Others()), 101-n)
		}
	}
}

func TestOneOfSeveralQueriesFails(t *testing.T) {
	for _, broken := range []string{"used_bytes", "limit_bytes"} {
		f := twoAnswers()
		delete(f.answers, broken)
		p := take(f, usedOfLimit())[0]
		ref := strings.TrimSuffix(broken, "_bytes")
		if p.Failure == nil || p.Failure.Message != "query "+ref+": refused" ||
			p.Data != snapshot.DataFailed || p.Total != 0 {
			t.Errorf("without %s: got data %v, %d series, failure %v; want query %s refused",
				broken, p.Data, p.Total, p.Failure, ref)
		}
	}
	f := twoAnswers()
	f.meta = map[string]promapi.Meta{
		"limit_bytes": {Grid: series.Grid{Start: slot, Step: time.Minute, Len: 61}},
	}
	if p := take(f, usedOfLimit())[0]; p.Failure == nil ||
		p.Failure.Message != "query limit: its samples are at other times than those of the "+
			"panel's first query" {
		t.Errorf("two grids: got failure %v, want one about other times", p.Failure)
	}
}

func TestOneOfSeveralQueriesFindsNothing(t *testing.T) {
	for _, tc := range []struct {
		name    string
		empty   []string
		present []string
		isOK    bool
		data    snapshot.Data
		want    string
	}{
		{
			"no metric of the second", []string{"limit_bytes"}, nil, false, snapshot.DataComplete,
			"[{limit [limit_bytes]}]",
		},
		{
			"no metric of the first", []string{"used_bytes"}, []string{"limit_bytes"}, false,
			snapshot.DataComplete, "[{used [used_bytes]}]",
		},
		{
			"labels that do not match", []string{"limit_bytes"}, []string{"limit_bytes"}, false,
			snapshot.DataComplete, "[{limit []}]",
		},
		{
			"good news", []string{"limit_bytes"}, []string{"limit_bytes"}, true,
			snapshot.DataComplete, "[]",
		},
		{
			"no metric, of what may be empty", []string{"limit_bytes"}, nil, true,
			snapshot.DataComplete, "[{limit [limit_bytes]}]",
		},
		{"neither", []string{"used_bytes", "limit_bytes"}, nil, false, snapshot.DataAbsent, "[]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := twoAnswers()
			f.present = map[string]bool{}
			for _, expr := range tc.empty {
				f.answers[expr] = []series.Series{}
			}
			for _, name := range tc.present {
				f.present[name] = true
			}
			spec := usedOfLimit()
			spec.EmptyIsOK = tc.isOK
			p := take(f, spec)[0]
			if got := fmt.Sprint(p.Absent); p.Failure != nil || p.Data != tc.data ||
				got != tc.want {
				t.Errorf("got data %v, absent %s, %v; want %v, %s", p.Data, got, p.Failure, tc.data,
					tc.want)
			}
			for _, a := range p.Absent {
				rule := map[string]string{"used": "High", "limit": "NoRoom"}[a.Ref]
				if got := p.AbsentOf(rule); got == nil || got.Ref != a.Ref {
					t.Errorf("the query that %s judges: got %+v, want %s", rule, got, a.Ref)
				}
			}
		})
	}
}

// Two parts of a panel with several queries merge like those with one.
func TestMergeOfSeveralQueries(t *testing.T) {
	spec := usedOfLimit()
	spec.Top = 1
	part := func(name, pod string, used float64) snapshot.Panel {
		f := fake{answers: map[string][]series.Series{
			"used_bytes": {constant(used, "pod", pod)}, "limit_bytes": {constant(100, "pod", pod)},
			"whole_bytes": {},
		}}
		return snapshot.Take(t.Context(), f, []panel.Spec{spec}, snapshot.Options{
			Slot: slot, Range: time.Hour, Part: name,
		})[0]
	}
	p, err := snapshot.Merge(part("east", "a", 10), part("west", "b", 90))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"used b (used) 90 of NaN breach", "used a (used) 10 of NaN ok",
		"limit a (limit) 100 of NaN ok", "limit b (limit) 100 of NaN ok",
	}
	if got := rowsOf(p); !slices.Equal(got, want) {
		t.Errorf("rows:\ngot  %q\nwant %q", got, want)
	}
	if len(p.Lines) != 2 || p.Lines[0].Name != "b (used)" || p.Lines[1].Name != "a (limit)" ||
		p.Rest == nil || p.Rest.Series != 2 {
		t.Errorf("got lines %+v, rest %+v; want b (used), a (limit) and a rest of 2", p.Lines,
			p.Rest)
	}
}

// A query that is absent in one part is unknown in the merged panel, whatever the other parts have.
func TestMergeOfAnAbsentQuery(t *testing.T) {
	take := func(part string, answers map[string][]series.Series) snapshot.Panel {
		o := snapshot.Options{Slot: slot, Range: time.Hour, Part: part}
		return snapshot.Take(t.Context(), fake{answers: answers, present: map[string]bool{}},
			[]panel.Spec{usedOfLimit()}, o)[0]
	}
	east := take("east", map[string][]series.Series{
		"used_bytes": {constant(10, "pod", "a")}, "limit_bytes": {constant(40, "pod", "a")},
		"whole_bytes": {},
	})
	west := take("west", map[string][]series.Series{
		"used_bytes": {constant(10, "pod", "b")}, "limit_bytes": {}, "whole_bytes": {},
	})
	for _, parts := range [][]snapshot.Panel{{east, west}, {west, east}} {
		p, err := snapshot.Merge(parts...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(p.Absent), "[{limit [limit_bytes]}]"; got != want ||
			p.Data != snapshot.DataComplete || p.Total != 3 {
			t.Errorf("got absent %s, data %v, %d series; want %s, complete, 3", got, p.Data,
				p.Total,
				want)
		}
		if p.AbsentOf("NoRoom") == nil || p.AbsentOf("High") != nil {
			t.Errorf("absent for the rules: got %v, %v; want only NoRoom's", p.AbsentOf("NoRoom"),
				p.AbsentOf("High"))
		}
	}
	if fmt.Sprint(east.Absent) != "[]" || fmt.Sprint(west.Absent) != "[{limit [limit_bytes]}]" {
		t.Errorf("the parts: got %v, %v; want them unchanged: [], [{limit [limit_bytes]}]",
			east.Absent, west.Absent)
	}
}

func TestALimitNamesItsQuery(t *testing.T) {
	f := twoAnswers()
	for i := range 30 {
		f.answers["limit_bytes"] = append(f.answers["limit_bytes"],
			constant(1, "pod", fmt.Sprintf("more-%d", i)))
	}
	spec := usedOfLimit()
	o := snapshot.Options{Slot: slot, Range: time.Hour, MaxSeries: 10}
	p := snapshot.Take(t.Context(), limited{f, 10}, []panel.Spec{spec}, o)[0]
	if p.Failure == nil || p.Failure.Kind != snapshot.FailureLimit ||
		!strings.HasPrefix(p.Failure.Message, "query limit: ") || p.Failure.Hint == "" {
		t.Errorf("got %+v, want a series limit error of query limit", p.Failure)
	}
}

// limited refuses answers with too many series, like the client.
type limited struct {
	fake
	most int
}

func (l limited) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if len(l.answers[q.Expr]) > l.most {
		return promapi.Meta{}, &promapi.LimitError{Limit: l.most}
	}
	return l.fake.Range(ctx, q, each)
}
