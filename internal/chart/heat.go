package chart

import (
	"fmt"
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Distances of a heat map, in logical pixels.
const (
	heatPitch  = 17 // of its rows
	leastCell  = 8.0
	heatLegend = 36
	legendSide = 12.0
)

// composeHeat lays out the drawn series as rows of cells, each the worst sample of its time, coloured by the panel's limits.
func composeHeat(panel *snapshot.Panel, o Options) *picture {
	p := &picture{width: o.Width, say: o.speech()}
	lines := panel.Lines[:min(len(panel.Lines), mostLines)]
	l := limitsOf(panel)
	axis, _ := valueAxis(extent(panel, lines), l, panel.Spec.Unit, 6)
	t := timesOf(panel.Grid)
	p.y0, p.y1 = axis.Lo, axis.Hi
	p.x0, p.x1 = t.start-t.step/2, t.at(t.n-1)+t.step/2
	var names float64
	for _, line := range lines {
		names = max(names, p.textWidth(line.Name, labelStyle))
	}
	names = min(names, widestNames*float64(o.Width))
	p.plot.Top = p.writeHeader(panel, o)
	p.plot.Bottom = p.plot.Top + heatPitch*len(lines)
	p.plot.Left, p.plot.Right = int(math.Ceil(edge+names+axisGap)), o.Width-int(edge)-24
	p.height = p.plot.Bottom + axisHeight + heatLegend

	f := p.frame()
	for i, line := range lines {
		p.write(p.elide(line.Name, labelStyle, names), labelStyle, f.left-axisGap, f.top+float64(i*heatPitch)+12, right)
	}
	ticks := p.say.timeTicks(panel.Grid.Start, panel.Grid.At(t.n-1), max(int(f.width())/tickPitch, 2))
	p.inside = []shape{heat{lines, t, l}, marksOf(ticks)}
	p.writeTimes(ticks)
	p.writeHeatLegend(panel, l)
	return p
}

// heat is the cells.
type heat struct {
	lines  []snapshot.Line
	times  times
	limits limits
}

func (h heat) draw(s surface, f frame) {
	columns := max(min(h.times.n, int(f.width()/leastCell)), 1)
	edge := func(c int) float64 { return f.left + float64(f.width()*float64(c)/float64(columns)) }
	for i, line := range h.lines {
		top := f.top + float64(i*heatPitch)
		n := min(h.times.n, len(line.Values))
		for from := 0; from < columns; { // cells of one shade become one rectangle
			shadeAt := func(c int) shade {
				a, b := c*h.times.n/columns, (c+1)*h.times.n/columns
				return h.limits.shadeOf(h.worst(line.Values[min(a, n):min(b, n)]), f.y0, f.y1)
			}
			sh, to := shadeAt(from), from+1
			for to < columns && shadeAt(to) == sh {
				to++
			}
			sh.fill(s, box{edge(from), top, edge(to), top + heatPitch - 1})
			from = to
		}
	}
}

// shade is a cell's colour: an ink, and of the ramp's inks so much of the next one over it. The zero shade is no data.
type shade struct {
	ink  ink
	over uint8
}

// rampSteps is how many shades lie between two inks of the ramp.
const rampSteps = 4

func (sh shade) fill(s surface, b box) {
	if sh == (shade{}) {
		s.Hatch(b, solid(hatchInk))
		return
	}
	s.Rect(b, solid(sh.ink))
	if sh.over > 0 {
		s.Rect(b, paint{sh.ink + 1, sh.over})
	}
}

// shadeOf is a limit's colour where v is beyond it, else a step of the ramp from the axis' low end to its high one.
func (l limits) shadeOf(v, low, high float64) shade {
	if math.IsNaN(v) {
		return shade{}
	}
	if s := l.severityOf(v); s != rules.None {
		return shade{ink: severityInk(s)}
	}
	const last = (heatColours - 1) * rampSteps
	at := max(0, min(int(float64((v-low)/(high-low)*last)+0.5), last))
	return shade{firstHeat + ink(at/rampSteps), uint8(at % rampSteps * 256 / rampSteps)}
}

// worst is the finite sample that is nearest to a breach; NaN where there is none.
func (h heat) worst(values []float64) float64 {
	var b bounds
	b.add(values...)
	switch {
	case !b.any:
		return math.NaN()
	case h.limits.direction == rules.Below:
		return b.low
	}
	return b.high
}

// writeHeatLegend explains the colours below the map, as many of them as fit: the ramp, the limits, and what is not there.
func (p *picture) writeHeatLegend(panel *snapshot.Panel, l limits) {
	st := style{labelStyle.size, regular, mutedInk}
	x, y := edge, float64(p.plot.Bottom)+axisHeight+6
	// key writes coloured squares and what they mean.
	key := func(words string, fills ...func(box) shape) {
		side := legendSide * float64(len(fills))
		if x+side+5+p.textWidth(words, st) > float64(p.width)-edge {
			return
		}
		for i, fill := range fills {
			at := x + float64(legendSide*float64(i))
			p.around = append(p.around, fill(box{at, y, at + legendSide, y + legendSide}))
		}
		x = p.write(words, st, x+side+5, y+10, left).right + 16
	}
	of := func(i ink) func(box) shape {
		return func(b box) shape { return block{b, solid(i)} }
	}
	key(p.say.NoData, func(b box) shape { return hatched(b) })
	var ramp []func(box) shape
	for i := range heatColours {
		ramp = append(ramp, of(firstHeat+ink(i)))
	}
	key(fmt.Sprintf(p.say.FromTo, p.say.value(panel.Spec.Unit, p.y0), p.say.value(panel.Spec.Unit, p.y1)), ramp...)
	sign := " > "
	if l.direction == rules.Below {
		sign = " < "
	}
	for _, line := range l.lines {
		key(p.say.severity(line.severity)+sign+p.say.value(panel.Spec.Unit, line.value), of(severityInk(line.severity)))
	}
}

// hatched is a rectangle in which there is nothing.
type hatched box

func (h hatched) draw(s surface, _ frame) { s.Hatch(box(h), solid(hatchInk)) }

// marksOf are the ticks' places.
func marksOf(ticks []timeTick) tickMarks {
	var marks tickMarks
	for _, t := range ticks {
		marks = append(marks, seconds(t.at))
	}
	return marks
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }
