package chart

import (
	"cmp"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// labelStyle returns the style of the i-th line's name at its end.
func (c *lineChart) labelStyle(i int) style {
	st := labelStyle
	st.ink = seriesTextInk(i)
	if c.lines[i].Status == rules.Breach {
		st.weight = medium
	}
	return st
}

// tag is a name at the end of a line or of something else.
type tag struct {
	name  string
	style style
	at    int     // the last sample
	value float64 // its height
	paint paint   // of the leader to the end
	ahead float64 // how far right of the plot the end is, in logical pixels
}

// tagNames returns the lines' names. If one is too wide, all of them lose their common words,
// rather than each losing its middle.
func (c *lineChart) tagNames() []string {
	var names []string
	wide := false
	for i, l := range c.lines[:c.named] {
		names = append(names, l.Name)
		wide = wide || c.textWidth(l.Name, c.labelStyle(i)) > widestLabels*float64(c.width)
	}
	if wide {
		return distinct(names)
	}
	return names
}

// lineTags returns the tags of the lines, worst first, and of the band of the other series.
func (c *lineChart) lineTags() []tag {
	var tags []tag
	names := c.tagNames()
	for i, l := range c.lines[:c.named] {
		if at, ok := lastFinite(l.Values[:min(len(l.Values), c.times.n)]); ok {
			tags = append(tags, tag{
				name: names[i], style: c.labelStyle(i), at: at, value: l.Values[at],
				paint: paint{seriesInk(i), 170},
			})
		}
	}
	if r := c.data.Rest; r != nil {
		low, ok := lastFinite(r.P05[:min(len(r.P05), len(r.P95))])
		if high, ok2 := lastFinite(r.P95); ok && ok2 {
			st := labelStyle
			st.ink = mutedInk
			tags = append(tags, tag{
				name: c.say.rest(c.data, r.Series), style: st, at: low,
				value: r.P05[low]/2 + r.P95[high]/2, paint: solid(restInk),
			})
		}
	}
	return tags
}

// writeTags writes the tags right of the plot, as near to their ends as possible. If not all fit,
// it writes the first ones.
func (c *lineChart) writeTags(tags []tag) {
	f := c.frame()
	tags = slices.DeleteFunc(slices.Clone(tags), func(t tag) bool { return !f.holds(t.value) })
	tags = tags[:min(len(tags), int(f.height()/labelPitch)+1)]
	slices.SortStableFunc(tags, func(a, b tag) int {
		return cmp.Compare(f.y(a.value), f.y(b.value))
	})
	places := make([]float64, len(tags))
	for i, t := range tags {
		places[i] = f.y(t.value)
	}
	for i, y := range spread(places, labelPitch, f.top, f.bottom) {
		t := tags[i]
		c.around = append(c.around, leader{
			f.x(c.times.at(t.at)) + t.ahead, f.right + c.ahead, c.leaders(), places[i], y, t.paint,
		})
		x := f.right + c.ahead + c.leaders()
		c.write(c.elide(t.name, t.style, float64(c.width)-edge-x), t.style, x, y+4, left)
	}
}

// leaders returns the width of the leaders.
func (c *lineChart) leaders() float64 {
	if c.ahead > 0 {
		return shortLeader
	}
	return leaderWidth
}
