// Package tuning writes what back-tests found: in words, as a line of YAML to paste, as a page and
// as a JSON document.
package tuning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Info is what the outputs say besides the results.
type Info struct {
	Cluster, Report, Title string
	Files                  []string // the rule files, instead of a report
	Zone                   *time.Location
	Language               words.Language
	Version                string // of promsnap
	Server                 string
	Command                string // that gives the same again; "" if it is unknown
	Font                   *chart.Font
}

// How much the words list; the JSON document has the rest.
const (
	shownLevels    = 12
	shownObjects   = 5
	shownDays      = 4
	shownBlind     = 3
	shownOverrides = 4
)

// Told is the back-tests of a report in words.
type Told struct {
	Info  Info
	W     *words.Words
	Title string
	// Heads and Rows are the summary of several rules. A row has the index of its rule.
	Heads []string
	Rows  [][]string
	Rules []Rule
	// Never names the rules of rule files that never fired. They have neither a row nor a rule.
	Never string
	// Measure explains the summary of rule files, or "".
	Measure string
}

// Rule is the back-test of a rule in words.
type Rule struct {
	Result *backtest.Result
	Name   string // of the rule
	Title  string // "NodeMemoryHigh of node-memory"
	Limits string // as configured: "warning > 80 %, critical > 90 %, for 15m"
	Period string // "30 d to Sun 22 Nov 2026 00:00 UTC"
	Fired  string // what a rule of a rule file did, or ""
	// Proposal is the answer in a sentence, and Why is its reason.
	Proposal, Why string
	// Notes are what a reader must know before trusting the figures.
	Notes  []string
	Heads  []string
	Levels []Level
	More   string // about the levels that are left out or not replayed, or ""
	Who    []Who
	YAML   string // to paste into the configuration
	Paste  string // says where to paste it
	Notice string // explains the columns of Levels
}

// Level is a row of the table of levels.
type Level struct {
	Now, Proposed bool
	Cells         []string // one for each of Rule.Heads
}

// Mark returns the sign of a level that is configured or proposed.
func (l Level) Mark() string {
	switch {
	case l.Now:
		return "●"
	case l.Proposed:
		return "▸"
	}
	return " "
}

// Who lists the objects that alerted at a level.
type Who struct {
	Head    string
	Objects []Object
	More    string
}

// Object is an object with the days of its alerts, the newest first.
type Object struct {
	Name  string
	Count string // "14 alerts, 40 % of all"
	Days  []string
	More  string
}

// teller words the back-tests of one report.
type teller struct {
	Info
	w *words.Words
	b *words.Backtest
}

// Tell words the back-tests of a report.
func Tell(in Info, results []backtest.Result) Told {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	w := words.In(in.Language)
	t := teller{in, w, &w.Backtest}
	told := Told{Info: in, W: w, Title: fmt.Sprintf(t.b.Title, in.Report)}
	told.Heads = []string{
		t.b.Rule, t.b.Panel, t.b.Now, t.b.Proposed, t.b.PerWeek,
	}
	files := len(results) > 0 && results[0].File != nil
	if files {
		told.Heads, told.Measure, told.Never = t.fileHeads(), t.b.RulesMeasure, t.never(results)
		told.Title = fmt.Sprintf(t.b.Title, t.filesOf())
	}
	for i := range results {
		r := &results[i]
		switch {
		case neverFired(r) && len(results) > 1:
			continue
		case files:
			told.Rows = append(told.Rows, t.fileSummary(r))
		default:
			told.Rows = append(told.Rows, t.summary(r))
		}
		told.Rules = append(told.Rules, t.rule(r))
	}
	return told
}

// said returns words from outside as one line.
func said(words string) string { return outside.Said(words, mostWords) }

const mostWords = 200

// none is the cell of a figure that does not exist.
const none = "–"

// summary returns the row of a rule in the summary.
func (t teller) summary(r *backtest.Result) []string {
	row := []string{said(r.Rule.Name), said(r.Panel.Name), none, t.b.NoLevel, none}
	if r.Stopped {
		row[0] += " (" + t.b.Partial + ")"
	}
	if now, ok := Now(r); ok {
		row[2], row[4] = t.level(r, now), perWeek(now.PerWeek)
		if r.Why == backtest.Enough {
			row[3] = t.b.Keep
		}
	}
	if to, ok := Proposed(r); ok {
		row[3], row[4] = t.level(r, to), row[4]+" → "+perWeek(to.PerWeek)
	}
	return row
}

