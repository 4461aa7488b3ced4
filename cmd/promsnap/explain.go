package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

// explainReports prints who is sent what.
func explainReports(c *console, cfg *config.Config) error {
	for i := range cfg.Reports {
		e := explainedReport{Report: &cfg.Reports[i]}
		for _, r := range cfg.Receivers {
			if slices.Contains(e.Receivers, r.Name) {
				e.to = append(e.to, r)
			}
		}
		fmt.Fprintln(c.stdout)
		c.stdout.say(bold, "report "+e.Name, ": "+e.when(), 2)
		for _, r := range e.to {
			c.stdout.say(normal, "  "+r.Name, " ("+string(r.Kind)+") "+e.what(&r), 6)
		}
		if err := e.printRules(c); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.stdout)
	return nil
}

// explainedReport is a report with its receivers.
type explainedReport struct {
	*config.Report
	to []config.Receiver
}

// when returns when the report is made, and what people are sent.
func (e *explainedReport) when() string {
	when := "runs when somebody starts it"
	if e.Schedule != nil {
		when = "runs at " + strconv.Quote(e.Schedule.String()) + " " + e.Zone.String()
	}
	switch {
	case len(e.to) == 0:
		return when + "; has no receivers"
	case e.Send == config.SendSummary:
		return when + "; people get a summary of each run"
	case e.Send != "":
		return when + "; people get a message when an alert changes"
	}
	return when + "; people get no messages"
}

// what returns what a receiver is sent.
func (e *explainedReport) what(r *config.Receiver) string {
	only := "all alerts"
	if r.MinSeverity == rules.Critical {
		only = "critical alerts"
	}
	if len(r.Matchers) > 0 {
		only += " that match " + r.Matchers.String()
	}
	var parts []string
	switch {
	case r.Role == config.RoleArchive && e.ArchiveOnChange:
		return "keeps each report with a message to people"
	case r.Role == config.RoleArchive:
		return "keeps each report"
	case r.Kind == config.KindPushgateway:
		return "gets the metrics of each run"
	case r.Role == config.RoleProgram:
		return "gets " + only + " on each run"
	case e.Send == config.SendSummary:
		parts = []string{"gets a summary of " + only}
	default:
		parts = append([]string{"gets " + only}, e.messages(r)...)
	}
	if len(r.MuteTimeIntervals) > 0 {
		parts = append(parts, "nothing during "+strings.Join(r.MuteTimeIntervals, ", "))
	}
	if r.Fallback != "" {
		parts = append(parts, "if it fails, "+r.Fallback+" gets them")
	}
	return strings.Join(parts, "; ")
}

// messages returns how alerts become messages to people.
func (e *explainedReport) messages(r *config.Receiver) []string {
	var parts []string
	folds := r.MaxMessages > 0 && (r.GroupBy == nil || len(r.GroupBy) > 0)
	switch {
	case r.Kind.PerAlert():
		parts, folds = append(parts, "each alert by itself"), false
	case r.GroupBy == nil:
		parts = append(parts, "one message for each cause")
	case len(r.GroupBy) == 0:
		parts = append(parts, "one message for everything")
	default:
		parts = append(parts, "one message for each "+strings.Join(r.GroupBy, " and "))
	}
	if folds {
		parts = append(parts, fmt.Sprintf("if a run has more than %d, one for all", r.MaxMessages))
	}
	if e.RepeatInterval > 0 {
		parts = append(parts, "repeated every "+model.Duration(e.RepeatInterval).String())
	}
	if !r.SendResolved {
		parts = append(parts, "nothing about resolved alerts")
	}
	if r.AllClear {
		parts = append(parts, "one more when all are resolved")
	}
	return parts
}

// explainedRule is a rule, and whom its alerts reach.
type explainedRule struct {
	panel, name string
	severities  []rules.Severity
	to          []string
	byLabels    bool // it reaches only receivers that also match other labels
}

