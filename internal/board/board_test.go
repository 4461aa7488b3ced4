package board_test

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

var (
	now     = time.Date(2026, 11, 29, 6, 0, 0, 0, time.UTC)
	nan     = math.NaN()
	setting = board.Setting{Theme: value.Dark, Now: now}
)

// grid is one of n steps of a minute that ends now.
func grid(n int) series.Grid {
	return series.Grid{
		Start: now.Add(-time.Duration(n-1) * time.Minute), Step: time.Minute, Len: n,
	}
}

// line is a series of the label name.
func line(name string, values ...float64) series.Series {
	return series.Series{Labels: series.FromPairs("name", name), Values: values}
}

func answer(ref string, list ...series.Series) board.Answer {
	n := 1
	if len(list) > 0 {
		n = len(list[0].Values)
	}
	return board.Answer{Ref: ref, Grid: grid(n), Series: list}
}

// planned returns the panel of a file that has only this one.
func planned(t testing.TB, panel string) *grafana.Planned {
	t.Helper()
	b, err := grafana.Decode([]byte(`{"panels": [` + panel + `]}`))
	if err != nil {
		t.Fatalf("decoding the panel: %v", err)
	}
	v, err := b.Resolve(t.Context(), nil, nil, grafana.Window{From: now.Add(-time.Hour), To: now})
	if err != nil {
		t.Fatalf("resolving: %v", err)
	}
	p := b.Plan(v, grafana.Request{})
	if len(p.Panels) != 1 {
		t.Fatalf("got %d panels, want 1", len(p.Panels))
	}
	return &p.Panels[0]
}

// panel returns the JSON of a panel with queries A and B. Rest is more of it, such as its options.
func panel(kind, rest string) string {
	if rest != "" {
		rest = ", " + rest
	}
	return fmt.Sprintf(`{"type": %q, "title": "T", "gridPos": {"w": 24, "h": 8}, "targets": [
		{"refId": "A", "expr": "a", "legendFormat": "{{name}}"},
		{"refId": "B", "expr": "b", "legendFormat": "{{name}}"}]%s}`, kind, rest)
}

func show(t testing.TB, panel string, answers ...board.Answer) board.View {
	t.Helper()
	v := board.Show(planned(t, panel), answers, setting)
	check(t, v)
	return v
}

// check checks what is true of every view: only the part that its kind names is set, and it can be
// written down.
func check(t testing.TB, v board.View) {
	t.Helper()
	parts := map[board.Kind]bool{
		board.GraphKind: v.Graph != nil, board.TilesKind: v.Tiles != nil,
		board.BarsKind: v.Bars != nil, board.TableKind: v.Table != nil,
		board.HeatKind: v.Heat != nil, board.HistogramKind: v.Histogram != nil,
		board.StatesKind: v.States != nil, board.TextKind: v.Text != nil,
	}
	for kind, set := range parts {
		if set != (kind == v.Kind) {
			t.Errorf("a view of kind %s: got %s set = %v, want %v", v.Kind, kind, set,
				kind == v.Kind)
		}
	}
	if v.Graph != nil {
		checkGraph(t, v.Graph)
	}
}

// checkGraph checks that a chart gets only finite numbers and holes, on the grid of their curve.
func checkGraph(t testing.TB, g *board.Graph) {
	t.Helper()
	for _, c := range g.Curves {
		for _, list := range [][]float64{c.Values, c.Base, c.Own} {
			if list != nil && len(list) != c.Grid.Len {
				t.Errorf("curve %s: got %d values, want %d", c.Name, len(list), c.Grid.Len)
			}
			if slices.ContainsFunc(list, func(f float64) bool { return math.IsInf(f, 0) }) {
				t.Errorf("curve %s: got %v, want no infinite value", c.Name, list)
			}
		}
	}
	for _, i := range g.Legend.Order {
		if i < 0 || i >= len(g.Curves) {
			t.Errorf("the legend: got curve %d, want one of %d", i, len(g.Curves))
		}
	}
}

// text writes numbers for comparison: NaN equals NaN.
func text(v any) string { return fmt.Sprint(v) }

