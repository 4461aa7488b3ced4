package frame

import (
	"cmp"
	"math"
	"slices"
)

// sortBy sorts the rows of each frame by one field.
func sortBy(frames []*Frame, o options) []*Frame {
	by := o.objects("sort")
	if len(by) == 0 {
		return frames
	}
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		var at int
		if by[0].has("index") {
			at = int(min(max(by[0].number("index", -1), -1), maxFields))
		} else {
			name := by[0].text("field")
			at = slices.IndexFunc(frame.Fields, func(f *Field) bool {
				return by[0].has("field") && alone(f, frame) == name
			})
		}
		out[i] = sorted(frame, at, by[0].flag("desc", false))
	}
	return out
}

// sorted returns a copy of frame whose rows are sorted by the field at. Equal rows keep their
// order.
func sorted(frame *Frame, at int, desc bool) *Frame {
	if at < 0 || at >= len(frame.Fields) {
		return frame
	}
	field := frame.Fields[at]
	rows := make([]int, frame.Len())
	for i := range rows {
		rows[i] = i
	}
	compare := rowOrder(field)
	slices.SortStableFunc(rows, func(a, b int) int {
		if desc {
			a, b = b, a
		}
		return compare(a, b)
	})
	fields := make([]*Field, len(frame.Fields))
	for i, f := range frame.Fields {
		fields[i] = f.with(f.Values.pick(rows[:min(len(rows), f.Values.Len())]))
	}
	return frame.with(fields)
}

// rowOrder returns a function that compares two rows by a field: numbers and times by size, texts
// by their letters with empty ones last, true before false, anything else by its place.
func rowOrder(field *Field) func(a, b int) int {
	at := field.Values.At
	last := func(a, b Value) int { return compareBools(!a.truthy(), !b.truthy()) }
	switch field.Type {
	case Number:
		return func(a, b int) int { return compareNumbers(at(a), at(b)) }
	case Time:
		if _, ok := at(0).Number(); ok {
			return func(a, b int) int { return compareNumbers(at(a), at(b)) }
		}
		return func(a, b int) int {
			if x, y := at(a), at(b); !x.truthy() || !y.truthy() {
				return last(x, y)
			}
			return compareNumbers(at(a), at(b))
		}
	case String:
		return func(a, b int) int {
			x, y := at(a), at(b)
			if !x.truthy() || !y.truthy() {
				return last(x, y)
			}
			return collate(x.String(), y.String())
		}
	case Boolean:
		return func(a, b int) int { return last(at(a), at(b)) }
	}
	return cmp.Compare[int]
}

// limit keeps the first rows of each frame, or the last ones if it is below zero.
func limit(frames []*Frame, o options) []*Frame {
	n := 10.0
	if o.has("limitField") {
		v := o.value("limitField")
		if n = v.num; v.kind == text {
			n = leadingInteger(v.text)
		}
	}
	if math.IsNaN(n) {
		o.wrong("limitField", "a number")
		return frames
	}
	n = math.Trunc(min(max(n, -1e9), 1e9))
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		out[i] = frame
		if float64(frame.Len()) <= n {
			continue
		}
		fields := make([]*Field, len(frame.Fields))
		for k, f := range frame.Fields {
			end, start := int(n), 0
			if n < 0 {
				end, start = f.Values.Len(), f.Values.Len()+int(n)
				if start < 0 { // as in Grafana, which counts from the end once more
					start = max(0, end+start)
				}
			}
			fields[k] = f.with(f.Values.slice(start, end))
			fields[k].state = f.state.copied()
		}
		out[i] = frame.with(fields)
	}
	return out
}

func (s *state) copied() *state {
	if s == nil {
		return nil
	}
	c := *s
	return &c
}

// seriesToRows makes one table out of time series: the time, the series' name and the value.
func seriesToRows(frames []*Frame, _ options) []*Frame {
	if len(frames) == 0 {
		return frames
	}
	data := slices.DeleteFunc(slices.Clone(frames), func(f *Frame) bool { return f.Len() == 0 })
	if slices.ContainsFunc(data, func(f *Frame) bool { return !isTimeSeries(f) }) {
		return data
	}
	out := &Frame{RefID: refs("seriesToRows", data)}
	if len(data) == 0 {
		return []*Frame{out}
	}
	var times, names, values column
	var time, value *Field
	for _, frame := range data {
		at := 0
		for i, field := range frame.Fields { // of several time fields the last one
			if field.Type == Time {
				at = i
			} else if value == nil {
				value = named(field, "Value")
			}
		}
		if time == nil {
			time = named(frame.timeField(), "Time")
		}
		other := frame.Fields[0]
		if at == 0 {
			other = frame.Fields[1]
		}
		name := Text(frameNameAlone(frame))
		for i := range frame.Len() {
			if times.v.Len() > maxRows {
				break // bounded cuts the rest, and says so
			}
			times.push(frame.Fields[at].Values.At(i))
			names.push(name)
			values.push(typed(other.Values.At(i), value.Type))
		}
	}
	time.Values, value.Values = times.v, values.v
	metric := &Field{Name: "Metric", Type: String, Values: names.v}
	out.Fields = []*Field{time, metric, value}
	if first := data[0].Fields[0]; first.Type != Time {
		out.Fields = []*Field{value, time, metric}
	}
	return []*Frame{sorted(out, 0, true)}
}

// named returns a field like f with another name and no values.
func named(f *Field, name string) *Field {
	c := &Field{Name: name, Type: f.Type, Config: f.Config}
	c.Config.DisplayName, c.Config.DisplayNameFromDS = "", ""
	return c
}

// isTimeSeries reports whether frame has numbers and ascending times.
func isTimeSeries(frame *Frame) bool {
	if len(frame.Fields) < 2 {
		return false
	}
	number := slices.ContainsFunc(frame.Fields, func(f *Field) bool { return f.Type == Number })
	return number && slices.ContainsFunc(frame.Fields, func(f *Field) bool {
		if f.Type != Time {
			return false
		}
		const window = 100
		before := Value{}
		for i := range min(window, f.Values.Len()) {
			v := f.Values.At(i)
			if before.kind != null && (v.kind == null || !less(before, v)) {
				return false
			}
			before = v
		}
		return true
	})
}
