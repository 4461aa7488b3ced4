package chart

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
)

// Distances of a dashboard's bars, in logical pixels.
const (
	leastPitch    = 13.0 // from one bar to the next
	mostPitch     = 52.0
	mostGauge     = 88.0  // the same of gauges, which fill their panel as in Grafana
	leastTwoLines = 34.0  // the pitch from which a narrow panel has names above its bars
	narrowBars    = 300.0 // the width below which a panel of bars is narrow
	mostThickness = 0.6   // of a bar, as a share of the largest pitch
	barGap        = 10.0  // between a bar and the texts beside it
	stripHeight   = 14.0  // of the shares of a whole
	stripGap      = 8.0
	leastStrip    = 110  // the height of a panel with such a strip
	leastUpright  = 30.0 // the width of an upright bar with its texts
)

// addBars lays out bars with names in b.
func (p *picture) addBars(bars *board.Bars, b box) {
	switch {
	case bars.Style == board.ChartBars:
		p.addBarChart(bars, b)
	case uprightFits(bars, b.width(), b.height()):
		p.addUprightBars(bars, b)
	default:
		p.addBarRows(bars, b)
	}
}

// uprightFits reports whether bars are upright: the panel asks for that, or for what its place
// suggests, and it is large enough.
func uprightFits(bars *board.Bars, width, height float64) bool {
	return (bars.Vertical || bars.Auto && width > height) && height >= 80 &&
		width >= leastUpright*float64(len(bars.Items))
}

// barRows lays out lying bars, one in a row, with names left of them and values right of them.
type barRows struct {
	*picture
	*board.Bars
	box                box
	pitch              float64
	most               float64 // the thickness of the thickest bar
	above              bool    // names are above the bars
	name, value        style
	names, values      float64 // widths
	percents           float64 // width of the shares; 0: there are none
	longest            float64 // the greatest share
	thickness, barLeft float64
}

// addBarRows lays out the bars of a gauge or the shares of a whole.
func (p *picture) addBarRows(bars *board.Bars, b box) {
	r := &barRows{picture: p, Bars: bars}
	if bars.Style == board.ShareBars && b.height() >= leastStrip {
		p.addStrip(bars, box{b.left, b.top, b.right, b.top + stripHeight})
		b.top += stripHeight + stripGap
	}
	n := len(bars.Items)
	if fit := int(b.height() / leastPitch); n > max(fit, 1) {
		n = max(int((b.height()-moreHeight)/leastPitch), 1)
		p.writeMore(len(bars.Items)-n, b)
		b.bottom -= moreHeight
	}
	most := mostPitch
	if bars.Style == board.GaugeBars {
		most = mostGauge
	}
	r.pitch, r.most = min(b.height()/float64(n), most), math.Round(most*mostThickness)
	if r.pitch < 8 {
		return
	}
	if bars.Style == board.GaugeBars {
		b.top += (b.height() - float64(r.pitch*float64(n))) / 2
	}
	r.box = b
	r.measure(bars.Items[:n])
	for i, name := range r.shortNames(bars.Items[:n]) {
		r.row(&bars.Items[i], name, b.top+float64(r.pitch*float64(i)))
	}
}

// measure finds the sizes of the texts and the place of the bars.
func (r *barRows) measure(items []board.Bar) {
	width := r.box.width()
	small := width < narrowBars
	r.name = style{halves(bounded(r.pitch*0.38, 10, 14)), regular, textInk}
	r.value = style{halves(bounded(r.pitch*0.42, 10, 20)), medium, textInk}
	if small {
		r.value.size = min(r.value.size, 14)
	}
	r.name.size, r.value.size = min(r.name.size, halves(r.pitch)), min(r.value.size,
		halves(r.pitch))
	for i := range items {
		part := &items[i].Parts[0]
		r.names = max(r.names, r.textWidth(items[i].Name, r.name))
		r.values = max(r.values, r.textWidth(strings.TrimSpace(part.Text.String()), r.value))
		r.longest = max(r.longest, part.Part)
		if r.Style == board.ShareBars {
			r.percents = max(r.percents, r.textWidth(percentText(part.Part), r.value))
		}
	}
	share := widestNames
	if width < narrow {
		share = widestNamesInNarrow
	}
	r.above = small && r.pitch >= leastTwoLines && r.names > 0
	if r.above {
		r.thickness = min(r.pitch-lineOf(r.name.size)-6, r.most)
		r.names = 0
	} else {
		r.thickness = min(math.Round(r.pitch*0.64), r.most)
		r.names = min(r.names, width*share)
	}
	r.values = min(r.values, width*0.4)
	if r.percents > 0 && small { // the share alone says enough
		r.values = 0
	}
	r.barLeft = r.box.left
	if r.names > 0 {
		r.barLeft += math.Ceil(r.names) + barGap
	}
	rest := r.box.right - r.barLeft
	r.percents = min(r.percents, rest)
	if r.percents > 0 {
		rest -= r.percents + barGap
	}
	r.values = min(r.values, max(rest, 0))
}

