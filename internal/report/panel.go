package report

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Section is a section of the report with its panels.
type Section struct {
	Title  string
	Panels []Panel
}

// Panel is the view of one panel.
type Panel struct {
	*snapshot.Panel

	Class    string // its worst state as a style's name; "" if it has no rules
	Summary  string // what was found, in counts: "1 critical, 2 warning"
	Problems []string
	Calm     string // the text for an empty answer that is good news
	Hint     string // what provides its metrics, if they do not exist
	Remarks  []string
	PromQL   string // the queries as they were sent
	Graph    string // the address of the query in Prometheus; "" if unknown
	Drawn    bool   // whether it has series to draw and to list
	Open     bool   // whether readers see its chart at once
	Glance   Glance // what they see of it otherwise
}

// Glance is a panel in one line: its worst series. It is zero if no series is drawn.
type Glance struct {
	Name, Value string // "" for a condition that does not hold, and for no events
	Course      Course
}

// Sections groups the panels by section, both in their order, except those with findings: they are
// the first section, the worst first. Optional panels without metrics are left out.
func (r *Report) Sections() []Section {
	var sections []Section
	at := map[string]int{}
	if first := r.troubled(); len(first) > 0 {
		sections = append(sections, Section{r.words.Troubled, first})
	}
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.Data == snapshot.DataAbsent && p.Spec.Optional || r.Troubled(p) ||
			r.Listed(p) {
			continue
		}
		title := cmp.Or(p.Spec.Section, r.words.Panels)
		if _, seen := at[title]; !seen {
			at[title] = len(sections)
			sections = append(sections, Section{Title: title})
		}
		s := &sections[at[title]]
		s.Panels = append(s.Panels, r.panel(p))
	}
	return sections
}

// troubled returns the panels with findings, the worst first. Equal ones keep their order.
func (r *Report) troubled() []Panel {
	worst := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		worst[f.Panel] = max(worst[f.Panel], gravity(f.Status, f.Severity))
	}
	var found []Panel
	for i := range r.Panels {
		if p := &r.Panels[i]; r.Troubled(p) {
			found = append(found, r.panel(p))
		}
	}
	slices.SortStableFunc(found, func(a, b Panel) int {
		return cmp.Compare(worst[b.Spec.Name], worst[a.Spec.Name])
	})
	return found
}

// Troubled reports whether p has series to draw and a finding that has not ended.
func (r *Report) Troubled(p *snapshot.Panel) bool {
	return !r.Listed(p) && has(p, rules.Breach, rules.Pending, rules.NoData)
}

// Open reports whether readers see the chart of p at once: an alert fires or is pending, or no
// panel of the report has rules, so that none is calm. The chart of what is silent says no more
// than its line.
func (r *Report) Open(p *snapshot.Panel) bool {
	return has(p, rules.Breach, rules.Pending) || !r.HasRules()
}

// has reports whether p has series to draw and a finding with one of these statuses.
func has(p *snapshot.Panel, statuses ...rules.Status) bool {
	return answered(*p) && p.Total > 0 &&
		slices.ContainsFunc(p.Findings, func(f snapshot.Finding) bool {
			return slices.Contains(statuses, f.Status)
		})
}

func (r *Report) panel(p *snapshot.Panel) Panel {
	w := r.words
	v := Panel{
		Panel: p, Graph: graphURL(r.Info.ExternalURL, p), PromQL: promQL(p), Open: r.Open(p),
	}
	v.Class, v.Summary = w.panelState(p, r.findingsIn(p))
	if p.Data == snapshot.DataFailed {
		v.Problems = []string{w.failureOf(p).Error}
		return v
	}
	for _, n := range w.notes(p.Notes) {
		v.Problems = append(v.Problems, printable(n))
	}
	for i := range p.Absent {
		v.Problems = append(v.Problems, w.absentQuery(p, &p.Absent[i]))
	}
	switch {
	case p.Data == snapshot.DataAbsent:
		v.Problems = append(v.Problems, w.absent(p))
		v.Hint = HintOf(p, r.Info.Language)
		return v
	case p.Total == 0 && p.Data == snapshot.DataComplete:
		v.Calm = w.NoSeries
		return v
	case p.Total == 0:
		v.Problems = append(v.Problems, w.Nothing)
		return v
	}
	v.Drawn, v.Glance = true, r.glance(p)
	for _, line := range w.notes(p.Remarks) {
		v.Remarks = append(v.Remarks, printable(line))
	}
	return v
}

// glance returns the panel in one line. Rows of a query begin with the worst.
func (r *Report) glance(p *snapshot.Panel) Glance {
	if len(p.Lines) == 0 {
		return Glance{}
	}
	line, limit, holds := &p.Lines[0], rules.Limit{}, false
	g := Glance{Course: Course{Values: line.Values, Limit: math.NaN(), Zero: true}}
	for _, rule := range p.Spec.Rules {
		if rule.FullIn || p.Spec.Query(rule.Ref).Ref != line.Ref {
			continue
		}
		if limit, holds = rule.Warning, rule.Holds(); !limit.Set {
			limit = rule.Critical
		}
		g.Course.Below = rule.Direction == rules.Below
		break
	}
	if limit.Set && !holds {
		g.Course.Limit = limit.Value
	}
	if line.Stats.Last != 0 || !holds && p.Spec.Events == nil {
		row := r.Row(p, &line.Row)
		g.Name, g.Value = row.Name, row.Last.Text
	}
	return g
}

