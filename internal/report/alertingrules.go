package report

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// How much a report lists of alerting rules.
const (
	mostRuleAlerts = 5 // of one rule
	mostRuleBars   = 200
	mostRuleNotes  = 20
	mostRuleCharts = 100 // as many rules
)

// Rules is what a report says about the alerting rules of rule files.
type Rules struct {
	Result *ruleset.Result

	Sum    string         // "3 rules fire, 1 rule is pending; 126 rules did not fire"
	Active []FiredRule    // rules that fire, are pending or fired in the range, the worst first
	Rest   []FiredRule    // those beyond the first 100, without their alerts and charts
	Quiet  []string       // the other rules that were evaluated, sorted
	Broken []BrokenRules  // rules that failed, by reason
	Lack   []LackingRules // metrics that do not exist, each with the rules that read it
	Notes  []string
}

// FiredRule is a rule with alerts.
type FiredRule struct {
	Rule          *ruleset.Rule
	Panel, Name   string
	From          string // its group and file
	Class, State  string // as a style's name, and as text
	Count, Lasted string // how often its alerts fired, and for how long in all: "3 times", "42 min"
	Runbook       string // an address, or ""
	Alerts        []FiredAlert
	More          string // how many alerts are left out; "" if none are

	total   time.Duration
	gravity int
}

// FiredAlert is an alert of a rule.
type FiredAlert struct {
	Alert        *ruleset.Alert
	Name         string // "" if the rule has one alert without labels of its own
	Class, State string
	Said         string // its summary, from outside
	Newest       string // when its newest episode fired
	Bars         []RuleBar
}

// RuleBar is a part of the range in which an alert was pending or fired, in percent of the range.
type RuleBar struct {
	X, Width float64
	Firing   bool
}

// BrokenRules are rules that failed for one reason.
type BrokenRules struct {
	Panels, Names []string
	Error         string
}

// LackingRules are rules that read a metric which does not exist.
type LackingRules struct {
	Metric string
	Rules  []string
}

// PrometheusRulesName is the name of the cluster's PrometheusRules among panels that failed.
const PrometheusRulesName = "prometheusrules"

// addRules adds what the alerting rules came to.
func (r *Report) addRules() {
	res := r.Info.Rules
	if res == nil {
		return
	}
	v := &Rules{Result: res}
	lacking := map[string][]string{}
	count := map[ruleset.Outcome]int{}
	if res.Unlisted != nil {
		f := Failure{PrometheusRulesName, "PrometheusRules", printable(res.Unlisted.Error())}
		r.Failures = append(r.Failures, f)
		v.Broken = []BrokenRules{{[]string{f.Panel}, []string{f.Title}, f.Error}}
	}
	for i := range res.Rules {
		rule := &res.Rules[i]
		outcome, name := rule.Outcome(), printable(rule.Alert)
		count[outcome]++
		v.Notes = append(v.Notes, r.words.ruleNotes(rule)...)
		switch outcome {
		case ruleset.Failed:
			v.addBroken(rule)
			r.Failures = append(r.Failures, Failure{
				Panel: rule.Panel, Title: name, Error: printable(rule.Failure.Error()),
			})
		case ruleset.Lacking:
			for _, metric := range rule.Missing {
				if !slices.Contains(lacking[metric], name) {
					lacking[metric] = append(lacking[metric], name)
				}
			}
		case ruleset.Quiet:
			v.Quiet = append(v.Quiet, name)
		default:
			v.Active = append(v.Active, r.firedRule(rule))
		}
	}
	slices.SortStableFunc(v.Active, func(a, b FiredRule) int {
		return cmp.Or(cmp.Compare(b.gravity, a.gravity), cmp.Compare(b.total, a.total))
	})
	r.listRest(v)
	slices.Sort(v.Quiet)
	for metric, names := range lacking {
		v.Lack = append(v.Lack, LackingRules{printable(metric), names})
	}
	slices.SortFunc(v.Lack, func(a, b LackingRules) int {
		return cmp.Or(cmp.Compare(len(b.Rules), len(a.Rules)), cmp.Compare(a.Metric, b.Metric))
	})
	if rest := len(v.Notes) - mostRuleNotes; rest > 0 {
		v.Notes = append(v.Notes[:mostRuleNotes], r.words.AndMore.Of(rest))
	}
	w := &r.words.Rules
	v.Sum = r.words.listed([]counted{
		{w.Fire, count[ruleset.Fires]}, {w.Pend, count[ruleset.Pends]},
		{w.FiredBefore, count[ruleset.Ended]}, {w.Quiet, count[ruleset.Quiet]},
		{w.Broken, count[ruleset.Failed]}, {w.Lack, count[ruleset.Lacking]},
		{w.LeftOut, res.LeftOut}, {w.TooMany, res.TooMany},
	})
	r.Rules = v
}

