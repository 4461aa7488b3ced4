package chart

import (
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/words"
)

// Distances in a dashboard's table, in logical pixels.
const (
	gridRow      = 21.0 // height of a row
	gridHead     = 22.0 // of the header and of the footer
	cellInset    = 7.0
	leastColumn  = 40.0
	shortColumn  = 76.0 // no column is narrower than this, unless its cells are
	leastCellBar = 36.0 // width of a bar in a cell
	dottedColumn = 34.0 // width of the words about columns that do not fit
	measuredRows = 60   // rows whose cells say how wide a column is
)

var (
	columnStyle = style{11, medium, mutedInk}
	cellStyle   = style{12, regular, textInk}
	footerStyle = style{12, medium, textInk}
)

// viewTable lays out a table of a dashboard: as many columns and rows as fit.
type viewTable struct {
	*picture
	*board.Table
	box   box
	rows  int       // how many are shown
	shown []int     // the columns that are
	lefts []float64 // of these columns, and the end of the last one
	texts []float64 // of each column, the width of its widest text
}

// addTable lays out a table in b.
func (p *picture) addTable(table *board.Table, b box) {
	t := &viewTable{picture: p, Table: table, box: b}
	head, foot := gridHead, gridHead
	if table.NoHeader {
		head = 0
	}
	if table.Footer == nil {
		foot = 0
	}
	if b.height() < head+foot+gridRow {
		foot = 0
	}
	if b.height() < head+gridRow {
		head = 0
	}
	total := max(table.Total, len(table.Rows))
	room := b.height() - head - foot
	t.rows = min(len(table.Rows), int(room/gridRow))
	if t.rows < total {
		t.rows = min(len(table.Rows), max(int((room-moreHeight)/gridRow), 0))
	}
	if !t.place() {
		return
	}
	y := b.top
	if head > 0 {
		t.header(y)
		y += head
	}
	t.writeRows(y)
	y += gridRow * float64(t.rows)
	if foot > 0 {
		t.footer(y)
		y += foot
	}
	if more := total - t.rows; more > 0 {
		p.writeMore(more, box{b.left + cellInset, y, b.right, min(y+moreHeight, b.bottom)})
	}
}

// place finds the columns that are shown and their places. It returns false if there is room for
// none.
func (t *viewTable) place() bool {
	room := t.box.width()
	needs := make([]float64, len(t.Columns))
	t.texts = make([]float64, len(t.Columns))
	least := 0.0
	for i := range t.Columns {
		needs[i] = t.natural(i)
		least += leastOf(needs[i])
		t.shown = append(t.shown, i)
	}
	if least > room {
		room -= dottedColumn
		t.leaveOut(needs, least, room)
	}
	if len(t.shown) == 0 || room < leastOf(needs[t.shown[0]]) {
		return false
	}
	widths, columns := make([]float64, len(t.shown)), make([]board.Column, len(t.shown))
	for k, i := range t.shown {
		widths[k], columns[k] = needs[i], t.Columns[i]
	}
	fitColumns(widths, columns, room)
	x := t.box.left
	for _, w := range widths {
		t.lefts = append(t.lefts, x)
		x = math.Round(x + w)
	}
	t.lefts = append(t.lefts, min(x, t.box.right))
	return true
}

// leastOf returns the least width of a column that needs a width.
func leastOf(need float64) float64 { return bounded(need, leastColumn, shortColumn) }

// leaveOut leaves out columns until the others fit into room: from the last one on, first those
// without numbers, as the numbers are what a table of metrics is about. The first column stays,
// because it names the rows.
func (t *viewTable) leaveOut(needs []float64, least, room float64) {
	for _, numeric := range []bool{false, true} {
		for k := len(t.shown) - 1; k > 0 && least > room; k-- {
			if i := t.shown[k]; t.Columns[i].Numeric == numeric {
				least -= leastOf(needs[i])
				t.shown = slices.Delete(t.shown, k, k+1)
			}
		}
	}
}

// natural returns the width that a column needs.
func (t *viewTable) natural(i int) float64 {
	c := &t.Columns[i]
	head := 0.0
	if !t.NoHeader {
		head = t.textWidth(headOf(c), columnStyle)
	}
	cells := 0.0
	for _, row := range t.Rows[:min(len(t.Rows), max(t.rows, 1), measuredRows)] {
		cells = max(cells, t.textWidth(row[i].Text, cellStyle))
	}
	if i < len(t.Footer) {
		cells = max(cells, t.textWidth(t.Footer[i], footerStyle))
	}
	t.texts[i] = cells
	if c.Style == board.GaugeCell {
		cells += 3 * leastCellBar
	}
	return max(head, cells) + 2*cellInset + 1
}

// fitColumns fits the widths of columns into room. The widest become narrower first. Where there is
// more room than needed, columns without a width of their own share it.
func fitColumns(widths []float64, columns []board.Column, room float64) {
	sum, free := 0.0, 0.0
	for i, c := range columns {
		if c.Width > 0 {
			widths[i] = bounded(float64(c.Width), leastColumn, max(widths[i], leastColumn)*1.5)
		}
		widths[i] = max(widths[i], leastColumn)
		sum += widths[i]
		if c.Width == 0 {
			free += widths[i]
		}
	}
	if sum > room {
		narrowTo(widths, room)
		return
	}
	for i, c := range columns {
		switch {
		case free == 0:
			widths[i] += float64((room - sum) * widths[i] / sum)
		case c.Width == 0:
			widths[i] += float64((room - sum) * widths[i] / free)
		}
	}
}

