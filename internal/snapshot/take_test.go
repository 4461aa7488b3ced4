package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// fake answers queries by their text. An answer's values are spread over the grid; a query without
// an answer is an error.
type fake struct {
	answers map[string][]series.Series
	meta    map[string]promapi.Meta
	present map[string]bool
	starts  map[string][]series.Series // answers by the start of the query
}

var errRefused = errors.New("refused")

func (f fake) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	answer, ok := f.answers[q.Expr]
	for begin, a := range f.starts {
		if strings.HasPrefix(q.Expr, begin) {
			answer, ok = a, true
		}
	}
	if !ok && strings.HasPrefix(q.Expr, "group by (cluster, job, instance) (") {
		ok = true // no targets
	}
	if !ok {
		return promapi.Meta{}, errRefused
	}
	for _, s := range answer {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = s.Values[i*len(s.Values)/len(values)]
		}
		if err := each(series.Series{Labels: s.Labels, Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := f.meta[q.Expr]
	m.Expr = q.Expr
	if m.Grid.Len == 0 {
		m.Grid = q.Grid
	}
	return m, nil
}

func (f fake) Present(_ context.Context, names []string, _, _ time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = f.present[n]
	}
	return out, nil
}

func constant(v float64, nv ...string) series.Series {
	return series.Series{Labels: series.FromPairs(nv...), Values: []float64{v}}
}

var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func take(f fake, specs ...panel.Spec) []snapshot.Panel {
	return snapshot.Take(context.Background(), f, specs, snapshot.Options{
		Slot: slot, Range: time.Hour, QueryOffset: time.Minute,
	})
}

func TestTakeContinuesAfterAFailedQuery(t *testing.T) {
	panels := take(fake{answers: map[string][]series.Series{"good": {constant(1, "a", "b")}}},
		panel.Spec{Name: "bad", Queries: []panel.Query{{Expr: "bad"}}}, panel.Spec{
			Name: "good", Queries: []panel.Query{{Expr: "good"}},
		})
	if failed(panels[0]) != snapshot.FailureOther ||
		panels[0].Failure.Message != errRefused.Error() || panels[0].Data != snapshot.DataFailed {
		t.Errorf("failed panel: got %v, data %v; want %v, data %v", panels[0].Failure,
			panels[0].Data, errRefused, snapshot.DataFailed)
	}
	if panels[1].Failure != nil || panels[1].Data != snapshot.DataComplete || panels[1].Total != 1 {
		t.Errorf("good panel: got %+v, want one series and no failure", panels[1])
	}
	if got, want := panels[1].Grid.End(), slot.Add(-time.Minute); !got.Equal(want) {
		t.Errorf("end of the range: got %v, want %v", got, want)
	}
}

func TestEmptyAnswers(t *testing.T) {
	f := fake{
		answers: map[string][]series.Series{"a / b": {}, "news > 0 and other": {}, "known": {}},
		present: map[string]bool{"a": true, "news": true, "known": true},
	}
	panels := take(f,
		panel.Spec{Name: "ratio", Queries: []panel.Query{{Expr: "a / b"}}},
		panel.Spec{
			Name: "news", Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		},
		panel.Spec{Name: "known", Queries: []panel.Query{{Expr: "known"}}})
	if p := panels[0]; p.Data != snapshot.DataAbsent || !slices.Equal(p.Missing, []string{"b"}) {
		t.Errorf("a missing metric: got data %v, missing %v; want absent, [b]", p.Data, p.Missing)
	}
	if p := panels[1]; p.Data != snapshot.DataComplete || len(p.Missing) != 0 {
		t.Errorf("no bad news: got data %v, missing %v; want complete, none", p.Data, p.Missing)
	}
	if p := panels[2]; p.Data != snapshot.DataAbsent || len(p.Missing) != 0 || len(p.Notes) != 1 {
		t.Errorf("labels that do not match: got data %v, missing %v, notes %q; want absent, none, "+
			"one note", p.Data, p.Missing, p.Notes)
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		Needs: []string{"news", "kube_pod_info"},
	})[0]
	if p.Data != snapshot.DataAbsent || !slices.Equal(p.Missing, []string{"kube_pod_info"}) {
		t.Errorf("a needed metric is absent: got data %v, missing %v; want absent, [kube_pod_info]",
			p.Data, p.Missing)
	}
	f.answers["news default 0"] = nil
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "news default 0"}}, EmptyIsOK: true,
		})[0]; p.Failure != nil || p.Data != snapshot.DataAbsent || len(p.Notes) != 1 {
		t.Errorf("an unknown dialect: got data %v, notes %q, failure %v; want absent, one note",
			p.Data, p.Notes, p.Failure)
	}
	f.present["news"] = false
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "news > 0 and other"}}, EmptyIsOK: true,
		})[0]; p.Data != snapshot.DataAbsent {
		t.Errorf("the metric of bad news is absent: got data %v, want absent", p.Data)
	}
}

