// Package report turns a snapshot into a report: the verdict, the findings with the worst first,
// and the values of the tables as text.
//
// The package is pure and returns plain data. The packages below it encode that data: report/html
// as a page, report/json as report.json. Nothing in them depends on the wall clock or the machine,
// so the same slot over the same data gives the same bytes.
package report

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
)

// Info says what a report is about and how it was made.
type Info struct {
	Cluster  string
	Name     string // the report's name in the configuration, and its directory
	Title    string // empty: that of the dashboard, or Name
	Slot     time.Time
	Range    time.Duration
	Zone     *time.Location // of all times; nil: UTC
	Language words.Language // of all texts; empty: English
	Version  string         // of promsnap
	Server   string         // what the server calls itself: "Prometheus 3.15.0"
	// the address of the server without secrets: its URL, or its Service in the cluster
	ServerURL   string
	ExternalURL string        // the address for links; empty: no links
	Command     string        // the command that makes this report again
	ConfigFile  string        // the configuration, for further commands; empty: there is none
	Incomplete  snapshot.Note // why the run was cut short; zero: it was complete
	Nodes       []snapshot.Node
	Scrape      time.Duration   // the assumed scrape interval
	Notes       []snapshot.Note // notes on the whole run, such as one on labels
	Font        *chart.Font     // for runes that the built-in fonts lack; nil: none
	// the age of the alerts; nil: no state, so the report shows no ages
	Known *Known
	// what changed before findings began; nil: nothing did, or nobody looked
	Changes map[changelog.Key]changelog.Before
	Sizing  *sizing.Advice  // what workloads should request; nil: nobody looked
	Rules   *ruleset.Result // what alerting rules came to; nil: there are none
	Targets *targets.List   // what Prometheus scrapes; nil: nobody looked
	Fired   *fired.Fired    // which alerts of the server's rules fired; nil: nobody looked
	Board   *board.Board    // what the panels of a Grafana dashboard show; nil: there is none
	Fleet   *Fleet          // the clusters of a report about several; nil: it is about one
	// Question means that the report answers a query that a person put, which need not be about the
	// nodes of a cluster.
	Question bool
	CSV      *CSV // the tables that are also CSV files; nil: there are none
	PDF      *PDF // how its PDF looks; nil: there is none
}

// Report is the report of one slot, made by Build. It is plain data.
//
// The counts are numbers of checks. A check is one series of a panel that has rules. However many
// rules there are, it counts once, with its worst finding. So Critical, Warning, NoData, Pending
// and OK add up to all checks. NoData is coarser in two cases: a node that several panels lost
// counts once, and so does a panel whose metrics do not exist. A check whose streak has ended is OK
// now. Containers and volumes that are gone are not checks.
type Report struct {
	Info Info

	Critical, Warning, NoData, Pending, OK int

	// nodes with node_exporter, and all nodes that kube_node_info names
	NodesMeasured, NodesTotal int

	Only     string // the matchers of the findings; empty: all are here (see Matching)
	Headline string // the worst finding in one sentence, or that there are none
	// one for each check that is not OK and for each streak that has ended, the worst first
	Findings []Finding
	Groups   []Group   // the findings that have not ended, by cause, the worst first
	Failures []Failure // panels whose query failed, in panel order
	Warnings []Warning // notes on the answers, in panel order
	Blind    []string  // what data is missing, and what would provide it
	// BlindClusters are the clusters of a fleet of which nothing is known.
	BlindClusters []string
	// what the server says about the first incomplete answer; "" if all were complete
	Partial string

	Fills     []Fill // what is beyond its limit, then what fills next, at most mostFills
	FillsMore int    // how many more have a forecast
	// ReachedMore is how many more are already beyond their limits.
	ReachedMore int
	Up, Down    []Move // what changed since last week, the largest first, at most mostMoves each
	UpMore      int    // how many more rose
	DownMore    int    // how many more fell

	Sizing  *Sizing  // requests against use; nil: nobody looked
	Rules   *Rules   // alerting rules; nil: there are none
	Targets *Targets // what Prometheus scrapes; nil: nobody looked
	Fired   *Fired   // what the server's own rules say; nil: nobody looked

	Panels []snapshot.Panel

	words  wording
	absent []absence
	pods   map[string]bool   // by panel: whether its labels pod and container say what it is about
	ages   map[findingID]Age // nil: no state

	rulesOf map[string][]*ruleset.Rule // the alerting rules, by panel
	listed  map[string]bool            // panels of alerting rules that have no chart

	beyond        []board.Beyond // figures of the dashboard beyond its thresholds
	judged        int            // how many figures have thresholds
	boardAnswered bool           // a panel of the dashboard has data
}

// Failure is a panel whose query failed.
type Failure struct {
	Panel, Title string
	Error        string // what went wrong, and after a semicolon what to do
}

// Warning is a note on the answer of a panel.
type Warning struct {
	Panel, Title string
	Text         string
}

// FailureGroup is a group of panels that failed for the same reason, such as an unreachable server.
type FailureGroup struct {
	Failure        // the first one
	Panels, Titles []string
}

