package html

import (
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// How much the page lists of alerting rules.
const (
	lackingNames = 100 // metrics
	ruleNames    = 8   // beside one metric or one error
)

// rulesView is the section of alerting rules.
type rulesView struct {
	W         *words.Words
	Sum       string
	Active    []firedView
	Rest      []restView // active rules without charts
	RestHead  string
	Broken    []brokenView
	Quiet     []string
	QuietHead string
	Lack      []lackView
	LackRest  string // how many metrics are left out; "" if none are
	Notes     []string
}

// firedView is a rule with alerts.
type firedView struct {
	report.FiredRule
	Href   string // of its chart; "" if it has none
	Alerts []firedAlertView
}

type firedAlertView struct {
	report.FiredAlert
	Bars []barView
}

// barView is a part of the range.
type barView struct {
	X, Width string
	Firing   bool
}

// restView is a rule without a chart. Anchor is "" if an earlier one has it.
type restView struct {
	report.FiredRule
	Anchor string
}

type brokenView struct {
	Anchors      []string
	Names, Error string
}

type lackView struct{ Metric, Rules string }

// rules returns the section of alerting rules, nil if there are none.
func (l layout) rules() *rulesView {
	r, w := l.Rules, l.words
	if r == nil {
		return nil
	}
	v := &rulesView{
		W: w, Sum: r.Sum, Quiet: r.Quiet, QuietHead: w.Rules.Quiet.Of(len(r.Quiet)), Notes: r.Notes,
	}
	charts := map[string]bool{}
	for i := range l.Panels {
		p := &l.Panels[i]
		charts[p.Spec.Name] = p.Total > 0 && !l.Listed(p)
	}
	for _, rule := range r.Active {
		v.Active = append(v.Active, firedOf(rule, charts[rule.Panel]))
	}
	anchored := map[string]bool{}
	for _, rule := range r.Rest {
		one := restView{FiredRule: rule}
		if !charts[rule.Panel] && !anchored[rule.Panel] {
			one.Anchor, anchored[rule.Panel] = panelAnchor(rule.Panel), true
		}
		v.Rest = append(v.Rest, one)
	}
	v.RestHead = w.Rules.MoreRules.Of(len(r.Rest))
	for _, b := range r.Broken {
		one := brokenView{Names: firstNames(w, b.Names), Error: b.Error}
		seen := map[string]bool{}
		for _, panel := range b.Panels {
			if !charts[panel] && !seen[panel] {
				seen[panel] = true
				one.Anchors = append(one.Anchors, panelAnchor(panel))
			}
		}
		v.Broken = append(v.Broken, one)
	}
	for _, m := range r.Lack[:min(len(r.Lack), lackingNames)] {
		v.Lack = append(v.Lack, lackView{m.Metric, firstNames(w, m.Rules)})
	}
	v.LackRest = l.notListed(len(v.Lack), len(r.Lack))
	return v
}

// listsFailure reports whether the section of alerting rules says all of a failure.
func (l layout) listsFailure(f report.FailureGroup) bool {
	if l.Rules == nil {
		return false
	}
	for _, panel := range f.Panels {
		if !slices.ContainsFunc(l.Rules.Broken, func(b report.BrokenRules) bool {
			return slices.Contains(b.Panels, panel)
		}) {
			return false
		}
	}
	return true
}

// firstNames lists the first of several names.
func firstNames(w *words.Words, names []string) string {
	return strings.Join(w.AtMost(names, ruleNames), ", ")
}

// firedOf returns a rule with alerts. drawn says that it has a chart.
func firedOf(rule report.FiredRule, drawn bool) firedView {
	v := firedView{FiredRule: rule}
	if drawn {
		v.Href = "#" + panelAnchor(rule.Panel)
	}
	for _, a := range rule.Alerts {
		one := firedAlertView{FiredAlert: a}
		for _, b := range a.Bars {
			one.Bars = append(one.Bars, barView{percent(b.X), percent(b.Width), b.Firing})
		}
		v.Alerts = append(v.Alerts, one)
	}
	return v
}

// percent writes a number of percent in short.
func percent(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
