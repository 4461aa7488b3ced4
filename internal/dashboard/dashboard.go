// Package dashboard runs a Grafana dashboard: it resolves the variables, sends the queries of every
// panel, and computes what each panel shows as soon as its answers are there. Memory is limited by
// what is drawn, not by what is queried.
package dashboard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
)

// Options say what a report shows of a dashboard.
type Options struct {
	Variables map[string][]string // values that replace those of the file
	// Shows reports whether the report has the panels with a title of the file; nil: it has all.
	Shows func(title string) bool
	// Rules are those of the configuration, by panel title. Alerts of the file are not in it.
	Rules       map[string][]rules.Rule
	Section     string    // of the report's panels with these rules
	End         time.Time // of the range
	Range       time.Duration
	Scrape      time.Duration  // of the targets; 0: grafana.DefaultScrape
	Zone        *time.Location // of dates in texts; nil: UTC
	Concurrency int            // queries at once; 0: promapi.DefaultConcurrency
	Names       []string       // of the report's other panels, which no panel of the board gets
	// Down is why the server is unreachable: no query is sent. Nil: it is reachable.
	Down error
}

// Plan is a dashboard with its variables resolved, ready to run.
type Plan struct {
	client *promapi.Client
	source *grafana.Dashboard
	o      Options
	plan   *grafana.Plan
	down   error   // every further query would fail with it
	panels []shown // that are drawn, in reading order
	judged []Judged
	// lacksJudged says that a panel with rules may have more copies than are planned.
	lacksJudged bool
	warned      bool // the server warned of the variables' values
	rows        []board.Row
	verdicts    []grafana.Verdict
	notes       []string
	failures    []string // of the variables
}

// shown is one panel that is drawn.
type shown struct {
	planned *grafana.Planned
	name    string
	row     int // index into Plan.rows; -1: above all rows
	differs string
}

// New resolves the variables of a dashboard over its range and plans its panels. A variable whose
// query fails has no value, and Run reports the failure. If ctx ends or the server is unreachable,
// no panel has an answer.
func New(ctx context.Context, client *promapi.Client, b *grafana.Dashboard, o Options) *Plan {
	p := &Plan{client: client, source: b, o: o, down: o.Down}
	w := grafana.Window{From: o.End.Add(-o.Range), To: o.End}
	p.plan = b.Plan(p.resolve(ctx, w), grafana.Request{Scrape: o.Scrape, Width: board.PageWidth})
	p.notes = append(p.plan.Notes, p.notes...)
	p.choose()
	return p
}

// Explain says what becomes of everything in the dashboard. Down is why the server turned out to be
// unreachable; the variables that need it are then pending.
func (p *Plan) Explain() (e grafana.Explanation, down error) {
	e = p.plan.Explain()
	e.Panels, e.Notes = p.verdicts, p.notes
	return e, p.down
}

// resolve resolves the variables.
func (p *Plan) resolve(ctx context.Context, w grafana.Window) *grafana.Values {
	given := p.given()
	if p.down == nil {
		from := &source{ask: ask.New(p.client, w)}
		values, err := p.source.Resolve(ctx, from, given, w)
		p.down, p.failures = from.down, from.failures
		p.warned = len(from.ask.Warnings()) > 0
		for _, warning := range from.ask.Warnings() {
			p.note("a variable may lack values, because the server warned: %s", outside.Line(warning))
		}
		if err == nil && p.down == nil {
			return values
		}
	}
	// All given values are of known variables, so without a source Resolve fails only if ctx ends.
	// The panels must still be planned then, to say why they have no answer.
	values, err := p.source.Resolve(context.WithoutCancel(ctx), nil, given, w)
	if err != nil {
		p.notes = append(p.notes, err.Error())
	}
	return values
}

// given returns the given values of the dashboard's variables. Others are noted.
func (p *Plan) given() map[string][]string {
	known := map[string][]string{}
	for _, v := range p.source.Variables {
		if values, ok := p.o.Variables[v.Name]; ok {
			known[v.Name] = values
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.o.Variables)) {
		if _, ok := known[name]; !ok {
			p.note("the dashboard has no variable %s, for which the report gives a value",
				outside.Said(name, 60))
		}
	}
	return known
}

// note adds a note about the dashboard.
func (p *Plan) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}
