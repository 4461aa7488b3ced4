// Package json writes a report as report.json, and reads back what other packages need of one.
package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// DocumentVersion is the version of report.json. It grows where a field changes its meaning or goes away, not where one is added.
const DocumentVersion = 1

// documentRows bounds the rows and the findings of one panel, and what is said of all, in report.json.
const documentRows = 1000

// Document is report.json: docs/report-json.md describes it, docs/report.schema.json is its schema. Times are RFC 3339 in UTC,
// durations are seconds, values are in the panel's unit as Prometheus gave them. It holds no timings, receipts or links, so that the
// same slot over the same data gives the same bytes on every machine.
type Document struct {
	Version    int          `json:"version" jsonschema:"enum=1"`
	Generator  string       `json:"generator"`
	Cluster    string       `json:"cluster"`
	Report     string       `json:"report"`
	Title      string       `json:"title"`
	Slot       time.Time    `json:"slot"`
	Zone       string       `json:"zone"`
	Language   string       `json:"language" jsonschema:"enum=en,enum=ko"`
	Range      float64      `json:"range_seconds"`
	Scrape     float64      `json:"scrape_interval_seconds"`
	Server     string       `json:"server"`
	Incomplete string       `json:"incomplete,omitempty"`
	Headline   string       `json:"headline"`
	Counts     DocCounts    `json:"counts"`
	Nodes      DocNodes     `json:"nodes"`
	Blind      []string     `json:"blind"`
	Failures   []DocFailure `json:"failures"`
	Findings   []DocSaid    `json:"findings"`
	Truncated  int          `json:"findings_truncated" jsonschema:"minimum=0"`
	Panels     []DocPanel   `json:"panels"`
}

// DocCounts are the report's counts of checks, and of the panels that failed.
type DocCounts struct {
	Critical int `json:"critical" jsonschema:"minimum=0"`
	Warning  int `json:"warning" jsonschema:"minimum=0"`
	NoData   int `json:"no_data" jsonschema:"minimum=0"`
	Pending  int `json:"pending" jsonschema:"minimum=0"`
	OK       int `json:"ok" jsonschema:"minimum=0"`
	Failed   int `json:"failed" jsonschema:"minimum=0"`
}

// DocNodes says which nodes kube_node_info names and node_exporter does not report, and what the Kubernetes API knows of them where it
// was asked.
type DocNodes struct {
	Total          int       `json:"total" jsonschema:"minimum=0"`
	Measured       int       `json:"measured" jsonschema:"minimum=0"`
	Without        []string  `json:"without_exporter"`
	Known          []DocNode `json:"known,omitempty"`
	KnownTruncated int       `json:"known_truncated,omitempty" jsonschema:"minimum=0"`
}

// DocFailure is a panel whose query failed.
type DocFailure struct {
	Panel string `json:"panel"`
	Error string `json:"error"`
}

// DocSaid is a finding as the report says it: one for each check, the gravest of its rules, the worst first.
type DocSaid struct {
	Panel    string `json:"panel"`
	Name     string `json:"name"`
	Node     string `json:"node,omitempty"`
	Rule     string `json:"rule"`
	Status   string `json:"status" jsonschema:"enum=breach,enum=pending,enum=no_data,enum=ended"`
	Severity string `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Sentence string `json:"sentence"`
	Value    string `json:"value,omitempty"`
	Limit    string `json:"limit,omitempty"`
	Used     string `json:"used,omitempty"`
	// Since is when the streak began, not of events. Open says that it may have begun before, because Since is where the window begins:
	// Lasted is the least then.
	Since   *time.Time `json:"since,omitempty"`
	Open    bool       `json:"open,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Lasted  float64    `json:"lasted_seconds"`
	Event   *DocEvent  `json:"event,omitempty"`
	Trend   string     `json:"trend,omitempty" jsonschema:"enum=rising,enum=falling"`
	Runbook string     `json:"runbook_url,omitempty"`
	Alert   *DocAlert  `json:"alert,omitempty"`
}

// DocEvent is when the newest of the events happened that a finding counts, or, where Before is true, a time before which all did. Such a
// finding has no since, and has not lasted.
type DocEvent struct {
	Last   time.Time `json:"last"`
	Before bool      `json:"before,omitempty"`
}

