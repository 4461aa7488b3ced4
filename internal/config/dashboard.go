package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

// Dashboard is a Grafana dashboard that a report shows.
type Dashboard struct {
	Source    string             // the file or address that it comes from
	Board     *grafana.Dashboard // its content; reports of the same file share it
	Variables map[string][]string
	Only      []string // globs of panel titles; empty: all
	Except    []string // globs of panel titles
	// Rules are those of the configuration, by panel title. Alerts of the file are not in it. Each
	// names its query and has its limits in the unit of that query (grafana.Panel.Unit). NeedsAll
	// depends on the values of variables and is not set.
	Rules map[string][]rules.Rule
}

// Shows reports whether the report has the panels with a title, as it is in the file.
func (d *Dashboard) Shows(title string) bool {
	matches := func(pattern string) bool { return glob(pattern, title) }
	return (len(d.Only) == 0 || slices.ContainsFunc(d.Only, matches)) &&
		!slices.ContainsFunc(d.Except, matches)
}

// glob reports whether a pattern, in which * matches any text, matches all of a text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}

// Check returns an error if no panel that the report shows has a query for Prometheus.
func (d *Dashboard) Check() error {
	if why := d.asksNothing(); why != "" {
		return errors.New(why)
	}
	return nil
}

// CheckVariables returns an error if there is a value for a variable that the dashboard does not
// have.
func (d *Dashboard) CheckVariables() error {
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		if why := d.unknownVariable(name); why != "" {
			return fmt.Errorf("%s: %s", shorten(name), why)
		}
	}
	return nil
}

// asksNothing returns why no panel of the report queries Prometheus, or "" if one does.
func (d *Dashboard) asksNothing() string {
	hidden := false
	for i := range d.Board.Panels {
		p := &d.Board.Panels[i]
		switch {
		case len(d.Board.Asked(p)) == 0:
		case d.Shows(p.Title):
			return ""
		default:
			hidden = true
		}
	}
	if hidden {
		return "only and except leave no panel with a query for Prometheus; change them"
	}
	why := "no panel of the dashboard has a query for Prometheus"
	if others := d.Board.Others(); len(others) > 0 {
		why += ": they query " + outside.Clip(strings.Join(others, ", "), 200)
	}
	return why + "; choose a dashboard that queries Prometheus"
}

// unknownVariable returns what is wrong if the dashboard has no variable of a name, or "".
func (d *Dashboard) unknownVariable(name string) string {
	var names []string
	for _, v := range d.Board.Variables {
		if v.Name == name {
			return ""
		}
		names = append(names, v.Name)
	}
	switch near := Nearest(name, names); {
	case near != "":
		return "the dashboard has no such variable; did you mean " + near + "?"
	case len(names) == 0:
		return "the dashboard has no variables; remove it"
	}
	return "the dashboard has no such variable; it has " +
		outside.Clip(strings.Join(names, ", "), 300)
}

// longestName is the longest name of a report.
const longestName = 63

// OfDashboard returns the configuration of a run without a file that shows one dashboard: one
// report with the dashboard's name and title.
func OfDashboard(d *Dashboard, o Options) (*Config, error) {
	c, err := Default(o)
	if err != nil {
		return nil, err
	}
	r := &c.Reports[0]
	r.Dashboard, r.Panels, r.Sizing = d, nil, nil
	r.Title = cmp.Or(outside.Clip(outside.Line(d.Board.Title), 200), "Dashboard")
	r.Name = cmp.Or(slug(r.Title), "dashboard")
	if o.Range == 0 {
		r.Range = rangeOf(d.Board)
	}
	return c, nil
}

// slug returns a text as the name of a report: lower-case letters and digits with hyphens between
// them.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, "-")
	return strings.Trim(name[:min(len(name), longestName)], "-")
}

// rangeOf returns the range that a dashboard was saved with, or 24 hours if that is not a fixed
// length that a report may have.
func rangeOf(board *grafana.Dashboard) time.Duration {
	if board != nil {
		if d, ok := board.Range(); ok && d >= minRange && d <= maxRange {
			return d
		}
	}
	return defaultRange
}

