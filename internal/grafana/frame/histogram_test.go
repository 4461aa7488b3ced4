package frame_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

func TestHistogram(t *testing.T) {
	values := []float64{1, 2, 2.5, 9, frame.NullNumber()}
	for _, c := range []struct {
		h      frame.Histogram
		values []float64
		want   string
	}{
		{frame.Histogram{Size: 5}, values, "/histogram | xMin number 0 5 | xMax number 5 10 | x number 3 1"},
		{
			frame.Histogram{Size: 5, Offset: 2}, values,
			"/histogram | xMin number -3 2 7 | xMax number 2 7 12 | x number 1 2 1",
		},
		{
			frame.Histogram{Count: 3}, values,
			"/histogram | xMin number 0 8 | xMax number 4 12 | x number 3 1",
		},
		{frame.Histogram{}, []float64{4}, "/histogram | xMin number 4 | xMax number 5 | x number 1"},
		{frame.Histogram{}, []float64{1, 1e12}, "/histogram | xMin number 0 1000000000000" +
			" | xMax number 1000000000000 2000000000000 | x number 1 1"},
		{frame.Histogram{}, nil, "/histogram | xMin number | xMax number | x number"},
	} {
		in := &frame.Frame{RefID: "A", Fields: []*frame.Field{
			{Name: "x", Type: frame.Number, Values: frame.Numbers(c.values)},
		}}
		out, cut := c.h.Of([]*frame.Frame{in})
		if got := show(out); got != c.want || cut {
			t.Errorf("%+v of %v:\n got %s\nwant %s", c.h, c.values, got, c.want)
		}
	}
	if out, _ := (frame.Histogram{}).Of(nil); out != nil {
		t.Errorf("nothing: got %s, want nothing", show(out))
	}
}

func TestPrepareTimeSeries(t *testing.T) {
	wide := "/joinByField-A-A | Time time 1 2 3 | up number 1 2 null | up number null 3 4"
	series := func() []*frame.Frame {
		one := func(times, values []float64) *frame.Frame {
			return &frame.Frame{RefID: "A", Fields: []*frame.Field{
				{Name: "Time", Type: frame.Time, Values: frame.Numbers(times)},
				{Name: "up", Type: frame.Number, Values: frame.Numbers(values)},
			}}
		}
		return []*frame.Frame{
			one([]float64{1, 2}, []float64{1, 2}),
			one([]float64{2, 3}, []float64{3, 4}),
		}
	}
	for steps, want := range map[string]string{
		`[{"id": "prepareTimeSeries"}]`:                                 wide,
		`[{"id": "prepareTimeSeries", "options": {"format": "wide"}}]`:  wide,
		`[{"id": "prepareTimeSeries", "options": {"format": "multi"}}]`: show(series()...),
		`[{"id": "ensureColumns"}, {"id": "prepareTimeSeries", "options": {"format": "many"}}]`: "" +
			"/joinByField-A-A | Time time 1 2 3 | up number 1 2 null\n" +
			"/joinByField-A-A | Time time 1 2 3 | up number null 3 4",
	} {
		got, notes, err := transform(t, series(), steps)
		if got != want || len(notes) > 0 || err != nil {
			t.Errorf("%s: notes %q, error %v\n got %s\nwant %s", steps, notes, err, got, want)
		}
	}
	if _, notes, _ := transform(t, pods(), `[{"id": "prepareTimeSeries"}]`); len(notes) != 1 {
		t.Errorf("a table with texts: got the notes %q, want one", notes)
	}
}