// measured matches a number in an error, except an HTTP status. How long a query took or how many
// samples it had differs between panels, but the cause is the same.
var measured = regexp.MustCompile(`(HTTP |\b)[0-9][0-9.,]*`)

// causeOf returns an error without its numbers.
func causeOf(e string) string {
	return measured.ReplaceAllStringFunc(e, func(s string) string {
		if strings.HasPrefix(s, "HTTP ") {
			return s
		}
		return "#"
	})
}

// FailureGroups groups the failures by cause, in the order of the first failure of each group.
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

// WarningGroup is one note that several panels share.
type WarningGroup struct {
	Warning          // the first one
	Titles  []string // empty if the note is not about a panel
}

// WarningGroups groups equal notes, in the order of the first note of each group.
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

// Build makes the report of a snapshot. It keeps panels and does not change them.
func Build(in Info, panels []snapshot.Panel) *Report {
	if in.Zone == nil {
		in.Zone = time.UTC
	}
	if b := in.Board; b != nil && (in.Title == "" || in.Title == in.Name) {
		in.Title = printable(b.Title)
	}
	if in.Title == "" {
		in.Title = in.Name
	}
	r := &Report{
		Info: in, Panels: panels, words: wordingIn(in.Language), ages: agesOf(in),
		pods: map[string]bool{}, rulesOf: rulesOf(in.Rules),
	}
	for _, n := range r.words.notes(in.Notes) {
		r.Warnings = append(r.Warnings, Warning{Text: printable(n)})
	}
	found := 0
	for i := range panels {
		found += len(panels[i].Findings)
		r.pods[panels[i].Spec.Name] = panels[i].NamesPods()
	}
	r.Findings = make([]Finding, 0, found) // one allocation: an outage has tens of thousands
	for i := range panels {
		r.add(&panels[i])
	}
	r.addRules()
	if in.Board != nil {
		r.addBoard(in.Board)
	}
	if missing := undrawable(panels, in.Board, in.Font); len(missing) > 0 {
		r.Warnings = append(r.Warnings, Warning{Text: r.words.undrawable(missing)})
	}
	r.Findings = mergeSilentNodes(r.Findings)
	sortByGravity(r.Findings)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Sentence = r.words.sentence(f, in)
		r.count(f)
	}
	r.countNodes()
	r.addGroups()
	r.addForesight()
	if in.Sizing != nil {
		r.Sizing = SizingOf(in.Sizing, in.Language, mostSized)
	}
	if in.Targets != nil {
		r.Targets = TargetsOf(in.Targets, in, mostTargets)
	}
	if in.Fired != nil {
		r.Fired = r.words.firedOf(in.Fired, in)
	}
	r.Headline = r.words.headline(r)
	if in.Fleet != nil {
		r.addFleet()
	}
	return r
}

// Whole reports whether the run was complete: it was not cut short and no query failed. Only such a
// report comes out the same when it is made again.
func (r *Report) Whole() bool { return r.Info.Incomplete.IsZero() && len(r.Failures) == 0 }

// Incomplete returns why the run was cut short, or "" if it was not.
func (r *Report) Incomplete() string { return r.words.note(r.Info.Incomplete) }

// AllPartial reports whether every panel with an answer has incomplete data.
func (r *Report) AllPartial() bool {
	whole := func(p snapshot.Panel) bool { return p.Data == snapshot.DataComplete }
	return r.Partial != "" && !r.boardAnswered && !slices.ContainsFunc(r.Panels, whole)
}

