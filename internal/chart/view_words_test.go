package chart

import (
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

func TestSpoken(t *testing.T) {
	many := &board.View{Kind: board.TilesKind, Title: "Many", Tiles: &board.Tiles{}}
	for range 15 {
		many.Tiles.Items = append(many.Tiles.Items, board.Tile{
			Text: value.Formatted{Text: "1"},
		})
	}
	for _, c := range []struct {
		view *board.View
		want string
	}{
		{oneStat(), "Requests: 1.16 K req/s"},
		{someGauges(), "Pressure: CPU 1.5%, Memory 93.42%, Disk N/A%"},
		{barView(&board.Bars{
			Style: board.GaugeBars, Items: []board.Bar{
				{Name: "a", Parts: []board.BarPart{{Text: value.Formatted{Text: "2 s"}}}},
			},
		}), "Memory by node: a 2 s"},
		{many, "Many: 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, and 3 more"},
		{&board.View{Kind: board.TilesKind, Title: "None", Empty: true}, "None"},
		{fleetTable(), "Nodes"},
	} {
		p := composeView(c.view, ViewOptions{}.options())
		if p.alt != c.want {
			t.Errorf("got %q, want %q", p.alt, c.want)
		}
	}
}

// Every kind of a panel has its texts looked at.
func TestUndrawableInBoard(t *testing.T) {
	const face = "a 🙂"
	spans := []board.Span{{Text: face}}
	for name, v := range map[string]*board.View{
		"title": {Title: face},
		"graph": {Graph: &board.Graph{Curves: []board.Curve{{Name: face}}}},
		"axis":  {Graph: &board.Graph{Axes: [2]board.Axis{{}, {Label: face}}}},
		"tile":  {Tiles: &board.Tiles{Items: []board.Tile{{Text: value.Formatted{Text: face}}}}},
		"bar":   {Bars: &board.Bars{Items: []board.Bar{{Name: face}}}},
		"bars":  {Bars: &board.Bars{Series: []board.BarSeries{{Name: face}}}},
		"table": {Table: &board.Table{Rows: [][]board.Cell{{{Text: face}}}}},
		"heat":  {Heat: &board.Heat{Buckets: []board.HeatBucket{{Name: face}}}},
		"count": {Histogram: &board.Histogram{Series: []board.BarSeries{{Name: face}}}},
		"state": {States: &board.States{Legend: []board.State{{Text: face}}}},
		"text":  {Text: &board.Text{Blocks: []board.Block{{Spans: spans}}}},
		"cell":  {Text: &board.Text{Blocks: []board.Block{{Cells: [][]board.Span{spans}}}}},
		"code":  {Text: &board.Text{Blocks: []board.Block{{Code: "x\n🙂"}}}},
	} {
		b := &board.Board{Panels: []board.Panel{{View: *v}}}
		if got := string(UndrawableInBoard(b, nil)); got != "🙂" {
			t.Errorf("%s: got %q, want 🙂", name, got)
		}
	}
	b := &board.Board{
		Title: "中", Rows: []board.Row{{Title: "文 a", Tab: "🙂"}},
		Variables: []grafana.VariableVerdict{{Label: "用", Values: []string{"中", "가"}}},
	}
	if got, want := string(UndrawableInBoard(b, nil)), "中用🙂文"; got != want {
		t.Errorf("around the panels: got %q, want %q", got, want)
	}
	b = &board.Board{Panels: []board.Panel{{View: *aText()}}}
	if got := UndrawableInBoard(b, nil); len(got) > 0 {
		t.Errorf("a text in our fonts: got %q, want none", string(got))
	}
}
