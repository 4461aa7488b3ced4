// Package report says what a snapshot means: the verdict, the findings worst first, and the tables'
// figures as text.
//
// It is pure, and what it returns is plain data. The packages below it write that down: report/html
// as a page, report/json as report.json. Nothing in any of them depends on the wall clock or the
// machine, so that the same slot over the same data gives the same bytes.
package report

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// Info is what a report is about and how it was made.
type Info struct {
	Cluster  string
	Name     string // of the report in the configuration; its directory
	Title    string // empty: Name
	Slot     time.Time
	Range    time.Duration
	Zone     *time.Location // of every time that is written; nil: UTC
	Language words.Language // of every word that is written; empty: English
	Version  string         // promsnap's own
	Server   string         // what was asked, as it calls itself: "Prometheus 3.15.0"
	// where it was asked, without secrets: its URL, or its Service in the cluster
	ServerURL   string
	ExternalURL string        // where people reach it, for links; empty: no links
	Command     string        // what makes this report again
	Incomplete  snapshot.Note // why the run was cut short; zero: it was not
	Nodes       []snapshot.Node
	Scrape      time.Duration   // the scrape interval that was assumed
	Notes       []snapshot.Note // what the run as a whole should say, such as odd labels
	Font        *chart.Font     // for runes that the charts' own fonts do not have; nil: none
	// how old the alerts are; nil: nothing is remembered, and the report does not say
	Known *Known
}

// Report is what is drawn of one slot: pure data, made by Build.
//
// The counts are of checks. A check is one series of a panel that has rules, however many rules
// there are: it counts once, as the gravest thing that was found, and so Critical, Warning, NoData,
// Pending and OK add up to all checks. NoData counts two things more coarsely, because that is how
// they go wrong: a node that several panels have lost is one, and so is a panel whose metrics do
// not exist. What was beyond a limit and has ended is OK now; containers and volumes that have gone
// are no checks.
type Report struct {
	Info Info

	Critical, Warning, NoData, Pending, OK int

	// nodes that node_exporter reports, of those that kube_node_info names
	NodesMeasured, NodesTotal int

	Headline string // the worst finding in one sentence, or that there is none
	// one for each check that is not OK, and for each streak that has ended; the worst first
	Findings []Finding
	Failures []Failure // panels whose query failed, in the panels' order
	Warnings []Warning // what the answers said of themselves, in the panels' order
	Blind    []string  // what the report cannot see, and what would let it
	// what the server says of the first answer that was only a part; "": there was none
	Partial string

	Panels []snapshot.Panel

	words wording
	ages  map[findingID]Age // nil: nothing is remembered
}

// Failure is a panel whose query failed.
type Failure struct {
	Panel, Title string
	Error        string // what went wrong, and behind a semicolon what to do
}

// Warning is one note on a panel's answer.
type Warning struct {
	Panel, Title string
	Text         string
}

// FailureGroup is panels that failed alike, as all do where the server cannot be reached.
type FailureGroup struct {
	Failure        // of the first
	Panels, Titles []string
}

// measured matches a number in an error, but for an HTTP status: how long a query took or how many
// samples it had is another with each panel, and the cause is the same.
var measured = regexp.MustCompile(`(HTTP |\b)[0-9][0-9.,]*`)

// causeOf is an error without its numbers.
func causeOf(e string) string {
	return measured.ReplaceAllStringFunc(e, func(s string) string {
		if strings.HasPrefix(s, "HTTP ") {
			return s
		}
		return "#"
	})
}

// FailureGroups brings together what failed for the same cause, in the order of the first of each.
func (r *Report) FailureGroups() []FailureGroup {
	var groups []FailureGroup
	at := map[string]int{}
	for _, f := range r.Failures {
		cause := causeOf(f.Error)
		i, seen := at[cause]
		if !seen {
			i = len(groups)
			at[cause] = i
			groups = append(groups, FailureGroup{Failure: f})
		}
		groups[i].Panels = append(groups[i].Panels, f.Panel)
		groups[i].Titles = append(groups[i].Titles, f.Title)
	}
	return groups
}

// WarningGroup is one remark on several panels' answers.
type WarningGroup struct {
	Warning          // of the first
	Titles  []string // empty where it is about no panel
}

