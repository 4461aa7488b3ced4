package chart

import (
	"fmt"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/rules"
)

// table is the legend: a row for each line with its figures, in one column or in two.
type table struct {
	chart   *lineChart
	heads   []string
	rows    []tableRow
	columns int
	newest  int       // the index of the newest figure: first, or after a capacity
	widths  []float64 // of the figures
}

type tableRow struct {
	name    string
	index   int // of the line; context: the rest; former: all lines as they were before
	figures []string
	last    ink // of the newest figure
}

// Distances of the table, in logical pixels.
const (
	rowHeight   = 18
	tableTop    = 14 // above its heads
	tableBottom = 10
	betweenCols = 28.0 // between two columns of rows
	figureGap   = 18.0
	nameIndent  = 22.0
	fewRows     = 6 // stay in one column
	leastName   = 80.0
)

var (
	headStyle   = style{10.5, regular, mutedInk}
	figureStyle = style{11.5, regular, mutedInk}
	lastStyle   = style{11.5, medium, textInk}
)

// newTable prepares the table of a chart whose width is known.
func newTable(c *lineChart) *table {
	t := &table{
		chart: c, heads: []string{
			c.say.HeadLast, c.say.HeadAverage, c.say.HeadMaximum, c.say.HeadMinimum,
		}, columns: 1,
	}
	unit := c.data.Spec.Unit()
	withCapacity := false
	for _, l := range c.lines {
		withCapacity = withCapacity || c.data.Spec.Capacity != nil && !math.IsNaN(l.Capacity)
	}
	if withCapacity {
		t.heads, t.newest = append([]string{c.say.HeadCapacity}, t.heads...), 1
	}
	for i, l := range c.lines {
		row := tableRow{name: l.Name, index: i, last: textInk}
		if l.Status == rules.Breach {
			row.last = severityText(l.Severity)
		}
		if withCapacity {
			row.figures = append(row.figures, c.say.value(c.data.Spec.Capacity.Unit, l.Capacity))
		}
		for _, v := range []float64{l.Stats.Last, l.Stats.Avg, l.Stats.Max, l.Stats.Min} {
			row.figures = append(row.figures, c.say.Figure(unit.FormatBrief(v)))
		}
		t.rows = append(t.rows, row)
	}
	switch {
	case c.stack != nil && c.stack.others > 0:
		t.rows = append(t.rows, c.othersRow(withCapacity))
	case c.stack == nil && c.data.Rest != nil:
		t.rows = append(t.rows, restRow(c, withCapacity))
	}
	if c.compared {
		t.rows = append(t.rows, tableRow{
			name: c.say.before(c.data.Spec.Compare), index: former,
			figures: make([]string, len(t.heads)),
		})
	}
	t.measure()
	return t
}

// former is the index of the row that explains the dashed lines.
const former = -2

// restRow returns the row of the series without their own: the mean of the last samples and of all,
// and their range.
func restRow(c *lineChart, withCapacity bool) tableRow {
	r, unit := c.data.Rest, c.data.Spec.Unit()
	row := tableRow{
		name: fmt.Sprintf(c.say.RestMean, c.say.rest(c.data, r.Series)), index: context,
		last: textInk,
	}
	if withCapacity {
		row.figures = append(row.figures, "")
	}
	last, sum, count := math.NaN(), 0.0, 0
	var reach bounds
	for i := range min(len(r.Sum), len(r.Count), len(r.Min), len(r.Max)) {
		if r.Count[i] > 0 && !math.IsNaN(r.Sum[i]) {
			last = r.Sum[i] / float64(r.Count[i])
			sum, count = sum+r.Sum[i], count+r.Count[i]
		}
		reach.add(r.Min[i], r.Max[i])
	}
	if !reach.any {
		reach.low, reach.high = math.NaN(), math.NaN()
	}
	for _, v := range []float64{last, sum / float64(count), reach.high, reach.low} {
		row.figures = append(row.figures, c.say.Figure(unit.FormatBrief(v)))
	}
	return row
}

