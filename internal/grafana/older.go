package grafana

import "maps"

// modernise converts the options and the field configuration of a gauge, a bar gauge or a stat of
// Grafana 6 to the format of Grafana 7. It returns those of other panels unchanged.
func modernise(options, fields object) (object, object) {
	old, older := options.object("fieldOptions"), options.object("valueOptions")
	if old.m == nil && older.m == nil {
		return options, fields
	}
	now := maps.Clone(options.m)
	defaults := maps.Clone(old.object("defaults").m)
	if defaults == nil {
		defaults = map[string]any{}
	}
	move := func(from object, key, to string) {
		if from.has(key) && defaults[to] == nil {
			defaults[to] = from.m[key]
		}
	}
	reduce := map[string]any{"calcs": old.m["calcs"], "values": old.m["values"]}
	if older.m != nil {
		move(older, "unit", "unit")
		move(older, "decimals", "decimals")
		move(options, "minValue", "min")
		move(options, "maxValue", "max")
		move(options, "valueMappings", "mappings")
		if stat := older.text("stat"); stat != "" {
			reduce["calcs"] = []any{reducer(stat)}
		}
	}
	move(old, "mappings", "mappings")
	move(object{m: defaults}, "title", "displayName")
	// Grafana 6.3 to 6.5 have the list in the defaults.
	if steps := oldThresholds(object{m: defaults, note: options.note}); steps != nil {
		defaults["thresholds"] = map[string]any{"mode": "absolute", "steps": steps}
	}
	for _, from := range []object{old, options} {
		if steps := oldThresholds(from); steps != nil && defaults["thresholds"] == nil {
			defaults["thresholds"] = map[string]any{"mode": "absolute", "steps": steps}
		}
	}
	now["reduceOptions"] = reduce
	delete(now, "fieldOptions")
	delete(now, "valueOptions")
	config := map[string]any{"defaults": defaults, "overrides": old.m["overrides"]}
	return object{m: now, path: options.path, note: options.note},
		object{m: config, path: old.path, note: fields.note}
}

// oldThresholds reads thresholds that are a list of steps. The first of them is the base.
func oldThresholds(o object) []any {
	if _, list := o.m["thresholds"].([]any); !list {
		return nil
	}
	var steps []any
	for i, t := range o.objects("thresholds", 50) {
		var value any
		if f, ok := t.quietNumber("value"); ok && i > 0 {
			value = f
		}
		steps = append(steps, map[string]any{"value": value, "color": t.text("color")})
	}
	return steps
}
