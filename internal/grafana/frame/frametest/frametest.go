// Package frametest makes frames and options by chance, runs package frame on them, and compares
// the outcome with what Grafana's own code makes of the same, which testdata/judge.mjs says.
package frametest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/series"
)

// Case is one question to both.
type Case struct {
	Why             string          `json:"why,omitempty"`
	Kind            string          `json:"kind"` // one of Kinds
	Frames          []Frame         `json:"frames,omitempty"`
	Field           *Field          `json:"field,omitempty"`
	Transformations json.RawMessage `json:"transformations,omitempty"`
	FieldConfig     json.RawMessage `json:"fieldConfig,omitempty"`
	ReduceOptions   json.RawMessage `json:"reduceOptions,omitempty"`
}

// Kinds are the kinds of cases.
var Kinds = []string{"transform", "names", "reduce", "override", "figures"}

// Frame is a frame as JSON.
type Frame struct {
	Name   string  `json:"name"`
	RefID  string  `json:"refId"`
	Fields []Field `json:"fields"`
}

// Field is a field as JSON. A value that JSON lacks is an object: {"n": "NaN"}.
type Field struct {
	Name   string             `json:"name"`
	Type   string             `json:"type"`
	Labels *map[string]string `json:"labels,omitempty"`
	Config map[string]any     `json:"config"`
	Values []any              `json:"values"`
	Shown  string             `json:"shown,omitempty"` // the display name, of an answer
}

func (f Field) frame() *frame.Field {
	out := &frame.Field{Name: f.Name, Type: frame.Type(f.Type)}
	if f.Labels != nil {
		out.Labels = series.FromMap(*f.Labels)
	}
	out.Config.DisplayName, _ = f.Config["displayName"].(string)
	out.Config.DisplayNameFromDS, _ = f.Config["displayNameFromDS"].(string)
	out.Config.NullValueMode, _ = f.Config["nullValueMode"].(string)
	out.Config.Unit, _ = f.Config["unit"].(string)
	var values []frame.Value
	for _, v := range f.Values {
		values = append(values, readValue(v))
	}
	out.Values = frame.Mixed(values...)
	return out
}

func readValue(v any) frame.Value {
	switch v := v.(type) {
	case float64:
		return frame.Num(v)
	case string:
		return frame.Text(v)
	case bool:
		return frame.Bool(v)
	case map[string]any:
		switch v["n"] {
		case "NaN":
			return frame.Num(math.NaN())
		case "Infinity":
			return frame.Num(math.Inf(1))
		case "-Infinity":
			return frame.Num(math.Inf(-1))
		}
	}
	return frame.Value{}
}

func writeValue(v frame.Value) any {
	if f, ok := v.Number(); ok {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return map[string]any{"n": frame.FormatNumber(f)}
		}
		return f
	}
	if s, ok := v.Text(); ok {
		return s
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	return nil
}

func read(frames []Frame) []*frame.Frame {
	out := make([]*frame.Frame, len(frames))
	for i, f := range frames {
		out[i] = &frame.Frame{Name: f.Name, RefID: f.RefID}
		for _, field := range f.Fields {
			out[i].Fields = append(out[i].Fields, field.frame())
		}
	}
	return out
}

func write(frames []*frame.Frame) []Frame {
	names := frame.NamesOf(frames)
	out := make([]Frame, len(frames))
	for i, f := range frames {
		out[i] = Frame{Name: f.Name, RefID: f.RefID}
		for _, field := range f.Fields {
			w := Field{
				Name: field.Name, Type: string(field.Type), Config: writeConfig(field.Config),
				Shown: names.Of(field, f),
			}
			if field.Labels != nil {
				labels := make(map[string]string)
				for _, l := range field.Labels {
					labels[l.Name] = l.Value
				}
				w.Labels = &labels
			}
			for k := range field.Values.Len() {
				w.Values = append(w.Values, writeValue(field.Values.At(k)))
			}
			out[i].Fields = append(out[i].Fields, w)
		}
	}
	return out
}