// Now returns the candidate that is configured.
func Now(r *backtest.Result) (backtest.Candidate, bool) { return candidate(r, r.Now) }

// Proposed returns the candidate that is proposed. There is none if it is the configured one.
func Proposed(r *backtest.Result) (backtest.Candidate, bool) {
	if r.Proposed == r.Now {
		return backtest.Candidate{}, false
	}
	return candidate(r, r.Proposed)
}

// MoreThanAim reports whether the proposal alerted more often than it should in the newest third of
// the time, which had no say in the choice.
func MoreThanAim(r *backtest.Result) bool {
	to, ok := Proposed(r)
	return ok && !r.HeldOut.IsZero() && to.Held > r.Pages
}

func candidate(r *backtest.Result, i int) (backtest.Candidate, bool) {
	if i < 0 || i >= len(r.Candidates) {
		return backtest.Candidate{}, false
	}
	return r.Candidates[i], true
}

// rule words the back-test of one rule.
func (t teller) rule(r *backtest.Result) Rule {
	b := t.b
	out := Rule{
		Result: r, Name: said(r.Rule.Name),
		Title:  fmt.Sprintf(b.Of, said(r.Rule.Name), said(r.Panel.Name)),
		Limits: t.limits(r), Period: t.period(r), Notes: t.notes(r), YAML: YAML(r),
		Heads: []string{
			b.Level, b.For, b.PerWeek, b.HeldOut, b.Alerts, b.Objects, b.Firing, b.Longest, b.Top,
			b.Flaps,
		},
		Notice: fmt.Sprintf(b.Columns,
			forText(3*cmp.Or(r.Rule.KeepFiringFor, rules.DefaultKeepFiringFor))),
	}
	out.Proposal, out.Why = t.proposal(r)
	if out.Paste = b.Paste; !r.Panel.Builtin {
		out.Paste = fmt.Sprintf(b.PasteInto, said(r.Panel.Name))
	}
	shown := shownOf(r)
	for _, i := range shown {
		out.Levels = append(out.Levels, t.row(r, i))
	}
	var more []string
	if n := len(r.Candidates) - len(shown); n > 0 {
		more = append(more, b.MoreLevels.Of(n))
	}
	if slices.ContainsFunc(shown, func(i int) bool { return r.Candidates[i].About }) {
		more = append(more, b.AboutLevels)
	}
	out.More = strings.Join(more, " · ")
	if c, ok := Now(r); ok {
		out.Who = append(out.Who, t.who(c, fmt.Sprintf(b.NowAt, t.level(r, c))))
	}
	if c, ok := Proposed(r); ok {
		out.Who = append(out.Who, t.who(c, fmt.Sprintf(b.ProposedAt, t.level(r, c))))
	}
	if r.File != nil {
		t.ofFile(&out, r)
	}
	return out
}

// shownOf returns the candidates of the table: the configured one, the proposed one and their
// neighbours, and others at even distances.
func shownOf(r *backtest.Result) []int {
	n := len(r.Candidates)
	keep := map[int]bool{}
	now, to := r.Now, r.Proposed
	for _, i := range []int{now, to, to - 1, to + 1, now - 1, now + 1} {
		if i >= 0 && i < n {
			keep[i] = true
		}
	}
	for parts := 1; len(keep) < min(n, shownLevels); parts++ {
		for k := 0; k <= parts && len(keep) < min(n, shownLevels); k++ {
			keep[k*(n-1)/parts] = true
		}
	}
	var out []int
	for i := range n {
		if keep[i] {
			out = append(out, i)
		}
	}
	return out
}

