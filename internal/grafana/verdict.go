package grafana

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// Status says what becomes of a panel of the file.
type Status string

// The statuses.
const (
	Imported     Status = "imported"     // drawn as in Grafana
	Approximated Status = "approximated" // drawn with a difference
	LeftOut      Status = "left_out"     // not drawn
)

// Explanation says what becomes of everything in a file.
type Explanation struct {
	Panels    []Verdict         `json:"panels"` // one for each panel of the file, without rows
	Variables []VariableVerdict `json:"variables"`
	Notes     []string          `json:"notes,omitempty"`
}

// Verdict says what becomes of one panel of the file. The queries are those of all its copies.
type Verdict struct {
	ID      int            `json:"id"`
	Title   string         `json:"title"`
	Type    string         `json:"type"` // as the file says
	Status  Status         `json:"status"`
	Reason  string         `json:"reason"`
	Queries []QueryVerdict `json:"queries"`
}

// QueryVerdict is a query as it is sent, or the reason why it is not sent.
type QueryVerdict struct {
	Ref     string `json:"ref"`
	Expr    string `json:"expr"`
	Kind    string `json:"kind"` // range or instant
	Step    string `json:"step,omitempty"`
	Dialect string `json:"dialect,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// VariableVerdict says how a variable resolves.
type VariableVerdict struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Status string   `json:"status"` // resolved, pending or unresolved
	Values []string `json:"values"` // at most 20 of its values
	Count  int      `json:"count"`  // of all its values
	Reason string   `json:"reason"` // how it resolves, or why it does not

	Label  string `json:"-"` // what Grafana calls it; may be empty
	Hidden bool   `json:"-"` // Grafana does not show it
	All    bool   `json:"-"` // Values stand for all of its values
}

// Explain says what becomes of every panel and every variable.
func (p *Plan) Explain() Explanation {
	e := Explanation{Panels: p.Verdicts, Variables: []VariableVerdict{}, Notes: p.Notes}
	if e.Panels == nil {
		e.Panels = []Verdict{}
	}
	for _, v := range p.Values.list {
		e.Variables = append(e.Variables, v.explain())
	}
	return e
}

func (v *Value) explain() VariableVerdict {
	const most = 20
	out := VariableVerdict{
		Name: v.Variable.Name, Type: string(v.Variable.Kind), Status: "resolved", Reason: v.How,
		Values: []string{}, Label: v.Variable.Label, Hidden: v.Variable.Hidden, All: v.All,
	}
	switch {
	case v.Pending:
		out.Status = "pending"
		return out
	case v.Problem != "":
		out.Status, out.Reason = "unresolved", v.Problem
		return out
	}
	selected := v.Selected
	if v.All && v.AllValue != "" {
		selected = []Option{{Text: "All", Value: v.AllValue}}
	}
	out.Count = len(selected)
	for _, o := range selected[:min(len(selected), most)] {
		out.Values = append(out.Values, short(o.Value, 200))
	}
	return out
}

// judge gives every panel of the file its verdict.
func (p *planner) judge() {
	copies := map[*Panel][]*Planned{}
	for i := range p.plan.Panels {
		planned := &p.plan.Panels[i]
		copies[planned.Panel] = append(copies[planned.Panel], planned)
	}
	left := map[*Panel]bool{}
	for i := range p.board.Panels {
		panel := &p.board.Panels[i]
		v := p.verdict(i, copies[panel])
		left[panel] = v.Status == LeftOut
		p.plan.Verdicts = append(p.plan.Verdicts, v)
	}
	p.plan.Panels = slices.DeleteFunc(p.plan.Panels, func(d Planned) bool { return left[d.Panel] })
}

func (p *planner) verdict(i int, copies []*Planned) Verdict {
	panel := &p.board.Panels[i]
	v := Verdict{
		ID: panel.ID, Title: short(panel.Title, 200), Type: short(panel.Original, 80),
		Status:  Imported,
		Queries: []QueryVerdict{},
	}
	for _, c := range copies {
		for _, q := range c.Queries {
			v.Queries = append(v.Queries, q.explain())
		}
	}
	if panel.copied {
		v.Reason = "it is a saved copy of a repeated panel, which is repeated again"
		return v
	}
	if why := p.leftOut(panel, copies); why != "" {
		v.Status, v.Reason = LeftOut, why
		for i := range v.Queries {
			v.Queries[i].Problem = cmp.Or(v.Queries[i].Problem, "its panel is left out")
		}
		return v
	}
	for _, c := range copies {
		c.Empty = p.empty(c)
	}
	differs := slices.Concat(p.lost(panel), p.reasons[i], troubles(copies), panel.Notes)
	if len(differs) > 0 {
		v.Status = Approximated
	}
	if slices.ContainsFunc(copies, func(c *Planned) bool {
		return c.Hidden || c.Row >= 0 && p.plan.Rows[c.Row].Hidden
	}) {
		differs = append(differs, "Grafana hides it with these values")
	}
	v.Reason = summary(differs)
	return v
}

func (q Query) explain() QueryVerdict {
	v := QueryVerdict{
		Ref: q.Ref, Expr: q.Expr, Kind: "range", Dialect: q.Dialect, Problem: q.Problem,
	}
	if q.Instant {
		v.Kind = "instant"
	} else {
		v.Step = model.Duration(q.Step).String()
	}
	return v
}

// leftOut returns why a panel is left out, or "" if it is not.
func (p *planner) leftOut(panel *Panel, copies []*Planned) string {
	kind := kindOf(panel.Original)
	switch {
	case panel.library != "":
		return fmt.Sprintf("its content is in the library panel %q, which is not in the file: "+
			"export the dashboard for sharing externally", short(panel.library, 80))
	case panel.unplaced:
		return "no layout of the dashboard shows it"
	case kind.never != "":
		return kind.never
	case panel.Type == "text":
		return ""
	case len(panel.Targets) == 0:
		return "it has no query"
	case len(copies) == 0:
		return fmt.Sprintf("the dashboard has more than %d panels by its repetitions", maxPlanned)
	}
	others, hidden := p.board.unasked(panel)
	switch {
	case len(p.board.Asked(panel)) > 0 || len(others) > 0:
		return ""
	case hidden:
		return "all its queries are hidden"
	}
	return "its queries have no PromQL"
}

// empty returns why a panel that is not left out has nothing to draw, or "" if it may have
// something.
func (p *planner) empty(c *Planned) string {
	if c.Panel.Type == "text" {
		return ""
	}
	var why []string
	for _, q := range c.Queries {
		if q.Problem == "" {
			return ""
		}
		why = append(why, "query "+short(q.Ref, 20)+": "+q.Problem)
	}
	if others, _ := p.board.unasked(c.Panel); len(others) > 0 {
		why = append(why, "promsnap does not query "+strings.Join(others, " and "))
	}
	return summary(why)
}

// unasked returns the other datasources that the targets of a panel query, and whether a target is
// hidden.
func (b *Dashboard) unasked(panel *Panel) (others []string, hidden bool) {
	for _, t := range panel.Targets {
		if t.Hide {
			hidden = true
			continue
		}
		if t.Expr == "" && !t.Datasource.given() {
			continue
		}
		other := b.sources.other(t.Datasource)
		if other != "" && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	return others, hidden
}

// lost returns the settings of a panel that promsnap does not carry out.
func (p *planner) lost(panel *Panel) []string {
	var why []string
	if differs := kindOf(panel.Original).differs; differs != "" {
		why = append(why, differs)
	}
	if panel.Type == "text" {
		return append(why, lostOfText(panel.Options)...)
	}
	others, _ := p.board.unasked(panel)
	switch {
	case len(others) == 0:
	case len(p.board.Asked(panel)) == 0:
		why = append(why,
			"it has no data, because its queries are for "+strings.Join(others, " and "))
	default:
		why = append(why, "its queries for "+strings.Join(others, " and ")+" are left out")
	}
	if panel.Type == "timeseries" && alongValues(panel.Field.Defaults) {
		why = append(why, "its curves are not coloured along their values")
	}
	_, differs := panel.AlertRules()
	return slices.Concat(why, notCarriedOut(panel), differs)
}

// alongValues reports whether a curve has the colours of a scheme along its values.
func alongValues(c frame.Config) bool {
	style, _ := StyleOf(c)
	scheme, _ := value.DecodeScheme(c.Color)
	return style.Gradient == "scheme" && scheme.ByValue()
}

// notCarriedOut returns the transformations and overrides of a panel that package frame does not
// know.
func notCarriedOut(panel *Panel) []string {
	var why []string
	_, notes, err := frame.Transform(nil, panel.Transforms)
	var unknown *frame.UnknownError
	if errors.As(err, &unknown) {
		why = append(why, "it is not transformed by "+names(unknown.IDs))
	}
	_, applied := panel.Field.Apply(nil)
	if len(applied.Unknown) > 0 {
		why = append(why, "overrides that match "+names(applied.Unknown)+" are left out")
	}
	return slices.Concat(why, notes, applied.Notes)
}

// names lists names from outside.
func names(all []string) string { return short(strings.Join(all, ", "), 200) }

func lostOfText(o Options) []string {
	var why []string
	if o.TextKind == "html" {
		why = append(why, "its HTML is shown as plain text")
	}
	if strings.Contains(o.Content, "![") || strings.Contains(o.Content, "<img") {
		why = append(why, "pictures from elsewhere are left out")
	}
	return why
}

// troubles returns what is wrong with the queries of a panel.
func troubles(copies []*Planned) []string {
	var why []string
	for _, c := range copies {
		for _, q := range c.Queries {
			switch {
			case q.Problem != "":
				why = append(why, "query "+short(q.Ref, 20)+" is left out: "+q.Problem)
			case q.Dialect != "":
				why = append(why, "query "+short(q.Ref, 20)+" is "+q.Dialect+
					", which only VictoriaMetrics answers")
			}
		}
	}
	return why
}

// summary joins reasons, each once.
func summary(reasons []string) string {
	const most = 5
	var kept []string
	for _, r := range reasons {
		if !slices.Contains(kept, r) {
			kept = append(kept, r)
		}
	}
	if more := len(kept) - most; more > 0 {
		kept = append(kept[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(kept, "; ")
}
