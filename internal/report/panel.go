package report

import (
	"cmp"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// panelView is one panel on the page.
type panelView struct {
	W                    wording
	Title, Anchor, Class string
	Said                 string // what was found, in counts
	Problems             []string
	Wide, Phone          template.HTML // the chart, of which a screen shows one
	Calm                 string        // what is said instead of a chart where an empty answer is good news
	Why, Hint            string
	Samples              *samples
	Remarks              []string
	Figures              *figureTable
	Query, Graph         string
}

// figureTable is the series that are drawn with their figures, and the others as a table of their own that is folded.
type figureTable struct {
	W       wording
	Caption string
	Of      bool // there are capacities to show
	Rows    []rowView
	Rest    *figureTable
	Note    string
}

// rowView is one series with its figures in words.
type rowView struct {
	Name, Class string
	Short       bool   // the name fits a line beside its figures everywhere
	Node        string // where the name does not say it
	Mark        *mark  // how it is drawn; nil where it is not
	Figures     []figureView
}

// figureView is one figure, and a number in the same order as those of the other rows; "" where there is none.
type figureView struct{ Class, Text, Sort string }

// mark is a line's colour, 1 to 8, or 0 where a series is drawn without one of its own, and whether it is the first, second, … line of that colour, which are dashed differently.
type mark struct{ Colour, Dash int }

// panelAnchor is a panel's id in the page.
func panelAnchor(name string) string { return "panel-" + Slug(name) }

// sections groups the panels by their section, both in the order in which they come.
func (r *Report) sections(drawings []drawing) []sectionView {
	var sections []sectionView
	at := map[string]int{}
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.Data == snapshot.DataAbsent && p.Spec.Optional {
			continue
		}
		title := cmp.Or(p.Spec.Section, r.words.Panels)
		if _, seen := at[title]; !seen {
			at[title] = len(sections)
			sections = append(sections, sectionView{Title: title, Anchor: "section-" + Slug(title)})
		}
		s := &sections[at[title]]
		s.Panels = append(s.Panels, r.panelView(p, drawings[i]))
	}
	return sections
}

func (r *Report) panelView(p *snapshot.Panel, d drawing) panelView {
	w := r.words
	found := r.findingsIn(p)
	v := panelView{
		W: w, Title: p.Spec.Title, Anchor: panelAnchor(p.Spec.Name), Why: p.Spec.Why, Query: p.Expr,
		Graph: graphURL(r.Info.ExternalURL, p.Expr, p),
	}
	v.Class, v.Said = w.panelState(p, found)
	if p.Data == snapshot.DataFailed {
		v.Problems = []string{w.failureOf(p).Error}
		return v
	}
	for _, n := range p.Notes {
		v.Problems = append(v.Problems, printable(n))
	}
	switch {
	case p.Data == snapshot.DataAbsent:
		v.Problems = append(v.Problems, w.absent(p))
		v.Hint = p.Spec.Hint
		return v
	case p.Total == 0 && p.Data == snapshot.DataComplete:
		v.Calm = w.NoSeries
		return v
	case p.Total == 0:
		v.Problems = append(v.Problems, w.Nothing)
		return v
	case d.err != nil:
		v.Problems = append(v.Problems, fmt.Sprintf(w.NoChart, printable(d.err.Error())))
	default:
		v.Wide, v.Phone, v.Samples = d.wide, d.phone, r.samplesOf(p)
	}
	for _, line := range p.Remarks {
		v.Remarks = append(v.Remarks, printable(line))
	}
	v.Figures = w.figures(p)
	return v
}

// findingsIn returns the findings of one panel, the worst first: a silent node too that the report says once for all panels.
func (r *Report) findingsIn(p *snapshot.Panel) []Finding {
	found := r.words.findingsOf(nil, p)
	sortByGravity(found)
	for i := range found {
		found[i].Sentence = r.words.sentence(&found[i], r.Info)
	}
	return found
}

// chartColours is how many hues a chart has; see chart.Styles.
const chartColours = 8

// markOf returns how the i-th series of a chart is drawn; nil where it is not drawn over time.
func markOf(k panel.Kind, i int) *mark {
	switch {
	case k == panel.Bars || k == panel.Stat:
		return nil
	case k == panel.Heatmap || k == panel.Area && i >= chartColours:
		return &mark{}
	}
	return &mark{i%chartColours + 1, i / chartColours}
}

// figures returns the table of the series that are drawn, and of the first of the others.
func (w wording) figures(p *snapshot.Panel) *figureTable {
	t := &figureTable{W: w, Caption: fmt.Sprintf(w.FiguresOf, p.Spec.Title), Of: p.Spec.Capacity != nil}
	for i := range p.Lines {
		row := w.rowViewOf(p, &p.Lines[i].Row)
		row.Mark = markOf(p.Spec.Kind, i)
		t.Rows = append(t.Rows, row)
	}
	others := p.Rows[min(len(p.Lines), len(p.Rows)):]
	if len(others) == 0 {
		return t
	}
	listed := others[:min(len(others), max(figureRows-len(p.Lines), 0))]
	t.Rest = &figureTable{
		W: w, Caption: fmt.Sprintf(w.AllSeries, words.Thousands(len(p.Rows))), Of: t.Of,
		Note: w.notListed(len(p.Lines)+len(listed), len(p.Rows)),
	}
	for i := range listed {
		t.Rest.Rows = append(t.Rest.Rows, w.rowViewOf(p, &listed[i]))
	}
	return t
}

// shortName is how long a name may be that is not broken at its hyphens: that of a node after its address is.
const shortName = 16

func (w wording) rowViewOf(p *snapshot.Panel, row *snapshot.Row) rowView {
	figure := func(class string, u units.Unit, v float64) figureView {
		return figureView{class, w.Figure(u.FormatBrief(v)), sortable(v)}
	}
	v := rowView{Name: row.Name, Short: utf8.RuneCountInString(row.Name) <= shortName}
	if !strings.Contains(row.Name, row.Node) {
		v.Node = row.Node
	}
	if len(p.Spec.Rules) > 0 {
		v.Class = classOf(row.Status, row.Severity)
	}
	if c := p.Spec.Capacity; c != nil {
		v.Figures = append(v.Figures, figure("of", c.Unit, row.Capacity))
	}
	s, u := &row.Stats, p.Spec.Unit()
	v.Figures = append(v.Figures, figure("last", u, s.Last), figure("", u, s.Avg), figure("", u, s.Max), figure("", u, s.Min))
	return v
}

// sortable writes v in as many digits as its order needs; "" where there is no v.
func sortable(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// panelState says a panel's verdict in a style's name and in counts: "1 critical, 2 warning".
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
		return class, w.Good
	}
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf(w.Count, words.Thousands(count[k]), k)
	}
	return class, strings.Join(kinds, ", ")
}
