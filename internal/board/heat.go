package board

import (
	"image/color"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
)

// Heat is a heatmap: how many observations fell into a bucket in a step.
type Heat struct {
	Grid    series.Grid
	Buckets []HeatBucket // from the bottom
	Low     float64      // of the colours: by default those of all values but zero; NaN without any
	High    float64
	Colors  []color.NRGBA // of the scale, from Low to High. An opacity is that on the paper
	Dark    []color.NRGBA // the same on dark paper
	Format  value.Formatter
}

// HeatBucket is one row of a heatmap.
type HeatBucket struct {
	Name   string    // the upper bound, or what the dashboard calls it
	Upper  float64   // NaN if it is not known; +Inf of the last
	Values []float64 // NaN: no observation was asked about
}

// Histogram is how many numbers fall into buckets of equal size.
type Histogram struct {
	Buckets []HistogramBucket
	Series  []BarSeries
	High    float64 // of all counts
}

// HistogramBucket is one bucket of a histogram.
type HistogramBucket struct {
	From, To float64
	Name     string    // both ends
	Counts   []float64 // one for each series
}

func (b *builder) heat() *Heat {
	o := b.panel.Options.Heatmap
	h := &Heat{Low: math.NaN(), High: math.NaN(), Format: value.New(orNone(o.CellUnit), b.set.Now)}
	if o.Calculate {
		b.calculated(h)
	} else {
		b.rowsOf(h)
	}
	if o.Reverse {
		slices.Reverse(h.Buckets)
	}
	for _, row := range h.Buckets {
		for _, v := range row.Values {
			if v != 0 && !math.IsNaN(v) {
				h.Low, h.High = lower(h.Low, v), higher(h.High, v)
			}
		}
	}
	if o.ColorMin != nil && !math.IsNaN(h.Low) {
		h.Low = *o.ColorMin
	}
	if o.ColorMax != nil && !math.IsNaN(h.High) {
		h.High = *o.ColorMax
	}
	h.Colors, h.Dark = colorsOf(o, value.Light), colorsOf(o, value.Dark)
	b.view.Empty = len(h.Buckets) == 0
	return h
}

func orNone(unit string) string {
	if unit == "" {
		return "none"
	}
	return unit
}

// rowsOf makes a row of each series or, where the query is a heatmap, of each bucket.
func (b *builder) rowsOf(h *Heat) {
	type row struct {
		field *frame.Field
		frame *frame.Frame
		ps    []point
		upper float64
	}
	var rows []row
	var all []point
	ref, total := "", 0
	for _, f := range b.frames {
		times := timesOf(f)
		if times == nil {
			continue
		}
		for _, field := range f.Fields {
			if !numbers(field) || b.style(field).HideInGraph {
				continue
			}
			if total++; total > MaxBuckets {
				continue
			}
			if ref == "" {
				ref = f.RefID
			}
			r := row{field: field, frame: f, ps: points(times, field)}
			r.upper = upperOf(field.Labels.Get("le"), b.names.Of(field, f))
			rows = append(rows, r)
			all = append(all, r.ps...)
		}
	}
	if total > len(rows) {
		b.note(Note{Code: NoteBuckets, Count: len(rows), Total: total})
	}
	if len(all) == 0 {
		return
	}
	if !slices.ContainsFunc(rows, func(r row) bool { return math.IsNaN(r.upper) }) {
		slices.SortStableFunc(rows, func(x, y row) int {
			return compareNumbers(x.upper, y.upper, 1)
		})
	}
	h.Grid, _ = b.place(all, ref)
	unit := b.panel.Options.Heatmap.Unit
	for _, r := range rows {
		bucket := HeatBucket{
			Name: name(b.names.Of(r.field, r.frame)), Upper: r.upper,
			Values: onGrid(h.Grid, r.ps),
		}
		if !math.IsNaN(r.upper) && !math.IsInf(r.upper, 0) && unit != "" {
			shown := value.New(unit, b.set.Now).Format(r.upper, b.panel.Options.Heatmap.Decimals)
			bucket.Name = cell(shown.String())
		}
		h.Buckets = append(h.Buckets, bucket)
	}
}

