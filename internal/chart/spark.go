package chart

// sparkInset is the room around a sparkline, so that the dot at its end is whole.
const sparkInset = 3

// spark is the line of a sparkline.
type spark struct {
	values []float64
	ink    ink
}

func (l spark) draw(s surface, f frame) {
	path := f.trace(nil, l.values, times{step: 1, n: len(l.values)}, s.Density())
	ground := make([]point, len(path))
	for i, p := range path {
		ground[i] = point{p.x, float32(f.bottom)}
	}
	s.Area(path, ground, paint{l.ink, 40})
	s.Line(path, 1.25, nil, solid(l.ink))
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].drawable() {
			s.Dot(path[i], 2.25, solid(l.ink))
			return
		}
	}
}
