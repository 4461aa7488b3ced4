package tuning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/series"
)

// DocumentVersion is the version of the JSON document. It grows when a field changes its meaning or
// is removed, not when one is added.
const DocumentVersion = 1

// Document is the JSON document of a report's back-tests: docs/tuning.md describes it,
// docs/backtest.schema.json is its schema. Times are RFC 3339 in UTC, durations are seconds, and
// levels are in the panel's unit.
type Document struct {
	Version   int       `json:"version" jsonschema:"enum=1"`
	Generator string    `json:"generator"`
	Cluster   string    `json:"cluster"`
	Report    string    `json:"report"` // empty: the rules are those of rule files
	RuleFiles []string  `json:"rule_files,omitempty"`
	Server    string    `json:"server"`
	Stopped   bool      `json:"stopped"` // whether one of the back-tests was stopped
	Rules     []DocRule `json:"rules"`
}

// DocRule is the back-test of one rule.
type DocRule struct {
	Panel     string `json:"panel"` // of a rule file: the group
	Rule      string `json:"rule"`
	Unit      string `json:"unit"`
	Direction string `json:"direction" jsonschema:"enum=above,enum=below"`
	// Severity is that of the limit that moves.
	Severity string  `json:"severity" jsonschema:"enum=warning,enum=critical"`
	Pages    float64 `json:"aim_per_week"`

	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Asked   float64   `json:"asked_seconds"`
	Slots   int       `json:"slots" jsonschema:"minimum=0"`
	Series  int       `json:"series" jsonschema:"minimum=0"`
	Stopped bool      `json:"stopped"`
	// Blind is when the server had no data of the panel: not calm, but unknown.
	Blind []DocSpan `json:"blind"`

	Reason string `json:"reason" jsonschema:"enum=fits,enum=cliff,enum=enough,enum=newest,enum=wall,enum=no_data,enum=fixed,enum=unread"`
	// HeldOut is the beginning of the newest third, on which no level was chosen.
	HeldOut *time.Time `json:"held_out_from,omitempty"`
	Wall    *float64   `json:"wall,omitempty" jsonschema:"oneof_type=number;null"`
	// Now and Proposed are indexes of Candidates. Proposed is null if nothing is proposed.
	Now        *int           `json:"now" jsonschema:"oneof_type=integer;null"`
	Proposed   *int           `json:"proposed" jsonschema:"oneof_type=integer;null"`
	Candidates []DocCandidate `json:"candidates"`
	// YAML is the proposal as lines of promsnap.yaml or of the rule file; empty if there is none.
	YAML string `json:"yaml"`
	// RuleFile is what is known of a rule of a rule file alone.
	RuleFile *DocRuleFile `json:"rule_file,omitempty"`
}

// DocRuleFile is a rule of a rule file.
type DocRuleFile struct {
	File     string  `json:"file"`
	Line     int     `json:"line" jsonschema:"minimum=0"`
	Expr     string  `json:"expr"`
	Query    string  `json:"query"` // as it was asked, with recording rules expanded
	Interval float64 `json:"interval_seconds"`
	// Brief counts the alerts, as configured, that fired for less than ten minutes.
	Brief int `json:"brief" jsonschema:"minimum=0"`
	// Cut means that the interval is too short to evaluate all the time that was asked for.
	Cut bool `json:"cut"`
	// Failed counts the evaluations that would have failed.
	Failed int `json:"failed_evaluations" jsonschema:"minimum=0"`
}

// DocSpan is a stretch of time.
type DocSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// DocCandidate is a level with a For, and what it would have done.
type DocCandidate struct {
	Level *float64 `json:"level" jsonschema:"oneof_type=number;null"`
	For   float64  `json:"for_seconds"`
	// About means that the alerts were counted in one pass and not replayed.
	About    bool    `json:"about"`
	Alerts   int     `json:"alerts" jsonschema:"minimum=0"`
	PerWeek  float64 `json:"per_week"`
	Older    float64 `json:"older_per_week"` // before the newest third
	Held     float64 `json:"held_out_per_week"`
	Objects  int     `json:"objects" jsonschema:"minimum=0"`
	Firing   float64 `json:"firing_seconds"`
	Longest  float64 `json:"longest_seconds"`
	TopShare float64 `json:"top_share"`
	Flaps    int     `json:"flaps" jsonschema:"minimum=0"`
	// By lists the objects, most alerts first. Only the configured and the proposed candidate have
	// it.
	By []DocObject `json:"by,omitempty"`
}