func writeConfig(c frame.Config) map[string]any {
	out := make(map[string]any)
	for key, s := range map[string]string{
		"unit": c.Unit, "displayName": c.DisplayName, "displayNameFromDS": c.DisplayNameFromDS,
		"noValue": c.NoValue, "nullValueMode": c.NullValueMode,
	} {
		if s != "" {
			out[key] = s
		}
	}
	for key, f := range map[string]*float64{"decimals": c.Decimals, "min": c.Min, "max": c.Max} {
		if f != nil {
			out[key] = *f
		}
	}
	if c.MinMaxByField {
		out["fieldMinMax"] = true
	}
	for key, raw := range map[string]json.RawMessage{
		"mappings": c.Mappings, "thresholds": c.Thresholds, "color": c.Color, "links": c.Links,
	} {
		if raw != nil {
			out[key] = raw
		}
	}
	custom := make(map[string]any)
	for path, raw := range c.Custom {
		at := custom
		keys := strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			if _, ok := at[key].(map[string]any); !ok {
				at[key] = make(map[string]any)
			}
			at = at[key].(map[string]any)
		}
		at[keys[len(keys)-1]] = raw
	}
	if len(custom) > 0 {
		out["custom"] = custom
	}
	return out
}

// Run returns what package frame makes of c, in the form of the judge's answer.
func (c Case) Run() (any, error) {
	frames := read(c.Frames)
	switch c.Kind {
	case "transform":
		ts, notes := frame.DecodeTransformations(c.Transformations)
		if len(notes) > 0 {
			return nil, fmt.Errorf("notes: %q", notes)
		}
		out, _, err := frame.Transform(frames, ts)
		return write(out), err
	case "names":
		names := frame.NamesOf(frames)
		answer := map[string]any{"frames": []string{}, "fields": [][]string{}}
		ofFrames, ofFields := []string{}, [][]string{}
		for i := range frames {
			ofFrames = append(ofFrames, names.Frame(i))
		}
		frames = read(c.Frames) // without what was remembered
		names = frame.NamesOf(frames)
		for _, f := range frames {
			row := []string{}
			for _, field := range f.Fields {
				row = append(row, names.Of(field, f))
			}
			ofFields = append(ofFields, row)
		}
		answer["frames"], answer["fields"] = ofFrames, ofFields
		return answer, nil
	case "reduce":
		return c.reduce(), nil
	case "override":
		fc, notes := frame.DecodeFieldConfig(c.FieldConfig)
		if len(notes) > 0 {
			return nil, fmt.Errorf("notes: %q", notes)
		}
		out, _ := fc.Apply(frames)
		return write(out), nil
	case "figures":
		return c.figures(frames)
	}
	return nil, fmt.Errorf("there is no kind %q", c.Kind)
}

func (c Case) figures(frames []*frame.Frame) (any, error) {
	fc, notes := frame.DecodeFieldConfig(c.FieldConfig)
	f, more := frame.DecodeFigures(c.ReduceOptions)
	if len(notes)+len(more) > 0 {
		return nil, fmt.Errorf("notes: %q %q", notes, more)
	}
	frames, _ = fc.Apply(frames)
	text := func(_ *frame.Field, v frame.Value) string { return v.String() }
	figures, _ := fc.Figures(frames, f, text)
	out := []any{}
	for _, f := range figures {
		var color struct{ FixedColor any }
		if f.Color != nil {
			if err := json.Unmarshal(f.Color, &color); err != nil {
				return nil, err
			}
		}
		out = append(out, map[string]any{
			"title": f.Title, "value": writeValue(f.Value), "calc": f.Calc, "row": f.Row,
			"color": color.FixedColor, "field": f.Field.Name,
		})
	}
	return out, nil
}

// ReducerIDs returns the IDs of all reducers.
func ReducerIDs() []string {
	ids := []string{
		"lastNotNull",
		"last",
		"firstNotNull",
		"first",
		"min",
		"max",
		"mean",
		"median",
		"variance",
		"stdDev",
		"sum",
		"count",
		"countAll",
		"range",
		"delta",
		"step",
		"diff",
		"logmin",
		"allIsZero",
		"allIsNull",
		"changeCount",
		"distinctCount",
		"diffperc",
		"allValues",
		"uniqueValues",
	}
	for p := 1; p <= 99; p++ {
		ids = append(ids, fmt.Sprintf("p%d", p))
	}
	return ids
}

