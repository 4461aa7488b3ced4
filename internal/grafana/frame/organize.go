package frame

import (
	"cmp"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

// organize keeps some fields, orders them and renames them.
func organize(frames []*Frame, o options) []*Frame {
	var include, exclude fieldMatch
	if names := chosen(o.object("includeByName")); len(names) > 0 {
		include = byNames(names)
	}
	if names := chosen(o.object("excludeByName")); len(names) > 0 {
		exclude = byNames(names)
	}
	return rename(order(keepFields(frames, include, exclude), o), o)
}

// order sorts the fields of each frame, either by a list of places or by their names and labels.
func order(frames []*Frame, o options) []*Frame {
	names := NamesOf(frames)
	for _, frame := range frames {
		for _, field := range frame.Fields {
			names.Of(field, frame)
		}
	}
	auto := o.has("orderByMode") && o.text("orderByMode") != "manual"
	by := few(o, "orderBy", o.objects("orderBy"), 10)
	index := o.object("indexByName")
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		fields := slices.Clone(frame.Fields)
		if auto {
			orderAuto(fields, frame.timeField(), by)
		} else {
			slices.SortStableFunc(fields, func(a, b *Field) int {
				return cmp.Compare(
					place(index, names.Of(a, frame)),
					place(index, names.Of(b, frame)),
				)
			})
		}
		out[i] = frame.with(fields)
	}
	return out
}

// place returns the place of a name. A name without a place is last.
func place(index options, name string) float64 {
	if f, ok := index.m[name].(float64); ok && f == math.Trunc(f) {
		return f
	}
	return math.Inf(1)
}

func orderAuto(fields []*Field, time *Field, by []options) {
	key := func(f *Field, o options) string {
		switch {
		case o.text("type") != "name":
			return f.Labels.Get(o.text("name"))
		case f.state != nil && f.state.name != "":
			return f.state.name
		}
		return f.Name
	}
	slices.SortStableFunc(fields, func(a, b *Field) int {
		switch {
		case a == b:
			return 0
		case a == time:
			return -1
		case b == time:
			return 1
		}
		for _, o := range by {
			c := collateNumeric(key(a, o), key(b, o))
			if o.flag("desc", false) {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// rename gives fields their display names from renameByName.
func rename(frames []*Frame, o options) []*Frame {
	to := o.object("renameByName")
	if len(to.m) == 0 {
		return frames
	}
	return eachField(frames, func(field *Field, frame *Frame) *Field {
		if name, ok := to.m[alone(field, frame)].(string); ok && name != "" {
			return field.renamed(name)
		}
		return field
	})
}

func renameByRegex(frames []*Frame, o options) []*Frame {
	pattern, replacement := "(.*)", "$1"
	if o.has("regex") {
		pattern = o.text("regex")
	}
	if o.has("renamePattern") {
		replacement = o.text("renamePattern")
	}
	re, err := jsregexp.Parse(pattern)
	if err != nil {
		o.notes.add("%v", err)
		return frames
	}
	return eachField(frames, func(field *Field, frame *Frame) *Field {
		name := alone(field, frame)
		if !matches(re, name, o.notes) {
			return field
		}
		name, err := re.Replace(name, replacement)
		if err != nil {
			o.notes.add("%v", err)
			return field
		}
		return field.renamed(name)
	})
}

// eachField returns frames in which f has replaced each field.
func eachField(frames []*Frame, f func(*Field, *Frame) *Field) []*Frame {
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		fields := make([]*Field, len(frame.Fields))
		for j, field := range frame.Fields {
			fields[j] = f(field, frame)
		}
		out[i] = frame.with(fields)
	}
	return out
}
