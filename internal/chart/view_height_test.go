package chart

import (
	"math/rand/v2"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
)

// At its own height, a panel shows all its figures and bars. One that does so anyway keeps its
// height.
func TestViewHeightShowsAll(t *testing.T) {
	taller, kept := 0, 0
	for seed := range uint64(600) {
		m := made{rand.New(rand.NewPCG(seed, 3))}
		v := &board.View{Kind: board.TilesKind, Title: m.of("", "title"), Tiles: m.tiles()}
		if m.IntN(2) == 0 {
			v.Kind, v.Tiles, v.Bars = board.BarsKind, nil, m.bars()
			if v.Bars.Style == board.ChartBars {
				continue
			}
		}
		size := boxSizes[m.IntN(len(boxSizes))]
		o := ViewOptions{Width: size[0], Height: size[1], Bare: m.IntN(2) == 0}
		cut := saysMore(v, o)
		height := o.options().Height
		o.Height = ViewHeight(v, o)
		switch {
		case o.Height == mostViewHeight:
		case saysMore(v, o):
			t.Errorf("seed %d: at a height of %d some are left out, want all shown", seed, o.Height)
		case cut:
			taller++
		case height < 60: // no room to say that something is left out
		case o.Height != height:
			t.Errorf("seed %d: got a height of %d, want %d, at which all is shown", seed, o.Height,
				height)
		default:
			kept++
		}
	}
	if taller == 0 || kept == 0 {
		t.Errorf("got %d taller panels and %d others, want some of both", taller, kept)
	}
}

// saysMore reports whether a picture says that something is left out.
func saysMore(v *board.View, o ViewOptions) bool {
	for _, l := range composeView(v, o.options()).labels {
		if l.style == moreStyle {
			return true
		}
	}
	return false
}
