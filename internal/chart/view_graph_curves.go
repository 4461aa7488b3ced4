package chart

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/board"
)

// graphCurve is a curve of a graph with its place.
type graphCurve struct {
	*board.Curve
	outline
	ground float64 // the height of the level ground of its area
}

// graphCurves are the curves of a graph, back to front.
type graphCurves struct {
	list []graphCurve
	in   box // nothing is drawn outside

	tolerance float32 // how far a path may be from its samples
	pitch     float64 // the width of a column
	bundles   []*bundle
}

// bundle is curves of one look that are drawn as one path, where there are many curves.
type bundle struct {
	look *board.Curve
	path []point
}

func (b *bundle) like(c *board.Curve) bool {
	return b.look.Color == c.Color && b.look.Width == c.Width && b.look.Dash == c.Dash
}

func (b *bundle) stroke(s surface, opacity uint8) {
	s.Line(b.path, min(b.look.Width, mostWidth), graphDashes[b.look.Dash],
		paint{ownInk(b.look.Color), opacity})
}

// draw draws the curves. Of several samples in a column of the plot, two are kept. With many curves
// the columns are wider than needed, because a path costs as much as it has points.
func (g *graphCurves) draw(s surface, _ frame) {
	var t tracer
	tolerance, points := s.Detail()
	g.tolerance, g.bundles = float32(tolerance), nil
	g.pitch = max(4*tolerance, g.in.width()*2*float64(len(g.list))/float64(points))
	for i := range g.list {
		c := &g.list[i]
		if c.Draw == "bars" {
			g.drawBars(s, c)
			continue
		}
		g.fill(s, c, &t)
		g.line(s, c, &t)
		g.points(s, c, &t)
	}
	opacity := uint8(255)
	if len(g.list) > throng {
		opacity = 110
	}
	for _, of := range g.bundles {
		of.stroke(s, opacity)
	}
}

const (
	mostFilled = 24  // curves, beyond which areas that lie on each other would only hide them
	crowd      = 40  // curves, beyond which those of one colour are one path
	throng     = 200 // curves, beyond which they let those below them show through
)

// lightFill is the opacity up to which the edge of an area need not follow every sample.
const lightFill = 0.3

// alpha is an opacity from 0 to 1 as that of a paint.
func alpha(opacity float64) uint8 { return uint8(math.Round(255 * max(0, min(opacity, 1)))) }

// fill fills the area of a curve.
func (g *graphCurves) fill(s surface, c *graphCurve, t *tracer) {
	if !(c.Fill > 0) || c.Draw == "points" || c.base == nil && len(g.list) > mostFilled {
		return
	}
	light := c.Fill <= lightFill || c.Gradient == "opacity"
	if light && c.base == nil && c.Width > 0 && c.apart() < g.pitch {
		t.average(&c.outline, 2*g.pitch)
	} else {
		t.trace(&c.outline, g.pitch)
	}
	if c.base == nil {
		t.low = t.low[:0]
		for _, p := range t.top {
			if p.drawable() {
				p.y = float32(c.ground)
			}
			t.low = append(t.low, p)
		}
	}
	shade := paint{ownInk(c.Color), alpha(c.Fill)}
	if c.Gradient != "opacity" {
		g.area(s, t, g.in, shade)
		return
	}
	// The opacity falls from the top of the plot to its bottom.
	steps := max(2, min(math.Ceil(c.Fill*20/float64(g.tolerance)), mostSteps))
	height, band := g.in.height()/steps, g.in
	for i := range int(steps) {
		// Bands that meet within a pixel would have a seam.
		band.bottom = min(math.Round(g.in.top+float64(float64(i+1)*height)), g.in.bottom)
		shade.alpha = alpha(c.Fill * (1 - (float64(i)+0.5)/steps))
		g.area(s, t, band, shade)
		band.top = band.bottom
	}
}

// mostSteps is the number of steps of a gradient from opaque to transparent.
const mostSteps = 32

// area fills the part of the traced area that is in b.
func (g *graphCurves) area(s surface, t *tracer, b box, shade paint) {
	top, low := clipArea(t.cut[0][:0], t.cut[1][:0], t.top, t.low, b)
	t.cut = [2][]point{top, low}
	top, low = simplify(top, low, t.thin[0][:0], t.thin[1][:0], g.tolerance)
	t.thin = [2][]point{top, low}
	for i, p := range top {
		if p.drawable() && low[i].y != p.y {
			s.Area(top, low, shade)
			return
		}
	}
}

// dashes of a curve in logical pixels.
var graphDashes = map[string][]float64{"dash": {8, 6}, "dot": {1, 4}, "square": {3, 5}}

// line strokes a curve.
func (g *graphCurves) line(s surface, c *graphCurve, t *tracer) {
	if c.Draw == "points" || !(c.Width > 0) {
		return
	}
	t.trace(&c.outline, g.pitch)
	path := clipLine(t.cut[0][:0], t.top, g.in)
	t.cut[0] = path
	path, _ = simplify(path, nil, t.thin[0][:0], nil, g.tolerance)
	t.thin[0] = path
	switch {
	case len(path) == 0:
	case len(g.list) <= crowd:
		(&bundle{c.Curve, path}).stroke(s, 255)
	default:
		i := slices.IndexFunc(g.bundles, func(b *bundle) bool { return b.like(c.Curve) })
		if i < 0 {
			i = len(g.bundles)
			g.bundles = append(g.bundles, &bundle{look: c.Curve})
		}
		g.bundles[i].path = append(broken(g.bundles[i].path), path...)
	}
}

