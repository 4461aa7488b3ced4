package board

import "github.com/promsnap/promsnap/internal/grafana"

// The page of a dashboard in logical pixels. Grafana's grid has 24 columns, and a unit of its height
// is 30 pixels and the gap below it.
const (
	PageWidth  = 1176
	Gap        = 8
	columns    = 24
	unitHeight = 30 + Gap
)

// Size returns the size of a panel on the page, without the gaps around it. A place outside the
// grid is moved into it.
func Size(g grafana.Grid) (width, height int) {
	w, h := min(max(g.W, 1), columns), max(g.H, 1)
	return (PageWidth+Gap)*w/columns - Gap, unitHeight*h - Gap
}