// upperOf returns the upper bound of a bucket: its label le, otherwise its name. It is NaN if
// neither is a number.
func upperOf(le, named string) float64 {
	for _, s := range []string{le, named} {
		if s == "" {
			continue
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	}
	return math.NaN()
}

// onGrid puts values onto a grid.
func onGrid(grid series.Grid, ps []point) []float64 {
	out := make([]float64, grid.Len)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, p := range ps {
		if i := slot(grid, p.at); i >= 0 && i < grid.Len {
			out[i] = p.v
		}
	}
	return out
}

// calculated counts the values of all series at each time in buckets of equal size.
func (b *builder) calculated(h *Heat) {
	b.note(Note{Code: NoteCalculated})
	const rows, columns = 20, 120
	var all []point
	ref := ""
	var first *frame.Field
	for _, f := range b.frames {
		times := timesOf(f)
		if times == nil {
			continue
		}
		for _, field := range f.Fields {
			if numbers(field) && !b.style(field).HideInGraph {
				all = append(all, points(times, field)...)
				if first == nil {
					first, ref = field, f.RefID
				}
			}
		}
	}
	if len(all) == 0 {
		return
	}
	grid, _ := b.place(all, ref)
	if every := (grid.Len + columns - 1) / columns; every > 1 {
		grid.Len = (grid.Len + every - 1) / every
		grid.Step *= time.Duration(every)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range all {
		low, high = min(low, p.v), max(high, p.v)
	}
	size := roundSize(high/rows - low/rows)
	bottom := math.Floor(low / size)
	n := int(min(max(math.Floor(high/size)-bottom, 0), rows*2)) + 1
	unit := b.panel.Options.Heatmap.Unit
	if unit == "" {
		unit = first.Config.Unit
	}
	format := value.New(orNone(unit), b.set.Now)
	h.Grid = grid
	for i := range n {
		upper := (bottom + float64(i) + 1) * size
		h.Buckets = append(h.Buckets, HeatBucket{
			Name:   cell(format.Format(upper, b.panel.Options.Heatmap.Decimals).String()),
			Upper:  upper,
			Values: make([]float64, grid.Len),
		})
	}
	step := max(grid.Step.Milliseconds(), 1)
	for _, p := range all {
		k := int(min(max(math.Floor(p.v/size)-bottom, 0), float64(n-1)))
		if i := int((p.at - grid.Start.UnixMilli()) / step); i >= 0 && i < grid.Len {
			h.Buckets[k].Values[i]++
		}
	}
}

// roundSize returns the lowest of 1, 2 or 5 times a power of ten that is at least f.
func roundSize(f float64) float64 {
	if !(f > 0) || math.IsInf(f, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, digit := range []float64{1, 2, 5, 10} {
		if size := digit * power; size >= f && !math.IsInf(size, 0) {
			return size
		}
	}
	return f
}

func (b *builder) histogram() *Histogram {
	o := b.panel.Options.Histogram
	h := &Histogram{}
	f, cut := frame.Histogram{
		Size: o.BucketSize, Offset: o.BucketOffset, Count: float64(o.BucketCount),
		Combine: o.Combine,
	}.Of(b.frames)
	if f == nil || len(f.Fields) < 3 {
		b.view.Empty = true
		return h
	}
	b.use([]*frame.Frame{f})
	counts := f.Fields[2:]
	if len(counts) > MaxColumns {
		b.note(Note{Code: NoteColumns, Count: MaxColumns, Total: len(counts)})
		counts = counts[:MaxColumns]
	}
	for i, field := range counts {
		b.index[field] = i
		h.Series = append(h.Series, BarSeries{
			Name: name(b.names.Of(field, f)), Color: b.seriesColor(field),
		})
	}
	rows := f.Len()
	if rows > MaxBuckets || cut {
		b.note(Note{Code: NoteBuckets, Count: min(rows, MaxBuckets), Total: rows})
		rows = min(rows, MaxBuckets)
	}
	text := func(k, row int) string {
		return cell(b.display(f.Fields[k]).Display(f.Fields[k].Values.At(row)).String())
	}
	for row := range rows {
		bucket := HistogramBucket{Name: text(0, row) + " – " + text(1, row)}
		bucket.From, _ = f.Fields[0].Values.At(row).Number()
		bucket.To, _ = f.Fields[1].Values.At(row).Number()
		for _, field := range counts {
			n, _ := field.Values.At(row).Number()
			bucket.Counts = append(bucket.Counts, n)
			h.High = max(h.High, n)
		}
		h.Buckets = append(h.Buckets, bucket)
	}
	b.view.Empty = len(h.Buckets) == 0
	return h
}
