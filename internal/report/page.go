package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
)

// How much the page lists before it refers to report.json.
const (
	firstFindings = 10
	allFindings   = 200
	figureRows    = 50
	blindLines    = 8
	warningLines  = 20
)

// tied matches the space between a number and its unit, where no line may break.
var tied = regexp.MustCompile(`(\d) (%|(?:h|min|s|d|[KMGTPE]i?B|cores)\b)`)

// page is what templates/report.html is given.
type page struct {
	W         wording
	Info      Info
	CSP       string
	Style     template.CSS
	Script    template.JS
	Icon      template.URL
	Slot      string
	SlotUTC   string
	Last      string
	State     string // the verdict as a style's name
	Headline  string
	Calm      string // what is said in the place of findings
	Counts    []countView
	Source    string
	MadeBy    string
	CellsNote string

	NodesMeasured, Incomplete, MoreWarnings string
	ShownFindings, ShownNodes, ShownSeries  string // what the filter says, with {shown} and {all}

	Findings           *findingTable
	Fleet              []gauge
	Cells              []nodeLine
	ManyCells          bool
	Blind              []string
	Failures, Warnings []saidView
	NodeTable          *nodeTable
	Sections           []sectionView
}

type countView struct {
	Class, Text, Word string
	N                 int
}

// findingTable is the first findings, and the others as a table of their own that is folded.
type findingTable struct {
	W       wording
	Caption string
	Aged    bool // with a column of how old the alerts are
	Rows    []findingView
	Rest    *findingTable
	Note    string
}

type findingView struct {
	*Finding
	Class, State, Anchor string
	Lasted, Since, Trend string
	AgeWord, AgeClass    string
	Top                  string
	Limit                string // the Finding's; "" where it is 0 and any figure above says so itself
	Spark                *spark
}

type saidView struct{ Title, Anchor, Text string }

// nodeTable is the first nodes, and the others as a table of their own that is folded.
type nodeTable struct {
	W       wording
	Caption string
	Said    string // what matters of all nodes
	Heads   []string
	Rows    []nodeLine
	Rest    *nodeTable
	Note    string
}

type sectionView struct {
	Title, Anchor string
	Panels        []panelView
}

// page lays the report out.
func (r *Report) page(drawings []drawing) page {
	w, in := r.words, r.Info
	style := templates.ReportCSS + chart.Styles()
	p := page{
		W: w, Info: in, CSP: policy(style, templates.ReportJS),
		Style: template.CSS(style), Script: template.JS(templates.ReportJS), //nolint:gosec // no word from outside
		Slot: w.Stamp(in.Slot.In(in.Zone)), SlotUTC: in.Slot.UTC().Format(time.RFC3339), Last: fmt.Sprintf(w.Last, w.duration(in.Range)),
		State: string(r.Verdict()), Headline: tied.ReplaceAllString(r.Headline, "$1\u00a0$2"), Counts: r.countViews(), Source: r.source(), MadeBy: fmt.Sprintf(w.MadeBy, in.Version),
		Fleet: r.fleet(), Blind: w.atMost(r.Blind, blindLines),
	}
	p.Icon = icon(p.State)
	if in.Incomplete != "" {
		p.Incomplete = fmt.Sprintf(w.Incomplete, in.Incomplete)
	}
	if r.NodesTotal > 0 {
		p.NodesMeasured = fmt.Sprintf(w.NodesMeasured, words.Thousands(r.NodesMeasured), words.Thousands(r.NodesTotal))
	}
	p.ShownFindings, p.ShownNodes, p.ShownSeries = shown(w.ShownFindings), shown(w.ShownNodes), shown(w.ShownSeries)
	if p.Findings = r.findingTable(); p.Findings == nil {
		p.Calm = w.noFindings(r)
	}
	for _, f := range r.FailureGroups() {
		p.Failures = append(p.Failures, saidView{w.FirstOf(f.Titles), panelAnchor(f.Panel), f.Error})
	}
	warnings := r.WarningGroups()
	for _, n := range warnings[:min(len(warnings), warningLines)] {
		p.Warnings = append(p.Warnings, saidView{w.FirstOf(n.Titles), panelAnchor(n.Panel), n.Text})
	}
	if rest := len(warnings) - warningLines; rest > 0 {
		p.MoreWarnings = w.AndMore.Of(rest)
	}
	lines := r.nodeLines()
	p.Cells, p.CellsNote, p.ManyCells = lines[:min(len(lines), cellNodes)], r.cellsNote(lines), len(lines) > manyCells
	p.NodeTable = r.nodeTable(lines)
	p.Sections = r.sections(drawings)
	return p
}

