package board

import (
	"cmp"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana"
)

// The page of a dashboard in logical pixels. Grafana's grid has 24 columns, and a unit of its
// height is 30 pixels and the gap below it.
const (
	PageWidth  = 1176
	Gap        = 8
	columns    = 24
	unitHeight = 30 + Gap
	mostUnits  = 100 // of a panel's height
)

// Size returns the size of a panel on the page, without the gaps around it. A place outside the
// grid is moved into it. In Arrange a panel may be a pixel wider.
func Size(g grafana.Grid) (width, height int) {
	_, w, h := bounded(g)
	return (PageWidth+Gap)*w/columns - Gap, unitHeight*h - Gap
}

// bounded returns the first column of a panel, its width and its height, moved into the grid.
func bounded(g grafana.Grid) (x, w, h int) {
	w, h = min(max(g.W, 1), columns), min(max(g.H, 1), mostUnits)
	return min(max(g.X, 0), columns-w), w, h
}

// Section is a part of the page: one row, or the panels above all rows.
type Section struct {
	Row    int   // index into Board.Rows; -1: the panels above all rows
	Panels []int // indexes into Board.Panels, in reading order
}

// Sections divides the page. The panels above all rows come first, if there are any. Each row
// follows, also one without panels.
func (b *Board) Sections() []Section {
	all := make([]Section, len(b.Rows)+1)
	for i := range all {
		all[i].Row = i - 1
	}
	for i := range b.Panels {
		row := b.Panels[i].Row
		if row < 0 || row >= len(b.Rows) {
			row = -1
		}
		all[row+1].Panels = append(all[row+1].Panels, i)
	}
	if len(all[0].Panels) == 0 {
		return all[1:]
	}
	return all
}

// Rect is a place in logical pixels from the top left corner of a section.
type Rect struct{ Left, Top, Width, Height int }

// Bottom returns the height at which r ends.
func (r Rect) Bottom() int { return r.Top + r.Height }

// Right returns the distance from the left side at which r ends.
func (r Rect) Right() int { return r.Left + r.Width }

// Arrange returns the places of the panels of one section, in their order, and the height of all of
// them. As in Grafana, a panel moves up until another one is in its way, and one that overlaps with
// another moves below it.
func Arrange(places []grafana.Grid) (rects []Rect, height int) {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := places[i], places[j]
		return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X))
	})
	rects = make([]Rect, len(places))
	var used [columns]int // the units of height that are used in each column
	for _, i := range order {
		x, w, h := bounded(places[i])
		top := slices.Max(used[x : x+w])
		for c := x; c < x+w; c++ {
			used[c] = top + h
		}
		// The width of a column is no whole number, so neighbours share the edge between them.
		left, right := (PageWidth+Gap)*x/columns, (PageWidth+Gap)*(x+w)/columns-Gap
		rects[i] = Rect{left, unitHeight * top, right - left, unitHeight*h - Gap}
	}
	return rects, max(unitHeight*slices.Max(used[:])-Gap, 0)
}

// Places returns the places of some panels in the grid.
func (b *Board) Places(panels []int) []grafana.Grid {
	places := make([]grafana.Grid, len(panels))
	for i, n := range panels {
		places[i] = b.Panels[n].Place
	}
	return places
}

// Column returns the places of some panels on a narrow page: all in one column, but two small
// figures beside each other.
func (b *Board) Column(panels []int, width int) []Rect {
	rects := make([]Rect, len(panels))
	top, half := 0, false // half: a small figure is on the left, and the place beside it is free
	for i, n := range panels {
		p := &b.Panels[n]
		r := Rect{Top: top, Width: width, Height: p.narrowHeight()}
		if !p.small() {
			if half { // nothing comes beside it
				rects[i-1].Width = width
				r.Top += smallHeight + Gap
			}
			rects[i], top, half = r, r.Bottom()+Gap, false
			continue
		}
		r.Width = (width - Gap) / 2
		if half {
			r.Left, top = width-r.Width, r.Bottom()+Gap
		}
		rects[i], half = r, !half
	}
	if half {
		rects[len(rects)-1].Width = width
	}
	return rects
}

// smallHeight is the height of a small figure on a narrow page.
const smallHeight = 96

// small reports whether the panel is one figure in little space, or has nothing in its place.
func (p *Panel) small() bool {
	return p.Kind == TilesKind && p.Place.W <= columns/3 &&
		(p.Tiles == nil || len(p.Tiles.Items) < 2)
}

// narrowHeight is the height of a panel in a column.
func (p *Panel) narrowHeight() int {
	const chart = 208 // of a chart over time
	lines := 0        // of the height of a line of text
	switch {
	case p.small() || p.Empty:
		return smallHeight
	case p.Text != nil:
		lines = len(p.Text.Blocks)
	case p.Tiles != nil:
		lines = 3 * ((len(p.Tiles.Items) + 1) / 2)
	case p.Bars != nil && !p.Bars.Vertical:
		lines = len(p.Bars.Items)
	case p.Table != nil:
		lines = len(p.Table.Rows) + 1
	default:
		return chart
	}
	return min(max(unitHeight+24*lines, smallHeight), chart)
}
