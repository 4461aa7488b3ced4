package snapshot

import (
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// referred is a reference line of a part.
type referred struct {
	Referred
	line *ReferenceLine // nil if its part does not draw it
}

// mergeReferences keeps the first reference lines, ordered by their index in the spec, then by
// name.
func (m *merging) mergeReferences() {
	byIndex := make([][]referred, len(m.out.Spec.References))
	for _, p := range m.parts {
		if p.Kept == nil {
			continue
		}
		for i, r := range p.Kept.References {
			if r.Index < 0 || r.Index >= len(byIndex) {
				continue
			}
			now := referred{Referred: r}
			if i < len(p.References) {
				now.line = &p.References[i]
			}
			byIndex[r.Index] = addReferred(byIndex[r.Index], now)
		}
	}
	var left []Referred
	for index, all := range byIndex {
		for _, r := range inOrderOfNames(m.out.Spec.References[index].Name, all) {
			if r.line == nil || len(m.out.References) == panel.MostReferences {
				left = append(left, r.Referred)
				continue
			}
			m.out.References = append(m.out.References, *r.line)
			m.out.Kept.References = append(m.out.Kept.References, r.Referred)
		}
	}
	m.out.Kept.References = append(m.out.Kept.References, left...)
}

// inOrderOfNames makes the names of the lines of one reference distinct and sorts the lines by
// them.
func inOrderOfNames(format string, all []referred) []referred {
	names, labels := make([]string, len(all)), make([]series.Labels, len(all))
	for i, r := range all {
		names[i], labels[i] = r.Legend, r.Labels
	}
	lines := make([]ReferenceLine, len(all))
	place := make([]int, len(all))
	for i, name := range distinctNames(format, names, labels) {
		lines[i], place[i] = ReferenceLine{Name: name, Labels: labels[i]}, i
		if all[i].line != nil {
			lines[i].Values = all[i].line.Values
			all[i].line = &lines[i]
		}
	}
	slices.SortStableFunc(place, func(a, b int) int { return compareLines(lines[a], lines[b]) })
	out := make([]referred, len(all))
	for i, at := range place {
		out[i] = all[at]
	}
	return out
}

// addReferred adds a line unless it is already there. A reference without labels, such as a
// constant, has the same line in every part.
func addReferred(all []referred, r referred) []referred {
	for i, o := range all {
		if o.Labels.Compare(r.Labels) != 0 ||
			o.line != nil && r.line != nil && !slices.EqualFunc(o.line.Values, r.line.Values,
				sameValue) {
			continue
		}
		if o.line == nil {
			all[i] = r
		}
		return all
	}
	return append(all, r)
}

func sameValue(v, w float64) bool { return v == w || v != v && w != w }
