package tuning

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// indent is that of a panel in the list of a report's panels.
const indent = "      "

// YAML returns the proposal as lines of promsnap.yaml, with the indentation that they have there.
// It has all rules of the panel, because rules replace those of the panel. A panel with its own
// query has only the key rules, for the panel as it is written in the file. It is "" without a
// proposal.
func YAML(r *backtest.Result) string {
	if _, ok := Proposed(r); !ok {
		return ""
	}
	if r.File != nil {
		return ruleFileYAML(r)
	}
	if !r.Panel.Builtin {
		return RulesYAML(r)
	}
	return fmt.Sprintf("%s- use: %s\n", indent, plainOrQuoted(r.Panel.Name)) + RulesYAML(r)
}

// RulesYAML returns the key rules of a panel with the proposals of back-tests of its rules, as
// lines of promsnap.yaml. A comment for each proposal says how often it alerted. It is "" without
// one.
func RulesYAML(of ...*backtest.Result) string {
	proposals := map[string]*backtest.Result{}
	for _, r := range of {
		if _, ok := Proposed(r); ok {
			proposals[r.Rule.Name] = r
		}
	}
	if len(proposals) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(indent + "  rules:\n")
	for _, rule := range of[0].Panel.Rules {
		if r := proposals[rule.Name]; r != nil {
			to, _ := Proposed(r)
			fmt.Fprintf(&b, "%s    # %s\n", indent, comment(r, to))
			rule = moved(r, to)
		}
		u := of[0].Panel.UnitOf(rule.Ref)
		fmt.Fprintf(&b, "%s    - %s\n", indent, ruleYAML(rule, u))
	}
	return b.String()
}

// comment says how often the proposal alerted: "84%: 0.9 alerts a week in 30d; 80% had 8.2".
func comment(r *backtest.Result, to backtest.Candidate) string {
	u := r.Panel.UnitOf(r.Rule.Ref)
	text := func(c backtest.Candidate) string {
		if c.For != r.Rule.For {
			return u.Text(c.Level) + " for " + forText(c.For)
		}
		return u.Text(c.Level)
	}
	b := &words.In(words.English).Backtest
	said := fmt.Sprintf("%s: %s in the last %s", text(to), fmt.Sprintf(b.Weekly,
		alerts(to.PerWeek)), units.Span(r.To.Sub(r.From).Round(time.Hour)))
	if !r.HeldOut.IsZero() {
		said += fmt.Sprintf(", %s in the last %s", perWeek(to.Held),
			units.Span(r.To.Sub(r.HeldOut).Round(24*time.Hour)))
	}
	if now, ok := Now(r); ok {
		said += fmt.Sprintf("; %s had %s", text(now), perWeek(now.PerWeek))
	}
	return said
}

func alerts(v float64) string {
	if n := perWeek(v); n != "1" {
		return n + " alerts"
	}
	return "1 alert"
}

// moved returns a rule with the level and the For of a candidate. The other limit stays.
func moved(r *backtest.Result, to backtest.Candidate) rules.Rule {
	rule := r.Rule
	rule.For = to.For
	if r.Severity == rules.Critical {
		rule.Critical = rules.At(to.Level)
	} else {
		rule.Warning = rules.At(to.Level)
	}
	return rule
}

// ruleYAML returns a rule as a flow mapping.
func ruleYAML(r rules.Rule, u units.Unit) string {
	var parts []string
	add := func(key, value string) { parts = append(parts, key+": "+value) }
	if r.IsAlert() {
		add("alertname", plainOrQuoted(r.Name))
	} else {
		add("name", plainOrQuoted(r.Name))
		add("reduce", string(r.Reduce))
	}
	if r.Ref != "" {
		add("ref", plainOrQuoted(r.Ref))
	}
	side, text := r.Direction.String(), u.Text
	if r.FullIn {
		side, text = "full_in", units.Seconds.Text
	}
	var limits []string
	if r.Warning.Set {
		limits = append(limits, "warning: "+text(r.Warning.Value))
	}
	if r.Critical.Set {
		limits = append(limits, "critical: "+text(r.Critical.Value))
	}
	add(side, "{"+strings.Join(limits, ", ")+"}")
	if r.For > 0 {
		add("for", forText(r.For))
	}
	keep := cmp.Or(r.KeepFiringFor, rules.DefaultKeepFiringFor)
	if r.FullIn || keep != rules.DefaultKeepFiringFor { // full_in has another default
		add("keep_firing_for", forText(keep))
	}
	if r.Condition && r.IsAlert() {
		add("condition", "true")
	}
	if r.NoData == rules.ResolveOnNoData && !r.FullIn { // full_in implies it
		add("no_data", "resolve")
	}
	if r.RunbookURL != "" && r.RunbookURL != rules.RunbookURL(r.Name) {
		add("runbook_url", strconv.Quote(outside.Line(r.RunbookURL)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// plainOrQuoted returns a name as YAML: quoted, unless it is made of letters, digits, dashes and
// underscores and begins with a letter.
func plainOrQuoted(name string) string {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && c != '_' && (c < '0' || c > '9')) {
			return strconv.Quote(name)
		}
	}
	switch strings.ToLower(name) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return strconv.Quote(name)
	}
	return name
}
