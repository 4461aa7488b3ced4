package board_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/series"
)

// reduce returns the JSON of a panel's reduceOptions.
func reduce(rest string) string { return `"options": {"reduceOptions": {` + rest + `}` }

const limits = `"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": [
	{"value": null, "color": "green"}, {"value": 60, "color": "yellow"},
	{"value": 80, "color": "red"}]}`

func TestTiles(t *testing.T) {
	two := []series.Series{line("x", 1, 2, 70), line("y", 4, 90, nan)}
	for _, tt := range []struct {
		name, panel string
		list        []series.Series
		want        []string // name, text
	}{
		{
			"one has no name", panel("stat", reduce(`"calcs": ["lastNotNull"]`)+`}`), two[:1],
			[]string{"", "70"},
		},
		{
			"several have", panel("stat", reduce(`"calcs": ["lastNotNull"]`)+`}`), two,
			[]string{"x", "70", "y", "90"},
		},
		{
			"two reducers", panel("stat", reduce(`"calcs": ["max", "min"]`)+`}`), two,
			[]string{"x", "70", "x", "1", "y", "90", "y", "4"},
		},
		{
			"only the value",
			panel("stat", reduce(`"calcs": ["max"]`)+`, "textMode": "value"}`), two,
			[]string{"", "70", "", "90"},
		},
		{
			"every row", panel("stat", reduce(`"values": true, "limit": 2`)+`}`), two[:1],
			[]string{"x", "1", "x", "2"},
		},
		{
			"some fields", panel("stat", reduce(`"calcs": ["max"], "fields": "/^y$/"`)+`}`), two,
			[]string{"", "90"},
		},
		{
			"a mapping", panel("stat", `"fieldConfig": {"defaults": {"mappings": [
				{"type": "value", "options": {"70": {"text": "high"}}}]}}`), two[:1],
			[]string{"", "high"},
		},
		{
			"no data has a text", panel("stat", `"fieldConfig": {"defaults": {"mappings": [
				{"type": "special", "options": {"match": "null", "result": {"text": "N/A"}}}]}}`),
			nil, []string{"", "N/A"},
		},
		{
			"no data has no name", panel("stat", `"options": {"textMode": "name"},
				"fieldConfig": {"defaults": {"noValue": "none"}}`), nil, []string{"", "none"},
		},
		{
			"a unit", panel("stat", `"fieldConfig": {"defaults": {"unit": "percent"}}`), two[:1],
			[]string{"", "70%"},
		},
		{
			"a legacy prefix", panel("singlestat", `"prefix": "~", "postfix": " up",
				"valueName": "current"`), two[:1], []string{"", "~70 up"},
		},
	} {
		v := show(t, tt.panel, answer("A", tt.list...))
		var got []string
		for _, tile := range v.Tiles.Items {
			got = append(got, tile.Name, tile.Text.String())
		}
		equal(t, tt.name, got, tt.want)
		if tile := v.Tiles.Items[0]; tile.Hidden && tile.Name == "" {
			t.Errorf("%s: got a tile without a name and with a hidden text, want it shown", tt.name)
		}
	}
}

func TestTileColours(t *testing.T) {
	for _, tt := range []struct {
		options, mode string
		value         float64
		color         uint32
	}{
		{`{}`, "value", 59, green},
		{`{"colorMode": "value"}`, "value", 60, yellow},
		{`{"colorMode": "background_solid"}`, "background", 80, red},
		{`{"colorMode": "none"}`, "none", 100, red},
	} {
		v := show(t, panel("stat", `"fieldConfig": {"defaults": {`+limits+`}}, "options": `+
			tt.options), answer("A", line("x", tt.value)))
		equal(t, tt.options, v.Tiles.ColorMode, tt.mode)
		equal(t, tt.options, v.Tiles.Items[0].Color, rgb(tt.color))
	}
}

func TestSparkAndChange(t *testing.T) {
	v := show(t, panel("stat", `"options": {"graphMode": "area", "showPercentChange": true}`),
		answer("A", line("x", 50, nan, 60)))
	tile := v.Tiles.Items[0]
	if tile.Spark == nil || tile.Change == nil {
		t.Fatalf("got spark %v and change %v, want both", tile.Spark, tile.Change)
	}
	equal(t, "spark", tile.Spark.Values, []float64{50, nan, 60})
	equal(t, "change", *tile.Change, 20)
	v = show(t, panel("stat", `"options": {"graphMode": "none"}`), answer("A", line("x", 1, 2)))
	if spark := v.Tiles.Items[0].Spark; spark != nil {
		t.Errorf("got %v, want no spark", spark)
	}
}

func TestGauge(t *testing.T) {
	v := show(t, panel("gauge", `"fieldConfig": {"defaults": {"min": 0, "max": 200,
		"unit": "percent", `+limits+`}}`), answer("A", line("x", 50)))
	tile := v.Tiles.Items[0]
	equal(t, "gauge", v.Tiles.Gauge, true)
	equal(t, "part", tile.Percent, 0.25)
	equal(t, "ends", tile.MinText+" "+tile.MaxText, "0% 200%")
	equal(t, "bands", len(tile.Bands), 3)
	// Without a minimum and a maximum, the numbers of all fields are the scale.
	v = show(t, panel("gauge", ""), answer("A", line("x", 10), line("y", 20), line("z", 15)))
	equal(t, "part of the data's range", v.Tiles.Items[2].Percent, 0.5)
}

func TestManyTiles(t *testing.T) {
	var list []series.Series
	for range board.MaxTiles + 5 {
		list = append(list, line("x", 1))
	}
	v := show(t, panel("stat", ""), answer("A", list...))
	equal(t, "tiles", len(v.Tiles.Items), board.MaxTiles)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteTiles, Count: board.MaxTiles, Total: board.MaxTiles + 5},
	})
}

