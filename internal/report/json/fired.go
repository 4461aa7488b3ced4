package json

import (
	"time"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/report"
)

// DocFired is what the server's own alerting rules fired, and how these rules are.
type DocFired struct {
	// Source is prometheus, or alertmanager, which only knows what fires now.
	Source   string `json:"source" jsonschema:"enum=prometheus,enum=alertmanager"`
	Sentence string `json:"sentence"`
	// Step is the precision of the durations. Range and Step are 0 from an Alertmanager.
	Range     float64         `json:"range_seconds"`
	Step      float64         `json:"step_seconds"`
	Alerts    []DocFiredAlert `json:"alerts"` // those that began to fire most often first
	Truncated int             `json:"alerts_truncated" jsonschema:"minimum=0"`
	// Never are the alerts with a rule that did not fire in NeverIn.
	Never          []string `json:"never"`
	NeverTruncated int      `json:"never_truncated" jsonschema:"minimum=0"`
	NeverIn        float64  `json:"never_in_seconds"` // 0: unknown
	// Rules exists if the server lists its rules.
	Rules *DocRules `json:"rules,omitempty"`
}

// DocFiredAlert is an alert that fired, of all its objects together.
type DocFiredAlert struct {
	Alertname  string     `json:"alertname"`
	Severity   string     `json:"severity,omitempty"`
	Times      int        `json:"times" jsonschema:"minimum=0"`  // how often an object began to fire
	Lasted     float64    `json:"firing_seconds"`                // of at least one object
	Now        int        `json:"firing" jsonschema:"minimum=0"` // objects at the end
	Suppressed int        `json:"suppressed,omitempty" jsonschema:"minimum=0"`
	Since      *time.Time `json:"since,omitempty"` // only from an Alertmanager
}

// DocRules is the health of the rules at the time of the run.
type DocRules struct {
	Groups    int `json:"groups" jsonschema:"minimum=0"`
	Alerting  int `json:"alerting" jsonschema:"minimum=0"`
	Recording int `json:"recording" jsonschema:"minimum=0"`
	// How many rules fail, and how many groups are slow or stale. The lists have at most 50.
	Failing int `json:"failing" jsonschema:"minimum=0"`
	Slow    int `json:"slow" jsonschema:"minimum=0"`
	Stale   int `json:"stale" jsonschema:"minimum=0"`
	// Missed is how many groups left out evaluations within the range.
	Missed int            `json:"missed" jsonschema:"minimum=0"`
	Faults []DocRuleFault `json:"faults"`
}

// DocRuleFault is what is wrong with a rule or a group.
type DocRuleFault struct {
	// Kind says what is wrong: its last evaluation failed, took longer than the interval, was long
	// ago, or evaluations were left out.
	Kind      string     `json:"kind" jsonschema:"enum=failing,enum=slow,enum=stale,enum=missed"`
	File      string     `json:"file,omitempty"`
	Group     string     `json:"group"`
	Rule      string     `json:"rule,omitempty"`
	Error     string     `json:"error,omitempty"`
	Interval  float64    `json:"interval_seconds,omitempty"`
	Took      float64    `json:"evaluation_seconds,omitempty"`
	Evaluated *time.Time `json:"evaluated,omitempty"`
	Times     int        `json:"times,omitempty" jsonschema:"minimum=0"`
}

// docFired returns what a report says about the server's own rules, nil without it.
func docFired(s *report.Fired) *DocFired {
	if s == nil {
		return nil
	}
	f := s.Of
	d := &DocFired{
		Source: "prometheus", Sentence: s.Line, Range: f.Range.Seconds(), Step: f.Step.Seconds(),
		Alerts: []DocFiredAlert{}, Truncated: max(0, len(f.Alerts)-documentRows),
		Never:          list(f.Never[:min(len(f.Never), documentRows)]),
		NeverTruncated: max(0, len(f.Never)-documentRows), NeverIn: f.NeverIn.Seconds(),
		Rules: docRules(f.Rules),
	}
	if f.Manager {
		d.Source = "alertmanager"
	}
	for i := range f.Alerts[:len(f.Alerts)-d.Truncated] {
		a := &f.Alerts[i]
		one := DocFiredAlert{
			Alertname: a.Name, Severity: a.Severity, Times: a.Times, Lasted: a.Lasted.Seconds(),
			Now: a.Now, Suppressed: a.Suppressed,
		}
		if !a.Since.IsZero() {
			one.Since = new(a.Since)
		}
		d.Alerts = append(d.Alerts, one)
	}
	return d
}

func docRules(r *fired.Rules) *DocRules {
	if r == nil {
		return nil
	}
	d := &DocRules{
		Groups: r.Groups, Alerting: r.Alerting, Recording: r.Recording, Failing: r.FailingAll,
		Slow: r.SlowAll, Stale: r.StaleAll, Missed: len(r.Missed), Faults: []DocRuleFault{},
	}
	for _, x := range r.Failing {
		d.Faults = append(d.Faults, DocRuleFault{
			Kind: "failing", File: x.File, Group: x.Group, Rule: x.Rule, Error: x.Error,
		})
	}
	for _, x := range r.Slow {
		d.Faults = append(d.Faults, DocRuleFault{
			Kind: "slow", File: x.File, Group: x.Group, Interval: x.Interval.Seconds(),
			Took: x.Took.Seconds(),
		})
	}
	for _, x := range r.Stale {
		d.Faults = append(d.Faults, DocRuleFault{
			Kind: "stale", File: x.File, Group: x.Group, Interval: x.Interval.Seconds(),
			Evaluated: new(x.Evaluated),
		})
	}
	for _, x := range r.Missed {
		d.Faults = append(d.Faults, DocRuleFault{Kind: "missed", Group: x.Group, Times: x.Times})
	}
	return d
}
