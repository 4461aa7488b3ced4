package rules_test

import (
	"fmt"
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// A node's memory, one sample a minute, one of them lost.
func ExampleJudge() {
	rule := rules.Rule{
		Name: "NodeMemory", Warning: rules.At(0.80), Critical: rules.At(0.90), For: 5 * time.Minute,
	}
	node := series.Series{
		Labels: series.FromPairs("node", "ip-10-0-1-12"),
		Values: []float64{0.70, 0.85, 0.91, 0.92, math.NaN(), 0.93, 0.94, 0.93},
	}
	grid := series.Grid{
		Start: time.Date(2026, 11, 22, 2, 8, 0, 0, time.UTC), Step: time.Minute, Len: 8,
	}

	f := rules.Judge(rule, node, grid)
	fmt.Println(f.Rule, f.Labels, f.Status, f.Severity, f.Value, "against", f.Limit)
	fmt.Println("since", f.Streak.From.Format("15:04"), "for", f.Streak.Lasted(), "peak",
		f.Streak.Peak)
	// Output:
	// NodeMemory {node="ip-10-0-1-12"} breach critical 0.93 against 0.9
	// since 02:10 for 5m0s peak 0.94
}

// One figure for the window.
func ExampleJudge_verdict() {
	rule := rules.Rule{Name: "p90", Reduce: rules.P90, Warning: rules.At(20)}
	pod := series.Series{Values: []float64{5, 30, 10, 15, 20, 12, 14, 16, 18, 25}}
	f := rules.Judge(rule, pod, series.Grid{Step: time.Minute, Len: 10})
	fmt.Println(f.Status, f.Severity, f.Value)
	// Output: breach warning 25
}

func ExampleRule_Check() {
	rule := rules.Rule{Warning: rules.At(0.80), Critical: rules.At(0.90), For: time.Hour}
	for _, p := range rule.Check(time.Hour, time.Minute) {
		fmt.Printf("%s: %s\n", p.Field, p.Message)
	}
	// Output: for: 1h does not fit into a range of 1h with steps of 1m; write at most 57m, or a longer range
}
