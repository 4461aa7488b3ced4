package report

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// The longest texts of a dashboard that the page shows, in characters.
const (
	figureName      = 80
	descriptionSize = 2000
	variableSize    = 120
	queryBytes      = 20_000 // also of a query whose address is a link
)

// headlineFigures is how many figures beyond their thresholds the headline names.
const headlineFigures = 3

// VariablesName is the name of the dashboard's variables among panels that failed.
const VariablesName = "variables"

// addBoard adds the failed queries of the dashboard's panels and variables. A query that was not
// sent, because the dashboard has a variable without a value for example, is not a failure of the
// run: its panel says so.
func (r *Report) addBoard(b *board.Board) {
	r.beyond, r.judged = b.BeyondThresholds()
	for i := range b.Panels {
		p := &b.Panels[i]
		r.boardAnswered = r.boardAnswered || p.Answered
		sent := func(f board.Failure) bool { return f.Sent }
		if at := slices.IndexFunc(p.Failures, sent); at >= 0 {
			r.Failures = append(r.Failures, Failure{
				Panel: p.Name, Title: r.words.panelTitle(p.Title),
				Error: printable(p.Failures[at].Reason),
			})
		}
	}
	for _, f := range b.Failures {
		r.Failures = append(r.Failures, Failure{
			Panel: VariablesName, Title: r.words.Dashboard, Error: printable(f),
		})
	}
}

// queried returns the number of panels that have queries, with the list of PrometheusRules if it
// failed.
func (r *Report) queried() int {
	n := len(r.Panels)
	if r.Info.Rules != nil && r.Info.Rules.Unlisted != nil {
		n++
	}
	if r.Info.Board != nil {
		for i := range r.Info.Board.Panels {
			if len(r.Info.Board.Panels[i].Queries) > 0 {
				n++
			}
		}
	}
	return n
}

// Beyond returns the figures of the dashboard that its own thresholds colour yellow or red, the red
// ones first. They are in no count, they are not findings, and nothing is sent about them.
func (r *Report) Beyond() []BeyondRow {
	var rows []BeyondRow
	for _, f := range r.beyond {
		rows = append(rows, r.words.beyond(f))
	}
	return rows
}

// BeyondRow is a figure beyond its dashboard's thresholds, as text.
type BeyondRow struct {
	Panel string // its name
	Title string // of the panel and of the figure: "Root FS Used"
	Text  string // "94.2%"
	Red   bool   // else yellow or orange
}

func (w wording) beyond(f board.Beyond) BeyondRow {
	title := outside.Middle(printable(f.Panel.Title), figureName)
	if name := outside.Middle(printable(f.Name), figureName); name != "" && name != title {
		title = strings.TrimSpace(title + " " + name)
	}
	return BeyondRow{
		Panel: f.Panel.Name, Title: w.panelTitle(title), Text: printable(f.Text),
		Red: f.Level == board.Red,
	}
}

// panelTitle returns the title of a panel, or that it has none.
func (w wording) panelTitle(title string) string { return cmp.Or(printable(title), w.Untitled) }

// Figures returns how the figures of the dashboard are, in one line, or "" if the report has none.
func (r *Report) Figures() string {
	if r.Info.Board == nil {
		return ""
	}
	return r.words.figures(r)
}

// figures returns how the dashboard's figures are: "3 of 24 figures are red: Root FS Used 94.2%,
// …". A dashboard without thresholds says how many panels have data.
func (w wording) figures(r *Report) string {
	red, _, _ := r.BeyondCounts()
	one, many, list := w.FigureRed, w.FiguresRed, r.beyond[:red]
	if red == 0 {
		one, many, list = w.FigureYellow, w.FiguresYellow, r.beyond
	}
	switch n := len(list); {
	case n == 1:
		return fmt.Sprintf(one, "1", words.Thousands(r.judged), w.firstFigures(list))
	case n > 1:
		return fmt.Sprintf(many, words.Thousands(n), words.Thousands(r.judged),
			w.firstFigures(list))
	}
	answered, asked := AnsweredPanels(r.Info.Board)
	some := fmt.Sprintf(w.PanelsWithData, words.Thousands(answered), words.Thousands(asked))
	switch {
	case r.judged > 0 && 2*answered < asked: // the thresholds that were compared say little
		return fmt.Sprintf(w.ButFigures, w.NoneBeyond, some)
	case r.judged > 0:
		return w.NoneBeyond
	case answered == asked:
		return w.AllPanelsWithData.Of(asked)
	}
	return some
}

