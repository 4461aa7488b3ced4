package frame

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// concatenate puts the fields of all frames into one frame.
func concatenate(frames []*Frame, o options) []*Frame {
	if len(frames) < 2 {
		return frames
	}
	mode, label := "field", "frame"
	if o.has("frameNameMode") {
		mode = o.text("frameNameMode")
	}
	if o.has("frameNameLabel") {
		label = o.text("frameNameLabel")
	}
	rows := 0
	var fields []*Field
	for _, frame := range frames {
		rows = max(rows, frame.Len())
		for _, field := range frame.Fields {
			c := *field
			c.state = nil
			switch {
			case frame.Name == "" || mode == "drop":
			case mode == "label":
				c.Labels = append(series.Labels{}, field.Labels...).With(label, frame.Name)
			case c.Name == "" || c.Name == valueName:
				c.Name = frame.Name
			default:
				c.Name = frame.Name + " · " + field.Name
			}
			fields = append(fields, &c)
		}
	}
	fields = fields[:min(len(fields), maxFields+1)] // bounded cuts the last, and says so
	for _, field := range fields {
		field.Values = extended(field.Values, rows)
	}
	return []*Frame{{Fields: fields}}
}

// extended returns vs with missing values up to the length n.
func extended(vs Values, n int) Values {
	if vs.Len() >= n {
		return vs
	}
	c := column{hint: n}
	for i := range n {
		c.push(vs.At(i))
	}
	return c.v
}

// convertFieldType converts some fields to other types.
func convertFieldType(frames []*Frame, o options) []*Frame {
	for _, c := range few(o, "conversions", o.objects("conversions"), 100) {
		target, to := c.text("targetField"), Type(c.text("destinationType"))
		if target == "" {
			continue
		}
		match, names := byNames([]string{target}), NamesOf(frames)
		frames = eachField(frames, func(field *Field, frame *Frame) *Field {
			if !match(field, frame, names) {
				return field
			}
			converted, ok := convert(field, to, c.text("dateFormat"))
			if !ok {
				o.notes.add("convertFieldType: %s does not become %s", target, to)
			}
			return converted
		})
	}
	return frames
}

