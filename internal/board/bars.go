package board

import (
	"cmp"
	"image/color"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// BarStyle says what bars are.
type BarStyle string

// The styles of bars.
const (
	GaugeBars BarStyle = "gauge" // each from its own minimum to its own maximum
	ShareBars BarStyle = "share" // parts of a whole, the largest first: those of a pie
	ChartBars BarStyle = "chart" // groups of bars on one axis
)

// Bars are bars with names: those of a bar gauge, a pie chart or a bar chart.
type Bars struct {
	Style    BarStyle
	Mode     string // of gauges: gradient, lcd or basic
	Vertical bool   // of gauges and charts: the bars are upright
	Auto     bool   // of gauges: the bars are upright where the place is wider than high
	Series   []BarSeries
	Items    []Bar
	Stacking string // of a chart: none, normal or percent
	Low      float64
	High     float64  // what a chart's bars reach, from Low; zero is between
	Min, Max *float64 // the fixed ends of a chart's axis
	Format   value.Formatter
	Decimals *int
	Legend   Legend
}

// BarSeries is what the parts of a chart's bars have in common. Gauges and shares have none.
type BarSeries struct {
	Name  string
	Color color.NRGBA
}

// Bar is one bar, or one group of bars of a chart.
type Bar struct {
	Name  string
	Parts []BarPart // one, or one for each series
}

// BarPart is one value of a bar.
type BarPart struct {
	Text   value.Formatted
	Number float64 // NaN if it is none
	Part   float64 // of a gauge: between its minimum and maximum; of a share: of the whole; 0 to 1
	Base   float64 // of a chart: where it begins
	Top    float64 // of a chart: where it ends; NaN if there is nothing
	Color  color.NRGBA
	Level  Level // of a gauge
}

// gauges returns the figures of a bar gauge or a pie chart.
func (b *builder) gauges() *Bars {
	o := b.panel.Options
	share := b.panel.Type == "piechart"
	all := b.figured()
	if share {
		all = b.withoutHidden(all)
	}
	out := &Bars{
		Style: GaugeBars, Mode: cmp.Or(o.DisplayMode, "gradient"),
		Vertical: o.Orientation == "vertical",
		Auto:     o.Orientation == "" || o.Orientation == "auto",
		Legend:   Legend{Hidden: o.Legend.Hidden, Table: o.Legend.Table, Right: o.Legend.Right},
	}
	sum := 0.0
	for _, f := range all {
		if f.shown.Number > 0 && !math.IsInf(f.shown.Number, 0) {
			sum += f.shown.Number
		}
	}
	for _, f := range all {
		p := BarPart{
			Text: b.formatted(f.shown), Number: f.shown.Number, Part: f.part(),
			Color: f.shown.Color, Level: f.level, Top: math.NaN(),
		}
		if share {
			p.Part = part(f.shown.Number / sum)
		}
		bar := Bar{Name: name(f.Title), Parts: []BarPart{p}}
		if len(all) == 1 && b.config.Defaults.DisplayName == "" && !share {
			bar.Name = ""
		}
		out.Items = append(out.Items, bar)
	}
	if share {
		out.Style, out.Mode, out.Vertical, out.Auto = ShareBars, "", false, false
		slices.SortStableFunc(out.Items, func(x, y Bar) int {
			return compareNumbers(x.Parts[0].Number, y.Parts[0].Number, -1)
		})
	}
	return out
}

// withoutHidden returns the figures whose fields are not hidden: they are no part of the whole.
func (b *builder) withoutHidden(all []figured) []figured {
	kept := slices.DeleteFunc(slices.Clone(all), func(f figured) bool {
		return b.style(f.Field).HideInGraph
	})
	if n := len(all) - len(kept); n > 0 {
		b.note(Note{Code: NoteHidden, Count: n})
	}
	return kept
}

// barchart returns the rows of the panel's table, each as a group of bars.
func (b *builder) barchart() *Bars {
	o := b.panel.Options
	out := &Bars{
		Style: ChartBars, Vertical: o.Orientation != "horizontal",
		Stacking: cmp.Or(o.Stacking, "none"),
		Legend:   Legend{Hidden: o.Legend.Hidden, Table: o.Legend.Table, Right: o.Legend.Right},
	}
	f := b.oneFrame()
	if f == nil {
		b.view.Empty = true
		return out
	}
	names := b.barNames(f)
	var fields []*frame.Field
	for _, field := range f.Fields {
		if numbers(field) && field != names && !b.style(field).HideInGraph {
			fields = append(fields, field)
		}
	}
	if len(fields) > MaxColumns {
		b.note(Note{Code: NoteColumns, Count: MaxColumns, Total: len(fields)})
		fields = fields[:MaxColumns]
	}
	for i, field := range fields {
		out.Series = append(out.Series, BarSeries{
			Name: name(b.names.Of(field, f)), Color: b.seriesColor(field),
		})
		out.Legend.Order = append(out.Legend.Order, i)
	}
	rows := f.Len()
	if rows > MaxTiles {
		b.note(Note{Code: NoteTiles, Count: MaxTiles, Total: rows})
		rows = MaxTiles
	}
	nameOf := b.rowNames(names, rows)
	for row := range rows {
		bar := Bar{Name: nameOf(row)}
		for i, field := range fields {
			bar.Parts = append(bar.Parts, b.barPart(field, row, out.Series[i].Color))
		}
		stackBar(bar.Parts, out.Stacking)
		out.Items = append(out.Items, bar)
	}
	for _, bar := range out.Items {
		for _, p := range bar.Parts {
			if !math.IsNaN(p.Top) {
				out.Low, out.High = min(out.Low, p.Top), max(out.High, p.Top)
			}
		}
	}
	unit := "short"
	if len(fields) > 0 {
		unit = cmp.Or(fields[0].Config.Unit, unit)
		out.Decimals = whole(fields[0].Config.Decimals)
		out.Min, out.Max = fields[0].Config.Min, fields[0].Config.Max
	}
	if out.Stacking == "percent" {
		unit = "percentunit"
	}
	out.Format = value.New(unit, b.set.Now)
	b.view.Empty = len(out.Items) == 0 || len(fields) == 0
	return out
}

// barNames returns the field that names the rows: the one that the panel says, otherwise the first
// text, otherwise the times. It is nil if there is none.
func (b *builder) barNames(f *frame.Frame) *frame.Field {
	var text *frame.Field
	for _, field := range f.Fields {
		if x := b.panel.Options.XField; x != "" && (field.Name == x || b.names.Of(field, f) == x) {
			return field
		}
		if text == nil && field.Type == frame.String {
			text = field
		}
	}
	if text != nil {
		return text
	}
	return timesOf(f)
}

// rowNames returns what names each of some rows. Times are as short as Grafana's axes print them,
// because bars have little room.
func (b *builder) rowNames(names *frame.Field, rows int) func(row int) string {
	switch {
	case names == nil:
		return func(int) string { return "" }
	case names.Type != frame.Time || value.IsDate(names.Config.Unit) || rows == 0:
		return func(row int) string {
			return name(b.display(names).Display(names.Values.At(row)).String())
		}
	}
	at := func(row int) time.Time {
		ms, _ := number(names.Values.At(row))
		return time.UnixMilli(int64(ms)).In(b.set.Now.Location())
	}
	const day = 24 * time.Hour
	layout := "15:04"
	if first, last := at(0), at(rows-1); last.Sub(first) > day {
		layout = "01/02 15:04"
		if last.Sub(first) >= time.Duration(rows-1)*(day-time.Hour) { // a day may have 23 hours
			layout = "01/02"
		}
	}
	return func(row int) string { return at(row).Format(layout) }
}

func (b *builder) barPart(field *frame.Field, row int, of color.NRGBA) BarPart {
	v := field.Values.At(row)
	shown := b.display(field).Display(v)
	p := BarPart{Text: b.formatted(shown), Number: shown.Number, Top: math.NaN(), Color: of}
	if b.field(field).Scheme.ByValue() {
		p.Color = shown.Color
	}
	if n, ok := number(v); ok && !math.IsNaN(n) && !math.IsInf(n, 0) {
		p.Top = n
	}
	return p
}

// stackBar puts the parts of one bar onto each other, those below zero by themselves.
func stackBar(parts []BarPart, stacking string) {
	if stacking == "none" {
		return
	}
	var total, ends [2]float64 // above and below zero
	side := func(v float64) int {
		if v < 0 {
			return 1
		}
		return 0
	}
	for _, p := range parts {
		if !math.IsNaN(p.Top) {
			k := side(p.Top)
			total[k] = finite(total[k] + math.Abs(p.Top))
		}
	}
	for i := range parts {
		v := parts[i].Top
		if math.IsNaN(v) {
			continue
		}
		k := side(v)
		if stacking == "percent" && total[k] > 0 {
			v /= total[k]
		}
		parts[i].Base = ends[k]
		ends[k] = finite(ends[k] + v)
		parts[i].Top = ends[k]
	}
}

// oneFrame returns the frames of the panel as one, joined by their times. It is nil without data.
func (b *builder) oneFrame() *frame.Frame {
	if len(b.frames) > 1 {
		frames, notes, err := frame.Transform(b.frames, []frame.Transformation{{
			ID: "joinByField", Options: []byte(`{"mode":"outer"}`),
		}})
		if err == nil && len(frames) > 0 {
			for _, text := range notes {
				b.note(Note{Code: NoteDetail, Text: text})
			}
			b.use(frames)
		}
	}
	if len(b.frames) == 0 {
		return nil
	}
	if len(b.frames) > 1 {
		b.note(Note{Code: NoteFrames, Total: len(b.frames)})
	}
	return b.frames[0]
}
