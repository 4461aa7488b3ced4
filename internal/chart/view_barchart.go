package chart

import (
	"math"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
)

// Distances of a chart of bars, in logical pixels.
const (
	groupShare     = 0.78 // of the room of a group that its bars take
	leastBarWidth  = 3.0
	mostBarWidth   = 64.0
	leastGroupName = 40.0 // the room for the name of each group: with less, some have none
	barTickPitch   = 30.0 // least distance between ticks
	leastLegend    = 80.0 // width of a chart with a legend
	mostGroupName  = 130.0
	groupNames     = 17.0 // height of the names below upright bars
)

var groupNameStyle = style{11, regular, mutedInk}

// barChart lays out groups of bars on one axis.
type barChart struct {
	*picture
	*board.Bars
	plot   box
	axis   graphAxis
	groups []board.Bar // that are shown
	room   float64     // of one group
}

// addBarChart lays out a chart of bars in b.
func (p *picture) addBarChart(bars *board.Bars, b box) {
	if b.height() < groupNames+groupNameStyle.size || b.width() < graphNarrow/2 {
		return
	}
	c := &barChart{picture: p, Bars: bars, groups: bars.Items}
	b = c.placeLegend(b)
	length := b.width() - 40 // without the ticks
	if !bars.Vertical {
		length = b.height() - groupNames
	}
	c.limit(length, &b)
	c.plot = b
	if bars.Vertical {
		c.placeUpright()
	} else {
		c.placeLying()
	}
	if c.plot.width() < 10 || c.plot.height() < 10 {
		return
	}
	c.drawBars()
}

// placeLegend writes the legend below the plot or beside it, if there are several series, and
// returns the rest of b.
func (c *barChart) placeLegend(b box) box {
	if c.Legend.Hidden || len(c.Series) < 2 || b.width() < leastLegend ||
		b.height() < graphLeast+groupNames+entryPitch {
		return b
	}
	g := &board.Graph{Legend: board.Legend{Order: c.Legend.Order, Right: c.Legend.Right}}
	for _, s := range c.Series {
		g.Curves = append(g.Curves, board.Curve{Name: s.Name, Color: s.Color})
	}
	if g.Legend.Right && b.width() >= legendBeside {
		width := min(c.natural(g), b.width()*legendShare)
		laid := c.newListLegend(g, width, int(b.height()/entryPitch))
		c.writeLegend(&laid, b.right-width, b.top)
		b.right -= width + entryGap
		return b
	}
	g.Legend.Right = false
	laid := c.newListLegend(g, b.width(), int(b.height()*legendShare/entryPitch))
	b.bottom -= laid.height + 4
	c.writeLegend(&laid, b.left, b.bottom+4)
	return b
}

// perGroup returns how many bars are beside each other in a group.
func (c *barChart) perGroup() int {
	if c.Stacking == "none" {
		return max(len(c.Series), 1)
	}
	return 1
}

// limit leaves out groups whose bars would be too thin, and says how many.
func (c *barChart) limit(length float64, b *box) {
	least := (leastBarWidth*float64(c.perGroup()) + 1) / groupShare
	if !c.Vertical {
		least = max(least, groupNameStyle.size+2) // each has its name
	}
	n := max(int(length/least), 1)
	if n >= len(c.groups) {
		return
	}
	if b.height()-moreHeight >= groupNames+groupNameStyle.size {
		if !c.Vertical {
			n = max(int((length-moreHeight)/least), 1)
		}
		c.writeMore(len(c.groups)-n, *b)
		b.bottom -= moreHeight
	}
	c.groups = c.groups[:n]
}

// setAxis makes the axis, with about most ticks.
func (c *barChart) setAxis(most int) {
	var data bounds
	data.add(0, c.Low, c.High)
	c.axis = newGraphAxis(&board.Axis{
		Format: c.Format, Decimals: c.Decimals, Min: c.Min, Max: c.Max,
		Percent: c.Stacking == "percent",
	}, data, most)
}

// placeUpright finds the place of upright bars, and writes the ticks left of them and the names
// below.
func (c *barChart) placeUpright() {
	named := c.plot.height() >= graphLeast
	if named {
		c.plot.bottom -= groupNames
	}
	c.plot.top += 6
	c.setAxis(max(int(c.plot.height()/barTickPitch), 1))
	width := 0.0
	for _, l := range c.axis.labels {
		width = max(width, c.textWidth(l.String(), graphTickStyle))
	}
	width += graphTickGap
	labelled := c.plot.width()-width >= graphNarrow
	if labelled {
		c.plot.left += width
	}
	c.room = c.plot.width() / float64(len(c.groups))
	f := frame{box: c.plot, y0: c.axis.low, y1: c.axis.high, x1: 1}
	last := math.Inf(1)
	for i, tick := range c.axis.ticks {
		y := f.y(tick)
		if y < c.plot.top-0.5 || y > c.plot.bottom+0.5 {
			continue
		}
		c.around = append(c.around, block{box{c.plot.left, y, c.plot.right, y}, solid(gridInk)})
		words := c.axis.labels[i].String()
		l := c.place(words, graphTickStyle, c.plot.left-graphTickGap, y+4, right)
		if labelled && l.box.bottom <= last {
			c.labels = append(c.labels, l)
			last = l.box.top
		}
	}
	if named {
		c.writeNames()
	}
}