// WarningGroups brings together the same remarks, in the order of the first of each.
func (r *Report) WarningGroups() []WarningGroup {
	var groups []WarningGroup
	at := map[string]int{}
	for _, w := range r.Warnings {
		i, seen := at[w.Text]
		if !seen || w.Title == "" || len(groups[i].Titles) == 0 {
			i = len(groups)
			at[w.Text] = i
			groups = append(groups, WarningGroup{Warning: w})
		}
		if w.Title != "" {
			groups[i].Titles = append(groups[i].Titles, w.Title)
		}
	}
	return groups
}

// Build says what a snapshot means. It does not change panels, and keeps them.
func Build(in Info, panels []snapshot.Panel) *Report {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	if in.Title == "" {
		in.Title = in.Name
	}
	r := &Report{Info: in, Panels: panels, words: wordingIn(in.Language), ages: agesOf(in)}
	for _, n := range r.words.notes(in.Notes) {
		r.Warnings = append(r.Warnings, Warning{Text: printable(n)})
	}
	found := 0
	for i := range panels {
		found += len(panels[i].Findings)
	}
	r.Findings = make([]Finding, 0, found) // at once: in an outage there are tens of thousands
	for i := range panels {
		r.take(&panels[i])
	}
	if missing := undrawable(panels, in.Font); len(missing) > 0 {
		r.Warnings = append(r.Warnings, Warning{Text: r.words.undrawable(missing)})
	}
	r.Findings = joinSilentNodes(r.Findings)
	sortByGravity(r.Findings)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Sentence = r.words.sentence(f, in)
		r.count(f)
	}
	r.seeNodes()
	r.Headline = r.words.headline(r)
	return r
}

// Whole tells whether the report saw all there was to see: it was not cut short, and no query
// failed. It comes out the same again, and any other may come out better.
func (r *Report) Whole() bool { return r.Info.Incomplete.IsZero() && len(r.Failures) == 0 }

// Incomplete says why the run was cut short, "" where it was not.
func (r *Report) Incomplete() string { return r.words.note(r.Info.Incomplete) }

// OnlyPart reports whether every panel that was answered has only a part of its data.
func (r *Report) OnlyPart() bool {
	return r.Partial != "" && !slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
		return p.Data == snapshot.DataComplete
	})
}

// undrawable returns the runes of all panels that no font has, each once, in the order of their
// codes.
func undrawable(panels []snapshot.Panel, f *chart.Font) []rune {
	var missing []rune
	for i := range panels {
		missing = append(missing, chart.Undrawable(&panels[i], f)...)
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// take takes over what one panel came to. The notes of one that failed are of the same failure.
func (r *Report) take(p *snapshot.Panel) {
	if p.Data == snapshot.DataFailed {
		r.Failures = append(r.Failures, r.words.failureOf(p))
		return
	}
	for _, n := range r.words.notes(p.Notes) {
		r.Warnings = append(r.Warnings, Warning{
			Panel: p.Spec.Name, Title: p.Spec.Title, Text: printable(n),
		})
	}
	if !p.Partial.IsZero() && r.Partial == "" {
		r.Partial = r.words.note(p.Partial)
		r.Blind = append(r.Blind, fmt.Sprintf(r.words.OnlyPart, r.Partial))
	}
	if p.Data == snapshot.DataAbsent && !p.Spec.Optional {
		r.NoData++
		r.Blind = append(r.Blind, r.words.absent(p))
	}
	for _, a := range blindRules(p) {
		r.NoData++
		r.Blind = append(r.Blind, r.words.absentQuery(p, a))
	}
	if len(p.Spec.Rules) > 0 {
		r.OK += p.OK
	}
	first := len(r.Findings)
	r.Findings = r.words.findingsOf(r.Findings, p)
	for i := first; i < len(r.Findings); i++ {
		f := &r.Findings[i]
		f.Age = r.ages[findingID{f.Panel, f.Rule, f.labels}]
	}
}

// count adds one finding to the counts.
func (r *Report) count(f *Finding) {
	switch {
	case f.Status == rules.Breach && f.Severity == rules.Critical:
		r.Critical++
	case f.Status == rules.Breach:
		r.Warning++
	case f.Status == rules.NoData:
		r.NoData++
	case f.Status == rules.Pending:
		r.Pending++
	}
}

// seeNodes says which nodes are measured.
func (r *Report) seeNodes() {
	var without, windows []string
	for _, n := range r.Info.Nodes {
		switch {
		case n.Kind == snapshot.VirtualNode: // there is no machine to measure
			continue
		case n.Exporter:
			r.NodesMeasured++
		case n.Kind == snapshot.WindowsNode:
			windows = append(windows, n.Name)
		default:
			without = append(without, n.Name)
		}
		r.NodesTotal++
	}
	var said []string
	if len(without) > 0 {
		said = append(said, r.words.unmeasured(without))
	}
	if len(windows) > 0 {
		said = append(said, r.words.notMeasured(r.words.WindowsNodes, windows))
	}
	if r.NodesTotal == 0 && len(r.Failures) < len(r.Panels) {
		said = append(said, r.words.NoNodes)
	}
	r.Blind = append(said, r.Blind...)
}

// Checks returns how many checks there were.
func (r *Report) Checks() int { return r.Critical + r.Warning + r.NoData + r.Pending + r.OK }

// answered reports whether a panel's query was answered with what it asks for.
func answered(p snapshot.Panel) bool {
	return p.Data == snapshot.DataComplete || p.Data == snapshot.DataPartial
}

// checked reports whether at least one limit was held against data. That no series is there is an
// answer too, where that is the good one, and so is what has ended, also of what no longer exists.
func (r *Report) checked() bool {
	past := func(f Finding) bool { return f.Past() }
	return r.Checks() > r.NoData || slices.ContainsFunc(r.Findings, past) ||
		slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
			return len(p.Spec.Rules) > 0 && p.Data == snapshot.DataComplete && p.Total == 0
		})
}

