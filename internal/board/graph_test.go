package board_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/series"
)

func defaults(custom string) string {
	return `"fieldConfig": {"defaults": {"custom": {` + custom + `}}}`
}

func TestGraphCurves(t *testing.T) {
	v := show(t, panel("timeseries", `"fieldConfig": {"defaults": {"unit": "bytes",
		"custom": {"fillOpacity": 20, "lineWidth": 2, "lineInterpolation": "stepAfter",
			"axisSoftMin": 0, "axisLabel": "size"}},
		"overrides": [{"matcher": {"id": "byName", "options": "y"}, "properties": [
			{"id": "custom.drawStyle", "value": "bars"}, {"id": "unit", "value": "percent"},
			{"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}]}]},
		"options": {"legend": {"calcs": ["max", "count"], "sortBy": "Max", "sortDesc": true}}`),
		answer("A", line("x", 1024, nan, 2048)), answer("B", line("y", 5, 6, math.Inf(1))))
	g := v.Graph
	if len(g.Curves) != 2 {
		t.Fatalf("got %d curves, want 2", len(g.Curves))
	}
	x, y := g.Curves[0], g.Curves[1]
	equal(t, "names", []string{x.Name, x.Ref, y.Name, y.Ref}, []string{"x", "A", "y", "B"})
	equal(t, "values with a hole", x.Values, []float64{1024, nan, 2048})
	equal(t, "values with an infinity", y.Values, []float64{5, 6, nan})
	equal(t, "fill", x.Fill, 0.2)
	equal(t, "style", []string{x.Draw, x.Interpolation, y.Draw},
		[]string{"line", "stepAfter", "bars"})
	equal(t, "colours", []any{x.Color, y.Color}, []any{rgb(green), rgb(red)})
	equal(t, "axes", []bool{x.Right, y.Right}, []bool{false, true})
	equal(t, "left tick", g.Axes[0].Format.Format(2048, nil), "2 KiB")
	equal(t, "right tick", g.Axes[1].Format.Format(5, nil), "5%")
	equal(t, "left label", g.Axes[0].Label, "size")
	equal(t, "soft minimum", *g.Axes[0].SoftMin, 0)
	equal(t, "reach", []float64{g.Axes[0].Low, g.Axes[0].High}, []float64{1024, 2048})
	equal(t, "figures", x.Figures[0].Name+" "+x.Figures[0].Text, "Max 2 KiB")
	equal(t, "a count has no unit", x.Figures[1].Text, "2")
	equal(t, "legend", g.Legend.Calcs, []string{"Max", "Count"})
	equal(t, "from", g.From, now.Add(-time.Hour))
	equal(t, "to", g.To, now)
}

func TestLegendOrder(t *testing.T) {
	for _, tt := range []struct {
		options string
		want    []int
	}{
		{`{"calcs": ["mean"]}`, []int{0, 1, 2}},
		{`{"calcs": ["mean"], "sortBy": "Mean"}`, []int{2, 0, 1}},
		{`{"calcs": ["mean"], "sortBy": "mean", "sortDesc": true}`, []int{0, 2, 1}},
		{`{"sortBy": "Name", "sortDesc": true}`, []int{2, 1, 0}},
	} {
		v := show(t, panel("timeseries", `"options": {"legend": `+tt.options+`}`),
			answer("A", line("a", 5, 5), line("b", nan, nan), line("c", 1, 3)))
		equal(t, tt.options, v.Graph.Legend.Order, tt.want)
	}
}

func TestStacks(t *testing.T) {
	stack := func(mode, more string) string {
		return `"fieldConfig": {"defaults": {"custom": {"stacking": {"mode": "` + mode +
			`", "group": "A"}}}, "overrides": [` + more + `]}`
	}
	negative := `{"matcher": {"id": "byName", "options": "c"},
		"properties": [{"id": "custom.transform", "value": "negative-Y"}]}`
	alone := `{"matcher": {"id": "byName", "options": "b"},
		"properties": [{"id": "custom.stacking", "value": {"mode": "none"}}]}`
	for _, tt := range []struct {
		name         string
		rest         string
		values, base [][]float64
		stacks       []int
	}{
		{
			"normal", stack("normal", ""),
			[][]float64{{1, 2}, {4, 2}, {9, 8}}, [][]float64{{0, 0}, {1, 2}, {4, 2}},
			[]int{1, 1, 1},
		},
		{
			"percent", stack("percent", ""),
			[][]float64{{1. / 9, 0.25}, {4. / 9, 0.25}, {1, 1}},
			[][]float64{{0, 0}, {1. / 9, 0.25}, {4. / 9, 0.25}}, []int{1, 1, 1},
		},
		{
			"one below zero", stack("normal", negative),
			[][]float64{{1, 2}, {4, 2}, {-5, -6}}, [][]float64{{0, 0}, {1, 2}, {0, 0}},
			[]int{1, 1, 2},
		},
		{
			"percent below zero", stack("percent", negative),
			[][]float64{{0.25, 1}, {1, 1}, {-1, -1}}, [][]float64{{0, 0}, {0.25, 1}, {-0., 0}},
			[]int{1, 1, 2},
		},
		{
			"one by itself", stack("normal", alone),
			[][]float64{{1, 2}, {3, nan}, {6, 8}}, [][]float64{{0, 0}, nil, {1, 2}},
			[]int{1, 0, 1},
		},
	} {
		v := show(t, panel("timeseries", tt.rest),
			answer("A", line("a", 1, 2), line("b", 3, nan), line("c", 5, 6)))
		for i, c := range v.Graph.Curves {
			equal(t, tt.name+": values of "+c.Name, c.Values, tt.values[i])
			equal(t, tt.name+": base of "+c.Name, c.Base, tt.base[i])
			equal(t, tt.name+": stack of "+c.Name, c.Stack, tt.stacks[i])
		}
		own := v.Graph.Curves[2].Own
		equal(t, tt.name+": own values of c", own, []float64{5, 6})
	}
}

