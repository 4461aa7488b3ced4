package html

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// How much of a dashboard the page lists.
const (
	firstBeyond  = 12
	allBeyond    = 100
	variables    = 8 // the rest is folded
	reasonLines  = 200
	shownNotes   = 2 // of a card; more of them are folded
	shownQueries = 20
)

// boardView is the dashboard of a page.
type boardView struct {
	W                           *words.Words
	Title, Description, Summary string
	Variables, MoreVariables    []report.BoardVariable
	MoreHead                    string
	VariablesID                 string // where a failure of a variable leads
	Parts                       []partView
	Reasons                     []reasonsView
}

// partView is a row of the dashboard, or the panels above all rows.
type partView struct {
	Tab   string // the heading above it; "" if it is in the same tab as the part before
	Row   bool
	Title string
	Count string // of panels
	Open  bool
	Level int // of the heading of the row
	Cards []cardView
}

// cardView is one panel of the dashboard.
type cardView struct {
	report.BoardPanel
	W           *words.Words
	Anchor      string
	Place       string // the class of its place in the grid
	Half        bool   // on a narrow screen two of these are beside each other
	Level       int    // of its heading
	Hover       string // the description, or the title if that is cut
	MoreQueries string
	Wide, Phone template.HTML // what is drawn; without Phone, a narrow screen has Wide too
	Tall        bool          // what is drawn scrolls
	Table       *listing
	Text        []block
	Nothing     string
	Folded      string // the heading of the notes if they are folded
}

// beyondView is the list of the figures beyond the dashboard's thresholds.
type beyondView struct {
	Head       string
	Rows, Rest []beyondRow
	RestHead   string
}

type beyondRow struct {
	report.BeyondRow
	Anchor string
}

// reasonsView is a folded list at the end of the dashboard.
type reasonsView struct {
	Head  string
	Lines []report.PanelReason
	More  string
}

// addBoard lays out the dashboard and what is said about it. It returns the style sheet of its
// places and colours.
func (l layout) addBoard(p *page, views []viewDrawing) string {
	b := l.Info.Board
	if b == nil {
		return ""
	}
	p.NoTables = p.Findings == nil && p.NodeTable == nil && len(p.Sections) == 0
	p.Beyond = l.beyond()
	if p.State == string(report.VerdictOK) && p.Beyond != nil {
		p.State = string(report.VerdictPending)
		if p.Beyond.Rows[0].Red {
			p.State = string(report.VerdictWarning)
		}
		p.Icon = icon(p.State)
	}
	summary := l.DashboardSummary()
	if p.NodesMeasured == "" {
		p.NodesMeasured, summary = summary, ""
	}
	if !l.HasRules() {
		p.Counts = l.figureCounts()
	}
	v := &boardView{
		W: l.words, Title: l.words.Dashboard, Summary: summary, Description: l.BoardDescription(),
		Reasons: l.reasons(), VariablesID: panelAnchor(report.VariablesName),
	}
	v.Variables = l.BoardVariables()
	if rest := len(v.Variables) - variables; rest > 0 {
		v.MoreHead = l.words.AndMore.Of(rest)
		v.Variables, v.MoreVariables = v.Variables[:variables], v.Variables[variables:]
	}
	if title := l.BoardTitle(); title != "" && title != l.Info.Title {
		v.Title = title
	}
	s := &boardStyle{colours: colours{}}
	tab := ""
	for _, section := range b.Sections() {
		v.Parts = append(v.Parts, l.part(section, views, s, &tab))
	}
	p.Dashboard = v
	return s.css()
}

// figureCounts returns the counts of a report without rules: what the dashboard's thresholds
// colour.
func (l layout) figureCounts() []countView {
	red, yellow, judged := l.BeyondCounts()
	var shown []countView
	if judged > 0 {
		shown = append(shown,
			countView{Class: "critical", Text: words.Thousands(red), Word: l.words.Red, N: red},
			countView{
				Class: "warning", Text: words.Thousands(yellow), Word: l.words.Yellow, N: yellow,
			})
	}
	if n := len(l.Failures); n > 0 {
		shown = append(shown,
			countView{Class: "failed", Text: words.Thousands(n), Word: l.words.Failed, N: n})
	}
	return shown
}

// beyond returns the list of figures beyond their thresholds, or nil if there are none.
func (l layout) beyond() *beyondView {
	var rows []beyondRow
	for _, r := range l.Beyond() {
		rows = append(rows, beyondRow{r, panelAnchor(r.Panel)})
	}
	if len(rows) == 0 {
		return nil
	}
	v := &beyondView{
		Head: l.words.BeyondThresholds, Rows: rows[:min(len(rows), firstBeyond)],
		Rest: rows[min(len(rows), firstBeyond):min(len(rows), allBeyond)],
	}
	v.RestHead = l.words.AndMore.Of(len(rows) - len(v.Rows))
	return v
}