// dashboard reads the dashboard of a report. The result has no Board if the file cannot be used.
func (b *builder) dashboard(ctx context.Context, r *report, path string) *Dashboard {
	if r.Dashboard == nil {
		return nil
	}
	at := key(path, "dashboard")
	d := &Dashboard{Source: r.Dashboard.File, Only: r.Dashboard.Only, Except: r.Dashboard.Except}
	for name, all := range r.Dashboard.Variables {
		if d.Variables == nil {
			d.Variables = map[string][]string{}
		}
		for _, v := range all {
			d.Variables[name] = append(d.Variables[name], string(v))
		}
		if where := b.keyPath(key(at, "variables"), name); len(all) == 0 && b.clean(where) {
			b.problem(where, "no value; write one, or a list such as [a, b]")
		}
	}
	if !b.has(key(at, "file")) || !b.clean(key(at, "file")) {
		return d
	}
	d.Board = b.board(ctx, r.Dashboard.File, key(at, "file"))
	if d.Board == nil {
		return d
	}
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		if why := d.unknownVariable(name); why != "" {
			b.problem(b.keyPath(key(at, "variables"), name), "%s", why)
		}
	}
	b.globs(key(at, "only"), d.Only, d.Board)
	b.globs(key(at, "except"), d.Except, d.Board)
	if why := d.asksNothing(); why != "" && b.clean(at) {
		b.problem(key(at, "file"), "%s", why)
	}
	return d
}

// globs notes each glob that matches no panel. It is not a mistake, because another edition of the
// dashboard may have such a panel.
func (b *builder) globs(path string, globs []string, board *grafana.Dashboard) {
	for i, g := range globs {
		at := item(path, i)
		if b.has(at) && !slices.ContainsFunc(board.Panels, func(p grafana.Panel) bool {
			return glob(g, p.Title)
		}) {
			b.note(at, "%q matches no panel of the dashboard; write a title, in which * "+
				"matches any text (promsnap dashboard explain lists the titles)", shorten(g))
		}
	}
}

// board reads a dashboard file, each file once. It returns nil if the file cannot be used.
func (b *builder) board(ctx context.Context, file, at string) *grafana.Dashboard {
	const download = "download one with promsnap dashboard get NUMBER -o dashboards/NUMBER.json, " +
		"and write its path"
	if strings.Contains(file, "://") {
		b.problem(at, "an address and not a file; a configuration names files, so that a report "+
			"stays the same: %s", download)
		return nil
	}
	path := b.beside(file)
	if known, ok := b.boards[path]; ok {
		if known == nil {
			b.problem(at, "cannot be used; an earlier report with this file says why")
		}
		return known
	}
	data, err := disk.Read(ctx, path, grafana.MaxFile)
	if beside := b.options.Beside; beside != nil && errors.Is(err, fs.ErrNotExist) &&
		!filepath.IsAbs(file) {
		data, err = beside(filepath.ToSlash(file), grafana.MaxFile)
	}
	var board *grafana.Dashboard
	switch {
	case errors.Is(err, fs.ErrNotExist) && b.options.Beside != nil:
		b.problem(at, "there is no file %s, and none beside the configuration; %s", shorten(path),
			download)
	case errors.Is(err, fs.ErrNotExist):
		b.problem(at, "there is no file %s; %s", shorten(path), download)
	case err != nil:
		b.problem(at, "cannot be read: %v; %s", err, download)
	case len(data) > grafana.MaxFile:
		b.problem(at, "larger than %d MiB, so it is not a dashboard; export one dashboard as JSON",
			grafana.MaxFile>>20)
	default:
		if board, err = grafana.Decode(data); err != nil {
			b.problem(at, "cannot be used: %s",
				strings.TrimPrefix(err.Error(), "reading the dashboard: "))
		}
	}
	if b.boards == nil {
		b.boards = map[string]*grafana.Dashboard{}
	}
	b.boards[path] = board
	return board
}