// NoChart returns why a panel has no chart.
func (r *Report) NoChart(err error) string {
	return fmt.Sprintf(r.words.NoChart, printable(err.Error()))
}

// findingsIn returns the findings of one panel, the worst first. They include the silent nodes that
// the report shows once for all panels.
func (r *Report) findingsIn(p *snapshot.Panel) []Finding {
	found := r.findingsOf(nil, p)
	sortByGravity(found)
	for i := range found {
		found[i].Sentence = r.words.sentence(&found[i], r.Info)
	}
	return found
}

// Row is one series with its values.
type Row struct {
	Name  string
	Node  string // "" if unknown
	Class string // its state as a style's name; "" if the panel has no rules

	Capacity            *Figure // nil if the panel has no capacity query
	Last, Avg, Max, Min Figure
}

// Figure is a number and its text.
type Figure struct {
	Text  string
	Value float64
}

// Row returns the row of one series of p.
func (r *Report) Row(p *snapshot.Panel, row *snapshot.Row) Row {
	figure := func(u units.Unit, v float64) Figure {
		return Figure{r.words.Figure(u.FormatBrief(v)), v}
	}
	s, u := &row.Stats, p.Spec.UnitOf(row.Ref)
	sample := func(v float64) Figure {
		if state := p.Spec.State(v); state != "" {
			return Figure{state, v}
		}
		return figure(u, v)
	}
	v := Row{
		Name: row.Name, Node: row.Node,
		Last: sample(s.Last), Avg: figure(u, s.Avg), Max: sample(s.Max), Min: sample(s.Min),
	}
	if p.Spec.Judges(row.Ref) {
		v.Class = classOf(row.Status, row.Severity)
	}
	if c := p.Spec.Capacity; c != nil {
		f := figure(c.Unit, row.Capacity)
		v.Capacity = &f
	}
	return v
}

// panelState returns the state of a panel as a style's name and as counts: "1 critical, 2 warning".
func (w wording) panelState(p *snapshot.Panel, found []Finding) (class, said string) {
	switch {
	case p.Data == snapshot.DataFailed:
		return "failed", w.Failed
	case p.Data == snapshot.DataAbsent:
		return "nodata", w.NoData
	case len(p.Spec.Rules) == 0:
		return "", ""
	case p.Total == 0 && p.Data != snapshot.DataComplete && len(found) == 0:
		return "nodata", w.NoData
	case p.Total > 0 && len(blindRules(p)) > 0 && len(found) == 0:
		return "nodata", w.NoData
	}
	class = "ok"
	count, ended := map[string]int{}, 0
	var kinds []string
	for i := range found {
		f := &found[i]
		if f.Past() {
			ended++
			continue
		}
		if len(kinds) == 0 {
			class = classOf(f.Status, f.Severity)
		}
		k := w.state(f)
		if count[k] == 0 {
			kinds = append(kinds, k)
		}
		count[k]++
	}
	switch {
	case len(kinds) == 0 && ended > 0: // the chart still shows it
		return class, fmt.Sprintf(w.GoodNow, words.Thousands(ended))
	case len(kinds) == 0:
		return class, w.good(p)
	}
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf(w.Count, words.Thousands(count[k]), k)
	}
	return class, strings.Join(kinds, ", ")
}

// good returns that every series of p is within its limits.
func (w wording) good(p *snapshot.Panel) string {
	condition := slices.ContainsFunc(p.Spec.Rules, rules.Rule.Holds)
	switch {
	case p.OK == 0:
		return w.Good
	case condition || p.Spec.Events != nil:
		return w.AllGood.Of(p.OK)
	}
	return w.AllWithin.Of(p.OK)
}

// graphURL returns the address of a panel's query on the graph page of Prometheus, or "" if the
// external address is unknown or not a web address.
func graphURL(external string, p *snapshot.Panel) string {
	base, err := exchange.WebURL(external)
	if err != nil {
		return ""
	}
	q := url.Values{}
	for i, expr := range p.Exprs {
		graph := "g" + strconv.Itoa(i) + "."
		q.Set(graph+"expr", expr)
		q.Set(graph+"tab", "0")
		if p.Grid.Len > 0 {
			q.Set(graph+"range_input", model.Duration(p.Grid.Range()).String())
			q.Set(graph+"end_input", p.Grid.End().UTC().Format(time.DateTime))
			q.Set(graph+"step_input", strconv.Itoa(int(p.Grid.Step.Seconds())))
		}
	}
	base = base.JoinPath("graph")
	base.User, base.Fragment, base.RawQuery = nil, "", q.Encode()
	return base.String()
}

// promQL returns the queries of a panel as they were sent. Several queries have their refs above
// them.
func promQL(p *snapshot.Panel) string {
	if len(p.Spec.Queries) <= 1 {
		return p.Expr(0)
	}
	var b strings.Builder
	for i, q := range p.Spec.Queries {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString("# " + q.Ref + "\n" + p.Expr(i))
	}
	return b.String()
}

// blindRules returns the missing queries that the panel's rules judge, without duplicates.
func blindRules(p *snapshot.Panel) []*snapshot.Absence {
	var out []*snapshot.Absence
	for _, r := range p.Spec.Rules {
		if a := p.AbsentOf(r.Name); a != nil && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}
