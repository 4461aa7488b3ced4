package frame

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

// keepFields keeps the fields that include finds and exclude does not. A nil function has no
// effect.
func keepFields(frames []*Frame, include, exclude fieldMatch) []*Frame {
	if include == nil && exclude == nil {
		return frames
	}
	names := NamesOf(frames)
	var out []*Frame
	for _, frame := range frames {
		var fields []*Field
		for _, field := range frame.Fields {
			if exclude != nil && exclude(field, frame, names) {
				continue
			}
			if include == nil || include(field, frame, names) {
				fields = append(fields, field)
			}
		}
		if len(fields) > 0 {
			out = append(out, frame.with(fields))
		}
	}
	return out
}

func filterFields(frames []*Frame, o options) []*Frame {
	get := func(key string) fieldMatch {
		if !o.has(key) {
			return nil
		}
		match, ok := matcherOf(o.object(key)).fields(o.notes)
		if !ok {
			o.wrong(key, "a known matcher")
		}
		return match
	}
	return keepFields(frames, get("include"), get("exclude"))
}

func filterFieldsByName(frames []*Frame, o options) []*Frame {
	byVariable := o.flag("byVariable", false)
	get := func(key string) fieldMatch {
		c := o.object(key)
		if variable := c.text("variable"); byVariable && variable != "" {
			if strings.HasPrefix(variable, "{") && strings.HasSuffix(variable, "}") {
				variable = variable[1 : len(variable)-1]
			}
			return byNames(strings.Split(variable, ","))
		}
		names, pattern := c.texts("names"), c.text("pattern")
		switch {
		case len(names) == 0 && pattern == "":
			return nil
		case pattern == "":
			return byNames(names)
		case len(names) == 0:
			return byRegexp(pattern, o.notes)
		}
		named, matched := byNames(names), byRegexp(pattern, o.notes)
		return func(f *Field, fr *Frame, ns *Names) bool {
			return named(f, fr, ns) || matched(f, fr, ns)
		}
	}
	return keepFields(frames, get("include"), get("exclude"))
}

// chosen returns the names whose value in a map of booleans is true.
func chosen(o options) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(o.m)) {
		if o.value(name).truthy() {
			out = append(out, name)
		}
	}
	return out
}

// keepFrames keeps the frames that include finds and exclude does not.
func keepFrames(frames []*Frame, include, exclude func(*Frame) bool) []*Frame {
	if include == nil && exclude == nil {
		return frames
	}
	var out []*Frame
	for _, frame := range frames {
		if exclude != nil && exclude(frame) {
			continue
		}
		if include == nil || include(frame) {
			out = append(out, frame)
		}
	}
	return out
}

func filterFrames(frames []*Frame, o options) []*Frame {
	get := func(key string) func(*Frame) bool {
		if !o.has(key) {
			return nil
		}
		match, ok := matcherOf(o.object(key)).frames(o.notes)
		if !ok {
			o.wrong(key, "a known matcher")
		}
		return match
	}
	return keepFrames(frames, get("include"), get("exclude"))
}

func filterByRefID(frames []*Frame, o options) []*Frame {
	get := func(key string) func(*Frame) bool {
		if o.text(key) == "" {
			return nil
		}
		match, _ := Matcher{ID: "byRefId", Options: o.text(key)}.frames(o.notes)
		return match
	}
	return keepFrames(frames, get("include"), get("exclude"))
}

// filterByValue keeps or drops the rows that the filters find.
func filterByValue(frames []*Frame, o options) []*Frame {
	filters := few(o, "filters", o.objects("filters"), 50)
	if len(filters) == 0 || len(frames) == 0 {
		return frames
	}
	include := !o.has("type") || o.text("type") == "include"
	all := o.text("match") == "all"
	names := NamesOf(frames)
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		matches := rowMatches(frame, filters, names)
		var rows []int
		for row := range frame.Len() {
			if matchRow(matches, row, all) == include {
				rows = append(rows, row)
			}
		}
		out[i] = frame.pick(rows)
		for _, field := range out[i].Fields {
			field.state = new(state)
		}
	}
	return out
}

func matchRow(matches []func(row int) bool, row int, all bool) bool {
	found := true
	for _, match := range matches {
		found = match(row)
		if found != all {
			break
		}
	}
	return found
}

func rowMatches(frame *Frame, filters []options, names *Names) []func(int) bool {
	byName := make(map[string]*Field)
	for _, field := range frame.Fields {
		byName[names.Of(field, frame)] = field
	}
	var out []func(int) bool
	for _, filter := range filters {
		config := filter.object("config")
		match, ok := valueMatch(config.text("id"), config.object("options"))
		if !ok {
			filter.wrong("config", "a known matcher")
			continue
		}
		field := byName[filter.text("fieldName")]
		out = append(out, func(row int) bool { return field != nil && match(field.Values.At(row)) })
	}
	return out
}

// valueMatch returns a function that finds values as the matcher id does. It reports false if there
// is none.
func valueMatch(id string, o options) (func(Value) bool, bool) {
	want := o.value("value")
	numeric := func(f func(v Value) bool) (func(Value) bool, bool) {
		return func(v Value) bool { return !math.IsNaN(v.toNumber()) && f(v) }, true
	}
	switch id {
	case "isNull":
		return Value.IsNull, true
	case "isNotNull":
		return func(v Value) bool { return !v.IsNull() }, true
	case "equal":
		return func(v Value) bool { return looselyEqual(v, want) }, true
	case "notEqual":
		return func(v Value) bool { return !looselyEqual(v, want) }, true
	case "greater":
		return numeric(func(v Value) bool { return less(want, v) })
	case "greaterOrEqual":
		return numeric(func(v Value) bool { return less(want, v) || notBelow(v, want) })
	case "lower":
		return numeric(func(v Value) bool { return less(v, want) })
	case "lowerOrEqual":
		return numeric(func(v Value) bool { return less(v, want) || notBelow(v, want) })
	case "between":
		from, to := Num(bound(o.value("from"))), Num(bound(o.value("to")))
		return numeric(func(v Value) bool { return less(from, v) && less(v, to) })
	case "substring":
		part := strings.ToLower(o.text("value"))
		return func(v Value) bool {
			return want == Text("") ||
				v.kind == text && v.text != "" && part != "" &&
					strings.Contains(strings.ToLower(v.text), part)
		}, true
	case "notSubstring":
		part := strings.ToLower(o.text("value"))
		return func(v Value) bool {
			return v.kind == text && v.text != "" && part != "" &&
				!strings.Contains(strings.ToLower(v.text), part)
		}, true
	case "regex":
		re, err := jsregexp.Compile(o.text("value"), "")
		if err != nil {
			o.notes.add("%v", err)
		}
		return func(v Value) bool { return !v.IsNull() && matches(re, v.spelled(), o.notes) }, true
	}
	return nil, false
}

// bound returns the end of a range: a number, or the integer that a text begins with.
func bound(v Value) float64 {
	if f, ok := v.Number(); ok {
		return f
	}
	return leadingInteger(v.spelled())
}
