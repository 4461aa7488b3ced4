package chart

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// Distances of a graph, in logical pixels.
const (
	graphTimes     = 20.0  // height of the line of times
	graphTickGap   = 6.0   // between the values' ticks and the plot
	graphTickPitch = 28.0  // least distance between them
	graphLeast     = 48.0  // height of a plot that leaves room for a legend
	graphTicked    = 24.0  // height of a plot that leaves room for ticks
	graphLabelled  = 120.0 // height of a plot that leaves room for the names of its axes
	graphLabel     = 13.0  // height of these names
	graphNarrow    = 60.0  // width of a plot that leaves room for ticks
)

var graphTickStyle = style{11, regular, mutedInk}

// graphView lays out a graph.
type graphView struct {
	*picture
	graph  *board.Graph
	box    box // of the plot with its axes
	plot   box
	axes   [2]graphAxis
	x0, x1 float64 // the range of time, in seconds
}

// addGraph lays out curves over time in b.
func (p *picture) addGraph(g *board.Graph, b box) {
	v := &graphView{picture: p, graph: g, box: b}
	v.setTimes()
	v.placeLegend()
	v.plot = v.box
	withTimes := v.plot.height() >= graphLeast
	if withTimes {
		v.plot.bottom -= graphTimes
	}
	v.placeAxes()
	v.plot = box{ // at whole pixels, so that its edges are sharp
		math.Ceil(v.plot.left), math.Ceil(v.plot.top), math.Floor(v.plot.right),
		math.Floor(v.plot.bottom),
	}
	v.drawGraph(withTimes)
}

// setTimes finds the range of time.
func (v *graphView) setTimes() {
	v.x0, v.x1 = seconds(v.graph.From), seconds(v.graph.To)
	if !(v.x1 > v.x0) {
		v.x0, v.x1 = v.x0-30, v.x0+30
	}
}

// placeLegend writes the legend below the plot or beside it.
func (v *graphView) placeLegend() {
	g, b := v.graph, v.box
	if g.Legend.Hidden || len(g.Legend.Order) == 0 {
		return
	}
	if g.Legend.Right && b.width() >= legendBeside && b.height() >= 2*entryPitch {
		share := legendShare
		if g.Legend.Table {
			share = legendTable
		}
		width := min(v.natural(g), b.width()*share)
		l := v.newLegend(g, width, b.height())
		v.box.right -= width + entryGap
		v.writeLegend(&l, v.box.right+entryGap, b.top)
		return
	}
	room := min(b.height()*legendShare, b.height()-graphLeast-graphTimes)
	if room < entryPitch {
		return
	}
	below := *g // a list below the plot has several entries in a line
	below.Legend.Right = false
	l := v.newLegend(&below, b.width(), room)
	v.box.bottom -= l.height + 4
	v.writeLegend(&l, b.left, v.box.bottom+4)
}

// placeAxes makes room for the values' ticks beside the plot.
func (v *graphView) placeAxes() {
	withTicks := v.plot.height() >= graphTicked
	if withTicks {
		v.plot.top += 6
		v.writeAxisLabels()
	}
	most := max(int(v.plot.height()/graphTickPitch), 1)
	for i := range v.axes {
		of := &v.graph.Axes[i]
		if !of.Used {
			of = &board.Axis{Format: value.New("short", time.Time{}), Low: of.Low, High: of.High}
		}
		v.axes[i] = newGraphAxis(of, v.extent(of, i == 1), most)
		if !of.Used || of.Hidden {
			continue
		}
		width := 0.0
		for _, l := range v.axes[i].labels {
			width = max(width, v.textWidth(l.String(), graphTickStyle))
		}
		width += graphTickGap
		if !withTicks || v.plot.width()-width < graphNarrow {
			v.axes[i].labels = nil
			continue
		}
		if i == 0 {
			v.plot.left += width
		} else {
			v.plot.right -= width
		}
	}
}

// writeAxisLabels writes the names of the axes above the plot, if that leaves enough of it.
func (v *graphView) writeAxisLabels() {
	room := v.plot.width()/2 - entryGap
	y, some := v.plot.top+6, false
	for i := range v.graph.Axes {
		a := &v.graph.Axes[i]
		if !a.Used || a.Hidden || a.Label == "" || v.plot.height() < graphLabelled {
			continue
		}
		some = true
		words := v.elide(a.Label, entryHeader, room)
		if i == 0 {
			v.write(words, entryHeader, v.plot.left, y, left)
		} else {
			v.write(words, entryHeader, v.plot.right, y, right)
		}
	}
	if some {
		v.plot.top += graphLabel
	}
}

