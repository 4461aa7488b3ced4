package frame_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/series"
)

// A table panel of two instant queries: build, transform, configure, read.
func Example() {
	now := series.Grid{Start: time.UnixMilli(0), Step: time.Minute, Len: 1}
	answer := func(ref string, a, b float64) *frame.Frame {
		list := frame.TimeSeries(frame.Query{RefID: ref}, now, []series.Series{
			{Labels: series.FromPairs("pod", "web-0"), Values: []float64{a}},
			{Labels: series.FromPairs("pod", "web-1"), Values: []float64{b}},
		})
		return frame.Table(ref, list, true)
	}
	steps, _ := frame.DecodeTransformations(json.RawMessage(`[
		{"id": "joinByField", "options": {"byField": "pod"}},
		{"id": "organize", "options": {"excludeByName": {"Time 1": true, "Time 2": true},
			"renameByName": {"Value #A": "Used", "Value #B": "Limit"}}}]`))
	frames, notes, err := frame.Transform(
		[]*frame.Frame{answer("A", 1, 2), answer("B", 4, 4)}, steps)
	if err != nil || len(notes) > 0 {
		fmt.Println(notes, err)
	}
	config, _ := frame.DecodeFieldConfig(json.RawMessage(`{"overrides": [
		{"matcher": {"id": "byName", "options": "Used"},
			"properties": [{"id": "unit", "value": "bytes"}]}]}`))
	frames, _ = config.Apply(frames)
	names := frame.NamesOf(frames)
	for _, field := range frames[0].Fields {
		fmt.Printf("%s %q: %v %v, of both %v\n", names.Of(field, frames[0]), field.Config.Unit,
			field.Values.At(0), field.Values.At(1), frame.Reduce(field, "sum")[0])
	}
	// Output:
	// pod "": web-0 web-1, of both 0
	// Used "bytes": 1 2, of both 3
	// Limit "": 4 4, of both 8
}
