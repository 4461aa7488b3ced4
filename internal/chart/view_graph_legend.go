package chart

import (
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/board"
)

// Distances of a legend, in logical pixels.
const (
	entryPitch   = 17.0 // between its lines
	entrySwatch  = 12.0
	entryIndent  = entrySwatch + 6
	entryGap     = 16.0 // between two entries of a line, and between two figures
	figureSpace  = 7.0  // between a name and the figures behind it
	entryName    = 90.0 // least room for a name beside figures
	legendShare  = 0.4  // of the panel that it may take
	legendTable  = 0.5  // and a table beside the plot
	legendBeside = 420  // least width of a panel whose legend is beside the plot
)

var (
	entryStyle  = style{11.5, regular, textInk}
	entryMuted  = style{11.5, regular, mutedInk}
	entryHeader = style{10.5, regular, mutedInk}
)

// graphLegend is the legend of a graph, laid out line by line.
type graphLegend struct {
	heads  []string  // of a table: the names of its figures
	ends   []float64 // of a table: where its figures end
	lines  [][]legendEntry
	width  float64
	height float64
}

// legendEntry is one curve in a legend. Without a curve it is words about those that are left out.
type legendEntry struct {
	x       float64
	curve   *board.Curve
	name    string
	figures []string // of a list, all in one
}

// newLegend lays out the legend of a graph in a room.
func (p *picture) newLegend(g *board.Graph, width, height float64) graphLegend {
	most := int(height / entryPitch)
	if l := g.Legend; l.Table && len(l.Calcs) > 0 && most > 2 {
		return p.newTableLegend(g, width, most)
	}
	return p.newListLegend(g, width, most)
}

// newListLegend lays out a legend as a list: one entry after the other, at most some lines.
func (p *picture) newListLegend(g *board.Graph, width float64, most int) graphLegend {
	l := graphLegend{width: width}
	x := 0.0
	names := p.legendNames(g, g.Legend.Order, width-entryIndent)
	for k, i := range g.Legend.Order {
		e, need := p.listEntry(&g.Curves[i], names[k], width)
		if len(l.lines) == 0 || g.Legend.Right || x+need > width {
			if len(l.lines) >= most {
				p.cutLegend(&l, len(g.Legend.Order)-k)
				break
			}
			l.lines, x = append(l.lines, nil), 0
		}
		e.x = x
		n := len(l.lines) - 1
		l.lines[n] = append(l.lines[n], e)
		x += need + entryGap
	}
	l.height = float64(len(l.lines)) * entryPitch
	return l
}

// listEntry returns an entry of a list and its width. Figures that leave no room for the name are
// left out.
func (p *picture) listEntry(c *board.Curve, name string, width float64) (e legendEntry,
	need float64) {
	e = legendEntry{curve: c}
	room, all := width-entryIndent, ""
	least := min(p.textWidth(name, entryStyle), entryName)
	for _, f := range c.Figures {
		with := f.Name + ": " + f.Text
		if all != "" {
			with = all + ", " + with
		}
		if p.textWidth(with, entryMuted) > room-least-figureSpace {
			break
		}
		all = with
	}
	figures := 0.0
	if all != "" {
		e.figures = []string{all}
		figures = figureSpace + p.textWidth(all, entryMuted)
	}
	e.name = p.elide(name, entryStyle, room-figures)
	return e, entryIndent + p.textWidth(e.name, entryStyle) + figures
}

// cutLegend says at the end of the last line how many curves are left out.
func (p *picture) cutLegend(l *graphLegend, left int) {
	if len(l.lines) == 0 {
		return
	}
	line := &l.lines[len(l.lines)-1]
	for {
		words, x := p.say.AndMore.Of(left), 0.0
		if n := len(*line); n > 0 {
			e := (*line)[n-1]
			x = e.x + entryIndent + p.textWidth(e.name, entryStyle) + entryGap
			for _, f := range e.figures {
				x += figureSpace + p.textWidth(f, entryMuted)
			}
		}
		if x == 0 || x+p.textWidth(words, entryMuted) <= l.width {
			*line = append(*line, legendEntry{x: x, name: p.elide(words, entryMuted, l.width)})
			return
		}
		*line = (*line)[:len(*line)-1]
		left++
	}
}

