package frame

import (
	"maps"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/series"
)

// maxReducers is the number of reducers that exist.
const maxReducers = 124

// grouping has the options of groupBy for one field.
type grouping struct {
	operation string
	reducers  []string
}

// groupBy makes one row out of all rows that have the same values in some fields.
func groupBy(frames []*Frame, o options) []*Frame {
	fields := o.object("fields")
	wanted := make(map[string]grouping, len(fields.m))
	var by []string
	for _, name := range slices.Sorted(maps.Keys(fields.m)) {
		f := fields.object(name)
		ids := few(o, "aggregations", f.texts("aggregations"), maxReducers)
		g := grouping{f.text("operation"), ids}
		wanted[name] = g
		if g.operation == "groupby" {
			by = append(by, name)
		}
	}
	if len(by) == 0 {
		return frames
	}
	match, names := byNames(by), NamesOf(frames)
	var out []*Frame
	for _, frame := range frames {
		var keys []*Field
		for _, field := range frame.Fields {
			if match(field, frame, names) {
				keys = append(keys, field)
			}
		}
		if len(keys) > 0 {
			out = append(out, groupFrame(frame, keys, wanted))
		}
	}
	return out
}

// groups are the rows of a frame, by what they have in the fields to group by.
type groups struct {
	rows   [][]int
	fields map[string][]*Field // by display name; if names are equal, each row has several values
}

func groupRows(frame *Frame, keys []*Field) groups {
	g := groups{fields: make(map[string][]*Field)}
	for _, field := range frame.Fields {
		name := alone(field, nil)
		g.fields[name] = append(g.fields[name], field)
	}
	indexOf := make(map[string]int)
	for row := range frame.Len() {
		parts := make([]string, len(keys))
		for i, key := range keys {
			parts[i] = key.Values.At(row).String()
		}
		key := strings.Join(parts, ",")
		at, ok := indexOf[key]
		if !ok {
			at = len(g.rows)
			indexOf[key] = at
			g.rows = append(g.rows, nil)
		}
		g.rows[at] = append(g.rows[at], row)
	}
	return g
}

// field returns the values that a group has in the fields of a name.
func (g groups) field(name string, rows []int) *Field {
	fields := g.fields[name]
	c := column{hint: len(rows)}
	for _, row := range rows {
		for _, field := range fields {
			c.push(field.Values.At(row))
		}
	}
	return &Field{Name: fields[0].Name, Type: fields[0].Type, Config: fields[0].Config, Values: c.v}
}

func groupFrame(frame *Frame, keys []*Field, wanted map[string]grouping) *Frame {
	g := groupRows(frame, keys)
	out := &Frame{RefID: frame.RefID}
	for _, key := range keys {
		first := g.fields[alone(key, nil)][0].Values
		c := column{hint: len(g.rows)}
		for _, rows := range g.rows {
			c.push(first.At(rows[0]))
		}
		f := &Field{Name: key.Name, Type: key.Type, Config: key.Config, Values: c.v}
		out.Fields = append(out.Fields, f)
	}
	for _, field := range frame.Fields {
		name := alone(field, nil)
		want, ok := wanted[name]
		if !ok {
			want = wanted[field.Name]
		}
		if want.counts() && len(out.Fields) <= maxFields { // bounded cuts the last, and says so
			out.Fields = append(out.Fields, g.reduced(field, name, want.reducers)...)
		}
	}
	return out
}

// counts reports whether a field is reduced. A field to group by is reduced too if its rows are
// counted.
func (w grouping) counts() bool {
	switch w.operation {
	case "aggregate":
		return len(w.reducers) > 0
	case "groupby":
		return len(w.reducers) == 1 && w.reducers[0] == "count"
	}
	return false
}

// reduced returns one field for each reducer, with one value for each group.
func (g groups) reduced(field *Field, name string, ids []string) []*Field {
	columns := make([]column, len(ids))
	for _, rows := range g.rows {
		for i, v := range Reduce(g.field(name, rows), ids...) {
			columns[i].push(v)
		}
	}
	out := make([]*Field, len(ids))
	for i, id := range ids {
		out[i] = &Field{
			Name:   name + " (" + id + ")",
			Type:   reducedType(id, field.Type),
			Values: columns[i].v,
		}
	}
	return out
}

// reducedType returns the type of the reducer id's results.
func reducedType(id string, t Type) Type {
	switch id {
	case "count", "distinctCount", "changeCount", "countAll":
		return Number
	case "allIsNull", "allIsZero":
		return Boolean
	}
	return t
}

