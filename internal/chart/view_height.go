package chart

import (
	"math"

	"github.com/promsnap/promsnap/internal/board"
)

// Sizes of figures and bars where there is as much height as they need, in logical pixels.
const (
	easyTileWidth, easyTileHeight   = 110.0, 48.0
	easyGaugeWidth, easyGaugeHeight = 110.0, 104.0
	easyPitch                       = 20.0
)

// ViewHeight returns the height at which a picture of a panel shows all its figures or bars, if
// that is more than the height in o. A page can let such a picture scroll. The height is at most
// 4000, as that of any picture.
func ViewHeight(v *board.View, o ViewOptions) int {
	in := o.options()
	around := viewInset
	if !in.Bare && v.Title != "" {
		around += viewTitle
	}
	width, room := float64(in.Width)-2*viewInset, float64(in.Height)-around
	need := 0.0
	switch {
	case v.Empty:
	case v.Tiles != nil:
		need = newPicture(in).tilesHeight(v.Tiles, box{right: width, bottom: room})
	case v.Bars != nil && v.Bars.Style != board.ChartBars:
		need = rowsHeight(v.Bars, width, room)
	}
	return max(in.Height, min(int(math.Ceil(need+around)), mostViewHeight))
}

// tilesHeight returns the height that tiles need if b is too small for all, otherwise 0.
func (p *picture) tilesHeight(tiles *board.Tiles, b box) float64 {
	n := len(tiles.Items)
	if t := newTiling(p, tiles, b); t.arrange() == n {
		return 0
	}
	w, h := easyTileWidth, easyTileHeight
	if tiles.Gauge {
		w, h = easyGaugeWidth, easyGaugeHeight
	}
	columns := max(int((b.width()+viewTileGap)/(w+viewTileGap)), 1)
	rows := (n + columns - 1) / columns
	return float64((h+viewTileGap)*float64(rows)) - viewTileGap
}

// rowsHeight returns the height that rows of bars need if there is too little room for all,
// otherwise 0.
func rowsHeight(bars *board.Bars, width, room float64) float64 {
	n := float64(len(bars.Items))
	if bars.Style == board.ShareBars && room >= leastStrip {
		room -= stripHeight + stripGap
	}
	if n*leastPitch <= room || uprightFits(bars, width, room) {
		return 0
	}
	need := n * easyPitch
	if bars.Style == board.ShareBars {
		need += stripHeight + stripGap
	}
	return need
}