// shortNames returns the names of the bars, short enough for their place.
func (r *barRows) shortNames(items []board.Bar) []string {
	names := make([]string, len(items))
	for i := range items {
		names[i] = items[i].Name
	}
	if r.above {
		return r.elideAll(names, r.name, r.box.width())
	}
	return r.elideAll(names, r.name, r.names)
}

// row lays out one bar whose row begins at top.
func (r *barRows) row(item *board.Bar, name string, top float64) {
	part := &item.Parts[0]
	middle := top + r.pitch/2
	if r.above {
		y := top + (r.pitch-lineOf(r.name.size)-r.thickness)/2
		r.write(name, r.name, r.box.left, y+r.name.size, left)
		middle = y + lineOf(r.name.size) + r.thickness/2
	} else if r.names > 0 {
		r.write(name, r.name, r.box.left, middle+float64(r.name.size*0.35), left)
	}
	x := r.box.right
	y := middle + float64(r.value.size*0.35)
	if r.percents > 0 {
		st := r.value
		r.write(r.elide(percentText(part.Part), st, r.percents), st, x, y, right)
		x -= math.Ceil(r.percents) + barGap
	}
	if r.values > 0 {
		st := r.value
		if r.percents > 0 {
			st.weight, st.ink = regular, mutedInk
		} else if visible(part.Color) {
			st.ink = ownTextInk(part.Color)
		}
		text := r.elide(strings.TrimSpace(part.Text.String()), st, r.values)
		r.write(text, st, x, y, right)
		x -= math.Ceil(r.values) + barGap
	}
	b := box{r.barLeft, middle - r.thickness/2, x, middle + r.thickness/2}
	if b.width() < 4 || b.height() < 1 {
		return
	}
	filled := part.Part
	if r.Style == board.ShareBars && r.longest > 0 {
		filled = part.Part / r.longest
	}
	r.around = append(r.around, viewBar{
		box: b, part: filled, mode: r.Mode, color: inkOf(part.Color),
	})
}

// inkOf returns the ink of a surface in a colour of a dashboard.
func inkOf(c color.NRGBA) ink {
	if !visible(c) {
		return restInk
	}
	return ownInk(c)
}

