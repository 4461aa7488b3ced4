//go:build acceptance

package acceptance

import (
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// said is a finding as a report must tell it over the fixture.
type said struct {
	panel, name      string
	status, severity string
	since, until     string // the clock; "" of since: it held already when the window begins
	last             string // of events, in place of both: when the newest was
}

// findings returns every finding over a chart's fixture, in no order.
func findings(c chart) []said {
	const breach, ended, warning, critical = "breach", "ended", "warning", "critical"
	api, worker := "shop/"+apiPod+"/app", "shop/worker-0/worker"
	hostile := hostileNamespace + "/" + hostilePod + "/" + hostileContainer
	out := []said{
		{panel: "node-memory", name: "n1", status: breach, severity: critical, since: "23:40"},
		{panel: "node-memory", name: "n2", status: breach, severity: warning},
		{
			panel: "node-memory", name: "n4", status: ended, severity: warning, since: "20:00",
			until: "20:29",
		},
		// Silent in every panel of nodes that alerts: one finding. The last of their samples was
		// seen at 22:34.
		{panel: "node-memory", name: "n6", status: "no_data", severity: "none", since: "22:34"},
		{panel: "node-cpu", name: "n2", status: breach, severity: critical},
		{panel: "node-cpu", name: "n4", status: breach, severity: warning, since: "23:23"},
		{
			panel: "node-disk", name: "n2 / (/dev/sda1)", status: breach, severity: critical,
			since: "23:20",
		},
		{
			panel: "node-inodes", name: "n4 / (/dev/sda1)", status: breach, severity: critical,
			since: "23:30",
		},
		{
			panel: "node-conditions", name: "n4 NotReady", status: breach, severity: critical,
			since: "23:50",
		},
		{panel: "node-conditions", name: "n2 MemoryPressure", status: breach, severity: critical},
		{panel: "node-network-errors", name: "n1", status: breach, severity: warning},
		{panel: "node-requests", name: "n1", status: breach, severity: warning},
		{panel: "container-memory", name: api, status: breach, severity: warning},
		{
			panel: "container-memory", name: hostile, status: breach, severity: critical,
			since: "23:30",
		},
		{panel: "container-oom", name: worker, status: breach, severity: critical, last: "23:50"},
		{
			panel: "container-oom", name: "spark/exec-1/executor", status: ended,
			severity: critical, last: "22:00",
		},
		{panel: "container-restarts", name: api, status: breach, severity: warning, last: "23:30"},
		{panel: "container-cpu-limit", name: worker, status: breach, severity: warning},
		{panel: "container-throttling", name: api, status: breach, severity: warning},
		{panel: "pvc", name: "shop/data-exact", status: breach, severity: warning},
		{panel: "pvc", name: "shop/" + hostileClaim, status: breach, severity: critical},
		{
			panel: "scrape-health", name: "spark-history", status: breach, severity: critical,
			since: "23:45",
		},
		{panel: "coverage", name: "n5", status: breach, severity: warning},
		{panel: "coverage", name: "n6", status: breach, severity: warning, since: "22:35"},
		{
			panel: "coverage", name: "n3", status: ended, severity: warning, since: "19:05",
			until: "20:59",
		},
	}
	jobs := []string{"kubernetes-service-endpoints", "kubernetes-pods"}
	if c == stack {
		jobs = []string{"node-exporter"}
	}
	for _, job := range jobs {
		out = append(out, said{
			panel: "scrape-health", name: job, status: breach, severity: warning, since: "22:31",
		})
	}
	return out
}

// told is when a finding begins as a report tells it, or when the newest of its events was.
func told(f *reportjson.DocSaid) *time.Time {
	if f.Event != nil {
		return &f.Event.Last
	}
	return f.Since
}

// begin is when the finding must be said to have begun, in a window that begins at start.
func (s said) begin(start time.Time) time.Time {
	if s.last != "" {
		return clock(s.last)
	}
	if s.since == "" {
		return start
	}
	return clock(s.since)
}
