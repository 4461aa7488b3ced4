package html

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

type sectionView struct {
	Title  string
	Panels []panelView
}

// panelView is one panel of the page.
type panelView struct {
	report.Panel
	W           *words.Words
	Anchor      string // of its chart
	TitleID     string
	Soon        string        // which series reaches its limit first, and when; "" if none does
	Reason      string        // why nothing is drawn; "" if something is, or if that is good
	Spark       *spark        // of its worst series
	Wide, Phone template.HTML // the charts; a screen shows one of them
	Samples     *samples
	Figures     *figureTable
	Outlooks    *outlookList
}

// figureTable is the table of the drawn series and of the first of the others. It is folded,
// because the chart names the series that it draws.
type figureTable struct {
	W       *words.Words
	Head    string
	Caption string
	Of      bool // whether there is a column for the total
	Rows    []rowView
	Note    string
}

// rowView is one series with its values as text.
type rowView struct {
	Name, Class string
	Short       bool   // whether the name fits on one line on every screen
	Node        string // the node, if the name does not have it
	Mark        *mark  // how it is drawn; nil if it is not
	Figures     []figureView
}

// figureView is one value as text, and a number that sorts it among the other rows; "" if there is
// no value.
type figureView struct{ Class, Text, Sort string }

// mark is a line's colour, 1 to 8, or 0 if the series has no colour of its own. It also says
// whether this is the first, second, … line of that colour, because each is dashed differently.
type mark struct{ Colour, Dash int }

// panelAnchor returns the id of a panel in the page.
func panelAnchor(name string) string { return "panel-" + report.Slug(name) }

// sections lays out the panels. drawings are in the order of the report's panels.
func (l layout) sections(drawings []drawing) []sectionView {
	of := make(map[*snapshot.Panel]*drawing, len(drawings))
	for i := range drawings {
		of[&l.Panels[i]] = &drawings[i]
	}
	var sections []sectionView
	for _, s := range l.Sections() {
		v := sectionView{Title: s.Title}
		for _, p := range s.Panels {
			v.Panels = append(v.Panels, l.panel(p, of[p.Panel]))
		}
		sections = append(sections, v)
	}
	return sections
}

func (l layout) panel(p report.Panel, d *drawing) panelView {
	v := panelView{
		Panel: p, W: l.words, Anchor: panelAnchor(p.Spec.Name),
		TitleID: "title-" + report.Slug(p.Spec.Name), Spark: sparkOf(p.Glance.Course),
	}
	switch {
	case !p.Drawn:
		if len(p.Problems) > 0 {
			v.Reason = strings.TrimPrefix(p.Problems[0], p.Spec.Title+": ")
		}
		return v
	case d.err != nil:
		v.Problems = append(v.Problems, l.NoChart(d.err))
	default:
		v.Wide, v.Phone, v.Samples = d.wide, d.phone, l.samplesOf(p.Panel)
	}
	v.Figures, v.Soon, v.Outlooks = l.figures(p.Panel), l.soonest(p), l.outlooks(p.Panel)
	return v
}

// chartColours is the number of hues in a chart; see chart.Styles.
const chartColours = 8

// markOf returns the mark of the i-th series of a chart, or nil if it is not drawn over time.
func markOf(k panel.Kind, i int) *mark {
	switch {
	case k == panel.Bars || k == panel.Stat:
		return nil
	case k == panel.Heatmap || k == panel.Area && i >= chartColours:
		return &mark{}
	}
	return &mark{i%chartColours + 1, i / chartColours}
}

// figures returns the table of the drawn series and of the first of the others.
func (l layout) figures(p *snapshot.Panel) *figureTable {
	others := p.Others()
	others = others[:min(len(others), max(l.figureRows()-len(p.Lines), 0))]
	t := &figureTable{
		W: l.words, Head: l.words.EverySeries.Of(len(p.Rows)),
		Caption: fmt.Sprintf(l.words.FiguresOf, p.Spec.Title), Of: p.Spec.Capacity != nil,
		Note: l.notListed(len(p.Lines)+len(others), len(p.Rows)),
	}
	for i := range p.Lines {
		row := rowOf(l.Row(p, &p.Lines[i].Row))
		row.Mark = markOf(p.Spec.Kind, i)
		t.Rows = append(t.Rows, row)
	}
	for i := range others {
		t.Rows = append(t.Rows, rowOf(l.Row(p, &others[i])))
	}
	return t
}

// shortName is the length up to which a name is not broken at its hyphens. The name of a node after
// its address fits.
const shortName = 16

func rowOf(r report.Row) rowView {
	v := rowView{Name: r.Name, Class: r.Class, Short: utf8.RuneCountInString(r.Name) <= shortName}
	if !strings.Contains(r.Name, r.Node) {
		v.Node = r.Node
	}
	add := func(class string, f report.Figure) {
		v.Figures = append(v.Figures, figureView{class, f.Text, sortable(f.Value)})
	}
	if r.Capacity != nil {
		add("of", *r.Capacity)
	}
	add("last", r.Last)
	add("", r.Avg)
	add("", r.Max)
	add("", r.Min)
	return v
}

// sortable returns v with as many digits as sorting needs, or "" without a value.
func sortable(v float64) string {
	if !series.Finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}