// newTableLegend lays out a legend as a table with a column for each figure.
func (p *picture) newTableLegend(g *board.Graph, width float64, most int) graphLegend {
	l := graphLegend{width: width}
	order := g.Legend.Order
	shown := order
	if most--; len(shown) > most { // the first line is the header
		shown = shown[:max(most-1, 1)]
	}
	names := 0.0
	for _, i := range shown {
		names = max(names, p.textWidth(g.Curves[i].Name, entryStyle))
	}
	room := width - entryIndent - min(names, max(width/2, entryName))
	var columns []float64
	for k, head := range g.Legend.Calcs {
		w := p.textWidth(head, entryHeader)
		for _, i := range shown {
			w = max(w, p.textWidth(figureAt(&g.Curves[i], k), entryMuted))
		}
		if room -= w + entryGap; room < 0 {
			break
		}
		columns = append(columns, w)
	}
	l.heads = g.Legend.Calcs[:len(columns)]
	end := l.width
	l.ends = make([]float64, len(columns))
	for k, w := range slices.Backward(columns) {
		l.ends[k] = end
		end -= w + entryGap
	}
	l.lines = append(l.lines, nil)
	short := p.legendNames(g, shown, end-entryIndent)
	for n, i := range shown {
		c := &g.Curves[i]
		e := legendEntry{curve: c, name: p.elide(short[n], entryStyle, end-entryIndent)}
		for k := range l.heads {
			e.figures = append(e.figures, figureAt(c, k))
		}
		l.lines = append(l.lines, []legendEntry{e})
	}
	if left := len(order) - len(shown); left > 0 {
		words := p.elide(p.say.AndMore.Of(left), entryMuted, end)
		l.lines = append(l.lines, []legendEntry{{name: words}})
	}
	l.height = float64(len(l.lines)) * entryPitch
	return l
}

// legendNames returns the names of curves. If one is too wide for the room, all of them lose their
// common words, rather than each losing its middle.
func (p *picture) legendNames(g *board.Graph, order []int, room float64) []string {
	names, wide := make([]string, len(order)), false
	for k, i := range order {
		names[k] = g.Curves[i].Name
		wide = wide || p.textWidth(names[k], entryStyle) > room
	}
	if wide {
		return distinct(names)
	}
	return names
}

// figureAt returns the k-th figure of a curve.
func figureAt(c *board.Curve, k int) string {
	if k >= len(c.Figures) {
		return ""
	}
	return c.Figures[k].Text
}

// writeLegend writes a legend with its top left corner at x, y.
func (p *picture) writeLegend(l *graphLegend, x, y float64) {
	var rules blocks
	for k, head := range l.heads {
		p.write(head, entryHeader, x+l.ends[k], y+11, right)
	}
	for n, line := range l.lines {
		top := y + float64(float64(n)*entryPitch)
		if len(l.heads) > 0 && n > 0 {
			rules.boxes = append(rules.boxes, box{x, top - 1, x + l.width, top - 1})
		}
		for _, e := range line {
			p.writeEntry(l, e, x, top+12)
		}
	}
	if len(rules.boxes) > 0 {
		rules.paint = solid(gridInk)
		p.around = append(p.around, rules)
	}
}

func (p *picture) writeEntry(l *graphLegend, e legendEntry, x, base float64) {
	if e.curve == nil {
		p.write(e.name, entryMuted, x+e.x, base, left)
		return
	}
	p.around = append(p.around, block{
		box{x + e.x, base - 5, x + e.x + entrySwatch, base - 2}, solid(ownInk(e.curve.Color)),
	})
	end := p.write(e.name, entryStyle, x+e.x+entryIndent, base, left).right
	for k, f := range e.figures {
		if len(l.ends) > 0 {
			p.write(f, entryMuted, x+l.ends[k], base, right)
		} else {
			p.write(f, entryMuted, end+figureSpace, base, left)
		}
	}
}

// natural returns the width that a legend beside the plot needs.
func (p *picture) natural(g *board.Graph) float64 {
	need := 0.0
	if g.Legend.Table {
		for k, head := range g.Legend.Calcs {
			column := p.textWidth(head, entryHeader)
			for _, i := range g.Legend.Order {
				column = max(column, p.textWidth(figureAt(&g.Curves[i], k), entryMuted))
			}
			need += column + entryGap
		}
	}
	widest := 0.0
	for _, i := range g.Legend.Order {
		c := &g.Curves[i]
		w := p.textWidth(c.Name, entryStyle)
		if !g.Legend.Table {
			for _, f := range c.Figures {
				w += p.textWidth(", "+f.Name+": "+f.Text, entryMuted)
			}
		}
		widest = max(widest, w)
	}
	return math.Ceil(entryIndent + widest + need + figureSpace)
}
