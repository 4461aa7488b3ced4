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
	"github.com/promsnap/promsnap/internal/units"
)

// Distances of a heat map, in logical pixels.
const (
	heatPitch     = 17  // of rows
	mostHeatPitch = 56  // of rows in a picture for a phone
	heatRoom      = 112 // of all rows there, if they need no more
	leastCell     = 8.0
	heatLegend    = 36 // with one line
	legendPitch   = 18
	legendSide    = 12.0
	legendGap     = 5.0  // from a square to its words
	betweenKeys   = 16.0 // from those words to the next square
)

// composeHeat lays out the drawn series as rows of cells. Each cell is the worst sample of its
// time, coloured by the panel's limits.
func composeHeat(data *snapshot.Panel, o Options) *picture {
	p := newPicture(o)
	l := limitsOf(data)
	lines := data.Lines[:min(len(data.Lines), mostLines)]
	axis, _ := valueAxis(extent(data, lines), p.say.limitGuides(l, data.Spec.Unit()),
		data.Spec.Unit(), 6)
	r := l.ramp(axis)
	if last := len(data.Spec.States) - 1; last > 0 {
		r = ramp{0, float64(last)}
	}
	keys := p.heatKeys(data, l, r)
	legend := heatLegend + legendPitch*keys[len(keys)-1].line
	lines = lines[:rowsThatFit(data, o, len(lines), heatPitch, axisHeight+legend)]
	t := timesOf(data.Grid)
	p.y0, p.y1 = axis.Lo, axis.Hi
	p.x0, p.x1 = t.start-t.step/2, t.at(t.n-1)+t.step/2
	p.plot.Top = p.writeHeader(data, len(lines), o)
	names := p.widestName(lines, o)
	pitch := heatPitch
	if o.Phone && len(lines) > 0 { // few rows fill their picture
		pitch = max(heatPitch, min(heatRoom/len(lines), mostHeatPitch))
	}
	p.plot.Bottom = p.plot.Top + pitch*len(lines)
	p.plot.Left, p.plot.Right = int(math.Ceil(edge+names+axisGap)), o.Width-int(edge)-24
	p.height = p.plot.Bottom + axisHeight + legend

	f := p.frame()
	for i, line := range lines {
		st := labelStyle
		if line.Status == rules.Breach {
			st.weight, st.ink = medium, severityText(line.Severity)
		}
		p.write(p.elide(line.Name, st, names), st, f.left-axisGap,
			f.top+(float64(i)+0.5)*float64(pitch)+3.5, right)
	}
	ticks := p.say.timeTicks(data.Grid.Start, data.Grid.At(t.n-1), max(int(f.width())/tickPitch, 2))
	cells := heat{lines: lines, times: t, ramp: r, pitch: pitch}
	for _, line := range lines {
		cells.limits = append(cells.limits, limitsIn(data, line.Ref))
	}
	p.inside = []shape{cells, marksOf(ticks)}
	p.writeTimes(ticks)
	p.writeKeys(keys)
	return p
}

// widestName returns the width of the column of names.
func (p *picture) widestName(lines []snapshot.Line, o Options) float64 {
	var names float64
	for _, line := range lines {
		names = max(names, p.textWidth(line.Name, style{labelStyle.size, medium, textInk}))
	}
	return min(names, o.roomForNames())
}

// heat draws the cells.
type heat struct {
	lines  []snapshot.Line
	times  times
	limits []limits // of each line
	ramp   ramp
	pitch  int // of the rows
}

// draw paints the cells of one shade together and neighbours as one, which makes documents short.
func (h heat) draw(s surface, f frame) {
	columns := max(min(h.times.n, int(f.width()/leastCell)), 1)
	edge := func(c int) float64 { return f.left + float64(f.width()*float64(c)/float64(columns)) }
	cells := map[shade][]box{}
	for i, line := range h.lines {
		top := f.top + float64(i*h.pitch)
		n := min(h.times.n, len(line.Values))
		last, from := shade{}, 0
		for c := range columns + 1 {
			var sh shade
			if c < columns {
				a, b := c*h.times.n/columns, (c+1)*h.times.n/columns
				sh = h.limits[i].shadeOf(h.limits[i].worst(line.Values[min(a, n):min(b, n)]),
					h.ramp)
			}
			if c > 0 && (c == columns || sh != last) {
				cells[last] = append(cells[last], box{
					edge(from), top, edge(c), top + float64(h.pitch) - 1,
				})
				from = c
			}
			last = sh
		}
	}
	for _, sh := range slices.SortedFunc(maps.Keys(cells), shade.compare) {
		sh.fill(s, cells[sh])
	}
}

// shade is a cell's colour: an ink, and how much of the ramp's next ink covers it. The zero shade
// means no data.
type shade struct {
	ink  ink
	over uint8
}

// rampSteps is the number of shades between two inks of the ramp.
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

// ramp is the range of the figures within the limits, from the best to the worst. Both are the same
// if there is only one such figure, as in a state.
type ramp struct{ from, to float64 }

// ramp returns the ramp along the axis, reversed if low figures are bad. It ends at the first
// limit, beyond which the limit's colour is used.
func (l limits) ramp(a units.Axis) ramp {
	r := ramp{a.Lo, a.Hi}
	if l.direction == rules.Below {
		r = ramp{a.Hi, a.Lo}
	}
	if len(l.lines) > 0 {
		r.to = max(min(l.lines[0].value, a.Hi), a.Lo)
	}
	return r
}