// row returns the row of a candidate.
func (t teller) row(r *backtest.Result, i int) Level {
	c := r.Candidates[i]
	top, about := none, ""
	if c.About {
		about = "~"
	} else if c.Alerts > 0 {
		top = t.percent(c.TopShare)
	}
	return Level{
		Now: i == r.Now, Proposed: i == r.Proposed && i != r.Now, Cells: []string{
			t.value(r, c.Level), forText(c.For), about + perWeek(c.PerWeek),
			about + perWeek(c.Held), about + words.Thousands(c.Alerts),
			words.Thousands(c.Objects), t.span(c.Firing),
			t.span(c.Longest), top, words.Thousands(c.Flaps),
		},
	}
}

// value returns a level in the unit of the rule's query.
func (t teller) value(r *backtest.Result, v float64) string {
	return t.w.Figure(r.Panel.UnitOf(r.Rule.Ref).Format(v))
}

// level names a candidate: by its level, and by its For if that differs from the configured one.
func (t teller) level(r *backtest.Result, c backtest.Candidate) string {
	if !levelled(r) {
		return t.b.AsConfigured
	}
	if c.For == r.Rule.For {
		return t.value(r, c.Level)
	}
	return t.value(r, c.Level) + ", for: " + forText(c.For)
}

// limits returns the limits of a rule as configured: "warning > 80 %, critical > 90 %, for: 15m".
func (t teller) limits(r *backtest.Result) string {
	sign := " > "
	if r.Rule.Direction == rules.Below {
		sign = " < "
	}
	var parts []string
	if l := r.Rule.Warning; l.Set {
		parts = append(parts, t.w.Warning+sign+t.value(r, l.Value))
	}
	if l := r.Rule.Critical; l.Set {
		parts = append(parts, t.w.Critical+sign+t.value(r, l.Value))
	}
	if r.Rule.For > 0 {
		parts = append(parts, "for: "+forText(r.Rule.For))
	}
	return strings.Join(parts, ", ")
}

// period says which time the back-test is about.
func (t teller) period(r *backtest.Result) string {
	parts := []string{
		fmt.Sprintf(t.b.Period, t.w.Figure(units.Span(r.To.Sub(r.From).Round(time.Hour))),
			t.w.Stamp(r.To.In(t.Zone))),
	}
	if r.File != nil {
		return strings.Join(append(parts, t.b.Evaluations.Of(r.Slots)), " · ")
	}
	parts = append(parts, t.b.Slots.Of(r.Slots), t.b.Series.Of(r.Series))
	return strings.Join(parts, " · ")
}

// proposal returns the proposal and its reason.
func (t teller) proposal(r *backtest.Result) (proposed, why string) {
	now, known := Now(r)
	to, better := Proposed(r)
	switch {
	case better && known:
		proposed = fmt.Sprintf(t.b.Better, t.level(r, to), t.often(to.PerWeek), t.level(r, now),
			t.often(now.PerWeek))
	case r.Why == backtest.Enough && known:
		proposed = fmt.Sprintf(t.b.Stays, t.level(r, now), t.often(now.PerWeek))
	case known:
		proposed = fmt.Sprintf(t.b.None, t.level(r, now), t.often(now.PerWeek))
	default:
		proposed = t.b.Unsure
	}
	why = t.why(r, to)
	if better && !r.HeldOut.IsZero() {
		why += " " + t.held(r, to)
	}
	return proposed, strings.TrimSpace(why)
}

// held says how often a proposal alerted before and in the newest third of the time.
func (t teller) held(r *backtest.Result, to backtest.Candidate) string {
	days := func(from, to time.Time) string {
		return t.w.Figure(units.Span(to.Sub(from).Round(24 * time.Hour)))
	}
	said := fmt.Sprintf(t.b.HeldWhy, days(r.From, r.HeldOut), t.w.Date(r.HeldOut.In(t.Zone)),
		t.often(to.Older), days(r.HeldOut, r.To), t.often(to.Held))
	if MoreThanAim(r) {
		said += fmt.Sprintf(t.b.HeldMore, perWeek(r.Pages))
	}
	return said + "."
}