// writeNames writes the names of groups below them. Where there is too little room, every second,
// third and so on has its name.
func (c *barChart) writeNames() {
	names := make([]string, len(c.groups))
	for i := range names {
		names[i] = c.groups[i].Name
	}
	widest := c.widest(c.withoutCommon(names, groupNameStyle, c.room-8), groupNameStyle) + 8
	every := 1
	if c.room < min(widest, leastGroupName) {
		every = int(math.Ceil(min(widest, mostGroupName) / c.room))
	}
	names = c.elideAll(names, groupNameStyle, float64(c.room*float64(every))-8)
	for i := (every - 1) / 2; i < len(names); i += every {
		x := c.plot.left + float64(c.room*(float64(i)+0.5))
		l := c.place(names[i], groupNameStyle, x, c.plot.bottom+13, centre)
		if names[i] != "" && l.box.left >= c.plot.left-4 && l.box.right <= c.plot.right {
			c.labels = append(c.labels, l)
		}
	}
}

// placeLying finds the place of lying bars, and writes the names left of them and the ticks below.
func (c *barChart) placeLying() {
	names := make([]string, len(c.groups))
	width := 0.0
	for i := range names {
		names[i] = c.groups[i].Name
		width = max(width, c.textWidth(names[i], groupNameStyle))
	}
	width = min(width, c.plot.width()*widestNamesInNarrow)
	labelled := c.plot.height() >= graphLeast
	if labelled {
		c.plot.bottom -= groupNames
	}
	bottom := c.plot.bottom
	edge := c.plot.left
	c.plot.left += math.Ceil(width) + 8
	c.setAxis(max(int(c.plot.width()/70), 1))
	c.room = c.plot.height() / float64(len(c.groups))
	for i, name := range c.elideAll(names, groupNameStyle, width) {
		y := c.plot.top + float64(c.room*(float64(i)+0.5))
		c.write(name, groupNameStyle, edge, y+4, left)
	}
	f := frame{box: c.plot, x0: c.axis.low, x1: c.axis.high, y1: 1}
	var labels []label
	for i, tick := range c.axis.ticks {
		x := f.x(tick)
		if x < c.plot.left-0.5 || x > c.plot.right+0.5 {
			continue
		}
		c.around = append(c.around, block{box{x, c.plot.top, x, bottom}, solid(gridInk)})
		l := c.place(c.axis.labels[i].String(), graphTickStyle, x, bottom+13, centre)
		if l.box.right > c.plot.right {
			l = c.place(l.text, graphTickStyle, c.plot.right, bottom+13, right)
		}
		if labelled && l.box.left >= edge {
			labels = appendClear(labels, l)
		}
	}
	c.labels = append(c.labels, labels...)
}

// drawBars lays out the bars themselves, those of one colour together.
func (c *barChart) drawBars() {
	per := c.perGroup()
	width := min(c.room*groupShare/float64(per), mostBarWidth)
	byInk := map[ink]int{}
	var all []*blocks
	for i := range c.groups {
		middle := float64(c.room * (float64(i) + 0.5))
		for k := range c.groups[i].Parts {
			part := &c.groups[i].Parts[k]
			if math.IsNaN(part.Top) {
				continue
			}
			at := middle - width/2
			if per > 1 {
				at = middle + float64(width*(float64(k)-float64(per)/2))
			}
			b, ok := c.barBox(part, at, width-min(1, width/4))
			if !ok {
				continue
			}
			color := inkOf(part.Color)
			n, known := byInk[color]
			if !known {
				n = len(all)
				byInk[color], all = n, append(all, &blocks{paint: solid(color)})
			}
			all[n].boxes = append(all[n].boxes, b)
			c.writeOnBar(part, b)
		}
	}
	for _, list := range all {
		c.around = append(c.around, *list)
	}
	c.drawZero()
}

// barBox returns the place of a bar that begins at from the beginning of the plot. It reports false
// if the axis does not reach it.
func (c *barChart) barBox(part *board.BarPart, at, width float64) (box, bool) {
	low, high := min(part.Base, part.Top), max(part.Base, part.Top)
	if high < c.axis.low || low > c.axis.high {
		return box{}, false
	}
	low, high = max(low, c.axis.low), min(high, c.axis.high)
	if c.Vertical {
		f := frame{box: c.plot, y0: c.axis.low, y1: c.axis.high, x1: 1}
		x := c.plot.left + at
		return box{x, f.y(high), x + width, f.y(low)}, true
	}
	f := frame{box: c.plot, x0: c.axis.low, x1: c.axis.high, y1: 1}
	y := c.plot.top + at
	return box{f.x(low), y, f.x(high), y + width}, true
}

// writeOnBar writes the value of a bar at its end, if there is room.
func (c *barChart) writeOnBar(part *board.BarPart, b box) {
	text := strings.TrimSpace(part.Text.String())
	if c.Stacking != "none" || part.Top < 0 || text == "" {
		return
	}
	st := groupNameStyle
	st.ink = textInk
	width := c.textWidth(text, st)
	if c.Vertical {
		if width+4 <= b.width() && b.top-14 >= c.plot.top {
			c.write(text, st, (b.left+b.right)/2, b.top-4, centre)
		}
		return
	}
	if b.height() >= st.size && b.right+width+5 <= c.plot.right {
		c.write(text, st, b.right+5, (b.top+b.bottom)/2+4, left)
	}
}

// drawZero draws the line from which bars go up and down.
func (c *barChart) drawZero() {
	if c.axis.low > 0 || c.axis.high < 0 {
		return
	}
	if c.Vertical {
		y := frame{box: c.plot, y0: c.axis.low, y1: c.axis.high, x1: 1}.y(0)
		c.around = append(c.around, block{box{c.plot.left, y, c.plot.right, y}, solid(axisInk)})
		return
	}
	x := frame{box: c.plot, x0: c.axis.low, x1: c.axis.high, y1: 1}.x(0)
	c.around = append(c.around, block{box{x, c.plot.top, x, c.plot.bottom}, solid(axisInk)})
}