func TestChangedValues(t *testing.T) {
	for _, tt := range []struct {
		name, panel string
		want        []float64
	}{
		{"as they are", panel("timeseries", ""), []float64{nan, 2, nan, 4}},
		{
			"negative", panel("timeseries", defaults(`"transform": "negative-Y"`)),
			[]float64{nan, -2, nan, -4},
		},
		{
			"constant", panel("timeseries", defaults(`"transform": "constant"`)),
			[]float64{2, 2, 2, 2},
		},
		{
			"null as zero", panel("graph", `"nullPointMode": "null as zero"`),
			[]float64{0, 2, 0, 4},
		},
	} {
		v := show(t, tt.panel, answer("A", line("a", nan, 2, nan, 4)))
		equal(t, tt.name, v.Graph.Curves[0].Values, tt.want)
	}
}

func TestBridges(t *testing.T) {
	for custom, want := range map[string]time.Duration{
		``: 0, `"spanNulls": true`: math.MaxInt64, `"spanNulls": 90000`: 90 * time.Second,
	} {
		v := show(t, panel("timeseries", defaults(custom)), answer("A", line("a", 1, nan, 3)))
		equal(t, custom, v.Graph.Curves[0].Bridge, want)
	}
}

func TestAxes(t *testing.T) {
	override := func(name, unit, axis string) string {
		return `{"matcher": {"id": "byName", "options": "` + name + `"}, "properties": [
			{"id": "unit", "value": "` + unit + `"},
			{"id": "custom.axisPlacement", "value": "` + axis + `"}]}`
	}
	v := show(t, panel("timeseries", `"fieldConfig": {"overrides": [`+override("a", "s", "auto")+
		`, `+override("b", "bytes", "auto")+`, `+override("c", "reqps", "auto")+`, `+
		override("d", "s", "left")+`]}`),
		answer("A", line("a", 1), line("b", 2), line("c", 3), line("d", 4)))
	var right []bool
	for _, c := range v.Graph.Curves {
		right = append(right, c.Right)
	}
	equal(t, "on the right axis", right, []bool{false, true, true, false})
	equal(t, "notes", v.Notes, []board.Note{{Code: board.NoteAxes, Text: "reqps"}})
	equal(t, "the right axis prints", v.Graph.Axes[1].Format.Format(2048, nil), "2 KiB")
}

func TestHiddenCurves(t *testing.T) {
	v := show(t, panel("timeseries", `"fieldConfig": {"overrides": [
		{"matcher": {"id": "byName", "options": "a"},
			"properties": [{"id": "custom.hideFrom", "value": {"viz": true, "legend": true}}]},
		{"matcher": {"id": "byName", "options": "b"},
			"properties": [{"id": "custom.hideFrom", "value": {"legend": true}}]}]}`),
		answer("A", line("a", 1), line("b", 2), line("c", 3)))
	equal(t, "curves", len(v.Graph.Curves), 2)
	equal(t, "legend", v.Graph.Legend.Order, []int{1})
	equal(t, "notes", v.Notes, []board.Note{{Code: board.NoteHidden, Count: 1}})
}

func TestGraphThresholds(t *testing.T) {
	thresholds := `"thresholds": {"mode": "absolute", "steps": [
		{"value": null, "color": "green"}, {"value": 80, "color": "red"}]}`
	v := show(t, panel("timeseries", `"fieldConfig": {"defaults": {`+thresholds+`,
		"custom": {"thresholdsStyle": {"mode": "dashed+area"}}}}`), answer("A", line("a", 1)))
	equal(t, "limits", *v.Graph.Thresholds, board.Limits{
		Bands: []board.Band{
			{From: math.Inf(-1), To: 80, Color: rgb(green)},
			{From: 80, To: math.Inf(1), Color: rgb(red)},
		},
		Lines: true, Dashed: true, Areas: true,
	})
	v = show(t, panel("timeseries", `"fieldConfig": {"defaults": {`+thresholds+`}}`),
		answer("A", line("a", 1)))
	if v.Graph.Thresholds != nil {
		t.Errorf("got %v, want no thresholds: the panel shows none", v.Graph.Thresholds)
	}
}

