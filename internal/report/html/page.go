package html

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
)

// How much the page lists; report.json has the rest.
const (
	firstCauses  = 10
	allFindings  = 200 // and as many causes
	groupRows    = 50  // of one cause
	changeLines  = 3   // of one finding
	figureRows   = 50
	fleetRows    = 20 // of a fleet, whose clusters have pages of their own
	blindLines   = 8
	warningLines = 20
)

// page is the data of templates/report.html.
type page struct {
	W         *words.Words
	Info      report.Info
	CSP       string
	Style     template.CSS
	Script    template.JS
	Icon      template.URL
	Slot      string
	SlotUTC   string
	Last      string
	State     string // the verdict as a style's name
	Headline  string
	Calm      string // the text for an empty list of findings
	Unjudged  bool   // a question without limits: there is no verdict
	Counts    []countView
	Source    string
	MadeBy    string
	CellsNote string

	NodesMeasured, Incomplete, MoreWarnings string
	ShownFindings, ShownNodes, ShownSeries  string // texts of the filter, with {shown} and {all}

	Findings           *findingTable // the first causes
	Rest, Ended        *findingTable
	Fleet              []gauge
	Cells              []nodeView
	ManyCells          bool
	Blind              []string
	Failures, Warnings []saidView
	NodeTable          *nodeTable
	Sections           []sectionView

	Clusters      *clustersView // of a fleet; nil: the report is of one cluster
	ShownClusters string

	Filter    string // what the filter finds
	NoTables  bool   // the filter has nothing to do
	Beyond    *beyondView
	Dashboard *boardView
	Foresight *foresightView // nil: nobody looked
	Sizing    *sizingView    // nil: nobody looked
	Rules     *rulesView     // nil: there are none
	Targets   *targetsView   // nil: nobody looked
	Fired     *ownView       // nil: nobody looked
}

type countView struct {
	Class, Text, Word string
	N                 int
}

// findingTable is a table of findings by cause.
type findingTable struct {
	W       *words.Words
	Caption string
	Aged    bool // whether there is a column for the age of the alerts
	Causes  []causeView
	Note    string
}

// causeView is a cause with its findings.
type causeView struct {
	Head     *findingView // the worst finding; nil if the cause is shown as its finding
	Sentence string
	Findings []findingView
	Note     string
}

type findingView struct {
	report.FindingRow
	W             *words.Words
	Name, Subject string
	Anchor        string
	Runbook       string
	Outlook       string // when its series is full
	Changes       []string
	Spark         *spark
}

type saidView struct{ Title, Anchor, Text string }

// figureRows returns how many series the table of a panel lists.
func (l layout) figureRows() int {
	if l.Info.Fleet != nil {
		return fleetRows
	}
	return figureRows
}

// layout lays out one report.
type layout struct {
	*report.Report
	words *words.Words
}

func layoutOf(r *report.Report) layout { return layout{r, words.In(r.Info.Language)} }

// page lays out the whole report.
func (l layout) page(drawings []drawing, views []viewDrawing) page {
	w, in := l.words, l.Info
	p := page{
		W: w, Info: in,
		Script: template.JS(templates.ReportJS), //nolint:gosec // no word from outside
		Slot:   w.Stamp(in.Slot.In(in.Zone)), SlotUTC: in.Slot.UTC().Format(time.RFC3339),
		Last:  fmt.Sprintf(w.Last, l.duration(in.Range)),
		State: string(l.Verdict()), Headline: report.Joined(l.Headline),
		Counts: l.counts(), Source: l.source(),
		MadeBy: fmt.Sprintf(w.MadeBy, in.Version), Fleet: l.fleet(),
		Blind: w.AtMost(l.Blind, blindLines), Filter: w.Filter,
	}
	p.Icon = icon(p.State)
	if !in.Incomplete.IsZero() {
		p.Incomplete = fmt.Sprintf(w.Incomplete, l.Incomplete())
	}
	if l.NodesTotal > 0 {
		p.NodesMeasured = fmt.Sprintf(w.NodesMeasured, words.Thousands(l.NodesMeasured),
			words.Thousands(l.NodesTotal))
	}
	p.ShownFindings, p.ShownNodes, p.ShownSeries = shown(w.ShownFindings), shown(w.ShownNodes),
		shown(w.ShownSeries)
	l.addClusters(&p)
	l.addFindings(&p)
	p.Foresight = l.foresight()
	p.Sizing, p.Rules, p.Targets = l.sizing(), l.rules(), l.targets()
	p.Fired = l.fired()
	for _, f := range l.FailureGroups() {
		if l.listsFailure(f) {
			continue
		}
		p.Failures = append(p.Failures, saidView{
			w.FirstOf(f.Titles), panelAnchor(f.Panel), f.Error,
		})
	}
	warnings := l.WarningGroups()
	for _, n := range warnings[:min(len(warnings), warningLines)] {
		p.Warnings = append(p.Warnings, saidView{w.FirstOf(n.Titles), panelAnchor(n.Panel), n.Text})
	}
	if rest := len(warnings) - warningLines; rest > 0 {
		p.MoreWarnings = w.AndMore.Of(rest)
	}
	l.addNodes(&p)
	p.Sections = l.sections(drawings)
	style := templates.ReportCSS + chart.Styles()
	if p.Clusters != nil {
		style += templates.FleetCSS
	}
	if p.Fired != nil {
		style += templates.FiredCSS
	}
	if p.Sizing != nil {
		style += templates.SizingCSS
	}
	if p.Rules != nil {
		style += templates.RulesCSS
	}
	if p.Targets != nil {
		style += templates.TargetsCSS
	}
	if in.Board != nil {
		style += templates.DashboardCSS + l.addBoard(&p, views)
	}
	p.Style = template.CSS(style) //nolint:gosec // no text from outside
	p.CSP = policy(style, templates.ReportJS)
	return p
}

