package chart

import (
	"math"

	"github.com/golang/freetype/truetype"
	chart "github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

// pen is the half of go-chart's Renderer that only stores: the style and the current path. Both
// writers embed it. go-chart itself calls it for the background and the canvas.
type pen struct {
	dpi          float64
	stroke, fill drawing.Color
	strokeWidth  float64
	dash         []float64
	font         *truetype.Font
	fontColour   drawing.Color
	fontSize     float64
	paths        [][]point // the last one is open
}

func (p *pen) ResetStyle() {
	*p = pen{dpi: p.dpi, paths: p.paths, font: p.font}
}
func (p *pen) GetDPI() float64                   { return p.dpi }
func (p *pen) SetDPI(dpi float64)                { p.dpi = dpi }
func (p *pen) SetClassName(string)               {}
func (p *pen) SetStrokeColor(c drawing.Color)    { p.stroke = c }
func (p *pen) SetFillColor(c drawing.Color)      { p.fill = c }
func (p *pen) SetStrokeWidth(width float64)      { p.strokeWidth = width }
func (p *pen) SetStrokeDashArray(dash []float64) { p.dash = dash }
func (p *pen) SetFont(f *truetype.Font)          { p.font = f }
func (p *pen) SetFontColor(c drawing.Color)      { p.fontColour = c }
func (p *pen) SetFontSize(size float64)          { p.fontSize = size }

// SetTextRotation does nothing, because our charts have no rotated text and go-chart rotates text
// only on axes, which are hidden.
func (p *pen) SetTextRotation(float64) {}

// ClearTextRotation does nothing, like SetTextRotation.
func (p *pen) ClearTextRotation() {}

func (p *pen) MoveTo(x, y int) { p.paths = append(p.paths, []point{{float32(x), float32(y)}}) }

func (p *pen) LineTo(x, y int) { p.lineTo(float64(x), float64(y)) }

func (p *pen) lineTo(x, y float64) {
	if len(p.paths) == 0 {
		p.paths = append(p.paths, nil)
	}
	last := &p.paths[len(p.paths)-1]
	*last = append(*last, point{float32(x), float32(y)})
}

// curveSteps is the number of straight pieces that replace a curve.
const curveSteps = 24

func (p *pen) QuadCurveTo(cx, cy, x, y int) {
	if len(p.paths) == 0 {
		p.MoveTo(cx, cy)
	}
	last := p.paths[len(p.paths)-1]
	from := last[len(last)-1]
	for i := 1; i <= curveSteps; i++ {
		t := float64(i) / curveSteps
		a, b, c := float64((1-t)*(1-t)), float64(2*t*(1-t)), float64(t*t)
		p.lineTo(float64(a*float64(from.x))+float64(b*float64(cx))+float64(c*float64(x)),
			float64(a*float64(from.y))+float64(b*float64(cy))+float64(c*float64(y)))
	}
}

func (p *pen) ArcTo(cx, cy int, rx, ry, start, delta float64) {
	for i := 0; i <= curveSteps; i++ {
		angle := start + float64(delta*float64(i)/curveSteps)
		p.lineTo(float64(cx)+float64(math.Cos(angle)*rx), float64(cy)+float64(math.Sin(angle)*ry))
	}
}

func (p *pen) Circle(radius float64, x, y int) {
	p.paths = append(p.paths, nil)
	p.ArcTo(x, y, radius, radius, 0, 2*math.Pi)
}

func (p *pen) Close() {
	if len(p.paths) == 0 {
		return
	}
	last := &p.paths[len(p.paths)-1]
	*last = append(*last, (*last)[0])
}

// MeasureText returns the room that text takes, for go-chart. Our own layouts measure before a
// Renderer exists.
func (p *pen) MeasureText(text string) chart.Box {
	return chart.Box{
		Right:  int(math.Ceil(typefaces[regular].width(text) * p.fontSize)),
		Bottom: int(math.Ceil(p.fontSize * ascent)),
	}
}
