package frame

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/series"
)

// Query has the facts about a query that the frames of its answer need.
type Query struct {
	RefID  string
	Expr   string
	Legend string // with {{label}}; "__auto" lets the labels decide
}

// TimeSeries returns one frame for each series, with the fields Time and Value. A missing sample
// has no row. The answer to an instant query has a grid of one time.
func TimeSeries(q Query, grid series.Grid, list []series.Series) []*Frame {
	times := make([]float64, grid.Len)
	for i := range times {
		times[i] = float64(grid.At(i).UnixMilli())
	}
	out := make([]*Frame, 0, len(list))
	for _, s := range list {
		at, values := samples(times, s.Values)
		name := legend(q, s.Labels)
		labels := s.Labels
		if labels == nil {
			labels = series.Labels{}
		}
		out = append(out, &Frame{
			Name: name, RefID: q.RefID,
			Fields: []*Field{
				{Name: "Time", Type: Time, Values: Numbers(at)},
				{
					Name: valueName, Type: Number, Labels: labels,
					Config: Config{DisplayNameFromDS: name}, Values: Numbers(values),
				},
			},
		})
	}
	return out
}

// samples leaves out the times that have no value. If all times have one, it returns its arguments.
func samples(times, values []float64) (at, of []float64) {
	values = values[:min(len(values), len(times))]
	if len(values) == len(times) && !slices.ContainsFunc(values, math.IsNaN) {
		return times, values
	}
	at, of = make([]float64, 0, len(values)), make([]float64, 0, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			at, of = append(at, times[i]), append(of, v)
		}
	}
	return at, of
}

// legend returns Grafana's name for a series. It is empty if the display name depends on all
// series.
func legend(q Query, labels series.Labels) string {
	name := ""
	switch q.Legend {
	case "__auto":
		if len(labels) > 0 {
			return ""
		}
	case "":
		name = metric(labels)
	default:
		if name = expandLegend(q.Legend, labels); name == "" {
			return "" // no label of the legend exists
		}
	}
	if name == "" || name == "{}" {
		return q.Expr
	}
	return name
}

// metric returns labels as PromQL writes them, with spaces.
func metric(labels series.Labels) string {
	name := labels.Get("__name__")
	rest := labels.With("__name__", "")
	if len(rest) == 0 {
		return name
	}
	return name + FormatLabels(rest)
}

// expandLegend replaces {{label}} by the label's value. A missing label is empty.
func expandLegend(format string, labels series.Labels) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(format, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed {
			b.WriteString(format)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(labels.Get(strings.TrimSpace(name)))
		format = after
	}
}

// Table makes one frame of the time series of one query: Time, a column for each label, and Value.
// The last is called "Value #A" if several queries of the panel are tables.
func Table(refID string, list []*Frame, several bool) *Frame {
	names := labelNames(list)
	slices.Sort(names)
	var times, values column
	labels := make([]column, len(names))
	for _, frame := range list {
		time, value := frame.timeField(), numberField(frame)
		if time == nil || value == nil {
			continue
		}
		for i := range frame.Len() {
			if times.v.Len() > maxRows {
				break // Transform cuts the rest, and says so
			}
			times.push(time.Values.At(i))
			values.push(value.Values.At(i))
			for k, name := range names {
				labels[k].push(labelCell(name, value.Labels.Get(name)))
			}
		}
	}
	out := &Frame{RefID: refID, Fields: []*Field{{Name: "Time", Type: Time, Values: times.v}}}
	for k, name := range names {
		t := String
		if name == "le" {
			t = Number
		}
		out.Fields = append(out.Fields, &Field{Name: name, Type: t, Values: labels[k].v})
	}
	name := valueName
	if several {
		name += " #" + refID
	}
	out.Fields = append(out.Fields, &Field{Name: name, Type: Number, Values: values.v})
	return out
}

// labelCell returns the cell of a label. The bound of a bucket is a number.
func labelCell(name, value string) Value {
	if name == "le" {
		return Num(bucketBound(value))
	}
	return Text(value)
}

func bucketBound(le string) float64 {
	switch le {
	case "+Inf", "Inf":
		return math.Inf(1)
	case "-Inf":
		return math.Inf(-1)
	}
	return leadingNumber(le)
}

func numberField(frame *Frame) *Field {
	for _, field := range frame.Fields {
		if field.Type == Number {
			return field
		}
	}
	return nil
}

// Heatmap makes one frame of the buckets of a histogram: Time, and a field for each bound, in order
// and named after it. A field counts only what falls into its own bucket. Series with the same
// bound are added up.
func Heatmap(refID string, list []*Frame) *Frame {
	sums := make(map[string]map[float64]float64) // by le and time
	times := make(map[float64]bool)
	for _, frame := range list {
		time, value := frame.timeField(), numberField(frame)
		if time == nil || value == nil {
			continue
		}
		le := value.Labels.Get("le")
		if math.IsNaN(bucketBound(le)) {
			continue
		}
		if sums[le] == nil {
			sums[le] = make(map[float64]float64)
		}
		for i := range frame.Len() {
			at, okAt := time.Values.At(i).Number()
			v, ok := value.Values.At(i).Number()
			if ok && okAt {
				sums[le][at] += v
				times[at] = true
			}
		}
	}
	head := make([]float64, 0, len(times))
	for at := range times {
		head = append(head, at)
	}
	slices.Sort(head)
	bounds := make([]string, 0, len(sums))
	for le := range sums {
		bounds = append(bounds, le)
	}
	slices.SortFunc(bounds, func(a, b string) int {
		return cmp.Or(cmp.Compare(bucketBound(a), bucketBound(b)), strings.Compare(a, b))
	})
	out := &Frame{RefID: refID, Fields: []*Field{{Name: "Time", Type: Time, Values: Numbers(head)}}}
	for i, le := range bounds {
		var below map[float64]float64
		if i > 0 {
			below = sums[bounds[i-1]]
		}
		out.Fields = append(out.Fields, &Field{
			Name:   le,
			Type:   Number,
			Labels: series.FromPairs("le", le),
			Config: Config{DisplayNameFromDS: le},
			Values: bucket(head, sums[le], below),
		})
	}
	return out
}

// bucket returns the differences between two bounds. A difference close to nothing becomes 0.
func bucket(times []float64, of, below map[float64]float64) Values {
	const least = 1e-9
	out := make([]float64, len(times))
	for i, at := range times {
		v, ok := of[at]
		switch {
		case !ok:
			out[i] = NullNumber()
		case v-below[at] >= least:
			out[i] = v - below[at]
		}
	}
	return Numbers(out)
}
