package chart

import (
	"image/color"
	"math"

	"github.com/promsnap/promsnap/internal/board"
)

// Distances of a heatmap of a dashboard, in logical pixels.
const (
	heatSteps      = 32   // colours of its scale
	heatLeastWidth = 3.0  // of a cell: shorter steps are drawn as one
	heatLeastLine  = 2.0  // and its height
	heatGaps       = 6.0  // the size of a cell from which there are gaps between cells
	heatNamePitch  = 14.0 // between two names of buckets
	heatScaleLine  = 20.0 // height of the line with the scale
	heatScaleLeast = 110.0
	heatScaleStep  = 4.0 // width of a colour in it
	heatHidden     = 1e-9
)

// addHeat lays out a heatmap in b.
func (p *picture) addHeat(h *board.Heat, b box) {
	scale := heatScaleOf(h)
	plot := b
	plot.top, plot.bottom = plot.top+6, plot.bottom-6 // the names of the buckets are at their edges
	if b.height() >= heatScaleLeast && scale.high != 0 {
		p.addHeatScale(h, scale, box{b.left, b.bottom - heatScaleLine, b.right, b.bottom})
		plot.bottom -= heatScaleLine
	}
	withTimes := plot.height() >= viewLeastPlot+viewTimes
	if withTimes {
		plot.bottom -= viewTimes - 6
	}
	if plot.height() < viewLeast {
		return
	}
	plot.left = p.addBucketNames(h, plot)
	p.around = append(p.around, heatPlot{h, plot, scale}, block{
		box{plot.left, plot.bottom, plot.right, plot.bottom}, solid(axisInk),
	})
	if g := h.Grid; withTimes && g.Len > 0 && g.Step > 0 {
		f := frame{
			box: plot, x0: seconds(g.Start.Add(-g.Step)), x1: seconds(g.End()), y1: 1,
		}
		timeLine{p, f, b, g.Start, g.End()}.mark()
	}
}

// addBucketNames writes the names of as many buckets as have room, left of the plot. It returns the
// left side of the plot.
func (p *picture) addBucketNames(h *board.Heat, plot box) float64 {
	n := len(h.Buckets)
	pitch := plot.height() / float64(n)
	every := max(int(math.Ceil(heatNamePitch/pitch)), 1)
	edge := 0.5 // where a name is in its bucket, from the top: at the upper bound, if that is known
	switch first, last := h.Buckets[0].Upper, h.Buckets[n-1].Upper; {
	case first < last:
		edge = 0
	case first > last: // the buckets are upside down
		edge = 1
	}
	var names []label
	wide, room := 0.0, plot.width()*viewNames
	for i := n - 1; i >= 0; i -= every {
		name := p.elide(oneLine(h.Buckets[i].Name), viewTickStyle, room)
		y := plot.bottom - float64((float64(i)+1-edge)*pitch)
		names = append(names, p.place(name, viewTickStyle, 0, y+4, left))
		wide = max(wide, p.textWidth(name, viewTickStyle))
	}
	for _, l := range names {
		p.write(l.text, viewTickStyle, plot.left+wide, l.y, right)
	}
	return plot.left + wide + viewTickGap
}

// heatScale is the colours of a heatmap: those of the values from low to high.
type heatScale struct {
	low, high float64
	inks      [heatSteps]ink
}

func heatScaleOf(h *board.Heat) heatScale {
	var ends bounds
	ends.add(h.Low, h.High)
	s := heatScale{low: ends.low, high: ends.high}
	for i := range s.inks {
		at := float64(i) / (heatSteps - 1)
		s.inks[i] = pairInk(colourAt(h.Colors, at, light[paper]), colourAt(h.Dark, at, dark[paper]))
	}
	return s
}

// colourAt returns the colour on paper at a place from 0 to 1 of a scale.
func colourAt(colors []color.NRGBA, at float64, on rgb) rgb {
	if len(colors) == 0 {
		return on
	}
	place := at * float64(len(colors)-1)
	i := min(int(place), len(colors)-1)
	c := opaqueOn(colors[i], on)
	if i+1 < len(colors) {
		c = mixed(c, opaqueOn(colors[i+1], on), place-float64(i))
	}
	return c
}

