package frame_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/frame/frametest"
	"github.com/promsnap/promsnap/internal/series"
)

// pods returns two tables as instant queries answer them.
func pods() []*frame.Frame {
	table := func(ref string, pods []string, values []float64) *frame.Frame {
		times := make([]float64, len(pods))
		return &frame.Frame{RefID: ref, Fields: []*frame.Field{
			{Name: "Time", Type: frame.Time, Values: frame.Numbers(times)},
			{Name: "pod", Type: frame.String, Values: frame.Texts(pods)},
			{Name: "Value #" + ref, Type: frame.Number, Values: frame.Numbers(values)},
		}}
	}
	return []*frame.Frame{
		table(
			"A",
			[]string{"a", "b"},
			[]float64{1, 2},
		),
		table("B", []string{"b", "c"}, []float64{20, 30}),
	}
}

// transform does what the JSON of a panel says.
func transform(t *testing.T, frames []*frame.Frame, steps string) (string, []string, error) {
	t.Helper()
	ts, notes := frame.DecodeTransformations(json.RawMessage(steps))
	out, more, err := frame.Transform(frames, ts)
	return show(out...), append(notes, more...), err
}

func TestTransform(t *testing.T) {
	joined := "/joinByField-A-B | pod string a b c | Time time 0 0 null | Value #A number 1 2 null" +
		" | Time time null 0 0 | Value #B number null 20 30"
	for _, c := range []struct{ name, steps, want string }{
		{"nothing", `[]`, "/A | Time time 0 0 | pod string a b | Value #A number 1 2\n" +
			"/B | Time time 0 0 | pod string b c | Value #B number 20 30"},
		{
			"a join",
			`[{"id": "joinByField", "options": {"byField": "pod", "mode": "outer"}}]`,
			joined,
		},
		{"an old name", `[{"id": "seriesToColumns", "options": {"byField": "pod"}}]`, joined},
		{
			"the new form",
			`[{"kind": "Transformation", "group": "joinByField", "spec": {"options": {"byField": "pod"}}}]`,
			joined,
		},
		{
			"the first new form",
			`[{"kind": "joinByField", "spec": {"id": "joinByField", "options": {"byField": "pod"}}}]`,
			joined,
		},
		{
			"a disabled one",
			`[{"id": "joinByField", "options": {"byField": "pod"}}, {"id": "limit", "disabled": true, "options": {"limitField": 1}}]`,
			joined,
		},
		{
			"one for annotations",
			`[{"id": "joinByField", "options": {"byField": "pod"}}, {"id": "limit", "topic": "annotations", "options": {"limitField": 1}}]`,
			joined,
		},
		{"a merge", `[{"id": "merge"}]`, "/merge-A-B | Time time 0 0 0 | pod string a b c | Value #A number 1 2 null" +
			" | Value #B number null 20 30"},
		{"a number as text", `[{"id": "merge"}, {"id": "limit", "options": {"limitField": "1"}}]`,
			"/merge-A-B | Time time 0 | pod string a | Value #A number 1 | Value #B number null"},
		{"a filter", `[{"id": "limit", "filter": {"id": "byRefId", "options": "B"}, "options": {"limitField": 1}}]`,
			"/A | Time time 0 0 | pod string a b | Value #A number 1 2\n" +
				"/B | Time time 0 | pod string b | Value #B number 20"},
	} {
		got, notes, err := transform(t, pods(), c.steps)
		if got != c.want || err != nil || len(notes) > 0 {
			t.Errorf("%s:\n got %s, notes %q, error %v\nwant %s", c.name, got, notes, err, c.want)
		}
	}
}

// Every transformation takes what there is, also nothing.
func TestTransformNothing(t *testing.T) {
	empty := func() *frame.Frame { return &frame.Frame{RefID: "A"} }
	noRows := func() *frame.Frame {
		return &frame.Frame{RefID: "B", Fields: []*frame.Field{
			{Name: "Time", Type: frame.Time}, {Name: "Value", Type: frame.Number}, {Name: "pod"},
		}}
	}
	for _, id := range frametest.StepIDs() {
		for i, frames := range [][]*frame.Frame{
			nil, {empty()}, {empty(), empty()}, {noRows()}, {noRows(), noRows()},
			{empty(), noRows()},
		} {
			out, _, err := frame.Transform(frames, []frame.Transformation{{ID: id}})
			if err != nil {
				t.Errorf("%s of %d: got error %v, want none", id, i, err)
			}
			for _, f := range out {
				if f.Len() > 4 || len(f.Fields) > 12 {
					t.Errorf("%s of %d: got %s, want at most 4 rows and 12 fields", id, i,
						show(out...))
				}
			}
		}
	}
}

// What is not known is named, and the rest goes on.
func TestTransformUnknown(t *testing.T) {
	got, _, err := transform(t, pods(),
		`[{"id": "heatmap"}, {"id": "merge"}, {"id": "regression"}, {"id": "heatmap"}]`)
	var unknown *frame.UnknownError
	if !errors.As(err, &unknown) || !slices.Equal(unknown.IDs, []string{"heatmap", "regression"}) {
		t.Errorf("got the error %v, want one that names heatmap and regression", err)
	}
	if !strings.HasPrefix(got, "/merge-A-B") {
		t.Errorf("got %s, want the merged table", got)
	}
}

