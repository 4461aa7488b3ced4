// Package frame computes with data frames as Grafana does: it builds them from Prometheus' answers,
// transforms them, reduces them and names their fields. It is pure: no I/O and no clock.
//
// It follows Grafana's rules to the last digit, even if they look odd, because people compare a
// panel with the one in their browser. Package frametest compares this package with npm's
// @grafana/data and lists the deliberate differences. TimeSeries, Table, Heatmap and
// prepareTimeSeries are not in @grafana/data: they follow the known behaviour of Grafana.
//
// Only one goroutine may use a set of frames, because looking up a display name stores it.
package frame

import "github.com/promsnap/promsnap/internal/series"

// Type is the type of a field's values.
type Type string

// The types of fields. A time is a number of milliseconds since 1970.
const (
	Time    Type = "time"
	Number  Type = "number"
	String  Type = "string"
	Boolean Type = "boolean"
	Other   Type = "other"
)

// Frame is a table: columns of equal length. One time series is a frame of two fields.
type Frame struct {
	Name   string
	RefID  string // the query that it answers
	Fields []*Field
}

// Field is a column of a frame.
type Field struct {
	Name   string
	Type   Type
	Labels series.Labels // nil differs from empty: a time field with labels is named after them
	Config Config
	Values Values // shared between frames: do not change it in place

	state *state
}

// state is what Grafana remembers about a field. Copies of a field share it, so that a
// transformation finds a field by the name that an earlier one looked up.
type state struct {
	name    string // the display name
	several bool   // it was looked up among several frames
}

// Len returns the number of rows of f, which is that of its longest field.
func (f *Frame) Len() int {
	n := 0
	for _, field := range f.Fields {
		n = max(n, field.Values.Len())
	}
	return n
}

// with returns a copy of f that has other fields.
func (f *Frame) with(fields []*Field) *Frame {
	c := *f
	c.Fields = fields
	return &c
}

// pick returns a copy of f with the given rows, in that order.
func (f *Frame) pick(rows []int) *Frame {
	fields := make([]*Field, len(f.Fields))
	for i, field := range f.Fields {
		fields[i] = field.with(field.Values.pick(rows))
	}
	return f.with(fields)
}

// timeField returns the first field of times, or nil if there is none.
func (f *Frame) timeField() *Field {
	for _, field := range f.Fields {
		if field.Type == Time {
			return field
		}
	}
	return nil
}

// with returns a copy of f that has other values. The copy shares the state.
func (f *Field) with(v Values) *Field {
	c := *f
	c.Values = v
	return &c
}

// renamed returns a copy of f whose display name is name.
func (f *Field) renamed(name string) *Field {
	c := *f
	c.Config.DisplayName = name
	c.state = &state{name: name}
	if f.state != nil {
		c.state.several = f.state.several
	}
	return &c
}