// Verdict is a whole report in one word.
type Verdict string

// The verdicts. A report is OK only where everything was seen.
const (
	VerdictCritical Verdict = "critical"
	VerdictWarning  Verdict = "warning"
	VerdictNoData   Verdict = "nodata" // nothing is known to fire, but not everything was seen
	VerdictPending  Verdict = "pending"
	VerdictOK       Verdict = "ok"
)

// Verdict returns the gravest of what the report says.
func (r *Report) Verdict() Verdict {
	switch {
	case r.Critical > 0:
		return VerdictCritical
	case r.Warning > 0:
		return VerdictWarning
	case r.NoData > 0 || len(r.Failures) > 0 || len(r.Blind) > 0 || !r.checked():
		return VerdictNoData
	case r.Pending > 0:
		return VerdictPending
	}
	return VerdictOK
}

// Worst returns the gravest severity that fires: what --fail-on compares with.
func (r *Report) Worst() rules.Severity {
	switch {
	case r.Critical > 0:
		return rules.Critical
	case r.Warning > 0:
		return rules.Warning
	}
	return rules.None
}

// Key is where the report's files belong, below a root, with slashes: "daily/20261122T000000Z".
func (r *Report) Key() string {
	return path.Join(Slug(r.Info.Name), r.Info.Slot.UTC().Format("20060102T150405Z"))
}

// How many findings and causes of failures a terminal shows before the counts.
const (
	summaryFindings = 10
	summaryFailures = 5
)

// Summary returns the report in lines for a terminal: the findings, the worst first, then what
// failed, then the counts. Words from outside hold no control characters.
func (r *Report) Summary() []string {
	var lines []string
	shown := min(len(r.Findings), summaryFindings)
	for i := range r.Findings[:shown] {
		f := &r.Findings[i]
		lines = append(lines, r.words.loud(f)+" "+f.Sentence)
	}
	if rest := len(r.Findings) - shown; rest > 0 {
		lines = append(lines, r.words.MoreFindings.Of(rest))
	}
	groups := r.FailureGroups()
	for _, f := range groups[:min(len(groups), summaryFailures)] {
		lines = append(lines, r.words.failed(f))
	}
	if len(groups) > summaryFailures {
		rest := 0
		for _, f := range groups[summaryFailures:] {
			rest += len(f.Panels)
		}
		lines = append(lines, r.words.MorePanelsFailed.Of(rest))
	}
	if r.Partial != "" {
		lines = append(lines,
			fmt.Sprintf(r.words.BlindFor, fmt.Sprintf(r.words.OnlyPart, r.Partial)))
	}
	return append(lines, r.words.counts(r))
}
