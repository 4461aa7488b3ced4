package grafana

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Style is how one series of a graph is drawn. The zero Style is not the default: see NewStyle.
type Style struct {
	Draw          string  // line, bars or points
	Interpolation string  // linear, smooth, stepBefore or stepAfter
	LineWidth     float64 // 0: no line
	FillOpacity   float64 // percent
	Gradient      string  // none, opacity, hue or scheme
	Dash          string  // solid, dash or dot
	ShowPoints    string  // auto, always or never
	PointSize     float64
	Stack         string // none, normal or percent
	StackGroup    string
	Negative      bool   // drawn below zero: transform negative-Y
	Constant      bool   // transform constant
	SpanNulls     bool   // holes are bridged
	SpanMillis    int    // only holes shorter than this are
	Axis          string // auto, left, right or hidden
	AxisLabel     string
	SoftMin       *float64
	SoftMax       *float64
	LogBase       int // 2 or 10; 0: linear
	CenteredZero  bool
	Thresholds    string // off, line, dashed, area, line+area or dashed+area
	HideInGraph   bool
	HideInLegend  bool
	FillBelowTo   string // the series that the area below this one ends at
}

// NewStyle returns the style of a series that the dashboard says nothing about.
func NewStyle() Style {
	return Style{
		Draw: "line", Interpolation: "linear", LineWidth: 1, Gradient: "none", Dash: "solid",
		ShowPoints: "auto", PointSize: 5, Stack: "none", StackGroup: "A", Axis: "auto",
		Thresholds: "off",
	}
}

// Apply changes s by one property of an override, such as custom.drawStyle. It reports whether the
// property is one of a style, and of a value that it knows.
func (s *Style) Apply(property string, value json.RawMessage) bool {
	v, err := parse(value)
	if err != nil {
		return false
	}
	return s.apply(property, v)
}

func (s *Style) apply(property string, v any) bool {
	key, ok := strings.CutPrefix(property, "custom.")
	if !ok {
		return false
	}
	bad := &notes{}
	o := object{m: map[string]any{key: v}, note: bad}
	if !s.applyShape(key, o) && !s.applyAxis(key, o) {
		return false
	}
	return len(bad.list) == 0
}

// applyShape sets how a series itself looks.
func (s *Style) applyShape(key string, o object) bool {
	switch key {
	case "drawStyle":
		s.Draw = pick(o, key, s.Draw, "line", "bars", "points")
	case "lineInterpolation":
		s.Interpolation = pick(o, key, s.Interpolation, "linear", "smooth", "stepBefore",
			"stepAfter")
	case "lineWidth":
		set(o, key, 0, 20, &s.LineWidth)
	case "fillOpacity":
		set(o, key, 0, 100, &s.FillOpacity)
	case "gradientMode":
		s.Gradient = pick(o, key, s.Gradient, "none", "opacity", "hue", "scheme")
	case "lineStyle":
		s.Dash = pick(o.object(key), "fill", s.Dash, "solid", "dash", "dot", "square")
	case "showPoints":
		s.ShowPoints = pick(o, key, s.ShowPoints, "auto", "always", "never")
	case "pointSize":
		set(o, key, 0, 40, &s.PointSize)
	case "stacking":
		stacking := o.object(key)
		s.Stack = pick(stacking, "mode", s.Stack, "none", "normal", "percent")
		if stacking.has("group") {
			s.StackGroup = stacking.text("group")
		}
	case "transform":
		transform := pick(o, key, "", "negative-Y", "constant")
		s.Negative, s.Constant = transform == "negative-Y", transform == "constant"
	case "spanNulls":
		if millis, ok := o.m[key].(json.Number); ok {
			f, _ := numberOf(millis)
			s.SpanNulls, s.SpanMillis = f > 0, int(min(max(f, 0), 1e12))
		} else {
			s.SpanNulls, s.SpanMillis = o.yes(key), 0
		}
	case "fillBelowTo":
		s.FillBelowTo = o.text(key)
	case "hideFrom":
		hide := o.object(key)
		s.HideInGraph = hide.yes("viz") || hide.yes("graph")
		s.HideInLegend = hide.yes("legend")
	default:
		return false
	}
	return true
}

// applyAxis sets the axis of a series.
func (s *Style) applyAxis(key string, o object) bool {
	switch key {
	case "axisPlacement":
		s.Axis = pick(o, key, s.Axis, "auto", "left", "right", "hidden")
	case "axisLabel":
		s.AxisLabel = o.text(key)
	case "axisSoftMin":
		s.SoftMin = o.bound(key)
	case "axisSoftMax":
		s.SoftMax = o.bound(key)
	case "axisCenteredZero":
		s.CenteredZero = o.yes(key)
	case "scaleDistribution":
		scale := o.object(key)
		s.LogBase = 0
		if t := scale.text("type"); t == "log" || t == "symlog" {
			s.LogBase = 10
			if scale.integer("log") == 2 {
				s.LogBase = 2
			}
		}
	case "thresholdsStyle":
		s.Thresholds = pick(o.object(key), "mode", s.Thresholds,
			"off", "line", "dashed", "area", "line+area", "dashed+area", "series")
	default:
		return false
	}
	return true
}

// pick returns a text that is one of some, else what it was.
func pick(o object, key, was string, of ...string) string {
	s := o.text(key)
	if slices.Contains(of, s) {
		return s
	}
	if s != "" {
		o.odd(key, "known")
	}
	return was
}

// set stores a number within bounds.
func set(o object, key string, low, high float64, into *float64) {
	if f, ok := o.number(key); ok {
		*into = min(max(f, low), high)
	}
}

// readStyle reads the style that a panel's defaults give.
func readStyle(defaults object) Style {
	s := NewStyle()
	custom := defaults.object("custom")
	for _, key := range slices.Sorted(maps.Keys(custom.m)) {
		if !custom.has(key) {
			continue
		}
		odd := &notes{}
		o := object{m: custom.m, note: odd}
		if (s.applyShape(key, o) || s.applyAxis(key, o)) && len(odd.list) > 0 {
			custom.odd(key, "known")
		}
	}
	return s
}
