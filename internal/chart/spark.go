package chart

import (
	"bytes"
	"fmt"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/rules"
)

// Bounds of a sparkline's size in logical pixels.
const (
	leastSpark = 16
	mostSpark  = 1000
	sparkInset = 3 // so that the dot at the end is not cut
)

// SparkSVG draws a series as a line for a row of text: no axes, the newest sample as a dot, in the
// colour of the severity. Width and height are in logical pixels. A series without a finite sample
// is hatched.
func SparkSVG(values []float64, severity rules.Severity, width, height int) ([]byte, error) {
	pic := composeSpark(values, severity, width, height)
	v := &vector{picture: pic}
	var out bytes.Buffer
	if err := pic.render(v, &out); err != nil {
		return nil, fmt.Errorf("draw a sparkline: %w", err)
	}
	return out.Bytes(), nil
}

// SparkPNG is SparkSVG as a PNG. Of the options it uses Scale and Dark.
func SparkPNG(values []float64, severity rules.Severity, width, height int,
	o Options) ([]byte, error) {
	return composeSpark(values, severity, width, height).png(o.bounded())
}

// composeSpark lays a sparkline out.
func composeSpark(values []float64, severity rules.Severity, width, height int) *picture {
	width, height = min(max(width, leastSpark), mostSpark), min(max(height, leastSpark), mostSpark)
	p := &picture{width: width, height: height, x1: float64(max(len(values)-1, 1)), y1: 1}
	p.plot = chart.Box{
		IsSet: true, Left: sparkInset, Top: sparkInset, Right: width - sparkInset,
		Bottom: height - sparkInset,
	}
	var b bounds
	b.add(values...)
	if !b.any {
		p.inside = []shape{emptyPlot{}}
		return p
	}
	p.y0, p.y1 = b.around()
	line := spark{values, firstSeries}
	if severity != rules.None {
		line.ink = severityInk(severity)
	}
	p.inside = []shape{line}
	return p
}

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
