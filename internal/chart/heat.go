package chart

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
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
	p := newPicture(o)
	l := limitsOf(panel)
	lines := panel.Lines[:min(len(panel.Lines), mostLines)]
	lines = lines[:rowsThatFit(panel, o, len(lines), heatPitch, axisHeight+heatLegend)]
	axis, _ := valueAxis(extent(panel, lines), p.say.limitGuides(l, panel.Spec.Unit), panel.Spec.Unit, 6)
	t := timesOf(panel.Grid)
	p.y0, p.y1 = axis.Lo, axis.Hi
	p.x0, p.x1 = t.start-t.step/2, t.at(t.n-1)+t.step/2
	p.plot.Top = p.writeHeader(panel, len(lines), o)
	names := p.widestName(lines, o)
	p.plot.Bottom = p.plot.Top + heatPitch*len(lines)
	p.plot.Left, p.plot.Right = int(math.Ceil(edge+names+axisGap)), o.Width-int(edge)-24
	p.height = p.plot.Bottom + axisHeight + heatLegend
	if o.Phone {
		p.height = phoneHeight
	}

	f := p.frame()
	for i, line := range lines {
		st := labelStyle
		if line.Status == rules.Breach {
			st.weight, st.ink = medium, severityText(line.Severity)
		}
		p.write(p.elide(line.Name, st, names), st, f.left-axisGap, f.top+float64(i*heatPitch)+12, right)
	}
	ticks := p.say.timeTicks(panel.Grid.Start, panel.Grid.At(t.n-1), max(int(f.width())/tickPitch, 2))
	p.inside = []shape{heat{lines, t, l}, marksOf(ticks)}
	p.writeTimes(ticks)
	p.writeHeatLegend(panel, l)
	return p
}

// widestName is how wide the column of the rows' names is.
func (p *picture) widestName(lines []snapshot.Line, o Options) float64 {
	var names float64
	for _, line := range lines {
		names = max(names, p.textWidth(line.Name, style{labelStyle.size, medium, textInk}))
	}
	return min(names, o.roomForNames())
}

// heat is the cells.
type heat struct {
	lines  []snapshot.Line
	times  times
	limits limits
}

// draw paints the cells of one shade together, and neighbours as one, which makes documents short.
func (h heat) draw(s surface, f frame) {
	columns := max(min(h.times.n, int(f.width()/leastCell)), 1)
	edge := func(c int) float64 { return f.left + float64(f.width()*float64(c)/float64(columns)) }
	cells := map[shade][]box{}
	for i, line := range h.lines {
		top := f.top + float64(i*heatPitch)
		n := min(h.times.n, len(line.Values))
		last, from := shade{}, 0
		for c := range columns + 1 {
			var sh shade
			if c < columns {
				a, b := c*h.times.n/columns, (c+1)*h.times.n/columns
				sh = h.limits.shadeOf(h.worst(line.Values[min(a, n):min(b, n)]), f.y0, f.y1)
			}
			if c > 0 && (c == columns || sh != last) {
				cells[last] = append(cells[last], box{edge(from), top, edge(c), top + heatPitch - 1})
				from = c
			}
			last = sh
		}
	}
	for _, sh := range slices.SortedFunc(maps.Keys(cells), shade.compare) {
		sh.fill(s, cells[sh])
	}
}

// shade is a cell's colour: an ink, and of the ramp's inks so much of the next one over it. The zero shade is no data.
type shade struct {
	ink  ink
	over uint8
}

// rampSteps is how many shades lie between two inks of the ramp.
const rampSteps = 4

func (sh shade) fill(s surface, cells []box) {
	if sh == (shade{}) {
		for _, b := range cells {
			s.Hatch(b, solid(hatchInk))
		}
		return
	}
	s.Rects(cells, solid(sh.ink))
	if sh.over > 0 {
		s.Rects(cells, paint{sh.ink + 1, sh.over})
	}
}

func (sh shade) compare(o shade) int {
	return cmp.Or(cmp.Compare(sh.ink, o.ink), cmp.Compare(sh.over, o.over))
}

// shadeOf is a limit's colour where v is beyond it, else a step of the ramp, which deepens towards the limits: from the axis' low end to
// its high one, or the other way where low figures are bad.
func (l limits) shadeOf(v, low, high float64) shade {
	if math.IsNaN(v) {
		return shade{}
	}
	if s := l.severityOf(v); s != rules.None {
		return shade{ink: severityInk(s)}
	}
	if l.direction == rules.Below {
		low, high = high, low
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
	from, to := p.y0, p.y1
	if l.direction == rules.Below {
		from, to = to, from
	}
	key(fmt.Sprintf(p.say.FromTo, p.say.value(panel.Spec.Unit, from), p.say.value(panel.Spec.Unit, to)), ramp...)
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
