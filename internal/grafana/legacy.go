package grafana

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// readSinglestat reads a singlestat, the panel that stat and gauge replaced.
func readSinglestat(p *Panel, o object) {
	opts := &p.Options
	opts.Prefix, opts.Postfix = o.text("prefix"), o.text("postfix")
	opts.ColorMode, opts.GraphMode = "none", "none"
	switch {
	case o.yes("colorBackground"):
		opts.ColorMode = "background"
	case o.yes("colorValue"):
		opts.ColorMode = "value"
	}
	if o.object("sparkline").yes("show") {
		opts.GraphMode = "area"
	}
	switch name := cmp.Or(o.text("valueName"), "avg"); name {
	case "name":
		opts.TextMode, opts.Calcs = "name", []string{"lastNotNull"}
	case "last_time":
		opts.Calcs = []string{"lastNotNull"}
		o.note.add("the time of the last value is not shown: the value is")
	default:
		opts.Calcs = []string{reducer(name)}
	}
	if column := o.text("tableColumn"); column != "" {
		opts.Fields = "/^" + regexp.QuoteMeta(column) + "$/"
	}
	defaults := values{"mappings": oldMappings(o)}
	defaults.put("unit", o, "format")
	defaults.put("decimals", o, "decimals")
	defaults.put("noValue", o, "nullText")
	defaults["thresholds"] = values{
		"mode": "absolute", "steps": oldSteps(o.text("thresholds"), o.texts("colors")),
	}
	if gauge := o.object("gauge"); gauge.yes("show") {
		p.Type = "gauge"
		defaults["min"], defaults["max"] = 0, 100
		defaults.put("min", gauge, "minValue")
		defaults.put("max", gauge, "maxValue")
	}
	fields{defaults: defaults}.build(p, o.note)
}

// oldSteps reads thresholds such as "60,80" with a colour for each part.
func oldSteps(text string, colors []string) []any {
	color := func(i int) string {
		if i < len(colors) {
			return colors[i]
		}
		return []string{"green", "orange", "red"}[min(i, 2)]
	}
	steps := []any{values{"value": nil, "color": color(0)}}
	for _, part := range strings.Split(text, ",") {
		if f, ok := numberOf(part); ok {
			steps = append(steps, values{"value": f, "color": color(len(steps))})
		}
	}
	return steps
}

// oldMappings reads the texts that a singlestat shows instead of values.
func oldMappings(o object) []any {
	mappings := []any{}
	if kind := o.integer("mappingType"); kind == 2 {
		for _, m := range o.objects("rangeMaps", 100) {
			result := values{"text": m.text("text")}
			from, ok1 := m.quietNumber("from")
			to, ok2 := m.quietNumber("to")
			switch {
			case m.text("from") == "null" || m.text("to") == "null":
				mappings = append(mappings, special(result))
			case ok1 && ok2:
				mappings = append(mappings, values{
					"type": "range", "options": values{"from": from, "to": to, "result": result},
				})
			}
		}
	} else if kind == 1 || !o.has("mappingType") {
		for _, m := range o.objects("valueMaps", 100) {
			result := values{"text": m.text("text")}
			if value := m.text("value"); value == "null" {
				mappings = append(mappings, special(result))
			} else {
				mappings = append(mappings, values{
					"type": "value", "options": values{value: result},
				})
			}
		}
	}
	return mappings
}

func special(result values) values {
	return values{"type": "special", "options": values{"match": "null", "result": result}}
}

// quietNumber returns a number. It writes no note if the field is not a number.
func (o object) quietNumber(key string) (float64, bool) { return numberOf(o.m[key]) }

