package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// mostLines is the most lines in one picture. A panel with more shows the first ones.
const mostLines = 48

// Distances of a chart of lines, in logical pixels.
const (
	axisGap       = 10.0 // between the value axis' labels and the plot
	axisHeight    = 44   // of the time axis' labels, two rows
	labelPitch    = 14.0 // between direct labels
	tickPitch     = 72   // least distance between labels of the time axis
	valuePitch    = 45   // and between those of the value axis
	lineWidth     = 1.5
	breachWidth   = 2.25
	contextWidth  = 1.0
	widestLabels  = 0.24 // share of the picture for the column of direct labels
	limitLabelGap = 12.0
)

var (
	axisStyle  = style{11.5, regular, mutedInk}
	dayStyle   = style{11.5, medium, textInk}
	labelStyle = style{11.5, regular, textInk}
	limitStyle = style{11.5, medium, criticalText}
)

// lineChart lays out a panel over time.
type lineChart struct {
	*picture
	data       *snapshot.Panel
	lines      []snapshot.Line
	named      int // lines with a colour and a name; the others are context
	references []snapshot.ReferenceLine
	stack      *stack // of an area; nil: the lines are drawn
	wedges     []wedge
	ahead      float64 // the width of the strip right of the plot in which the wedges are
	compared   bool    // some line is drawn as it was before
	times      times
	limits     limits
	axis       units.Axis
	hidden     []guide // those beyond the axis
	o          Options
}

func newLineChart(data *snapshot.Panel, o Options) *lineChart {
	lines := data.Lines[:min(len(data.Lines), mostLines)]
	c := &lineChart{
		picture: newPicture(o), data: data, lines: lines, named: len(lines),
		times: timesOf(data.Grid), o: o,
	}
	most := panel.MostReferences
	if o.Phone {
		most = phoneReferences
	}
	for _, r := range data.References {
		if _, ok := lastFinite(r.Values); ok && len(c.references) < most {
			c.references = append(c.references, r)
		}
	}
	if o.Phone {
		c.named = min(c.named, phoneLines-len(c.references))
	}
	return c
}

// composeLines lays out a panel that has something to draw.
func composeLines(data *snapshot.Panel, o Options) *picture {
	c := newLineChart(data, o)
	c.limits, c.sampled = limitsOf(data), true
	if o.Phone && data.Spec.Events != nil {
		c.limits = limits{} // any event is above zero
	}
	c.lookAhead()
	tags := slices.Concat(c.referenceTags(), c.wedgeTags(), c.lineTags())
	reach := extent(data, c.lines)
	c.addBefore(&reach)
	for _, w := range c.wedges {
		reach.add(w.limit)
	}
	c.layOut(reach, tags)
	c.drawZones()
	c.drawGrid()
	c.drawLines()
	c.writeAround(tags)
	if c.compared && (o.Bare || o.Phone) { // else the table says it
		c.writeBeforeKey()
	}
	return c.picture
}

// layOut finds the places of the plot and its axes between the header and the tags. data is what
// the axis of values must show.
func (c *lineChart) layOut(data bounds, tags []tag) {
	c.plot.Top = c.writeHeader(c.data, len(c.lines), c.o)
	if c.o.Phone {
		c.o.Height = phoneHeight - axisHeight - c.plot.Top
	}
	guides := append(c.say.limitGuides(c.limits, c.data.Spec.Unit()), c.referenceGuides()...)
	axis := valueAxis
	if c.o.Phone && c.stack == nil {
		axis = zoomedAxis
	}
	c.axis, c.hidden = axis(data, guides, c.data.Spec.Unit(), max(c.o.Height/valuePitch, 3))
	c.say.values(c.axis.Labels)
	c.y0, c.y1 = c.axis.Lo, c.axis.Hi
	c.x0, c.x1 = c.times.start, c.times.at(c.times.n-1)
	if c.times.n == 1 { // go-chart needs an axis with a width
		c.x0, c.x1 = c.x0-c.times.step/2, c.x1+c.times.step/2
	}
	c.setMargins(tags)
	c.height = c.plot.Bottom + axisHeight
}

// writeAround writes everything around the plot.
func (c *lineChart) writeAround(tags []tag) {
	c.writeValueAxis()
	c.writeTimes(c.timeTicks())
	c.writeLimits()
	c.writeTags(tags)
	if !c.o.Bare && !c.o.Phone {
		table := newTable(c)
		table.write(float64(c.height))
		c.height += table.height()
	}
}

// timesOf returns a panel's grid in seconds. A grid without a step counts in minutes.
func timesOf(g series.Grid) times {
	step := g.Step.Seconds()
	if step <= 0 {
		step = 60
	}
	return times{
		start: float64(g.Start.Unix()) + float64(float64(g.Start.Nanosecond())*1e-9), step: step,
		n: max(g.Len, 1),
	}
}

