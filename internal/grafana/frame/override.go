package frame

import (
	"math"
	"slices"
	"strings"
)

// Applied is the result of applying a panel's field configuration.
type Applied struct {
	Unknown []string // matchers and properties that are not known, by name
	Notes   []string
}

// Apply returns copies of frames whose fields have the configuration of fc. A field's own
// configuration takes precedence over the defaults, and an override over both. Of several overrides
// the last one wins.
func (fc FieldConfig) Apply(frames []*Frame) ([]*Frame, Applied) {
	a := &applying{names: NamesOf(frames), unknown: make(map[string]bool)}
	for _, o := range fc.Overrides {
		if o.Matcher.Scope != "" && o.Matcher.Scope != "series" {
			continue
		}
		if match, ok := o.Matcher.fields(&a.notes); ok {
			a.rules = append(a.rules, rule{match, o.Properties})
		} else if o.Matcher.ID == "" {
			a.notes.add("an override does not say what it matches, and is left out")
		} else {
			a.unknown[o.Matcher.ID] = true
		}
	}
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		out[i] = a.frame(frame, i, fc.Defaults)
	}
	var applied Applied
	for name := range a.unknown {
		applied.Unknown = append(applied.Unknown, name)
	}
	slices.Sort(applied.Unknown)
	applied.Notes = a.notes.list
	return out, applied
}

type rule struct {
	match      fieldMatch
	properties []Property
}

type applying struct {
	names   *Names
	rules   []rule
	unknown map[string]bool
	notes   notes
}

func (a *applying) frame(frame *Frame, index int, defaults Config) *Frame {
	copied := frame.with(make([]*Field, len(frame.Fields)))
	for i, field := range frame.Fields {
		c := *field
		c.state = new(state)
		if field.state != nil {
			*c.state = *field.state
		}
		copied.Fields[i] = &c
	}
	for _, field := range copied.Fields {
		d := defaults
		if field.Config.DisplayName == "" {
			d.DisplayName = a.expand(d.DisplayName, field, copied, index)
		}
		field.Config.fill(d, field.Type == Number)
		for _, r := range a.rules {
			if r.match(field, copied, a.names) {
				for _, p := range r.properties {
					a.set(field, copied, index, p)
				}
			}
		}
		if field.Type == "" || field.Type == Other {
			if t, ok := guessType(field); ok {
				field.Type = t
			}
		}
		*field.state = state{}
	}
	return copied
}

func (a *applying) set(field *Field, frame *Frame, index int, p Property) {
	before := field.Config.DisplayName
	if !field.Config.set(p.ID, p.Value, &a.notes) {
		a.unknown[p.ID] = true
		return
	}
	if p.ID == "displayName" {
		template := field.Config.DisplayName
		field.Config.DisplayName = before // the template may refer to it
		field.Config.DisplayName = a.expand(template, field, frame, index)
	}
}

// expand replaces ${__field.…} and ${__series.name} by their values. Other variables stay.
func (a *applying) expand(template string, field *Field, frame *Frame, index int) string {
	field.state.name = ""
	return expandVariables(template, func(name string) (string, bool) {
		return a.variable(name, field, frame, index)
	})
}

// variable returns the value of a variable. It reports false if it does not know the variable.
func (a *applying) variable(name string, field *Field, frame *Frame, index int) (string, bool) {
	if name == "__series.name" {
		return frameName(frame, index), true
	}
	path, ok := strings.CutPrefix(name, "__field.")
	if !ok || path == "" {
		return "", false
	}
	switch path {
	case "name":
		return field.Name, true
	case "displayName":
		return a.names.Of(field, frame), true
	}
	for _, labels := range []string{"labels", "formattedLabels"} {
		if rest, ok := strings.CutPrefix(path, labels); ok {
			return label(field, rest), true
		}
	}
	return "", true
}

// label returns the labels at path: all of them if it is empty, one of them for .x or ["x"].
func label(field *Field, path string) string {
	switch {
	case path == "":
		return strings.Trim(FormatLabels(field.Labels), "{}")
	case path == ".__values":
		var values []string
		for _, l := range field.Labels {
			values = append(values, l.Value)
		}
		slices.Sort(values)
		return strings.Join(values, ", ")
	case strings.HasPrefix(path, "."):
		return field.Labels.Get(path[1:])
	case strings.HasPrefix(path, "[") && strings.HasSuffix(path, "]"):
		return field.Labels.Get(strings.Trim(path[1:len(path)-1], `"'`))
	}
	return ""
}

// Range returns the lowest and the highest number of all fields. It reports false if there is none.
func Range(frames []*Frame) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type != Number {
				continue
			}
			for i := range field.Values.Len() {
				v := field.Values.At(i)
				if v.kind == null && field.Config.NullValueMode == NullAsZero {
					v = Num(0)
				}
				if f, is := v.Number(); is && !math.IsNaN(f) {
					low, high, ok = min(low, f), max(high, f), true
				}
			}
		}
	}
	return low, high, ok
}

// guessType guesses the type of a field from its name or its first value.
func guessType(field *Field) (Type, bool) {
	if name := strings.ToLower(field.Name); name == "date" || name == "time" {
		return Time, true
	}
	for i := range field.Values.Len() {
		v := field.Values.At(i)
		switch v.kind {
		case number:
			return Number, true
		case boolean:
			return Boolean, true
		case list:
			return Other, true
		case text:
			return guessText(v.text), true
		}
	}
	return "", false
}

func guessText(s string) Type {
	t := strings.TrimSpace(s)
	unsigned := strings.TrimPrefix(t, "-")
	if strings.EqualFold(t, "NaN") ||
		unsigned != "" && unsigned[0] != '-' && unsigned[0] != '+' &&
			numberPrefix(unsigned) == len(unsigned) {
		return Number
	}
	switch s {
	case "true", "TRUE", "True", "false", "FALSE", "False":
		return Boolean
	}
	return String
}
