package grafana

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// placed is where a panel is.
type placed struct {
	Title string
	Row   int
	Grid  Grid
}

func places(b *Dashboard) []placed {
	var all []placed
	for _, p := range b.Panels {
		all = append(all, placed{p.Title, p.Row, p.Grid})
	}
	return all
}

func TestRowsAndPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rows       []Row
		want       []placed
	}{
		{
			name: "panels are in the row before them, by place",
			text: `{"panels": [
				{"type": "row", "title": "R", "gridPos": {"x": 0, "y": 5, "w": 24, "h": 1}, "panels": []},
				{"type": "stat", "title": "low", "gridPos": {"x": 0, "y": 9, "w": 12, "h": 3}},
				{"type": "stat", "title": "right", "gridPos": {"x": 12, "y": 6, "w": 12, "h": 3}},
				{"type": "stat", "title": "left", "gridPos": {"x": 0, "y": 6, "w": 12, "h": 3}},
				{"type": "stat", "title": "top", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 5}}]}`,
			rows: []Row{{Title: "R"}},
			want: []placed{
				{"top", -1, Grid{0, 0, 24, 5}},
				{"left", 0, Grid{0, 0, 12, 3}},
				{"right", 0, Grid{12, 0, 12, 3}},
				{"low", 0, Grid{0, 3, 12, 3}},
			},
		},
		{
			name: "a collapsed row holds its panels",
			text: `{"panels": [
				{"type": "row", "title": "R", "collapsed": true, "repeat": "node", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1},
				 "panels": [{"type": "stat", "title": "in", "gridPos": {"x": 0, "y": 40, "w": 8, "h": 4}},
				            {"type": "stat", "title": "too", "gridPos": {"x": 8, "y": 40, "w": 99, "h": 4}}]},
				{"type": "row", "title": "S", "gridPos": {"x": 0, "y": 1, "w": 24, "h": 1}},
				{"type": "stat", "title": "next", "gridPos": {"x": 0, "y": 2, "w": 24, "h": 4}}]}`,
			rows: []Row{{Title: "R", Collapsed: true, Repeat: "node"}, {Title: "S"}},
			want: []placed{
				{"in", 0, Grid{0, 0, 8, 4}},
				{"too", 0, Grid{8, 0, 16, 4}},
				{"next", 1, Grid{0, 0, 24, 4}},
			},
		},
		{
			name: "a panel below a collapsed row is in none",
			text: `{"panels": [
				{"type": "row", "title": "R", "collapsed": true, "gridPos": {"y": 0},
				 "panels": [{"type": "stat", "title": "in", "gridPos": {"y": 1, "w": 8, "h": 4}}]},
				{"type": "stat", "title": "below", "gridPos": {"y": 1, "w": 24, "h": 4}},
				{"type": "stat", "title": "too", "gridPos": {"y": 5, "w": 24, "h": 4}}]}`,
			rows: []Row{{Title: "R", Collapsed: true}, {Bare: true}},
			want: []placed{
				{"in", 0, Grid{0, 0, 8, 4}},
				{"below", 1, Grid{0, 0, 24, 4}},
				{"too", 1, Grid{0, 4, 24, 4}},
			},
		},
		{
			name: "legacy rows: width is span × 2, height is pixels ÷ 38",
			text: `{"schemaVersion": 12, "rows": [
				{"title": "R", "height": "150px", "showTitle": true, "panels": [
					{"type": "graph", "title": "a", "span": 6}, {"type": "graph", "title": "b", "span": "6"},
					{"type": "graph", "title": "c", "span": 12, "height": 300}]},
				{"title": "S", "height": 10, "panels": [{"type": "graph", "title": "d"}]},
				{"title": "T", "panels": [{"type": "graph", "title": "e", "span": 3}]}]}`,
			rows: []Row{{Title: "R"}, {Title: "S"}, {Title: "T"}},
			want: []placed{
				{"a", 0, Grid{0, 0, 12, 4}},
				{"b", 0, Grid{12, 0, 12, 4}},
				{"c", 0, Grid{0, 4, 24, 8}},
				{"d", 1, Grid{0, 0, 8, 3}},
				{"e", 2, Grid{0, 0, 6, 7}},
			},
		},
		{
			name: "legacy rows without headings are no rows",
			text: `{"rows": [{"height": 250, "panels": [{"type": "graph", "title": "a", "span": 12}]},
			                {"height": 250, "panels": [{"type": "graph", "title": "b", "span": 12}]}]}`,
			want: []placed{{"a", -1, Grid{0, 0, 24, 7}}, {"b", -1, Grid{0, 7, 24, 7}}},
		},
		{
			name: "panels without a place keep their order",
			text: `{"panels": [{"type": "stat", "title": "a"}, {"type": "row", "title": "R"},
				{"type": "stat", "title": "b", "span": 12}, {"type": "stat", "title": "c", "span": 12}]}`,
			rows: []Row{{Title: "R"}},
			want: []placed{
				{"a", -1, Grid{0, 0, 8, 7}}, {"b", 0, Grid{0, 0, 24, 7}}, {
					"c", 0, Grid{0, 7, 24, 7},
				},
			},
		},
		{
			name: "a panel without a place among panels with one gets Grafana's",
			text: `{"panels": [{"type": "stat", "title": "a"},
				{"type": "stat", "title": "b", "gridPos": {"x": 6, "y": 0, "w": 6, "h": 3}}]}`,
			want: []placed{{"a", -1, Grid{0, 0, 6, 3}}, {"b", -1, Grid{6, 0, 6, 3}}},
		},
	} {
		b := board(t, tt.text)
		if diff := cmp.Diff(tt.rows, b.Rows); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.want, places(b)); diff != "" {
			t.Errorf("%s: places (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Nothing of a file with both shapes is lost.
func TestPanelsAndRows(t *testing.T) {
	b := board(t,
		`{"panels": [{"type": "stat", "title": "a", "gridPos": {"x":0,"y":0,"w":1,"h":1}}],
		"rows": [{"panels": [{"type": "graph", "title": "b"}]}]}`)
	if len(b.Panels) != 2 {
		t.Errorf("got %d panels, want 2", len(b.Panels))
	}
}