// printRules prints a table of the rules, and warns of those that reach nobody.
func (e *explainedReport) printRules(c *console) error {
	if !slices.ContainsFunc(e.to, receivesAlerts) {
		return nil
	}
	table := [][]string{{"RULE", "PANEL", "SEVERITY", "SENT TO"}}
	var nobody, maybe []string
	for _, r := range e.rules() {
		e.route(&r)
		switch {
		case len(r.to) == 0:
			nobody = append(nobody, r.name)
		case r.byLabels:
			maybe = append(maybe, r.name)
		}
		to := strings.Join(r.to, "; ")
		if to == "" {
			to = "nobody"
		}
		table = append(table, []string{
			r.name, r.panel, severityNames(r.severities), to,
		})
	}
	fmt.Fprintln(c.stdout)
	if err := c.stdout.table(table); err != nil {
		return err
	}
	if e.Send == config.SendSummary {
		return nil // a summary pages nobody, so that it may leave out alerts
	}
	if len(nobody) > 0 {
		c.stdout.say(yellow, "warning: report "+e.Name+": "+strings.Join(nobody, ", "),
			": these alerts reach nobody", 2)
	}
	if len(maybe) > 0 {
		c.stdout.say(yellow, "warning: report "+e.Name+": "+strings.Join(maybe, ", "),
			": these alerts reach nobody if their labels match no receiver", 2)
	}
	return nil
}

// receivesAlerts reports whether a receiver is sent alerts, or a summary of them.
func receivesAlerts(r config.Receiver) bool {
	return r.Role != config.RoleArchive && r.Kind != config.KindPushgateway
}

// rules returns the alerting rules of the report, and PromsnapBlind.
func (e *explainedReport) rules() []explainedRule {
	var out []explainedRule
	add := func(label string, of []rules.Rule, overrides []panel.Override) {
		for _, r := range of {
			if r.IsAlert() {
				out = append(out, explainedRule{
					panel: label, name: r.Name, severities: severitiesOf(r, overrides),
				})
			}
		}
	}
	for _, p := range e.Panels {
		add(p.Name, p.Rules, p.Overrides)
	}
	if d := e.Dashboard; d != nil {
		for _, title := range slices.Sorted(maps.Keys(d.Rules)) {
			add(outside.Said(title, 40), d.Rules[title], nil)
		}
	}
	return append(out, explainedRule{
		panel: "-", name: rules.BlindName, severities: []rules.Severity{rules.Critical},
	})
}

// severitiesOf returns the severities that alerts of a rule may have.
func severitiesOf(r rules.Rule, overrides []panel.Override) []rules.Severity {
	warning, critical := r.Warning.Set || r.Flaps, r.Critical.Set
	for _, o := range overrides {
		if o.Rule == r.Name || o.Rule == "" && !r.FullIn {
			warning, critical = warning || o.Warning.Set, critical || o.Critical.Set
		}
	}
	var out []rules.Severity
	if warning {
		out = append(out, rules.Warning)
	}
	if critical {
		out = append(out, rules.Critical)
	}
	return out
}

// route fills in whom the alerts of a rule reach.
func (e *explainedReport) route(r *explainedRule) {
	sure := false
	for _, to := range e.to {
		if !receivesAlerts(to) {
			continue
		}
		known, rest := split(to.Matchers, e.Dashboard != nil)
		var reached []rules.Severity
		for _, s := range r.severities {
			a := rules.Alert{Panel: r.panel, Rule: r.name, Severity: s}
			if r.name == rules.BlindName {
				a.Panel, rest = "", nil
			}
			if s >= to.MinSeverity && a.MatchedBy(known, s) {
				reached = append(reached, s)
			}
		}
		if len(reached) == 0 {
			continue
		}
		said := to.Name
		if len(reached) < len(r.severities) {
			said += " (" + severityNames(reached) + ")"
		}
		if len(rest) > 0 {
			said += " if " + rest.String()
		}
		r.to, sure = append(r.to, said), sure || len(rest) == 0
	}
	r.byLabels = !sure
}

// split splits matchers into those of what a configuration says about an alert, and the rest. The
// panels of alerts of a dashboard are named when it runs.
func split(ms rules.Matchers, dashboard bool) (known, rest rules.Matchers) {
	for _, m := range ms {
		if m.Name == labels.AlertName || m.Name == "severity" || m.Name == "panel" && !dashboard {
			known = append(known, m)
		} else {
			rest = append(rest, m)
		}
	}
	return known, rest
}

func severityNames(all []rules.Severity) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}