// DocAlert is what is remembered of a finding's alert. It is there in reports that are made with a state, of alerts that fire.
type DocAlert struct {
	Since time.Time `json:"since"`
	New   bool      `json:"new"`
	Day   int       `json:"day" jsonschema:"minimum=1"`
}

// DocPanel is a panel: its query as it was run, its data, and every rule's judgement.
type DocPanel struct {
	Name              string       `json:"name"`
	Title             string       `json:"title"`
	Section           string       `json:"section"`
	Subject           string       `json:"subject,omitempty"`
	Unit              string       `json:"unit"`
	Query             string       `json:"query"`
	Queries           []DocQuery   `json:"queries,omitempty"`
	Grid              DocGrid      `json:"grid"`
	Data              string       `json:"data" jsonschema:"enum=complete,enum=partial,enum=failed,enum=absent"`
	Error             string       `json:"error,omitempty"`
	Notes             []string     `json:"notes"`
	Missing           []string     `json:"missing"`
	Total             int          `json:"total" jsonschema:"minimum=0"`
	OK                int          `json:"ok" jsonschema:"minimum=0"`
	LeftOut           int          `json:"left_out,omitempty" jsonschema:"minimum=0"`
	Rules             []DocRule    `json:"rules"`
	Findings          []DocFinding `json:"findings"`
	FindingsTruncated int          `json:"findings_truncated" jsonschema:"minimum=0"`
	Series            []DocSeries  `json:"series"`
	Rest              *DocRest     `json:"rest,omitempty"`
	Rows              []DocRow     `json:"rows"`
	RowsTruncated     int          `json:"rows_truncated" jsonschema:"minimum=0"`
}

// DocQuery is one of several queries of a panel, as it was run. The panel's query and unit are of the first. Absent says that it finds no
// series where there should be some.
type DocQuery struct {
	Ref    string `json:"ref"`
	Query  string `json:"query"`
	Unit   string `json:"unit"`
	Absent bool   `json:"absent,omitempty"`
}

// DocGrid is the times of a panel's samples: sample i is at start + i × step.
type DocGrid struct {
	Start time.Time `json:"start"`
	Step  float64   `json:"step_seconds" jsonschema:"minimum=0"`
	Len   int       `json:"len" jsonschema:"minimum=0"`
}

// DocRule is a rule of a panel, before overrides.
type DocRule struct {
	Name      string  `json:"name"`
	Ref       string  `json:"ref,omitempty"` // of the query that it judges
	Direction string  `json:"direction" jsonschema:"enum=above,enum=below"`
	Warning   *Number `json:"warning,omitempty"`
	Critical  *Number `json:"critical,omitempty"`
	For       float64 `json:"for_seconds"`
	Reduce    string  `json:"reduce,omitempty"`
}

// DocFinding is one rule's judgement of one series that is not OK, or that was not.
type DocFinding struct {
	Rule     string            `json:"rule"`
	Name     string            `json:"name"`
	Node     string            `json:"node,omitempty"`
	Ref      string            `json:"ref,omitempty"` // of the series' query
	Labels   map[string]string `json:"labels"`
	Status   string            `json:"status" jsonschema:"enum=unknown,enum=ok,enum=pending,enum=breach,enum=no_data,enum=gone,enum=failed"`
	Severity string            `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Value    Number            `json:"value"`
	Limit    Number            `json:"limit"`
	Capacity Number            `json:"capacity"`
	Details  []string          `json:"details,omitempty"`
	Newest   *time.Time        `json:"newest,omitempty"`
	Streak   *DocStreak        `json:"streak,omitempty"`
	Earlier  *DocStreak        `json:"earlier,omitempty"`
}

// DocStreak is a run of samples beyond a limit, holes left aside. Seen is how many samples there are, of the expected. One with bouts is of a
// condition that came and went: beyond is in how many of the samples it held. Event is when the newest
// event of a count of events was.
type DocStreak struct {
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Open     bool       `json:"open"`
	Peak     Number     `json:"peak"`
	PeakAt   time.Time  `json:"peak_at"`
	Limit    Number     `json:"limit"`
	Severity string     `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Seen     int        `json:"seen" jsonschema:"minimum=0"`
	Expected int        `json:"expected" jsonschema:"minimum=0"`
	Bouts    int        `json:"bouts,omitempty" jsonschema:"minimum=0"`
	Beyond   int        `json:"beyond,omitempty" jsonschema:"minimum=0"`
	Event    *time.Time `json:"event,omitempty"`
}

