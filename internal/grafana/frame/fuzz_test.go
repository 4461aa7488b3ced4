package frame_test

import (
	"encoding/json"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/frame/frametest"
)

// FuzzPanel gives a panel's JSON to everything that reads it. Nothing panics or takes long, and
// what comes out is bounded.
func FuzzPanel(f *testing.F) {
	for _, kind := range []string{"transform", "override"} {
		for i, c := range frametest.Generate(kind, 3, 200) {
			f.Add([]byte(c.Transformations), []byte(c.FieldConfig), uint64(i))
		}
	}
	f.Add(
		[]byte(`[{"id":"limit","options":{"limitField":-1e300}}]`),
		[]byte(`{"defaults":{"custom":{"a":{"a":{}}}}}`),
		uint64(0),
	)
	f.Add(
		[]byte(
			`[{"id":"calculateField","options":{"mode":"windowFunctions","window":{"windowSize":1e300,"windowSizeMode":"fixed"}}}]`,
		),
		[]byte(
			`{"overrides":[{"matcher":{"id":"first"},"properties":[{"id":"displayName","value":"${__field.labels[}"}]}]}`,
		),
		uint64(1),
	)
	f.Fuzz(func(t *testing.T, steps, config []byte, seed uint64) {
		frames := frametest.Frames(seed)
		ts, _ := frame.DecodeTransformations(json.RawMessage(steps))
		frames, _, _ = frame.Transform(frames, ts)
		fc, _ := frame.DecodeFieldConfig(json.RawMessage(config))
		frames, _ = fc.Apply(frames)
		fc.Figures(
			frames,
			frame.Figures{Values: true},
			func(*frame.Field, frame.Value) string { return "" },
		)
		fc.Figures(frames, frame.Figures{Fields: "/./"}, nil)
		names := frame.NamesOf(frames)
		for i, fr := range frames {
			names.Frame(i)
			if fr.Len() > 10_000 || len(fr.Fields) > 500 {
				t.Fatalf("got a frame of %d rows and %d fields, want at most 10,000 and 500",
					fr.Len(), len(fr.Fields))
			}
			for _, field := range fr.Fields {
				names.Of(field, fr)
				frame.Reduce(field, frametest.ReducerIDs()[:25]...)
			}
		}
	})
}
