package frame_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/series"
)

// show writes frames as one line each: name and reference, then the fields with their values.
func show(frames ...*frame.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintf(&b, "%s/%s", f.Name, f.RefID)
		for _, field := range f.Fields {
			fmt.Fprintf(&b, " | %s %s%s", field.Name, field.Type, frame.FormatLabels(field.Labels))
			for i := range field.Values.Len() {
				v := field.Values.At(i)
				if v.IsNull() {
					b.WriteString(" null")
				} else {
					b.WriteString(" " + v.String())
				}
			}
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var grid = series.Grid{Start: time.UnixMilli(1000), Step: time.Second, Len: 3}

func list(values []float64, labels ...string) series.Series {
	return series.Series{Labels: series.FromPairs(labels...), Values: values}
}

func TestTimeSeries(t *testing.T) {
	hole := math.NaN()
	for _, c := range []struct{ legend, name, shown string }{
		{"", `up{instance="a", job="b"}`, `up{instance="a", job="b"}`},
		{"{{ instance }} of {{job}}{{nothing}}", "a of b", "a of b"},
		{"{{instance", "{{instance", "{{instance"},
		{"fixed", "fixed", "fixed"},
		{"__auto", "", `{__name__="up", instance="a", job="b"}`},
		{"{{ node }}", "", `{__name__="up", instance="a", job="b"}`},
		{"{}", "up > 0", "up > 0"},
	} {
		q := frame.Query{RefID: "A", Expr: "up > 0", Legend: c.legend}
		one := list([]float64{1, hole, 3}, "__name__", "up", "instance", "a", "job", "b")
		frames := frame.TimeSeries(q, grid, []series.Series{one})
		want := c.name + `/A | Time time 1000 3000` +
			` | Value number{__name__="up", instance="a", job="b"} 1 3`
		if got := show(frames...); got != want {
			t.Errorf("%q:\n got %s\nwant %s", c.legend, got, want)
		}
		if got := frame.NamesOf(frames).Of(frames[0].Fields[1], frames[0]); got != c.shown {
			t.Errorf("%q: got the display name %q, want %q", c.legend, got, c.shown)
		}
	}
}

// A query whose labels are gone is called by its expression.
func TestTimeSeriesWithoutLabels(t *testing.T) {
	for _, legend := range []string{"", "__auto"} {
		q := frame.Query{RefID: "A", Expr: "sum(up)", Legend: legend}
		frames := frame.TimeSeries(q, grid, []series.Series{list([]float64{1, 2, 3})})
		if got, want := show(
			frames...), "sum(up)/A | Time time 1000 2000 3000 | Value number 1 2 3"; got != want {
			t.Errorf("%q:\n got %s\nwant %s", legend, got, want)
		}
	}
}

// One label name in all series: its value is the name.
func TestAutoLegend(t *testing.T) {
	q := frame.Query{RefID: "A", Expr: "x", Legend: "__auto"}
	frames := frame.TimeSeries(q, grid, []series.Series{
		list([]float64{1, 2, 3}, "pod", "a"), list([]float64{4, 5, 6}, "pod", "b"),
	})
	names := frame.NamesOf(frames)
	for i, want := range []string{"a", "b"} {
		if got := names.Of(frames[i].Fields[1], frames[i]); got != want {
			t.Errorf("series %d: got %q, want %q", i, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	at := series.Grid{Start: time.UnixMilli(1000), Step: time.Second, Len: 1}
	q := frame.Query{RefID: "B", Expr: "x"}
	frames := frame.TimeSeries(q, at, []series.Series{
		list([]float64{1}, "pod", "a", "le", "0.5"), list([]float64{2}, "pod", "b", "job", "c"),
		list([]float64{3}, "le", "+Inf"),
	})
	for _, c := range []struct {
		several bool
		want    string
	}{
		{false, `/B | Time time 1000 1000 1000 | job string  c  | le number 0.5 NaN Infinity` +
			` | pod string a b  | Value number 1 2 3`},
		{true, `/B | Time time 1000 1000 1000 | job string  c  | le number 0.5 NaN Infinity` +
			` | pod string a b  | Value #B number 1 2 3`},
	} {
		if got := show(frame.Table("B", frames, c.several)); got != c.want {
			t.Errorf("several %t:\n got %s\nwant %s", c.several, got, c.want)
		}
	}
	if got, want := show(
		frame.Table("B", nil, false),
	), "/B | Time time | Value number"; got != want {
		t.Errorf("nothing: got %s, want %s", got, want)
	}
}

func TestHeatmap(t *testing.T) {
	hole := math.NaN()
	frames := frame.TimeSeries(frame.Query{RefID: "A", Expr: "x"}, grid, []series.Series{
		list([]float64{9, 9, 12}, "le", "+Inf"),
		list([]float64{2, 3, 4}, "le", "1"),
		list([]float64{5, hole, 4 + 1e-12}, "le", "10"),
		list([]float64{1, 1, 1}, "le", "0.5"),
		list([]float64{7, 7, 7}, "le", "no number"),
	})
	want := `/A | Time time 1000 2000 3000 | 0.5 number{le="0.5"} 1 1 1 | 1 number{le="1"} 1 2 3` +
		` | 10 number{le="10"} 3 null 0 | +Inf number{le="+Inf"} 4 9 8`
	heatmap := frame.Heatmap("A", frames)
	names := frame.NamesOf([]*frame.Frame{heatmap})
	if got := names.Of(heatmap.Fields[1], heatmap); got != "0.5" {
		t.Errorf("the name of the first bucket: got %q, want %q", got, "0.5")
	}
	got := show(heatmap)
	// The last bucket's neighbour has no value at 3000 but 4.000000000001.
	if got = strings.Replace(got, " 7.999999999999", " 8", 1); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
