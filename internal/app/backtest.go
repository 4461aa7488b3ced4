package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rules"
)

// BacktestOptions say which rules of a report are tested on the past, and how.
type BacktestOptions struct {
	Panel, Rule string   // empty: all
	Levels      []string // to try, as people write them in the unit of the rule
	// Since, Pages, Fors and Severity are as in backtest.Options.
	Since    time.Duration
	Pages    float64
	Fors     []time.Duration
	Severity rules.Severity
	// Progress is called after each chunk of the history. Nil: not called.
	Progress func(BacktestStep)
}

// BacktestStep is how far the back-tests of a report are.
type BacktestStep struct {
	Panel, Rule string
	Index, Of   int // the number of the rule, from 0, and of all rules
	backtest.Progress
}

// Backtested is what the back-tests of a report found.
type Backtested struct {
	Info    tuning.Info
	Part    string // PANEL or PANEL/RULE that was asked for; "" if all were
	Results []backtest.Result
	Failed  []error // of each rule that could not be tested
	// Left are the rules without a result because the run was stopped: "node-disk/NodeDiskHigh"
	Left []string
}

// backtestTarget is a rule to test.
type backtestTarget struct {
	panel panel.Spec
	rule  rules.Rule
}

// Backtest tests the rules of a report on the past, one after the other. When ctx ends, it returns
// what there is.
func (s *Source) Backtest(ctx context.Context, name string, b BacktestOptions) (Backtested, error) {
	o := s.o
	o.Reports = []string{name}
	if err := o.checkReports(s.cfg); err != nil {
		return Backtested{}, err
	}
	r := o.reports(s.cfg)[0]
	targets, err := b.targets(r)
	if err != nil {
		return Backtested{}, err
	}
	if r.Schedule == nil {
		return Backtested{}, fmt.Errorf("report %s: %w", name, backtest.ErrNoSchedule)
	}
	server, err := s.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return Backtested{}, down
	}
	query := s.queryOptions(r)
	if _, down := s.findNodes(ctx, r, &query, s.listNodes(ctx)); down != nil {
		return Backtested{}, down
	}
	out := Backtested{Part: b.part(), Info: tuning.Info{
		Cluster: s.cfg.Cluster, Report: name, Title: r.Title, Zone: r.Zone, Language: r.Language,
		Version: o.Version, Server: server.Name(), Font: s.font,
	}}
	for i, t := range targets {
		if ctx.Err() != nil {
			out.Left = names(targets[i:])
			return out, nil
		}
		test := backtest.Options{
			Report: name, Query: query, Slots: r.Schedule.Between, Since: b.Since, Pages: b.Pages,
			Fors: b.Fors, Severity: b.Severity,
		}
		if test.Levels, err = b.levels(t); err != nil {
			return Backtested{}, err
		}
		if b.Progress != nil {
			test.Progress = func(p backtest.Progress) {
				b.Progress(BacktestStep{t.panel.Name, t.rule.Name, i, len(targets), p})
			}
		}
		found, err := backtest.Run(ctx, s.client, t.panel, t.rule.Name, test)
		switch {
		case err == nil:
			out.Results = append(out.Results, *found)
		case ctx.Err() != nil:
			out.Left = names(targets[i:])
			return out, nil
		case b.Panel == "" && isCondition(err):
			// only a longer for makes it alert less often
		default:
			out.Failed = append(out.Failed, t.named(err))
		}
	}
	if len(out.Results)+len(out.Failed) == 0 {
		return Backtested{}, b.nothing(name)
	}
	return out, nil
}

// part returns PANEL or PANEL/RULE as it was asked for.
func (b BacktestOptions) part() string {
	if b.Rule == "" {
		return b.Panel
	}
	return b.Panel + "/" + b.Rule
}

// nothing returns the error for a report without a rule to test.
func (b BacktestOptions) nothing(report string) error {
	if b.Severity != rules.None {
		return fmt.Errorf("report %s has no alert with a level of severity %s; use the other one, "+
			"or none", report, b.Severity)
	}
	return fmt.Errorf("report %s has no alert with a level; a back-test is of a rule of a panel "+
		"with an alertname and a limit", report)
}

// names returns the names of rules.
func names(targets []backtestTarget) []string {
	out := make([]string, len(targets))
	for i, t := range targets {
		out[i] = t.panel.Name + "/" + t.rule.Name
	}
	return out
}

// named returns an error with the rule that it is about.
func (t backtestTarget) named(err error) error {
	var short *backtest.ShortError
	if errors.As(err, &short) {
		return fmt.Errorf("%s/%s: %w", t.panel.Name, t.rule.Name, err)
	}
	return err // it names the panel
}

