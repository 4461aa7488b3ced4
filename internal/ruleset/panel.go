package ruleset

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// topLines is how many series of a panel are drawn.
const topLines = panel.DefaultTop

// unlabelled is the name of a series without labels.
const unlabelled = "{}"

// longestName is the longest name of a panel.
const longestName = 60

// name gives each alertname the name of a panel. An alert is known by its alertname and its labels,
// whichever rule it comes from, so rules of one alertname share a panel.
func (res *Result) name(taken []string) {
	used, of := map[string]bool{}, map[string]string{}
	for _, name := range taken {
		used[name] = true
	}
	for i := range res.Rules {
		r := &res.Rules[i]
		name, known := of[r.Alert]
		if !known {
			base := cmp.Or(outside.Slug(r.Alert, longestName), "alert")
			name = base
			for n := 2; used[name]; n++ {
				name = base + "-" + strconv.Itoa(n)
			}
			used[name], of[r.Alert] = true, name
		}
		r.Panel = name
	}
}

// Panels returns a panel for each alertname, in the order of the rules. One whose alerts neither
// fire nor fired has no series, so it has no chart.
func (res *Result) Panels() []snapshot.Panel {
	var out []snapshot.Panel
	at := map[string]int{}
	for i := range res.Rules {
		r := &res.Rules[i]
		k, known := at[r.Panel]
		if !known {
			k = len(out)
			at[r.Panel] = k
			out = append(out, res.empty(r))
		}
		out[k] = withRule(out[k], r)
	}
	for i := range out {
		p := &out[i]
		p.Total = len(p.Rows)
		if p.Total == 0 && len(p.Missing) > 0 && p.Data == snapshot.DataComplete {
			p.Data = snapshot.DataAbsent
		}
		slices.SortStableFunc(p.Findings, func(a, b snapshot.Finding) int {
			return a.Compare(b.Finding)
		})
		p.Lines = p.Lines[:min(len(p.Lines), topLines)]
	}
	return out
}

// empty returns the panel of a rule's alertname without any rule.
func (res *Result) empty(r *Rule) snapshot.Panel {
	title := outside.Said(r.Alert, maxName)
	return snapshot.Panel{
		Spec: panel.Spec{
			Name: r.Panel, Title: title, Section: res.Section, Subject: title, Kind: panel.Lines,
			EmptyIsOK: true, Optional: true,
			Rules: []rules.Rule{{Name: r.Alert, Condition: true, For: r.For}},
		},
		Grid: r.drawn, Data: snapshot.DataComplete,
	}
}

// withRule returns a panel with one more rule of its alertname. A rule that failed leaves the
// others incomplete.
func withRule(p snapshot.Panel, r *Rule) snapshot.Panel {
	first := len(p.Exprs) == 0
	p.Exprs = append(p.Exprs, r.Expr)
	ref := string(rune('A' + min(len(p.Spec.Queries), 25)))
	p.Spec.Queries = append(p.Spec.Queries, panel.Query{Ref: ref, Expr: r.Rule.Expr})
	if p.Grid.Len == 0 {
		p.Grid = r.drawn
	}
	failed := r.Failure != nil
	switch {
	case first && failed:
		p.Data, p.Failure = snapshot.DataFailed, r.Failure
	case failed && p.Data != snapshot.DataFailed, !failed && p.Data == snapshot.DataFailed:
		p.Data, p.Failure = snapshot.DataPartial, nil
	}
	if failed {
		return p
	}
	if p.Partial.IsZero() && !r.Partial.IsZero() {
		p.Data, p.Partial = snapshot.DataPartial, r.Partial
	}
	if len(r.Broken) > 0 && !r.Broken[len(r.Broken)-1].To.Before(r.Grid.End()) &&
		p.Data == snapshot.DataComplete {
		p.Data = snapshot.DataPartial // its newest evaluation says nothing
	}
	p.Spec.Rules[0].NeedsAll = p.Spec.Rules[0].NeedsAll || panel.NeedsAll(r.Expr, rules.Above)
	if len(r.Missing) == 0 && r.State() == rulefile.Inactive {
		p.OK++
	}
	for _, name := range r.Missing {
		if !slices.Contains(p.Missing, name) {
			p.Missing = append(p.Missing, name)
		}
	}
	known := map[uint64]bool{}
	for i := range p.Rows {
		known[p.Rows[i].Labels.Hash()] = true
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		if a.Severity == rules.None || known[a.Labels.Hash()] {
			continue
		}
		p.Rows = append(p.Rows, rowOf(a))
		p.Findings = append(p.Findings, findingOf(a, r, p.Spec.Name))
	}
	for _, line := range r.lines {
		if !known[line.Labels.Hash()] && line.Severity != rules.None {
			p.Lines = append(p.Lines, line)
		}
	}
	return p
}

