// Package rulefile reads Prometheus rule files and replays their alerting rules: parsing, recording
// rules expanded in place, templates, and the states of alerts by the semantics of Prometheus. It
// is pure: no clock, no I/O. Samples come from the caller.
package rulefile

import (
	"cmp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Group is one group of a rule file. Prometheus evaluates its rules in order, every Interval.
type Group struct {
	File   string // as it was given to Parse
	Object string // namespace/name of the PrometheusRule that has it; "": a rule file
	Name   string
	// the time between two evaluations; 0: the server's evaluation_interval, 1m by default
	Interval time.Duration
	// how far before an evaluation its samples are; 0: the server's rule_query_offset, 0 by default
	QueryOffset time.Duration
	// the most alerts of an alerting rule, and the most series of a recording rule; 0: no limit. An
	// evaluation above it fails, and ends all alerts of the rule.
	Limit int
	// Labels are the group's own. The Labels of its rules already have them.
	Labels series.Labels
	Rules  []Rule

	Line, Column int // of the group in the file, from 1
}

// Rule is an alerting rule or a recording rule: either Alert or Record is set.
type Rule struct {
	Alert  string // the alertname
	Record string // the name of the metric that the rule records
	Expr   string // PromQL, as it is in the file
	// how long Expr must have a series before its alert fires; 0: one evaluation is enough
	For time.Duration
	// how long a firing alert outlives its series; 0: it ends at the first evaluation without it
	KeepFiringFor time.Duration
	// Labels of the rule and of its group; the rule's win. Those of alerts are templates. An empty
	// value removes the label from the series.
	Labels      series.Labels
	Annotations series.Labels // templates

	Line, Column int // of the rule in the file, from 1
}

// Name returns the alertname or the name of the recorded metric.
func (r Rule) Name() string { return cmp.Or(r.Alert, r.Record) }

// Label returns the value of a label of the rule, which may be a template, or "". The label
// alertname is the rule's name.
func (r Rule) Label(name string) string {
	if name == labels.AlertName {
		return r.Alert
	}
	return r.Labels.Get(name)
}

// MatchedBy reports whether all matchers match the labels of the rule and alertname. A label with a
// template is matched as it is in the file.
func (r Rule) MatchedBy(ms rules.Matchers) bool { return ms.Match(r.Label) }

// severities are the values of the label severity that mean something to promsnap.
var severities = map[string]rules.Severity{
	"critical": rules.Critical, "crit": rules.Critical, "page": rules.Critical,
	"error": rules.Critical, "emergency": rules.Critical, "fatal": rules.Critical,
	"disaster": rules.Critical,
	"warning":  rules.Warning, "warn": rules.Warning,
	"info": rules.None, "information": rules.None, "informational": rules.None,
	"notice": rules.None, "none": rules.None, "debug": rules.None,
}

// Severity returns the severity that a value of the label severity means, in any case. None is for
// alerts that only inform. A value that promsnap does not know, a template and a missing label are
// Warning: whoever wrote the rule wants to know, and nobody asked to be paged.
func Severity(label string) rules.Severity {
	if s, ok := severities[strings.ToLower(strings.TrimSpace(label))]; ok {
		return s
	}
	return rules.Warning
}

// Severity returns the severity of the rule's alerts.
func (r Rule) Severity() rules.Severity { return Severity(r.Labels.Get("severity")) }

// Lookback returns how long before a range the replay of a rule must begin for its states to be
// right from the range's first evaluation: For and KeepFiringFor, each rounded up to the interval.
//
// One case needs more: an alert with KeepFiringFor whose condition comes and goes, each time for
// less than For, may fire since any earlier time. Its replay finds it pending.
func (r Rule) Lookback(interval time.Duration) time.Duration {
	return roundUp(r.For, interval) + roundUp(r.KeepFiringFor, interval)
}

// roundUp returns the smallest multiple of step that is at least d.
func roundUp(d, step time.Duration) time.Duration {
	if step <= 0 || d%step == 0 {
		return d
	}
	return d - d%step + step
}
