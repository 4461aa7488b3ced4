package chart

import (
	"math"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// canvas is the plot of a terminal: cells of dots. A cell has the colour of what was drawn last.
type canvas struct {
	columns, rows int // of cells
	wide, high    int // dots of a cell: 2 × 4 in braille, 1 × 1 in ASCII
	cells         []cell
}

// cell is what a cell of the canvas shows.
type cell struct {
	dots uint8 // the bits of its braille character
	ink  ink
	mark rune // instead of dots; 0: none
}

func newCanvas(columns, rows int, ascii bool) *canvas {
	c := &canvas{
		columns: columns, rows: rows, wide: 2, high: 4, cells: make([]cell, columns*rows),
	}
	if ascii {
		c.wide, c.high = 1, 1
	}
	return c
}

// brailleBits are the bits of a braille character by row and column of its dots.
var brailleBits = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// dot draws a dot, counted from the left and from the top. mark is its character in ASCII.
func (c *canvas) dot(x, y int, in ink, mark rune) {
	if x < 0 || y < 0 || x >= c.columns*c.wide || y >= c.rows*c.high {
		return
	}
	at := &c.cells[y/c.high*c.columns+x/c.wide]
	at.ink = in
	if c.wide == 1 {
		at.mark = mark
		return
	}
	at.dots, at.mark = at.dots|brailleBits[y%c.high][x%c.wide], 0
}

// segment draws a straight line between two dots. A dashed one has a dot in every other pair of
// columns.
func (c *canvas) segment(x0, y0, x1, y1 int, in ink, mark rune, dashed bool) {
	dx, dy := abs(x1-x0), -abs(y1-y0)
	sx, sy := 1, 1
	if x0 > x1 {
		sx = -1
	}
	if y0 > y1 {
		sy = -1
	}
	for e := dx + dy; ; {
		if !dashed || x0/c.wide%2 == 0 {
			c.dot(x0, y0, in, mark)
		}
		if x0 == x1 && y0 == y1 {
			return
		}
		twice := 2 * e
		if twice >= dy {
			e += dy
			x0 += sx
		}
		if twice <= dx {
			e += dx
			y0 += sy
		}
	}
}

// row writes a row of cells, with one escape sequence for each run of a colour.
func (t *terminal) row(c *canvas, row int) {
	var run strings.Builder
	last := textInk
	for _, at := range c.cells[row*c.columns : (row+1)*c.columns] {
		r := ' '
		switch {
		case at.mark != 0:
			r = at.mark
		case at.dots != 0:
			r = 0x2800 + rune(at.dots)
		}
		if r != ' ' && at.ink != last {
			t.put(last, run.String())
			run.Reset()
			last = at.ink
		}
		run.WriteRune(r)
	}
	t.put(last, run.String())
}

// plot is where the values are on a canvas.
type plot struct {
	*canvas
	t *terminal
}

// x returns the dot of a sample, counted from the left.
func (p plot) x(sample float64) int {
	n := p.t.times.n
	most := float64(p.columns*p.wide - 1)
	if n == 1 {
		return int(most / 2)
	}
	return int(math.Round(sample / float64(n-1) * most))
}

// y returns the dot of a value, counted from the top.
func (p plot) y(v float64) int {
	most := float64(p.rows*p.high - 1)
	share := v/2/(p.t.axis.Hi/2-p.t.axis.Lo/2) - p.t.axis.Lo/2/(p.t.axis.Hi/2-p.t.axis.Lo/2)
	return int(math.Round(min(max(1-share, 0), 1) * most))
}

// curve draws samples as a line with gaps. A sample between two gaps is a dot.
func (p plot) curve(values []float64, in ink, mark rune, dashed bool) {
	before, lastX, lastY := false, 0, 0
	for i, v := range values[:min(len(values), p.t.times.n)] {
		if !series.Finite(v) {
			before = false
			continue
		}
		x, y := p.x(float64(i)), p.y(v)
		switch {
		case before:
			p.segment(lastX, lastY, x, y, in, mark, dashed)
		case !dashed || x/p.wide%2 == 0:
			p.dot(x, y, in, mark)
		}
		before, lastX, lastY = true, x, y
	}
}

// limit draws a limit as a dashed row.
func (p plot) limit(l limit) {
	mark := '┄'
	if p.t.o.ASCII {
		mark = '-'
	}
	row := p.y(l.value) / p.high
	for i := range p.columns {
		p.cells[row*p.columns+i] = cell{mark: mark, ink: severityInk(l.severity)}
	}
}

// draw writes the plot with its axes.
func (t *terminal) draw() {
	reach := extent(t.data, t.lines)
	for _, l := range t.lines {
		reach.add(l.Before...)
	}
	unit := t.data.Spec.Unit()
	var hidden []guide
	t.axis, hidden = valueAxis(reach, t.say.limitGuides(t.limits, unit), unit, max(t.o.Height/3, 3))
	t.say.values(t.axis.Labels)
	gutter := 0
	for _, l := range t.axis.Labels {
		gutter = max(gutter, t.columns(l))
	}
	gutter = min(gutter, t.o.Width/2)
	room := 0 // of the letters at the lines' ends
	if len(t.lines) > 1 {
		room = min(len(t.lines), 3) + 1
	}
	p := plot{newCanvas(t.o.Width-gutter-2-room, t.o.Height, t.o.ASCII), t}
	for _, l := range t.limits.lines {
		if l.value >= t.axis.Lo && l.value <= t.axis.Hi {
			p.limit(l)
		}
	}
	for i := len(t.lines) - 1; i >= 0; i-- {
		p.curve(t.lines[i].Before, mutedInk, '.', true)
	}
	for i := len(t.lines) - 1; i >= 0; i-- {
		p.curve(t.lines[i].Values, seriesInk(i), t.letter(i), false)
	}
	t.rows(p, gutter, room)
	t.timeAxis(p, gutter)
	for _, g := range hidden {
		t.paragraph(mutedInk, g.words)
	}
}

// rows writes the rows of the plot between the labels of the axis of values and the letters.
func (t *terminal) rows(p plot, gutter, room int) {
	labels := make([]string, p.rows)
	for i, v := range t.axis.Ticks {
		labels[p.y(v)/p.high] = t.axis.Labels[i]
	}
	ends := t.ends(p)
	for row := range p.rows {
		side := " │"
		if labels[row] != "" {
			side = " ┤"
		}
		if t.o.ASCII {
			side = " |"
		}
		t.put(mutedInk, t.padded(labels[row], gutter, right)+side)
		t.row(p.canvas, row)
		if room > 0 {
			t.put(mutedInk, " ")
			for _, i := range ends[row][:min(len(ends[row]), room-1)] {
				t.bold(seriesTextInk(i), string(t.letter(i)))
			}
		}
		t.end()
	}
}

// ends returns by row of the plot the lines that end there.
func (t *terminal) ends(p plot) [][]int {
	ends := make([][]int, p.rows)
	for i, l := range t.lines {
		if at, ok := lastFinite(l.Values[:min(len(l.Values), t.times.n)]); ok {
			row := p.y(l.Values[at]) / p.high
			ends[row] = append(ends[row], i)
		}
	}
	return ends
}

// letter returns the letter of the i-th line. A line that is alone has a star.
func (t *terminal) letter(i int) rune {
	switch {
	case len(t.lines) == 1:
		return '*'
	case i < 26:
		return 'a' + rune(i)
	}
	return 'A' + rune(i-26)%26
}

// tickColumns is the least distance between two labels of the time axis.
const tickColumns = 12

// timeAxis writes the axis with its ticks, and below it their times and dates.
func (t *terminal) timeAxis(p plot, gutter int) {
	from, to := t.data.Grid.Start, t.data.Grid.End()
	line := []rune(strings.Repeat("─", p.columns))
	corner, mark := " └", '┬'
	if t.o.ASCII {
		line, corner, mark = []rune(strings.Repeat("-", p.columns)), " +", '+'
	}
	var clock, date tickLine
	ticks := t.say.timeTicks(from, to, max(p.columns/tickColumns, 1))
	if len(ticks) == 0 || t.times.n == 1 {
		ticks = []timeTick{{at: from, text: t.say.Clock(from.In(t.o.Zone))}}
	}
	for _, tick := range ticks {
		at := p.columns / 2
		if span := to.Sub(from); span > 0 {
			at = p.x(float64(tick.at.Sub(from))/float64(span)*float64(t.times.n-1)) / p.wide
		}
		line[min(at, len(line)-1)] = mark
		clock.centre(t.spelled(tick.text), gutter+2+at, t.o.Width)
		if tick.date != "" {
			date.centre(t.spelled(tick.date), gutter+2+at, t.o.Width)
		}
	}
	t.put(mutedInk, strings.Repeat(" ", gutter)+corner+string(line))
	t.end()
	for _, w := range []*tickLine{&clock, &date} {
		if w.used > 0 {
			t.put(mutedInk, w.text.String())
			t.end()
		}
	}
}

// tickLine is a line on which labels are written at columns.
type tickLine struct {
	text strings.Builder
	used int
}

// centre writes a label around a column, if there is room between the label before it and the end.
func (w *tickLine) centre(label string, at, width int) {
	n := outside.Columns(label)
	from := min(at-n/2, width-n)
	if w.used == 0 {
		from = max(from, 0)
	}
	if from < w.used+min(w.used, 1) || n == 0 {
		return
	}
	w.text.WriteString(strings.Repeat(" ", from-w.used) + label)
	w.used = from + n
}
