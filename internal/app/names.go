package app

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// longestSelector is the longest name of a series that has all its labels, in characters.
const longestSelector = 2000

// SeriesNames are how the series of a question without a legend are named.
type SeriesNames uint8

// The names.
const (
	AllLabels SeriesNames = iota // as a PromQL selector: up{instance="a:1", job="b"}
	FewLabels                    // the values of the fewest labels that tell the series apart
)

// Name returns the names of series, in the same order. A series without labels has the name of its
// query.
func (n SeriesNames) Name(all []series.Labels, expr string) []string {
	names := make([]string, len(all))
	var few []string
	if n == FewLabels {
		few = fewest(all)
	}
	for i, ls := range all {
		switch {
		case len(ls) == 0 && len(all) > 1:
			names[i] = "{}"
		case len(ls) == 0:
			names[i] = outside.Middle(outside.Said(expr, 1000), 60)
		case few == nil:
			names[i] = selector(ls)
		default:
			var values []string
			for _, label := range few {
				value := ls.Get(label)
				if label == "node" {
					value = cmp.Or(value, series.Host(ls.Get("instance")))
				}
				values = append(values, cmp.Or(value, "–"))
			}
			names[i] = outside.Middle(outside.Line(strings.Join(values, " ")), 200)
		}
	}
	return names
}

// selector returns all labels of a series as PromQL writes them.
func selector(ls series.Labels) string {
	metric := ls.Get(model.MetricNameLabel)
	text := metric + ls.With(model.MetricNameLabel, "").String()
	if !model.LegacyValidation.IsValidMetricName(metric) {
		text = ls.String()
	}
	return outside.Middle(outside.Line(strings.TrimSuffix(text, "{}")), longestSelector)
}

// telling are labels that tell series apart in a way that people know, the best first.
var telling = []string{
	"node", "nodename", "instance", "namespace", "workload", "pod", "container", "device",
	"mountpoint", "persistentvolumeclaim", "job", "cluster",
}

// mostTried bounds the labels of which pairs and triples are tried.
const mostTried = 8

// fewest returns the fewest labels that tell all series apart, nil if it takes more than three or
// there is only one series.
func fewest(all []series.Labels) []string {
	if len(all) < 2 {
		return nil
	}
	var labels []string
	for _, ls := range all {
		for _, l := range ls {
			if !slices.Contains(labels, l.Name) && len(labels) < 100 &&
				slices.ContainsFunc(all, func(o series.Labels) bool {
					return o.Get(l.Name) != l.Value
				}) {
				labels = append(labels, l.Name)
			}
		}
	}
	rank := func(label string) int {
		if i := slices.Index(telling, label); i >= 0 {
			return i
		}
		return len(telling)
	}
	slices.SortFunc(labels, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	for i := range labels {
		if tells(all, labels[i]) {
			return []string{labels[i]}
		}
	}
	labels = labels[:min(len(labels), mostTried)]
	for i := range labels {
		for j := i + 1; j < len(labels); j++ {
			if tells(all, labels[i], labels[j]) {
				return []string{labels[i], labels[j]}
			}
		}
	}
	for i := range labels {
		for j := i + 1; j < len(labels); j++ {
			for k := j + 1; k < len(labels); k++ {
				if tells(all, labels[i], labels[j], labels[k]) {
					return []string{labels[i], labels[j], labels[k]}
				}
			}
		}
	}
	return nil
}

// tells reports whether the values of some labels tell all series apart.
func tells(all []series.Labels, labels ...string) bool {
	seen := make(map[string]bool, len(all))
	for _, ls := range all {
		var key strings.Builder
		for _, l := range labels {
			key.WriteString(ls.Get(l))
			key.WriteByte(0)
		}
		if seen[key.String()] {
			return false
		}
		seen[key.String()] = true
	}
	return true
}

// nameSeries gives the series of a panel without a legend their names.
func (n SeriesNames) nameSeries(p *snapshot.Panel) {
	q := p.Spec.Query("")
	if q.Legend != "" && !panel.IsAuto(q.Legend) {
		return
	}
	all := make([]series.Labels, len(p.Rows))
	for i := range p.Rows {
		all[i] = p.Rows[i].Labels
	}
	names := map[uint64]string{}
	for i, name := range n.Name(all, q.Expr) {
		names[all[i].Hash()], p.Rows[i].Name = name, name
	}
	for i := range p.Lines {
		p.Lines[i].Name = names[p.Lines[i].Labels.Hash()]
	}
	for i := range p.Findings {
		p.Findings[i].Name = cmp.Or(names[p.Findings[i].Labels.Hash()], p.Findings[i].Name)
	}
}
