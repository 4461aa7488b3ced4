package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	reportcsv "github.com/promsnap/promsnap/internal/report/csv"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// instantJSON is what --instant -o json prints. The series are sorted by value.
type instantJSON struct {
	Query  string              `json:"query"` // as it was sent
	Unit   string              `json:"unit"`
	Time   time.Time           `json:"time"`
	Total  int                 `json:"total"` // series in the answer
	Series []instantSeriesJSON `json:"series"`
}

type instantSeriesJSON struct {
	Name     string            `json:"name"`
	Labels   map[string]string `json:"labels"`
	Value    series.Number     `json:"value"`
	Status   string            `json:"status,omitempty"` // with a limit
	Severity string            `json:"severity,omitempty"`
}

// instantRow is one series of the answer to an instant query.
type instantRow struct {
	name    string
	labels  series.Labels
	value   float64
	finding rules.Finding
}

// now answers with the newest values.
func (f *queryFlags) now(ctx context.Context, c *console, a *asked, q *question,
	guess string) error {
	samples, meta, missing, err := a.AskNow(ctx, q.expr)
	c.stderr.status("")
	switch {
	case err != nil:
		return &exitError{exitFailed, refused(snapshot.FailureOf(err), q.expr)}
	case len(samples) == 0:
		return &exitError{exitFailed, f.empty(ctx, a, q.expr, missing, time.Hour)}
	}
	rows := instantRows(samples, q)
	total := len(rows)
	rows = rows[:min(total, q.spec.Top)]
	for _, n := range slices.Concat(meta.Warnings, meta.Infos) {
		c.note(outside.Said(n, 300))
	}
	if guess != "" {
		c.note(guess)
	}
	if total > len(rows) {
		c.note(fmt.Sprintf("showing %s of %s series; narrow the query, such as with topk(10, …) or "+
			"sum by (…) (…), or show more with --top", words.Thousands(len(rows)),
			words.Thousands(total)))
	}
	if err := f.printNow(c, a, q, rows, total, meta.Expr); err != nil {
		return &exitError{exitFailed, fmt.Errorf("printing the answer: %w", err)}
	}
	for _, r := range rows {
		if q.failOn != rules.None && r.finding.Status == rules.Breach &&
			r.finding.Severity >= q.failOn {
			return &exitError{code: exitBreach}
		}
	}
	return nil
}

// instantRows names and judges the samples, and sorts them: the highest value first, or the lowest
// with --below. NaN comes last.
func instantRows(samples []promapi.Sample, q *question) []instantRow {
	all := make([]series.Labels, len(samples))
	for i, s := range samples {
		all[i] = s.Labels
	}
	names := q.names.Name(all, q.expr)
	rows := make([]instantRow, len(samples))
	for i, s := range samples {
		r := instantRow{name: names[i], labels: s.Labels, value: s.Value}
		if legend := q.spec.Queries[0].Legend; legend != "" {
			r.name = snapshot.Legend(legend, s.Labels)
		}
		for _, rule := range q.spec.Rules {
			sample := series.Series{Labels: s.Labels, Values: []float64{s.Value}}
			r.finding = rules.Judge(rule, sample, series.Grid{
				Start: s.Time, Step: time.Minute, Len: 1,
			})
		}
		rows[i] = r
	}
	lowest := len(q.spec.Rules) > 0 && q.spec.Rules[0].Direction == rules.Below
	slices.SortFunc(rows, func(a, b instantRow) int {
		if nan, other := math.IsNaN(a.value), math.IsNaN(b.value); nan != other {
			if nan {
				return 1
			}
			return -1
		}
		by := cmp.Compare(b.value, a.value)
		if lowest {
			by = -by
		}
		return cmp.Or(by, a.labels.Compare(b.labels))
	})
	return rows
}

// printNow prints the rows in the format that is asked for.
func (f *queryFlags) printNow(c *console, a *asked, q *question, rows []instantRow, total int,
	sent string) error {
	unit := q.spec.Unit()
	switch f.output {
	case "json":
		doc := instantJSON{
			Query: sent, Unit: unit.String(), Time: a.End().UTC(), Total: total,
			Series: []instantSeriesJSON{},
		}
		for _, r := range rows {
			s := instantSeriesJSON{
				Name: r.name, Labels: map[string]string{}, Value: series.Number(r.value),
			}
			for _, l := range r.labels {
				s.Labels[l.Name] = l.Value
			}
			if len(q.spec.Rules) > 0 {
				s.Status, s.Severity = r.finding.Status.String(), r.finding.Severity.String()
			}
			doc.Series = append(doc.Series, s)
		}
		return printJSON(c, doc)
	case "csv":
		return printNowCSV(c, unit, rows)
	}
	table := [][]string{{"VALUE"}}
	if len(q.spec.Rules) > 0 {
		table[0] = append(table[0], "STATUS")
	}
	table[0] = append(table[0], "SERIES")
	for _, r := range rows {
		value := unit.FormatBrief(r.value)
		if math.IsNaN(r.value) {
			value = "NaN"
		}
		row := []string{value}
		if len(q.spec.Rules) > 0 {
			row = append(row, statusWord(r.finding.Status, r.finding.Severity))
		}
		table = append(table, append(row, r.name))
	}
	return c.stdout.table(table)
}

// printNowCSV prints a row for each series.
func printNowCSV(c *console, unit units.Unit, rows []instantRow) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write([]string{"series", withUnit("value", unit)}); err != nil {
		return err
	}
	for _, r := range rows {
		value := reportcsv.Number(r.value)
		if math.IsNaN(r.value) {
			value = "NaN"
		}
		if err := w.Write([]string{reportcsv.Text(r.name), value}); err != nil {
			return err
		}
	}
	return writeCSV(c, w, &out)
}
