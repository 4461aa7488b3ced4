package grafana

import (
	"encoding/json"
	"maps"
)

// modernise returns the options and the field configuration of a gauge, a bar gauge or a stat of
// Grafana 6 as panels have them since Grafana 7. Other panels' are returned as they are.
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

// modernMappings returns value mappings as they are since Grafana 8. Before, their type was 1 for
// one value and 2 for a range.
func modernMappings(list []any) []any {
	all := make([]any, 0, len(list))
	for _, v := range list {
		m, ok := v.(map[string]any)
		o := object{m: m}
		kind, old := o.quietNumber("type")
		if !ok || !old {
			all = append(all, v)
			continue
		}
		result := map[string]any{"text": o.text("text")}
		from, ok1 := o.quietNumber("from")
		to, ok2 := o.quietNumber("to")
		value := o.text("value")
		switch {
		case kind == 2 && ok1 && ok2:
			all = append(all, map[string]any{
				"type": "range", "options": map[string]any{
					"from": from, "to": to, "result": result,
				},
			})
		case kind == 2 || value == "null" || value == "":
			all = append(all, map[string]any{
				"type": "special", "options": map[string]any{"match": "null", "result": result},
			})
		default:
			all = append(all, map[string]any{
				"type": "value", "options": map[string]any{value: result},
			})
		}
	}
	return all
}

// configOf returns the defaults of a field configuration with its mappings as they are now.
func configOf(defaults object) map[string]any {
	if list, ok := defaults.m["mappings"].([]any); ok && len(list) > 0 {
		m := maps.Clone(defaults.m)
		m["mappings"] = modernMappings(list)
		return m
	}
	return defaults.m
}

// valueOf returns the value of an override's property likewise.
func valueOf(id string, property object) json.RawMessage {
	if list, ok := property.m["value"].([]any); ok && id == "mappings" {
		return encode(modernMappings(list))
	}
	return property.raw("value")
}
