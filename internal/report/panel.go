package report

import (
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"github.com/promsnap/promsnap/internal/snapshot"
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
	Drawn, All           *figureTable // of the series that are drawn; and of all, where there are more
	Query, Graph         string
}

// figureTable is series with their figures.
type figureTable struct {
	W       wording
	Caption string
	Of      bool // there are capacities to show
	Rows    []rowView
	Note    string
}

// rowView is one series with its figures in words.
type rowView struct {
	Name, Class             string
	Mark                    *mark // how it is drawn; nil where it is not
	Of, Last, Avg, Max, Min string
}

// mark is a line's colour, 1 to 8, and whether it is the first, second, … line of that colour, which are dashed differently.
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
		f := w.failureOf(p)
		v.Problems, v.Hint = []string{f.Error}, f.Hint
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
		v.Wide, v.Phone = d.wide, d.phone
	}
	v.Drawn, v.All = w.figures(p)
	return v
}

// findingsIn returns the findings of one panel, the worst first: a silent node too that the report says once for all panels.
func (r *Report) findingsIn(p *snapshot.Panel) []Finding {
	found := r.words.findingsOf(p)
	sortByGravity(found)
	for i := range found {
		found[i].Sentence = r.words.sentence(&found[i], r.Info)
	}
	return found
}

// chartColours is how many hues a chart has; see chart.Styles.
const chartColours = 8

// figures returns the table of the series that are drawn, and, where there are others, that of all.
func (w wording) figures(p *snapshot.Panel) (drawn, all *figureTable) {
	drawn = &figureTable{W: w, Caption: fmt.Sprintf(w.FiguresOf, p.Spec.Title), Of: p.Spec.Capacity != nil}
	for i := range p.Lines {
		row := w.rowViewOf(p, &p.Lines[i].Row)
		row.Mark = &mark{i%chartColours + 1, i / chartColours}
		drawn.Rows = append(drawn.Rows, row)
	}
	if len(p.Rows) <= len(p.Lines) {
		return drawn, nil
	}
	all = &figureTable{W: w, Caption: fmt.Sprintf(w.AllSeries, words.Thousands(len(p.Rows))), Of: drawn.Of}
	for i := range p.Rows[:min(len(p.Rows), figureRows)] {
		all.Rows = append(all.Rows, w.rowViewOf(p, &p.Rows[i]))
	}
	if len(p.Rows) > figureRows {
		all.Note = fmt.Sprintf(w.NotListed, words.Thousands(figureRows), words.Thousands(len(p.Rows)))
	}
	return drawn, all
}

func (w wording) rowViewOf(p *snapshot.Panel, row *snapshot.Row) rowView {
	u := p.Spec.Unit
	v := rowView{
		Name: row.Name, Last: w.Figure(u.Format(row.Stats.Last)), Avg: w.Figure(u.Format(row.Stats.Avg)),
		Max: w.Figure(u.Format(row.Stats.Max)), Min: w.Figure(u.Format(row.Stats.Min)),
	}
	if len(p.Spec.Rules) > 0 {
		v.Class = classOf(row.Status, row.Severity)
	}
	if c := p.Spec.Capacity; c != nil {
		v.Of = w.Figure(c.Unit.Format(row.Capacity))
	}
	return v
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
	}
	class = "ok"
	count := map[string]int{}
	var kinds []string
	for i := range found {
		f := &found[i]
		if f.Past() {
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
	if len(kinds) == 0 {
		return class, w.Good
	}
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf(w.Count, words.Thousands(count[k]), k)
	}
	return class, strings.Join(kinds, ", ")
}
