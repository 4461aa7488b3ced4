package chart

import (
	"github.com/promsnap/promsnap/internal/board"
)

// Distances of a legend, in logical pixels.
const (
	graphLegendPitch = 17.0 // between its lines
	legendSwatch     = 12.0
	legendIndent     = legendSwatch + 6
	entryGap         = 16.0 // between two entries of a line
	legendShare      = 0.4  // of the panel that it may take
	legendRight      = 420  // least width of a panel whose legend is beside the chart
)

var graphLegendStyle = style{11.5, regular, textInk}

// graphLegend is the legend of a graph, laid out line by line.
type graphLegend struct {
	lines  [][]legendEntry
	width  float64
	height float64
}

type legendEntry struct {
	x     float64
	curve *board.Curve // nil: words about those without an entry
	words string
}

// newListLegend lays out a legend as a list in lines of a width, at most some lines.
func (p *picture) newListLegend(g *board.Graph, width float64, most int) graphLegend {
	l := graphLegend{width: width}
	order := g.Legend.Order
	x := 0.0
	for k, i := range order {
		c := &g.Curves[i]
		words := p.elide(legendWords(c), graphLegendStyle, width-legendIndent)
		need := legendIndent + p.textWidth(words, graphLegendStyle)
		if len(l.lines) == 0 || x+need > width {
			if len(l.lines) >= most {
				p.cutLegend(&l, len(order)-k)
				break
			}
			l.lines, x = append(l.lines, nil), 0
		}
		n := len(l.lines) - 1
		l.lines[n] = append(l.lines[n], legendEntry{x, c, words})
		x += need + entryGap
	}
	l.height = float64(len(l.lines)) * graphLegendPitch
	return l
}

// cutLegend says at the end of the last line how many curves are left out.
func (p *picture) cutLegend(l *graphLegend, left int) {
	if len(l.lines) == 0 {
		return
	}
	n := len(l.lines) - 1
	for {
		words := p.say.AndMore.Of(left)
		x := 0.0
		if k := len(l.lines[n]); k > 0 {
			e := l.lines[n][k-1]
			x = e.x + legendIndent + p.textWidth(e.words, graphLegendStyle) + entryGap
		}
		if x+p.textWidth(words, graphLegendStyle) <= l.width || len(l.lines[n]) == 0 {
			l.lines[n] = append(l.lines[n], legendEntry{x: x, words: words})
			return
		}
		if len(l.lines[n]) == 1 { // it gives way
			e := &l.lines[n][0]
			room := l.width - p.textWidth(words, graphLegendStyle) - entryGap - legendIndent
			if short := p.elide(e.words, graphLegendStyle, room); short != "" {
				e.words = short
				continue
			}
		}
		l.lines[n] = l.lines[n][:len(l.lines[n])-1]
		left++
	}
}

// legendWords are the name of a curve and, if the legend has figures, these.
func legendWords(c *board.Curve) string {
	words := c.Name
	for _, f := range c.Figures {
		words += "  " + f.Name + ": " + f.Text
	}
	return words
}

// writeLegend writes a legend with its top left corner at x, y.
func (p *picture) writeLegend(l graphLegend, x, y float64) {
	for n, line := range l.lines {
		base := y + float64(float64(n)*graphLegendPitch) + 12
		for _, e := range line {
			if e.curve == nil {
				st := graphLegendStyle
				st.ink = mutedInk
				p.write(e.words, st, x+e.x, base, left)
				continue
			}
			p.around = append(p.around, block{
				box{x + e.x, base - 5, x + e.x + legendSwatch, base - 2},
				solid(ownInk(e.curve.Color)),
			})
			p.write(e.words, graphLegendStyle, x+e.x+legendIndent, base, left)
		}
	}
}