// duration returns how long something lasted: "6 h 50 min".
func (l layout) duration(d time.Duration) string { return l.words.Figure(units.Span(d)) }

// shown returns the text for the number of rows that match the filter. The page's script fills in
// the numbers.
func shown(format string) string { return fmt.Sprintf(format, "{shown}", "{all}") }

// policy forbids the page all requests, and all scripts and styles except its own.
func policy(style, script string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src data:; style-src " + hash(style) + "; script-src " +
		hash(script) + "; base-uri 'none'; form-action 'none'"
}

// icon is a dot in the colour of the verdict, to tell browser tabs apart.
func icon(state string) template.URL {
	colour := map[string]string{
		"critical": "C53030", "warning": "B7791F", "pending": "B7791F", "ok": "2F7D4F",
	}[state]
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 " +
		"0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23" +
		cmp.Or(colour, "5B6770") + "'/%3E%3C/svg%3E") //nolint:gosec // no word from outside
}

func (l layout) counts() []countView {
	w := l.words
	all := []countView{
		{Class: "critical", N: l.Critical, Word: w.Critical}, {
			Class: "warning", N: l.Warning, Word: w.Warning,
		},
		{Class: "nodata", N: l.NoData, Word: w.NoData}, {
			Class: "pending", N: l.Pending, Word: w.Pending,
		},
		{Class: "failed", N: len(l.Failures), Word: w.Failed}, {Class: "ok", N: l.OK, Word: w.OK},
	}
	var shown []countView
	for _, c := range all {
		if c.N == 0 && (c.Class == "pending" || c.Class == "failed") {
			continue
		}
		c.Text = words.Thousands(c.N)
		shown = append(shown, c)
	}
	return shown
}

func (l layout) source() string {
	parts := []string{}
	for _, s := range []string{l.Info.Server, l.Info.ServerURL} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if l.Info.Scrape > 0 {
		parts = append(parts, fmt.Sprintf(l.words.ScrapedEvery, l.duration(l.Info.Scrape)))
	}
	return strings.Join(parts, ", ")
}

// addFindings adds the tables of findings by cause, and of those that have ended.
func (l layout) addFindings(p *page) {
	table := func(caption string, causes []causeView) *findingTable {
		if len(causes) == 0 {
			return nil
		}
		return &findingTable{W: l.words, Caption: caption, Aged: l.Aged(), Causes: causes}
	}
	causes := l.causes()
	first := min(len(causes), firstCauses)
	p.Findings = table(l.words.Findings, causes[:first])
	p.Rest = table(l.words.AndMore.Of(len(l.Groups)-first), causes[first:])
	if p.Rest != nil {
		p.Rest.Note = l.notListed(len(causes), len(l.Groups))
	}
	var ended []causeView
	all := 0
	for i := range l.Findings {
		f := &l.Findings[i]
		if !f.Past() {
			continue
		}
		if all++; all <= allFindings {
			ended = append(ended, causeView{Findings: []findingView{l.finding(l.FindingRow(f))}})
		}
	}
	p.Ended = table(fmt.Sprintf(l.words.Count, words.Thousands(all), l.words.Ended), ended)
	if p.Ended != nil {
		p.Ended.Note = l.notListed(len(ended), all)
	}
	if p.Findings == nil {
		p.Calm = l.NoFindings()
	}
	p.Unjudged = l.Info.Question && p.Findings == nil
	for i := range l.Panels {
		p.Unjudged = p.Unjudged && len(l.Panels[i].Spec.Rules) == 0
	}
}

// causes returns the first causes, each with its first findings.
func (l layout) causes() []causeView {
	views := make([]causeView, min(len(l.Groups), allFindings))
	left := allFindings
	for i := range views {
		g, v := &l.Groups[i], &views[i]
		if !g.Alone() {
			head := l.finding(l.FindingRow(g.Worst()))
			v.Head, v.Sentence = &head, report.Joined(g.Sentence)
		}
		listed := min(len(g.Findings), groupRows, max(left, 1))
		left -= listed
		for _, f := range g.Findings[:listed] {
			row := l.finding(l.FindingRow(f))
			if v.Head != nil && row.Runbook == v.Head.Runbook {
				row.Runbook = ""
			}
			v.Findings = append(v.Findings, row)
		}
		v.Note = l.notListed(listed, len(g.Findings))
	}
	return views
}

func (l layout) finding(row report.FindingRow) findingView {
	f := row.Finding
	v := findingView{
		FindingRow: row, W: l.words, Name: f.Name, Subject: f.Subject, Anchor: panelAnchor(f.Panel),
		Runbook: f.Runbook, Spark: sparkOf(row.Course),
		Outlook: report.Joined(f.Outlook()), Changes: l.words.AtMost(f.Changes, changeLines),
	}
	if v.Name == words.Unlabelled {
		v.Name, v.Subject = v.Subject, ""
	}
	return v
}

// notListed says how many are listed if the page leaves some out, else "".
func (l layout) notListed(listed, of int) string {
	if listed == of {
		return ""
	}
	return fmt.Sprintf(l.words.NotListed, words.Thousands(listed), words.Thousands(of))
}
