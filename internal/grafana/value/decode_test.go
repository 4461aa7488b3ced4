package value_test

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/value"
)

// cell is a value of a test: nil, a float64, a string or a bool.
type cell struct{ v any }

func (c cell) IsNull() bool            { return c.v == nil }
func (c cell) Number() (float64, bool) { f, ok := c.v.(float64); return f, ok }
func (c cell) Text() (string, bool)    { s, ok := c.v.(string); return s, ok }
func (c cell) Bool() (value, ok bool)  { b, ok := c.v.(bool); return b, ok }

// Before 2021 a mapping's type was a number, and its colour that of the threshold of its text.
func TestOldMappings(t *testing.T) {
	thresholds, notes := value.DecodeThresholds([]byte(
		`{"steps": [{"color": "green", "value": null}, {"color": "red", "value": "80"}]}`))
	if len(notes) > 0 {
		t.Errorf("DecodeThresholds: got notes %q, want none", notes)
	}
	mappings, notes := value.DecodeMappings([]byte(`[
		{"id": 0, "op": "=", "type": 1, "text": "N/A", "value": "null"},
		{"id": 1, "type": 2, "text": "100 and more", "from": "100", "to": "200"},
		{"id": 2, "type": 1, "text": "up", "value": "1"},
		{"id": 3, "type": 1, "text": "down", "value": 0}
	]`), thresholds)
	if len(notes) > 0 {
		t.Errorf("DecodeMappings: got notes %q, want none", notes)
	}
	for _, c := range []struct {
		in   any
		want value.Result
	}{
		{nil, value.Result{Text: "N/A", Set: true}},
		{1.0, value.Result{Text: "up", Set: true}},
		{0.0, value.Result{Text: "down", Set: true}},
		{150.0, value.Result{Text: "100 and more", Set: true, Color: "red"}},
		{2.0, value.Result{}},
	} {
		got, ok := mappings.Find(cell{c.in})
		if got != c.want || ok != (c.want != value.Result{}) {
			t.Errorf("Find(%v): got %+v, %t, want %+v", c.in, got, ok, c.want)
		}
	}
}

// One odd mapping or threshold costs itself alone, and says so.
func TestDecodeOddities(t *testing.T) {
	mappings, notes := value.DecodeMappings([]byte(`[
		1, null, {"type": "regex", "options": {"pattern": "/(/", "result": {"text": "x"}}},
		{"type": "later"}, {"type": "special", "options": []},
		{"type": "value", "options": {"1": {"text": 5}, "2": "no"}}
	]`), value.Thresholds{})
	if got, ok := mappings.Find(cell{1.0}); !ok || got.Text != "5" {
		t.Errorf("Find(1): got %+v, %t, want the text 5", got, ok)
	}
	wantNotes(t, notes, "a mapping: it is no object", "a mapping is left out: regular expression",
		`a mapping of the type "later" is left out`, "options of a mapping: it is no object")

	thresholds, notes := value.DecodeThresholds([]byte(
		`{"steps": [{}, {"value": "x"}, {"value": []}, {"color": "red", "value": 1}]}`,
	))
	if got := thresholds.Active(2, 0).Color; got != "red" || len(thresholds.Steps) != 2 {
		t.Errorf("got %d steps, %s at 2, want 2 and red", len(thresholds.Steps), got)
	}
	wantNotes(t, notes, `"x" is no number`, "its value is no number")

	scheme, notes := value.DecodeScheme([]byte(`{"mode": "rainbow"}`))
	if !scheme.ByValue() {
		t.Errorf("an unknown mode: got %+v, want colours by thresholds", scheme)
	}
	wantNotes(t, notes, "rainbow")
	for _, raw := range []string{"", "null", "{}", "[]", "1", `"x"`, "{"} {
		mappings, _ := value.DecodeMappings([]byte(raw), thresholds)
		if _, ok := mappings.Find(cell{1.0}); ok {
			t.Errorf("mappings %q: got a match, want none", raw)
		}
		if got, _ := value.DecodeThresholds([]byte(raw)); len(got.Steps) > 0 {
			t.Errorf("thresholds %q: got %v, want no steps", raw, got)
		}
		if got, _ := value.DecodeScheme([]byte(raw)); got != (value.Scheme{}) {
			t.Errorf("color %q: got %v, want none", raw, got)
		}
	}
}

func wantNotes(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(strings.Join(got, "\n"), w) {
			t.Errorf("notes: got %q, want %q in them", got, w)
		}
	}
}

func TestColorOfNoName(t *testing.T) {
	grey := color.NRGBA{R: 128, G: 128, B: 128, A: 255}
	for _, name := range []string{
		"", "nothing", "#12", "#xyzxyz", "rgb(", "rgb(1)", "rgb(a,b,c)", "url(x)",
	} {
		if got, ok := value.Dark.Color(name); ok || got != grey {
			t.Errorf("Color(%q): got %v, %t, want grey and false", name, got, ok)
		}
	}
}

// A scale without a range, or of one value, has a colour too.
func TestScaleWithoutRange(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, r := range [][2]float64{{0, 0}, {nan, nan}, {-inf, inf}, {5, 1}} {
		for _, mode := range []string{"continuous-GrYlRd", "continuous-magma", "palette-classic"} {
			d := value.NewDisplayer(value.Field{
				Min: r[0], Max: r[1], Scheme: value.Scheme{Mode: mode},
				Series: value.Series{Index: -1},
			}, value.Dark, now)
			for _, v := range []float64{0, 5, nan, inf, -inf} {
				if got := d.Display(cell{v}).Color; got.A != 255 {
					t.Errorf("%s of %v in %v: got %v, want an opaque colour", mode, v, r, got)
				}
			}
		}
	}
}
