package grafana

import (
	"encoding/json"
	"slices"

	"github.com/promsnap/promsnap/internal/units"
)

// Asked returns the queries of a panel that are for Prometheus and not hidden, in the order of the
// file. Rules can judge their series.
func (b *Dashboard) Asked(p *Panel) []Target {
	var asked []Target
	for _, t := range p.Targets {
		if b.asks(t) {
			asked = append(asked, t)
		}
	}
	return asked
}

// asks reports whether a target is a query for Prometheus that is not hidden.
func (b *Dashboard) asks(t Target) bool {
	return !t.Hide && t.Expr != "" && b.sources.other(t.Datasource) == ""
}

// Others returns the names of the datasources that are not Prometheus and that panels query.
func (b *Dashboard) Others() []string {
	var all []string
	for i := range b.Panels {
		others, _ := b.unasked(&b.Panels[i])
		for _, other := range others {
			if !slices.Contains(all, other) {
				all = append(all, other)
			}
		}
	}
	return all
}

// Unit returns the unit of the numbers of one of the panel's queries, as promsnap writes numbers in
// sentences and reads limits. Grafana has more units: a number in one of those is a plain number.
func (p *Panel) Unit(ref string) units.Unit {
	id := p.Field.Defaults.Unit
	for _, o := range p.Field.Overrides {
		if of, ok := o.Matcher.Options.(string); o.Matcher.ID != "byFrameRefID" || !ok || of != ref {
			continue
		}
		for _, property := range o.Properties {
			var other string
			if property.ID == "unit" && json.Unmarshal(property.Value, &other) == nil {
				id = other
			}
		}
	}
	return unitOf(id)
}

// alike are the units of Grafana that promsnap knows by another id.
var alike = map[string]units.Unit{
	"sishort": units.Short, "clockms": units.Milliseconds, "clocks": units.Duration,
	"dthms": units.Duration, "dtdhms": units.Duration,
}

// unitOf returns the unit with an id of Grafana, or a plain number if promsnap does not have it.
func unitOf(id string) units.Unit {
	if u, ok := alike[id]; ok {
		return u
	}
	u, err := units.Parse(id)
	if err != nil || u == units.Cores { // Grafana has no unit of this id: it is text
		return units.None
	}
	return u
}
