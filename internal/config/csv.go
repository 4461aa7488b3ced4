package config

import (
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
)

// csvKeys are the CSV files of a report. Those of the findings and the nodes need no key.
type csvKeys struct {
	// The names of the panels that have a file; "*" for all panels, also those of a dashboard and
	// of alerting rules.
	Panels []string `yaml:"panels"`
}

// CSV says which panels of a report have a CSV file, beside those of the findings and the nodes.
type CSV struct {
	Panels []string // their names
	All    bool     // every panel has one
}

// csv builds the CSV files of the report at path; nil if it has none.
func (b *builder) csv(k *csvKeys, path string, panels []panel.Spec) *CSV {
	switch {
	case b.options.CSV:
		return &CSV{All: true}
	case k == nil:
		return nil
	}
	var known []string
	for _, s := range panels {
		known = append(known, s.Name)
	}
	out := &CSV{}
	for i, name := range k.Panels {
		at := item(key(key(path, "csv"), "panels"), i)
		near := Nearest(name, known)
		switch {
		case name == "*":
			out.All = true
		case slices.Contains(known, name):
			out.Panels = append(out.Panels, name)
		case !b.clean(key(path, "panels")):
			// the panel may be one with a mistake
		case near != "":
			b.problem(at, "the report has no panel %q; did you mean %s?", shorten(name), near)
		default:
			b.problem(at, "the report has no panel %q; write the name of one of its panels, or "+
				"\"*\" for all", shorten(name))
		}
	}
	return out
}
