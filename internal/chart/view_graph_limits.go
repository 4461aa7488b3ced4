package chart

import (
	"math"

	"github.com/promsnap/promsnap/internal/board"
)

// graphLimits are the thresholds of a graph.
type graphLimits struct {
	*board.Limits
	axis  *graphAxis
	frame frame
}

const (
	limitAlpha     = 38 // of the area of a band whose colour is opaque
	limitLineAlpha = 200
)

func (l graphLimits) draw(s surface, _ frame) {
	f := l.frame
	for _, b := range l.Bands {
		if b.Color.A == 0 {
			continue
		}
		from, to := max(l.place(b.From), f.y0), min(l.place(b.To), f.y1)
		shade := paint{ownInk(b.Color), limitAlpha}
		if b.Color.A < 255 {
			shade.alpha = b.Color.A
		}
		if l.Areas && from < to {
			s.Rect(box{f.left, f.y(to), f.right, f.y(from)}, shade)
		}
		at := l.place(b.From)
		if !l.Lines || math.IsInf(b.From, -1) || !f.holds(at) {
			continue
		}
		y := float32(math.Round(f.y(at)))
		var dash []float64
		if l.Dashed {
			dash = []float64{10, 6}
		}
		line := paint{ownInk(b.Color), min(b.Color.A, limitLineAlpha)}
		s.Line([]point{{float32(f.left), y}, {float32(f.right), y}}, 2, dash, line)
	}
}

// place returns the end of a band as a number of the scale. The first and the last are beyond it.
func (l graphLimits) place(v float64) float64 {
	switch {
	case math.IsInf(v, 0):
		return v
	case l.axis.of.LogBase > 0 && v <= 0:
		return math.Inf(-1)
	}
	return l.axis.scaled(v)
}
