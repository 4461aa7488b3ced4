package slack

import (
	"slices"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
)

// fullIn returns a message about alerts of a rule that waits for disks to be full, one for each
// node. The first is full within two days, and the others within a week.
func fullIn(j judged, k notify.Kind, nodes ...int) notify.Delivery {
	const day = 86400
	rule := rules.Rule{
		Name: "NodeDiskFills", FullIn: true, Direction: rules.Below, Warning: rules.At(7 * day),
		Critical: rules.At(2 * day), For: 24 * time.Hour,
	}
	r := *j.report
	r.Panels = slices.Clone(r.Panels)
	for i := range r.Panels {
		if p := &r.Panels[i]; p.Spec.Name == "node-disk" {
			p.Spec.Rules = append(slices.Clone(p.Spec.Rules), rule)
			p.Spec.Forecast = &panel.Forecast{Limit: 0.85, Horizon: 30 * 24 * time.Hour}
		}
	}
	j.report, j.memory = &r, rules.Memory{Slot: incidents, Alerts: map[rules.Key]rules.Alert{}}
	for i, n := range nodes {
		name := reporttest.NodeName(n)
		e := rules.Episode{
			Since: incidents.Add(-30 * time.Hour), Last: incidents, Worst: rules.Warning,
			Peak: 0.6 * day, PeakAt: incidents.Add(-2 * time.Hour),
		}
		a := rules.Alert{
			Panel: "node-disk", Rule: rule.Name, Name: name + " /dev/nvme0n1p1",
			Labels:   map[string]string{"node": name, "device": "/dev/nvme0n1p1"},
			Identity: map[string]string{"node": name}, Severity: rules.Warning, Value: 5.6 * day,
			Limit: 7 * day, Capacity: 200 << 30,
			Cause: rules.CauseOf(rules.RuleID{Panel: "node-disk", Rule: rule.Name}),
		}
		if i == 0 {
			e.Worst, a.Severity, a.Value, a.Limit = rules.Critical, rules.Critical, 1.3*day, 2*day
		}
		if k == notify.KindResolved {
			e.Ended, e.End = incidents, rules.Recovered
		}
		a.Episodes = []rules.Episode{e}
		j.memory.Alerts[rules.Key("disk-"+strconv.Itoa(i))] = a
	}
	return j.deliver(k, func(rules.Alert, rules.Episode) bool { return true })
}
