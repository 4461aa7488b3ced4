package slack

import (
	"slices"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/forecast"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
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
			p.History = willFill(nodes)
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

// willFill is the history of the disks of nodes: the first is full tomorrow, the others in 5 days.
func willFill(nodes []int) *snapshot.History {
	h := &snapshot.History{}
	for i, n := range nodes {
		f := forecast.Forecast{
			Level: 0.78, Limit: 0.85, Days: 4.9, Lo: 2.9, Hi: 7.8, Sure: 5.6, Rate: 0.00714,
			Grew: 21, Weeks: 21,
		}
		if i == 0 {
			f.Level, f.Days, f.Lo, f.Hi, f.Sure, f.Rate = 0.84, 1.1, 0.7, 1.8, 1.3, 0.0095
		}
		h.Forecasts = append(h.Forecasts, snapshot.Forecast{
			Name: reporttest.NodeName(n), Node: reporttest.NodeName(n), Capacity: 200 << 30,
			Labels: series.FromPairs(
				"node", reporttest.NodeName(n), "device", "/dev/nvme0n1p1"),
			Forecast: f,
		})
	}
	return h
}