// measure finds the figures' widths and whether two columns fit next to each other with complete
// names. Figures that leave no room for names are dropped, except the newest.
func (t *table) measure() {
	names := leastName
	t.widths = make([]float64, len(t.heads))
	for i, head := range t.heads {
		t.widths[i] = t.chart.textWidth(head, headStyle)
	}
	for _, row := range t.rows {
		names = max(names, t.chart.textWidth(row.name, labelStyle))
		for i, f := range row.figures {
			t.widths[i] = max(t.widths[i], t.chart.textWidth(f, lastStyle))
		}
	}
	room := float64(t.chart.width) - 2*edge
	for len(t.widths) > 1 && t.needs(leastName) > room {
		t.drop()
	}
	if len(t.rows) > fewRows && 2*t.needs(names)+betweenCols <= room {
		t.columns = 2
	}
}

// needs returns the width of a row with names of this width.
func (t *table) needs(names float64) float64 {
	need := nameIndent + names + 12
	for _, w := range t.widths {
		need += w + figureGap
	}
	return need
}

// drop removes the least important figure: the capacity, else the last one.
func (t *table) drop() {
	at := len(t.heads) - 1
	if t.newest == 1 {
		at, t.newest = 0, 0
	}
	t.heads, t.widths = slices.Delete(t.heads, at, at+1), slices.Delete(t.widths, at, at+1)
	for i := range t.rows {
		t.rows[i].figures = slices.Delete(t.rows[i].figures, at, at+1)
	}
}

func (t *table) rowsInColumn() int { return (len(t.rows) + t.columns - 1) / t.columns }

func (t *table) height() int { return tableTop + rowHeight*(t.rowsInColumn()+1) + tableBottom }

// write writes the table below y.
func (t *table) write(y float64) {
	c := t.chart
	width := (float64(c.width) - 2*edge - float64(t.columns-1)*betweenCols) / float64(t.columns)
	top := y + tableTop
	per := t.rowsInColumn()
	for column := range t.columns {
		x := edge + float64(float64(column)*(width+betweenCols))
		c.write(either(c.data, c.say.HeadNode, c.say.HeadSeries), headStyle, x+nameIndent, top+2,
			left)
		t.eachFigure(x, width, func(i int, at float64) {
			c.write(t.heads[i], headStyle, at, top+2, right)
		})
		c.around = append(c.around, block{box{x, top + 7, x + width, top + 7}, solid(axisInk)})
		for i := column * per; i < min((column+1)*per, len(t.rows)); i++ {
			n := i - column*per
			if n > 0 {
				c.around = append(c.around, block{
					box{
						x, top + 8 + float64(n)*rowHeight, x + width,
						top + 8 + float64(n)*rowHeight,
					}, solid(gridInk),
				})
			}
			t.writeRow(t.rows[i], x, top+8+float64(n)*rowHeight, width)
		}
	}
}

// eachFigure calls write with the right end of each figure.
func (t *table) eachFigure(x, width float64, write func(i int, at float64)) (leftEnd float64) {
	at := x + width - 4
	for i := len(t.widths) - 1; i >= 0; i-- {
		write(i, at)
		at -= t.widths[i] + figureGap
	}
	return at
}

func (t *table) writeRow(row tableRow, x, y, width float64) {
	c := t.chart
	sample := box{x + 1, y + 4, x + 1 + swatchWidth, y + 14}
	switch {
	case row.index == former:
		c.around = append(c.around, beforeSwatch(sample))
	case c.stack != nil && row.index != context:
		c.around = append(c.around, block{sample, paint{seriesInk(row.index), layerAlpha}})
	case row.index == context:
		c.around = append(c.around, block{sample, paint{restInk, 140}})
	default:
		c.around = append(c.around, swatch{point{float32(x + 1), float32(y + 9)}, row.index})
	}
	end := t.eachFigure(x, width, func(i int, at float64) {
		st := figureStyle
		if i == t.newest {
			st = lastStyle
			st.ink = row.last
		}
		c.write(row.figures[i], st, at, y+13, right)
	})
	c.write(c.elide(row.name, labelStyle, end-x-nameIndent), labelStyle, x+nameIndent, y+13, left)
}
