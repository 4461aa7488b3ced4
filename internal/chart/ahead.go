package chart

import (
	"cmp"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/series"
)

// The strip right of the plot in which forecasts are drawn. It has its own scale of time, because
// the days to come would leave the hours of the plot no room.
const (
	leastAhead, mostAhead = 30.0, 48.0 // its width in logical pixels
	aheadPart             = 0.04       // of the picture's width
	mostWedges            = 2          // more of them cannot be told apart
	leastForTwo           = 500        // the least width of a picture with more than one
	// the strip ends at this many times the days of the soonest forecast, so that it has a slope
	mostTimesSoonest = 3
	wedgeAlpha       = 45
)

var wedgeDash = []float64{4, 3}

// wedge is the forecast of a line: from its newest sample to the limit, dashed, in a fan from the
// earliest to the latest day.
type wedge struct {
	index        int // of the line
	value, limit float64
	below        bool    // whether the limit is below the value
	days, lo, hi float64 // until the limit
	end          float64 // days from one side of the strip to the other
	width        float64 // of the strip, in logical pixels
}

// lookAhead finds the wedges of the named lines, the soonest first, and the width of their strip.
func (c *lineChart) lookAhead() {
	horizon := forecast.History.Hours() / 24
	if f := c.data.Spec.Forecast; f != nil && f.Horizon > 0 {
		horizon = f.Horizon.Hours() / 24
	}
	for i := range c.lines[:c.named] {
		if w, ok := c.wedgeOf(i); ok && w.days <= horizon {
			c.wedges = append(c.wedges, w)
		}
	}
	slices.SortStableFunc(c.wedges, func(a, b wedge) int { return cmp.Compare(a.days, b.days) })
	most := mostWedges
	if c.width < leastForTwo {
		most = 1
	}
	c.wedges = c.wedges[:min(len(c.wedges), most)]
	if len(c.wedges) == 0 {
		return
	}
	longest := mostTimesSoonest * c.wedges[0].days
	c.wedges = slices.DeleteFunc(c.wedges, func(w wedge) bool { return w.days > longest })
	end := 0.0
	for _, w := range c.wedges {
		end = max(end, w.hi)
	}
	end = min(end, horizon, longest)
	c.ahead = math.Round(min(max(aheadPart*float64(c.width), leastAhead), mostAhead))
	for i := range c.wedges {
		c.wedges[i].end, c.wedges[i].width = end, c.ahead
	}
}

// wedgeOf returns the wedge of the i-th line. It has none if there is no forecast, if its samples
// end before the plot does, or if it is beyond the limit for a moment.
func (c *lineChart) wedgeOf(i int) (wedge, bool) {
	l := &c.lines[i]
	f := c.data.ForecastOf(l.Ref, l.Labels)
	if f == nil || f.Why != "" || math.Abs(f.Limit) > farthestValue {
		return wedge{}, false
	}
	w := wedge{
		index: i, limit: f.Limit, below: f.Level > f.Limit, days: f.Days, lo: f.Lo, hi: f.Hi,
	}
	if !(w.lo >= 0 && w.lo <= w.days && w.days > 0 && w.days <= w.hi) || !series.Finite(w.limit) {
		return w, false
	}
	at, ok := lastFinite(l.Values[:min(len(l.Values), c.times.n)])
	if !ok || at < c.times.n-1-c.times.n/24 {
		return w, false
	}
	w.value = l.Values[at]
	return w, w.value != w.limit && (w.value > w.limit) == w.below
}

// wedgeTags returns the words at the tips of the wedges: "85 % in ~5 d".
func (c *lineChart) wedgeTags() []tag {
	var tags []tag
	for _, w := range c.wedges {
		st := labelStyle
		st.ink, st.weight = seriesTextInk(w.index), medium
		tags = append(tags, tag{
			name: c.reaches(w), style: st, at: c.times.n - 1, value: w.limit,
			paint: paint{seriesInk(w.index), 170}, ahead: w.x(w.days),
		})
	}
	return tags
}

// reaches says when a line reaches its limit: "85 % in ~5 d".
func (c *lineChart) reaches(w wedge) string {
	return c.say.limitIn(c.data.Spec.UnitOf(c.lines[w.index].Ref), w.limit, w.days)
}

// drawWedges draws the wedges, and what separates their strip from the plot.
func (c *lineChart) drawWedges() {
	if len(c.wedges) == 0 {
		return
	}
	c.inside = append(c.inside, now{c.ahead})
	for _, w := range c.wedges {
		c.inside = append(c.inside, w)
		c.alt += ". " + c.lines[w.index].Name + ": " + c.reaches(w)
	}
}

// x returns the place of a day, in logical pixels from the left side of the strip.
func (w wedge) x(days float64) float64 { return w.width * min(days, w.end) / w.end }

func (w wedge) draw(s surface, f frame) {
	from, to := f.y(w.value), f.y(w.limit)
	at := func(days, y float64) point { return point{float32(f.right + w.x(days)), float32(y)} }
	// on is where the line that reaches the limit after some days is on a day
	on := func(reaches, days float64) float64 {
		return from + float64((to-from)*min(days/reaches, 1))
	}
	last := min(w.hi, w.end)
	early := []point{at(0, from), at(w.lo, to), at(last, to)}
	late := []point{at(0, from), at(w.lo, on(w.hi, w.lo)), at(last, on(w.hi, last))}
	if w.below {
		early, late = late, early
	}
	s.Area(early, late, paint{seriesInk(w.index), wedgeAlpha})
	s.Line([]point{at(0, from), at(w.days, to)}, lineWidth, wedgeDash, solid(seriesInk(w.index)))
	s.Line([]point{at(0, to), at(last, to)}, 1, nil, paint{seriesInk(w.index), 130})
	s.Dot(at(w.days, to), shoreRadius, solid(seriesInk(w.index)))
}

// now is the line between the plot and the strip right of it, and the axis of the strip, whose
// scale is not that of the plot.
type now struct{ ahead float64 }

func (n now) draw(s surface, f frame) {
	s.Rect(box{f.right, f.top, f.right, f.bottom}, solid(axisInk))
	y := float32(math.Round(f.bottom) + 0.5)
	s.Line([]point{{float32(f.right), y}, {float32(f.right + n.ahead), y}}, 1, []float64{1, 3},
		solid(axisInk))
}

// through is a shape that goes through the plot and the strip right of it, because it is the same
// at all times.
type through struct {
	shape
	ahead float64
}

func (t through) draw(s surface, f frame) {
	f.right += t.ahead
	t.shape.draw(s, f)
}