func TestManyCurves(t *testing.T) {
	var list []series.Series
	for range board.MaxCurves + 7 {
		list = append(list, line("x", 1, 2))
	}
	v := show(t, panel("timeseries", ""), answer("A", list...))
	equal(t, "curves", len(v.Graph.Curves), board.MaxCurves)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteCurves, Count: board.MaxCurves, Total: board.MaxCurves + 7},
	})
}

// Long curves are fewer.
func TestManyValues(t *testing.T) {
	values := make([]float64, board.MaxPoints)
	var list []series.Series
	for range 300 {
		list = append(list, series.Series{
			Labels: series.FromPairs("name", "x"), Values: values,
		})
	}
	v := show(t, panel("timeseries", ""), answer("A", list...))
	if n := len(v.Graph.Curves); n > board.MaxValues/board.MaxPoints+1 {
		t.Errorf("got %d curves of %d values, want at most %d values in all", n, len(values),
			board.MaxValues)
	}
	if !slices.Contains(codes(v), board.NoteCurves) {
		t.Errorf("got notes %v, want one about curves", v.Notes)
	}
}

// The answer to a query that asks for too much is cut, and the note has the real number.
func TestManySeries(t *testing.T) {
	v := show(t, panel("timeseries", ""),
		board.Answer{Ref: "B", Grid: grid(1), Series: []series.Series{line("x", 1)}, Total: 20_000})
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteSeries, Text: "B", Count: 1, Total: 20_000},
	})
	list := make([]series.Series, board.MaxSeries+2)
	for i := range list {
		list[i] = line("x", 1)
	}
	v = show(t, panel("timeseries", ""), answer("A", list...))
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteSeries, Text: "A", Count: board.MaxSeries, Total: board.MaxSeries + 2},
		{Code: board.NoteCurves, Count: board.MaxCurves, Total: board.MaxSeries},
	})
}

// BenchmarkStack is a stack of 100 series over a day.
func BenchmarkStack(b *testing.B) {
	p := planned(b, panel("timeseries", `"fieldConfig": {"defaults": {"unit": "bytes", "custom":
		{"stacking": {"mode": "normal"}}}}, "options": {"legend": {"calcs": ["mean", "max"]}}`))
	var list []series.Series
	for i := range 100 {
		s := line(string(rune('a'+i)), make([]float64, 1440)...)
		for k := range s.Values {
			s.Values[k] = float64(i * k)
		}
		list = append(list, s)
	}
	answers := []board.Answer{answer("A", list...)}
	b.ReportAllocs()
	for b.Loop() {
		board.Show(p, answers, setting)
	}
}

// Where a whole stack has a hole, its curves have one.
func TestHoleOfStack(t *testing.T) {
	v := show(t, panel("timeseries", defaults(`"stacking": {"mode": "normal"}`)),
		answer("A", line("a", 1, nan, 2), line("b", nan, nan, 3)))
	equal(t, "a", v.Graph.Curves[0].Values, []float64{1, nan, 2})
	equal(t, "b", v.Graph.Curves[1].Values, []float64{1, nan, 5})
}

// Curves with other ends get the other axis. A third one must not be cut off by them.
func TestEndsOfAxes(t *testing.T) {
	most := func(name, max string) string {
		return `{"matcher": {"id": "byName", "options": "` + name + `"},
			"properties": [{"id": "max", "value": ` + max + `}]}`
	}
	v := show(t, panel("timeseries", `"fieldConfig": {"overrides": [`+most("b", "10")+`, `+
		most("c", "99")+`]}`), answer("A", line("a", 1), line("b", 2), line("c", 50)))
	equal(t, "b is on the right", v.Graph.Curves[1].Right, true)
	equal(t, "c is on the right", v.Graph.Curves[2].Right, true)
	if end := v.Graph.Axes[1].Max; end != nil {
		t.Errorf("got %v, want no fixed end of the right axis: c reaches 50", *end)
	}
	equal(t, "notes", len(v.Notes), 0)
}

// Series of different steps each stay on their own grid.
func TestGrids(t *testing.T) {
	coarse := series.Grid{Start: now.Add(-10 * time.Minute), Step: 5 * time.Minute, Len: 3}
	v := show(t, panel("timeseries", ""), answer("A", line("a", 1, 2, nan)),
		board.Answer{Ref: "B", Grid: coarse, Series: []series.Series{line("b", 1, nan, 3)}})
	equal(t, "fine", v.Graph.Curves[0].Values, []float64{1, 2, nan})
	equal(t, "coarse", v.Graph.Curves[1].Values, []float64{1, nan, 3})
	equal(t, "from", v.Graph.From, now.Add(-time.Hour))
	v = show(t, panel("timeseries", `"transformations": [{"id": "joinByField",
		"options": {"byField": "Time"}}]`), answer("A", line("a", 1, 2, 3)),
		board.Answer{Ref: "B", Grid: coarse, Series: []series.Series{line("b", 4, 5, 6)}})
	equal(t, "curves of a join", len(v.Graph.Curves), 2)
	equal(t, "coarse of a join", v.Graph.Curves[1].Values, []float64{4, 5, 6})
}
