package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// Render writes report.json one panel at a time: the whole document in memory would take several
// times the size of the file.
func Render(r *report.Report) (report.File, error) {
	top, err := json.Marshal(head(r))
	if err != nil {
		return report.File{}, fmt.Errorf("writing report.json: %w", err)
	}
	const end = "]}" // closes the panels, which come last, and the document
	parts := [][]byte{bytes.TrimSuffix(top, []byte(end))}
	for i := range r.Panels {
		if r.Listed(&r.Panels[i]) {
			continue
		}
		one, err := json.Marshal(docPanel(r, &r.Panels[i]))
		if err != nil {
			return report.File{}, fmt.Errorf("writing panel %s of report.json: %w",
				r.Panels[i].Spec.Name, err)
		}
		if len(parts) > 1 {
			parts = append(parts, []byte(","))
		}
		parts = append(parts, one)
	}
	body := slices.Concat(append(parts, []byte(end+"\n"))...)
	return report.File{Name: "report.json", ContentType: "application/json", Body: body}, nil
}

// DocumentOf returns the content of report.json.
func DocumentOf(r *report.Report) Document {
	d := head(r)
	for i := range r.Panels {
		if !r.Listed(&r.Panels[i]) {
			d.Panels = append(d.Panels, docPanel(r, &r.Panels[i]))
		}
	}
	return d
}

// head returns the document without its panels.
func head(r *report.Report) Document {
	in := r.Info
	d := Document{
		Version: DocumentVersion, Generator: "promsnap " + in.Version, Cluster: in.Cluster,
		Report: in.Name, Title: in.Title,
		Slot: in.Slot.UTC(), Zone: in.Zone.String(), Language: words.In(in.Language).Lang,
		Range: in.Range.Seconds(), Scrape: in.Scrape.Seconds(), Server: in.Server,
		Incomplete: r.Incomplete(), Headline: r.Headline,
		Counts: CountsOf(r),
		Nodes:  DocNodes{Total: r.NodesTotal, Measured: r.NodesMeasured, Without: []string{}},
		Blind:  list(r.Blind), Failures: []DocFailure{}, Findings: []DocSaid{},
		Fills: docForecasts(r.Fills), FillsMore: r.FillsMore, Moved: docMoved(r),
		Sizing: SizingOf(r.Sizing, in.Language), AlertingRules: docAlertingRules(r),
		Targets: docDown(r), Dashboard: docDashboard(r), Panels: []DocPanel{},
		Clusters: docClusters(r),
		Fired:    docFired(r.Fired),
		CSV:      r.Tables(), PDF: pdfName(r),
		Truncated: max(0, len(r.Findings)-documentRows), Causes: []DocCause{},
		CausesTruncated: max(0, len(r.Groups)-documentRows),
	}
	causes := map[*report.Finding]int{}
	for i := range r.Groups[:len(r.Groups)-d.CausesTruncated] {
		g := &r.Groups[i]
		d.Causes = append(d.Causes, docCause(g))
		for _, f := range g.Findings {
			causes[f] = i
		}
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
		one := said(&r.Findings[i])
		if c, ok := causes[&r.Findings[i]]; ok {
			one.Cause = &c
		}
		d.Findings = append(d.Findings, one)
	}
	return d
}

func docCause(g *report.Group) DocCause {
	f := g.Worst()
	return DocCause{
		Kind: string(g.Cause.Kind), Cluster: g.Cause.Cluster, Namespace: g.Cause.Namespace,
		Name: g.Cause.Name, Sentence: g.Sentence, Status: f.Status.String(),
		Severity: severityWord(f.Severity), Findings: len(g.Findings), Critical: g.Critical,
		Warning: g.Warning, NoData: g.NoData, Pending: g.Pending, Objects: g.Objects, Of: g.Of,
		Noun: string(g.Noun), Since: known(g.Since), Open: g.Open, Blind: g.Blind,
	}
}

// CountsOf returns the report's counts.
func CountsOf(r *report.Report) DocCounts {
	return DocCounts{r.Critical, r.Warning, r.NoData, r.Pending, r.OK, len(r.Failures)}
}

