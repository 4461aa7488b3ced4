package grafana

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// values is a JSON object under construction.
type values map[string]any

func (v values) raw() json.RawMessage { return encode(map[string]any(v)) }

// put stores a field of a legacy panel under its new name if the panel has it.
func (v values) put(name string, o object, key string) {
	if o.has(key) {
		v[name] = o.m[key]
	}
}

// readGraph reads a graph, the panel that timeseries replaced. It becomes what Grafana would
// migrate it to: defaults, and overrides for the settings of single series.
func readGraph(p *Panel, o object) {
	axes := graphAxes(o)
	config := o.object("fieldConfig") // Grafana 7 had both
	f := fields{overrides: config.list("overrides")}
	defaults := values{"color": values{"mode": "palette-classic"}}
	for key, v := range config.object("defaults").m {
		if v != nil {
			defaults[key] = v
		}
	}
	defaults["custom"] = graphCustom(o, axes[0])
	axes[0].into(func(id string, v any) {
		if key, ok := strings.CutPrefix(id, "custom."); ok {
			defaults["custom"].(values)[key] = v
		} else {
			defaults[id] = v
		}
	})
	defaults.put("decimals", o, "decimals")
	if steps, mode := graphThresholds(o); steps != nil {
		defaults["thresholds"] = values{"mode": "absolute", "steps": steps}
		defaults["custom"].(values)["thresholdsStyle"] = values{"mode": mode}
	}
	p.Options.Legend = graphLegend(o.object("legend"))
	p.Options.NullAsZero = o.text("nullPointMode") == "null as zero"
	aliases := o.object("aliasColors")
	for _, alias := range slices.Sorted(maps.Keys(aliases.m)) {
		f.override(alias, property("color", fixedColor(aliases.text(alias))))
	}
	for _, s := range o.objects("seriesOverrides", maxOverrides) {
		if alias := s.text("alias"); alias != "" {
			f.override(alias, seriesOverride(s, axes[1])...)
		}
	}
	f.defaults = defaults
	f.build(p, o.note)
	p.Alert = readAlert(o)
	x := o.object("xaxis")
	switch x.text("mode") {
	case "series":
		p.Type = "bargauge"
		p.Options.Calcs = nil
		for _, name := range x.texts("values") {
			p.Options.Calcs = append(p.Options.Calcs, reducer(name))
		}
	case "histogram":
		p.Type = "histogram"
		p.Options.Histogram.BucketCount = x.integer("buckets")
	}
}

func fixedColor(color string) values {
	return values{"mode": "fixed", "fixedColor": color}
}

// axis is one of the two y axes of a graph.
type axis struct {
	unit, label string
	min, max    *float64
	log         int
	decimals    *int
	hidden      bool
}

// graphAxes reads the left and the right axis.
func graphAxes(o object) [2]axis {
	var both [2]axis
	for i, y := range o.objects("yaxes", 2) {
		both[i] = axis{
			unit: y.text("format"), label: y.text("label"), min: y.bound("min"),
			max: y.bound("max"),
			log: y.integer("logBase"), decimals: y.decimals(),
			hidden: y.has("show") && !y.yes("show"),
		}
	}
	if formats := o.texts("y_formats"); !o.has("yaxes") { // before Grafana 4
		for i, format := range formats[:min(len(formats), 2)] {
			both[i].unit = format
		}
		both[0].label, both[1].label = o.text("leftYAxisLabel"), o.text("rightYAxisLabel")
		grid := o.object("grid")
		both[0].min, both[0].max = grid.bound("leftMin"), grid.bound("leftMax")
		both[1].min, both[1].max = grid.bound("rightMin"), grid.bound("rightMax")
	}
	return both
}

// into stores the settings of an axis under the names of properties.
func (a axis) into(put func(id string, v any)) {
	if a.unit != "" {
		put("unit", a.unit)
	}
	if a.label != "" {
		put("custom.axisLabel", a.label)
	}
	if a.min != nil {
		put("min", *a.min)
	}
	if a.max != nil {
		put("max", *a.max)
	}
	if a.decimals != nil {
		put("decimals", *a.decimals)
	}
	if a.log > 1 {
		put("custom.scaleDistribution", values{"type": "log", "log": a.log})
	}
}

// graphCustom returns the settings that all series of a graph share.
func graphCustom(o object, left axis) values {
	lines := !o.has("lines") || o.yes("lines")
	custom := values{"drawStyle": "line", "showPoints": "never", "lineWidth": 1, "fillOpacity": 10}
	switch {
	case o.yes("bars"):
		custom["drawStyle"], custom["fillOpacity"] = "bars", 100
	case o.yes("points") && !lines:
		custom["drawStyle"] = "points"
	case !lines:
		custom["lineWidth"] = 0
	}
	if o.yes("points") {
		custom["showPoints"] = "always"
		custom.put("pointSize", o, "pointradius")
	}
	if lines {
		custom.put("lineWidth", o, "linewidth")
	}
	if fill, ok := o.number("fill"); ok && !o.yes("bars") {
		custom["fillOpacity"] = fill * 10
	}
	if o.yes("steppedLine") {
		custom["lineInterpolation"] = "stepAfter"
	}
	if o.yes("dashes") {
		custom["lineStyle"] = values{"fill": "dash"}
	}
	if o.text("nullPointMode") == "connected" {
		custom["spanNulls"] = true
	}
	if o.yes("stack") {
		mode := "normal"
		if o.yes("percentage") {
			mode = "percent"
		}
		custom["stacking"] = values{"mode": mode, "group": "A"}
	}
	if left.hidden {
		custom["axisPlacement"] = "hidden"
	}
	return custom
}