// equal compares two things by how they are written.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if text(got) != text(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

const (
	green  = 0x73bf69
	yellow = 0xfade2a
	red    = 0xf2495c
)

func codes(v board.View) []board.Code {
	var out []board.Code
	for _, n := range v.Notes {
		out = append(out, n.Code)
	}
	return out
}

func TestKinds(t *testing.T) {
	for kind, want := range map[string]board.Kind{
		"timeseries": board.GraphKind, "graph": board.GraphKind, "stat": board.TilesKind,
		"singlestat": board.TilesKind, "gauge": board.TilesKind, "bargauge": board.BarsKind,
		"barchart": board.BarsKind, "piechart": board.BarsKind, "table": board.TableKind,
		"heatmap": board.HeatKind, "histogram": board.HistogramKind,
		"state-timeline": board.StatesKind, "status-history": board.StatesKind,
		"text": board.TextKind, "unheard-of": board.GraphKind,
	} {
		for _, answers := range [][]board.Answer{
			nil,
			{answer("A")},
			{answer("A", line("x", nan, nan))},
			{answer("A", line("x", 1, 2), line("y", math.Inf(1), math.Inf(-1)))},
			{{Ref: "A", Failure: "no answer"}, answer("B", line("x", 1))},
		} {
			v := show(t, panel(kind, ""), answers...)
			if v.Kind != want {
				t.Errorf("%s: got kind %s, want %s", kind, v.Kind, want)
			}
			if len(answers) == 0 && !v.Empty {
				t.Errorf("%s without answers: got a view with data, want it empty", kind)
			}
		}
	}
}

func TestFailures(t *testing.T) {
	v := show(t, `{"type": "timeseries", "targets": [{"refId": "A", "expr": "a"},
		{"refId": "B", "expr": "sum(("}]}`, board.Answer{Ref: "A", Failure: "it took\ntoo long"})
	if len(v.Failures) != 2 {
		t.Fatalf("got %d failures, want 2: %v", len(v.Failures), v.Failures)
	}
	equal(t, "the first failure", v.Failures[0],
		board.Failure{Ref: "A", Reason: "it took too long", Sent: true})
	if f := v.Failures[1]; f.Ref != "B" || f.Sent || f.Reason == "" {
		t.Errorf("the second failure: got %v, want one of B that is not sent", f)
	}
}

func TestNotesOfTransformationsAndOverrides(t *testing.T) {
	v := show(t, panel("timeseries", `"transformations": [{"id": "magic", "options": {}}],
		"fieldConfig": {"overrides": [{"matcher": {"id": "byMoon", "options": 1},
			"properties": [{"id": "unit", "value": "s"}]}]}`), answer("A", line("x", 1, 2)))
	for _, want := range []board.Note{
		{Code: board.NoteStep, Text: "magic"}, {Code: board.NoteProperty, Text: "byMoon"},
	} {
		if !slices.Contains(v.Notes, want) {
			t.Errorf("got notes %v, want %v among them", v.Notes, want)
		}
	}
	if len(v.Graph.Curves) != 1 {
		t.Errorf("got %d curves, want 1", len(v.Graph.Curves))
	}
}

// A view is plain data, but for what shows values.
func TestViewIsData(t *testing.T) {
	v := show(t, panel("table", ""), answer("A", line("x", 1)))
	if _, err := json.Marshal(v.Table.Columns); err != nil {
		t.Errorf("writing the columns: got error %v, want none", err)
	}
}

func TestOwnRange(t *testing.T) {
	set := setting
	for _, tt := range []struct {
		panel string
		rng   time.Duration // of the dashboard
		want  board.Window
	}{
		{`"timeFrom": null`, time.Hour, board.Window{}},
		{`"timeFrom": "24h"`, time.Hour, board.Window{Range: 24 * time.Hour}},
		{`"timeShift": "7d"`, time.Hour, board.Window{
			Range: time.Hour, Shift: 7 * 24 * time.Hour,
		}},
	} {
		p := planned(t, panel("timeseries", tt.panel))
		set.Range = tt.rng
		if got := board.Show(p, nil, set).Own; got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.panel, got, tt.want)
		}
	}
}