// AnsweredPanels returns how many panels of a dashboard have data, and how many should.
func AnsweredPanels(b *board.Board) (answered, asked int) {
	for i := range b.Panels {
		p := &b.Panels[i]
		if p.Answered {
			answered++
		}
		if p.Answered || len(p.Queries) > 0 || len(p.Failures) > 0 {
			asked++
		}
	}
	return answered, asked
}

func (w wording) firstFigures(list []board.Beyond) string {
	var shown []string
	for _, f := range list[:min(len(list), headlineFigures)] {
		row := w.beyond(f)
		shown = append(shown, strings.TrimSpace(row.Title+" "+row.Text))
	}
	text := strings.Join(shown, ", ")
	if rest := len(list) - headlineFigures; rest > 0 {
		text += " " + w.AndMore.Of(rest)
	}
	return text
}

// DashboardSummary returns how many panels the dashboard has: "130 panels, 12 without data, 2 left
// out". It returns "" if there is no dashboard.
func (r *Report) DashboardSummary() string {
	b := r.Info.Board
	if b == nil {
		return ""
	}
	answered, asked := AnsweredPanels(b)
	empty, left := asked-answered, 0
	for _, v := range b.Verdicts {
		if v.Status == grafana.LeftOut {
			left++
		}
	}
	parts := []string{r.words.DashboardPanels.Of(len(b.Panels))}
	if empty > 0 {
		parts = append(parts, fmt.Sprintf(r.words.WithoutData, words.Thousands(empty)))
	}
	if left > 0 {
		parts = append(parts, fmt.Sprintf(r.words.LeftOutPanels, words.Thousands(left)))
	}
	return strings.Join(parts, ", ")
}

// BoardPanel is the view of one panel of a dashboard. Its texts are in the report's language; the
// reasons for differences are in English.
type BoardPanel struct {
	*board.Panel
	Title       string // "" if it has none
	Named       string // the title, or that it has none
	Description string
	Own         string   // its own range, such as "last 24 h"; "" if it has the dashboard's
	Failed      bool     // a query was sent and failed
	Problems    []string // why queries have no answer
	Said        []string // what differs from Grafana, without Differs
	Notes       []string // Said, and first Differs
	Queries     []BoardQuery
}

// BoardQuery is a query of a panel as it was sent.
type BoardQuery struct {
	Ref, Expr string
	Graph     string // its address in Prometheus; "" if unknown
}

// BoardPanel returns the view of a panel of the report's dashboard.
func (r *Report) BoardPanel(p *board.Panel) BoardPanel {
	w := r.words
	v := BoardPanel{
		Panel: p, Title: printable(p.Title), Named: w.panelTitle(p.Title),
		Description: paragraph(p.Description), Own: w.own(p.Own),
	}
	for _, f := range p.Failures {
		format := w.NotSent
		if f.Sent {
			v.Failed, format = true, w.OfQuery
		}
		said := printable(f.Reason)
		if ref := printable(f.Ref); ref != "" {
			said = fmt.Sprintf(format, ref, said)
		}
		v.Problems = append(v.Problems, said)
	}
	if p.Differs != "" {
		v.Notes = append(v.Notes, printable(p.Differs))
	}
	for _, n := range p.Notes {
		if said := w.boardNote(n); !slices.Contains(v.Said, said) {
			v.Said = append(v.Said, said)
		}
	}
	v.Notes = append(v.Notes, v.Said...)
	for _, q := range p.Queries {
		one := BoardQuery{Ref: printable(q.Ref), Expr: q.Expr}
		if len(q.Expr) > queryBytes {
			one.Expr = outside.Head(q.Expr, queryBytes) + "…"
		} else {
			one.Graph = r.boardGraphURL(q, p.Own)
		}
		v.Queries = append(v.Queries, one)
	}
	return v
}

// own returns a panel's own range, or "" if it has none.
func (w wording) own(s board.Window) string {
	if s == (board.Window{}) {
		return ""
	}
	ago := ""
	if s.Shift != 0 {
		ago = w.Figure(units.Span(s.Shift))
	}
	return w.OwnRange(w.Figure(units.Span(s.Range)), ago)
}

// paragraph returns a description from outside as one line of limited length.
func paragraph(s string) string {
	return strings.Join(strings.Fields(outside.Clip(outside.Line(s), descriptionSize)), " ")
}