const (
	mostWidth     = 10.0 // of a line and of a point
	sparseSamples = 10.0 // distance from which each sample has its point
)

// points draws the samples of a curve: all, or those that would not be seen otherwise.
func (g *graphCurves) points(s surface, c *graphCurve, t *tracer) {
	size := c.PointSize
	if !(size > 0) {
		size = 5
	}
	apart := c.apart()
	all := c.Draw == "points" || c.ShowPoints == "always" ||
		c.ShowPoints != "never" && apart >= max(sparseSamples, 2*size)
	dots := t.cut[0][:0]
	drawn := math.Inf(-1)
	n := min(len(c.values), c.times.n)
	near := func(i, by int) bool { // whether a line joins the sample with another one
		for k := i + by; k >= 0 && k < n && math.Abs(float64(k-i)) <= c.bridge+1; k += by {
			if c.sample(k) {
				return true
			}
		}
		return false
	}
	for i := range n {
		if !c.sample(i) {
			continue
		}
		alone := !all && !near(i, -1) && !near(i, 1)
		p := point{float32(c.x(c.times.at(i))), float32(c.y64(c.values[i]))}
		if !all && !alone || !g.in.holds(p) || float64(p.x) < drawn+1 {
			continue
		}
		drawn = float64(p.x)
		dots = append(broken(dots), p)
	}
	t.cut[0] = dots
	if len(dots) > 0 {
		s.Line(dots, min(size, mostWidth), nil, solid(ownInk(c.Color)))
	}
}

const (
	barShare      = 0.6 // of the room of a sample that its bar takes
	leastBarPitch = 4.0 // between bars with a gap
)

// drawBars draws the bars of a curve.
func (g *graphCurves) drawBars(s surface, c *graphCurve) {
	apart := c.apart()
	if apart < leastBarPitch {
		g.skyline(s, c)
		return
	}
	width := max(2, min(math.Floor(float64(apart*barShare)), 200))
	fill := c.Fill
	if width < 4 && c.Width > 0 {
		fill = 1
	}
	var boxes []box
	var outline []point
	for i := range min(len(c.values), c.times.n) {
		if !c.sample(i) {
			continue
		}
		middle, ground := c.x(c.times.at(i)), c.ground
		if c.base != nil {
			ground = c.y64(c.base[i])
		}
		y := c.y64(c.values[i])
		edge := math.Round(middle - width/2) // all bars have the same number of pixels
		b := box{edge, min(y, ground), edge + width, max(y, ground)}
		b = b.within(g.in)
		if !(b.width() > 0) || !(b.height() > 0) {
			continue
		}
		boxes = append(boxes, b)
		if c.Width > 0 && fill < 1 {
			l, r := float32(math.Round(b.left)+0.5), float32(math.Round(b.right)-0.5)
			up, down := float32(math.Round(b.top)+0.5), float32(math.Round(b.bottom)-0.5)
			outline = append(broken(outline), point{l, down}, point{l, up}, point{r, up},
				point{r, down}, point{l, down})
		}
	}
	if len(boxes) > 0 && fill > 0 {
		s.Rects(boxes, paint{ownInk(c.Color), alpha(fill)})
	}
	if len(outline) > 0 {
		s.Line(outline, 1, nil, solid(ownInk(c.Color)))
	}
}

// skyline draws bars that leave no gaps as one area with steps a pixel wide.
func (g *graphCurves) skyline(s surface, c *graphCurve) {
	var top, low []point
	column := math.Inf(-1)
	for i := range min(len(c.values), c.times.n) {
		if !c.sample(i) {
			continue
		}
		ground := c.ground
		if c.base != nil {
			ground = c.y64(c.base[i])
		}
		y := c.y64(c.values[i])
		up, down := float32(min(y, ground)), float32(max(y, ground))
		x := math.Floor(c.x(c.times.at(i)))
		if n := len(top); x == column && n > 0 {
			top[n-1].y, low[n-1].y = min(top[n-1].y, up), max(low[n-1].y, down)
			top[n-2].y, low[n-2].y = top[n-1].y, low[n-1].y
			continue
		}
		if n := len(top); n > 0 && x > column+max(1, math.Ceil(c.apart())) {
			top, low = append(top, gap()), append(low, gap())
		} else if n > 0 { // no gap to the column before
			top, low = append(top, point{float32(x), top[n-1].y}),
				append(low, point{float32(x), low[n-1].y})
		}
		column = x
		for _, at := range [...]float32{float32(x), float32(x + 1)} {
			top, low = append(top, point{at, up}), append(low, point{at, down})
		}
	}
	top, low = clipArea(nil, nil, top, low, g.in)
	opacity := c.Fill
	if c.Width > 0 {
		opacity = 1
	}
	if opacity > 0 && len(top) > 0 {
		s.Area(top, low, paint{ownInk(c.Color), alpha(opacity)})
	}
}

// within returns the part of b in o.
func (b box) within(o box) box {
	return box{
		max(b.left, o.left), max(b.top, o.top), min(b.right, o.right), min(b.bottom, o.bottom),
	}
}

// bridgeOf is the number of missing samples that a curve bridges.
func bridgeOf(bridge time.Duration, step float64) float64 {
	if bridge == math.MaxInt64 {
		return math.Inf(1)
	}
	return max(0, bridge.Seconds()/step-1)
}