// extent returns what the axis of values must show: every drawn sample.
func extent(data *snapshot.Panel, lines []snapshot.Line) bounds {
	var b bounds
	for _, l := range lines {
		b.add(l.Values...)
	}
	if data.Rest != nil {
		b.add(data.Rest.Min...)
		b.add(data.Rest.Max...)
	}
	return b
}

// setMargins makes room for the values' labels on the left and the tags on the right.
func (c *lineChart) setMargins(tags []tag) {
	var ticks, names float64
	for _, l := range c.axis.Labels {
		ticks = max(ticks, c.textWidth(l, axisStyle))
	}
	for _, t := range tags {
		names = max(names, c.textWidth(t.name, t.style))
	}
	names = min(names, widestLabels*float64(c.width))
	c.plot.Bottom = c.plot.Top + c.o.Height
	c.plot.Left = int(math.Ceil(edge + ticks + axisGap))
	c.plot.Right = c.width - int(math.Ceil(max(names+c.leaders(), 10)+edge+c.ahead))
}

// drawZones colours the space beyond each limit.
func (c *lineChart) drawZones() {
	end := c.y1
	if c.limits.direction == rules.Below {
		end = c.y0
	}
	for i, l := range c.limits.lines {
		to := end
		if i+1 < len(c.limits.lines) {
			to = c.limits.lines[i+1].value
		}
		c.inside = append(c.inside, through{zone{l.value, to, l.severity}, c.ahead})
	}
}

// drawGrid draws the lines of the values' ticks and of midnights.
func (c *lineChart) drawGrid() {
	c.inside = append(c.inside, through{gridLines{values: c.axis.Ticks}, c.ahead})
	var grid gridLines
	for _, t := range c.timeTicks() {
		if t.midnight {
			grid.times = append(grid.times, seconds(t.at))
		}
	}
	c.inside = append(c.inside, grid)
}

// drawLines puts the series in the plot, back to front.
func (c *lineChart) drawLines() {
	if c.data.Rest != nil {
		c.inside = append(c.inside, restBand{c.data.Rest, c.times})
	}
	c.drawBefore()
	drawn := curves{times: c.times}
	for i := len(c.lines) - 1; i >= 0; i-- { // the worst on top
		line := curve{c.lines[i].Values, i, lineWidth}
		switch {
		case i >= c.named:
			line.index, line.width = context, contextWidth
		case c.lines[i].Status == rules.Breach:
			line.width = breachWidth
		}
		drawn.list = append(drawn.list, line)
	}
	c.drawWedges()
	c.inside = append(c.inside, drawn)
	for _, l := range c.limits.lines {
		if c.frame().holds(l.value) {
			c.inside = append(c.inside, through{threshold(l), c.ahead})
		}
	}
	c.drawReferences()
	c.inside = append(c.inside, marksOf(c.timeTicks()))
	c.markBreaches()
}

// markBreaches marks where the breach of each drawn line began, unless that was before the window,
// and where it ended.
func (c *lineChart) markBreaches() {
	for _, found := range c.data.Findings {
		i := slices.IndexFunc(c.lines[:c.named], func(l snapshot.Line) bool {
			return l.Ref == found.Ref && l.Name == found.Name && l.Labels.Compare(found.Labels) == 0
		})
		if i < 0 || c.data.Spec.Rule(found.Rule).FullIn { // its streaks are of the forecast
			continue
		}
		if found.Status == rules.Breach {
			c.markStreak(i, found.Streak, false)
		}
		c.markStreak(i, found.Earlier, true)
		if l, e := found.Latest, found.Earlier; l != nil && (e == nil || !l.From.Equal(e.From) ||
			!l.To.Equal(e.To)) {
			c.markStreak(i, l, true)
		}
	}
}

// markStreak marks the first sample of a streak of the i-th line with a ring and, if the streak has
// ended, the last one with a dot.
func (c *lineChart) markStreak(i int, s *rules.Streak, ended bool) {
	if s == nil {
		return
	}
	values := c.lines[i].Values
	mark := func(t time.Time, hollow bool) {
		at := int(t.Sub(c.data.Grid.Start).Seconds()/c.times.step + 0.5)
		if at <= 0 || at >= min(c.times.n, len(values)) || math.IsNaN(values[at]) ||
			math.IsInf(values[at], 0) {
			return
		}
		c.inside = append(c.inside, breachMark{c.times.at(at), values[at], i, hollow})
	}
	if !s.Open {
		mark(s.From, true)
	}
	if ended {
		mark(s.To, false)
	}
}

func (c *lineChart) writeValueAxis() {
	f := c.frame()
	for i, v := range c.axis.Ticks {
		c.write(c.axis.Labels[i], axisStyle, f.left-axisGap, f.y(v)+4, right)
	}
}

