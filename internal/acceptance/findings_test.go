//go:build acceptance

package acceptance

import (
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// wantFinding is a finding that the report of the fixture must have.
type wantFinding struct {
	panel, name      string
	status, severity string
	since, until     string // the clock; since "": it began before the fixture
	last             string // the newest event, instead of both
}

// findings returns every finding of a chart's fixture, in no order.
func findings(c chart) []wantFinding {
	const breach, ended, warning, critical = "breach", "ended", "warning", "critical"
	api, worker := "shop/"+apiPod+"/app", "shop/worker-0/worker"
	hostile := hostileNamespace + "/" + hostilePod + "/" + hostileContainer
	out := []wantFinding{
		{panel: "node-memory", name: "n1", status: breach, severity: critical, since: "23:40"},
		{panel: "node-memory", name: "n2", status: breach, severity: warning},
		{
			panel: "node-memory", name: "n4", status: ended, severity: warning, since: "20:00",
			until: "20:29",
		},
		// n6 is silent in every panel of nodes with alerts, which makes one finding. Its last
		// sample was seen at 22:34.
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
		out = append(out, wantFinding{
			panel: "scrape-health", name: job, status: breach, severity: warning, since: "22:31",
		})
	}
	return out
}

// reportedStart returns when a finding began according to the report, or when its newest event was.
func reportedStart(f *reportjson.DocSaid) *time.Time {
	if f.Event != nil {
		return &f.Event.Last
	}
	return f.Since
}

// rateWindow is the most that a query needs from the start of the data to its first good value.
const rateWindow = 10 * time.Minute

// begin returns when the finding began: if that is not known, when the fixture begins.
func (s wantFinding) begin() time.Time {
	if s.last != "" {
		return clock(s.last)
	}
	if s.since == "" {
		return fixtureStart
	}
	return clock(s.since)
}