func (c Case) reduce() any {
	ids := ReducerIDs()
	alone, together := make(map[string]any), make(map[string]any)
	all := frame.Reduce(c.Field.frame(), ids...)
	unordered := c.Field.unordered()
	for i, id := range ids {
		if unordered && (id == "median" || id[0] == 'p') {
			continue
		}
		alone[id] = writeValue(frame.Reduce(c.Field.frame(), id)[0])
		if id[0] != 'p' {
			together[id] = writeValue(all[i])
		}
	}
	return map[string]any{"alone": alone, "together": together}
}

// unordered reports whether f has values that numbers do not sort.
func (f Field) unordered() bool {
	return f.Type == "string" || slices.ContainsFunc(f.Values, func(v any) bool {
		m, ok := v.(map[string]any)
		return ok && m["n"] == "NaN"
	})
}

// Compare returns how our outcome differs from the judge's answer, "" if it does not.
func Compare(got any, answer json.RawMessage) (string, error) {
	mine, err := json.Marshal(got)
	if err != nil {
		return "", err
	}
	var x, y any
	if err := json.Unmarshal(mine, &x); err != nil {
		return "", err
	}
	if err := json.Unmarshal(answer, &y); err != nil {
		return "", err
	}
	var diffs []string
	compare("", plain(x), plain(y), &diffs)
	if len(diffs) > 6 {
		diffs = append(diffs[:6], fmt.Sprintf("and %d more", len(diffs)-6))
	}
	return strings.Join(diffs, "\n"), nil
}

// plain takes out what differs only in how it is written: undefined and null are the same to whom
// looks at a panel, and a list is its text.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["u"]; ok && len(v) == 1 {
			return nil
		}
		if s, ok := v["l"].(string); ok && len(v) == 1 {
			return s
		}
		if s, ok := v["n"].(string); ok && len(v) == 1 {
			return s
		}
		out := make(map[string]any, len(v))
		for key, x := range v {
			out[key] = plain(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		return out
	}
	return v
}

func compare(at string, got, want any, diffs *[]string) {
	g, gotMap := got.(map[string]any)
	w, wantMap := want.(map[string]any)
	if gotMap && wantMap {
		keys := make(map[string]bool)
		for key := range g {
			keys[key] = true
		}
		for key := range w {
			keys[key] = true
		}
		for _, key := range sortedKeys(keys) {
			compare(at+"."+key, g[key], w[key], diffs)
		}
		return
	}
	gs, gotList := got.([]any)
	ws, wantList := want.([]any)
	if gotList && wantList && len(gs) == len(ws) {
		for i := range gs {
			compare(fmt.Sprintf("%s[%d]", at, i), gs[i], ws[i], diffs)
		}
		return
	}
	if gotList && len(gs) == 0 && want == nil || wantList && len(ws) == 0 && got == nil {
		return
	}
	if x, ok := got.(float64); ok {
		if y, ok := want.(float64); ok && near(x, y) {
			return
		}
	}
	if b, ok := want.(bool); ok && got == map[bool]float64{true: 1, false: 0}[b] {
		return // a truth value that stands in a column of numbers is a number
	}
	if (want == nil || want == "") && (got == nil || got == "" || got == "Time") {
		return // the name of a column may be null or empty, and one of times is then Time
	}
	if !reflect.DeepEqual(got, want) {
		*diffs = append(*diffs, fmt.Sprintf("%s: got %s, want %s", at, short(got), short(want)))
	}
}

// near allows for the last bits of sums and logarithms, which differ between processors.
func near(x, y float64) bool {
	return x == y || math.Abs(x-y) <= 1e-11*math.Max(math.Abs(x), math.Abs(y))
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func short(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return fmt.Sprint(v)
	}
	s := strings.TrimSpace(b.String())
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return s
}
