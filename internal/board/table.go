package board

import (
	"encoding/json"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// Table is rows of cells.
type Table struct {
	NoHeader bool
	Columns  []Column
	Rows     [][]Cell // in the order of the panel, each with a cell for each column
	Footer   []string // one for each column; nil: no footer
	Total    int      // rows, with those that are left out
}

// Column is one column of a table.
type Column struct {
	Name    string
	Numeric bool
	Align   string // auto, left, center or right
	Width   int    // pixels; 0: as its cells need
	Style   CellStyle
	Sorted  int // 1: the rows are sorted by it, -1: the other way round; 0: they are not
}

// CellStyle says how the cells of a column are drawn.
type CellStyle string

// The styles of cells.
const (
	PlainCell      CellStyle = ""           // only the text
	TextCell       CellStyle = "text"       // the text has the cell's colour
	BackgroundCell CellStyle = "background" // the background has the cell's colour
	GaugeCell      CellStyle = "gauge"      // a bar of the cell's colour is beside the text
)

// Cell is one cell.
type Cell struct {
	Text    string
	Number  float64 // NaN if it is none
	Color   color.NRGBA
	Percent float64 // where it is between the column's minimum and maximum, from 0 to 1
}

func (b *builder) table() *Table {
	o := b.panel.Options
	t := &Table{NoHeader: o.HideHeader}
	if len(b.frames) == 0 {
		b.view.Empty = true
		return t
	}
	f := b.frames[0]
	if len(b.frames) > 1 {
		b.note(Note{Code: NoteFrames, Total: len(b.frames)})
	}
	var fields []*frame.Field
	for _, field := range f.Fields {
		if !flag(field, "hidden") && !b.style(field).HideInGraph {
			fields = append(fields, field)
		}
	}
	if len(fields) > MaxColumns {
		b.note(Note{Code: NoteColumns, Count: MaxColumns, Total: len(fields)})
		fields = fields[:MaxColumns]
	}
	for _, field := range fields {
		t.Columns = append(t.Columns, Column{
			Name: name(b.names.Of(field, f)), Numeric: numbers(field),
			Align: align(field), Width: width(field), Style: cellStyle(field),
		})
	}
	whole, by := colouredRows(t.Columns, fields)
	t.Total = f.Len()
	rows := b.sorted(t, f, fields)
	if len(rows) > MaxRows {
		b.note(Note{Code: NoteRows, Count: MaxRows, Total: len(rows)})
		rows = rows[:MaxRows]
	}
	for _, row := range rows {
		cells := make([]Cell, len(fields))
		for i, field := range fields {
			shown := b.display(field).Display(field.Values.At(row))
			cells[i] = Cell{
				Text: cell(shown.String()), Number: shown.Number, Color: shown.Color,
				Percent: b.percent(field, shown.Number),
			}
		}
		for _, i := range whole {
			cells[i].Color = cells[by].Color
		}
		t.Rows = append(t.Rows, cells)
	}
	t.Footer = b.footer(fields)
	b.view.Empty = len(t.Rows) == 0 || len(fields) == 0
	return t
}

// colouredRows finds the column whose colours are those of its whole rows. It returns the columns
// that have these colours, which are those without a style of their own.
func colouredRows(columns []Column, fields []*frame.Field) (whole []int, by int) {
	by = slices.IndexFunc(fields, func(field *frame.Field) bool {
		return flag(field, "cellOptions.applyToRow") && cellStyle(field) == BackgroundCell
	})
	for i := range columns {
		if by >= 0 && columns[i].Style == PlainCell {
			columns[i].Style = BackgroundCell
			whole = append(whole, i)
		}
	}
	return whole, by
}

// percent returns where a number is between the minimum and the maximum of a field.
func (b *builder) percent(field *frame.Field, v float64) float64 {
	low, high := b.bounds(field)
	return part((v - low) / (high - low))
}

// sorted returns the rows of f in the order of the panel.
func (b *builder) sorted(t *Table, f *frame.Frame, fields []*frame.Field) []int {
	rows := make([]int, f.Len())
	for i := range rows {
		rows[i] = i
	}
	type by struct {
		field *frame.Field
		sign  int
	}
	var order []by
	for _, s := range b.panel.Options.SortBy {
		sign := 1
		if s.Desc {
			sign = -1
		}
		for i, field := range fields {
			if b.names.Of(field, f) == s.Column || field.Name == s.Column {
				order = append(order, by{field, sign})
				t.Columns[i].Sorted = sign
				break
			}
		}
	}
	if len(order) > 0 {
		slices.SortStableFunc(rows, func(x, y int) int {
			for _, o := range order {
				if c := compareValues(o.field.Values.At(x), o.field.Values.At(y), o.sign); c != 0 {
					return c
				}
			}
			return 0
		})
	}
	return rows
}

// compareValues compares two cells: numbers by size, others as texts. What is missing is last.
func compareValues(x, y frame.Value, sign int) int {
	switch {
	case x.IsNull() && y.IsNull():
		return 0
	case x.IsNull():
		return 1
	case y.IsNull():
		return -1
	}
	a, okA := number(x)
	b, okB := number(y)
	if okA && okB {
		return compareNumbers(a, b, sign)
	}
	return sign * strings.Compare(strings.ToLower(x.String()), strings.ToLower(y.String()))
}

// footer returns what the footer's reducers make of each column. The first column without numbers
// names the reducer.
func (b *builder) footer(fields []*frame.Field) []string {
	reducers := b.panel.Options.Footer
	if len(reducers) == 0 || len(fields) == 0 {
		return nil
	}
	out := make([]string, len(fields))
	for i, field := range fields {
		figures := b.figures(field, reducers[:1])
		switch {
		case numbers(field):
			out[i] = figures[0].Text
		case i == 0:
			out[i] = figures[0].Name
		}
	}
	return out
}

// flag returns a truth value of a field's own settings.
func flag(f *frame.Field, key string) bool {
	var yes bool
	return json.Unmarshal(f.Config.Custom[key], &yes) == nil && yes
}

// setting returns a text of a field's own settings.
func setting(f *frame.Field, key string) string {
	var s string
	if json.Unmarshal(f.Config.Custom[key], &s) != nil {
		return ""
	}
	return s
}

func align(f *frame.Field) string {
	switch s := setting(f, "align"); s {
	case "left", "center", "right":
		return s
	}
	return "auto"
}

func width(f *frame.Field) int {
	raw := strings.Trim(string(f.Config.Custom["width"]), `"`)
	w, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(w) {
		return 0
	}
	return int(min(max(w, 0), 4000))
}

// cellStyle returns the style of a column, of the new form or of that before Grafana 9.4.
func cellStyle(f *frame.Field) CellStyle {
	s := setting(f, "cellOptions.type")
	if s == "" {
		s = setting(f, "displayMode")
	}
	switch s {
	case "color-text":
		return TextCell
	case "color-background", "color-background-solid":
		return BackgroundCell
	case "gauge", "basic", "gradient-gauge", "lcd-gauge":
		return GaugeCell
	}
	return PlainCell
}
