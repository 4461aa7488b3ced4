package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/ruleset"
)

// How much of alerting rules is in report.json.
const (
	documentRules    = 5000
	documentAlerts   = 200 // of one rule
	documentEpisodes = 100 // of one alert, the newest
)

// DocAlertingRules are the alerting rules of Prometheus that the report judges, in the order of
// their files. A rule without alerts has no panel in this document.
type DocAlertingRules struct {
	Sentence string            `json:"sentence"` // what they came to
	LeftOut  int               `json:"left_out" jsonschema:"minimum=0"`
	TooMany  int               `json:"too_many,omitempty" jsonschema:"minimum=0"`
	Notes    []string          `json:"notes"`
	Rules    []DocAlertingRule `json:"rules"`
}

// DocAlertingRule is an alerting rule. Its outcome is the state of its worst alert: ended means
// that an alert fired in the range, quiet that none did, and lacking the same with metrics that do
// not exist. Query is the PromQL as it was sent: recorded metrics that do not exist are expanded.
type DocAlertingRule struct {
	Alert    string `json:"alert"`
	Group    string `json:"group"`
	File     string `json:"file"`
	Line     int    `json:"line" jsonschema:"minimum=0"`
	Panel    string `json:"panel"`
	Outcome  string `json:"outcome" jsonschema:"enum=firing,enum=pending,enum=ended,enum=quiet,enum=lacking,enum=failed"`
	Severity string `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Query    string `json:"query"`
	// Interval is the time between two evaluations, and Evaluations how many there were.
	Interval        float64        `json:"interval_seconds"`
	For             float64        `json:"for_seconds"`
	KeepFiringFor   float64        `json:"keep_firing_for_seconds"`
	Evaluations     int            `json:"evaluations" jsonschema:"minimum=0"`
	Missing         []string       `json:"missing,omitempty"` // metrics that do not exist
	Error           string         `json:"error,omitempty"`
	Alerts          []DocRuleAlert `json:"alerts,omitempty"`
	AlertsTruncated int            `json:"alerts_truncated,omitempty" jsonschema:"minimum=0"`
}

// DocRuleAlert is an alert of a rule: one label set. Summary, description and runbook_url are its
// annotations.
type DocRuleAlert struct {
	Name        string            `json:"name,omitempty"`
	Labels      map[string]string `json:"labels"`
	State       string            `json:"state" jsonschema:"enum=inactive,enum=pending,enum=firing"`
	Severity    string            `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Summary     string            `json:"summary,omitempty"`
	Description string            `json:"description,omitempty"`
	Runbook     string            `json:"runbook_url,omitempty"`
	// Episodes are the oldest first. The oldest ones are left out if there are very many.
	Episodes          []DocRuleEpisode `json:"episodes"`
	EpisodesTruncated int              `json:"episodes_truncated,omitempty" jsonschema:"minimum=0"`
}

// DocRuleEpisode is a time in which an alert was active. ActiveSince is the first evaluation at
// which its condition held, FiredAt the one at which it began to fire, and Ended the first one
// without it. Open means that it may have begun before active_since, where the evaluations begin.
type DocRuleEpisode struct {
	ActiveSince time.Time  `json:"active_since"`
	FiredAt     *time.Time `json:"fired_at,omitempty"`
	Ended       *time.Time `json:"ended,omitempty"`
	Open        bool       `json:"open,omitempty"`
	Value       Number     `json:"value"` // of its expression, the newest
}

var states = map[rulefile.State]string{
	rulefile.Inactive: "inactive", rulefile.Pending: "pending", rulefile.Firing: "firing",
}

// docAlertingRules returns the alerting rules of a report, nil if there are none.
func docAlertingRules(r *report.Report) *DocAlertingRules {
	if r.Rules == nil {
		return nil
	}
	res := r.Rules.Result
	d := &DocAlertingRules{
		Sentence: r.Rules.Sum, LeftOut: res.LeftOut, TooMany: res.TooMany,
		Notes: list(r.Rules.Notes), Rules: []DocAlertingRule{},
	}
	for i := range res.Rules[:min(len(res.Rules), documentRules)] {
		d.Rules = append(d.Rules, docAlertingRule(&res.Rules[i]))
	}
	return d
}

func docAlertingRule(r *ruleset.Rule) DocAlertingRule {
	d := DocAlertingRule{
		Alert: r.Alert, Group: r.Group, File: r.File, Line: r.Line, Panel: r.Panel,
		Outcome: string(r.Outcome()), Severity: severityWord(r.Severity), Query: r.Expr,
		Interval: r.Interval.Seconds(), For: r.For.Seconds(),
		KeepFiringFor: r.KeepFiringFor.Seconds(), Evaluations: r.Grid.Len, Missing: r.Missing,
		AlertsTruncated: max(len(r.Alerts)-documentAlerts, 0),
	}
	if r.Failure != nil {
		d.Error, d.Evaluations = r.Failure.Error(), 0
	}
	for i := range r.Alerts[:len(r.Alerts)-d.AlertsTruncated] {
		d.Alerts = append(d.Alerts, docRuleAlert(&r.Alerts[i]))
	}
	return d
}

func docRuleAlert(a *ruleset.Alert) DocRuleAlert {
	d := DocRuleAlert{
		Name: a.Name, Labels: map[string]string{}, State: states[a.State],
		Severity: severityWord(a.Severity), Summary: a.Summary, Description: a.Description,
		Runbook: a.Runbook, EpisodesTruncated: max(len(a.Episodes)-documentEpisodes, 0),
	}
	for _, l := range a.Labels {
		d.Labels[l.Name] = l.Value
	}
	for _, e := range a.Episodes[d.EpisodesTruncated:] {
		d.Episodes = append(d.Episodes, DocRuleEpisode{
			ActiveSince: e.ActiveSince.UTC(), FiredAt: known(e.FiredAt), Ended: known(e.Ended),
			Open: e.Cut, Value: Number(e.Value),
		})
	}
	return d
}
