package grafana

import (
	"maps"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// Style is how one series of a graph is drawn.
type Style struct {
	Draw          string  // line, bars or points
	Interpolation string  // linear, smooth, stepBefore or stepAfter
	LineWidth     float64 // 0: no line
	FillOpacity   float64 // percent
	Gradient      string  // none, opacity, hue or scheme
	Dash          string  // solid, dash, dot or square
	ShowPoints    string  // auto, always or never
	PointSize     float64
	Stack         string // none, normal or percent
	StackGroup    string
	Negative      bool   // drawn below zero: transform negative-Y
	Constant      bool   // the first value is drawn over the whole range: transform constant
	SpanNulls     bool   // holes are bridged
	SpanMillis    int    // only holes shorter than this are bridged; 0: all
	Axis          string // auto, left, right or hidden
	AxisLabel     string
	SoftMin       *float64
	SoftMax       *float64
	LogBase       int // 2 or 10; 0: linear
	CenteredZero  bool
	Thresholds    string // off, line, dashed, area, line+area, dashed+area or series
	HideInGraph   bool
	HideInLegend  bool
	FillBelowTo   string // the series at which the area below this one ends
}

// StyleOf returns the style from a field configuration: a panel's defaults, or a field's after its
// overrides are applied. A setting that it does not understand is noted and counts as not set.
func StyleOf(c frame.Config) (Style, []string) {
	s := Style{
		Draw: "line", Interpolation: "linear", LineWidth: 1, Gradient: "none", Dash: "solid",
		ShowPoints: "auto", PointSize: 5, Stack: "none", StackGroup: "A", Axis: "auto",
		Thresholds: "off",
	}
	n := &notes{}
	o := object{m: map[string]any{}, path: "custom", note: n}
	for _, key := range slices.Sorted(maps.Keys(c.Custom)) {
		if v, err := parseShort(c.Custom[key]); err == nil {
			o.m[key] = v
		}
	}
	s.readShape(o)
	s.readAxis(o)
	return s, n.list
}

// readShape reads the look of the series itself.
func (s *Style) readShape(o object) {
	pick(o, "drawStyle", &s.Draw, "line", "bars", "points")
	pick(o, "lineInterpolation", &s.Interpolation, "linear", "smooth", "stepBefore", "stepAfter")
	set(o, "lineWidth", 20, &s.LineWidth)
	set(o, "fillOpacity", 100, &s.FillOpacity)
	pick(o, "gradientMode", &s.Gradient, "none", "opacity", "hue", "scheme")
	pick(o, "lineStyle.fill", &s.Dash, "solid", "dash", "dot", "square")
	pick(o, "showPoints", &s.ShowPoints, "auto", "always", "never")
	set(o, "pointSize", 40, &s.PointSize)
	pick(o, "stacking.mode", &s.Stack, "none", "normal", "percent")
	if o.has("stacking.group") {
		s.StackGroup = o.text("stacking.group")
	}
	transform := ""
	pick(o, "transform", &transform, "negative-Y", "constant")
	s.Negative, s.Constant = transform == "negative-Y", transform == "constant"
	if millis, ok := numberOf(o.m["spanNulls"]); ok {
		s.SpanNulls, s.SpanMillis = millis > 0, int(min(max(millis, 0), 1e12))
	} else {
		s.SpanNulls = o.yes("spanNulls")
	}
	s.FillBelowTo = o.text("fillBelowTo")
	s.HideInGraph = o.yes("hideFrom.viz") || o.yes("hideFrom.graph")
	s.HideInLegend = o.yes("hideFrom.legend")
}

// readAxis reads the axis of a series.
func (s *Style) readAxis(o object) {
	pick(o, "axisPlacement", &s.Axis, "auto", "left", "right", "hidden")
	s.AxisLabel = o.text("axisLabel")
	s.SoftMin, s.SoftMax = o.bound("axisSoftMin"), o.bound("axisSoftMax")
	s.CenteredZero = o.yes("axisCenteredZero")
	if t := o.text("scaleDistribution.type"); t == "log" || t == "symlog" {
		s.LogBase = 10
		if o.integer("scaleDistribution.log") == 2 {
			s.LogBase = 2
		}
	}
	pick(o, "thresholdsStyle.mode", &s.Thresholds,
		"off", "line", "dashed", "area", "line+area", "dashed+area", "series")
}

// pick stores a text if it is one of the allowed ones.
func pick(o object, key string, into *string, of ...string) {
	s := o.text(key)
	switch {
	case slices.Contains(of, s):
		*into = s
	case s != "":
		o.odd(key, "known")
	}
}

// set stores a number between 0 and most.
func set(o object, key string, most float64, into *float64) {
	if f, ok := o.number(key); ok {
		*into = min(max(f, 0), most)
	}
}