func (c *lineChart) timeTicks() []timeTick {
	g := c.data.Grid
	return c.say.timeTicks(g.Start, g.At(c.times.n-1), max((c.plot.Right-c.plot.Left)/tickPitch, 2))
}

// writeTimes writes the ticks' times and, below them, the dates. It omits a label that would touch
// the one before.
func (p *picture) writeTimes(ticks []timeTick) {
	f := p.frame()
	var clocks, dates []label
	for _, t := range ticks {
		st := axisStyle
		if t.midnight {
			st = dayStyle
		}
		x := f.x(seconds(t.at))
		clocks = appendClear(clocks, p.placeInside(t.text, st, x, f.bottom+18))
		if t.date != "" {
			date := p.placeInside(t.date, st, x, f.bottom+33)
			if n := len(dates); n > 0 && t.midnight && date.box.left < dates[n-1].box.right+6 {
				dates = dates[:n-1] // the start of a day matters more than the start of the axis
			}
			dates = appendClear(dates, date)
		}
	}
	p.labels = append(append(p.labels, clocks...), dates...)
}

// placeInside centres text at x but keeps it within the picture.
func (p *picture) placeInside(text string, st style, x, y float64) label {
	half := p.textWidth(text, st) / 2
	x = max(edge/2+half, min(x, float64(p.width)-edge/2-half))
	return p.place(text, st, x, y, centre)
}

// appendClear appends a label unless it would touch the last one.
func appendClear(labels []label, l label) []label {
	if n := len(labels); n > 0 && l.box.left < labels[n-1].box.right+6 {
		return labels
	}
	return append(labels, l)
}

// writeLimits writes the names of the limits: at the left end of their lines, on translucent paper,
// or in a corner if they are beyond the axis.
func (c *lineChart) writeLimits() {
	f := c.frame()
	var written []box
	// write puts words at the left end, next to the labels already there.
	write := func(words string, st style, y float64) {
		l := c.place(words, st, f.left+9, y, left)
		if c.o.Phone {
			l = c.uncovering(l, f)
		}
		for _, b := range written {
			if b.overlaps(plateOf(l)) {
				l = c.place(words, st, b.right+limitLabelGap, y, left)
			}
		}
		if l.box.right < f.right-4 {
			c.plate(l)
			written = append(written, plateOf(l))
		}
	}
	for _, l := range c.limits.lines {
		if !f.holds(l.value) {
			continue
		}
		st := limitStyle
		st.ink = severityText(l.severity)
		y := f.y(l.value) - 4
		if c.limits.direction == rules.Below && f.y(l.value)+16 < f.bottom ||
			y-limitStyle.size < f.top {
			y = f.y(l.value) + 13
		}
		write(c.say.limit(l, c.data.Spec.Unit()), st, y)
	}
	if len(c.hidden) == 0 {
		return
	}
	beyond, y := c.say.AboveAxis, f.top+14
	if c.hidden[0].high < c.y0 {
		beyond, y = c.say.BelowAxis, f.bottom-6
	}
	var names []string
	for _, g := range c.hidden {
		names = append(names, g.words)
	}
	st := style{limitStyle.size, regular, mutedInk}
	write(c.elide(fmt.Sprintf(beyond, strings.Join(names, ", ")), st, f.width()-18), st, y)
}

// uncovering returns the label of a limit at another place near its line, if it covers samples
// where it is and none there.
func (c *lineChart) uncovering(l label, f frame) label {
	below := l.y + 17
	if below > f.bottom-4 {
		below = l.y
	}
	for _, at := range []label{
		l, c.place(l.text, l.style, f.right-9, l.y, right),
		c.place(l.text, l.style, f.left+9, below, left),
		c.place(l.text, l.style, f.right-9, below, right),
	} {
		if !c.covers(plateOf(at)) {
			return at
		}
	}
	return l
}

// covers reports whether a box covers a sample of a named line.
func (c *lineChart) covers(b box) bool {
	f := c.frame()
	for _, l := range c.lines[:c.named] {
		for i, v := range l.Values[:min(len(l.Values), c.times.n)] {
			x, y := f.x(c.times.at(i)), f.y(v)
			if x > b.left && x < b.right && y > b.top && y < b.bottom {
				return true
			}
		}
	}
	return false
}

// plate writes a label on translucent paper.
func (p *picture) plate(l label) {
	p.around = append(p.around, block{plateOf(l), paint{paper, 215}})
	p.labels = append(p.labels, l)
}

func plateOf(l label) box {
	return box{l.box.left - 3, l.box.top - 2, l.box.right + 3, l.box.bottom + 1}
}

// lastFinite returns the place of the newest sample that is drawn.
func lastFinite(values []float64) (at int, ok bool) {
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
			return i, true
		}
	}
	return 0, false
}
