package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// The types of this file are about a Grafana dashboard in a report. See file.go.

// dashboardKeys is a Grafana dashboard, as Grafana exports it.
type dashboardKeys struct {
	// The JSON file. promsnap dashboard get downloads one by its number on grafana.com. A relative
	// path starts at this file's directory.
	File string `yaml:"file" jsonschema:"required"`
	// Values for variables of the dashboard, by name: one value, or a list. All chooses all values.
	// A variable that is not here has the value that Grafana would show first.
	Variables map[string]variableValues `yaml:"variables"`
	// The panels to show, by title; * matches any text. The default is all.
	Only []string `yaml:"only"`
	// The panels to leave out, by title; * matches any text.
	Except []string `yaml:"except"`
}

// variableValues are the values of one variable: a list, or a single value.
type variableValues []variableValue

// variableValue is one value of a variable, as it is written.
type variableValue string

// UnmarshalText accepts any text, also a number without quotes.
func (v *variableValue) UnmarshalText(b []byte) error {
	*v = variableValue(b)
	return nil
}

// variableValues reads a list, or a single value.
func (d *decoder) variableValues(n *yaml.Node, path string, out *variableValues) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, path, reflect.ValueOf(out).Elem())
		return
	}
	text, ok := d.scalar(n, path)
	if ok {
		*out = variableValues{variableValue(text)}
	}
}

// panelRules are rules for panels of a dashboard, in the order of the file.
type panelRules []titledRules

// titledRules are the rules for the panels of one title.
type titledRules struct {
	title string
	path  string // of the rules
	key   *yaml.Node
	rules []rule
}

// panelRules reads a mapping from titles to rules. A title that may not be shown has its number in
// the path, so that two of them have different paths.
func (d *decoder) panelRules(n *yaml.Node, path string, out *panelRules) {
	d.pairs(n, path, func(k, v *yaml.Node) {
		r := titledRules{title: k.Value, path: d.keyPath(path, k.Value), key: k}
		if !showable(k.Value) {
			r.path = item(path, len(*out))
		}
		d.decode(v, r.path, reflect.ValueOf(&r.rules).Elem())
		*out = append(*out, r)
	})
}