// why returns the reason of a proposal.
func (t teller) why(r *backtest.Result, to backtest.Candidate) string {
	switch aim := t.often(r.Pages); r.Why {
	case backtest.Fits:
		return fmt.Sprintf(t.b.Fits, t.level(r, to), aim)
	case backtest.Cliff:
		return fmt.Sprintf(t.b.Cliff, t.level(r, to))
	case backtest.Enough:
		return fmt.Sprintf(t.b.Enough, aim)
	case backtest.Newest:
		now, _ := Now(r)
		return fmt.Sprintf(t.b.Newest, t.w.Date(r.HeldOut.In(t.Zone)), aim, t.often(now.Held))
	case backtest.NoData:
		return fmt.Sprintf(t.b.Short, t.w.Figure(units.Span(r.To.Sub(r.From).Round(time.Hour))))
	case backtest.Wall:
		return t.walled(r, aim)
	case backtest.Fixed:
		return t.b.Fixed
	case backtest.Unread:
		return t.b.Unread
	}
	return ""
}

// walled says that with the configured For every level before a wall alerts too often.
func (t teller) walled(r *backtest.Result, aim string) string {
	hold := forText(r.Rule.For)
	if !r.Wall.Set {
		return fmt.Sprintf(t.b.NoneAtAll, "", aim, hold) + t.noFor(r)
	}
	wall := t.value(r, r.Wall.Value)
	text := fmt.Sprintf(t.b.Wall, wall, aim, hold)
	w := r.Panel.Wall
	switch {
	case w == nil || w.Value != r.Wall.Value:
		text += " " + fmt.Sprintf(t.b.IsCritical, wall)
	default:
		switch w.Why {
		case panel.WallEvicts:
			text += " " + fmt.Sprintf(t.b.Evicts, wall)
		case panel.WallKills:
			text += " " + fmt.Sprintf(t.b.Kills, wall)
		case panel.WallFull:
			text += " " + fmt.Sprintf(t.b.Full, wall)
		}
	}
	return text + t.noFor(r)
}

// noFor says that no other For does either, if none was found.
func (t teller) noFor(r *backtest.Result) string {
	if _, ok := Proposed(r); ok {
		return ""
	}
	return " " + t.b.NoFor
}

// notes returns what a reader must know before trusting the figures.
func (t teller) notes(r *backtest.Result) []string {
	var out []string
	had := r.To.Sub(r.From)
	switch {
	case r.Stopped:
		to := r.To.In(t.Zone)
		out = append(out, fmt.Sprintf(t.b.Stopped, t.w.Date(to)+" "+t.w.Clock(to)))
	case r.File != nil && r.File.Cut:
	case r.Asked-had > 24*time.Hour && r.Asked > 0:
		out = append(out, fmt.Sprintf(t.b.Shorter, t.w.Figure(units.Span(r.Asked)),
			t.w.Figure(units.Span(had.Round(time.Hour)))))
	}
	if len(r.Blind) > 0 {
		var all time.Duration
		var spans []string
		for _, s := range r.Blind {
			all += s.To.Sub(s.From)
			spans = append(spans, t.times(s.From, s.To))
		}
		out = append(out, fmt.Sprintf(t.b.Blind, t.w.Figure(units.Span(all)),
			strings.Join(t.w.AtMost(spans, shownBlind), "; ")))
	}
	if r.File != nil {
		out = append(out, t.fileNotes(r)...)
	}
	if all := t.overrides(r); len(all) > 0 {
		out = append(out, t.b.Overrides.Of(len(all))+" "+
			strings.Join(t.w.AtMost(all, shownOverrides), "; "))
	}
	return out
}

// overrides returns the overrides of a rule, whose limits do not move.
func (t teller) overrides(r *backtest.Result) []string {
	var out []string
	for _, o := range r.Panel.Overrides {
		if o.Rule != r.Rule.Name && (o.Rule != "" || len(r.Panel.Rules) == 0 ||
			r.Panel.Rules[0].Name != r.Rule.Name) {
			continue
		}
		match := make([]string, len(o.Match))
		for i, m := range o.Match {
			match[i] = m.String()
		}
		limits := t.b.NoLimit
		if o.Warning.Set || o.Critical.Set {
			of := *r
			of.Rule.Warning, of.Rule.Critical, of.Rule.For = o.Warning, o.Critical, 0
			limits = t.limits(&of)
		}
		out = append(out, said(strings.Join(match, ", "))+": "+limits)
	}
	return out
}