// DocObject is an object with its alerts by time.
type DocObject struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Alerts []DocEpisode      `json:"alerts"`
}

// DocEpisode is one alert.
type DocEpisode struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Firing   bool      `json:"firing"` // it had not ended at the last slot
	Worst    *float64  `json:"worst" jsonschema:"oneof_type=number;null"`
	Severity string    `json:"severity" jsonschema:"enum=warning,enum=critical"`
}

// JSON returns the document of a report's back-tests.
func JSON(in Info, results []backtest.Result) ([]byte, error) {
	d := Document{
		Version: DocumentVersion, Generator: "promsnap " + in.Version, Cluster: in.Cluster,
		Report: in.Report, RuleFiles: in.Files, Server: in.Server,
		Rules: make([]DocRule, 0, len(results)),
	}
	for i := range results {
		d.Rules = append(d.Rules, docRule(&results[i]))
		d.Stopped = d.Stopped || results[i].Stopped
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // expressions stay readable
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("writing the back-test as JSON: %w", err)
	}
	return out.Bytes(), nil
}

func docRule(r *backtest.Result) DocRule {
	d := DocRule{
		Panel: r.Panel.Name, Rule: r.Rule.Name, Unit: r.Panel.UnitOf(r.Rule.Ref).String(),
		Direction: r.Rule.Direction.String(), Severity: r.Severity.String(), Pages: r.Pages,
		From: r.From.UTC(), To: r.To.UTC(), Asked: r.Asked.Seconds(), Slots: r.Slots,
		Series: r.Series, Stopped: r.Stopped, Blind: []DocSpan{}, Reason: string(r.Why),
		Candidates: make([]DocCandidate, 0, len(r.Candidates)), YAML: YAML(r),
	}
	for _, s := range r.Blind {
		d.Blind = append(d.Blind, DocSpan{s.From.UTC(), s.To.UTC()})
	}
	if !r.HeldOut.IsZero() {
		at := r.HeldOut.UTC()
		d.HeldOut = &at
	}
	if r.Wall.Set {
		d.Wall = number(r.Wall.Value)
	}
	if _, ok := Now(r); ok {
		d.Now = &r.Now
	}
	if _, ok := candidate(r, r.Proposed); ok {
		d.Proposed = &r.Proposed
	}
	for _, c := range r.Candidates {
		d.Candidates = append(d.Candidates, docCandidate(c))
	}
	if f := r.File; f != nil {
		d.RuleFile = &DocRuleFile{
			File: f.File, Line: f.Line, Expr: f.Expr, Query: f.Query,
			Interval: f.Interval.Seconds(), Brief: f.Brief, Cut: f.Cut,
		}
		for _, one := range f.Failures {
			d.RuleFile.Failed += one.Evaluations
		}
	}
	return d
}

func docCandidate(c backtest.Candidate) DocCandidate {
	d := DocCandidate{
		Level: number(c.Level), For: c.For.Seconds(), About: c.About, Alerts: c.Alerts,
		PerWeek: c.PerWeek, Older: c.Older,
		Held: c.Held, Objects: c.Objects, Firing: c.Firing.Seconds(),
		Longest: c.Longest.Seconds(), TopShare: c.TopShare, Flaps: c.Flaps,
	}
	for _, o := range c.By {
		by := DocObject{Name: o.Name, Labels: map[string]string{}, Alerts: []DocEpisode{}}
		for _, l := range o.Identity {
			by.Labels[l.Name] = l.Value
		}
		for _, e := range o.Episodes {
			by.Alerts = append(by.Alerts, DocEpisode{
				From: e.From.UTC(), To: e.To.UTC(), Firing: e.Firing, Worst: number(e.Worst),
				Severity: e.Severity.String(),
			})
		}
		d.By = append(d.By, by)
	}
	return d
}

// number returns a value for JSON: nil if it is not finite.
func number(v float64) *float64 {
	if !series.Finite(v) {
		return nil
	}
	return &v
}
