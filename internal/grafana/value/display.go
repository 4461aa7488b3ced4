package value

import (
	"image/color"
	"math"
	"time"
)

// Kind is the type of a field's values.
type Kind uint8

// The kinds.
const (
	Number Kind = iota
	Time        // milliseconds since 1970
	Text
	Bool
)

// Field has the settings for showing the values of a field.
type Field struct {
	Kind       Kind
	Unit       string
	Decimals   *int
	NoValue    string // shown instead of an empty text
	Mappings   Mappings
	Thresholds Thresholds
	Scheme     Scheme
	Min, Max   float64 // the range of a colour scale and of thresholds in percent
	Series     Series
}

// Display is a value as it is shown.
type Display struct {
	Formatted
	Number  float64 // NaN if it is not a number
	Percent float64 // its place between the minimum and the maximum, from 0 to 1
	Color   color.NRGBA
	Icon    string // of a mapping
}

// Displayer shows the values of one field. Several goroutines can use it.
type Displayer struct {
	field     Field
	theme     Theme
	formatter Formatter
}

// NewDisplayer returns a Displayer for a field in a theme. It prints dates as New describes.
func NewDisplayer(f Field, theme Theme, now time.Time) *Displayer {
	unit := f.Unit
	switch {
	case f.Kind == Time && !IsDate(unit):
		unit = "dateTimeAsSystem"
	case f.Kind == Bool && !IsBool(unit):
		unit = "bool"
	case f.Kind == Text && unit == "":
		unit = "string"
	case unit == "":
		unit = "none"
	}
	return &Displayer{field: f, theme: theme, formatter: New(unit, now)}
}

// Display returns a value as it is shown.
func (d *Displayer) Display(c Cell) Display {
	out := Display{Number: math.NaN()}
	_, isText := c.Text()
	// Grafana also parses dates in texts of any form. Here such texts stay as they are.
	if d.formatter.unit != "string" && (!isText || !IsDate(d.formatter.unit)) {
		out.Number = cellNumber(c)
	}
	mapped, _ := d.field.Mappings.Find(c)
	out.Icon = mapped.Icon
	_, boolean := c.Bool()
	switch {
	case mapped.Set:
		out.Text = mapped.Text
	case !math.IsNaN(out.Number) && !boolean:
		out.Formatted = d.formatter.Format(out.Number, d.field.Decimals)
	default:
		out.Text = d.plain(c)
	}
	at := out.Number
	if math.IsNaN(at) {
		at = math.Inf(-1)
	}
	colour, percent := d.Color(at)
	out.Percent = percent
	if mapped.Color != "" {
		out.Percent = 0 // a mapping's colour is no place on the scale
		colour, _ = d.theme.Color(mapped.Color)
	}
	out.Color = colour
	return out
}

// plain returns a value that is printed without a unit.
func (d *Displayer) plain(c Cell) string {
	text := cellText(c)
	if f, ok := c.Number(); ok && f == 0 && math.Signbit(f) {
		text = "-0"
	}
	if text == "" {
		return d.field.NoValue
	}
	return text
}

// Color returns the colour of a number, and its place between the minimum and the maximum. If the
// colour depends on the value, one value colours the whole series: see Scheme.SeriesBy.
func (d *Displayer) Color(v float64) (c color.NRGBA, percent float64) {
	f := d.field
	if f.Kind == Bool {
		return d.boolean(v)
	}
	if !math.IsInf(v, -1) {
		if percent = (v - f.Min) / (f.Max - f.Min); math.IsNaN(percent) {
			percent = 0
		}
	}
	return f.Scheme.Color(d.theme, f.Series, percent, f.Thresholds.Active(v, percent)), percent
}

// boolean is green or red, or the ends of a scale.
func (d *Displayer) boolean(v float64) (c color.NRGBA, percent float64) {
	name := "red"
	if v != 0 {
		name, percent = "green", 1
	}
	if d.field.Scheme.continuous() {
		return d.field.Scheme.Color(d.theme, d.field.Series, percent, Step{}), percent
	}
	c, _ = d.theme.Color(name)
	return c, percent
}
