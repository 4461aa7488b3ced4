package reporttest

import (
	"time"

	"github.com/promsnap/promsnap/internal/fired"
)

// Fired returns what the rules of a server fired on a day: alerts with and without a severity, one
// with a hostile name, and rules that fail, are slow or were not evaluated.
func Fired() *fired.Fired {
	const hour = time.Hour
	return &fired.Fired{
		Range: 24 * hour, Step: 2 * time.Minute,
		Alerts: []fired.Alert{
			{Name: "KubePodCrashLooping", Severity: "warning", Times: 31, Lasted: 2 * hour, Now: 2},
			{
				Name: "KubeNodeNotReady", Severity: "critical", Times: 2,
				Lasted: 2*hour + 10*time.Minute, Now: 1,
			},
			{Name: `<script>alert(1)</script>`, Times: 1},
		},
		Never: []string{"EtcdNoLeader", "KubeAPIDown"}, NeverIn: 15 * 24 * hour,
		Rules: &fired.Rules{
			Groups: 9, Alerting: 5, Recording: 3,
			Failing: []fired.Failing{
				{File: "/etc/r.yml", Group: "usage", Rule: "a:b", Error: "many-to-many <b>"},
			},
			Slow: []fired.Slow{
				{File: "/etc/r.yml", Group: "slo", Interval: 30 * time.Second, Took: 41 * time.Second},
			},
			Stale: []fired.Stale{{
				File: "/etc/r.yml", Group: "old", Interval: time.Minute,
				Evaluated: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
			}},
			Missed:     []fired.Missed{{Group: "/etc/r.yml;slo", Times: 12}},
			FailingAll: 22, SlowAll: 1, StaleAll: 1,
		},
	}
}

// FiringNow returns what an Alertmanager knows.
func FiringNow() *fired.Fired {
	return &fired.Fired{
		Manager: true, Alerts: []fired.Alert{
			{
				Name: "DiskFull", Severity: "page", Now: 3, Suppressed: 1,
				Since: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
			},
			{Name: "Other", Severity: "warning", Now: 1},
		},
	}
}
