package html

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/chart"
)

// colours are the colours of a dashboard that the page uses outside its pictures.
type colours struct {
	chart.Colours
	rules map[string]string // by class
}

func (c *colours) add(d *viewDrawing) { c.Add(d.colours) }

// set returns the class of a colour, whose declarations are made once.
func (c *colours) set(prefix string, of color.NRGBA, declarations func() string) string {
	class := fmt.Sprintf("%s-%02x%02x%02x", prefix, of.R, of.G, of.B)
	if _, ok := c.rules[class]; !ok {
		if c.rules == nil {
			c.rules = map[string]string{}
		}
		c.rules[class] = declarations()
	}
	return class
}

// text returns the class of a text in a colour.
func (c *colours) text(of color.NRGBA) string {
	return c.set("ink", of, func() string { return "color:var(" + c.AddText(of) + ")" })
}

// surface returns the class of a surface in a colour, with text on it.
func (c *colours) surface(of color.NRGBA) string {
	return c.set("on", of, func() string {
		surface, text := c.AddSurface(of)
		return "background:var(" + surface + ");color:var(" + text + ")"
	})
}

// mark returns the class of a bar in a colour.
func (c *colours) mark(of color.NRGBA) string {
	return c.set("fill", of, func() string { return "fill:var(" + c.AddMark(of) + ")" })
}

func (c *colours) css() string {
	var classes []string
	for class := range c.rules {
		classes = append(classes, class)
	}
	slices.Sort(classes)
	var b strings.Builder
	b.WriteString(c.Styles())
	for _, class := range classes {
		fmt.Fprintf(&b, ".%s{%s}", class, c.rules[class])
	}
	return b.String()
}

// listing is a table of the dashboard.
type listing struct {
	Name     string
	NoHeader bool
	Columns  []listingColumn
	Rows     [][]listingCell
	Footer   []listingCell
	Note     string // how many rows are listed, if not all are
}

// How much of a table is on the page. A narrow one has more rows.
const (
	listingCells = 3000
	listingRows  = 20
)

type listingColumn struct{ Name, Align, Sort string }

type listingCell struct {
	Text, Class string
	Bar         *listingBar
}

type listingBar struct{ Class, Width string }

// listing lays out a table.
func (s *boardStyle) listing(t *board.Table, name string) *listing {
	out := &listing{Name: name, NoHeader: t.NoHeader}
	for _, c := range t.Columns {
		head := listingColumn{Name: c.Name, Align: alignOf(c)}
		switch {
		case c.Sorted > 0:
			head.Sort = "ascending"
		case c.Sorted < 0:
			head.Sort = "descending"
		}
		out.Columns = append(out.Columns, head)
	}
	most := max(listingCells/max(len(t.Columns), 1), listingRows)
	for _, row := range t.Rows[:min(len(t.Rows), most)] {
		var cells []listingCell
		for i, c := range row {
			cells = append(cells, s.cell(t.Columns[i], c))
		}
		out.Rows = append(out.Rows, cells)
	}
	for i, text := range t.Footer {
		out.Footer = append(out.Footer, listingCell{Text: text, Class: alignOf(t.Columns[i])})
	}
	return out
}

// longCell is the number of characters from which a cell has several lines.
const longCell = 60

func (s *boardStyle) cell(of board.Column, c board.Cell) listingCell {
	out := listingCell{Text: c.Text, Class: alignOf(of)}
	if utf8.RuneCountInString(c.Text) > longCell {
		out.Class += " long"
	}
	switch {
	case c.Text == "" || c.Color.A == 0:
	case of.Style == board.TextCell:
		out.Class += " " + s.colours.text(c.Color)
	case of.Style == board.BackgroundCell:
		out.Class += " on " + s.colours.surface(c.Color)
	case of.Style == board.GaugeCell:
		out.Bar = &listingBar{
			s.colours.mark(c.Color), strconv.FormatFloat(100*c.Percent, 'f', 1, 64),
		}
	}
	return out
}

// alignOf returns the alignment of a column as a class: numbers are on the right.
func alignOf(c board.Column) string {
	switch {
	case c.Align == "left" || c.Align == "center" || c.Align == "right":
		return c.Align
	case c.Numeric:
		return "right"
	}
	return "left"
}

// textSize is how many bytes of a text are on the page.
const textSize = 50_000

// block is a block of a text, or several that belong together: the items of a list, or the rows of
// a table.
type block struct {
	board.Block
	Items, Rows []board.Block
}

// blocksOf returns the blocks of a text and how many of it they are.
func blocksOf(t *board.Text) (out []block, shown int) {
	size := 0
	for _, b := range t.Blocks {
		if size += sizeOf(b); size > textSize {
			break
		}
		shown++
		if b.Kind != board.ItemBlock && b.Kind != board.RowBlock {
			out = append(out, block{Block: b})
			continue
		}
		if n := len(out); n == 0 || out[n-1].Kind != b.Kind {
			out = append(out, block{Block: board.Block{Kind: b.Kind}})
		}
		last := &out[len(out)-1]
		if b.Kind == board.ItemBlock {
			b.Level = min(max(b.Level, 0), 3)
			last.Items = append(last.Items, b)
		} else {
			last.Rows = append(last.Rows, b)
		}
	}
	return out, shown
}

func sizeOf(b board.Block) int {
	n := len(b.Code)
	for _, spans := range append(b.Cells, b.Spans) {
		for _, s := range spans {
			n += len(s.Text) + len(s.URL)
		}
	}
	return n
}