// listRest moves the active rules beyond those that have charts to Rest. A panel that another rule
// of its alertname shares keeps its chart.
func (r *Report) listRest(v *Rules) {
	charts := min(len(v.Active), mostRuleCharts)
	v.Active, v.Rest = v.Active[:charts], v.Active[charts:]
	r.listed = map[string]bool{}
	for i := range v.Rest {
		v.Rest[i].Alerts, v.Rest[i].More = nil, ""
		r.listed[v.Rest[i].Panel] = true
	}
	for i := range v.Active {
		delete(r.listed, v.Active[i].Panel)
	}
}

// counted is a number of things.
type counted struct {
	say words.Counted
	n   int
}

// listed returns the numbers that are not 0: "3 rules fire, 126 rules did not fire".
func (w wording) listed(all []counted) string {
	var parts []string
	for _, c := range all {
		if c.n > 0 {
			parts = append(parts, c.say.Of(c.n))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), w.Rules.None)
}

// addBroken adds a rule that failed to those with the same reason.
func (v *Rules) addBroken(rule *ruleset.Rule) {
	said := printable(rule.Failure.Error())
	i := slices.IndexFunc(v.Broken, func(b BrokenRules) bool {
		return causeOf(b.Error) == causeOf(said)
	})
	if i < 0 {
		i = len(v.Broken)
		v.Broken = append(v.Broken, BrokenRules{Error: said})
	}
	v.Broken[i].Panels = append(v.Broken[i].Panels, rule.Panel)
	v.Broken[i].Names = append(v.Broken[i].Names, printable(rule.Alert))
}

// informsLast puts the rules that only inform after all others.
const informsLast = 100

// firedRule returns a rule with its alerts.
func (r *Report) firedRule(rule *ruleset.Rule) FiredRule {
	w := r.words
	v := FiredRule{
		Rule: rule, Panel: rule.Panel, Name: printable(rule.Alert),
		From: printable(rule.Group + " · " + path.Base(rule.File)),
	}
	times := 0
	for i := range rule.Alerts {
		a := &rule.Alerts[i]
		for _, e := range a.Episodes {
			if e.Fired() {
				times++
				v.total += r.firedFor(e, rule)
			}
		}
		if i < mostRuleAlerts {
			v.Alerts = append(v.Alerts, r.firedAlert(a))
		}
		g := gravity(ruleStatus(a), a.Severity)
		if a.Severity == rules.None {
			g -= informsLast
		}
		if i == 0 || g > v.gravity {
			v.gravity, v.Class, v.State = g, ruleClass(a), w.ruleState(a)
		}
		v.Runbook = cmp.Or(v.Runbook, a.Runbook)
	}
	if times > 0 {
		v.Count, v.Lasted = w.Rules.Fired.Of(times), w.duration(v.total)
	}
	if rest := len(rule.Alerts) - len(v.Alerts); rest > 0 {
		v.More = w.Rules.More.Of(rest)
	}
	return v
}

// firedFor returns how long an episode fired in the range.
func (r *Report) firedFor(e rulefile.Episode, rule *ruleset.Rule) time.Duration {
	from, to := e.FiredAt, e.Ended
	if to.IsZero() {
		to = rule.Grid.End()
	}
	if from.Before(r.Info.Rules.From) {
		from = r.Info.Rules.From
	}
	return max(to.Sub(from), 0)
}

// firedAlert returns an alert of a rule.
func (r *Report) firedAlert(a *ruleset.Alert) FiredAlert {
	w, in := r.words, r.Info
	v := FiredAlert{
		Alert: a, Name: a.Name, Class: ruleClass(a), State: w.ruleState(a),
		Said: cmp.Or(a.Summary, a.Description),
	}
	switch e := a.Now(); {
	case !e.Fired():
		v.Newest = fmt.Sprintf(w.Rules.Still, w.clock(e.ActiveSince, in))
	case e.Ended.IsZero():
		v.Newest = fmt.Sprintf(w.Rules.Still, w.clock(e.FiredAt, in))
	default:
		v.Newest = fmt.Sprintf(w.Between, w.clock(e.FiredAt, in), w.clock(e.Ended, in))
	}
	for _, e := range a.Episodes[max(len(a.Episodes)-mostRuleBars, 0):] {
		end := e.Ended
		if end.IsZero() {
			end = in.Rules.To
		}
		fired := e.FiredAt
		if fired.IsZero() {
			fired = end
		}
		v.Bars = addBar(v.Bars, in.Rules, e.ActiveSince, fired, false)
		v.Bars = addBar(v.Bars, in.Rules, fired, end, true)
	}
	return v
}