// shadeOf returns a limit's colour if v is beyond it, else a step of the ramp, which deepens
// towards the limits.
func (l limits) shadeOf(v float64, r ramp) shade {
	if math.IsNaN(v) {
		return shade{}
	}
	if s := l.severityOf(v); s != rules.None {
		return shade{ink: severityInk(s)}
	}
	const last = (heatColours - 1) * rampSteps
	at := 0
	if r.from != r.to {
		at = int(max(0, min(float64((v-r.from)/(r.to-r.from)*last)+0.5, last)))
	}
	return shade{firstHeat + ink(at/rampSteps), uint8(at % rampSteps * 256 / rampSteps)}
}

// worst returns the finite sample nearest to a breach, or NaN.
func (l limits) worst(values []float64) float64 {
	var b bounds
	b.add(values...)
	switch {
	case !b.any:
		return math.NaN()
	case l.direction == rules.Below:
		return b.low
	}
	return b.high
}

// heatKey is a part of the legend: coloured squares and their meaning.
type heatKey struct {
	words string
	fills []fill
	x     float64
	line  int // of the legend, from 0
}

// heatKeys explain the colours: the limits, the ramp up to them, and missing data.
func (p *picture) heatKeys(data *snapshot.Panel, l limits, r ramp) []heatKey {
	if len(data.Spec.States) > 1 {
		return p.placeKeys(p.stateKeys(data, l, r))
	}
	sign := " > "
	if l.direction == rules.Below {
		sign = " < "
	}
	var keys []heatKey
	// of a condition, the words say more than its figures 0 and 1
	holds := len(data.Spec.Rules) > 0 && data.Spec.Rules[0].Holds() && p.say.brief
	for _, line := range l.lines {
		words := p.say.severity(line.severity) + sign + p.say.value(data.Spec.Unit(), line.value)
		if holds {
			words = p.say.severity(line.severity)
		}
		keys = append(keys, heatKey{words: words, fills: []fill{of(severityInk(line.severity))}})
	}
	within := heatKey{
		words: p.say.value(data.Spec.Unit(), r.from),
		fills: []fill{of(firstHeat)},
	}
	if r.from != r.to {
		within.words = fmt.Sprintf(p.say.FromTo, within.words, p.say.value(data.Spec.Unit(), r.to))
		for i := 1; i < heatColours; i++ {
			within.fills = append(within.fills, of(firstHeat+ink(i)))
		}
	}
	if holds {
		within.words = p.say.OK
	}
	return p.placeKeys(append(keys, within, p.hatchKey()))
}

// fill returns a coloured square of the legend.
type fill = func(box) shape

func of(i ink) fill { return func(b box) shape { return block{b, solid(i)} } }

// hatchKey explains the cells without data.
func (p *picture) hatchKey() heatKey {
	return heatKey{words: p.say.NoData, fills: []fill{func(b box) shape { return hatched(b) }}}
}

// stateKeys explain the colours of states: those beyond the limits of any rule by their severities,
// the others by their names.
func (p *picture) stateKeys(data *snapshot.Panel, l limits, r ramp) []heatKey {
	var keys []heatKey
	for _, s := range []rules.Severity{rules.Critical, rules.Warning} {
		if slices.ContainsFunc(data.Spec.Rules, func(r rules.Rule) bool {
			return s == rules.Critical && r.Critical.Set || s == rules.Warning && r.Warning.Set
		}) {
			keys = append(keys, heatKey{
				words: p.say.severity(s), fills: []fill{of(severityInk(s))},
			})
		}
	}
	for v := min(len(data.Spec.States), mostStates) - 1; v >= 0; v-- {
		if l.severityOf(float64(v)) == rules.None {
			sh := l.shadeOf(float64(v), r)
			keys = append(keys, heatKey{words: data.Spec.States[v], fills: []fill{
				func(b box) shape { return shaded{b, sh} },
			}})
		}
	}
	return append(keys, p.hatchKey())
}

// mostStates is how many states a legend explains. Built-in panels have three.
const mostStates = 8

// shaded is a square of the legend with the shade of a cell.
type shaded struct {
	at box
	sh shade
}

func (s shaded) draw(to surface, _ frame) { s.sh.fill(to, []box{s.at}) }

// placeKeys gives the parts of a legend their places, on as many lines as they need.
func (p *picture) placeKeys(keys []heatKey) []heatKey {
	x, line := edge, 0
	for i := range keys {
		k := &keys[i]
		side := float64(legendSide*float64(len(k.fills))) + legendGap
		k.words = p.elide(k.words, legendStyle, float64(p.width)-2*edge-side)
		wide := side + p.textWidth(k.words, legendStyle)
		if x > edge && x+wide > float64(p.width)-edge {
			x, line = edge, line+1
		}
		k.x, k.line = x, line
		x += wide + betweenKeys
	}
	return keys
}

var legendStyle = style{labelStyle.size, regular, mutedInk}

// writeKeys writes the legend below the map.
func (p *picture) writeKeys(keys []heatKey) {
	for _, k := range keys {
		x, y := k.x, float64(p.plot.Bottom+axisHeight+6+legendPitch*k.line)
		for _, fill := range k.fills {
			p.around = append(p.around, fill(box{x, y, x + legendSide, y + legendSide}))
			x += legendSide
		}
		p.write(k.words, legendStyle, x+legendGap, y+10, left)
	}
}

// hatched is a rectangle without data.
type hatched box

func (h hatched) draw(s surface, _ frame) { s.Hatch(box(h), solid(hatchInk)) }

// marksOf returns the places of the ticks.
func marksOf(ticks []timeTick) tickMarks {
	var marks tickMarks
	for _, t := range ticks {
		marks = append(marks, seconds(t.at))
	}
	return marks
}

func seconds(t time.Time) float64 { return float64(t.Unix()) }