// DocRow is one series of the answer, without its samples.
type DocRow struct {
	Name     string            `json:"name"`
	Node     string            `json:"node,omitempty"`
	Ref      string            `json:"ref,omitempty"` // of the series' query
	Labels   map[string]string `json:"labels"`
	Status   string            `json:"status" jsonschema:"enum=unknown,enum=ok,enum=pending,enum=breach,enum=no_data,enum=gone,enum=failed"`
	Severity string            `json:"severity" jsonschema:"enum=none,enum=warning,enum=critical"`
	Rank     Number            `json:"rank"`
	Capacity Number            `json:"capacity"`
	Stats    DocStats          `json:"stats"`
}

// DocSeries is a series that is drawn, with its samples on the panel's grid.
type DocSeries struct {
	DocRow
	Values Numbers `json:"values"`
}

// DocStats are the figures of one series over the window.
type DocStats struct {
	Last    Number     `json:"last"`
	Avg     Number     `json:"avg"`
	Min     Number     `json:"min"`
	Max     Number     `json:"max"`
	MaxAt   *time.Time `json:"max_at,omitempty"`
	Samples int        `json:"samples" jsonschema:"minimum=0"`
}

// DocRest counts the series that are not drawn one by one. P05 and P95 are over Sampled of them, Min and Max over all.
type DocRest struct {
	Series  int     `json:"series" jsonschema:"minimum=1"`
	Sampled int     `json:"sampled" jsonschema:"minimum=0"`
	Min     Numbers `json:"min"`
	Max     Numbers `json:"max"`
	P05     Numbers `json:"p05"`
	P95     Numbers `json:"p95"`
}

// Number is a figure of the document: NaN, which is no sample, is null.
type Number = series.Number

// Numbers are figures of the document.
type Numbers = series.Numbers

// documentHead bounds how far a report.json is read to know whether its report is whole: what says so stands at its beginning.
const documentHead = 64 << 10

// ReadWhole tells whether what from holds is the report.json of a report that is whole (Report.Whole). What cannot be read as one is not.
func ReadWhole(from io.Reader) bool {
	d := json.NewDecoder(io.LimitReader(from, documentHead))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	incomplete := ""
	for d.More() {
		key, err := d.Token()
		var skipped json.RawMessage
		switch {
		case err != nil:
			return false
		case key == "incomplete":
			err = d.Decode(&incomplete)
		case key == "counts":
			counts := struct{ Failed int }{-1}
			return d.Decode(&counts) == nil && incomplete == "" && counts.Failed == 0
		default:
			err = d.Decode(&skipped)
		}
		if err != nil {
			return false
		}
	}
	return false
}

// documentSize bounds how much of a report.json is read, in bytes.
const documentSize = 64 << 20

// ReadPictures returns the names that the pictures of a report have, from its report.json; false where that cannot be read.
func ReadPictures(from io.Reader) (names []string, ok bool) {
	var doc struct {
		Panels []struct{ Name string }
	}
	if err := json.NewDecoder(io.LimitReader(from, documentSize)).Decode(&doc); err != nil || doc.Panels == nil {
		return nil, false
	}
	for _, p := range doc.Panels {
		names = append(names, report.PictureName(p.Name))
	}
	return names, true
}

// Render writes report.json. It writes the panels one by one: the whole document in memory would take several times what its file does.
func Render(r *report.Report) (report.File, error) {
	top, err := json.Marshal(head(r))
	if err != nil {
		return report.File{}, fmt.Errorf("writing report.json: %w", err)
	}
	const end = "]}" // of the panels, which come last, and of the document
	parts := [][]byte{bytes.TrimSuffix(top, []byte(end))}
	for i := range r.Panels {
		one, err := json.Marshal(docPanel(r, &r.Panels[i]))
		if err != nil {
			return report.File{}, fmt.Errorf("writing panel %s of report.json: %w", r.Panels[i].Spec.Name, err)
		}
		if i > 0 {
			parts = append(parts, []byte(","))
		}
		parts = append(parts, one)
	}
	body := slices.Concat(append(parts, []byte(end+"\n"))...)
	return report.File{Name: "report.json", ContentType: "application/json", Body: body}, nil
}