// isCondition reports whether a rule has no level because its series are 0 or 1.
func isCondition(err error) bool {
	var none *backtest.LevelError
	return errors.As(err, &none) && none.Why == backtest.IsCondition
}

// levels reads the levels to try, in the unit of a rule.
func (b BacktestOptions) levels(t backtestTarget) ([]float64, error) {
	var out []float64
	for _, text := range b.Levels {
		v, err := t.panel.UnitOf(t.rule.Ref).ParseValue(text)
		if err != nil {
			return nil, fmt.Errorf("a level of %s/%s: %w", t.panel.Name, t.rule.Name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// UnknownPartError means that a report has no such panel, or a panel has no such rule.
type UnknownPartError struct {
	Kind, Name, Of string // "panel", its name, and "report check"
	Have           []string
}

func (e *UnknownPartError) Error() string {
	return fmt.Sprintf("%s has no %s %q; %s", e.Of, e.Kind, e.Name, instead(e.Name, e.Have))
}

// targets returns the rules of a report that are asked for. Without a panel, they are those that
// have a level.
func (b BacktestOptions) targets(r config.Report) ([]backtestTarget, error) {
	var out []backtestTarget
	if b.Panel == "" {
		for _, p := range r.Panels {
			out = append(out, levelled(p, b.Severity)...)
		}
		if len(out) == 0 {
			return nil, b.nothing(r.Name)
		}
		return out, nil
	}
	i := slices.IndexFunc(r.Panels, func(p panel.Spec) bool { return p.Name == b.Panel })
	if i < 0 {
		e := &UnknownPartError{Kind: "panel", Name: b.Panel, Of: "report " + r.Name}
		for _, p := range r.Panels {
			e.Have = append(e.Have, p.Name)
		}
		return nil, e
	}
	p := r.Panels[i]
	if b.Rule == "" {
		if out := levelled(p, b.Severity); len(out) > 0 {
			return out, nil
		}
		return []backtestTarget{{panel: p}}, nil // Run says why there is none
	}
	e := &UnknownPartError{Kind: "rule", Name: b.Rule, Of: "panel " + p.Name}
	for _, rule := range p.Rules {
		if rule.Name == b.Rule {
			return []backtestTarget{{p, rule}}, nil
		}
		e.Have = append(e.Have, rule.Name)
	}
	return nil, e
}

// levelled returns the alerts of a panel that have a level of a severity to move; None: of any.
func levelled(p panel.Spec, severity rules.Severity) []backtestTarget {
	var out []backtestTarget
	for _, r := range p.Rules {
		has := r.Warning.Set && severity != rules.Critical ||
			r.Critical.Set && severity != rules.Warning
		if r.IsAlert() && !r.Condition && !r.FullIn && has {
			out = append(out, backtestTarget{p, r})
		}
	}
	return out
}

// BacktestNames returns what a back-test of a report can be of: its panels, and each rule of a
// panel with several.
func BacktestNames(r config.Report) []string {
	var out []string
	for _, p := range r.Panels {
		of := levelled(p, rules.None)
		if len(of) == 0 {
			continue
		}
		out = append(out, p.Name)
		for _, t := range of {
			if len(of) > 1 {
				out = append(out, p.Name+"/"+t.rule.Name)
			}
		}
	}
	return out
}

// SplitPart splits PANEL/RULE. Without a slash, there is no rule.
func SplitPart(text string) (panelName, rule string) {
	panelName, rule, _ = strings.Cut(text, "/")
	return panelName, rule
}

// Write writes the page, the document and the pictures of the back-tests into a directory of root.
// It returns the path of the page.
func (b Backtested) Write(ctx context.Context, root string) (path string, err error) {
	files, err := tuning.Files(b.Info, b.Results)
	if err != nil {
		return "", err
	}
	name := "backtest"
	if len(b.Results) > 0 {
		name += "-" + report.SlotName(b.Results[0].To)
	}
	if b.Part != "" { // another panel has a page of its own
		panelName, rule := SplitPart(b.Part)
		name += "-" + report.Slug(panelName)
		if rule != "" {
			name += "-" + report.Slug(rule)
		}
	}
	of := report.Slug(cmp.Or(b.Info.Report, "rules"))
	path, err = dir.Write(ctx, filepath.Join(root, of, name), files)
	if err != nil {
		return "", fmt.Errorf("writing the back-test: %w", err)
	}
	return path, nil
}