// shown is a format of how many rows are shown of how many, for the page's script to fill in.
func shown(format string) string { return fmt.Sprintf(format, "{shown}", "{all}") }

// atMost is the first of lines, and how many more there are.
func (w wording) atMost(lines []string, n int) []string {
	if len(lines) <= n {
		return lines
	}
	return append(slices.Clone(lines[:n-1]), w.AndMore.Of(len(lines)-n+1))
}

// policy forbids the page every request, and every script and style but the ones that stand in it.
func policy(style, script string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src data:; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'"
}

// icon is a dot in the verdict's colour, so that a row of tabs can be told apart.
func icon(state string) template.URL {
	colour := map[string]string{"critical": "C53030", "warning": "B7791F", "pending": "B7791F", "ok": "2F7D4F"}[state]
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23" +
		cmp.Or(colour, "5B6770") + "'/%3E%3C/svg%3E") //nolint:gosec // no word from outside
}

func (r *Report) countViews() []countView {
	w := r.words
	all := []countView{
		{Class: "critical", N: r.Critical, Word: w.Critical}, {Class: "warning", N: r.Warning, Word: w.Warning},
		{Class: "nodata", N: r.NoData, Word: w.NoData}, {Class: "pending", N: r.Pending, Word: w.Pending},
		{Class: "failed", N: len(r.Failures), Word: w.Failed}, {Class: "ok", N: r.OK, Word: w.OK},
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

func (r *Report) source() string {
	parts := []string{}
	for _, s := range []string{r.Info.Server, r.Info.ServerURL} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.Info.Scrape > 0 {
		parts = append(parts, fmt.Sprintf(r.words.ScrapeWord, r.words.duration(r.Info.Scrape)))
	}
	return strings.Join(parts, ", ")
}

// findingTable returns the findings; nil where there are none.
func (r *Report) findingTable() *findingTable {
	if len(r.Findings) == 0 {
		return nil
	}
	var rows []findingView
	for i := range r.Findings[:min(len(r.Findings), allFindings)] {
		rows = append(rows, r.findingView(&r.Findings[i]))
	}
	t := &findingTable{W: r.words, Caption: r.words.Findings, Aged: r.ages != nil, Rows: rows[:min(len(rows), firstFindings)]}
	if len(rows) > firstFindings {
		t.Rest = &findingTable{
			W: r.words, Caption: fmt.Sprintf(r.words.AllFindings, words.Thousands(len(r.Findings))), Aged: t.Aged, Rows: rows[firstFindings:],
			Note: r.words.notListed(len(rows), len(r.Findings)),
		}
	}
	return t
}

// notListed says that only so many are in the page; "" where all are.
func (w wording) notListed(listed, of int) string {
	if listed == of {
		return ""
	}
	return fmt.Sprintf(w.NotListed, words.Thousands(listed), words.Thousands(of))
}

func (r *Report) findingView(f *Finding) findingView {
	w := r.words
	v := findingView{
		Finding: f, Class: classOf(f.Status, f.Severity), State: w.state(f), Anchor: panelAnchor(f.Panel),
		Trend: w.trend(f.Trend), Spark: sparkOf(f.values, f.limit, f.direction == rules.Below),
	}
	v.AgeWord, v.AgeClass = w.age(f, r.Info)
	if f.hasLimit() {
		v.Limit = f.Limit
	}
	if len(f.Details) > 0 {
		v.Top = fmt.Sprintf(w.Top, f.Details[0])
	}
	switch {
	case f.Number != "":
		if f.Past() {
			v.Class, v.Value = "ended", f.Peak
		}
		v.Since = w.newest(f, r.Info)
	case f.Past() && f.Open:
		v.Class, v.Value, v.Since = "ended", f.Peak, fmt.Sprintf(w.Until, w.clock(f.Until, r.Info))
		v.Lasted = w.atLeast(f.Lasted)
	case f.Past():
		v.Class, v.Value, v.Since = "ended", f.Peak, fmt.Sprintf(w.Between, w.clock(f.Since, r.Info), w.clock(f.Until, r.Info))
		v.Lasted = w.duration(f.Lasted)
	case f.Open:
		v.Lasted = w.atLeast(f.Lasted)
	case f.reduce != "":
		v.Lasted = w.Reduced(string(f.reduce))
	case f.Status == rules.NoData && !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(r.Info.Slot.Sub(f.Since)), r.since(f)
	case !f.Since.IsZero():
		v.Lasted, v.Since = w.duration(f.Lasted), r.since(f)
	}
	return v
}

// atLeast is how long what may have begun before the window has lasted: "≥ 24 h". Of a single sample nothing is known.
func (w wording) atLeast(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "≥ " + w.duration(d)
}

func (r *Report) since(f *Finding) string {
	return fmt.Sprintf(r.words.Since, r.words.clock(f.Since, r.Info))
}

// cellsNote explains the grid of nodes: how many are what, and how many of them are drawn.
func (r *Report) cellsNote(lines []nodeLine) string {
	var kinds []string
	count := map[string]int{}
	for _, l := range lines {
		if count[l.State] == 0 {
			kinds = append(kinds, l.State)
		}
		count[l.State]++
	}
	var said []string
	for _, k := range kinds {
		said = append(said, fmt.Sprintf(r.words.Count, words.Thousands(count[k]), k))
	}
	note := strings.Join(said, ", ")
	if len(lines) > cellNodes {
		note = fmt.Sprintf(r.words.WorstDrawn, note, words.Thousands(cellNodes))
	}
	return note
}

// nodeTable returns the nodes, the worst first; nil where nothing is known of them but their names.
func (r *Report) nodeTable(lines []nodeLine) *nodeTable {
	if len(lines) == 0 || !r.listsNodes() {
		return nil
	}
	var heads []string
	for _, m := range r.columns() {
		heads = append(heads, m.head)
	}
	listed := lines[:min(len(lines), tableNodes)]
	t := &nodeTable{W: r.words, Caption: r.words.Nodes, Said: r.nodesSaid(), Heads: heads, Rows: listed[:min(len(listed), firstNodes)]}
	if len(listed) > firstNodes {
		t.Rest = &nodeTable{
			W: r.words, Caption: fmt.Sprintf(r.words.AllNodes, words.Thousands(len(lines))), Heads: heads, Rows: listed[firstNodes:],
			Note: r.words.notListed(len(listed), len(lines)),
		}
	}
	return t
}

// graphURL is a panel's query on Prometheus' own graph page; "" where its address is not known or is not one of the web.
func graphURL(external, expr string, p *snapshot.Panel) string {
	base, err := exchange.WebURL(external)
	if err != nil {
		return ""
	}
	q := url.Values{"g0.expr": {expr}, "g0.tab": {"0"}}
	if p.Grid.Len > 0 {
		q.Set("g0.range_input", model.Duration(p.Grid.Range()).String())
		q.Set("g0.end_input", p.Grid.End().UTC().Format(time.DateTime))
		q.Set("g0.step_input", strconv.Itoa(int(p.Grid.Step.Seconds())))
	}
	base = base.JoinPath("graph")
	base.User, base.Fragment, base.RawQuery = nil, "", q.Encode()
	return base.String()
}
