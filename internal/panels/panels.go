// Package panels holds the built-in panels as data: what each one asks, which metrics it uses,
// where its limits are, and why it uses these metrics and not similar ones.
//
// The queries fit what node_exporter, cAdvisor and kube-state-metrics report under the labels of
// two Helm charts, the community's prometheus and kube-prometheus-stack. They also survive common
// faults: a target scraped twice, a kube-state-metrics that was just restarted, a kubelet behind
// two Services. All queries therefore share these rules:
//
//   - Both sides of a join are aggregated to the join labels: one extra series would fail the whole
//     query.
//   - Gauges are aggregated by max: sum would double a target that is scraped twice. Where a sum is
//     needed, its inputs are aggregated by max first.
//   - Every grouping has cluster, for servers that hold several clusters. With one cluster the
//     label is empty and changes nothing.
//   - The first metric of a query exists in every healthy cluster. Its absence shows that the
//     exporter is missing, and that an empty answer is not good news.
//
// The For of an alert is chosen for people, not for a step. If the step is more than a third of it
// (node-conditions in a report of 24 hours, most panels in a report of a week), the code that
// judges raises it to three steps: docs/decisions/for-at-large-steps.md. No For is longer than 30
// minutes, so that every alert can fire in a report of one hour.
//
// A plain gauge loses the samples between two steps. Where an event of one minute matters in a
// report of a week, the query uses max_over_time. Its window is $__interval, which at the smallest
// step is one scrape and does not stretch the event. For cAdvisor it is $__rate_interval, because
// cAdvisor stamps its samples itself and one scrape interval may hold none.
package panels

import (
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

// The sections of a report, in report order.
const (
	sectionNodes      = "Nodes"
	sectionContainers = "Containers"
	sectionStorage    = "Storage"
	sectionMonitoring = "Monitoring"
)

// All returns the built-in panels in report order. The caller may change the slice and everything
// in it.
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
		alerts(),
	}
	for i := range all {
		all[i].Builtin = true
		for j := range all[i].Rules {
			if !all[i].Rules[j].IsAlert() {
				continue // nobody is paged, and a page about another's rule could say nothing
			}
			all[i].Rules[j].RunbookURL = rules.RunbookURL(all[i].Rules[j].Name)
		}
	}
	return all
}

// In returns what All returns, with the texts in language l.
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
		s.WithoutAll, s.States = t.all, t.states
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

// Get returns the built-in panel called name, and whether there is one.
func Get(name string) (panel.Spec, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return panel.Spec{}, false
}
