package board_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		in            grafana.Grid
		width, height int
	}{
		{grafana.Grid{W: 24, H: 8}, board.PageWidth, 296},
		{grafana.Grid{W: 12, H: 1}, 584, 30},
		{grafana.Grid{W: 3, H: 4}, 140, 144},
		{grafana.Grid{W: 99, H: 0}, board.PageWidth, 30},
		{grafana.Grid{W: -1, H: -5}, 41, 30},
	} {
		width, height := board.Size(c.in)
		if width != c.width || height != c.height {
			t.Errorf("Size(%+v): got %d × %d, want %d × %d", c.in, width, height, c.width, c.height)
		}
	}
}

func TestArrange(t *testing.T) {
	for name, c := range map[string]struct {
		in     []grafana.Grid
		want   []board.Rect
		height int
	}{
		"nothing": {},
		"beside each other": {
			in: []grafana.Grid{{X: 0, W: 12, H: 8}, {X: 12, W: 12, H: 8}},
			want: []board.Rect{
				{Width: 584, Height: 296}, {Left: 592, Width: 584, Height: 296},
			},
			height: 296,
		},
		"empty space is closed": {
			in:     []grafana.Grid{{Y: 50, W: 24, H: 2}, {Y: 90, W: 24, H: 1}},
			want:   []board.Rect{{Width: 1176, Height: 68}, {Top: 76, Width: 1176, Height: 30}},
			height: 106,
		},
		"a short one moves up beside a high one": {
			in: []grafana.Grid{{W: 12, H: 8}, {X: 12, W: 12, H: 2}, {X: 12, Y: 8, W: 12, H: 2}},
			want: []board.Rect{
				{Width: 584, Height: 296}, {Left: 592, Width: 584, Height: 68},
				{Left: 592, Top: 76, Width: 584, Height: 68},
			},
			height: 296,
		},
		"they overlap": {
			in: []grafana.Grid{{W: 24, H: 2}, {X: 6, Y: 1, W: 6, H: 2}},
			want: []board.Rect{
				{Width: 1176, Height: 68}, {Left: 296, Top: 76, Width: 288, Height: 68},
			},
			height: 144,
		},
		"not in order": {
			in:     []grafana.Grid{{Y: 2, W: 24, H: 1}, {W: 24, H: 2}},
			want:   []board.Rect{{Top: 76, Width: 1176, Height: 30}, {Width: 1176, Height: 68}},
			height: 106,
		},
		"outside the grid": {
			in: []grafana.Grid{{X: -5, Y: -5, W: -1, H: -1}, {X: 30, W: 99, H: 1e6}},
			want: []board.Rect{
				{Width: 41, Height: 30}, {Top: 38, Width: 1176, Height: 3792},
			},
			height: 3830,
		},
	} {
		rects, height := board.Arrange(c.in)
		if !slices.Equal(rects, c.want) || height != c.height {
			t.Errorf("%s: got %v, height %d, want %v, height %d", name, rects, height, c.want,
				c.height)
		}
	}
}

// Panels of any file are on the page, and none is on another one.
func TestArrangeAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		places := make([]grafana.Grid, r.IntN(60))
		for i := range places {
			places[i] = grafana.Grid{
				X: r.IntN(30) - 3, Y: r.IntN(40) - 5, W: r.IntN(28) - 2, H: r.IntN(12) - 1,
			}
		}
		rects, height := board.Arrange(places)
		for i, a := range rects {
			if a.Left < 0 || a.Top < 0 || a.Right() > board.PageWidth || a.Bottom() > height ||
				a.Width < 1 || a.Height < 1 {
				t.Fatalf("place %d of %v: got %v, want it within %d × %d", i, places, a,
					board.PageWidth, height)
			}
			for _, b := range rects[:i] {
				if a.Left < b.Right() && b.Left < a.Right() && a.Top < b.Bottom() &&
					b.Top < a.Bottom() {
					t.Fatalf("places %v: got %v and %v, want no overlap", places, a, b)
				}
			}
		}
	}
}

func TestSections(t *testing.T) {
	b := board.Board{
		Rows:   make([]board.Row, 3),
		Panels: []board.Panel{{Row: 1}, {Row: 0}, {Row: 1}, {Row: -1}, {Row: 7}},
	}
	equal(t, "sections", b.Sections(), []board.Section{
		{Row: -1, Panels: []int{3, 4}}, {Row: 0, Panels: []int{1}}, {Row: 1, Panels: []int{0, 2}},
		{Row: 2},
	})
	equal(t, "sections of an empty board", (&board.Board{}).Sections(), []board.Section{})
}

func TestColumn(t *testing.T) {
	tile := board.Panel{
		View: board.View{Kind: board.TilesKind}, Place: grafana.Grid{W: 4, H: 3},
	}
	graph := board.Panel{View: board.View{Kind: board.GraphKind}, Place: grafana.Grid{W: 12, H: 8}}
	b := board.Board{Panels: []board.Panel{tile, tile, tile, graph, graph, tile}}
	got := b.Column([]int{0, 1, 2, 3, 4, 5}, 376)
	equal(t, "a narrow page", got, []board.Rect{
		{Width: 184, Height: 96}, {Left: 192, Width: 184, Height: 96},
		{Top: 104, Width: 376, Height: 96}, {Top: 208, Width: 376, Height: 208},
		{Top: 424, Width: 376, Height: 208}, {Top: 640, Width: 376, Height: 96},
	})
	b.Panels[4].Empty = true
	b.Panels[3].Kind, b.Panels[3].Text = board.TextKind, &board.Text{Blocks: make([]board.Block, 5)}
	equal(t, "a text and a panel without data", b.Column([]int{3, 4}, 376), []board.Rect{
		{Width: 376, Height: 158}, {Top: 166, Width: 376, Height: 96},
	})
}