// percentText returns a share of a whole. A share that would be rounded to nothing is told.
func percentText(share float64) string {
	switch {
	case share > 0 && share < 0.005:
		return "<1%"
	case share > 0.995 && share < 1:
		return ">99%"
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// addStrip lays out the shares of a whole beside each other.
func (p *picture) addStrip(bars *board.Bars, b box) {
	const gap = 2 // so that neighbours of one colour can be told apart
	x := b.left
	for i := range bars.Items {
		part := &bars.Items[i].Parts[0]
		width := float64(part.Part * b.width())
		if end := min(x+width, b.right); end-x >= 1+gap {
			p.around = append(p.around, block{
				box{x, b.top, end - gap, b.bottom}, solid(inkOf(part.Color)),
			})
		}
		x += width
	}
	if x < b.right-gap-1 { // too small to be seen one by one, or not a number
		p.around = append(p.around, block{
			box{max(x, b.left), b.top, b.right, b.bottom}, solid(gridInk),
		})
	}
}

// viewBar is a bar on its track: filled from the left, or from the bottom.
type viewBar struct {
	box     box
	part    float64 // how much is filled, from 0 to 1
	mode    string  // gradient, lcd or basic; empty: without a track
	upright bool
	color   ink
}

// Cells of an LCD and steps of a gradient, in logical pixels.
const (
	cellSize      = 8.0
	cellGap       = 2.0
	gradientStep  = 6.0
	gradientSteps = 12
	faintest      = 110 // opacity at the beginning of a gradient
)

func (v viewBar) draw(s surface, _ frame) {
	length := v.box.width()
	if v.upright {
		length = v.box.height()
	}
	end := length * bounded(v.part, 0, 1)
	switch v.mode {
	case "lcd":
		v.cells(s, length)
		return
	case "gradient", "basic":
		s.Rect(v.between(0, length), solid(gridInk))
	}
	if end < 1 {
		return
	}
	if v.mode != "gradient" {
		s.Rect(v.between(0, end), solid(v.color))
		return
	}
	n := int(bounded(math.Round(end/gradientStep), 1, gradientSteps))
	for i := range n {
		from, to := end*float64(i)/float64(n), end*float64(i+1)/float64(n)
		alpha := 255.0
		if n > 1 {
			alpha = faintest + (255-faintest)*float64(i)/float64(n-1)
		}
		b := v.between(math.Round(from), math.Round(to))
		if b.width() >= 1 && b.height() >= 1 {
			s.Rect(b, paint{v.color, uint8(alpha)})
		}
	}
}

// cells draws the bar as cells, of which some are lit.
func (v viewBar) cells(s surface, length float64) {
	n := max(int((length+cellGap)/(cellSize+cellGap)), 1)
	pitch := (length + cellGap) / float64(n)
	lit := int(math.Round(float64(n) * bounded(v.part, 0, 1)))
	if v.part > 0 {
		lit = max(lit, 1)
	}
	var on, off []box
	for i := range n {
		from := float64(pitch * float64(i))
		b := v.between(from, max(from+pitch-cellGap, from+1))
		if i < lit {
			on = append(on, b)
		} else {
			off = append(off, b)
		}
	}
	if len(on) > 0 {
		s.Rects(on, solid(v.color))
	}
	if len(off) > 0 {
		s.Rects(off, paint{v.color, 40})
	}
}

// between returns the part of the track between two distances from its beginning.
func (v viewBar) between(from, to float64) box {
	if v.upright {
		return box{v.box.left, v.box.bottom - to, v.box.right, v.box.bottom - from}
	}
	return box{v.box.left + from, v.box.top, v.box.left + to, v.box.bottom}
}

// addUprightBars lays out the bars of a gauge beside each other, with their values above them and
// their names below.
func (p *picture) addUprightBars(bars *board.Bars, b box) {
	n := float64(len(bars.Items))
	pitch := b.width() / n
	value := style{halves(bounded(min(pitch*0.3, b.height()*0.12), 10, 22)), medium, textInk}
	name := style{halves(bounded(pitch*0.14, 10, 13)), regular, textInk}
	room := pitch - 6
	widest := 0.0
	for i := range bars.Items {
		text := strings.TrimSpace(bars.Items[i].Parts[0].Text.String())
		widest = max(widest, p.textWidth(text, value))
	}
	if widest > room {
		value.size = max(halves(value.size*room/widest), 9)
	}
	top, bottom := b.top+lineOf(value.size)+2, b.bottom-lineOf(name.size)-4
	width := min(pitch*0.72, 84)
	for i := range bars.Items {
		item := &bars.Items[i]
		part := &item.Parts[0]
		middle := b.left + float64(pitch*(float64(i)+0.5))
		if visible(part.Color) {
			value.ink = ownTextInk(part.Color)
		} else {
			value.ink = textInk
		}
		p.write(p.elide(strings.TrimSpace(part.Text.String()), value, room), value, middle,
			top-5, centre)
		p.write(p.elide(item.Name, name, room), name, middle, b.bottom-4, centre)
		p.around = append(p.around, viewBar{
			box: box{middle - width/2, top, middle + width/2, bottom}, part: part.Part,
			mode: bars.Mode, upright: true, color: inkOf(part.Color),
		})
	}
}
