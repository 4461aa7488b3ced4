package chart

import (
	"fmt"
	"math"

	chart "github.com/wcharczuk/go-chart/v2"
)

// boxed is a surface that notes what is drawn outside a box.
type boxed struct {
	chart.Renderer // nothing calls it
	in             box
	density        float64
	faults         []string
	top            float64 // of all lines
}

// outside draws the shapes and labels of a picture, and returns what is outside a box.
func outsideOf(p *picture, in box, density float64) *boxed {
	s := &boxed{in: in, density: density, top: math.Inf(1)}
	for _, sh := range p.around {
		sh.draw(s, p.frame())
	}
	for _, l := range p.labels {
		s.Label(l)
	}
	return s
}

func (s *boxed) look(what string, b box) {
	const near = 1.5 // half of a line and rounding
	inside := b.left >= s.in.left-near && b.right <= s.in.right+near &&
		b.top >= s.in.top-near && b.bottom <= s.in.bottom+near
	if !inside && len(s.faults) < 5 { // also for NaN
		s.faults = append(s.faults, fmt.Sprintf("%s at %v is not in %v", what, b, s.in))
	}
}

func (s *boxed) path(what string, path []point) {
	for _, p := range path {
		if x, y := float64(p.x), float64(p.y); !math.IsNaN(x) {
			s.look(what, box{x, y, x, y})
		}
	}
}

func (s *boxed) Density() float64                        { return s.density }
func (s *boxed) Detail() (tolerance float64, points int) { return 0.5 / s.density, 1000 }
func (s *boxed) Rect(b box, _ paint)                     { s.look("a rectangle", b) }
func (s *boxed) Rects(bs []box, _ paint) {
	for _, b := range bs {
		s.look("a rectangle", b)
	}
}
func (s *boxed) Line(path []point, _ float64, _ []float64, _ paint) {
	s.path("a line", path)
	for _, p := range path {
		if p.drawable() {
			s.top = min(s.top, float64(p.y))
		}
	}
}
func (s *boxed) Area(upper, lower []point, _ paint) {
	if len(upper) != len(lower) {
		s.faults = append(s.faults, fmt.Sprintf("an area of %d and %d points", len(upper),
			len(lower)))
	}
	for i := range upper[:min(len(upper), len(lower))] {
		a, b := upper[i], lower[i]
		if a.drawable() && b.drawable() && a.x != b.x {
			s.faults = append(s.faults, fmt.Sprintf("the edges of an area: at %v and %v", a, b))
			break
		}
	}
	s.path("an area", upper)
	s.path("an area", lower)
}
func (s *boxed) Dot(at point, _ float64, _ paint) { s.path("a dot", []point{at}) }
func (s *boxed) Hatch(b box, _ paint)             { s.look("a hatch", b) }
func (s *boxed) Label(l label)                    { s.look(fmt.Sprintf("the text %.40q", l.text), l.box) }
