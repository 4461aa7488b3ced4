package reporttest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/sizing"
)

// Sizing returns a report whose workloads request too much or too little, with prices.
func Sizing(t testing.TB) *report.Report {
	t.Helper()
	in := Info(t, nil)
	in.Sizing = Advice()
	return report.Build(in, nil)
}

// Advice returns advice about the requests of 14 workloads.
func Advice() *sizing.Advice {
	const gib = 1 << 30
	none := math.NaN()
	fits := sizing.Resource{Withheld: sizing.Fits, Advised: none, AdvisedLimit: none}
	a := &sizing.Advice{
		Window: 7 * 24 * time.Hour, Step: 5 * time.Minute, Headroom: 0.25,
		Cost: sizing.Cost{CPUHour: 0.031, MemoryGiBHour: 0.004},
	}
	for i := range 12 {
		name := fmt.Sprintf("service-%d", i+1)
		a.Rows = append(a.Rows, sizing.Row{
			Namespace: "shop", Workload: name, Container: "app", Kind: "Deployment", Name: name,
			Pods: float64(24 - i),
			CPU: sizing.Resource{Request: 2, Limit: 4, Used: .31, Peak: 1.1, Advised: .4,
				AdvisedLimit: none},
			Memory: fits,
		})
	}
	return &sizing.Advice{
		Window: a.Window, Step: a.Step, Headroom: a.Headroom, Cost: a.Cost,
		Rows: append(a.Rows, sizing.Row{
			Namespace: "shop", Workload: "cart", Container: "cart", Kind: "StatefulSet",
			Name: "cart", Pods: 3, Killed: true, CPU: fits,
			Memory: sizing.Resource{Request: gib, Limit: gib, Used: .98 * gib, Peak: .98 * gib,
				Advised: 1.25 * gib, AdvisedLimit: 1.25 * gib},
		}, sizing.Row{
			Namespace: "batch", Workload: "export", Container: "export", Kind: "CronJob",
			Name: "export", Pods: 1, CPU: fits,
			Memory: sizing.Resource{Withheld: sizing.NoPeak, Advised: none, AdvisedLimit: none},
		}),
	}
}