// DocumentOf returns what report.json holds.
func DocumentOf(r *report.Report) Document {
	d := head(r)
	for i := range r.Panels {
		d.Panels = append(d.Panels, docPanel(r, &r.Panels[i]))
	}
	return d
}

// head is the document without its panels.
func head(r *report.Report) Document {
	in := r.Info
	d := Document{
		Version: DocumentVersion, Generator: "promsnap " + in.Version, Cluster: in.Cluster, Report: in.Name, Title: in.Title,
		Slot: in.Slot.UTC(), Zone: in.Zone.String(), Language: words.In(in.Language).Lang, Range: in.Range.Seconds(), Scrape: in.Scrape.Seconds(), Server: in.Server,
		Incomplete: r.Incomplete(), Headline: r.Headline,
		Counts: CountsOf(r),
		Nodes:  DocNodes{Total: r.NodesTotal, Measured: r.NodesMeasured, Without: []string{}},
		Blind:  list(r.Blind), Failures: []DocFailure{}, Findings: []DocSaid{}, Panels: []DocPanel{},
		Truncated: max(0, len(r.Findings)-documentRows),
	}
	for _, n := range in.Nodes {
		if !n.Exporter && n.Kind != snapshot.VirtualNode {
			d.Nodes.Without = append(d.Nodes.Without, n.Name)
		}
	}
	d.Nodes.Known, d.Nodes.KnownTruncated = docMachines(r)
	for _, f := range r.Failures {
		d.Failures = append(d.Failures, DocFailure{f.Panel, f.Error})
	}
	for i := range r.Findings[:len(r.Findings)-d.Truncated] {
		d.Findings = append(d.Findings, said(&r.Findings[i]))
	}
	return d
}

// CountsOf returns the report's counts.
func CountsOf(r *report.Report) DocCounts {
	return DocCounts{r.Critical, r.Warning, r.NoData, r.Pending, r.OK, len(r.Failures)}
}

func said(f *report.Finding) DocSaid {
	d := DocSaid{
		Panel: f.Panel, Name: f.Name, Node: f.Node, Rule: f.Rule, Status: f.Status.String(), Severity: severityWord(f.Severity),
		Sentence: f.Sentence, Value: f.Shown(), Limit: f.Limit, Used: f.Used, Since: known(f.Since), Until: known(f.Until),
		Lasted: f.Lasted.Seconds(), Runbook: f.Runbook,
	}
	if f.Past() {
		d.Status = "ended"
	}
	d.Open = f.Open && f.Number == ""
	if f.Number != "" {
		d.Event = &DocEvent{f.Event.UTC(), f.Before}
		d.Since, d.Until, d.Lasted = nil, nil, 0
	}
	if a := f.Age; a != (report.Age{}) {
		d.Alert = &DocAlert{a.Since.UTC(), a.New, a.Day}
	}
	switch f.Trend {
	case snapshot.Rising:
		d.Trend = "rising"
	case snapshot.Falling:
		d.Trend = "falling"
	}
	return d
}

