package backtesttest

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
)

// Rules is a back-test of a rule file: a rule with a better level, one without a level that cries
// wolf, one that alerts rarely, one whose levels were not tried and two that never fired.
func Rules() []backtest.Result {
	busy := ofFile(rulefile.Rule{
		Alert: "NodeCPUHigh", For: 15 * time.Minute, Line: 12,
		Expr: "1 - avg by (node) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m]))\n  > 0.8",
	}, 35)
	busy.Rule.Warning = rules.At(.8)
	busy.File.Levelled, busy.File.Brief = true, 28
	busy.Candidates = nil
	for i, level := range []float64{.78, .8, .82, .84, .86} {
		busy.Candidates = append(busy.Candidates,
			candidate(level, busy.Rule.For, []int{52, 35, 11, 4, 0}[i]))
	}
	busy.Now, busy.Proposed, busy.Why = 1, 3, backtest.Fits
	fill(&busy, 1, 7)
	fill(&busy, 3, 2)

	down := ofFile(rulefile.Rule{Alert: "TargetDown", Expr: "up == 0", Line: 3}, 31)
	down.Proposed, down.Why, down.File.Brief = -1, backtest.Fixed, 30
	down.File.Failures = []rulefile.Failure{
		{Reason: rulefile.Duplicate, Evaluations: 3},
		{Reason: rulefile.LimitExceeded, Evaluations: 1200},
	}
	rare := ofFile(rulefile.Rule{Alert: "ClockSkew", Expr: "abs(clock) > 0.05", Line: 20}, 2)
	cut := ofFile(rulefile.Rule{Alert: "Fast", Expr: "latency > 1", Line: 24}, 20)
	cut.Proposed, cut.Why, cut.Stopped = -1, backtest.Unread, true
	cut.File.Cut, cut.File.Interval, cut.From = true, 5*time.Second, End.Add(-19*day)
	never := ofFile(rulefile.Rule{Alert: "DiskGone", Expr: "disk > 2", Line: 30}, 0)
	other := ofFile(rulefile.Rule{Alert: "NodeGone", Expr: "absent(node)", Line: 34}, 0)
	return []backtest.Result{busy, down, cut, rare, never, other}
}

// HostileRules is a back-test of a rule file in which every word is evil.
func HostileRules(evil string) []backtest.Result {
	all := Rules()
	for i := range all {
		r := &all[i]
		r.Panel.Name, r.Rule.Name = evil, evil
		r.File.Alert, r.File.File, r.File.Group = evil, evil, evil
		if i > 0 {
			r.File.Expr = evil
		} else {
			r.File.Expr = "a{x=\"\u202e<script>\"} > 0.8 # \x1b[31m<script>"
		}
		for c := range r.Candidates {
			for o := range r.Candidates[c].By {
				r.Candidates[c].By[o].Name = evil
			}
		}
	}
	return all
}

// ofFile returns a back-test of a rule of a rule file with a number of alerts and no levels.
func ofFile(rule rulefile.Rule, alerts int) backtest.Result {
	r := of("node.rules", rule.Alert, rules.Rule{For: rule.For})
	r.Report, r.Slots = "", 43_201
	r.Panel = panel.Spec{Name: "node.rules", Queries: []panel.Query{{Expr: rule.Expr}}}
	r.File = &backtest.FileRule{
		Rule: rule, File: "rules/node.yml", Group: "node.rules", Query: rule.Expr,
		Interval: time.Minute,
	}
	r.Candidates = []backtest.Candidate{candidate(math.NaN(), rule.For, alerts)}
	r.Why = backtest.Enough
	if alerts > 0 {
		fill(&r, 0, 1)
	}
	return r
}
