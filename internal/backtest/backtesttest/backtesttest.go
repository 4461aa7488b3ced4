// Package backtesttest has made-up back-tests for tests of what is written about them.
package backtesttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
)

// End is the last slot of all of them.
var End = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// Memory is a back-test with a proposal: 84 % alerts once a week, 80 % did eight times.
func Memory() backtest.Result {
	r := of("node-memory", "NodeMemoryHigh", rules.Rule{
		Warning: rules.At(.8), Critical: rules.At(.9), For: 15 * time.Minute,
	})
	r.Panel.Builtin = true
	for _, c := range []struct {
		level  float64
		alerts int
	}{
		{.6, 200}, {.64, 164}, {.68, 119}, {.72, 98}, {.74, 90}, {.76, 84}, {.78, 52}, {.8, 35},
		{.82, 11}, {.84, 5}, {.86, 4}, {.88, 3}, {.89, 1}, {.895, 0},
	} {
		r.Candidates = append(r.Candidates, candidate(c.level, r.Rule.For, c.alerts))
	}
	r.Candidates[0].About, r.Candidates[0].TopShare = true, 0
	r.Now, r.Proposed, r.Why = 7, 9, backtest.Cliff
	fill(&r, 7, 2)
	to := &r.Candidates[9]
	for i, o := range r.Candidates[7].By[:4] { // its alerts are some of those at the lower level
		o.Episodes = slices.Clone(o.Episodes[len(o.Episodes)-1:])
		if i == 0 {
			o.Episodes = slices.Insert(o.Episodes, 0, r.Candidates[7].By[0].Episodes[0])
		}
		to.By = append(to.By, o)
	}
	to.Objects = len(to.By)
	return r
}

// Disk is a back-test with a longer For as its proposal: with the configured one, every level
// before the kubelet's evictions alerts too often.
func Disk() backtest.Result {
	r := of("node-disk", "NodeDiskHigh", rules.Rule{Warning: rules.At(.74), For: 15 * time.Minute})
	r.Panel.Builtin, r.Panel.Measure = true, panel.NodeDisk
	r.Panel.Wall, r.Wall = &panel.Wall{Value: .9, Why: panel.WallEvicts}, rules.At(.9)
	for _, hold := range []time.Duration{15 * time.Minute, time.Hour} {
		for i, alerts := range []int{120, 90, 70, 52, 40, 31} {
			if hold == time.Hour {
				alerts /= 6
			}
			r.Candidates = append(r.Candidates, candidate(.7+float64(i)*.04, hold, alerts))
		}
	}
	r.Now, r.Proposed, r.Why = 1, 9, backtest.Wall
	fill(&r, 1, 1)
	fill(&r, 9, 1)
	r.Blind = []backtest.Span{{From: End.Add(-9 * day), To: End.Add(-9*day + 14*time.Hour)}}
	r.Panel.Overrides = []panel.Override{{
		Match:   []panel.Matcher{{Label: "node", Op: "=~", Value: "kafka-.*"}},
		Warning: rules.At(.92), Critical: rules.At(.97),
	}}
	return r
}

// Calm is a back-test of a rule that alerts rarely enough, of a panel of your own with a lower
// limit in bytes.
func Calm() backtest.Result {
	r := of("free-memory", "LittleFreeMemory", rules.Rule{
		Direction: rules.Below, Critical: rules.At(2 << 30), For: 5 * time.Minute,
		NoData: rules.ResolveOnNoData,
	})
	r.Severity = rules.Critical
	r.Panel.Queries[0].Unit = units.Bytes
	for i, alerts := range []int{9, 6, 2, 0} {
		r.Candidates = append(r.Candidates, candidate(float64(4-i)*(1<<30), r.Rule.For, alerts))
	}
	r.Now, r.Proposed, r.Why = 2, 2, backtest.Enough
	fill(&r, 2, 1)
	return r
}

// Hopeless is a back-test without a proposal: every level before the wall alerts too often, and no
// longer For was tried.
func Hopeless() backtest.Result {
	r := Disk()
	r.Candidates = r.Candidates[:6]
	r.Proposed = -1
	return r
}

