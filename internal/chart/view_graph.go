package chart

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// Distances of a graph, in logical pixels.
const (
	graphTimes     = 18.0 // height of the line of times
	graphTickGap   = 6.0  // between the values' ticks and the plot
	graphTickPitch = 36.0 // least distance between them
	graphLeast     = 48.0 // height of a plot that leaves room for a legend
	graphNarrow    = 60.0 // width of a plot that leaves room for ticks
)

var graphTickStyle = style{11, regular, mutedInk}

// graphView lays out a graph.
type graphView struct {
	*picture
	graph  *board.Graph
	box    box // of the graph with its axes and its legend
	plot   box
	axes   [2]graphAxis
	x0, x1 float64 // the range of time, in seconds
}

// addGraph lays out curves over time in b.
func (p *picture) addGraph(g *board.Graph, b box) {
	v := &graphView{picture: p, graph: g, box: b, plot: b}
	v.setTimes()
	v.placeLegend()
	withTimes := v.plot.height() >= graphLeast
	if withTimes {
		v.plot.bottom -= graphTimes
	}
	v.placeAxes()
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
	l := v.graph.Legend
	if l.Hidden || len(l.Order) == 0 || v.box.height() < graphLeast+graphTimes+graphLegendPitch {
		return
	}
	room := min(v.box.height()*legendShare, v.box.height()-graphLeast-graphTimes)
	laid := v.newListLegend(v.graph, v.box.width(), int(room/graphLegendPitch))
	v.plot.bottom -= laid.height + 4
	v.writeLegend(laid, v.box.left, v.plot.bottom+4)
}

// placeAxes makes room for the values' ticks beside the plot.
func (v *graphView) placeAxes() {
	v.plot.top += 6
	most := max(int(v.plot.height()/graphTickPitch), 1)
	for i := range v.axes {
		of := &v.graph.Axes[i]
		if !of.Used {
			of = &board.Axis{Format: value.New("short", time.Time{}), Low: of.Low, High: of.High}
		}
		v.axes[i] = newGraphAxis(of, v.extent(i == 1), most)
		if !of.Used || of.Hidden {
			continue
		}
		width := 0.0
		for _, l := range v.axes[i].labels {
			width = max(width, v.textWidth(l.String(), graphTickStyle))
		}
		width += graphTickGap
		if v.plot.width()-width < graphNarrow {
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

// extent returns what an axis must show.
func (v *graphView) extent(right bool) bounds {
	var b bounds
	axis := &v.graph.Axes[0]
	if right {
		axis = &v.graph.Axes[1]
	}
	if axis.LogBase == 0 {
		b.add(axis.Low, axis.High)
		for i := range v.graph.Curves {
			if c := &v.graph.Curves[i]; c.Right == right && c.Draw == "bars" {
				b.add(0)
			}
		}
		return b
	}
	for i := range v.graph.Curves {
		if c := &v.graph.Curves[i]; c.Right == right {
			for _, value := range c.Values {
				if value > 0 {
					b.add(value)
				}
			}
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
	curves := &graphCurves{in: v.plot}
	for i := range v.graph.Curves {
		curves.list = append(curves.list, v.curve(&v.graph.Curves[i]))
	}
	v.around = append(v.around, curves)
}

// writeValues writes the ticks of an axis and, for the first one, the lines of the grid.
func (v *graphView) writeValues(a *graphAxis, right bool, grid bool) {
	f := v.frameOf(a)
	for i, tick := range a.ticks {
		y := f.y(tick)
		if y < v.plot.top-0.5 || y > v.plot.bottom+0.5 {
			continue
		}
		if grid {
			v.around = append(v.around, block{
				box{v.plot.left, y, v.plot.right, y}, solid(gridInk),
			})
		}
		if i >= len(a.labels) {
			continue
		}
		x, side := v.plot.left-graphTickGap, align(2)
		if right {
			x, side = v.plot.right+graphTickGap, left
		}
		v.write(a.labels[i].String(), graphTickStyle, x, y+4, side)
	}
}

// writeGraphTimes writes the times below the plot.
func (v *graphView) writeGraphTimes() {
	f := frame{box: v.plot, x0: v.x0, x1: v.x1, y1: 1}
	most := int(max(v.plot.width()/tickPitch, 2))
	var labels []label
	for _, t := range v.say.timeTicks(v.graph.From, v.graph.To, most) {
		words := t.text
		if t.midnight {
			words = v.say.AxisDate(t.at)
		}
		x := f.x(seconds(t.at))
		v.around = append(v.around, block{box{x, v.plot.top, x, v.plot.bottom}, solid(gridInk)})
		l := v.place(words, graphTickStyle, x, v.plot.bottom+14, centre)
		if l.box.left >= v.box.left && l.box.right <= v.box.right {
			labels = appendClear(labels, l)
		}
	}
	v.labels = append(v.labels, labels...)
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
		frame: f, times: t, values: a.all(c.Values), base: a.all(c.Base),
		bridge: bridgeOf(c.Bridge, t.step), bend: c.Interpolation,
	}}
}

// all returns values as numbers of the scale.
func (a *graphAxis) all(values []float64) []float64 {
	if a.of.LogBase == 0 || values == nil {
		return values
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.NaN()
		if v > 0 {
			out[i] = a.scaled(v)
		}
	}
	return out
}
