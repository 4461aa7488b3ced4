package frametest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Golden is how many cases of each kind are committed with their answers.
var Golden = map[string]int{
	"transform": 350,
	"names":     150,
	"reduce":    80,
	"override":  150,
	"figures":   150,
	"chosen":    16,
}

// Line is a line of testdata/KIND.jsonl.
type Line struct {
	Case   Case            `json:"case"`
	Answer json.RawMessage `json:"answer"`
}

// Why some cases are not compared.
const (
	failure     = "Grafana fails; ours has a note, and goes on"
	sortOrder   = "the order of NaN and of texts among numbers depends on how V8 sorts"
	textSum     = "Grafana adds texts in a column of numbers; for ours they are no numbers"
	truthNumber = "Grafana's highest of true and false in a column of numbers is true; ours is 1"
	labelOrder  = "a join adds the label name behind the others; ours are sorted"
	wideRange   = "over a range above 1.5e11 Grafana has no size of buckets, and counts nothing"
	frameLength = "filterByValue and limit say a wrong number of rows, which later steps believe"
)

// Judge returns how our outcome differs from the judge's answer, "" if it does not, or
// why they are not compared.
func Judge(c Case, answer json.RawMessage) (diff, apart string) {
	var failed struct{ Error string }
	if json.Unmarshal(answer, &failed) == nil && failed.Error != "" {
		return "", failure
	}
	if addsTexts(answer) {
		return "", textSum
	}
	if bytes.HasPrefix(answer, []byte(noBuckets)) {
		return "", wideRange
	}
	if apart := c.apart(); apart != "" {
		return "", apart
	}
	if c.Kind == "reduce" && c.Field.unordered() {
		answer = withoutOrder(answer)
	}
	return Diff(c, answer), ""
}

// Diff returns how our outcome differs from the judge's answer, "" if it does not.
func Diff(c Case, answer json.RawMessage) string {
	got, err := c.Run()
	if err != nil {
		return err.Error()
	}
	diff, err := Compare(got, answer)
	if err != nil {
		return err.Error()
	}
	return diff
}

// Differences has an example for each reason why cases are not compared. Each differs indeed.
func Differences() map[string]Case {
	field := func(name, t string, values ...any) Field {
		return Field{Name: name, Type: t, Config: map[string]any{}, Values: values}
	}
	number := field("Value", "number", 3.0, 1.0, 2.0)
	table := Frame{RefID: "A", Fields: []Field{number, field("pod", "string", "a", "b", "c")}}
	series := func(name, value string) Frame {
		f := Frame{Name: name, RefID: "A", Fields: []Field{
			field("Time", "time", 1.0, 2.0), field("up", "number", 1.0, 2.0),
		}}
		f.Fields[1].Labels = &map[string]string{"pod": value}
		return f
	}
	steps := func(s string, frames ...Frame) Case {
		return Case{Kind: "transform", Frames: frames, Transformations: json.RawMessage(s)}
	}
	nan := Frame{RefID: "A", Fields: []Field{
		field("Value", "number", 3.0, map[string]any{"n": "NaN"}, 1.0, 2.0),
	}}
	return map[string]Case{
		failure:   steps(`[{"id": "renameByRegex", "options": {"regex": "/(/"}}]`, table),
		sortOrder: steps(`[{"id": "sortBy", "options": {"sort": [{"field": "Value"}]}}]`, nan),
		textSum: steps(`[
			{"id": "calculateField", "options": {"mode": "binary", "alias": "x",
				"binary": {"left": "pod", "operator": "+", "right": "pod"}}},
			{"id": "reduce", "options": {"reducers": ["sum"]}}]`, table),
		truthNumber: steps(`[
			{"id": "reduce", "options": {"mode": "reduceFields", "reducers": ["allIsNull"]}},
			{"id": "reduce", "options": {"reducers": ["max"]}}]`, table),
		labelOrder: steps(`[{"id": "joinByField", "options": {"byField": "Time"}},
			{"id": "labelsToFields"}]`, series("cpu", "a"), series("memory", "b")),
		wideRange: steps(`[{"id": "histogram"}]`,
			Frame{RefID: "A", Fields: []Field{field("Value", "number", 1.0, 1e12)}}),
		frameLength: steps(`[{"id": "limit", "options": {"limitField": -2}},
			{"id": "calculateField", "options": {"mode": "index"}}]`,
			Frame{RefID: "A", Fields: []Field{field("Value", "number", 1.0)}}),
	}
}

// noBuckets is how the answer of a histogram without a size of buckets begins.
const noBuckets = `[{"name":"","refId":"histogram","fields":[{"name":"xMin","type":"number",` +
	`"config":{},"values":[{"n":"NaN"}]`

// addsTexts reports whether a column of numbers has texts.
func addsTexts(answer json.RawMessage) bool {
	var frames []Frame
	if json.Unmarshal(answer, &frames) != nil {
		return false
	}
	for _, f := range frames {
		for _, field := range f.Fields {
			for _, v := range field.Values {
				if _, ok := v.(string); ok && field.Type == "number" {
					return true
				}
			}
		}
	}
	return false
}

// step is what a reason needs to know of a transformation.
type step struct {
	ID      string
	Options struct {
		LabelsToFields bool
		Type           string
		LimitField     any
	}
}

// apart returns why c is not compared, "" if it is.
func (c Case) apart() string {
	var steps []step
	if json.Unmarshal(c.Transformations, &steps) != nil {
		return ""
	}
	named, texts := false, false
	for _, f := range c.Frames {
		named = named || f.Name != ""
		for _, field := range f.Fields {
			texts = texts || field.Type == "string"
		}
	}
	var before []string
	for _, s := range steps {
		joined := slices.ContainsFunc(before, func(id string) bool {
			return slices.Contains(
				[]string{"joinByField", "seriesToColumns", "calculateField", "ensureColumns"},
				id,
			)
		})
		switch {
		case named && joined && (s.ID == "labelsToFields" || s.Options.LabelsToFields):
			return labelOrder
		case (s.ID == "reduce" || s.ID == "calculateField") && slices.Contains(before, "reduce") &&
			(texts || slices.Contains(before, "labelsToFields") || s.ID == "calculateField"):
			return textSum
		case s.ID == "reduce" && len(before) > 0 &&
			bytes.Contains(c.Transformations, []byte(`"allIs`)):
			return truthNumber
		case slices.Contains(before, "length"):
			return frameLength
		}
		before = append(before, s.ID)
		last, _ := s.Options.LimitField.(float64)
		if s.ID == "filterByValue" && s.Options.Type == "exclude" && len(c.Frames) > 1 || last < 0 {
			before = append(before, "length")
		}
	}
	return ""
}

// withoutOrder takes the reducers out that sort: see sortOrder.
func withoutOrder(answer json.RawMessage) json.RawMessage {
	var parts map[string]map[string]any
	if json.Unmarshal(answer, &parts) != nil {
		return answer
	}
	for _, results := range parts {
		for id := range results {
			if id == "median" || id[0] == 'p' {
				delete(results, id)
			}
		}
	}
	return raw(parts)
}
