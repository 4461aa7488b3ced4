package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// said prints on standard error what the reader of an answer must know. It returns an error if
// there is no answer.
func (f *queryFlags) said(ctx context.Context, c *console, a *asked, p *snapshot.Panel,
	guess string) error {
	notes := report.NotesIn(words.English, slices.DeleteFunc(slices.Clone(p.Notes),
		func(n snapshot.Note) bool { return n.Code == snapshot.NoteLabelsOtherwise }))
	if !p.Partial.IsZero() {
		notes = append(notes, report.NotesIn(words.English, []snapshot.Note{p.Partial})...)
	}
	switch {
	case p.Data == snapshot.DataFailed:
		return &exitError{exitFailed, refused(p.Failure, p.Exprs[0])}
	case p.Total == 0:
		for _, n := range notes {
			c.note(n)
		}
		return &exitError{exitFailed, f.empty(ctx, a, p.Exprs[0], p.Missing, p.Spec.Range)}
	}
	if guess != "" {
		notes = append(notes, guess)
	}
	if p.Total > len(p.Lines) && !f.drawn() { // a picture says it, and shows the others as a band
		which := "highest"
		if len(p.Spec.Rules) > 0 && p.Spec.Rules[0].Direction == rules.Below {
			which = "lowest"
		}
		notes = append(notes, fmt.Sprintf("showing %s of %s series, the %s; narrow the query, such "+
			"as with topk(%d, …) or sum by (…) (…), or show more with --top",
			words.Thousands(len(p.Lines)), words.Thousands(p.Total), which, len(p.Lines)))
	}
	for _, n := range notes {
		c.note(n)
	}
	return nil
}

// note prints a note on standard error.
func (c *console) note(text string) { c.stderr.say(yellow, "note: ", text, len("note: ")) }

// print prints the answer in the format that is asked for.
func (f *queryFlags) print(ctx context.Context, c *console, a *asked, p *snapshot.Panel) error {
	switch f.output {
	case "json":
		return printJSON(c, reportjson.PanelOf(a.Report(*p, ""), p))
	case "csv":
		return printSeriesCSV(c, p)
	case "png", "svg":
		picture, err := a.Picture(*p, f.output == "svg")
		if err != nil {
			return err
		}
		_, err = c.stdout.to.Write(picture)
		return err
	case "html":
		page, err := a.Page(ctx, *p, f.again(a, p))
		if err != nil {
			return err
		}
		_, err = c.stdout.to.Write(page)
		return err
	}
	if c.stdout.terminal {
		// The chart has only escape sequences of its own.
		_, err := fmt.Fprint(c.stdout.to, a.Terminal(*p, c.stdout.chart()))
		return err
	}
	return printSeries(c, p)
}

// printJSON prints a document.
func printJSON(c *console, doc any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// again returns the command that gives the same page again. It omits a URL with a password.
func (f *queryFlags) again(a *asked, p *snapshot.Panel) string {
	parts := []string{f.ask.command, outside.ShellWord(p.Spec.Queries[0].Expr)}
	url := f.ask.prometheusURL
	if strings.Contains(url, "@") {
		url = ""
	}
	for _, flag := range []struct{ name, value string }{
		{"-c", baseOf(f.ask.config)}, {"--prometheus-url", url},
		{"--prometheus-service", f.ask.kube.service}, {"--context", f.ask.kube.context},
		{"--namespace", f.ask.kube.namespace}, {"--range", f.rng}, {"--legend", f.legend},
		{"--unit", f.unit}, {"--title", f.title}, {"--compare", f.compare}, {"--above", f.above},
		{"--below", f.below},
	} {
		if flag.value != "" {
			parts = append(parts, flag.name, outside.ShellWord(flag.value))
		}
	}
	return strings.Join(append(parts, "-o html --time", a.slot.Format(time.RFC3339)), " ")
}

// printSeries prints a table with the figures of each series.
func printSeries(c *console, p *snapshot.Panel) error {
	unit := p.Spec.Unit()
	head := []string{"NEWEST", "MIN", "AVG", "MAX"}
	if p.Spec.Compare > 0 {
		head = append(head, "BEFORE", "CHANGE")
	}
	if len(p.Spec.Rules) > 0 {
		head = append(head, "STATUS")
	}
	table := [][]string{append(head, "SERIES")}
	for i := range p.Lines {
		l := &p.Lines[i]
		row := []string{
			unit.FormatBrief(l.Stats.Last), unit.FormatBrief(l.Stats.Min),
			unit.FormatBrief(l.Stats.Avg), unit.FormatBrief(l.Stats.Max),
		}
		if p.Spec.Compare > 0 {
			before := series.Mean(l.Before)
			row = append(row, unit.FormatBrief(before), units.Change(l.Stats.Avg, before))
		}
		if len(p.Spec.Rules) > 0 {
			row = append(row, statusWord(l.Status, l.Severity))
		}
		table = append(table, append(row, l.Name))
	}
	return c.stdout.table(table)
}

// statusWord returns what the limits say about a series.
func statusWord(s rules.Status, severity rules.Severity) string {
	if s == rules.Breach {
		return severity.String()
	}
	return strings.ReplaceAll(s.String(), "_", " ")
}
