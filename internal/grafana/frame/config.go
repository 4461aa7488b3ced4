package frame

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
)

// Config says how a field is shown. An option that is not set is empty or nil.
type Config struct {
	Unit              string
	Decimals          *float64
	DisplayName       string
	DisplayNameFromDS string // the name from the query's legend; DisplayName overrides it
	Min, Max          *float64
	MinMaxByField     bool // the range is that of this field, not that of all fields
	NoValue           string
	NullValueMode     string

	// The rest is as in the dashboard.
	Mappings, Thresholds, Color, Links json.RawMessage
	Custom                             map[string]json.RawMessage // by path: "hideFrom.legend"
}

// FieldConfig says how a panel shows its fields: the defaults, and overrides for some fields.
type FieldConfig struct {
	Defaults  Config
	Overrides []Override
}

// Override sets properties of the fields that its matcher finds.
type Override struct {
	Matcher    Matcher
	Properties []Property
}

// Property is one property of an override, such as "unit" or "custom.lineWidth".
type Property struct {
	ID    string
	Value json.RawMessage
}

const maxOverrides = 500

// DecodeFieldConfig reads the fieldConfig of a panel. It leaves out and notes what it does not
// understand. It never fails.
func DecodeFieldConfig(raw json.RawMessage) (FieldConfig, []string) {
	n := new(notes)
	parts := members("fieldConfig", raw, n)
	fc := FieldConfig{Defaults: decodeConfig(parts["defaults"], n)}
	overrides := elements("fieldConfig.overrides", parts["overrides"], n)
	if len(overrides) > maxOverrides {
		n.add("%d overrides are left out: %d are the most",
			len(overrides)-maxOverrides, maxOverrides)
		overrides = overrides[:maxOverrides]
	}
	for _, raw := range overrides {
		override := members("override", raw, n)
		o := Override{Matcher: decodeMatcher(override["matcher"], n)}
		for _, raw := range elements("override.properties", override["properties"], n) {
			property := members("override.property", raw, n)
			p := Property{Value: property["value"]}
			if err := json.Unmarshal(property["id"], &p.ID); err != nil {
				n.add("a property of an override has no id")
				continue
			}
			o.Properties = append(o.Properties, p)
		}
		fc.Overrides = append(fc.Overrides, o)
	}
	return fc, n.list
}

// members returns the members of a JSON object. Any other value has none.
func members(of string, raw json.RawMessage, n *notes) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &m) != nil {
		n.add("%s is no object", of)
	}
	return m
}

// elements returns the elements of a JSON list. Any other value has none.
func elements(of string, raw json.RawMessage, n *notes) []json.RawMessage {
	var list []json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &list) != nil {
		n.add("%s is no list", of)
	}
	return list
}

func decodeConfig(raw json.RawMessage, n *notes) Config {
	var c Config
	parts := members("fieldConfig.defaults", raw, n)
	for _, id := range slices.Sorted(maps.Keys(parts)) {
		if id == "custom" {
			c.setCustom("", parts[id])
			continue
		}
		c.set(id, parts[id], n)
	}
	return c
}

// setCustom stores the leaves of an object, each under its path.
func (c *Config) setCustom(path string, raw json.RawMessage) {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) == nil && m != nil {
		for key, value := range m {
			c.setCustom(strings.TrimPrefix(path+"."+key, "."), value)
		}
		return
	}
	if path != "" && string(raw) != "null" {
		if c.Custom == nil {
			c.Custom = make(map[string]json.RawMessage)
		}
		c.Custom[path] = raw
	}
}