// Lately is a back-test of a rule that alerts too often only in the newest third. The alerts of the
// configured level were counted in one pass.
func Lately() backtest.Result {
	r := of("queue", "QueueHigh", rules.Rule{Warning: rules.At(.8), For: 15 * time.Minute})
	r.Candidates = []backtest.Candidate{
		candidate(.8, r.Rule.For, 25), candidate(.85, r.Rule.For, 3),
	}
	now := &r.Candidates[0]
	now.About, now.TopShare, now.Held = true, 0, 16.8
	r.Now, r.Proposed, r.Why = 0, 0, backtest.Newest
	return r
}

// Short is a stopped back-test that has too little data for a proposal.
func Short() backtest.Result {
	r := of("pvc", "VolumeFull", rules.Rule{Warning: rules.At(.8), For: 15 * time.Minute})
	r.To, r.Slots, r.Stopped = r.From.Add(3*day), 3*288, true
	r.HeldOut = time.Time{}
	r.Candidates = []backtest.Candidate{candidate(.8, r.Rule.For, 0)}
	r.Now, r.Proposed, r.Why = 0, -1, backtest.NoData
	return r
}

// Hostile is a back-test in which every word from outside is evil.
func Hostile(evil string) backtest.Result {
	r := Memory()
	r.Panel.Name, r.Rule.Name, r.Panel.Title = evil, evil, evil
	r.Panel.Rules[0].Name = evil
	r.Panel.Overrides = []panel.Override{{
		Match: []panel.Matcher{{Label: "node", Op: "=", Value: evil}},
	}}
	for i := range r.Candidates {
		for j := range r.Candidates[i].By {
			r.Candidates[i].By[j].Name = evil
		}
	}
	return r
}

// of returns a back-test of 30 days without candidates.
func of(name, alert string, rule rules.Rule) backtest.Result {
	rule.Name = alert
	return backtest.Result{
		Report: "check", Rule: rule, Severity: rules.Warning, Panel: panel.Spec{
			Name: name, Title: name, Rules: []rules.Rule{rule},
			Queries: []panel.Query{{Unit: units.PercentUnit}},
		},
		From: End.Add(-30 * day), To: End, Asked: 30 * day, Slots: 8640, Series: 42,
		Pages: 2, HeldOut: End.Add(-10 * day),
	}
}

// candidate returns a candidate with a number of alerts in 30 days.
func candidate(level float64, hold time.Duration, alerts int) backtest.Candidate {
	c := backtest.Candidate{
		Level: level, For: hold, Alerts: alerts, PerWeek: float64(alerts) * 7 / 30,
		Older: float64(alerts-alerts/3) * 7 / 20, Held: float64(alerts/3) * 7 / 10,
		Objects: min(alerts, 11),
		Firing:  time.Duration(alerts) * 70 * time.Minute, Flaps: alerts / 12,
	}
	if alerts > 0 {
		c.Longest, c.TopShare = 8*time.Hour+10*time.Minute, .4
	}
	return c
}

// fill gives a candidate the alerts of its objects, the first with two in five of them.
func fill(r *backtest.Result, i, objects int) {
	c := &r.Candidates[i]
	objects = max(objects, min(c.Objects, 11))
	for n := range objects {
		name := fmt.Sprintf("ip-10-0-1-%d", 12+n)
		if n == 3 {
			name = "노드-서울-1"
		}
		c.By = append(c.By, backtest.Object{
			Name: name, Identity: series.Labels{{Name: "node", Value: name}},
		})
	}
	others := 0
	for k := range c.Alerts {
		o := 0
		if k%5 > 1 && objects > 1 {
			o = 1 + others%(objects-1)
			others++
		}
		// a few days have several alerts of the same object
		from := r.From.Add(time.Duration((k/2*2)*29/max(c.Alerts-1, 1))*day +
			time.Duration(k%7*3+o)*47*time.Minute)
		c.By[o].Episodes = append(c.By[o].Episodes, backtest.Episode{
			From: from, To: from.Add(time.Duration(20+k%4*35) * time.Minute),
			Worst: c.Level, Severity: r.Severity,
		})
	}
	c.By = slices.DeleteFunc(c.By, func(o backtest.Object) bool { return len(o.Episodes) == 0 })
	c.Objects = len(c.By)
	if len(c.By) > 0 { // the alert that has not ended
		last := &c.By[0].Episodes[len(c.By[0].Episodes)-1]
		last.From, last.To, last.Firing = r.To.Add(-50*time.Minute), r.To, true
	}
}
