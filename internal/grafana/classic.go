package grafana

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const (
	columns   = 24
	unit      = 38  // pixels of one unit of height, with its gap
	minHeight = 90  // pixels of a legacy panel
	rowHeight = 250 // pixels of a legacy row without a height
	oldSpan   = 4   // of 12, of a legacy panel without a span
)

// readPanels reads panels[]. Rows are panels too; a collapsed one holds its panels.
func (d *decoder) readPanels(o object) {
	all := o.objects("panels", MaxPanels+maxRows)
	if !slices.ContainsFunc(all, func(p object) bool { return !p.has("gridPos") }) {
		slices.SortStableFunc(all, func(a, b object) int {
			p, q := readGrid(a), readGrid(b)
			return cmp.Or(cmp.Compare(p.Y, q.Y), cmp.Compare(p.X, q.X))
		})
	}
	d.gridded = slices.ContainsFunc(all, func(p object) bool { return p.has("gridPos") })
	row, copied, closed := -1, false, false
	for _, p := range all {
		if p.text("type") != "row" {
			if closed { // Grafana shows a panel below a collapsed row as belonging to none
				row, closed = d.addRow(Row{Bare: true}), false
			}
			d.place(p, row, copied)
			continue
		}
		if copied = isCopy(p); copied {
			for _, nested := range p.objects("panels", MaxPanels) {
				d.place(nested, row, copied)
			}
			continue
		}
		row = d.addRow(Row{
			Title: p.text("title"), Collapsed: p.yes("collapsed"), Repeat: p.text("repeat"),
		})
		closed = p.yes("collapsed")
		for _, nested := range p.objects("panels", MaxPanels) {
			d.place(nested, row, copied)
		}
	}
}

// isCopy reports whether a panel or a row is a repetition that an older version of Grafana saved.
// Grafana makes such repetitions again each time.
func isCopy(o object) bool {
	return o.has("repeatPanelId") || o.has("repeatRowId") || o.has("repeatedByRow")
}

// place adds a panel of panels[] to a row.
func (d *decoder) place(o object, row int, copied bool) {
	if o.text("type") == "row" { // within a row, where Grafana makes none
		for _, nested := range o.objects("panels", MaxPanels) {
			d.place(nested, row, copied)
		}
		return
	}
	if len(d.board.Panels) == MaxPanels {
		d.tooMany = true
		return
	}
	p := d.readPanel(o)
	p.Row, p.Grid, p.copied = row, readGrid(o), copied || isCopy(o)
	switch {
	case p.Grid.W > 0:
	case d.gridded:
		p.Grid = Grid{W: 6, H: 3} // Grafana's place of a panel without one
	default:
		p.Grid = d.below(row, readSpan(o, rowHeight))
	}
	d.board.Panels = append(d.board.Panels, p)
}

// readGrid reads gridPos. A panel without gridPos gets no width.
func readGrid(o object) Grid {
	g := o.object("gridPos")
	if g.m == nil {
		return Grid{}
	}
	grid := Grid{X: g.integer("x"), Y: g.integer("y"), W: g.integer("w"), H: g.integer("h")}
	grid.X = min(max(grid.X, 0), columns-1)
	grid.Y = min(max(grid.Y, 0), 100_000)
	grid.W = min(max(grid.W, 1), columns-grid.X)
	grid.H = min(max(grid.H, 1), 200)
	return grid
}