// convert returns field as another type. It reports false if it cannot: converting a text to a time
// needs a date format and a time zone.
func convert(field *Field, to Type, dateFormat string) (*Field, bool) {
	var f func(Value) Value
	switch {
	case to == Number:
		f = convertNumber
	case to == Boolean:
		f = func(v Value) Value { return Bool(v.truthy()) }
	case to == String && (field.Type == Number || field.Type == Boolean):
		f = func(v Value) Value { return Text(v.spelled()) }
	case to == String && field.Type == String:
		f = quoted
	case to == String && field.Type == Time && dateFormat == "":
		f = func(v Value) Value {
			ms, ok := v.Number()
			if !ok || math.Abs(ms) > 1e15 {
				return Text("Invalid date")
			}
			return Text(time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05+00:00"))
		}
	case to == Time && field.Values.At(0).kind == number:
		f = func(v Value) Value { return v }
	default:
		return field, to == ""
	}
	c := column{hint: field.Values.Len()}
	for i := range field.Values.Len() {
		c.push(f(field.Values.At(i)))
	}
	out := field.with(c.v)
	out.Type = to
	return out, true
}

func convertNumber(v Value) Value {
	s := strings.ReplaceAll(v.text, ",", "")
	if v.IsNull() || v.kind == text && s == "" {
		return Value{}
	}
	f := v.toNumber()
	if v.kind == text {
		f = parseNumber(s)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Num(f)
}

// quoted returns a text as JSON, because that is how Grafana converts a text to a text.
func quoted(v Value) Value {
	switch v.kind {
	case absent:
		return v
	case text:
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if e.Encode(v.text) != nil {
			return v
		}
		return Text(strings.TrimSuffix(b.String(), "\n"))
	}
	return Text(v.spelled())
}

// special returns the replacement for a missing value.
func special(name string) Value {
	switch name {
	case "true", "false":
		return Bool(name == "true")
	case "null":
		return Value{}
	case "zero":
		return Num(0)
	}
	return Text("")
}

// groupingToMatrix makes a column for each value of one field, and a row for each value of another.
func groupingToMatrix(frames []*Frame, o options) []*Frame {
	if len(frames) != 1 {
		return frames
	}
	pick := func(key, fallback string) (string, *Field) {
		name := fallback
		if o.text(key) != "" {
			name = o.text(key)
		}
		match, names := byNames([]string{name}), NamesOf(frames)
		for _, field := range frames[0].Fields {
			if match(field, frames[0], names) {
				return name, field
			}
		}
		return name, nil
	}
	columnName, columnField := pick("columnField", "Time")
	rowName, rowField := pick("rowField", "Time")
	_, valueField := pick("valueField", "Value")
	if columnField == nil || rowField == nil || valueField == nil {
		return frames
	}
	columns, rows := distinctOf(columnField.Values), distinctOf(rowField.Values)
	if len(columns) > maxFields {
		o.notes.add("groupingToMatrix: %d columns are left out", len(columns)-maxFields)
		columns = columns[:maxFields]
	}
	type cell struct{ column, row string }
	cells := make(map[cell]Value)
	for i := range valueField.Values.Len() {
		at := cell{columnField.Values.At(i).spelled(), rowField.Values.At(i).spelled()}
		cells[at] = valueField.Values.At(i)
	}
	fields := []*Field{
		{
			Name:   rowName + `\` + columnName,
			Type:   rowField.Type,
			Config: rowField.Config,
			Values: Mixed(rows...),
		},
	}
	config := valueField.Config
	config.DisplayName = ""
	for _, name := range columns {
		if name.kind == number {
			config.DisplayNameFromDS = ""
		}
		c := column{hint: len(rows)}
		for _, row := range rows {
			v, ok := cells[cell{name.spelled(), row.spelled()}]
			if !ok || v.IsNull() {
				v = special(o.text("emptyValue"))
			}
			c.push(v)
		}
		fields = append(
			fields,
			&Field{Name: name.String(), Type: valueField.Type, Config: config, Values: c.v},
		)
	}
	return []*Frame{{Fields: fields}}
}

func distinctOf(vs Values) []Value {
	all := make([]Value, vs.Len())
	for i := range all {
		all[i] = vs.At(i)
	}
	return distinct(all)
}

// transpose turns fields into rows and rows into fields.
func transpose(frames []*Frame, o options) []*Frame {
	names := NamesOf(frames)
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		if len(frame.Fields) == 0 {
			out[i] = frame
			continue
		}
		out[i] = transposed(frame, names, o)
		out[i].RefID = "transpose-" + frame.RefID
	}
	return out
}

func transposed(frame *Frame, names *Names, o options) *Frame {
	firstName, restName := "Field", "Value"
	if o.text("firstFieldName") != "" {
		firstName = o.text("firstFieldName")
	}
	if o.text("restFieldsName") != "" {
		restName = o.text("restFieldsName")
	}
	empty := special(o.text("emptyValue"))
	first, rest := frame.Fields[0], frame.Fields
	heads := first.Type == String || first.Type == Time
	if heads {
		rest = rest[1:]
	}
	shown := make([]string, len(rest))
	for i, field := range rest {
		shown[i] = names.Of(field, frame)
	}
	t := commonType(rest)
	fields := []*Field{{Name: firstName, Type: String, Values: Texts(shown)}}
	for row := range min(first.Values.Len(), maxFields) { // bounded notes that the rest is cut
		c := column{hint: len(rest)}
		for _, field := range rest {
			v := field.Values.At(row)
			if t == String {
				v = asText(v, empty)
			}
			c.push(v)
		}
		label := series.Label{Name: "row", Value: strconv.Itoa(row + 1)}
		if heads {
			label = series.Label{
				Name:  first.Name,
				Value: asText(first.Values.At(row), empty).String(),
			}
		}
		f := &Field{Name: restName, Type: t, Labels: series.Labels{label}, Values: c.v}
		fields = append(fields, f)
	}
	return frame.with(fields)
}

// commonType returns the type of all fields, and String if they have several or none.
func commonType(fields []*Field) Type {
	if len(fields) == 0 ||
		slices.ContainsFunc(fields, func(f *Field) bool { return f.Type != fields[0].Type }) {
		return String
	}
	return fields[0].Type
}

func asText(v, empty Value) Value {
	if v.IsNull() {
		return empty
	}
	return Text(v.spelled())
}
