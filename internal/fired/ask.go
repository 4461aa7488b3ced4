package fired

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Server is a Prometheus; *promapi.Client is one.
type Server interface {
	Range(ctx context.Context, q promapi.Query, each func(series.Series) error) (promapi.Meta,
		error)
	LabelValues(ctx context.Context, label string, s promapi.Selection) ([]string, promapi.Meta,
		error)
	RuleGroups(ctx context.Context, begin func(), each func(promapi.RuleGroup)) (bool, error)
}

// Manager is an Alertmanager; *promapi.Client is one.
type Manager interface {
	Firing(ctx context.Context, begin func(), each func(promapi.Firing)) error
}

// Options says what is asked.
type Options struct {
	End            time.Time
	Range          time.Duration
	ScrapeInterval time.Duration
	MaxSeries      int // of one answer; 0: promapi.DefaultLimit
}

// longest is the time within which an alert that fired is no rule that never does.
const longest = 30 * 24 * time.Hour

const day = 24 * time.Hour

// Ask asks a server which alerts fired and how its rules are. If it knows of none, it asks the
// Alertmanager, which may be nil. It returns nil if nobody knows of any alert or rule. Notes say
// what could not be found out; an error means that nothing could.
func Ask(ctx context.Context, s Server, m Manager, o Options) (*Fired, []snapshot.Note, error) {
	f, err := o.alerts(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	var notes []snapshot.Note
	names, err := f.askRules(ctx, s, o)
	if err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteRulesUnknown, err))
	}
	if f.Rules != nil && f.Rules.Groups > 0 {
		if err := f.askMissed(ctx, s, o); err != nil {
			notes = append(notes, snapshot.NoteOf(snapshot.NoteRulesUnknown, err))
		}
	}
	if len(names) > 0 {
		if err := f.askNever(ctx, s, o, names); err != nil {
			notes = append(notes, snapshot.NoteOf(snapshot.NoteNeverUnknown, err))
		}
	}
	if len(f.Alerts) > 0 || f.Rules != nil && f.Rules.Groups > 0 {
		return f, notes, nil
	}
	if m == nil {
		return nil, notes, nil
	}
	if f, err = askManager(ctx, m); err != nil {
		return nil, notes, err
	}
	return f, notes, nil
}

// folding is an alert while its series are read.
type folding struct {
	Alert
	fires []bool // by step
}

// alerts asks which alerts fired.
func (o Options) alerts(ctx context.Context, s Server) (*Fired, error) {
	step, err := panel.Step(o.Range, 0, o.ScrapeInterval)
	if err != nil {
		return nil, err
	}
	grid := panel.PlanGrid(o.End, o.Range, step)
	all := map[string]*folding{}
	q := promapi.Query{
		Expr: fmt.Sprintf("count by (alertname, severity) (%s)", panel.Expand(panels.Firing(),
			panel.Vars{Step: step, ScrapeInterval: o.ScrapeInterval, Range: o.Range})),
		Grid: grid, Limit: o.MaxSeries,
	}
	_, err = s.Range(ctx, q, func(one series.Series) error {
		name := one.Labels.Get(model.AlertNameLabel)
		a := all[name]
		if a == nil {
			a = &folding{
				Alert: Alert{Name: name, Severity: one.Labels.Get("severity")},
				fires: make([]bool, grid.Len),
			}
			all[name] = a
		}
		a.add(one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("asking which alerts fired: %w", err)
	}
	f := &Fired{Range: o.Range, Step: step}
	for _, a := range all {
		for _, fires := range a.fires {
			if fires {
				a.Lasted += step
			}
		}
		a.Lasted = min(a.Lasted, o.Range)
		f.Alerts = append(f.Alerts, a.Alert)
	}
	f.sort()
	return f, nil
}

// add adds the objects of one severity: how many fire at each step.
func (a *folding) add(s series.Series) {
	if severity := s.Labels.Get("severity"); gravity(severity) > gravity(a.Severity) {
		a.Severity = severity
	}
	before := 0
	for i, v := range s.Values {
		n := 0
		if v > 0 && v < math.MaxInt32 {
			n = int(v)
		}
		if n > 0 && i < len(a.fires) {
			a.fires[i] = true
		}
		a.Times += max(0, n-before)
		before = n
	}
	a.Now += before
}

// askNever asks which of the alerts with a rule did not fire for long, and how far back the server
// knows.
func (f *Fired) askNever(ctx context.Context, s Server, o Options, names []string) error {
	history, err := o.history(ctx, s)
	if err != nil || history == 0 {
		return err
	}
	// The index of the server has the names: no sample is read. It may reach further back, so an
	// alert may have fired a little before.
	fired, _, err := s.LabelValues(ctx, model.AlertNameLabel, promapi.Selection{
		Selector: `ALERTS{alertstate="firing"}`, Start: o.End.Add(-history), End: o.End,
	})
	if err != nil {
		return fmt.Errorf("asking which alerts fired in %s: %w", model.Duration(history), err)
	}
	did := map[string]bool{}
	for _, name := range fired {
		did[name] = true
	}
	f.NeverIn = history
	f.Never = slices.DeleteFunc(names, func(name string) bool { return did[name] })
	return nil
}

// history returns for how many days, at most 30, the server has had samples; 0 for less than one.
func (o Options) history(ctx context.Context, s Server) (time.Duration, error) {
	days := int(longest / day)
	q := promapi.Query{
		Expr: "count(up)",
		Grid: series.Grid{Start: o.End.Add(-longest), Step: day, Len: days + 1},
	}
	var history time.Duration
	_, err := s.Range(ctx, q, func(one series.Series) error {
		for i, v := range one.Values {
			if !math.IsNaN(v) {
				history = max(history, time.Duration(days-i)*day)
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("asking how far back the server knows: %w", err)
	}
	return history, nil
}

// askManager asks an Alertmanager what fires.
func askManager(ctx context.Context, m Manager) (*Fired, error) {
	var all map[string]*Alert
	err := m.Firing(ctx, func() { all = map[string]*Alert{} }, func(one promapi.Firing) {
		severity := one.Labels.Get("severity")
		if isQuiet(severity) || panels.AlwaysFires(one.Labels.Get(model.AlertNameLabel)) {
			return
		}
		name := one.Labels.Get(model.AlertNameLabel)
		a := all[name]
		if a == nil {
			a = &Alert{Name: name, Severity: severity, Since: one.Since}
			all[name] = a
		}
		if gravity(severity) > gravity(a.Severity) {
			a.Severity = severity
		}
		if !one.Since.IsZero() && (a.Since.IsZero() || one.Since.Before(a.Since)) {
			a.Since = one.Since
		}
		a.Now++
		if one.Suppressed {
			a.Suppressed++
		}
	})
	if err != nil {
		return nil, err
	}
	f := &Fired{Manager: true}
	for _, a := range all {
		f.Alerts = append(f.Alerts, *a)
	}
	f.sort()
	return f, nil
}