// readRows reads rows[], which dashboards had before Grafana 5. Rows have a heading if one of them
// shows its title, is collapsed or is repeated.
func (d *decoder) readRows(o object) {
	all := o.objects("rows", maxRows)
	headed := slices.ContainsFunc(all, func(r object) bool {
		return r.yes("showTitle") || r.yes("collapse") || r.text("repeat") != ""
	})
	for _, r := range all {
		row, copied := -1, isCopy(r)
		switch {
		case headed && copied:
			row = len(d.board.Rows) - 1
		case headed:
			row = d.addRow(Row{
				Title: r.text("title"), Collapsed: r.yes("collapse"), Repeat: r.text("repeat"),
			})
		}
		height := pixels(r.m["height"], rowHeight)
		line := Grid{Y: d.bottom(row)}
		for _, o := range r.objects("panels", MaxPanels) {
			if o.text("type") == "row" {
				continue
			}
			if len(d.board.Panels) == MaxPanels {
				d.tooMany = true
				return
			}
			p := d.readPanel(o)
			size := readSpan(o, height)
			if line.X+size.W > columns {
				line = Grid{Y: line.Y + line.H}
			}
			p.Row, p.Grid = row, Grid{X: line.X, Y: line.Y, W: size.W, H: size.H}
			p.copied = copied || isCopy(o)
			line.X += size.W
			line.H = max(line.H, size.H)
			d.board.Panels = append(d.board.Panels, p)
		}
	}
}

// readSpan returns the size of a legacy panel in a row of some pixels.
func readSpan(o object, height int) Grid {
	span := oldSpan
	if o.has("span") {
		span = o.integer("span")
	}
	height = pixels(o.m["height"], height)
	return Grid{
		W: min(max(span, 1)*2, columns),
		H: int(math.Ceil(float64(max(height, minHeight)) / unit)),
	}
}

// pixels reads a height such as "250px".
func pixels(v any, otherwise int) int {
	s, _ := textOf(v)
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
	if err != nil || n <= 0 {
		return otherwise
	}
	return int(min(n, 5000))
}

// bottom returns where a row ends so far.
func (d *decoder) bottom(row int) int {
	y := 0
	for _, p := range d.board.Panels {
		if p.Row == row {
			y = max(y, p.Grid.Y+p.Grid.H)
		}
	}
	return y
}

// below returns a place of the given size below the panels that a row has so far.
func (d *decoder) below(row int, size Grid) Grid {
	return Grid{Y: d.bottom(row), W: size.W, H: size.H}
}

// addRow adds a row and returns its index.
func (d *decoder) addRow(r Row) int {
	if len(d.board.Rows) == maxRows {
		d.notes.add("the dashboard has more than %d rows: the panels of the others are in the "+
			"last one", maxRows)
		return maxRows - 1
	}
	d.board.Rows = append(d.board.Rows, r)
	return len(d.board.Rows) - 1
}

// keepCopies keeps saved repetitions as ordinary panels if nothing in the dashboard is repeated,
// because nothing would make them again.
func (d *decoder) keepCopies() {
	repeats := slices.ContainsFunc(d.board.Rows, func(r Row) bool { return r.Repeat != "" }) ||
		slices.ContainsFunc(d.board.Panels, func(p Panel) bool { return p.Repeat.Variable != "" })
	for i := range d.board.Panels {
		d.board.Panels[i].copied = d.board.Panels[i].copied && repeats
	}
}

// arrange sorts the panels by their places, and makes these relative to their rows.
func (d *decoder) arrange() {
	top := map[int]int{}
	for _, p := range d.board.Panels {
		if y, ok := top[p.Row]; !ok || p.Grid.Y < y {
			top[p.Row] = p.Grid.Y
		}
	}
	for i := range d.board.Panels {
		p := &d.board.Panels[i]
		p.Grid.Y -= top[p.Row]
	}
	slices.SortStableFunc(d.board.Panels, func(a, b Panel) int {
		return cmp.Or(cmp.Compare(d.order(a), d.order(b)),
			cmp.Compare(a.Grid.Y, b.Grid.Y), cmp.Compare(a.Grid.X, b.Grid.X))
	})
}

// order returns a panel's rank by section: panels without a row come first, panels that no layout
// names come last.
func (d *decoder) order(p Panel) int {
	if p.unplaced {
		return len(d.board.Rows)
	}
	return p.Row
}

// tooManyPanels is the error for a file with more panels than any real dashboard has.
func tooManyPanels() error {
	return fmt.Errorf("the dashboard has more than %d panels: split it", MaxPanels)
}