// part lays out one section of the dashboard. tab is the tab of the part before.
func (l layout) part(s board.Section, views []viewDrawing, style *boardStyle,
	tab *string) partView {
	b := l.Info.Board
	v := partView{Level: 3, Open: true}
	cards := 3
	if s.Row >= 0 {
		row := b.Rows[s.Row]
		v.Row, v.Title, v.Open = true, l.RowTitle(row), !row.Collapsed
		v.Count = l.words.DashboardPanels.Of(len(s.Panels))
		if name := l.TabTitle(row); name != *tab {
			v.Tab, *tab = name, name
		}
		if *tab != "" {
			v.Level = 4
		}
		if cards = v.Level + 1; row.Bare {
			v.Row, cards = false, v.Level
		}
	}
	rects, _ := board.Arrange(b.Places(s.Panels))
	column := b.Column(s.Panels, phonePage)
	rows := edges(rects)
	for i, n := range s.Panels {
		c := l.card(&b.Panels[n], &views[n], style)
		c.Level, c.Half = cards, column[i].Width < phonePage
		c.Place = style.place(rects[i], rows)
		if c.Table != nil || c.Text != nil || c.Tall {
			c.Place += " " + style.height(rects[i].Height)
		}
		v.Cards = append(v.Cards, c)
	}
	return v
}

func (l layout) card(p *board.Panel, d *viewDrawing, style *boardStyle) cardView {
	c := cardView{
		BoardPanel: l.BoardPanel(p), W: l.words, Anchor: panelAnchor(p.Name),
		Wide: d.wide, Phone: d.phone, Tall: d.tall,
	}
	c.Hover = strings.TrimSpace(c.Title + "\n" + c.Description)
	if rest := len(c.Queries) - shownQueries; rest > 0 {
		c.Queries, c.MoreQueries = c.Queries[:shownQueries], l.words.AndMore.Of(rest)
	}
	if len(c.Notes) > shownNotes {
		c.Folded = l.words.SomeNotes.Of(len(c.Notes))
	}
	switch {
	case d.err != nil:
		c.Problems = append(c.Problems, l.NoChart(d.err))
	case p.Empty || p.Kind == "":
		if len(c.Problems) == 0 {
			c.Nothing = cmp.Or(strings.TrimSpace(p.NoValue), l.words.NoData)
		}
	case p.Table != nil:
		c.Table = style.listing(p.Table, c.Named)
		c.Table.Note = l.notListed(len(c.Table.Rows), len(p.Table.Rows))
	case p.Text != nil:
		shown := 0
		c.Text, shown = blocksOf(p.Text)
		if all := len(p.Text.Blocks); shown < all {
			c.Notes = append(c.Notes, fmt.Sprintf(l.words.NoteBlocks, words.Thousands(shown),
				words.Thousands(all)))
		}
	}
	style.colours.add(d)
	return c
}

// reasons returns the folded lists at the end: what is left out, what differs, and other notes.
func (l layout) reasons() []reasonsView {
	w := l.words
	var out []reasonsView
	add := func(head string, lines []report.PanelReason) {
		if len(lines) == 0 {
			return
		}
		v := reasonsView{Head: head, Lines: lines[:min(len(lines), reasonLines)]}
		if rest := len(lines) - reasonLines; rest > 0 {
			v.More = w.AndMore.Of(rest)
		}
		out = append(out, v)
	}
	left, differs, notes := l.BoardLeftOut(), l.BoardDiffers(), l.BoardNotes()
	someLeft := w.PanelsLeftOut
	if len(left) == 1 {
		someLeft = w.PanelLeftOut
	}
	add(fmt.Sprintf(someLeft, words.Thousands(len(left)),
		words.Thousands(len(l.Info.Board.Verdicts))), left)
	add(w.PanelsDiffer.Of(len(differs)), differs)
	add(w.NotesOnDashboard.Of(len(notes)), notes)
	return out
}

// edges returns the heights at which panels begin and end, sorted: the lines of the grid. A grid of
// these lines has no empty row.
func edges(rects []board.Rect) []int {
	var out []int
	for _, r := range rects {
		out = append(out, r.Top, r.Bottom()+board.Gap)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// boardStyle collects the style sheet of one dashboard. The page's policy allows no inline style,
// so that places and colours are classes.
type boardStyle struct {
	places  []string // the areas of the grid that are used; their index is in the class
	heights []int    // of the cards that scroll
	colours colours
}

// place returns the class of a place in the grid whose lines are rows.
func (s *boardStyle) place(r board.Rect, rows []int) string {
	column := func(x int) int { return (x*24+12*board.Gap)/(board.PageWidth+board.Gap) + 1 }
	top, _ := slices.BinarySearch(rows, r.Top)
	bottom, _ := slices.BinarySearch(rows, r.Bottom()+board.Gap)
	area := fmt.Sprintf("%d/%d/%d/%d", top+1, column(r.Left), bottom+1, column(r.Right()+board.Gap))
	i := slices.Index(s.places, area)
	if i < 0 {
		i = len(s.places)
		s.places = append(s.places, area)
	}
	return "at" + strconv.Itoa(i)
}

// height returns the class of a card whose content scrolls if it does not fit.
func (s *boardStyle) height(h int) string {
	h -= cardHead + 2*cardBorder
	if !slices.Contains(s.heights, h) {
		s.heights = append(s.heights, h)
	}
	return "high" + strconv.Itoa(h)
}

// css returns the style sheet.
func (s *boardStyle) css() string {
	var b strings.Builder
	b.WriteString("@media (min-width:1080px),print{")
	for i, area := range s.places {
		fmt.Fprintf(&b, ".at%d{grid-area:%s}", i, area)
	}
	b.WriteString("}\n@media screen and (min-width:1080px){")
	for _, h := range s.heights {
		fmt.Fprintf(&b, ".high%d .scroll{max-height:%dpx}", h, h)
	}
	b.WriteString("}\n")
	b.WriteString(s.colours.css())
	return b.String()
}
