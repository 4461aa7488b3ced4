package grafana

import (
	"encoding/json"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// fields is a field configuration under construction, for a legacy panel.
type fields struct {
	defaults  values
	overrides []any
}

// property is one property of an override.
func property(id string, value any) any { return values{"id": id, "value": value} }

// override adds an override for the series with an alias, which is a name or /a regular
// expression/.
func (f *fields) override(alias string, properties ...any) {
	if len(properties) == 0 {
		return
	}
	matcher := "byName"
	if strings.HasPrefix(alias, "/") {
		matcher = "byRegexp"
	}
	f.overrides = append(f.overrides, values{
		"matcher": values{"id": matcher, "options": alias}, "properties": properties,
	})
}

// readFields reads a field configuration that comes from a file or was built for a legacy panel.
func (p *Panel) readFields(raw json.RawMessage, n *notes) {
	config, odd := frame.DecodeFieldConfig(raw)
	p.Field = config
	for _, text := range odd {
		n.add("%s", text)
	}
	_, odd = StyleOf(config.Defaults)
	for _, text := range odd {
		n.add("%s", text)
	}
}

// build sets the field configuration of a legacy panel.
func (f fields) build(p *Panel, n *notes) {
	p.readFields(values{"defaults": f.defaults, "overrides": f.overrides}.raw(), n)
}

// readTransforms reads the transformations of a panel.
func (p *Panel) readTransforms(o object) {
	list := o.list("transformations")
	if len(list) == 0 {
		return
	}
	transforms, odd := frame.DecodeTransformations(encode(list))
	p.Transforms = transforms
	for _, text := range odd {
		o.note.add("%s", text)
	}
}

// named returns the field configuration with the variables in the names of fields filled in.
func (s scope) named(config frame.FieldConfig) frame.FieldConfig {
	config.Defaults.DisplayName = s.fill(config.Defaults.DisplayName, asGlob).text
	overrides := config.Overrides
	config.Overrides = make([]frame.Override, len(overrides))
	for i, o := range overrides {
		properties := o.Properties
		o.Properties = make([]frame.Property, len(properties))
		for j, p := range properties {
			var name string
			if p.ID == "displayName" && json.Unmarshal(p.Value, &name) == nil {
				p.Value = encode(s.fill(name, asGlob).text)
			}
			o.Properties[j] = p
		}
		config.Overrides[i] = o
	}
	return config
}