func TestBarGauge(t *testing.T) {
	v := show(t, panel("bargauge", `"fieldConfig": {"defaults": {"min": 0, "max": 100, `+limits+
		`}}, "options": {"displayMode": "lcd", "orientation": "horizontal"}`),
		answer("A", line("x", 50), line("y", 90)))
	equal(t, "style", v.Bars.Style, board.GaugeBars)
	equal(t, "mode", v.Bars.Mode, "lcd")
	for i, want := range []struct {
		name  string
		part  float64
		color uint32
	}{{"x", 0.5, green}, {"y", 0.9, red}} {
		bar := v.Bars.Items[i]
		equal(t, "name", bar.Name, want.name)
		equal(t, want.name, bar.Parts[0].Part, want.part)
		equal(t, want.name, bar.Parts[0].Color, rgb(want.color))
	}
}

func TestPie(t *testing.T) {
	v := show(t, panel("piechart", ""),
		answer("A", line("a", 1), line("b", 6), line("c", nan), line("d", 3)))
	var got []any
	for _, bar := range v.Bars.Items {
		got = append(got, bar.Name, bar.Parts[0].Part)
	}
	equal(t, "the largest first", got, []any{"b", 0.6, "d", 0.3, "a", 0.1, "c", 0.0})
}

// What is hidden is no part of the whole.
func TestHiddenShare(t *testing.T) {
	v := show(t, panel("piechart", `"fieldConfig": {"overrides": [{"matcher": {"id": "byName",
		"options": "b"}, "properties": [{"id": "custom.hideFrom", "value": {"viz": true}}]}]}`),
		answer("A", line("a", 1), line("b", 6), line("c", 3)))
	var got []any
	for _, bar := range v.Bars.Items {
		got = append(got, bar.Name, bar.Parts[0].Part)
	}
	equal(t, "shares", got, []any{"c", 0.75, "a", 0.25})
	equal(t, "notes", v.Notes, []board.Note{{Code: board.NoteHidden, Count: 1}})
}

func TestBarChart(t *testing.T) {
	for _, tt := range []struct {
		options    string
		base, tops []float64
		high       float64
	}{
		{`{}`, []float64{0, 0}, []float64{1, 3}, 4},
		{`{"stacking": "normal"}`, []float64{0, 1}, []float64{1, 4}, 6},
		{`{"stacking": "percent"}`, []float64{0, 0.25}, []float64{0.25, 1}, 1},
	} {
		v := show(t, panel("barchart", `"options": `+tt.options), answer("A", line("x", 1, 2)),
			answer("B", line("y", 3, 4)))
		if len(v.Bars.Items) != 2 || len(v.Bars.Series) != 2 {
			t.Fatalf("%s: got %d bars of %d series, want 2 of 2", tt.options, len(v.Bars.Items),
				len(v.Bars.Series))
		}
		equal(t, tt.options+": series", v.Bars.Series[0].Name+v.Bars.Series[1].Name, "xy")
		equal(t, tt.options+": name", v.Bars.Items[0].Name, "05:59")
		first := v.Bars.Items[0].Parts
		equal(t, tt.options+": base", []float64{first[0].Base, first[1].Base}, tt.base)
		equal(t, tt.options+": top", []float64{first[0].Top, first[1].Top}, tt.tops)
		equal(t, tt.options+": high", v.Bars.High, tt.high)
	}
}

// Bars have little room, so the times that name them are as short as on an axis.
func TestBarChartOfTimes(t *testing.T) {
	for _, tt := range []struct {
		step        time.Duration
		first, last string
	}{
		{time.Minute, "05:58", "06:00"},
		{13 * time.Hour, "11/28 04:00", "11/29 06:00"},
		{24 * time.Hour, "11/27", "11/29"},
	} {
		a := answer("A", line("x", 1, 2, 3))
		a.Grid = series.Grid{Start: a.Grid.End().Add(-2 * tt.step), Step: tt.step, Len: 3}
		v := show(t, panel("barchart", `"fieldConfig": {"defaults": {"unit": "bytes"}}`), a)
		equal(t, fmt.Sprint(tt.step, " first"), v.Bars.Items[0].Name, tt.first)
		equal(t, fmt.Sprint(tt.step, " last"), v.Bars.Items[2].Name, tt.last)
	}
}

func TestBarChartOfRows(t *testing.T) {
	v := show(t, `{"type": "barchart", "targets": [
		{"refId": "A", "expr": "a", "format": "table", "instant": true}]}`,
		answer("A", line("x", 1), line("y", 3)))
	var got []any
	for _, bar := range v.Bars.Items {
		got = append(got, bar.Name, bar.Parts[0].Top)
	}
	equal(t, "bars", got, []any{"x", 1, "y", 3})
}

func TestOrientationOfBars(t *testing.T) {
	for _, tt := range []struct {
		options        string
		vertical, auto bool
	}{
		{`"options": {}`, false, true},
		{`"options": {"orientation": "auto"}`, false, true},
		{`"options": {"orientation": "vertical"}`, true, false},
		{`"options": {"orientation": "horizontal"}`, false, false},
	} {
		v := show(t, panel("bargauge", tt.options), answer("A", line("x", 1), line("y", 2)))
		if v.Bars.Vertical != tt.vertical || v.Bars.Auto != tt.auto {
			t.Errorf("%s: got vertical %t and auto %t, want %t and %t", tt.options,
				v.Bars.Vertical, v.Bars.Auto, tt.vertical, tt.auto)
		}
	}
}