func said(f *report.Finding) DocSaid {
	d := DocSaid{
		Panel: f.Panel, Name: f.Name, Node: f.Node, Rule: f.Rule, Status: f.Status.String(),
		Severity: severityWord(f.Severity),
		Sentence: f.Sentence, Value: f.Shown(), Limit: f.Limit, Used: f.Used, Since: known(f.Since),
		Until:  known(f.Until),
		Lasted: f.Lasted.Seconds(), Runbook: f.Runbook, Changes: f.Changes, Forecast: f.Forecast,
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

// PanelOf returns a panel of a report as report.json has it.
func PanelOf(rep *report.Report, p *snapshot.Panel) DocPanel { return docPanel(rep, p) }

func docPanel(rep *report.Report, p *snapshot.Panel) DocPanel {
	d := DocPanel{
		Name: p.Spec.Name, Title: p.Spec.Title, Section: p.Spec.Section, Subject: p.Spec.Subject,
		Unit: p.Spec.Unit().String(), Query: p.Expr(0), Queries: docQueries(p),
		Grid:  DocGrid{p.Grid.Start.UTC(), p.Grid.Step.Seconds(), p.Grid.Len},
		Data:  dataWord(p.Data),
		Notes: list(rep.NotesOf(p)), Missing: list(p.Missing), Total: p.Total, OK: p.OK,
		LeftOut: p.LeftOut,
		Rules:   []DocRule{}, Findings: []DocFinding{}, Series: []DocSeries{}, Rows: []DocRow{},
		FindingsTruncated: max(0, len(p.Findings)-documentRows),
		RowsTruncated:     max(0, len(p.Rows)-documentRows),
		Forecasts:         docForecasts(rep.Forecasts(p)),
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
		l := &p.Lines[i]
		line := DocSeries{DocRow: docRow(&l.Row), Values: numbers(l.Values)}
		if l.Before != nil {
			line.Before = numbers(l.Before)
		}
		d.Series = append(d.Series, line)
	}
	for i := range p.Rows[:len(p.Rows)-d.RowsTruncated] {
		d.Rows = append(d.Rows, docRow(&p.Rows[i]))
	}
	if b := p.Rest; b != nil {
		d.Rest = &DocRest{
			b.Series, b.Sampled, numbers(b.Min), numbers(b.Max), numbers(b.P05), numbers(b.P95),
		}
	}
	return d
}

func docQueries(p *snapshot.Panel) []DocQuery {
	if len(p.Spec.Queries) <= 1 {
		return nil
	}
	var out []DocQuery
	for i, q := range p.Spec.Queries {
		absent := slices.ContainsFunc(p.Absent, func(a snapshot.Absence) bool {
			return a.Ref == q.Ref
		})
		out = append(out, DocQuery{q.Ref, p.Expr(i), q.Unit.String(), absent})
	}
	return out
}

func docRule(r rules.Rule) DocRule {
	d := DocRule{
		Name: r.Name, Ref: r.Ref, Direction: r.Direction.String(), For: r.For.Seconds(),
		Reduce: string(r.Reduce), FullIn: r.FullIn,
	}
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
		Rule: f.Rule, Name: f.Name, Node: f.Node, Ref: f.Ref, Labels: labelMap(f.Labels),
		Status:   f.Status.String(),
		Severity: severityWord(f.Severity), Value: Number(f.Value), Limit: Number(f.Limit),
		Capacity: Number(f.Capacity),
		Details:  rep.DetailsOf(p, f), Newest: known(f.Newest), Streak: docStreak(f.Streak),
		Earlier: docStreak(f.Earlier), Changes: docChanges(rep, changelog.KeyOf(p, f)),
	}
}

func docChanges(rep *report.Report, k changelog.Key) []DocChange {
	var out []DocChange
	sentences := rep.ChangesOf(k)
	for i, c := range rep.Changed(k).Changes {
		out = append(out, DocChange{
			c.At.UTC(), string(c.Kind), c.Object, c.Container, c.Resource, c.From, c.To,
			c.Reason, c.Message, c.Count, sentences[i],
		})
	}
	return out
}

func docStreak(s *rules.Streak) *DocStreak {
	if s == nil {
		return nil
	}
	return &DocStreak{
		s.From.UTC(), s.To.UTC(), s.Open, Number(s.Peak), s.PeakAt.UTC(), Number(s.Limit),
		severityWord(s.Severity), s.Seen, s.Expected, s.Bouts, s.Beyond, known(s.Event),
	}
}

func docRow(r *snapshot.Row) DocRow {
	s := r.Stats
	return DocRow{
		Name: r.Name, Node: r.Node, Ref: r.Ref, Labels: labelMap(r.Labels),
		Status: r.Status.String(), Severity: severityWord(r.Severity),
		Rank: Number(r.Rank), Capacity: Number(r.Capacity),
		Stats: DocStats{
			Number(s.Last), Number(s.Avg), Number(s.Min), Number(s.Max), known(s.MaxAt), s.Samples,
		},
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

// list returns an empty list instead of null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func pdfName(r *report.Report) string {
	if r.Info.PDF == nil {
		return ""
	}
	return report.PDFName
}
