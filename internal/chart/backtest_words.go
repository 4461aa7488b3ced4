package chart

import (
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// writeName writes the name of a line where it is free.
func (c *levelsChart) writeName(n lineName) {
	st := style{axisStyle.size, medium, n.ink}
	var places []label
	for _, dy := range n.heights {
		places = append(places,
			c.place(n.said, st, float64(n.at.x)+5, float64(n.at.y)+dy, left),
			c.place(n.said, st, float64(n.at.x)-5, float64(n.at.y)+dy, right))
	}
	c.writeOneOf(places)
}

// writeOneOf writes the first of some words that no line crosses or, if lines cross all of them,
// the first that is free of other words. It returns false if none is.
func (c *levelsChart) writeOneOf(places []label) bool {
	free := slices.DeleteFunc(places, func(l label) bool { return !c.free(l.box) })
	if len(free) == 0 {
		return false
	}
	l := free[max(slices.IndexFunc(free, func(l label) bool { return !c.crossed(l.box) }), 0)]
	c.labels, c.taken = append(c.labels, l), append(c.taken, l.box)
	return true
}

// crossed reports whether a line goes through a box. Lines of steps have only level and upright
// parts.
func (c *levelsChart) crossed(b box) bool {
	for _, path := range c.drawn {
		for i := 1; i < len(path); i++ {
			p, q := path[i-1], path[i]
			if b.overlaps(box{
				float64(min(p.x, q.x)) - 1, float64(min(p.y, q.y)) - 1,
				float64(max(p.x, q.x)) + 1, float64(max(p.y, q.y)) + 1,
			}) {
				return true
			}
		}
	}
	return false
}

// free reports whether words may be in a box.
func (c *levelsChart) free(b box) bool {
	f := c.frame()
	return b.left >= f.left && b.right <= f.right && b.top >= f.top-levelsTop &&
		b.bottom <= f.bottom && !slices.ContainsFunc(c.taken, b.overlaps)
}

// writeMark writes words beside a mark, on the side to which the line falls.
func (c *levelsChart) writeMark(said string, st style, at point) {
	x, y := float64(at.x), float64(at.y)
	places := []label{
		c.place(said, st, x+markGap, y-markGap+2, left), c.place(said, st, x-markGap, y+18, right),
		c.place(said, st, x-markGap, y-markGap+2, right), c.place(said, st, x+markGap, y+18, left),
		c.place(said, st, x+markGap, y-3*markGap, left),
	}
	if c.r.Rule.Direction == rules.Below {
		places[0], places[2] = places[2], places[0]
	}
	if !c.writeOneOf(places) {
		c.labels = append(c.labels, c.placeInside(said, st, x, y-markGap-4))
	}
}