// dashboardRules builds the rules for panels of the dashboard.
func (b *builder) dashboardRules(from panelRules, path string, r *Report) {
	if len(from) == 0 && !b.has(path) {
		return
	}
	d := r.Dashboard
	if d == nil {
		b.problem(path, "has no effect without dashboard, whose panels it is for; add dashboard, "+
			"or move the rules into panels (rule files of Prometheus belong below alerting_rules)")
	}
	for _, t := range from {
		judged, ok := b.titled(&t, d)
		unit := func(ref) *units.Unit { return nil } // the limits cannot be read
		if ok {
			unit = b.unitsOf(&panelKeys{}, t.path, &judged)
		}
		judged.Rules = b.rules(t.rules, t.path, unit)
		if !ok {
			continue
		}
		b.refs(t.rules, t.path, &judged)
		if len(t.rules) == 0 && b.clean(t.path) {
			b.problem(t.path, "no rule; add one such as {alertname: RAMHigh, above: {warning: "+
				"80%%}, for: 15m}")
		}
		for i := range judged.Rules {
			if at := key(item(t.path, i), "full_in"); judged.Rules[i].FullIn && b.has(at) {
				b.problem(at, "panels of a dashboard have no forecast; write a panel with the "+
					"query, and forecast and rules")
			}
			if rule := &judged.Rules[i]; rule.Ref == "" {
				rule.Ref = judged.Queries[0].Ref
			}
		}
		rng := cmp.Or(judged.Range, r.Range)
		if step, err := panel.Step(rng, panel.StepFor(rng, b.scrape, judged.Rules),
			b.scrape); err == nil {
			b.checkRules(t.path, judged.Rules, rng, step)
		}
		if d.Rules == nil {
			d.Rules = map[string][]rules.Rule{}
		}
		d.Rules[t.title] = judged.Rules
	}
}

// titled returns the queries of the panels with a title and the range of the first, if it has its
// own. It returns false if there is nothing to judge.
func (b *builder) titled(t *titledRules, d *Dashboard) (panel.Spec, bool) {
	if d == nil || d.Board == nil {
		return panel.Spec{}, false
	}
	problem := func(format string, args ...any) (panel.Spec, bool) {
		b.problemAt(t.key.Line, t.key.Column, t.path, fmt.Sprintf(format, args...))
		return panel.Spec{}, false
	}
	var titles []string
	var found []*grafana.Panel
	for i := range d.Board.Panels {
		if p := &d.Board.Panels[i]; p.Title == t.title {
			found = append(found, p)
		} else if !slices.Contains(titles, p.Title) {
			titles = append(titles, p.Title)
		}
	}
	switch near := Nearest(t.title, titles); {
	case len(found) == 0 && near != "":
		return problem("the dashboard has no panel of this title; did you mean %q?", shorten(near))
	case len(found) == 0:
		return problem("the dashboard has no panel of this title; promsnap dashboard explain " +
			"lists the titles")
	case !d.Shows(t.title):
		return problem("only or except leaves out the panel of this title; change them, or remove " +
			"its rules")
	}
	var first []panel.Query
	for _, p := range found {
		var queries []panel.Query
		for _, target := range d.Board.Asked(p) {
			queries = append(queries, panel.Query{
				Ref: target.RefID, Expr: target.Expr, Unit: p.Unit(target.RefID),
			})
		}
		switch {
		case len(queries) == 0:
			return problem("the panel has no query for Prometheus, so there is nothing to judge; " +
				"remove its rules")
		case first == nil:
			first = queries
		case !slices.EqualFunc(first, queries, func(a, b panel.Query) bool {
			return a.Ref == b.Ref && a.Unit == b.Unit
		}):
			return problem("%d panels have this title, and their queries or units differ; rename "+
				"one of them in the dashboard", len(found))
		}
	}
	judged := panel.Spec{Queries: first}
	if rng, ok := grafana.ParseInterval(found[0].TimeFrom); ok {
		judged.Range = rng
	}
	return judged, true
}
