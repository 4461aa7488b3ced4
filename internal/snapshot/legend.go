package snapshot

import (
	"cmp"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// maxName is the longest name of a series, in runes. A longer one keeps its start and its end,
// because both the namespace and the pod's hash distinguish series.
const maxName = 200

// Legend returns the name of a series that is not in a panel, by Grafana's legend format.
func Legend(format string, ls series.Labels) string { return legend(format, ls) }

// legend expands Grafana's legend format: {{label}}, with spaces and double quotes around the name
// allowed; a missing label is empty. Without a format, and with AutoLegend, the name is the whole
// label set. {{node}} falls back to the host of the instance.
func legend(format string, ls series.Labels) string {
	if format == "" || panel.IsAuto(format) {
		return short(ls.String())
	}
	name := fill(format, func(label string) string { return labelOrHost(ls, label) })
	// drop empty parentheses: not every series has the label inside
	name = strings.TrimSpace(outside.Line(strings.ReplaceAll(name, " ()", "")))
	if strings.Trim(name, "/ ") == "" {
		return short(ls.String())
	}
	return outside.Middle(name, maxName)
}

// fill replaces each {{name}} with put(name). An unclosed {{ stays as it is.
func fill(format string, put func(name string) string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(format, "{{")
		name, rest, closed := strings.Cut(after, "}}")
		if !ok || !closed {
			b.WriteString(format)
			return b.String()
		}
		b.WriteString(before + put(strings.Trim(strings.TrimSpace(name), `"`)))
		format = rest
	}
}

// distinctNames returns distinct names for series, starting from their legends. With AutoLegend a
// name consists of the labels that differ, and that of a single series is its node. If several
// series have the same name, the labels in which they differ are appended.
func distinctNames(format string, names []string, all []series.Labels) []string {
	out := slices.Clone(names)
	if panel.IsAuto(format) {
		labels := differing(all)
		for i, ls := range all {
			out[i] = cmp.Or(only(ls, labels, `{`, `}`), out[i])
		}
		return out
	}
	count := make(map[string]int, len(names))
	for _, name := range names {
		count[name]++
	}
	same := map[string][]int{} // by name: the series that share it; empty for most panels
	for i, name := range names {
		if count[name] > 1 {
			same[name] = append(same[name], i)
		}
	}
	for name, at := range same {
		group := make([]series.Labels, len(at))
		for j, i := range at {
			group[j] = all[i]
		}
		labels := differing(group)
		for j, i := range at {
			if what := strings.Trim(only(group[j], labels, "", ""), " "); what != "" {
				out[i] = outside.Middle(name+" ("+what+")", maxName)
			}
		}
	}
	return out
}

// differing returns the names of the labels whose values are not the same in all label sets,
// sorted. If the node alone distinguishes them, it returns only node: other differences, such as
// the exporter's address, belong to the node.
func differing(all []series.Labels) []string {
	first, nodes := map[string]string{}, map[string]bool{}
	for _, ls := range all {
		for _, l := range ls {
			if _, ok := first[l.Name]; !ok {
				first[l.Name] = l.Value
			}
		}
		nodes[ls.Get("node")] = true
	}
	if len(nodes) == len(all) && !nodes[""] {
		return []string{"node"}
	}
	var names []string
	for name, value := range first {
		if slices.ContainsFunc(all, func(ls series.Labels) bool { return ls.Get(name) != value }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// only formats the labels in names: the value of a single one, or name="value" pairs in brackets.
func only(ls series.Labels, names []string, open, end string) string {
	if len(names) == 1 {
		return short(ls.Get(names[0]))
	}
	var some series.Labels
	for _, name := range names {
		some = some.With(name, ls.Get(name))
	}
	if len(some) == 0 {
		return ""
	}
	text := some.String()
	return short(open + text[1:len(text)-1] + end)
}

func labelOrHost(ls series.Labels, name string) string {
	if v := ls.Get(name); v != "" || name != "node" {
		return v
	}
	return series.Host(ls.Get("instance"))
}

// short returns an outside string for use in a series' name.
func short(s string) string { return outside.Middle(outside.Line(s), maxName) }