// undrawable returns the runes in all panels that no font has, sorted and without duplicates.
func undrawable(panels []snapshot.Panel, b *board.Board, f *chart.Font) []rune {
	var missing []rune
	for i := range panels {
		missing = append(missing, chart.Undrawable(&panels[i], f)...)
	}
	if b != nil {
		missing = append(missing, chart.UndrawableInBoard(b, f)...)
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// add adds what one panel found. If the panel failed, its notes say the same and are left out.
func (r *Report) add(p *snapshot.Panel) {
	if p.Data == snapshot.DataFailed {
		if !r.ofRules(p) { // each of its rules is a failure
			r.Failures = append(r.Failures, r.words.failureOf(p))
		}
		return
	}
	for _, n := range r.words.notes(p.Notes) {
		r.Warnings = append(r.Warnings, Warning{
			Panel: p.Spec.Name, Title: p.Spec.Title, Text: printable(n),
		})
	}
	if !p.Partial.IsZero() && r.Partial == "" {
		r.Partial = r.words.note(p.Partial)
		said := fmt.Sprintf(r.words.AnswersIncomplete, r.Partial)
		r.absent = append(r.absent, absence{said: said})
	}
	if p.Data == snapshot.DataAbsent && !p.Spec.Optional {
		r.NoData++
		r.absent = append(r.absent, absence{r.words.absent(p), p.Spec.Title, sourceOf(p.Missing)})
	}
	for _, a := range blindRules(p) {
		r.NoData++
		r.absent = append(r.absent, absence{
			r.words.absentQuery(p, a), p.Spec.Title, sourceOf(a.Missing),
		})
	}
	if len(p.Spec.Rules) > 0 {
		r.OK += p.OK
	}
	first := len(r.Findings)
	r.Findings = r.findingsOf(r.Findings, p)
	for i := first; i < len(r.Findings); i++ {
		f := &r.Findings[i]
		if r.ages != nil {
			f.Age = r.ages[findingID{f.Panel, f.Rule, f.labels.Hash()}]
		}
		r.annotate(f)
		f.beginAs(f.Age, p.Spec.Rule(f.Rule))
		f.Forecast = r.forecastOf(p, f)
		if len(r.Info.Changes) > 0 {
			f.Changes = r.ChangesOf(changelog.Key{
				RuleID: rules.RuleID{Panel: f.Panel, Rule: f.Rule}, Series: f.labels.Hash(),
			})
		}
	}
}

// count adds a finding to the counts.
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

// Checks returns the number of checks.
func (r *Report) Checks() int { return r.Critical + r.Warning + r.NoData + r.Pending + r.OK }

// answered reports whether a panel's query has an answer.
func answered(p snapshot.Panel) bool {
	return p.Data == snapshot.DataComplete || p.Data == snapshot.DataPartial
}

// checked reports whether at least one limit was compared with data. An empty answer that is good
// news counts, and so does a streak that has ended, even of something that is gone.
func (r *Report) checked() bool {
	past := func(f Finding) bool { return f.Past() }
	return r.Checks() > r.NoData || slices.ContainsFunc(r.Findings, past) ||
		slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
			return len(p.Spec.Rules) > 0 && p.Data == snapshot.DataComplete && p.Total == 0
		})
}

// measured reports whether the report saw anything that can be in order: checks, or the data of a
// dashboard on which no rule is set.
func (r *Report) measured() bool {
	return r.checked() || r.boardAnswered && !r.HasRules()
}

// HasRules reports whether a panel has rules.
func (r *Report) HasRules() bool {
	return slices.ContainsFunc(r.Panels, func(p snapshot.Panel) bool {
		return len(p.Spec.Rules) > 0
	})
}

// Verdict is the report in one word.
type Verdict string

// The verdicts. A report is OK only if all data was there.
const (
	VerdictCritical Verdict = "critical"
	VerdictWarning  Verdict = "warning"
	VerdictNoData   Verdict = "nodata" // no alert fires as far as we know, but data is missing
	VerdictPending  Verdict = "pending"
	VerdictOK       Verdict = "ok"
)

// Verdict returns the worst state in the report.
func (r *Report) Verdict() Verdict {
	switch {
	case r.Critical > 0:
		return VerdictCritical
	case r.Warning > 0:
		return VerdictWarning
	case r.NoData > 0 || len(r.Failures) > 0 || len(r.Blind) > 0 || !r.measured():
		return VerdictNoData
	case r.Pending > 0:
		return VerdictPending
	}
	return VerdictOK
}

// Worst returns the highest severity that fires. --fail-on compares with it.
func (r *Report) Worst() rules.Severity {
	switch {
	case r.Critical > 0:
		return rules.Critical
	case r.Warning > 0:
		return rules.Warning
	}
	return rules.None
}

// Key returns the directory of the report's files below a root: "daily/20261122T000000Z".
func (r *Report) Key() string {
	return path.Join(Slug(r.Info.Name), SlotName(r.Info.Slot))
}

// SlotLayout is the form of a slot in the names of directories and files, in UTC.
const SlotLayout = "20060102T150405Z"

// SlotName returns the name of a slot: 20261122T000000Z.
func SlotName(t time.Time) string { return t.UTC().Format(SlotLayout) }

// How many causes and reasons of failures a terminal shows above the counts.
const (
	summaryFindings = 10
	summaryFailures = 5
)

// Summary returns the report as lines for a terminal: a line for each cause with the worst first,
// then what has ended, the failures, and the counts. Text from outside has no control characters.
func (r *Report) Summary() []string {
	lines := r.clusterLines()
	named := len(lines)
	rest := len(r.Findings)
	for i := range r.Groups[:min(len(r.Groups), summaryFindings)] {
		g := &r.Groups[i]
		lines = append(lines, r.words.upperState(g.Worst())+" "+g.Sentence)
		rest -= len(g.Findings)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Past() && len(lines)-named < summaryFindings {
			lines = append(lines, r.words.upperState(f)+" "+f.Sentence)
			rest--
		}
	}
	if rest > 0 {
		lines = append(lines, r.words.MoreFindings.Of(rest))
	}
	if r.Info.Board != nil {
		lines = append(lines, r.words.figures(r), r.DashboardSummary())
	}
	if r.Rules != nil {
		lines = append(lines, r.Rules.Sum)
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
			fmt.Sprintf(r.words.BlindFor, fmt.Sprintf(r.words.AnswersIncomplete, r.Partial)))
	}
	lines = append(append(lines, r.soon()...), r.FiredLines()...)
	return append(lines, r.words.counts(r))
}