// narrowTo cuts the widest of the widths to one width, so that their sum is room.
func narrowTo(widths []float64, room float64) {
	sorted := slices.Sorted(slices.Values(widths))
	rest := room
	most := sorted[len(sorted)-1]
	for i, w := range sorted {
		if share := rest / float64(len(sorted)-i); w > share {
			most = share
			break
		}
		rest -= w
	}
	for i := range widths {
		widths[i] = min(widths[i], most)
	}
}

// headOf returns the words above a column.
func headOf(c *board.Column) string {
	switch c.Sorted {
	case 1:
		return c.Name + " ↑"
	case -1:
		return c.Name + " ↓"
	}
	return c.Name
}

// alignOf returns where the texts of a column are.
func alignOf(c *board.Column) align {
	switch {
	case c.Align == "center":
		return centre
	case c.Align == "right", c.Align != "left" && c.Numeric:
		return right
	}
	return left
}

// cellBox returns the place of a cell in the k-th column that is shown.
func (t *viewTable) cellBox(k int, y, height float64) box {
	return box{t.lefts[k], y, t.lefts[k+1], y + height}
}

// writeCell writes a text in a cell.
func (t *viewTable) writeCell(text string, st style, a align, b box) {
	x := b.left + cellInset
	switch a {
	case centre:
		x = (b.left + b.right) / 2
	case right:
		x = b.right - cellInset
	}
	text = t.elide(strings.TrimSpace(text), st, b.width()-2*cellInset)
	t.write(text, st, x, (b.top+b.bottom)/2+float64(st.size*0.35), a)
}

func (t *viewTable) header(y float64) {
	for k, i := range t.shown {
		c := &t.Columns[i]
		t.writeCell(headOf(c), columnStyle, alignOf(c), t.cellBox(k, y, gridHead))
	}
	if more := len(t.Columns) - len(t.shown); more > 0 {
		b := box{t.box.right - dottedColumn, y, t.box.right, y + gridHead}
		t.writeCell("+"+words.Thousands(more), columnStyle, right, b)
	}
	t.rule(y + gridHead - 1)
}

func (t *viewTable) footer(y float64) {
	t.rule(y)
	for k, i := range t.shown {
		if i < len(t.Footer) {
			a := alignOf(&t.Columns[i])
			t.writeCell(t.Footer[i], footerStyle, a, t.cellBox(k, y, gridHead))
		}
	}
}

// rule draws a line across the table.
func (t *viewTable) rule(y float64) {
	t.around = append(t.around, block{box{t.box.left, y, t.box.right, y + 1}, solid(gridInk)})
}

// writeRows lays out the rows that are shown, from y on, column by column.
func (t *viewTable) writeRows(y float64) {
	for i := 1; i < t.rows; i += 2 {
		top := y + gridRow*float64(i)
		t.around = append(t.around, block{
			box{t.box.left, top, t.box.right, top + gridRow}, solid(zebraInk),
		})
	}
	for k, column := range t.shown {
		texts := make([]string, t.rows)
		for i := range texts {
			texts[i] = strings.TrimSpace(t.Rows[i][column].Text)
		}
		texts = t.elideAll(texts, cellStyle, t.lefts[k+1]-t.lefts[k]-2*cellInset)
		for i, text := range texts {
			b := t.cellBox(k, y+gridRow*float64(i), gridRow)
			t.writeValue(&t.Rows[i][column], text, column, b)
		}
	}
}

// writeValue lays out a cell of a column with its text.
func (t *viewTable) writeValue(c *board.Cell, text string, column int, b box) {
	st, a := cellStyle, alignOf(&t.Columns[column])
	style := t.Columns[column].Style
	if !visible(c.Color) {
		style = board.PlainCell
	}
	switch style {
	case board.TextCell:
		st.ink = ownTextInk(c.Color)
	case board.BackgroundCell:
		t.around = append(t.around, block{
			box{b.left, b.top, b.right - 1, b.bottom - 1}, solid(ownExactInk(c.Color)),
		})
		st.ink = onInk(c.Color)
	case board.GaugeCell:
		st.ink, a = ownTextInk(c.Color), right
		b.left = t.cellBar(c, t.texts[column], b)
	}
	t.writeCell(text, st, a, b)
}

// cellBar lays out the bar of a cell left of its text. It returns where the rest of the cell
// begins.
func (t *viewTable) cellBar(c *board.Cell, text float64, b box) float64 {
	bar := box{
		b.left + cellInset, b.top + 5, b.right - 2*cellInset - math.Ceil(text), b.bottom - 5,
	}
	if bar.width() < leastCellBar || math.IsNaN(c.Number) {
		return b.left
	}
	t.around = append(t.around, viewBar{
		box: bar, part: c.Percent, mode: "basic", color: inkOf(c.Color),
	})
	return bar.right
}