// set sets the property id; null unsets it. It reports false if there is no such property.
func (c *Config) set(id string, raw json.RawMessage, n *notes) bool {
	gone := len(raw) == 0 || string(raw) == "null"
	if path, ok := strings.CutPrefix(id, "custom."); ok {
		c.Custom = maps.Clone(c.Custom)
		maps.DeleteFunc(c.Custom, func(key string, _ json.RawMessage) bool {
			return key == path || strings.HasPrefix(key, path+".")
		})
		if !gone {
			c.setCustom(path, raw)
		}
		return true
	}
	o := options{of: "field", notes: n}
	if !gone {
		var v any
		if json.Unmarshal(raw, &v) != nil {
			n.add("field: the property %s is no JSON", id)
			return true
		}
		o.m = map[string]any{id: v}
	}
	switch id {
	case "unit":
		c.Unit = o.text(id)
	case "displayName":
		c.DisplayName = o.text(id)
	case "displayNameFromDS":
		c.DisplayNameFromDS = o.text(id)
	case "noValue":
		c.NoValue = o.text(id)
	case "nullValueMode":
		c.NullValueMode = o.text(id)
	case "fieldMinMax":
		c.MinMaxByField = o.flag(id, false)
	case "decimals":
		c.Decimals = o.optional(id)
	case "min":
		c.Min = o.optional(id)
	case "max":
		c.Max = o.optional(id)
	case "mappings":
		c.Mappings = prepended(raw, c.Mappings, gone)
	case "links":
		c.Links = prepended(raw, c.Links, gone)
	case "thresholds":
		c.Thresholds = kept(raw, gone)
	case "color":
		c.Color = kept(raw, gone)
	default:
		return false
	}
	return true
}

// optional returns an option that is a number or begins with one, otherwise nil.
func (o options) optional(key string) *float64 {
	f := math.NaN()
	switch v := o.m[key].(type) {
	case nil:
		return nil
	case float64:
		f = v
	case string:
		f = leadingNumber(v)
		if v == "" || v == "auto" {
			return nil
		}
	}
	if math.IsNaN(f) {
		o.wrong(key, "a number")
		return nil
	}
	return &f
}

func kept(raw json.RawMessage, gone bool) json.RawMessage {
	if gone {
		return nil
	}
	return raw
}

// prepended returns the list raw followed by the list before.
func prepended(raw, before json.RawMessage, gone bool) json.RawMessage {
	var x, y []json.RawMessage
	if gone || json.Unmarshal(raw, &x) != nil || json.Unmarshal(before, &y) != nil {
		return kept(raw, gone)
	}
	both, err := json.Marshal(append(x, y...))
	if err != nil {
		return raw
	}
	return both
}

// fill sets each option that c lacks to that of defaults.
func (c *Config) fill(defaults Config, numeric bool) {
	orText := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	orRaw := func(to *json.RawMessage, from json.RawMessage) {
		if *to == nil {
			*to = from
		}
	}
	orText(&c.Unit, defaults.Unit)
	orText(&c.NoValue, defaults.NoValue)
	orText(&c.DisplayName, defaults.DisplayName)
	orRaw(&c.Mappings, defaults.Mappings)
	orRaw(&c.Thresholds, defaults.Thresholds)
	orRaw(&c.Color, defaults.Color)
	c.Links = prepended(c.Links, defaults.Links, c.Links == nil)
	orRaw(&c.Links, defaults.Links)
	if numeric { // a text has neither decimals nor a range
		c.Decimals = orNumber(c.Decimals, defaults.Decimals)
		c.Min = orNumber(c.Min, defaults.Min)
		c.Max = orNumber(c.Max, defaults.Max)
		c.MinMaxByField = c.MinMaxByField || defaults.MinMaxByField
	}
	custom := maps.Clone(defaults.Custom)
	if custom == nil {
		custom = c.Custom
	} else {
		maps.Copy(custom, c.Custom)
	}
	c.Custom = custom
	c.settle()
}

// settle swaps a range whose ends are the wrong way round, and lets thresholds colour a field
// without a colour.
func (c *Config) settle() {
	if c.Min != nil && c.Max != nil && *c.Min > *c.Max {
		c.Min, c.Max = c.Max, c.Min
	}
	if c.Color == nil {
		if c.Thresholds != nil {
			c.Color = json.RawMessage(`{"mode":"thresholds"}`)
		}
		return
	}
	var color struct{ Mode any }
	if json.Unmarshal(c.Color, &color) != nil || color.Mode == nil || color.Mode == "" {
		c.Color = nil // a colour without a mode does not count
	}
}

func orNumber(a, b *float64) *float64 {
	if a != nil {
		return a
	}
	return b
}