// readOldPie reads a panel of the plugin that piechart replaced.
func readOldPie(p *Panel, o object) {
	p.Options.PieType = o.text("pieType")
	p.Options.Calcs = []string{reducer(cmp.Or(o.text("valueName"), "current"))}
	legend := o.object("legend")
	p.Options.Legend = graphLegend(legend)
	for _, label := range []string{"percentage", "values"} {
		if legend.yes(label) {
			p.Options.PieLabels = append(p.Options.PieLabels,
				strings.TrimSuffix(strings.TrimSuffix(label, "age"), "s"))
		}
	}
	defaults := values{}
	defaults.put("unit", o, "format")
	defaults.put("decimals", o, "decimals")
	fields{defaults: defaults}.build(p, o.note)
}

// readOldHeatmap reads a heatmap as Grafana 8 and older had it.
func readOldHeatmap(p *Panel, o object) {
	y := o.object("yAxis")
	p.Options.Heatmap = HeatmapOptions{
		Calculate: o.text("dataFormat") != "tsbuckets",
		Unit:      y.text("format"),
		Decimals:  y.decimals(),
		Min:       y.bound("min"),
		Max:       y.bound("max"),
		Reverse:   o.yes("reverseYBuckets"),
	}
	p.Options.Heatmap.readColor(o.object("color"), "colorScheme", "cardColor", "colorScale")
	p.Options.Legend.Hidden = !o.object("legend").yes("show")
}

// readOldTable reads a table whose columns have styles, as Grafana 6 and older had it.
func readOldTable(p *Panel, o object) {
	var f fields
	for _, s := range o.objects("styles", maxOverrides) {
		if pattern := s.text("pattern"); pattern != "" {
			f.override(pattern, columnStyle(s)...)
		}
	}
	// of styles the first match counts, of overrides the last one
	slices.Reverse(f.overrides)
	f.build(p, o.note)
	p.Options.HideHeader = o.has("showHeader") && !o.yes("showHeader")
	switch o.text("transform") {
	case "timeseries_to_columns":
		p.Transforms = append(p.Transforms,
			frame.Transformation{ID: "seriesToColumns", Options: values{"byField": "Time"}.raw()})
	case "timeseries_aggregations":
		var reducers []any
		for _, c := range o.objects("columns", 20) {
			reducers = append(reducers, reducer(c.text("value")))
		}
		if len(reducers) == 0 {
			reducers = []any{"mean"}
		}
		p.Transforms = append(p.Transforms,
			frame.Transformation{ID: "reduce", Options: values{"reducers": reducers}.raw()})
	case "table":
		if len(p.Targets) > 1 {
			p.Transforms = append(p.Transforms, frame.Transformation{
				ID: "merge", Options: values{}.raw(),
			})
		}
	case "timeseries_to_rows":
		p.Transforms = append(p.Transforms, frame.Transformation{
			ID: "seriesToRows", Options: values{}.raw(),
		})
	}
}

// columnStyle has the settings of a legacy table for a column.
func columnStyle(s object) []any {
	var all []any
	put := func(id string, v any) { all = append(all, property(id, v)) }
	if alias := s.text("alias"); alias != "" {
		put("displayName", alias)
	}
	switch s.text("type") {
	case "hidden":
		put("custom.hidden", true)
	case "date":
		if format := s.text("dateFormat"); format != "" {
			put("unit", "time: "+format)
		} else {
			put("unit", "dateTimeAsIso")
		}
	case "number":
		put("unit", cmp.Or(s.text("unit"), "short"))
		if decimals := s.decimals(); decimals != nil {
			put("decimals", *decimals)
		}
	}
	if mode := s.text("colorMode"); mode != "" && s.has("thresholds") {
		texts := s.texts("thresholds")
		steps := oldSteps(strings.Join(texts, ","), s.texts("colors"))
		put("thresholds", map[string]any{"mode": "absolute", "steps": steps})
		cell := map[string]string{"value": "color-text"}[mode]
		put("custom.cellOptions", map[string]any{"type": cmp.Or(cell, "color-background")})
	}
	if s.yes("link") {
		link := map[string]any{"title": s.text("linkTooltip"), "url": s.text("linkUrl")}
		put("links", []any{link})
	}
	if align := s.text("align"); align != "" && align != strconv.Itoa(0) {
		put("custom.align", align)
	}
	return all
}
