package tuning

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// shownFiles is how many rule files the title names.
const shownFiles = 3

// shownNever is how many of the rules that never fired have their names shown.
const shownNever = 6

// filesOf names rule files: the only one, or the first one and how many more.
func (t teller) filesOf() string {
	names := make([]string, len(t.Files))
	for i, f := range t.Files {
		names[i] = said(filepath.Base(f))
	}
	return strings.Join(t.w.AtMost(names, shownFiles), ", ")
}

// levelled reports whether the candidates of a back-test have levels.
func levelled(r *backtest.Result) bool { return r.File == nil || r.File.Levelled }

// neverFired reports whether a rule of a rule file never fired.
func neverFired(r *backtest.Result) bool {
	now, ok := Now(r)
	return r.File != nil && ok && now.Alerts == 0
}

// Quiet reports whether a rule of a rule file is worth no more than its row in the summary.
func (r *Rule) Quiet() bool {
	return r.Result.File != nil && r.Result.Why == backtest.Enough && !r.Result.File.Levelled
}

// fileHeads are the headings of the summary of rule files.
func (t teller) fileHeads() []string {
	return []string{
		t.b.Rule, t.b.Group, t.b.Now, t.b.Proposed, t.b.PerWeek, t.b.Alerts,
		fmt.Sprintf(t.b.Brief, t.w.Figure(units.Span(backtest.BriefAlert))), t.b.SeriesHead,
		t.b.Firing, t.b.Longest,
	}
}

// fileSummary returns the row of a rule of a rule file in the summary.
func (t teller) fileSummary(r *backtest.Result) []string {
	row := t.summary(r)
	if !r.File.Levelled {
		row[2], row[3] = none, none
	}
	now, ok := Now(r)
	if !ok {
		return append(row, none, none, none, none, none)
	}
	return append(row, words.Thousands(now.Alerts), words.Thousands(r.File.Brief),
		words.Thousands(now.Objects), t.span(now.Firing), t.span(now.Longest))
}

// never says how many rules of rule files never fired, and names the first ones.
func (t teller) never(results []backtest.Result) string {
	var names []string
	rules := 0
	for i := range results {
		if neverFired(&results[i]) {
			names = append(names, said(results[i].Rule.Name))
			rules++
		}
	}
	if rules == 0 {
		return ""
	}
	names = slices.Compact(names) // several rules may have one name
	return t.b.NeverFired.Of(rules) + " " + strings.Join(t.w.AtMost(names, shownNever), ", ")
}

// ofFile words what differs for a rule of a rule file.
func (t teller) ofFile(out *Rule, r *backtest.Result) {
	f := r.File
	out.Limits = said(strings.Join(strings.Fields(f.Expr), " "))
	if f.For > 0 {
		out.Limits += ", for: " + forText(f.For)
	}
	now, ok := Now(r)
	if !ok {
		return
	}
	brief := ""
	if f.Brief > 0 {
		brief = fmt.Sprintf(t.b.Briefly, words.Thousands(f.Brief),
			t.w.Figure(units.Span(backtest.BriefAlert)))
	}
	out.Fired = fmt.Sprintf(t.b.Fired, t.b.Often.Of(now.Alerts), brief,
		t.b.Series.Of(now.Objects), t.span(now.Firing), t.span(now.Longest))
	out.Paste = fmt.Sprintf(t.b.PasteFile, said(filepath.Base(f.File)), f.Line)
	if !f.Levelled {
		out.Proposal, out.Levels, out.More, out.Notice = "", nil, "", ""
		if r.Why != backtest.Enough {
			out.Proposal = fmt.Sprintf(t.b.Unproposed, t.often(now.PerWeek))
		}
	}
}

// fileNotes returns what a reader must know about the evaluations of a rule of a rule file.
func (t teller) fileNotes(r *backtest.Result) []string {
	var out []string
	if r.File.Cut {
		out = append(out, fmt.Sprintf(t.b.Cut, forText(r.File.Interval),
			t.w.Figure(units.Span(r.To.Sub(r.From).Round(time.Hour))),
			t.w.Figure(units.Span(r.Asked))))
	}
	failed := map[rulefile.Reason]int{}
	for _, f := range r.File.Failures {
		failed[f.Reason] += f.Evaluations
	}
	if n := failed[rulefile.Duplicate]; n > 0 {
		out = append(out, t.b.Duplicates.Of(n))
	}
	if n := failed[rulefile.LimitExceeded]; n > 0 {
		out = append(out, t.b.TooMany.Of(n))
	}
	return out
}

// ruleFileYAML returns the proposal as lines of a rule file.
func ruleFileYAML(r *backtest.Result) string {
	to, ok := Proposed(r)
	if !ok {
		return ""
	}
	expr, ok := rulefile.WithLevel(r.File.Expr, to.Level)
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s- alert: %s\n", indent, plainOrQuoted(r.File.Alert))
	fmt.Fprintf(&b, "%s  # %s\n", indent, comment(r, to))
	if plainExpr(expr) {
		fmt.Fprintf(&b, "%s  expr: %s\n", indent, expr)
	} else {
		fmt.Fprintf(&b, "%s  expr: |-\n", indent)
		for line := range strings.Lines(strings.TrimSpace(expr)) {
			fmt.Fprintf(&b, "%s    %s\n", indent, outside.Line(strings.TrimRight(line, " \r\n")))
		}
	}
	if to.For != r.File.For {
		fmt.Fprintf(&b, "%s  for: %s\n", indent, forText(to.For))
	}
	return b.String()
}

// plainExpr reports whether an expression can be written as a plain scalar of YAML.
func plainExpr(expr string) bool {
	if expr != strings.TrimSpace(expr) || strings.ContainsFunc(expr, func(c rune) bool {
		return c < ' ' || c == 0x7f || c >= 0x80
	}) {
		return false
	}
	c := expr[0]
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '(' || c == '_'
	return letter && !strings.Contains(expr, ": ") && !strings.Contains(expr, " #") &&
		!strings.HasSuffix(expr, ":")
}