// extent returns what an axis must show.
func (v *graphView) extent(axis *board.Axis, onRight bool) bounds {
	var b bounds
	if axis.LogBase == 0 {
		b.add(axis.Low, axis.High)
	}
	for i := range v.graph.Curves {
		c := &v.graph.Curves[i]
		switch {
		case c.Right != onRight:
		case axis.LogBase > 0:
			for _, value := range c.Values {
				if value > 0 {
					b.add(value)
				}
			}
		case c.Draw == "bars":
			b.add(0)
		}
	}
	return b
}

// frameOf returns the frame of an axis.
func (v *graphView) frameOf(a *graphAxis) frame {
	return frame{box: v.plot, x0: v.x0, x1: v.x1, y0: a.low, y1: a.high}
}

// drawGraph draws the grid, the curves and what is written beside them.
func (v *graphView) drawGraph(withTimes bool) {
	if withTimes {
		v.writeGraphTimes()
	}
	grid := false
	for i := range v.axes {
		a := &v.axes[i]
		if !a.of.Used || a.of.Hidden {
			continue
		}
		v.writeValues(a, i == 1, !grid)
		grid = true
	}
	if l := v.graph.Thresholds; l != nil {
		a := &v.axes[0]
		if !v.graph.Axes[0].Used && v.graph.Axes[1].Used {
			a = &v.axes[1]
		}
		v.around = append(v.around, graphLimits{l, a, v.frameOf(a)})
	}
	curves := &graphCurves{in: v.plot}
	for i := range v.graph.Curves {
		curves.list = append(curves.list, v.curve(&v.graph.Curves[i]))
	}
	v.around = append(v.around, curves)
}

// writeValues writes the ticks of an axis and, for the first one, the lines of the grid.
func (v *graphView) writeValues(a *graphAxis, onRight, grid bool) {
	f := v.frameOf(a)
	var lines blocks
	written := math.Inf(1) // the height of the last label
	for i, tick := range a.ticks {
		y := f.y(tick)
		if y < v.plot.top-0.5 || y > v.plot.bottom+0.5 {
			continue
		}
		lines.boxes = append(lines.boxes, box{v.plot.left, y, v.plot.right, y})
		y = max(v.box.top+9, min(y+4, v.box.bottom-3))
		if i >= len(a.labels) || written-y < graphLabel {
			continue
		}
		written = y
		x, side := v.plot.left-graphTickGap, right
		if onRight {
			x, side = v.plot.right+graphTickGap, left
		}
		v.write(a.labels[i].String(), graphTickStyle, x, y, side)
	}
	if grid {
		lines.paint = solid(gridInk)
		v.around = append(v.around, lines)
	}
}

// writeGraphTimes writes the times below the plot, and draws their lines.
func (v *graphView) writeGraphTimes() {
	f := frame{box: v.plot, x0: v.x0, x1: v.x1, y1: 1}
	lines := blocks{paint: solid(gridInk)}
	for _, t := range (timeLine{v.picture, f, v.box, v.graph.From, v.graph.To}).write() {
		x := f.x(seconds(t.at))
		lines.boxes = append(lines.boxes, box{x, v.plot.top, x, v.plot.bottom})
	}
	v.around = append(v.around, lines)
}

// curve returns a curve with its place in the plot.
func (v *graphView) curve(c *board.Curve) graphCurve {
	a := &v.axes[0]
	if c.Right {
		a = &v.axes[1]
	}
	f := v.frameOf(a)
	ground := max(v.plot.top, min(f.y(0), v.plot.bottom))
	if a.of.LogBase > 0 {
		ground = v.plot.bottom
	}
	t := timesOf(c.Grid)
	return graphCurve{Curve: c, ground: ground, outline: outline{
		frame: f, times: t, values: a.all(c.Values, math.NaN()), base: a.all(c.Base, a.low),
		bridge: bridgeOf(c.Bridge, t.step), bend: c.Interpolation,
	}}
}

// all returns values as numbers of the scale, with something else for those that it does not have.
func (a *graphAxis) all(values []float64, other float64) []float64 {
	if a.of.LogBase == 0 || values == nil {
		return values
	}
	out := make([]float64, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = v
		case v > 0:
			out[i] = a.scaled(v)
		default:
			out[i] = other
		}
	}
	return out
}
