package reporttest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/targets"
)

// Targets returns a report of a cluster some of whose targets are down, and some vanished.
func Targets(t testing.TB) *report.Report {
	t.Helper()
	in := Info(t, nil)
	in.Targets = Scraped(in.Slot)
	return report.Build(in, nil)
}

// Scraped returns a list of 30 targets that are down, 38 that are up and 5 that vanished, as of a
// slot.
func Scraped(slot time.Time) *targets.List {
	l := &targets.List{
		At: slot.Add(-time.Minute), Range: 24 * time.Hour, Live: true, Virtual: 2, Replaced: 7,
		Jobs: []targets.Job{
			{Name: "shop/api", Down: 27}, {Name: "node-exporter", Up: 37, Down: 3, Vanished: 1},
			{Name: "import", Vanished: 4}, {Name: "prometheus", Up: 1},
		},
		Vanished: []targets.Vanished{
			{
				Job: "node-exporter", Instance: "10.0.3.41:9100", Node: "ip-10-0-3-41", Count: 1,
				Last: slot.Add(-3 * time.Hour),
			},
			{
				Job: "import", Instance: "10.64.1.9:8080", Workload: "shop/import", Count: 4,
				Last: slot.Add(-20 * time.Hour),
			},
		},
	}
	add := func(job, instance, node, message string) {
		l.Targets = append(l.Targets, targets.Target{
			Job: job, Instance: instance, Node: node, Health: promapi.HealthDown, Error: message,
			Labels: series.FromPairs("instance", instance, "job", job),
			URL:    "http://" + instance + "/metrics", LastScrape: slot.Add(-70 * time.Second),
			Duration: 10, Samples: math.NaN(), Interval: time.Minute, Timeout: 10 * time.Second,
			Trouble: targets.TroubleOf(message, 10*time.Second),
		})
	}
	add("node-exporter", "10.0.1.12:9100", "ip-10-0-1-12",
		`Get "http://10.0.1.12:9100/metrics": dial tcp 10.0.1.12:9100: connect: connection refused`)
	add("node-exporter", "10.0.2.30:9100", "ip-10-0-2-30",
		`Get "http://10.0.2.30:9100/metrics": context deadline exceeded`)
	add("node-exporter", "10.0.2.31:9100", "ip-10-0-2-31", "the exporter has a bad day")
	for i := range 27 {
		add("shop/api", fmt.Sprintf("10.64.3.%d:8080", i+10), "",
			"server returned HTTP status 401 Unauthorized")
	}
	return l
}
