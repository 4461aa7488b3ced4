package frame

import (
	"math"
	"slices"
	"strings"
)

// Histogram says how numbers are counted in buckets. The zero value lets the numbers decide.
type Histogram struct {
	Size, Offset float64
	Count        float64 // about how many buckets there are, where no size is given; 0 is 30
	Combine      bool    // all fields in one
}

func histogram(frames []*Frame, o options) []*Frame {
	if len(frames) == 0 {
		return frames
	}
	h := Histogram{
		Size: o.loose("bucketSize"), Offset: o.loose("bucketOffset"),
		Combine: o.flag("combine", false),
	}
	frame, cut := h.Of(frames)
	if cut {
		o.notes.add("histogram: it has more than %d buckets: the rest is left out", maxRows)
	}
	if frame == nil {
		return nil
	}
	return []*Frame{frame}
}

// loose returns an option if it is a number or begins with one, otherwise 0.
func (o options) loose(key string) float64 {
	if f := o.optional(key); f != nil {
		return *f
	}
	return 0
}

// Of returns a frame with the fields xMin and xMax, the ends of each bucket, and one field of
// counts for each field of numbers. It is nil if there is no such field. It reports whether there
// are more buckets than a frame may have rows.
func (h Histogram) Of(frames []*Frame) (*Frame, bool) {
	var fields []*Field
	var columns [][]float64
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type == Number {
				fields = append(fields, field)
				columns = append(columns, counted(field))
			}
		}
	}
	if len(fields) == 0 {
		return nil, false
	}
	size := h.Size
	if size <= 0 || math.IsInf(size, 0) {
		size = h.size(columns)
	}
	var j joining
	for _, values := range columns {
		j.tables = append(j.tables, h.count(values, size))
		j.modes = append(j.modes, []nullMode{nullRemove, nullRetain})
	}
	n := new(notes)
	joined := j.outer(n)
	mins := joined[0]
	maxs := column{hint: mins.Len()}
	for i := range mins.Len() {
		v, _ := mins.At(i).Number()
		maxs.push(Num(v + size))
	}
	config := edges(fields, size)
	out := &Frame{RefID: "histogram", Fields: []*Field{
		{Name: "xMin", Type: Number, Config: config, Values: mins},
		{Name: "xMax", Type: Number, Config: config, Values: maxs.v},
	}}
	out.Fields = append(out.Fields, h.counts(fields, joined[1:])...)
	return out, len(n.list) > 0
}

// counted returns the numbers of a field. It leaves out missing ones, unless the field shows a
// number instead of them.
func counted(field *Field) []float64 {
	none := math.NaN()
	if field.Config.NoValue != "" {
		none = parseNumber(field.Config.NoValue)
	}
	var out []float64
	for i := range field.Values.Len() {
		v := field.Values.At(i)
		switch f, ok := v.Number(); {
		case ok && !math.IsNaN(f) && !math.IsInf(f, 0):
			out = append(out, f)
		case v.IsNull() && none == none:
			out = append(out, none)
		}
	}
	return out
}

// size returns the size of the buckets: the first round number that makes few enough of them and is
// not below the smallest difference between two numbers.
func (h Histogram) size(columns [][]float64) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(columns...)))
	if len(all) == 0 {
		return 1
	}
	least := math.Inf(1)
	if len(all) == 1 {
		least = 1
	}
	for i := 1; i < len(all); i++ {
		if delta := all[i] - all[i-1]; delta != 0 {
			least = min(least, delta)
		}
	}
	count := h.Count
	if count <= 0 {
		count = 30
	}
	target := (all[len(all)-1] - all[0]) / count
	for exp := -9; exp <= 300; exp++ {
		for _, digits := range []float64{1, 2, 2.5, 4, 5} {
			if digits == 2.5 && exp == 0 {
				continue // Grafana leaves it out
			}
			size := parseNumber(FormatNumber(digits) + "e" + FormatNumber(float64(exp)))
			if target < size && size >= least {
				return size
			}
		}
	}
	return math.MaxFloat64
}

// count returns the buckets of values, and how many values each has.
func (h Histogram) count(values []float64, size float64) []Values {
	counts := make(map[float64]float64)
	for _, v := range values {
		at := math.Floor((v-h.Offset)/size) * size
		counts[roundDecimals(at+h.Offset, 9)]++
	}
	buckets := make([]float64, 0, len(counts))
	for at := range counts {
		buckets = append(buckets, at)
	}
	slices.Sort(buckets)
	ns := make([]float64, len(buckets))
	for i, at := range buckets {
		ns[i] = counts[at]
	}
	return []Values{Numbers(buckets), Numbers(ns)}
}

// roundDecimals rounds f to places digits after the point.
func roundDecimals(f float64, places int) float64 {
	if f == math.Trunc(f) {
		return f
	}
	scale := math.Pow(10, float64(places))
	n := f * scale * (1 + epsilon)
	return roundHalfUp(n) / scale
}

// epsilon is the distance from 1 to the next number.
const epsilon = 1.0 / (1 << 52)

// edges returns the configuration for the buckets' ends: that of the first field with a unit, with
// as many decimals as the size has.
func edges(fields []*Field, size float64) Config {
	var c Config
	for _, field := range fields {
		if field.Config.Unit != "" {
			c = field.Config
			break
		}
	}
	_, decimals, ok := strings.Cut(FormatNumber(size), ".")
	if ok && !strings.Contains(decimals, "e") {
		n := float64(len(decimals))
		c.Decimals = &n
	}
	return c
}

// counts returns the fields of counts.
func (h Histogram) counts(fields []*Field, columns []Values) []*Field {
	out := make([]*Field, 0, len(fields))
	for i, field := range fields {
		c := column{hint: columns[i].Len()}
		for k := range columns[i].Len() {
			f, _ := columns[i].At(k).Number()
			c.push(Num(f))
		}
		f := field.with(c.v)
		if f.Config.Unit != "short" {
			f.Config.Unit = ""
		}
		out = append(out, f)
	}
	if !h.Combine {
		return out
	}
	sum := make([]float64, out[0].Values.Len())
	for _, field := range out {
		for k := range sum {
			f, _ := field.Values.At(k).Number()
			sum[k] += f
		}
	}
	all := out[0].with(Numbers(sum))
	all.Name, all.state = "count", &state{name: "Count"}
	return []*Field{all}
}