// leastBar is the least width of a bar, so that a short episode can be seen.
const leastBar = 0.5

// addBar adds the part of the range between two times.
func addBar(bars []RuleBar, res *ruleset.Result, from, to time.Time, firing bool) []RuleBar {
	whole := res.To.Sub(res.From)
	if !from.Before(to) || whole <= 0 || !to.After(res.From) {
		return bars
	}
	x := max(100*float64(from.Sub(res.From))/float64(whole), 0)
	width := max(100*float64(to.Sub(res.From))/float64(whole)-x, leastBar)
	return append(bars, RuleBar{min(x, 100-leastBar), min(width, 100-x), firing})
}

// ruleStatus returns the state of an alert as that of a finding.
func ruleStatus(a *ruleset.Alert) rules.Status {
	switch a.State {
	case rulefile.Firing:
		return rules.Breach
	case rulefile.Pending:
		return rules.Pending
	}
	return rules.OK
}

// ruleClass returns the state of an alert as a style's name.
func ruleClass(a *ruleset.Alert) string {
	switch {
	case a.State == rulefile.Inactive:
		return "ended"
	case a.Severity == rules.None:
		return "info"
	}
	return classOf(ruleStatus(a), a.Severity)
}

// ruleState returns the state of an alert as text.
func (w wording) ruleState(a *ruleset.Alert) string {
	if a.State == rulefile.Firing && a.Severity == rules.None {
		return w.Rules.Inform
	}
	return w.state(&Finding{Status: ruleStatus(a), Severity: a.Severity})
}

// ruleNotes returns what a reader should know about the evaluation of a rule.
func (w wording) ruleNotes(rule *ruleset.Rule) []string {
	name, said := printable(rule.Alert), []string{}
	for _, n := range rule.Notes {
		format := w.Rules.NeedsQuery
		if n.Code == rulefile.TemplateFailed {
			format = w.Rules.Fails
		}
		said = append(said, fmt.Sprintf(format, name, printable(n.Name), printable(n.Err)))
	}
	if len(rule.Broken) > 0 { // the first says what to mend
		f := rule.Broken[0]
		if f.Reason == rulefile.LimitExceeded {
			said = append(said, fmt.Sprintf(w.Rules.Limited, name, words.Thousands(f.Alerts)))
		} else {
			said = append(said, fmt.Sprintf(w.Rules.Duplicate, name, printable(f.Labels.String())))
		}
	}
	if rule.Short {
		said = append(said, fmt.Sprintf(w.Rules.Short, name, w.duration(rule.Grid.Range())))
	}
	if !rule.Partial.IsZero() {
		said = append(said, fmt.Sprintf(w.Rules.Part, name, printable(w.note(rule.Partial))))
	}
	return said
}

// Listed reports whether a panel is that of an alerting rule that only the section of rules has: it
// has no alerts, or too many others are worse. It has neither a chart nor a place among the panels.
func (r *Report) Listed(p *snapshot.Panel) bool {
	return r.ofRules(p) && (p.Total == 0 || r.listed[p.Spec.Name])
}

// onlyRules reports whether all panels of the report are those of alerting rules, which need not be
// about a cluster of Kubernetes.
func (r *Report) onlyRules() bool {
	return r.Info.Rules != nil && !slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
		return !r.ofRules(&p)
	})
}

// ofRules reports whether a panel is that of an alerting rule.
func (r *Report) ofRules(p *snapshot.Panel) bool {
	return len(r.rulesOf[p.Spec.Name]) > 0
}

// rulesOf returns the alerting rules of each panel.
func rulesOf(res *ruleset.Result) map[string][]*ruleset.Rule {
	of := map[string][]*ruleset.Rule{}
	if res == nil {
		return of
	}
	for i := range res.Rules {
		rule := &res.Rules[i]
		of[rule.Panel] = append(of[rule.Panel], rule)
	}
	return of
}

// annotate adds what the annotations of an alerting rule say about a finding.
func (r *Report) annotate(f *Finding) {
	for _, rule := range r.rulesOf[f.Panel] {
		for i := range rule.Alerts {
			if a := &rule.Alerts[i]; a.Labels.Compare(f.labels) == 0 {
				f.Said, f.Runbook = cmp.Or(a.Summary, a.Description), cmp.Or(a.Runbook, f.Runbook)
				return
			}
		}
	}
}
