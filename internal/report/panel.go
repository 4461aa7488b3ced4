package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"strings"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// panelView is one panel on the page.
type panelView struct {
	W                    words
	Title, Anchor, Class string
	Said                 string // what was found, in counts
	Problems             []string
	Chart                *chartView
	Calm                 string // what is said instead of a chart where an empty answer is good news
	Why, Hint            string
	Rows                 []rowView
	RowsNote             string
	Query, Graph         string
}

// chartView is a chart as it stands in the page.
type chartView struct {
	SVG           template.HTML
	Data          template.URL
	Width, Height int
	Alt           string
}

// rowView is one series with its figures in words.
type rowView struct{ Name, Class, Last, Avg, Max, Min string }

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
		f := failureOf(p)
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
		v.Chart = embed(d, w.alt(p, found))
	}
	v.Rows = rowViews(p)
	if len(p.Rows) > figureRows {
		v.RowsNote = fmt.Sprintf(w.NotListed, thousands(figureRows), thousands(len(p.Rows)))
	}
	return v
}

// findingsIn returns the findings of one panel, the worst first: a silent node too that the report says once for all panels.
func (r *Report) findingsIn(p *snapshot.Panel) []Finding {
	found := findingsOf(p)
	sortByGravity(found)
	for i := range found {
		found[i].Sentence = r.words.sentence(&found[i], r.Info)
	}
	return found
}

// embed puts a drawing into the page: the vector where there is one, else the picture.
func embed(d drawing, alt string) *chartView {
	if d.svg != "" {
		return &chartView{SVG: d.svg}
	}
	v := &chartView{
		Data: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(d.png)), //nolint:gosec // base64 alone
		Alt:  alt,
	}
	if size, err := png.DecodeConfig(bytes.NewReader(d.png)); err == nil {
		v.Width, v.Height = size.Width/d.scale, size.Height/d.scale
	}
	return v
}

func rowViews(p *snapshot.Panel) []rowView {
	u := p.Spec.Unit
	var rows []rowView
	for i := range p.Rows[:min(len(p.Rows), figureRows)] {
		row := &p.Rows[i]
		class := classOf(row.Status, row.Severity)
		if len(p.Spec.Rules) == 0 {
			class = ""
		}
		rows = append(rows, rowView{
			Name: row.Name, Class: class, Last: u.Format(row.Stats.Last), Avg: u.Format(row.Stats.Avg),
			Max: u.Format(row.Stats.Max), Min: u.Format(row.Stats.Min),
		})
	}
	return rows
}

// panelState says a panel's verdict in a style's name and in counts: "1 critical, 2 warning".
func (w words) panelState(p *snapshot.Panel, found []Finding) (class, said string) {
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
		kinds[i] = thousands(count[k]) + " " + k
	}
	return class, strings.Join(kinds, ", ")
}

// alt says what a chart shows to whom cannot see it: its worst finding, or its highest series.
func (w words) alt(p *snapshot.Panel, found []Finding) string {
	if len(found) > 0 && !found[0].Past() {
		return p.Spec.Title + ": " + found[0].Sentence
	}
	_, said := w.panelState(p, found)
	alt := p.Spec.Title
	if said != "" {
		alt += ": " + said
	}
	if len(p.Rows) > 0 {
		alt += "; " + p.Rows[0].Name + " " + p.Spec.Unit.Format(p.Rows[0].Stats.Last)
	}
	return alt
}