func docPanel(rep *report.Report, p *snapshot.Panel) DocPanel {
	d := DocPanel{
		Name: p.Spec.Name, Title: p.Spec.Title, Section: p.Spec.Section, Subject: p.Spec.Subject, Unit: p.Spec.Unit().String(), Query: p.Expr(0), Queries: docQueries(p),
		Grid: DocGrid{p.Grid.Start.UTC(), p.Grid.Step.Seconds(), p.Grid.Len}, Data: dataWord(p.Data),
		Notes: list(rep.NotesOf(p)), Missing: list(p.Missing), Total: p.Total, OK: p.OK, LeftOut: p.LeftOut,
		Rules: []DocRule{}, Findings: []DocFinding{}, Series: []DocSeries{}, Rows: []DocRow{},
		FindingsTruncated: max(0, len(p.Findings)-documentRows), RowsTruncated: max(0, len(p.Rows)-documentRows),
	}
	if p.Data == snapshot.DataFailed {
		d.Error = rep.FailureOf(p).Error
	}
	for _, r := range p.Spec.Rules {
		d.Rules = append(d.Rules, docRule(r))
	}
	for i := range p.Findings[:len(p.Findings)-d.FindingsTruncated] {
		d.Findings = append(d.Findings, docFinding(rep, p, &p.Findings[i]))
	}
	for i := range p.Lines {
		d.Series = append(d.Series, DocSeries{docRow(&p.Lines[i].Row), numbers(p.Lines[i].Values)})
	}
	for i := range p.Rows[:len(p.Rows)-d.RowsTruncated] {
		d.Rows = append(d.Rows, docRow(&p.Rows[i]))
	}
	if b := p.Rest; b != nil {
		d.Rest = &DocRest{b.Series, b.Sampled, numbers(b.Min), numbers(b.Max), numbers(b.P05), numbers(b.P95)}
	}
	return d
}

func docQueries(p *snapshot.Panel) []DocQuery {
	if len(p.Spec.Queries) <= 1 {
		return nil
	}
	var out []DocQuery
	for i, q := range p.Spec.Queries {
		absent := slices.ContainsFunc(p.Absent, func(a snapshot.Absence) bool { return a.Ref == q.Ref })
		out = append(out, DocQuery{q.Ref, p.Expr(i), q.Unit.String(), absent})
	}
	return out
}

func docRule(r rules.Rule) DocRule {
	d := DocRule{Name: r.Name, Ref: r.Ref, Direction: r.Direction.String(), For: r.For.Seconds(), Reduce: string(r.Reduce)}
	if r.Warning.Set {
		d.Warning = new(Number(r.Warning.Value))
	}
	if r.Critical.Set {
		d.Critical = new(Number(r.Critical.Value))
	}
	return d
}

func docFinding(rep *report.Report, p *snapshot.Panel, f *snapshot.Finding) DocFinding {
	return DocFinding{
		Rule: f.Rule, Name: f.Name, Node: f.Node, Ref: f.Ref, Labels: labelMap(f.Labels), Status: f.Status.String(),
		Severity: severityWord(f.Severity), Value: Number(f.Value), Limit: Number(f.Limit), Capacity: Number(f.Capacity),
		Details: rep.DetailsOf(p, f), Newest: known(f.Newest), Streak: docStreak(f.Streak), Earlier: docStreak(f.Earlier),
	}
}

func docStreak(s *rules.Streak) *DocStreak {
	if s == nil {
		return nil
	}
	return &DocStreak{s.From.UTC(), s.To.UTC(), s.Open, Number(s.Peak), s.PeakAt.UTC(), Number(s.Limit), severityWord(s.Severity), s.Seen, s.Expected, s.Bouts, s.Beyond, known(s.Event)}
}

func docRow(r *snapshot.Row) DocRow {
	s := r.Stats
	return DocRow{
		Name: r.Name, Node: r.Node, Ref: r.Ref, Labels: labelMap(r.Labels), Status: r.Status.String(), Severity: severityWord(r.Severity),
		Rank: Number(r.Rank), Capacity: Number(r.Capacity),
		Stats: DocStats{Number(s.Last), Number(s.Avg), Number(s.Min), Number(s.Max), known(s.MaxAt), s.Samples},
	}
}

func severityWord(s rules.Severity) string {
	switch s {
	case rules.Warning:
		return "warning"
	case rules.Critical:
		return "critical"
	}
	return "none"
}

func dataWord(d snapshot.Data) string {
	switch d {
	case snapshot.DataPartial:
		return "partial"
	case snapshot.DataComplete:
		return "complete"
	case snapshot.DataAbsent:
		return "absent"
	}
	return "failed"
}

func labelMap(ls series.Labels) map[string]string {
	m := make(map[string]string, len(ls))
	for _, l := range ls {
		m[l.Name] = l.Value
	}
	return m
}

func numbers(vs []float64) Numbers {
	out := make(Numbers, len(vs))
	for i, v := range vs {
		out[i] = Number(v)
	}
	return out
}

// known returns t in UTC, nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// list is an empty list rather than null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