// rowOf returns the row of an alert. Its ref is that of its panel's first query.
func rowOf(a *Alert) snapshot.Row {
	e := a.Now()
	row := snapshot.Row{
		Name: cmp.Or(a.Name, unlabelled), Ref: "A", Labels: a.Labels, Node: a.Labels.Get("node"),
		Capacity: math.NaN(), Rank: e.Value, Status: rules.OK, Severity: a.Severity,
		Stats: snapshot.Stats{
			Last: e.Value, Avg: math.NaN(), Min: e.Lowest, Max: e.Highest, MaxAt: e.LastHeld,
			Samples: 1,
		},
	}
	switch a.State {
	case rulefile.Firing:
		row.Status = rules.Breach
	case rulefile.Pending:
		row.Status = rules.Pending
	default:
		row.Stats.Last = math.NaN()
	}
	return row
}

// findingOf returns an alert as the finding of its panel's rule.
func findingOf(a *Alert, r *Rule, name string) snapshot.Finding {
	f := snapshot.Finding{
		Finding: rules.Finding{
			Rule: r.Alert, Labels: a.Labels, Status: rules.OK, Value: math.NaN(), Limit: math.NaN(),
			Newest: a.Now().LastHeld,
			Cause:  rules.CauseOf(rules.RuleID{Panel: name, Rule: r.Alert}),
		},
		Name: cmp.Or(a.Name, unlabelled), Node: a.Labels.Get("node"), Ref: "A",
		Capacity: math.NaN(),
	}
	f.Cause.Cluster = a.Labels.Get("cluster")
	for _, e := range a.Episodes {
		s := streakOf(e, a, r)
		if !e.Ended.IsZero() {
			f.Latest = s
			if f.Earlier == nil || s.Lasted() >= f.Earlier.Lasted() {
				f.Earlier = s
			}
			continue
		}
		f.Streak, f.Value, f.Severity, f.Status = s, e.Value, a.Severity, rules.Pending
		if e.Fired() {
			f.Status = rules.Breach
		}
	}
	return f
}

// streakOf returns an episode as a streak, from the first evaluation at which its condition held.
func streakOf(e rulefile.Episode, a *Alert, r *Rule) *rules.Streak {
	s := &rules.Streak{
		From: e.ActiveSince, To: ends(e, r), Open: e.Cut, Peak: e.Highest, PeakAt: e.LastHeld,
		Limit: math.NaN(), Severity: a.Severity,
	}
	s.Seen = int(s.Lasted()/r.Interval) + 1
	s.Expected = s.Seen
	if !e.Cut {
		s.Well = e.ActiveSince.Add(-r.Interval)
	}
	return s
}

// Results returns what the rules of panels that Panels returned came to, for rules.Advance.
func (res *Result) Results(panels []snapshot.Panel) []rules.RuleResult {
	from := map[string]*Rule{}
	for i := range res.Rules {
		r := &res.Rules[i]
		if o := from[r.Panel]; o == nil || r.Grid.End().Before(o.Grid.End()) {
			from[r.Panel] = r
		}
	}
	var out []rules.RuleResult
	for i := range panels {
		p := &panels[i]
		r := from[p.Spec.Name]
		if r == nil {
			continue
		}
		one := rules.RuleResult{
			ID: rules.RuleID{Panel: p.Spec.Name, Rule: r.Alert}, Direction: rules.Above,
			NoData: rules.ResolveOnNoData, BadNewsOnly: true, EndsWithSeries: true,
			NeedsAll: p.Spec.Rules[0].NeedsAll, Data: qualityOf(p.Data),
			From: r.Grid.Start, Through: r.Grid.End(),
		}
		for j := range p.Findings {
			f := &p.Findings[j]
			one.Findings = append(one.Findings, rules.Judged{
				Finding: f.Finding, Identity: f.Labels, Name: f.Name, Capacity: f.Capacity,
			})
		}
		out = append(out, one)
	}
	return out
}

// qualityOf converts the state of an answer. A metric that does not exist has no series, so its
// alerts end.
func qualityOf(d snapshot.Data) rules.Quality {
	switch d {
	case snapshot.DataFailed:
		return rules.DataFailed
	case snapshot.DataPartial:
		return rules.DataPartial
	}
	return rules.DataComplete
}