// opaqueOn returns a colour as it looks on paper.
func opaqueOn(c color.NRGBA, on rgb) rgb { return mixed(on, rgbOf(c), float64(c.A)/255) }

// step returns the number of the colour of a value, or false if nothing is drawn for it.
func (s *heatScale) step(v float64) (int, bool) {
	if !(v > heatHidden) {
		return 0, false
	}
	if !(s.high > s.low) {
		return heatSteps - 1, true
	}
	at := (min(v, s.high) - s.low) / (s.high - s.low)
	return int(math.Round(max(0, min(at, 1)) * (heatSteps - 1))), true
}

// addHeatScale draws the scale of colours with its ends in b.
func (p *picture) addHeatScale(h *board.Heat, s heatScale, b box) {
	low, high := h.Format.Format(s.low, nil).String(), h.Format.Format(s.high, nil).String()
	need := p.textWidth(low, viewTickStyle) + p.textWidth(high, viewTickStyle) + 2*viewTickGap +
		heatSteps*heatScaleStep
	if need > b.width() {
		return
	}
	x := p.write(low, viewTickStyle, b.left, b.bottom-4, left).right + viewTickGap
	for _, i := range s.inks {
		p.around = append(p.around, block{
			box{x, b.bottom - 12, x + heatScaleStep, b.bottom - 4}, solid(i),
		})
		x += heatScaleStep
	}
	p.write(high, viewTickStyle, x+viewTickGap, b.bottom-4, left)
}

// heatPlot draws the cells of a heatmap.
type heatPlot struct {
	heat  *board.Heat
	box   box
	scale heatScale
}

// draw paints the cells of one colour together. Where cells are smaller than can be seen, the
// highest of some is drawn.
func (h heatPlot) draw(s surface, _ frame) {
	n, rows := h.heat.Grid.Len, len(h.heat.Buckets)
	if n == 0 || rows == 0 {
		return
	}
	wide, high := h.box.width()/float64(n), h.box.height()/float64(rows)
	columns := min(n, max(int(h.box.width()/heatLeastWidth), 1))
	lines := min(rows, max(int(h.box.height()/heatLeastLine), 1))
	gapX, gapY := 0.0, 0.0
	if wide >= heatGaps {
		gapX = 1
	}
	if high >= heatGaps {
		gapY = 1
	}
	x := func(c int) float64 {
		return h.box.left + float64(h.box.width()*float64(c)/float64(columns))
	}
	y := func(r int) float64 {
		return h.box.bottom - float64(h.box.height()*float64(r)/float64(lines))
	}
	var cells [heatSteps][]box
	for r := range lines {
		buckets := h.heat.Buckets[r*rows/lines : (r+1)*rows/lines]
		last := -1 // the colour of the cell before, if this one can become a part of it
		for c := range columns {
			k, ok := h.scale.step(highest(buckets, c*n/columns, (c+1)*n/columns))
			if !ok {
				last = -1
				continue
			}
			cell := box{x(c), y(r+1) + gapY, x(c+1) - gapX, y(r)}
			if k == last && gapX == 0 {
				cells[k][len(cells[k])-1].right = cell.right
			} else {
				cells[k] = append(cells[k], cell)
			}
			last = k
		}
	}
	for k, boxes := range cells {
		if len(boxes) > 0 {
			s.Rects(boxes, solid(h.scale.inks[k]))
		}
	}
}

// highest returns the highest value of some buckets between two times, or NaN.
func highest(buckets []board.HeatBucket, from, to int) float64 {
	most := math.NaN()
	for i := range buckets {
		values := buckets[i].Values
		for _, v := range values[min(from, len(values)):min(to, len(values))] {
			if v > most || most != most {
				most = v
			}
		}
	}
	return most
}
