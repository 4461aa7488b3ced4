package board_test

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/series"
)

// tablePanel returns the JSON of a table of one instant query.
func tablePanel(rest string) string {
	return `{"type": "table", "title": "T", "targets": [
		{"refId": "A", "expr": "a", "format": "table", "instant": true}],
		"transformations": [{"id": "organize", "options": {"excludeByName": {"Time": true},
			"renameByName": {"name": "Pod", "Value": "Used"}}}]` + rest + `}`
}

func TestTable(t *testing.T) {
	v := show(t, tablePanel(`, "fieldConfig": {"overrides": [
		{"matcher": {"id": "byName", "options": "Used"}, "properties": [
			{"id": "unit", "value": "bytes"}, {"id": "custom.width", "value": 120},
			{"id": "custom.align", "value": "right"}, {"id": "min", "value": 0},
			{"id": "custom.cellOptions", "value": {"type": "color-background"}},
			{"id": "max", "value": 4096}]}]},
		"options": {"sortBy": [{"displayName": "Used", "desc": true}],
			"footer": {"show": true, "reducer": ["sum"]}}`),
		answer("A", line("web", 1024), line("db", 2048), line("x", nan)))
	equal(t, "columns", v.Table.Columns, []board.Column{
		{Name: "Pod", Align: "auto"},
		{
			Name: "Used", Numeric: true, Align: "right", Width: 120, Style: board.BackgroundCell,
			Sorted: -1,
		},
	})
	var got []string
	for _, row := range v.Table.Rows {
		got = append(got, row[0].Text, row[1].Text)
	}
	equal(t, "rows", got, []string{"db", "2 KiB", "web", "1 KiB"})
	equal(t, "part", v.Table.Rows[0][1].Percent, 0.5)
	equal(t, "footer", v.Table.Footer, []string{"Total", "3 KiB"})
	equal(t, "total", v.Table.Total, 2)
}

func TestTableOrder(t *testing.T) {
	for _, tt := range []struct {
		sort string
		want []string
	}{
		{`[]`, []string{"b", "A", "c"}},
		{`[{"displayName": "Pod"}]`, []string{"A", "b", "c"}},
		{`[{"displayName": "Pod", "desc": true}]`, []string{"c", "b", "A"}},
		{`[{"displayName": "Used"}, {"displayName": "Pod"}]`, []string{"c", "A", "b"}},
		{`[{"displayName": "gone"}]`, []string{"b", "A", "c"}},
	} {
		v := show(t, tablePanel(`, "options": {"sortBy": `+tt.sort+`}`),
			answer("A", line("b", 10), line("A", 10), line("c", 9)))
		var got []string
		for _, row := range v.Table.Rows {
			got = append(got, row[0].Text)
		}
		equal(t, tt.sort, got, tt.want)
	}
}

func TestHiddenColumns(t *testing.T) {
	v := show(t, tablePanel(`, "fieldConfig": {"overrides": [{"matcher": {"id": "byName",
		"options": "Pod"}, "properties": [{"id": "custom.hidden", "value": true}]}]}`),
		answer("A", line("web", 1)))
	equal(t, "columns", len(v.Table.Columns), 1)
	equal(t, "cells", len(v.Table.Rows[0]), 1)
}

func TestManyRows(t *testing.T) {
	var list []series.Series
	for range board.MaxRows + 3 {
		list = append(list, line("x", 1))
	}
	v := show(t, tablePanel(""), answer("A", list...))
	equal(t, "rows", len(v.Table.Rows), board.MaxRows)
	equal(t, "total", v.Table.Total, board.MaxRows+3)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteRows, Count: board.MaxRows, Total: board.MaxRows + 3},
	})
}

func TestManyRowsOfOtherKinds(t *testing.T) {
	var list []series.Series
	for range board.MaxBuckets + 3 {
		list = append(list, line("x", 1))
	}
	v := show(t, panel("heatmap", ""), answer("A", list...))
	equal(t, "buckets", len(v.Heat.Buckets), board.MaxBuckets)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteBuckets, Count: board.MaxBuckets, Total: len(list)},
	})
	v = show(t, panel("state-timeline", ""), answer("A", list...))
	equal(t, "rows of states", len(v.States.Rows), board.MaxRows)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteRows, Count: board.MaxRows, Total: len(list)},
	})
}

// bucket is a series of a bound.
func bucket(le string, values ...float64) series.Series {
	return series.Series{Labels: series.FromPairs("le", le), Values: values}
}

func TestHeatmapOfBounds(t *testing.T) {
	v := show(t, `{"type": "heatmap", "targets": [{"refId": "A", "expr": "a", "format": "heatmap",
		"legendFormat": "{{le}}"}], "options": {"yAxis": {"unit": "s"}}}`,
		answer("A", bucket("+Inf", 10, 20), bucket("0.5", 4, 5), bucket("1", 6, 5)))
	var got []any
	for _, b := range v.Heat.Buckets {
		got = append(got, b.Name, b.Upper, b.Values)
	}
	equal(t, "buckets", got, []any{
		"500 ms", 0.5, []float64{4, 5}, "1 s", 1, []float64{2, 0},
		"+Inf", math.Inf(1), []float64{4, 15},
	})
	equal(t, "range", []float64{v.Heat.Low, v.Heat.High}, []float64{2, 15})
}