// TestBlindPanel: the panel's metrics exist, but not the half of a join that its series need.
func TestBlindPanel(t *testing.T) {
	spec := panel.Spec{
		Title:     "Kills",
		Queries:   []panel.Query{{Expr: "restarts and reason"}},
		EmptyIsOK: true, Needs: []string{"restarts"},
		Blind: &panel.Blind{Query: "restarts unless reason", Missing: []string{"reason"}},
	}
	for _, tt := range []struct {
		name           string
		kills, unseen  []series.Series
		data           snapshot.Data
		missing, notes int
	}{
		{"nothing restarted", nil, nil, snapshot.DataComplete, 0, 0},
		{"restarts without a reason", nil, []series.Series{constant(3)}, snapshot.DataAbsent, 1, 0},
		{
			"some have one", []series.Series{constant(1, "pod", "a")}, []series.Series{constant(3)},
			snapshot.DataComplete, 0, 1,
		},
		{
			"all have one", []series.Series{constant(1, "pod", "a")}, nil, snapshot.DataComplete,
			0, 0,
		},
	} {
		f := fake{
			answers: map[string][]series.Series{
				"restarts and reason": tt.kills, "restarts unless reason": tt.unseen,
			},
			present: map[string]bool{"restarts": true},
		}
		p := take(f, spec)[0]
		if p.Failure != nil || p.Data != tt.data || len(p.Missing) != tt.missing ||
			len(p.Notes) != tt.notes {
			t.Errorf("%s: got data %v, missing %v, notes %q (error %v); want data %v, %d missing, "+
				"%d notes",
				tt.name, p.Data, p.Missing, p.Notes, p.Failure, tt.data, tt.missing, tt.notes)
		}
	}
}

func TestShare(t *testing.T) {
	for _, tc := range []struct {
		unit        units.Unit
		value, want float64
	}{{units.PercentUnit, 0.94, 0.94}, {units.Percent, 94, 0.94}, {units.None, 3, 3}} {
		if got := (&panel.Spec{Queries: []panel.Query{{Unit: tc.unit}}}).
			Share(tc.value); got != tc.want {
			t.Errorf("share of %g %s: got %g, want %g", tc.value, tc.unit, got, tc.want)
		}
	}
}

func TestCapacityJoinsByLabels(t *testing.T) {
	spec := panel.Spec{
		Queries: []panel.Query{{Expr: "used", Legend: "{{instance}}"}}, Rules: []rules.Rule{
			{Name: "High", Critical: rules.At(.9)},
		},
		Capacity: &panel.Capacity{Query: "total"},
	}
	p := take(fake{answers: map[string][]series.Series{
		"used":  {constant(.94, "instance", "a"), constant(.5, "instance", "b")},
		"total": {constant(64, "instance", "a")},
	}}, spec)[0]
	if len(p.Findings) != 1 || p.Findings[0].Capacity != 64 {
		t.Errorf("got findings %+v, want one with a capacity of 64", p.Findings)
	}
	if !math.IsNaN(p.Rows[1].Capacity) {
		t.Errorf("got a capacity of %v, want NaN", p.Rows[1].Capacity)
	}
	p = take(fake{answers: map[string][]series.Series{"used": {constant(.94, "instance", "a")}}},
		spec)[0]
	if p.Failure != nil || len(p.Notes) != 1 || len(p.Findings) != 1 {
		t.Errorf("a failed capacity query: got failure %v, notes %q; want only a note",
			p.Failure, p.Notes)
	}
}

// spelled writes one line for each note.
func spelled(notes []snapshot.Note) string {
	var lines []string
	for _, n := range notes {
		lines = append(lines, strings.Join(append([]string{n.Code}, n.Args...), " "))
	}
	return strings.Join(lines, "\n")
}

func TestRemarks(t *testing.T) {
	var down []series.Series
	for i := range 12 {
		down = append(down, constant(0, "instance", fmt.Sprintf("10.0.0.%02d", i)))
	}
	p := take(fake{
		answers: map[string][]series.Series{
			"up": {constant(1)}, "up == 0": down, "count(x)": {constant(12345)},
		},
	}, panel.Spec{
		Queries: []panel.Query{{Expr: "up"}}, Remarks: []panel.Remark{
			{Query: "count(x)", Text: "{{value}} have no limit"},
			{Query: "up == 0", Text: "down: {{instance}}"}, {Query: "broken"},
		},
	})[0]
	lines := strings.Split(spelled(p.Remarks), "\n")
	if lines[0] != "answer {{value}} have no limit 12345 0" ||
		lines[1] != "answer down: 10.0.0.00 0 1" || lines[len(lines)-1] != "more_answers 2 1" ||
		len(lines) != 12 {
		t.Errorf("got remarks %q, want the value, ten targets and two more", lines)
	}
	if p.Failure != nil || len(p.Notes) != 1 {
		t.Errorf("a failed remark query: got failure %v, notes %q; want only a note", p.Failure,
			p.Notes)
	}
}

