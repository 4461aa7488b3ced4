package chart

import (
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// phoneReferences is the number of reference lines in a picture for phones, out of its four lines.
const phoneReferences = 2

var (
	referenceStyle = style{11.5, medium, textInk}
	referenceDash  = []float64{7, 4}
)

// guide is a limit or a reference line against which the series are read. It may be beyond the
// axis.
type guide struct {
	bounds
	words string
}

// limitGuides returns the limits as guides.
func (s speech) limitGuides(l limits, u units.Unit) []guide {
	var guides []guide
	for _, line := range l.lines {
		g := guide{words: s.limit(line, u)}
		g.add(line.value)
		guides = append(guides, g)
	}
	return guides
}

// referenceGuides returns the reference lines as guides.
func (c *lineChart) referenceGuides() []guide {
	var guides []guide
	for i, r := range c.references {
		g := guide{words: c.referenceName(i)}
		g.add(r.Values...)
		guides = append(guides, g)
	}
	return guides
}

// referenceName returns the name of a reference line with its newest value: "limit 64 GiB".
func (c *lineChart) referenceName(i int) string {
	r := c.references[i]
	at, _ := lastFinite(r.Values)
	return r.Name + " " + c.say.value(c.data.Spec.Unit(), r.Values[at])
}

// referenceTags returns the names of the reference lines at their ends.
func (c *lineChart) referenceTags() []tag {
	var tags []tag
	for i, r := range c.references {
		if at, ok := lastFinite(r.Values[:min(len(r.Values), c.times.n)]); ok {
			tags = append(tags, tag{
				name: c.referenceName(i), style: referenceStyle, at: at, value: r.Values[at],
				paint: paint{textInk, 170},
			})
		}
	}
	return tags
}

// drawReferences draws the reference lines that are on the axis.
func (c *lineChart) drawReferences() {
	f := c.frame()
	for _, r := range c.references {
		var b bounds
		if b.add(r.Values...); f.holds(b.low) && f.holds(b.high) {
			c.inside = append(c.inside, referenceLine{r, c.times})
		}
	}
}

// referenceLine is a line to compare the series with.
type referenceLine struct {
	snapshot.ReferenceLine
	times times
}

func (r referenceLine) draw(s surface, f frame) {
	s.Line(f.trace(nil, r.Values, r.times, s.Density()), 1.25, referenceDash, solid(textInk))
}