// reduce makes one value out of each field: either a row of a new frame, or the only row of a
// frame.
func reduce(frames []*Frame, o options) []*Frame {
	ids := []string{"max"}
	if o.has("reducers") {
		ids = few(o, "reducers", o.texts("reducers"), maxReducers)
	}
	if len(ids) == 0 {
		return frames
	}
	byField := o.text("mode") == "reduceFields"
	match := func(f *Field, _ *Frame, _ *Names) bool {
		return f.Type != Time || byField && o.flag("includeTimeField", false)
	}
	if o.has("fields") {
		found, ok := matcherOf(o.object("fields")).fields(o.notes)
		if !ok {
			o.wrong("fields", "a known matcher")
			return frames
		}
		match = found
	}
	var found []reducer
	for _, id := range ids {
		if r, ok := lookUp(id); ok {
			found = append(found, r)
		} else {
			o.notes.add("reduce: the reducer %s is not known", id)
		}
	}
	if byField {
		return reduceFields(frames, match, found)
	}
	if len(frames) == 0 {
		return nil
	}
	return []*Frame{reduceToRows(frames, match, found, o.flag("labelsToFields", false))}
}

func idsOf(reducers []reducer) []string {
	ids := make([]string, len(reducers))
	for i, r := range reducers {
		ids[i] = r.id
	}
	return ids
}

func reduceFields(frames []*Frame, match fieldMatch, reducers []reducer) []*Frame {
	names := NamesOf(frames)
	var out []*Frame
	for _, frame := range frames {
		var fields []*Field
		for _, field := range frame.Fields {
			if !match(field, frame, names) {
				continue
			}
			for i, v := range Reduce(field, idsOf(reducers)...) {
				c := field.with(Mixed(v))
				c.state = nil
				c.Labels = append(series.Labels{}, field.Labels...)
				if len(reducers) > 1 {
					c.Labels = c.Labels.With("reducer", reducers[i].name)
				}
				switch reducers[i].id {
				case "allValues", "uniqueValues":
					c.Type = Other
				case "first", "firstNotNull", "last", "lastNotNull":
				default:
					c.Type = Number
				}
				fields = append(fields, c)
			}
		}
		if len(fields) > 0 {
			out = append(out, frame.with(fields))
		}
	}
	return out
}

// reduceToRows makes one frame that has a row for each field.
func reduceToRows(frames []*Frame, match fieldMatch, reducers []reducer, labels bool) *Frame {
	names := NamesOf(frames)
	var keys []string
	if labels {
		keys = labelNames(frames)
	}
	var out *Frame
	for _, frame := range frames {
		var fields []*Field
		for _, field := range frame.Fields {
			if match(field, frame, names) {
				fields = append(fields, field)
			}
		}
		shown := make([]string, len(fields))
		for i, field := range fields {
			shown[i] = field.Name
			if !labels {
				shown[i] = names.Of(field, frame)
			}
		}
		rows := rowsOf(fields, shown, keys, reducers)
		if out == nil {
			out = &Frame{RefID: refs("reduce", frames), Fields: rows}
		} else {
			appendRows(out.Fields, rows)
		}
	}
	return out
}

// rowsOf returns the columns Field, one for each label, and one for each reducer.
func rowsOf(fields []*Field, shown, labels []string, reducers []reducer) []*Field {
	out := []*Field{{Name: "Field", Type: String, Values: Texts(shown)}}
	for _, label := range labels {
		c := column{hint: len(fields)}
		for _, field := range fields {
			c.push(labelValue(field.Labels, label))
		}
		out = append(out, &Field{Name: label, Type: String, Values: c.v})
	}
	columns := make([]column, len(reducers))
	for _, field := range fields {
		for i, v := range Reduce(field, idsOf(reducers)...) {
			if v.kind == null {
				v = Num(nan)
			}
			columns[i].push(v)
		}
	}
	for i, r := range reducers {
		f := &Field{Name: r.name, Type: Other, Values: columns[i].v}
		if t, ok := guessType(f); ok {
			f.Type = t
		}
		out = append(out, f)
	}
	return out
}

// appendRows adds the values of more to the columns that have their name and type.
func appendRows(columns, more []*Field) {
	for i, to := range columns {
		for k, from := range more {
			if i == 0 && k == 0 || to.Name == from.Name && to.Type == from.Type {
				to.Values = joinValues(to.Values, from.Values)
			}
		}
	}
}

// joinValues returns a followed by b. It may extend the memory of a.
func joinValues(a, b Values) Values {
	c := column{v: a}
	for i := range b.Len() {
		c.push(b.At(i))
	}
	return c.v
}
