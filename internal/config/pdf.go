package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// pdfKeys are the PDF of a report.
type pdfKeys struct {
	// The size of the paper.
	Paper string `yaml:"paper" jsonschema:"default=a4,enum=a4,enum=letter"`
	// Every panel with its chart. By default, those with findings.
	Full bool `yaml:"full" jsonschema:"default=false"`
}

// PDF says how the PDF of a report looks.
type PDF struct {
	Letter bool // US Letter; else A4
	Full   bool // every panel with its chart; else those with findings
}

// pdf decodes the keys of a PDF, or true for their defaults.
func (d *decoder) pdf(n *yaml.Node, path string, out reflect.Value) {
	if n.Kind == yaml.ScalarNode {
		if n.Value != "true" || n.Tag != "!!bool" {
			d.problem(path, "must be true, or have keys and values such as {paper: letter}; "+
				"remove the key for no PDF")
			return
		}
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
	}
	d.object(n, path, out)
}

// pdf builds the PDF of a report; nil if it has none.
func (b *builder) pdf(k *pdfKeys) *PDF {
	switch {
	case k != nil:
		return &PDF{Letter: k.Paper == "letter", Full: k.Full}
	case b.options.PDF:
		return &PDF{}
	}
	return nil
}