// A wrong option costs that option.
func TestTransformWrongOptions(t *testing.T) {
	for _, c := range []struct{ name, steps, rows, note string }{
		{"no list", `{"id": "merge"}`, "/A", "transformations is no list"},
		{"no object", `["merge", {"id": "merge"}]`, "/merge-A-B", "no object"},
		{"no id", `[{"options": {}}, {"id": "merge"}]`, "/merge-A-B", "has no id"},
		{
			"options of a wrong kind",
			`[{"id": "merge", "options": 5}]`,
			"/merge-A-B", "merge: its options are no object",
		},
		{"one of several", `[{"id": "organize", "options": {"indexByName": 5, "excludeByName": {"Time": true}}}]`,
			"/A | pod string a b | Value #A number 1 2", "organize: the option indexByName is not an object"},
		{
			"a wrong expression",
			`[{"id": "renameByRegex", "options": {"regex": "/(/"}}]`,
			"/A", "regular expression",
		},
		{"an unknown reducer", `[{"id": "calculateField", "options": {"reduce": {"reducer": "best"}}}]`,
			"/joinByField-A-B", "the reducer best is not known"},
		{
			"a reducer of a wrong kind",
			`[{"id": "reduce", "options": {"reducers": ["max", {}]}}]`,
			"/reduce-A-B", "list of texts",
		},
		{"an unknown matcher", `[{"id": "filterByValue", "options": {"filters": [{"fieldName": "pod", "config": {"id": "odd"}}]}}]`,
			"/A", "config is not a known matcher"},
		{
			"an unknown filter",
			`[{"id": "merge", "filter": {"id": "byIndex", "options": "1"}}]`,
			"/merge-A-B", "filter byIndex",
		},
	} {
		got, notes, err := transform(t, pods(), c.steps)
		if err != nil || !strings.HasPrefix(got, c.rows) {
			t.Errorf("%s: got %s, error %v, want %s …", c.name, got, err, c.rows)
		}
		if !strings.Contains(strings.Join(notes, "\n"), c.note) {
			t.Errorf("%s: got the notes %q, want one with %q", c.name, notes, c.note)
		}
	}
}

// TimeSeries leaves nothing out, so that Transform says what it cuts.
func TestTransformManySeries(t *testing.T) {
	list := make([]series.Series, 20_000)
	for i := range list {
		list[i] = series.Series{Values: []float64{1, 2, 3}}
	}
	frames := frame.TimeSeries(frame.Query{RefID: "A", Expr: "x"}, grid, list)
	out, notes, err := frame.Transform(frames, nil)
	want := []string{"there are more than 5000 frames: the rest is left out"}
	if len(frames) != 20_000 || len(out) != 5000 || !slices.Equal(notes, want) || err != nil {
		t.Errorf("got %d frames, %d of them kept, notes %q, error %v, want notes %q",
			len(frames), len(out), notes, err, want)
	}
}

// What is too much is cut, whatever makes it, and a note says so.
func TestTransformBounds(t *testing.T) {
	wide := func(frames, rows int) []*frame.Frame {
		out := make([]*frame.Frame, frames)
		for i := range out {
			at, values, keys := make([]float64, rows), make([]float64, rows), make([]string, rows)
			for k := range at {
				at[k], values[k], keys[k] = float64(k), float64(i*rows+k), "k"
			}
			out[i] = &frame.Frame{RefID: "A", Fields: []*frame.Field{
				{Name: "Time", Type: frame.Time, Values: frame.Numbers(at)},
				{Name: "key", Type: frame.String, Values: frame.Texts(keys)},
				{
					Name: "Value", Type: frame.Number, Labels: series.FromPairs("n", fmt.Sprint(i)),
					Values: frame.Numbers(values),
				},
			}}
		}
		return out
	}
	for _, c := range []struct {
		frames, rows int
		steps        string
	}{
		{6000, 1, `[]`},
		{1, 20_000, `[]`},
		{2000, 2, `[{"id": "joinByField", "options": {"byField": "Time"}}]`},
		{2, 5000, `[{"id": "joinByField", "options": {"byField": "key", "mode": "inner"}}]`},
		{3, 5000, `[{"id": "joinByField", "options": {"byField": "key", "mode": "outerTabular"}}]`},
		{4000, 4, `[{"id": "merge"}]`},
		{50, 10_000, `[{"id": "organize", "options": {"excludeByName": {"Time": true}}}, {"id": "merge"}]`},
		{2000, 10, `[{"id": "concatenate"}]`},
		{3000, 10, `[{"id": "seriesToRows"}]`},
		{1, 10_000, `[{"id": "transpose"}]`},
		{1, 10_000, `[{"id": "groupingToMatrix", "options": {"columnField": "Time", "rowField": "Time", "valueField": "Value"}}]`},
		{1, 1, "[" + strings.TrimSuffix(strings.Repeat(`{"id": "noop"},`, 200), ",") + "]"},
	} {
		ts, _ := frame.DecodeTransformations(json.RawMessage(c.steps))
		out, notes, err := frame.Transform(wide(c.frames, c.rows), ts)
		if err != nil || len(notes) == 0 {
			t.Errorf(
				"%d frames of %d rows, %.80s: got notes %q and error %v, want a note",
				c.frames,
				c.rows,
				c.steps,
				notes,
				err,
			)
		}
		for _, f := range out {
			if len(out) > 5000 || f.Len() > 10_000 || len(f.Fields) > 500 {
				t.Fatalf(
					"%.80s: got %d frames, one of %d rows and %d fields; want at most 5000, "+
						"10,000 and 500",
					c.steps,
					len(out),
					f.Len(),
					len(f.Fields),
				)
			}
		}
	}
}