// failed returns the kind of a panel's failure, "" if there is none.
func failed(p snapshot.Panel) snapshot.FailureKind {
	if p.Failure == nil {
		return ""
	}
	return p.Failure.Kind
}

func TestProgressComesOneAtATime(t *testing.T) {
	var specs []panel.Spec
	f := fake{answers: map[string][]series.Series{}}
	for i := range 20 {
		q := fmt.Sprintf("q%d", i)
		specs, f.answers[q] = append(specs, panel.Spec{Queries: []panel.Query{{Expr: q}}}),
			[]series.Series{constant(1)}
	}
	begun, done := 0, map[int]bool{}
	snapshot.Take(context.Background(), f, specs,
		snapshot.Options{Slot: slot, Range: time.Hour, Progress: func(e snapshot.Event) {
			if e.Panel == nil {
				begun++
				return
			}
			done[e.Index] = true
			if e.Panel.Total != 1 || e.Spec.Queries[0].Expr != specs[e.Index].Queries[0].Expr {
				t.Errorf("event %d: got panel %q, want %q", e.Index, e.Spec.Queries[0].Expr,
					specs[e.Index].Queries[0].Expr)
			}
		}})
	if begun != 20 || len(done) != 20 {
		t.Errorf("got %d started and %d done, want 20 of each", begun, len(done))
	}
}

func TestReferences(t *testing.T) {
	f := fake{answers: map[string][]series.Series{
		"used":  {constant(3, "pod", "a")},
		"limit": {constant(8, "c", "b"), constant(4, "c", "a")},
		"many": {
			constant(1, "i", "1"), constant(2, "i", "2"), constant(3, "i", "3"),
			constant(4, "i", "4"),
		},
		"nobody": {},
		"moved":  {constant(1)},
	}, meta: map[string]promapi.Meta{
		"moved": {Grid: series.Grid{Start: slot, Step: time.Minute, Len: 61}},
	}}
	for range 101 {
		f.answers["crowd"] = append(f.answers["crowd"], constant(1))
	}
	p := take(f, panel.Spec{Queries: []panel.Query{{Expr: "used"}}, References: []panel.Reference{
		{Name: "gone", Query: "down"}, {Name: "empty", Query: "nobody"},
		{Name: "moved", Query: "moved"}, {Name: "crowd", Query: "crowd"},
		{Name: "limit {{c}}", Query: "limit"}, {Name: "many", Query: "many"},
	}})[0]
	var names []string
	for _, r := range p.References {
		names = append(names, fmt.Sprint(r.Name, r.Values[0], " ", len(r.Values) == p.Grid.Len))
	}
	want := []string{"limit a4 true", "limit b8 true", "many (1)1 true", "many (2)2 true"}
	if !slices.Equal(names, want) {
		t.Errorf("got reference lines %q, want %q", names, want)
	}
	if len(p.Notes) != 5 || p.Notes[4].Code != snapshot.NoteReferencesLeft ||
		p.Notes[4].Args[0] != "2" || p.Data != snapshot.DataComplete || p.Failure != nil {
		t.Errorf("got data %v, failure %v, notes %q; want complete data and five notes",
			p.Data, p.Failure, p.Notes)
	}
	if failed := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "down"}}, References: []panel.Reference{
				{Name: "limit", Query: "limit"},
			},
		})[0]; len(failed.References) != 0 || failed.Failure == nil {
		t.Errorf("a failed panel: got %+v, want no reference lines", failed)
	}
}

func TestTopOfKinds(t *testing.T) {
	f := fake{answers: map[string][]series.Series{"q": {}}}
	for i := range 60 {
		f.answers["q"] = append(f.answers["q"], constant(0, "i", fmt.Sprint(i)))
	}
	for _, k := range panel.Kinds() {
		if p := take(f, panel.Spec{Queries: []panel.Query{{Expr: "q"}}, Kind: k})[0]; len(
			p.Lines) != k.Top() {
			t.Errorf("%s: got %d lines, want %d", k, len(p.Lines), k.Top())
		}
	}
	if p := take(f,
		panel.Spec{
			Queries: []panel.Query{{Expr: "q"}}, Kind: panel.Heatmap, Top: 48,
		})[0]; len(p.Lines) != 48 {
		t.Errorf("a panel with Top 48: got %d lines, want 48", len(p.Lines))
	}
}

// A state that came and went is drawn rather than one that never held, although both are 0 now.
func TestPassingStateIsDrawn(t *testing.T) {
	f := fake{answers: map[string][]series.Series{"q": {
		constant(0, "i", "a"), constant(0, "i", "b"), {
			Labels: series.FromPairs("i", "c"), Values: []float64{0, 1, 0},
		},
	}}}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "q"}}, Top: 1, Rules: []rules.Rule{
			{Name: "r", Critical: rules.At(0)},
		},
	})[0]
	if got := p.Lines[0].Labels.Get("i"); got != "c" {
		t.Errorf("got the line of %s, want c", got)
	}
}