func TestHeatmapOfValues(t *testing.T) {
	v := show(t, panel("heatmap", `"options": {"calculate": true}`),
		answer("A", line("x", 0, 0), line("y", 0, 95), line("z", nan, 100)))
	h := v.Heat
	equal(t, "notes", codes(v), []board.Code{board.NoteCalculated})
	sum := 0.0
	for _, b := range h.Buckets {
		for _, n := range b.Values {
			sum += n
		}
	}
	equal(t, "all values are counted", sum, 5)
	equal(t, "the lowest bucket", h.Buckets[0].Values, []float64{2, 1})
	equal(t, "the highest bucket ends", h.Buckets[len(h.Buckets)-1].Upper, 105)
}

func TestHistogram(t *testing.T) {
	v := show(t, panel("histogram", `"options": {"bucketSize": 10}`),
		answer("A", line("x", 1, 2, 15), line("y", 25, 11, nan)))
	var got []any
	for _, b := range v.Histogram.Buckets {
		got = append(got, b.From, b.To, b.Counts)
	}
	equal(t, "buckets", got, []any{
		0, 10, []float64{2, 0}, 10, 20, []float64{1, 1}, 20, 30, []float64{0, 1},
	})
	equal(t, "series", v.Histogram.Series[1].Name, "y")
	equal(t, "high", v.Histogram.High, 2)
}

func TestStates(t *testing.T) {
	mappings := `"fieldConfig": {"defaults": {"mappings": [{"type": "value", "options": {
		"0": {"text": "down", "color": "red"}, "1": {"text": "up", "color": "green"}}}]}}`
	at := func(i int) time.Time { return grid(5).At(i) }
	run := func(from, to int, text string, hex uint32) board.Run {
		return board.Run{
			From: at(from), To: at(to), State: board.State{Text: text, Color: rgb(hex)},
		}
	}
	for _, tt := range []struct {
		name, panel string
		want        []board.Run
	}{
		{
			"merged", panel("state-timeline", mappings), []board.Run{
				run(0, 2, "up", green), run(2, 3, "down", red), run(4, 5, "up", green),
			},
		},
		{
			"each sample", panel("status-history", mappings), []board.Run{
				run(0, 1, "up", green), run(1, 2, "up", green), run(2, 3, "down", red),
				run(4, 5, "up", green),
			},
		},
		{
			"by thresholds", panel("state-timeline", `"fieldConfig": {"defaults": {
				"color": {"mode": "thresholds"}, "unit": "s", "thresholds": {"mode": "absolute",
				"steps": [{"value": null, "color": "green"}, {"value": 1, "color": "red"}]}}}`),
			[]board.Run{
				run(0, 2, "1 s+", red), run(2, 3, "< 1 s", green), run(4, 5, "1 s+", red),
			},
		},
		{
			"by thresholds in percent", panel("state-timeline", `"fieldConfig": {"defaults": {
				"color": {"mode": "thresholds"}, "max": 2, "mappings": [{"type": "special",
				"options": {"match": "null", "result": {"text": "none"}}}],
				"thresholds": {"mode": "percentage",
				"steps": [{"value": null, "color": "green"}, {"value": 50, "color": "red"}]}}}`),
			[]board.Run{
				run(0, 2, "50%+", red), run(2, 3, "< 50%", green), run(4, 5, "50%+", red),
			},
		},
	} {
		v := show(t, tt.panel, answer("A", line("x", 1, 1, 0, nan, 1)))
		if len(v.States.Rows) != 1 || v.States.Rows[0].Name != "x" {
			t.Fatalf("%s: got rows %v, want one of x", tt.name, v.States.Rows)
		}
		equal(t, tt.name, v.States.Rows[0].Runs, tt.want)
		equal(t, tt.name+": legend", len(v.States.Legend), 2)
		equal(t, tt.name+": cells", v.States.Cells, tt.name == "each sample")
	}
}

// A column can colour its whole rows.
func TestColouredRows(t *testing.T) {
	v := show(t, `{"type": "table", "targets": [{"refId": "A", "expr": "a", "format": "table", "instant": true}],
		"fieldConfig": {"defaults": {}, "overrides": [{"matcher": {"id": "byName", "options": "Value"}, "properties": [
			{"id": "custom.cellOptions", "value": {"type": "color-background", "applyToRow": true}},
			{"id": "color", "value": {"mode": "thresholds"}},
			{"id": "thresholds", "value": {"mode": "absolute", "steps": [{"value": null, "color": "red"}, {"value": 1, "color": "green"}]}}]}]}}`,
		answer("A", line("x", 0), line("y", 1)))
	for i, column := range v.Table.Columns {
		equal(t, column.Name+": style", column.Style, board.BackgroundCell)
		for k, row := range v.Table.Rows {
			last := row[len(row)-1].Color
			equal(t, column.Name+": colour", v.Table.Rows[k][i].Color, last)
		}
	}
	if a, b := v.Table.Rows[0][0].Color, v.Table.Rows[1][0].Color; a == b {
		t.Errorf("got %v in both rows, want two colours", a)
	}
}
