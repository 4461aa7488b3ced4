package notify

import (
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// view is what one receiver sees of a run.
type view struct {
	report  *report.Report
	memory  rules.Memory
	history *History
}

// viewOf returns what a receiver with these matchers and this entry sees: the findings and alerts
// that match, and the alerts that it was notified of. What failed and what is not seen stays.
func (d *delivery) viewOf(ms rules.Matchers, e Entry) view {
	v := view{d.Report, d.page.Memory, d.History.matching(ms)}
	if len(ms) == 0 {
		return v
	}
	v.report = d.Report.Matching(ms)
	v.memory.Alerts = map[rules.Key]rules.Alert{}
	for k, a := range d.page.Memory.Alerts {
		_, notified := e.notified(k, a.Now())
		if notified || a.MatchedBy(ms, a.Severity) || a.MatchedBy(ms, a.Now().Worst) {
			v.memory.Alerts[k] = a
		}
	}
	return v
}