// seriesOverride has the settings of a graph for some series.
func seriesOverride(o object, right axis) []any {
	var all []any
	put := func(id string, v any) { all = append(all, property(id, v)) }
	if o.integer("yaxis") == 2 {
		put("custom.axisPlacement", "right")
		right.into(put)
	}
	if fill, ok := o.number("fill"); ok {
		put("custom.fillOpacity", fill*10)
	}
	if width, ok := o.number("linewidth"); ok {
		put("custom.lineWidth", width)
	}
	if o.has("lines") && !o.yes("lines") {
		put("custom.lineWidth", 0)
	}
	switch {
	case o.yes("bars"):
		put("custom.drawStyle", "bars")
	case o.yes("points") && o.has("lines") && !o.yes("lines"):
		put("custom.drawStyle", "points")
	case o.yes("lines"), o.has("bars"):
		put("custom.drawStyle", "line")
	}
	if o.yes("points") {
		put("custom.showPoints", "always")
	}
	if o.has("stack") {
		switch group := o.m["stack"].(type) {
		case string:
			put("custom.stacking", values{"mode": "normal", "group": group})
		case bool:
			put("custom.stacking", values{
				"mode": map[bool]string{true: "normal", false: "none"}[group],
			})
		}
	}
	if o.yes("steppedLine") {
		put("custom.lineInterpolation", "stepAfter")
	}
	if o.yes("dashes") {
		put("custom.lineStyle", values{"fill": "dash"})
	}
	if transform := o.text("transform"); transform != "" {
		put("custom.transform", transform)
	}
	if mode := o.text("nullPointMode"); mode != "" {
		put("custom.spanNulls", mode == "connected")
	}
	if below := o.text("fillBelowTo"); below != "" {
		put("custom.fillBelowTo", below)
	}
	if color := o.text("color"); color != "" {
		put("color", fixedColor(color))
	}
	if o.has("legend") && !o.yes("legend") || o.yes("hiddenSeries") {
		put("custom.hideFrom", values{"legend": true, "viz": o.yes("hiddenSeries")})
	}
	return all
}

// thresholdColors are the colours that a graph has names for.
var thresholdColors = map[string]string{"critical": "red", "warning": "orange", "ok": "green"}

// graphThresholds turns the thresholds of a graph, each of which is below or above a value, into
// steps. It also returns how they are drawn.
func graphThresholds(o object) (steps []any, mode string) {
	all := o.objects("thresholds", 50)
	all = slices.DeleteFunc(all, func(t object) bool { _, ok := t.number("value"); return !ok })
	if len(all) == 0 {
		return nil, ""
	}
	at := func(t object) float64 { f, _ := t.number("value"); return f }
	slices.SortStableFunc(all, func(a, b object) int { return cmp.Compare(at(a), at(b)) })
	var open any // where the last step of a threshold below a value ends
	opened := true
	areas, lines := false, false
	step := func(value any, color string) {
		steps = append(steps, values{"value": value, "color": color})
	}
	for _, t := range all {
		areas, lines = areas || t.yes("fill"), lines || t.yes("line")
		color := cmp.Or(thresholdColors[t.text("colorMode")], t.text("fillColor"),
			t.text("lineColor"), "red")
		if t.text("op") == "lt" {
			step(open, color)
			open, opened = at(t), true
			continue
		}
		if opened {
			step(open, "transparent")
			opened = false
		}
		step(at(t), color)
	}
	if opened {
		step(open, "transparent")
	}
	switch {
	case areas && lines:
		mode = "line+area"
	case lines:
		mode = "line"
	default:
		mode = "area"
	}
	return steps, mode
}

func graphLegend(o object) Legend {
	l := Legend{
		Hidden: o.has("show") && !o.yes("show"), Table: o.yes("alignAsTable"),
		Right:    o.yes("rightSide"),
		SortDesc: o.yes("sortDesc"), HideEmpty: o.yes("hideEmpty"), HideZero: o.yes("hideZero"),
	}
	if o.yes("values") {
		for _, name := range []string{"min", "max", "avg", "current", "total"} {
			if o.yes(name) {
				l.Calcs = append(l.Calcs, reducer(name))
			}
		}
	}
	if sort := o.text("sort"); sort != "" {
		l.SortBy = reducer(sort)
	}
	return l
}

// reducer returns the modern name of a legacy reducer.
func reducer(name string) string {
	switch name {
	case "avg":
		return "mean"
	case "current":
		return "lastNotNull"
	case "total":
		return "sum"
	}
	return name
}

// readAlert reads the alert of a graph. It returns nil if there is none.
func readAlert(o object) *Alert {
	a := o.object("alert")
	if len(a.m) == 0 {
		return nil
	}
	alert := &Alert{
		Name: a.text("name"), Message: a.text("message"), For: a.text("for"),
		NoData: a.text("noDataState"),
	}
	for _, c := range a.objects("conditions", 20) {
		params := c.object("query").texts("params")
		params = append(params, "", "", "")
		evaluator := c.object("evaluator")
		condition := AlertCondition{
			RefID: params[0], From: params[1], To: params[2],
			Reducer:  c.object("reducer").text("type"),
			Type:     evaluator.text("type"),
			Operator: c.object("operator").text("type"),
		}
		for _, v := range evaluator.list("params") {
			if f, ok := numberOf(v); ok {
				condition.Params = append(condition.Params, f)
			}
		}
		alert.Conditions = append(alert.Conditions, condition)
	}
	return alert
}
