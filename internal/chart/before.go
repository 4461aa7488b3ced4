package chart

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// A line as it was some time before is dashed and paler than the line.
const beforeAlpha = 140

var beforeDash = []float64{3, 3}

// before is the named lines as they were some time before.
type before struct {
	lines []snapshot.Line
	times times
}

func (b before) draw(s surface, f frame) {
	var path []point
	for i := len(b.lines) - 1; i >= 0; i-- {
		if len(b.lines[i].Before) > 0 {
			path = f.trace(path[:0], b.lines[i].Before, b.times, s.Density())
			s.Line(path, lineWidth, beforeDash, paint{seriesInk(i), beforeAlpha})
		}
	}
}

// addBefore adds the samples of the time before to what the axis of values must show.
func (c *lineChart) addBefore(reach *bounds) {
	for _, l := range c.lines[:c.named] {
		if _, ok := lastFinite(l.Before); ok {
			reach.add(l.Before...)
			c.compared = true
		}
	}
}

func (c *lineChart) drawBefore() {
	if c.compared {
		c.inside = append(c.inside, before{c.lines[:c.named], c.times})
	}
}

// before returns how long before the dashed lines were: "a week before".
func (s speech) before(ago time.Duration) string {
	switch ago {
	case day:
		return s.DayBefore
	case 7 * day:
		return s.WeekBefore
	}
	return fmt.Sprintf(s.SomeBefore, s.span(ago))
}

// writeBeforeKey explains the dashed lines in a corner of the plot.
func (c *lineChart) writeBeforeKey() {
	c.writeKey(c.say.before(c.data.Spec.Compare), swatchWidth, func(b box) shape {
		return beforeSwatch(b)
	})
}

// beforeSwatch is the dashed sample in the legend. It is grey, because it explains every line.
type beforeSwatch box

func (b beforeSwatch) draw(s surface, _ frame) {
	y := float32((b.top + b.bottom) / 2)
	s.Line([]point{{float32(b.left), y}, {float32(b.right), y}}, lineWidth, beforeDash,
		paint{mutedInk, 200})
}