// boardGraphURL returns the address of a query on the graph page of Prometheus, or "" if the
// external address is unknown or not a web address.
func (r *Report) boardGraphURL(q board.Query, own board.Window) string {
	base, err := exchange.WebURL(r.Info.ExternalURL)
	if err != nil {
		return ""
	}
	b := r.Info.Board
	v := url.Values{"g0.expr": {q.Expr}, "g0.tab": {"1"}}
	if !b.To.IsZero() {
		v.Set("g0.end_input", b.To.Add(-own.Shift).UTC().Format(time.DateTime))
	}
	if !q.Instant {
		v.Set("g0.tab", "0")
		if span := cmp.Or(own.Range, b.To.Sub(b.From)); span > 0 {
			v.Set("g0.range_input", model.Duration(span).String())
		}
		if step := int(q.Step.Seconds()); step > 0 {
			v.Set("g0.step_input", strconv.Itoa(step))
		}
	}
	base = base.JoinPath("graph")
	base.User, base.Fragment, base.RawQuery = nil, "", v.Encode()
	return base.String()
}

// BoardVariable is a variable of a dashboard with its values as text.
type BoardVariable struct {
	Name, Values string
	Unresolved   bool
}

// BoardVariables returns the variables of the report's dashboard, by what Grafana calls them. Those
// that Grafana hides are left out if they have values, and so are those that name a datasource or a
// constant, because a report has one source and nobody can choose.
func (r *Report) BoardVariables() []BoardVariable {
	var out []BoardVariable
	for _, v := range r.Info.Board.Variables {
		if v.Type == string(grafana.DatasourceVariable) ||
			v.Type == string(grafana.ConstantVariable) {
			continue
		}
		one := BoardVariable{Name: cmp.Or(printable(v.Label), printable(v.Name))}
		switch {
		case v.Status == "resolved" && v.Hidden:
		case v.Status == "resolved" && v.All && v.Count < 2: // most often .*, which says nothing
			one.Values = r.words.EveryValue
		case v.Status == "resolved":
			one.Values = r.words.variableValues(v)
		case v.Status == "pending":
			one.Values, one.Unresolved = r.words.PendingValue, true
		default:
			one.Values = fmt.Sprintf(r.words.UnknownValue, printable(v.Reason))
			one.Unresolved = true
		}
		if one.Values != "" {
			out = append(out, one)
		}
	}
	return out
}

// variableValues returns the values of a variable as one line of limited length.
func (w wording) variableValues(v grafana.VariableVerdict) string {
	var shown []string
	size := 0
	for _, s := range v.Values {
		s = outside.Middle(printable(s), variableSize)
		if size += len(s); size > variableSize && len(shown) > 0 {
			break
		}
		shown = append(shown, s)
	}
	text := strings.Join(shown, ", ")
	if rest := max(v.Count, len(v.Values)) - len(shown); rest > 0 {
		text += " " + w.AndMore.Of(rest)
	}
	return text
}

// PanelReason is a panel of a dashboard's file and why it is left out or differs.
type PanelReason struct {
	Title, Type string
	Reason      string // in English
}

// BoardTitle returns the title of the report's dashboard.
func (r *Report) BoardTitle() string { return printable(r.Info.Board.Title) }

// BoardDescription returns the description of the report's dashboard.
func (r *Report) BoardDescription() string { return paragraph(r.Info.Board.Description) }

// RowTitle returns the title of a row.
func (r *Report) RowTitle(row board.Row) string {
	return cmp.Or(printable(row.Title), r.words.UntitledRow)
}

// TabTitle returns the title of the tab that a row is in, "" if there are no tabs.
func (r *Report) TabTitle(row board.Row) string { return printable(row.Tab) }

// BoardNotes returns the notes about the dashboard as a whole.
func (r *Report) BoardNotes() []PanelReason {
	var out []PanelReason
	for _, n := range r.Info.Board.Notes {
		out = append(out, PanelReason{Reason: printable(n)})
	}
	return out
}

// BeyondCounts returns how many figures are red, how many are yellow or orange, and how many have
// thresholds.
func (r *Report) BeyondCounts() (red, yellow, judged int) {
	for _, f := range r.beyond {
		if f.Level == board.Red {
			red++
		}
	}
	return red, len(r.beyond) - red, r.judged
}

// BoardLeftOut returns the panels of the dashboard's file that are left out, with why.
func (r *Report) BoardLeftOut() []PanelReason { return r.boardVerdicts(grafana.LeftOut) }

// BoardDiffers returns the panels of the dashboard's file that differ from Grafana.
func (r *Report) BoardDiffers() []PanelReason { return r.boardVerdicts(grafana.Approximated) }

func (r *Report) boardVerdicts(s grafana.Status) []PanelReason {
	var out []PanelReason
	for _, v := range r.Info.Board.Verdicts {
		if v.Status == s {
			out = append(out, PanelReason{
				r.words.panelTitle(v.Title), printable(v.Type), printable(v.Reason),
			})
		}
	}
	return out
}
