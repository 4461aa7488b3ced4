// Package panels holds the built-in panels as data: which question each asks, by which metric,
// where its limits lie, and why this metric and not its neighbours.
//
// The queries are written for what node_exporter, cAdvisor and kube-state-metrics say under the
// labels of both Helm charts, the community's prometheus and kube-prometheus-stack, and for what
// goes wrong in clusters: a target scraped twice, a kube-state-metrics that was just rolled, a
// kubelet behind two Services. Hence the habits that all of them share:
//
//   - Both sides of a join are aggregated to the labels that they are joined by: one series too
//     many would fail the whole query.
//   - Gauges are aggregated by max, which a target that is scraped twice does not change; sum would
//     double them. Where a sum is meant, what is summed went through max first.
//   - cluster stands in every grouping, for servers that hold several clusters; elsewhere it is
//     empty and in nobody's way.
//   - The first metric of a query is one that a healthy cluster has: by it an empty answer is told
//     from a missing exporter.
//
// An alert's For is what it means for a person, whatever the step. At a step of more than a third
// of it (node-conditions in a report of 24 hours, most panels in one of a week) whoever judges
// raises it to three steps: docs/decisions/for-at-large-steps.md. None is longer than 30 minutes,
// so that every alert can fire in a report of one hour.
//
// Samples between two steps are lost to a plain gauge. Where an event of a minute matters in a
// report of a week, the query takes max_over_time: over $__interval, which at the smallest step is
// one scrape and so does not stretch the event; over $__rate_interval for cAdvisor, which stamps
// its samples when it took them, so that one scrape interval may hold none.
package panels

import (
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/words"
)

// The sections of a report, in its order.
const (
	sectionNodes      = "Nodes"
	sectionContainers = "Containers"
	sectionStorage    = "Storage"
	sectionMonitoring = "Monitoring"
)

// All returns the built-in panels in the order of a report. The slice and what it points to are the
// caller's to change.
func All() []panel.Spec {
	all := []panel.Spec{
		nodeMemory(),
		nodeCPU(),
		nodeDisk(),
		nodeInodes(),
		nodeReadonly(),
		nodeConditions(),
		nodeNetwork(),
		nodeNetworkErrors(),
		nodePressure(),
		nodeRequests(),
		nodeRequestsCPU(),
		containerMemory(),
		containerOOM(),
		containerRestarts(),
		podWaiting(),
		containerCPU(),
		containerCPULimit(),
		containerThrottling(),
		pvc(),
		pvcInodes(),
		scrapeHealth(),
		targetFlaps(),
		coverage(),
	}
	for i := range all {
		all[i].Builtin = true
	}
	return all
}

// In returns the built-in panels as All does, with their words in a language.
func In(l words.Language) []panel.Spec {
	all := All()
	if l != words.Korean {
		return all
	}
	for i := range all {
		s := &all[i]
		t := korean[s.Name]
		s.Title, s.Section, s.Subject, s.Why, s.Hint = t.title, koreanSections[s.Section],
			t.subject, t.why, t.hint
		s.WithoutAll = t.all
		if t.events != "" {
			s.Events = &panel.Events{
				Within: s.Events.Within, Said: words.Counted{One: t.events, Many: t.events},
			}
		}
		s.Remarks = slices.Clone(s.Remarks)
		for j, remark := range t.remarks {
			s.Remarks[j].Text = remark
		}
	}
	return all
}

// Get returns the built-in panel of a name, and whether there is one.
func Get(name string) (panel.Spec, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return panel.Spec{}, false
}
