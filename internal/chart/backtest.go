package chart

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/words"
)

// LevelsPNG draws how often the levels of a back-test alerted: alerts a week over the level, with a
// logarithmic axis.
func LevelsPNG(r *backtest.Result, o Options) ([]byte, error) {
	o = o.bounded()
	return composeLevels(r, o).png(o)
}

// LevelsSVG is LevelsPNG as an SVG element for a page.
func LevelsSVG(r *backtest.Result, o Options) ([]byte, error) {
	return composeLevels(r, o.bounded()).svg()
}

// svg returns the picture as an SVG element.
func (p *picture) svg() ([]byte, error) {
	var out bytes.Buffer
	if err := p.render(&vector{picture: p}, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Distances of the picture of levels, in logical pixels.
const (
	levelsAxis   = 40.0 // below the plot: the levels, and what they are
	levelsTop    = 14.0 // above the plot, for words on lines
	levelsLegend = 20.0 // beside the plot
	markSize     = 6.0
	markGap      = 11.0 // from a mark to its words
)

// levelsChart lays out alerts a week over levels.
type levelsChart struct {
	*picture
	r      *backtest.Result
	o      Options
	lo, hi float64   // levels at the ends of the axis
	least  float64   // the least number of alerts a week that is not zero
	taken  []box     // of words that others must not touch
	drawn  [][]point // lines that words should not touch
	names  []lineName
}

// lineName is the name of a line beside one of its points, at the first height that is free.
type lineName struct {
	said    string
	ink     ink
	at      point
	heights []float64
}

func composeLevels(r *backtest.Result, o Options) *picture {
	p := newPicture(o)
	c := &levelsChart{picture: p, r: r, o: o}
	top := int(levelsTop + 8)
	if !o.Bare {
		top = p.writeTitle(backtestTitle(p.say.Words, r), p.say.Backtest.Levels) + int(levelsTop)
	}
	c.plot.IsSet, c.plot.Top, c.plot.Bottom = true, top, top+o.Height
	c.height = c.plot.Bottom + int(levelsAxis)
	c.alt = backtestTitle(p.say.Words, r) + ". " + p.say.Backtest.Levels
	if !c.scale() {
		c.plot.Left, c.plot.Right = int(edge), o.Width-int(edge)
		c.inside = []shape{emptyPlot{}}
		return p
	}
	c.writeAxes()
	c.drawLimits()
	c.drawLines()
	c.drawMarks()
	for _, n := range c.names { // the marks have the better places
		c.writeName(n)
	}
	return p
}

// backtestTitle names the rule of a back-test.
func backtestTitle(w *words.Words, r *backtest.Result) string {
	return fmt.Sprintf(w.Backtest.Of, r.Rule.Name, cmp.Or(r.Panel.Title, r.Panel.Name))
}

// writeTitle writes a title and a line below it. It returns where the plot may begin.
func (p *picture) writeTitle(title, sub string) (bottom int) {
	room := float64(p.width) - 2*edge
	p.write(p.elide(title, titleStyle, room), titleStyle, edge, titleLine, left)
	p.write(p.elide(sub, subStyle, room), subStyle, edge, subLine, left)
	return int(subLine + underSub)
}

// scale chooses the ranges of the axes. It returns false if there is nothing to draw.
func (c *levelsChart) scale() bool {
	var x bounds
	most := 0.0
	c.least = math.Inf(1)
	for _, k := range c.r.Candidates {
		x.add(k.Level)
		for _, v := range []float64{k.PerWeek, k.Held} {
			if v > 0 && series.Finite(v) {
				c.least, most = min(c.least, v), max(most, v)
			}
		}
	}
	if !x.any {
		return false
	}
	if c.r.Wall.Set {
		x.add(c.r.Wall.Value)
	}
	c.least = min(c.least, 1)
	if pages := c.r.Pages; pages > 0 && series.Finite(pages) {
		c.least, most = min(c.least, pages), max(most, pages)
	}
	most = max(most, c.least)
	pad := x.span() / 30
	if pad == 0 {
		pad = max(math.Abs(x.low)/10, 1e-9)
	}
	c.lo, c.hi = x.low-pad, x.high+pad
	c.y0, c.y1 = math.Log10(c.least)-zeroBelow, math.Log10(most)+0.12
	return true
}

// zeroBelow is how far below the least number zero is, in decades: a logarithm has none.
const zeroBelow = 0.35

// at returns where a number of alerts a week is on the axis, in decades.
func (c *levelsChart) at(perWeek float64) float64 {
	if perWeek <= 0 {
		return c.y0
	}
	return max(math.Log10(perWeek), c.y0)
}

// x returns where a level is on the axis, from 0 to 1.
func (c *levelsChart) x(level float64) float64 { return (level - c.lo) / (c.hi - c.lo) }

// writeAxes writes the numbers of both axes.
func (c *levelsChart) writeAxes() {
	var ticks []float64
	steps := []float64{1, 2, 5}
	if c.y1-c.y0 > 3 {
		steps = []float64{1}
	}
	for decade := math.Floor(c.y0); decade <= c.y1; decade++ {
		for _, s := range steps {
			if v := s * math.Pow(10, decade); math.Log10(v) > c.y0+zeroBelow/2 &&
				math.Log10(v) <= c.y1 {
				ticks = append(ticks, v)
			}
		}
	}
	widest := c.textWidth("0", axisStyle)
	for _, v := range ticks {
		widest = max(widest, c.textWidth(short(v), axisStyle))
	}
	c.plot.Left = int(math.Ceil(edge + widest + axisGap))
	c.plot.Right = c.o.Width - int(edge)
	f := c.frame()
	lines := gridLines{}
	for _, v := range ticks {
		lines.values = append(lines.values, c.at(v))
		c.write(short(v), axisStyle, f.left-axisGap, f.y(c.at(v))+4, right)
	}
	c.write("0", axisStyle, f.left-axisGap, f.bottom+4, right)
	u := c.r.Panel.UnitOf(c.r.Rule.Ref)
	axis := u.Axis(c.lo, c.hi, max(int(f.width())/tickPitch, 3))
	c.say.values(axis.Labels)
	var marks tickMarks
	var labels []label
	for i, v := range axis.Ticks {
		if v < c.lo || v > c.hi {
			continue
		}
		marks = append(marks, c.x(v))
		labels = appendClear(labels, c.placeInside(axis.Labels[i], axisStyle, f.x(c.x(v)),
			f.bottom+18))
	}
	c.labels = append(c.labels, labels...)
	c.write(c.say.Backtest.Level, axisStyle, f.right, f.bottom+34, right)
	if c.o.Bare {
		c.write(c.say.Backtest.PerWeek, axisStyle, edge, f.top-8, left)
	}
	c.inside = append(c.inside, lines, marks)
}

// short returns a round number of alerts a week.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// drawLimits draws the aim across the plot, and what no level may be beyond.
func (c *levelsChart) drawLimits() {
	f, b := c.frame(), c.say.Backtest
	if c.r.Wall.Set {
		x := f.x(c.x(c.r.Wall.Value))
		beyond, a, at := box{x, f.top, f.right, f.bottom}, right, x-5
		if c.r.Rule.Direction == rules.Below {
			beyond, a, at = box{f.left, f.top, x, f.bottom}, left, x+5
		}
		c.inside = append(c.inside, block{beyond, paint{criticalInk, zoneAlpha}}, upright(x))
		wall := c.say.value(c.r.Panel.UnitOf(c.r.Rule.Ref), c.r.Wall.Value)
		st := style{axisStyle.size, medium, criticalText}
		c.taken = append(c.taken, c.write(fmt.Sprintf(b.NotBeyond, wall), st, at, f.top+12, a))
	}
	if c.r.Pages > 0 && c.at(c.r.Pages) <= c.y1 {
		y := f.y(c.at(c.r.Pages))
		c.inside = append(c.inside, level(y))
		said := fmt.Sprintf(b.AimedAt, trimmed(c.r.Pages))
		c.taken = append(c.taken, c.write(said, legendStyle, f.left+6, y-5, left))
	}
}

// upright is a line from the top of the plot to its bottom.
type upright float64

func (x upright) draw(s surface, f frame) {
	at := float32(math.Round(float64(x)) + 0.5)
	s.Line([]point{{at, float32(f.top)}, {at, float32(f.bottom)}}, 1.5, nil, solid(criticalInk))
}

// level is a dashed line across the plot.
type level float64

func (y level) draw(s surface, f frame) {
	at := float32(math.Round(float64(y)) + 0.5)
	s.Line([]point{{float32(f.left), at}, {float32(f.right), at}}, 1, []float64{4, 4},
		solid(mutedInk))
}

// drawLines draws the alerts a week as steps: a line for each For, and a grey one for the time that
// was held out.
func (c *levelsChart) drawLines() {
	holds := holdsOf(c.r)
	main := c.mainHold()
	c.drawHeldOut(c.of(main))
	for i, hold := range holds {
		var path []point
		list := c.of(hold)
		for _, k := range list {
			path = c.step(path, k.Level, k.PerWeek)
		}
		c.drawn = append(c.drawn, path)
		line := steps{path: path, paint: solid(seriesInk(i)), width: lineWidth}
		if hold == main {
			line.width = breachWidth
		}
		for _, k := range list {
			line.dots = append(line.dots, c.point(k.Level, k.PerWeek))
		}
		c.inside = append(c.inside, line)
		if len(holds) > 1 && len(list) > 0 {
			c.names = append(c.names, lineName{
				fmt.Sprintf(c.say.Backtest.Line, model.Duration(hold)), seriesTextInk(i),
				line.dots[0], []float64{-7, 16},
			})
		}
	}
}

// leastApart is how far the line of the time that was held out must be from the other one to have a
// name.
const leastApart = 4

// drawHeldOut draws the alerts a week of the time that was held out, with its name where it is
// at the proposal, or where it is farthest from the line of all the time.
func (c *levelsChart) drawHeldOut(list []backtest.Candidate) {
	if c.r.HeldOut.IsZero() {
		return
	}
	var path []point
	name := lineName{said: c.say.Backtest.HeldOutLine, ink: mutedInk}
	farthest, proposed := float32(leastApart), false
	for _, k := range list {
		path = c.step(path, k.Level, k.Held)
		p, all := c.point(k.Level, k.Held), c.point(k.Level, k.PerWeek)
		apart := max(p.y-all.y, all.y-p.y)
		if apart <= leastApart || proposed || apart <= farthest && !c.isProposed(k) {
			continue
		}
		// People look at the proposal.
		farthest, proposed = apart, c.isProposed(k)
		if name.at, name.heights = p, []float64{15, -6}; p.y < all.y {
			name.heights = []float64{-6, 15}
		}
	}
	if name.heights == nil {
		return // it would hide behind the other one
	}
	c.drawn = append(c.drawn, path)
	c.inside = append(c.inside, steps{path: path, paint: solid(restInk), dash: []float64{3, 3}})
	c.names = append(c.names, name)
}

// isProposed reports whether a candidate is the one that is proposed.
func (c *levelsChart) isProposed(k backtest.Candidate) bool {
	i := c.r.Proposed
	return i >= 0 && i < len(c.r.Candidates) && k.Level == c.r.Candidates[i].Level &&
		k.For == c.r.Candidates[i].For
}

// holdsOf returns every For of a back-test, shortest first.
func holdsOf(r *backtest.Result) []time.Duration {
	var out []time.Duration
	for _, k := range r.Candidates {
		if !slices.Contains(out, k.For) {
			out = append(out, k.For)
		}
	}
	slices.Sort(out)
	return out
}

// mainHold returns the For of the proposal or, without one, the configured one.
func (c *levelsChart) mainHold() time.Duration {
	if i := c.r.Proposed; i >= 0 && i < len(c.r.Candidates) {
		return c.r.Candidates[i].For
	}
	return c.r.Rule.For
}

// of returns the candidates with a For by their level.
func (c *levelsChart) of(hold time.Duration) []backtest.Candidate {
	var out []backtest.Candidate
	for _, k := range c.r.Candidates {
		if k.For == hold {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b backtest.Candidate) int { return cmp.Compare(a.Level, b.Level) })
	return out
}

// point returns the place of a level's number of alerts a week.
func (c *levelsChart) point(at, perWeek float64) point {
	f := c.frame()
	return point{float32(f.x(c.x(at))), float32(f.y(c.at(perWeek)))}
}

// step continues a line of steps. Between two levels it has the larger number of the two.
func (c *levelsChart) step(path []point, at, perWeek float64) []point {
	p := c.point(at, perWeek)
	if n := len(path); n > 0 {
		corner := point{p.x, path[n-1].y}
		if c.r.Rule.Direction == rules.Below {
			corner = point{path[n-1].x, p.y}
		}
		path = append(path, corner)
	}
	return append(path, p)
}

// steps is a line of steps with dots at its levels.
type steps struct {
	path  []point
	dots  []point
	paint paint
	width float64
	dash  []float64
}

func (l steps) draw(s surface, _ frame) {
	s.Line(l.path, max(l.width, 1), l.dash, l.paint)
	for _, p := range l.dots {
		s.Dot(p, 2.25, l.paint)
	}
}

// drawMarks marks the configured level with a dot and the proposed one with a triangle.
func (c *levelsChart) drawMarks() {
	b := c.say.Backtest
	for _, m := range []struct {
		i      int
		format string
		ink    ink
		text   ink
	}{
		{c.r.Proposed, b.ProposedAt, seriesInk(2), seriesTextInk(2)},
		{c.r.Now, b.NowAt, textInk, textInk},
	} {
		if m.i < 0 || m.i >= len(c.r.Candidates) || m.i == c.r.Now && m.format == b.ProposedAt {
			continue
		}
		k := c.r.Candidates[m.i]
		at := c.point(k.Level, k.PerWeek)
		c.inside = append(c.inside, mark{at, m.ink, m.format == b.ProposedAt})
		said := fmt.Sprintf(m.format, c.say.value(c.r.Panel.UnitOf(c.r.Rule.Ref), k.Level))
		if k.For != c.r.Rule.For {
			said += ", for: " + model.Duration(k.For).String()
		}
		said += ": " + fmt.Sprintf(b.Weekly, trimmed(k.PerWeek))
		c.writeMark(said, style{labelStyle.size, medium, m.text}, at)
	}
}

// mark is a level that is configured, or proposed.
type mark struct {
	at       point
	ink      ink
	triangle bool
}

func (m mark) draw(s surface, _ frame) {
	if !m.triangle {
		s.Dot(m.at, markSize+1.5, solid(paper))
		s.Dot(m.at, markSize-0.5, solid(m.ink))
		return
	}
	for _, l := range []struct {
		size float32
		ink  ink
	}{{markSize + 3, paper}, {markSize, m.ink}} {
		back, tip := m.at.x-l.size*0.8, m.at.x+l.size*1.2
		s.Area([]point{{back, m.at.y - l.size}, {tip, m.at.y}},
			[]point{{back, m.at.y + l.size}, {tip, m.at.y}}, solid(l.ink))
	}
}

// trimmed returns a number of alerts a week with one decimal below ten.
func trimmed(v float64) string {
	switch {
	case v > 0 && v < 0.05:
		return "< 0.1"
	case v >= 9.95:
		return words.Thousands(int(math.Round(min(v, 1e12))))
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}
