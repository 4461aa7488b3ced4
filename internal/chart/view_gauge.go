package chart

import (
	"image/color"
	"math"

	"github.com/promsnap/promsnap/internal/board"
)

// A gauge is an arc of 240 degrees, open at its bottom. Angles are in radians, clockwise from the
// right.
const (
	gaugeStart   = 5 * math.Pi / 6
	gaugeSweep   = 4 * math.Pi / 3
	gaugeWidth   = 0.2   // of its arc, as a share of its radius
	gaugeBands   = 0.05  // width of the ring with the thresholds
	gaugeHeight  = 1.53  // of its height by its radius
	leastRadius  = 18.0  // of a gauge: a smaller one is written as a figure
	gaugeEnds    = 42.0  // the radius from which the minimum and the maximum are written
	gaugeEndSize = 10.0  // of their text
	mostRadius   = 130.0 // a larger one shows no more
)

// addGauge lays out a figure as an arc in b, and its name below. It returns false if there is no
// room for an arc.
func (t *tiling) addGauge(item *board.Tile, b box) bool {
	name := style{gaugeNameSize(b.width()), medium, mutedInk}
	room, below := b.height(), 0.0
	if t.named && item.Name != "" {
		below = lineOf(name.size) + 2
	}
	ends := 0.0
	if min(b.width()/2, (room-below-gaugeEndSize-4)/gaugeHeight) >= gaugeEnds {
		ends = gaugeEndSize + 4
	}
	radius := math.Floor(min(b.width()/2-1, (room-below-ends)/gaugeHeight-1, mostRadius))
	if radius < leastRadius {
		return false
	}
	height := float64(radius*gaugeHeight) + ends + below
	top := b.top + (b.height()-height)/2
	at := point{float32((b.left + b.right) / 2), float32(top + radius + 1)}
	g := newGauge(item, at, radius)
	t.around = append(t.around, g)
	t.writeInside(item, g)
	if ends > 0 {
		t.writeEnds(item, g)
	}
	if below > 0 {
		t.write(t.elide(item.Name, name, b.width()), name, (b.left+b.right)/2,
			top+height-float64(name.size*descent)-1, centre)
	}
	return true
}

// gaugeNameSize returns the size of the name below a gauge of a width.
func gaugeNameSize(width float64) float64 { return halves(bounded(width*0.09, 10, 15)) }

// writeInside writes the figure of a gauge in its middle.
func (t *tiling) writeInside(item *board.Tile, g gauge) {
	inks, _ := t.inksOf(item)
	inner := g.radius - g.width/2 - 2
	room := inner * 1.72
	size := halves(min(room/max(t.figures, 1), inner*0.62, mostFigure))
	size = max(size, min(leastFigure, inner*0.8))
	y := float64(g.at.y) + float64(size*0.36)
	t.writeFigure(shownText(item), size, inks.figure, float64(g.at.x), y, centre, room)
}

// writeEnds writes the minimum and the maximum below the ends of a gauge's arc.
func (t *tiling) writeEnds(item *board.Tile, g gauge) {
	st := style{gaugeEndSize, regular, mutedInk}
	x := float64(g.radius * math.Cos(gaugeStart)) // negative: left of the middle
	y := float64(g.at.y) + float64(g.radius*math.Sin(gaugeStart)) + g.width/2 + gaugeEndSize + 1
	edge := g.outer - 1
	var ends []label
	for i, text := range []string{item.MinText, item.MaxText} {
		half := t.textWidth(text, st) / 2
		middle := max(x, half-edge)
		if i == 1 {
			middle = min(-x, edge-half)
		}
		ends = append(ends, t.place(text, st, float64(g.at.x)+middle, y, centre))
	}
	least, most := float64(g.at.x)-g.outer, float64(g.at.x)+g.outer
	if ends[0].box.left >= least && ends[1].box.right <= most &&
		ends[0].box.right+6 <= ends[1].box.left {
		t.labels = append(t.labels, ends...)
	}
}

// gauge is an arc that is filled as far as its value, within a thin ring of the thresholds.
type gauge struct {
	at     point   // its centre
	outer  float64 // the radius of all
	radius float64 // of the middle of the arc
	width  float64 // of the arc
	part   float64 // how much is filled, from 0 to 1
	color  color.NRGBA
	ring   float64 // width of the ring; 0: none
	bands  []gaugeBand
}

// gaugeBand is a part of the ring, from 0 to 1.
type gaugeBand struct {
	from, to float64
	color    color.NRGBA
}

func newGauge(item *board.Tile, at point, outer float64) gauge {
	g := gauge{at: at, outer: outer, width: outer * gaugeWidth, color: item.Color}
	if !math.IsNaN(item.Number) {
		g.part = bounded(item.Percent, 0, 1)
	}
	for _, band := range item.Bands {
		from, to := placeOf(band.From, item.Min, item.Max), placeOf(band.To, item.Min, item.Max)
		if to > from && visible(band.Color) {
			g.bands = append(g.bands, gaugeBand{from, to, band.Color})
		}
	}
	g.radius = outer - g.width/2
	if len(g.bands) > 0 {
		g.ring = max(outer*gaugeBands, 1.5)
		g.radius -= 2 * g.ring
	}
	return g
}

// placeOf returns where v is between low and high, from 0 to 1.
func placeOf(v, low, high float64) float64 {
	switch {
	case v <= low:
		return 0
	case v >= high:
		return 1
	}
	if part := (v/2 - low/2) / (high/2 - low/2); part > 0 {
		return min(part, 1)
	}
	return 0
}

func (g gauge) draw(s surface, _ frame) {
	g.arc(s, g.radius, g.width, 0, 1, solid(gridInk))
	if g.part > 0 && visible(g.color) {
		g.arc(s, g.radius, g.width, 0, g.part, solid(ownInk(g.color)))
	}
	for _, b := range g.bands {
		g.arc(s, g.outer-g.ring/2, g.ring, b.from, b.to, solid(ownInk(b.color)))
	}
}

// arc draws a part of a ring. Its round ends are within the part. A part shorter than they are is a
// smaller dot.
func (g gauge) arc(s surface, radius, width, from, to float64, p paint) {
	ends := width / 2 / radius
	begin := gaugeStart + float64(from*gaugeSweep) + ends
	end := gaugeStart + float64(to*gaugeSweep) - ends
	if end < begin {
		middle := gaugeStart + float64((from+to)/2*gaugeSweep)
		dot := max((to-from)*gaugeSweep*radius, width/3)
		s.Dot(g.on(radius, middle), dot/2, p)
		return
	}
	n := int(math.Ceil((end-begin)*math.Sqrt(radius)/0.7)) + 1
	path := make([]point, 0, n+1)
	for i := range n + 1 {
		path = append(path, g.on(radius, begin+float64((end-begin)*float64(i)/float64(n))))
	}
	s.Line(path, width, nil, p)
}

// on returns the point of a circle around the gauge's centre at an angle.
func (g gauge) on(radius, angle float64) point {
	return point{
		float32(float64(g.at.x) + float64(radius*math.Cos(angle))),
		float32(float64(g.at.y) + float64(radius*math.Sin(angle))),
	}
}
