package chart

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/testdata/race"
)

func (m made) table() *board.Table {
	t := &board.Table{NoHeader: m.IntN(5) == 0}
	columns := []int{1, 2, 5, 12, 50}[m.IntN(5)]
	for range columns {
		t.Columns = append(t.Columns, board.Column{
			Name: m.name(), Numeric: m.IntN(2) == 0,
			Align: m.of("auto", "left", "center", "right"), Width: m.IntN(5) / 4 * m.IntN(900),
			Style: []board.CellStyle{
				board.PlainCell, board.TextCell, board.BackgroundCell, board.GaugeCell,
			}[m.IntN(4)],
			Sorted: m.IntN(3) - 1,
		})
		if m.IntN(3) == 0 {
			t.Footer = make([]string, columns)
		}
	}
	for range []int{1, 3, 20, 200}[m.IntN(4)] {
		var row []board.Cell
		for range columns {
			row = append(row, board.Cell{
				Text: m.text().String(), Number: m.number(), Color: m.color(),
				Percent: m.Float64(),
			})
		}
		t.Rows = append(t.Rows, row)
	}
	for i := range t.Footer {
		t.Footer[i] = m.name()
	}
	t.Total = len(t.Rows) * (1 + m.IntN(2))
	return t
}

func TestTablesStayInTheirBox(t *testing.T) {
	checkRandom(t, 300, func(m made) *board.View {
		return &board.View{Kind: board.TableKind, Title: m.name(), Table: m.table()}
	})
}

func TestTablesAreTheSameTwice(t *testing.T) {
	for seed := range uint64(5) {
		m := made{rand.New(rand.NewPCG(seed, 2))}
		checkSameTwice(t, &board.View{Kind: board.TableKind, Table: m.table()})
	}
}

// fleetTable is a table with all styles of cells and a footer.
func fleetTable() *board.View {
	t := &board.Table{
		Columns: []board.Column{
			{Name: "Node", Align: "auto"}, {Name: "Pods", Align: "auto", Numeric: true},
			{Name: "State", Align: "center", Style: board.BackgroundCell},
			{Name: "Load", Align: "auto", Numeric: true, Style: board.TextCell},
			{Name: "CPU", Align: "auto", Numeric: true, Style: board.GaugeCell, Sorted: -1},
		},
		Footer: []string{"Total", "312", "", "", ""},
		Total:  42,
	}
	for i := range 9 {
		share := 0.97 - 0.1*float64(i)
		c, state := green, "ready"
		switch {
		case share > 0.9:
			c, state = red, "cordoned"
		case share > 0.7:
			c, state = orange, "pressure"
		}
		number := func(text string, v float64, c color.NRGBA) board.Cell {
			return board.Cell{Text: text, Number: v, Color: c, Percent: v}
		}
		t.Rows = append(t.Rows, []board.Cell{
			{Text: fmt.Sprintf("ip-10-0-%d-12.eu-west-1.compute.internal", i), Number: math.NaN()},
			number(fmt.Sprint(50-4*i), 1, green), number(state, math.NaN(), c),
			number(fmt.Sprintf("%.2f", 8*share), share, c),
			number(fmt.Sprintf("%.0f%%", 100*share), share, c),
		})
	}
	return &board.View{Kind: board.TableKind, Title: "Nodes", Table: t}
}

func TestGoldenTables(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		o    ViewOptions
	}{
		{"view-table", ViewOptions{Width: 584, Height: 258}},
		{"view-table-phone", ViewOptions{Width: 360, Height: 220, Dark: true}},
	} {
		t.Run(c.name, func(t *testing.T) { compareView(t, c.name, fleetTable(), c.o) })
	}
}

// What does not fit is counted, with the rows that the view itself has left out.
func TestRowsThatDoNotFitAreCounted(t *testing.T) {
	p := composeView(fleetTable(), ViewOptions{Width: 584, Height: 160}.options())
	shown, said := 0, ""
	for _, l := range p.labels {
		switch l.text {
		case "ready", "pressure", "cordoned":
			shown++
		}
		if l.size == moreStyle.size && l.weight == moreStyle.weight {
			said = l.text
		}
	}
	want := p.say.AndMore.Of(42 - shown)
	if shown == 0 || said != want {
		t.Errorf("got %d rows and %q, want some rows and %q", shown, said, want)
	}
}

func TestColumnsFit(t *testing.T) {
	for _, c := range []struct {
		widths  []float64
		columns []board.Column
		room    float64
		want    []float64
	}{
		{[]float64{60, 100, 400}, make([]board.Column, 3), 300, []float64{60, 100, 140}},
		{[]float64{300, 300}, make([]board.Column, 2), 200, []float64{100, 100}},
		{[]float64{50, 50}, make([]board.Column, 2), 200, []float64{100, 100}},
		{[]float64{50, 80}, []board.Column{{}, {Width: 70}}, 200, []float64{130, 70}},
		{[]float64{50, 50}, []board.Column{{Width: 50}, {Width: 50}}, 200, []float64{100, 100}},
	} {
		got := append([]float64(nil), c.widths...)
		fitColumns(got, c.columns, c.room)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("columns %v in %v: got %v, want %v", c.widths, c.room, got, c.want)
		}
	}
}

func TestTablesEscapeText(t *testing.T) {
	v := fleetTable()
	v.Table.Columns[0].Name = `"><img src=x>`
	v.Table.Rows[0][0].Text = "<b>& </text>"
	checkEscaped(t, v)
}

// Of too many columns, the one that names the rows and those with numbers are shown.
func TestColumnsThatDoNotFitAreCounted(t *testing.T) {
	table := &board.Table{}
	row := []board.Cell{}
	for _, name := range []string{"node", "zone", "kernel", "runtime", "version", "CPU", "memory"} {
		table.Columns = append(table.Columns, board.Column{
			Name: name, Numeric: name == "CPU" || name == "memory",
		})
		row = append(row, board.Cell{Text: "a cell of a table", Number: math.NaN()})
	}
	table.Rows = [][]board.Cell{row}
	v := &board.View{Kind: board.TableKind, Table: table}
	p := composeView(v, ViewOptions{Width: 400, Height: 200}.options())
	var heads []string
	for _, l := range p.labels {
		if l.style == columnStyle {
			heads = append(heads, l.text)
		}
	}
	if got, want := fmt.Sprint(heads), "[node zone CPU memory +3]"; got != want {
		t.Errorf("got the headers %s, want %s", got, want)
	}
}
