package chart

import (
	"math"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// zone is the space beyond a limit, up to the next one or the end of the axis.
type zone struct {
	from, to float64
	severity rules.Severity
}

const zoneAlpha = 22

func (z zone) draw(s surface, f frame) {
	low, high := max(min(z.from, z.to), f.y0), min(max(z.from, z.to), f.y1)
	if low < high {
		s.Rect(box{f.left, f.y(high), f.right, f.y(low)}, paint{severityInk(z.severity), zoneAlpha})
	}
}

// threshold is a limit's own line.
type threshold limit

func (t threshold) draw(s surface, f frame) {
	y := float32(math.Round(f.y(t.value)) + 0.5) // the middle of a pixel: a crisp line
	s.Line([]point{{float32(f.left), y}, {float32(f.right), y}}, 1, []float64{4, 4},
		solid(severityInk(t.severity)))
}

// gridLines are the values' ticks and the starts of days across the plot, and the time axis below
// it.
type gridLines struct {
	values []float64
	times  []float64 // seconds
}

func (g gridLines) draw(s surface, f frame) {
	for _, v := range g.values {
		if y := f.y(v); v != f.y0 {
			s.Rect(box{f.left, y, f.right, y}, solid(gridInk))
		}
	}
	for _, t := range g.times {
		s.Rect(box{f.x(t), f.top, f.x(t), f.bottom}, solid(gridInk))
	}
}

// tickMarks are the time axis and its ticks.
type tickMarks []float64

const tickLength = 5

func (m tickMarks) draw(s surface, f frame) {
	s.Rect(box{f.left, f.bottom, f.right, f.bottom}, solid(axisInk))
	for _, t := range m {
		s.Rect(box{f.x(t), f.bottom, f.x(t), f.bottom + tickLength}, solid(axisInk))
	}
}

// curve is one series.
type curve struct {
	values []float64
	index  int // of the line, for its colour and dash; or context
	width  float64
}

// context is the index of lines that are drawn in grey behind the others.
const context = -1

// curves are the series, back to front.
type curves struct {
	list  []curve
	times times
}

func (c curves) draw(s surface, f frame) {
	var path []point
	for _, line := range c.list {
		path = f.trace(path[:0], line.values, c.times, s.Density())
		if line.index == context {
			s.Line(path, line.width, nil, solid(restInk))
			continue
		}
		color := solid(seriesInk(line.index))
		s.Line(path, line.width, seriesDash(line.index), color)
		for _, p := range shores(path) {
			s.Dot(p, shoreRadius, color)
		}
	}
}

// breachMark is a ring where a line went beyond its limit, or a dot with a rim where it came back.
type breachMark struct {
	at, value float64
	index     int
	hollow    bool
}

func (m breachMark) draw(s surface, f frame) {
	p := point{float32(f.x(m.at)), float32(f.y(m.value))}
	outer, inner := solid(seriesInk(m.index)), solid(paper)
	if !m.hollow {
		outer, inner = inner, outer
	}
	s.Dot(p, 4.5, outer)
	s.Dot(p, 2.5, inner)
}

const (
	shoreRadius = 2.5
	narrowGap   = 3 * shoreRadius // dots at the ends of a narrower gap would close it
)

// shores returns the points where a line ends at a gap, which make the gap visible, and isolated
// points.
func shores(path []point) []point {
	var dots []point
	for i, p := range path {
		if p.drawable() {
			continue
		}
		before := i > 0 && path[i-1].drawable()
		after := i+1 < len(path) && path[i+1].drawable()
		if before && after && path[i+1].x-path[i-1].x < narrowGap {
			continue
		}
		if before {
			dots = append(dots, path[i-1])
		}
		if after {
			dots = append(dots, path[i+1])
		}
	}
	if len(path) == 1 {
		dots = append(dots, path[0])
	}
	return dots
}

// restBand is the series that are drawn as one: the range of nineteen in twenty of them, and the
// range of all.
type restBand struct {
	band  *snapshot.Band
	times times
}

func (b restBand) draw(s surface, f frame) {
	n := len(b.band.P05)
	low, high := f.envelope(make([]point, 0, n), make([]point, 0, n), b.band.P05, b.band.P95,
		b.times, s.Density())
	s.Area(high, low, paint{restInk, 110})
	low, high = f.envelope(low[:0], high[:0], b.band.Min, b.band.Max, b.times, s.Density())
	s.Area(high, low, paint{restInk, 32})
	s.Line(low, 0.75, nil, paint{restInk, 200})
	s.Line(high, 0.75, nil, paint{restInk, 200})
}

// leader joins the end of a line with its label. It is dotted through the plot if the line ends
// before the label, and then has an elbow.
type leader struct {
	x        float64 // of the line's end
	right    float64 // where the elbow begins
	width    float64 // of the elbow
	from, to float64 // heights
	paint    paint
}

// The width of leaders, and of those beside a strip in which they are drawn already.
const leaderWidth, shortLeader = 22.0, 12.0

func (l leader) draw(s surface, _ frame) {
	x := float32(l.right)
	from, to := float32(l.from), float32(l.to)
	if l.x < l.right-narrowGap {
		s.Line([]point{{float32(l.x), from}, {x, from}}, 1, []float64{1, 4}, l.paint)
	}
	at := func(part float64, y float32) point {
		return point{x + float32(part*l.width/leaderWidth), y}
	}
	s.Line([]point{at(3, from), at(8, from), at(15, to), at(19, to)}, 1, nil, l.paint)
}

// block is a rectangle of one colour.
type block struct {
	box
	paint paint
}

func (b block) draw(s surface, _ frame) { s.Rect(b.box, b.paint) }

// swatch is the sample of a line in a table.
type swatch struct {
	at    point // its left end
	index int
}

const swatchWidth = 15

func (w swatch) draw(s surface, _ frame) {
	s.Line([]point{w.at, {w.at.x + swatchWidth, w.at.y}}, 3, seriesDash(w.index),
		solid(seriesInk(w.index)))
}
