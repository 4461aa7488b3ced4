package rulefile

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// The keys of a group and of a rule, for messages.
const (
	groupKeys = "name, interval, query_offset, limit, labels and rules"
	ruleKeys  = "alert, record, expr, for, keep_firing_for, labels and annotations"
)

// readGroups reads a list of groups.
func (r *reader) readGroups(n *yaml.Node, from source) {
	for _, item := range r.items(n, "groups") {
		if len(r.groups) == maxGroups {
			r.problem(item.Line, item.Column, "more than %d groups", maxGroups)
			return
		}
		r.group(item, from)
	}
}

func (r *reader) group(n *yaml.Node, from source) {
	fs, ok := r.fields(n, "a group")
	if !ok {
		return
	}
	g := Group{File: r.file, Object: from.object, Line: n.Line, Column: n.Column}
	g.Name = r.textOf(fs, "name")
	if g.Name == "" {
		r.problem(n.Line, n.Column, "a group needs a name")
	} else if from.names[g.Name] {
		key, _ := fs.get("name")
		r.problem(key.Line, key.Column, "the group %s is there twice", quoted(g.Name))
	}
	from.names[g.Name] = true
	what := "group " + quoted(g.Name)
	var own map[string]string
	for _, f := range fs {
		switch f.name {
		case "name", "rules":
		case "interval":
			g.Interval = r.duration(f.value, what+": interval")
		case "query_offset":
			g.QueryOffset = r.duration(f.value, what+": query_offset")
		case "limit":
			r.decode(f.value, what+": limit", &g.Limit, "100")
		case "labels":
			own = r.labels(f.value, what, "label", "")
		case "partial_response_strategy":
			if !from.isObject { // Thanos reads it
				r.unknown(f, what, groupKeys)
			}
		default:
			r.unknown(f, what, groupKeys)
		}
	}
	g.Labels = series.FromMap(own)
	_, list := fs.get("rules")
	for i, item := range r.items(list, what+": rules") {
		if r.rules == MaxRules {
			r.problem(item.Line, item.Column, "more than %d rules; give fewer or smaller files",
				MaxRules)
			break
		}
		r.rules++
		g.Rules = append(g.Rules, r.rule(item, fmt.Sprintf("%s, rule %d", what, i+1), own))
	}
	r.groups = append(r.groups, g)
}

// duration reads a duration in the notation of Prometheus.
func (r *reader) duration(n *yaml.Node, what string) time.Duration {
	var d model.Duration
	r.decode(n, what, &d, "5m")
	return time.Duration(d)
}

// rule reads one rule. what names it in messages; groups are the labels of its group.
func (r *reader) rule(n *yaml.Node, what string, groups map[string]string) Rule {
	fs, ok := r.fields(n, what)
	if !ok {
		return Rule{}
	}
	n = r.follow(n)
	rule := Rule{
		Alert: r.textOf(fs, "alert"), Record: r.textOf(fs, "record"), Expr: r.textOf(fs, "expr"),
		Line: n.Line, Column: n.Column,
	}
	if rule.Name() != "" {
		what += ", " + quoted(rule.Name())
	}
	all := maps.Clone(groups)
	if all == nil {
		all = map[string]string{}
	}
	for _, f := range fs {
		switch f.name {
		case "alert", "record", "expr":
		case "for":
			rule.For = r.duration(f.value, what+": for")
		case "keep_firing_for":
			rule.KeepFiringFor = r.duration(f.value, what+": keep_firing_for")
		case "labels":
			maps.Copy(all, r.labels(f.value, what, "label", rule.Alert))
		case "annotations":
			rule.Annotations = series.FromMap(
				r.labels(f.value, what, "annotation", rule.Alert))
		default:
			r.unknown(f, what, ruleKeys)
		}
	}
	rule.Labels = series.FromMap(all)
	r.check(rule, n, fs, what)
	return rule
}

// labels reads names with values. Those of an alerting rule are templates.
func (r *reader) labels(n *yaml.Node, what, noun, alert string) map[string]string {
	fs, ok := r.fields(n, what+": "+noun+"s")
	if !ok {
		return nil
	}
	out := map[string]string{}
	for _, f := range fs {
		v, ok := r.text(f.value, what+": "+noun+" "+quoted(f.name))
		if !ok {
			continue
		}
		out[f.name] = v
		switch {
		case !model.UTF8Validation.IsValidLabelName(f.name),
			f.name == model.MetricNameLabel && noun == "label":
			r.problem(f.key.Line, f.key.Column, "%s: invalid name of a %s: %s", what, noun,
				quoted(f.name))
		case !model.LabelValue(v).IsValid() && noun == "label":
			r.problem(f.value.Line, f.value.Column, "%s: the value of the label %s is not UTF-8",
				what, quoted(f.name))
		case alert != "":
			if err := r.templates.check(alert, v); err != nil {
				r.problem(f.value.Line, f.value.Column, "%s: the template of the %s %s: %s", what,
					noun, quoted(f.name), outside.Said(err.Error(), 300))
			}
		}
	}
	return out
}

// check finds mistakes in a rule as Prometheus does.
func (r *reader) check(rule Rule, n *yaml.Node, fs fields, what string) {
	at := func(name string) *yaml.Node {
		if key, value := fs.get(name); value != nil && value.Line > 0 {
			return value
		} else if key != nil {
			return key
		}
		return n
	}
	say := func(name, format string, args ...any) {
		p := at(name)
		r.problem(p.Line, p.Column, what+": "+format, args...)
	}
	switch {
	case rule.Alert != "" && rule.Record != "":
		say("record", "has both alert and record; keep one")
	case rule.Name() == "":
		say("", "needs alert or record")
	}
	if rule.Expr == "" {
		say("expr", "needs expr")
	} else if _, err := panel.Parser().ParseExpr(rule.Expr); err != nil {
		say("expr", "expr: %s", outside.Said(err.Error(), 300))
	}
	if rule.Record == "" {
		return
	}
	for name, there := range map[string]bool{
		"annotations": len(rule.Annotations) > 0, "for": rule.For != 0,
		"keep_firing_for": rule.KeepFiringFor != 0,
	} {
		if there {
			say(name, "a recording rule has no %s", name)
		}
	}
	if err := recordName(rule.Record); err != nil {
		say("record", "%s", err)
	}
}

// recordName returns an error if a recorded metric cannot have a name.
func recordName(name string) error {
	switch {
	case !model.UTF8Validation.IsValidMetricName(name):
		return fmt.Errorf("%s is not the name of a metric", quoted(name))
	case strings.ContainsAny(name, "{}"):
		return errors.New("the name in record has braces; write what they hold into expr or " +
			"labels")
	}
	return nil
}
