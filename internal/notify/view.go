package notify

import (
	"maps"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// view is what one receiver sees of a run.
type view struct {
	report  *report.Report
	memory  rules.Memory
	history *History
}

// viewOf returns what people with these matchers see: the findings that match, and counts of the
// alerts that match. What failed and what is not seen stays. The memory stays whole: a command that
// silences the alerts of a message must not silence others.
func (d *delivery) viewOf(ms rules.Matchers) view {
	v := view{d.Report, d.page.Memory, d.History.matching(ms)}
	if len(ms) > 0 {
		v.report = d.Report.Matching(ms)
	}
	return v
}

// programViewOf returns what a program with these matchers sees: also of the alerts only those that
// match now or did when they were worse.
func (d *delivery) programViewOf(ms rules.Matchers) view {
	v := d.viewOf(ms)
	if len(ms) > 0 {
		v.memory.Alerts = maps.Clone(v.memory.Alerts)
		maps.DeleteFunc(v.memory.Alerts, func(_ rules.Key, a rules.Alert) bool {
			return !a.MatchedBy(ms, a.Severity) && !a.MatchedBy(ms, a.Now().Worst)
		})
	}
	return v
}
