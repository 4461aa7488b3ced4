package html

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

// boardPage returns the page of a dashboard with its real pictures.
func boardPage(t testing.TB, r *report.Report) (*html.Node, report.File, []report.File) {
	t.Helper()
	page, pictures, err := Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(page.Body)))
	if err != nil {
		t.Fatal(err)
	}
	return root, page, pictures
}

// titled returns the card of a title.
func titled(t testing.TB, root *html.Node, title string) *html.Node {
	t.Helper()
	for _, card := range classed(root, "card") {
		if attribute(card, "aria-label") == title {
			return card
		}
	}
	t.Fatalf("got no card %q, want one", title)
	return nil
}

func TestDashboard(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.EveryKind(t, "word"))
	root, page, pictures := boardPage(t, r)
	if got, want := len(classed(root, "card")), len(r.Info.Board.Panels); got != want {
		t.Errorf("got %d cards, want %d: one for each panel", got, want)
	}
	for _, tt := range []struct{ card, element, want string }{
		{"text word", "p", "word"}, {"text word", "li", "word"}, {"text word", "a", "b"},
		{"text word", "th", "a"}, {"text word", "code", "word"}, {"table word", "th", "word"},
		{"table word", "td", "node-a"}, {"stat word", "svg", ""}, {"stat word", "h3", "stat word"},
		{"timeseries word", "figure", ""}, {"heatmap word", "svg", ""},
		{"status-history word", "pre", "i"},
	} {
		found := slices.ContainsFunc(all(titled(t, root, tt.card), tt.element),
			func(n *html.Node) bool { return tt.want == "" || text(n) == tt.want })
		if !found {
			t.Errorf("card %s: got no <%s> with %q", tt.card, tt.element, tt.want)
		}
	}
	rows := classed(root, "row")
	if len(rows) != 2 {
		t.Fatalf("got %d rows, want 2", len(rows))
	}
	for i, open := range []bool{true, false} {
		isOpen := func(a html.Attribute) bool { return a.Key == "open" }
		if got := slices.ContainsFunc(rows[i].Attr, isOpen); got != open {
			t.Errorf("row %d: got open %v, want %v", i, got, open)
		}
	}
	for _, want := range []string{
		"word closed", "1 panel",
		"the transformation unheardOf is not supported and was skipped",
	} {
		if got := text(rows[1]); !strings.Contains(got, want) {
			t.Errorf("the closed row: got %q, want %q in it", got, want)
		}
	}
	for _, want := range []string{
		"Query A: Prometheus refused the query: too many samples; narrow the query",
		"Query A was not sent: the dashboard has no variable nowhere",
		"1 of 18 panels is left out", "logs word", "17 panels, 3 without data, 1 left out",
		"Beyond the dashboard's thresholds", "job", "job-a, job-b", "no data", "No rule is set, so there are no findings.",
	} {
		if !strings.Contains(text(root), want) {
			t.Errorf("got no %q on the page, want it", want)
		}
	}
	if got, want := len(pictures), 14; got != want {
		t.Errorf("got %d pictures, want %d: none of the panels without data", got, want)
	}
	if err := report.CheckNames(append(pictures, page)); err != nil {
		t.Errorf("names of the files: got %v, want no error", err)
	}
	fits(t, root)
}

// A row that is not in the file has no heading, and its panels are there.
func TestRowWithoutHeading(t *testing.T) {
	r := reporttest.HostileDashboard(t, "word")
	rows := r.Info.Board.Rows
	for i := range rows {
		rows[i].Bare = true
	}
	root, _, _ := boardPage(t, r)
	if n := len(classed(root, "row")); n != 0 {
		t.Errorf("got %d rows with a heading, want none", n)
	}
	if got, want := len(classed(root, "card")), len(r.Info.Board.Panels); got != want {
		t.Errorf("got %d cards, want %d", got, want)
	}
	fits(t, root)
}

// The card of a panel without data says what the dashboard has for it.
func TestCardOfNoValue(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.EveryKind(t, "word"))
	r.Info.Board.Panels[0].View = board.View{
		Kind: board.GraphKind, Graph: &board.Graph{}, Title: "Errors", Empty: true,
		NoValue: "no errors",
	}
	root, _, _ := boardPage(t, r)
	if got, want := text(titled(t, root, "Errors")), "no errors"; !strings.Contains(got, want) {
		t.Errorf("the card: got %q, want %q in it", got, want)
	}
}

// fits checks that a page keeps to its own policy and that its links lead somewhere.
func fits(t testing.TB, root *html.Node) {
	t.Helper()
	ids := map[string]bool{}
	for _, n := range all(root, "") {
		for _, a := range n.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("got <%s> with %s=%.50q, which the page's policy forbids", n.Data, a.Key,
					a.Val)
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("got two elements with the id %s, want one", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			}
		}
	}
	for _, n := range all(root, "a") {
		href := attribute(n, "href")
		if strings.HasPrefix(href, "#") {
			if !ids[href[1:]] {
				t.Errorf("got a link to %s, want an element with this id", href)
			}
			continue
		}
		if !regexp.MustCompile(`^(https?://|mailto:)`).MatchString(href) {
			t.Errorf("got a link to %.50q, want only http, https and mailto", href)
		}
		if !strings.Contains(attribute(n, "rel"), "noreferrer") {
			t.Errorf("the link to %.50q: got rel=%q, want noreferrer", href, attribute(n, "rel"))
		}
	}
	if n := len(all(root, "style")); n != 1 {
		t.Errorf("got %d style sheets, want the one that the policy names", n)
	}
}

// The grid of the page has the places of the file: neighbours share lines.
func TestPlacesOfCards(t *testing.T) {
	style := boardStyle{}
	rects := []board.Rect{
		{Left: 0, Top: 0, Width: 584, Height: 144}, {Left: 592, Top: 0, Width: 584, Height: 296},
		{Left: 0, Top: 152, Width: 288, Height: 144},
		{Left: 296, Top: 152, Width: 288, Height: 144},
	}
	lines := edges(rects)
	for _, r := range rects {
		style.place(r, lines)
	}
	if want := []string{"1/1/2/13", "1/13/3/25", "2/1/3/7", "2/7/3/13"}; !slices.Equal(style.places,
		want) {
		t.Errorf("got areas %q, want %q", style.places, want)
	}
}

// A text from outside adds no element, attribute or link to a dashboard.
func TestDashboardOfHostileWords(t *testing.T) {
	known := map[string]bool{}
	for _, tame := range []string{
		"tame", "", "# a\n> b\n```\nc\n```\n1. d\n---\n[e](mailto:f@g) *h* ***i***",
	} {
		root, _, _ := boardPage(t, reporttest.HostileDashboard(t, tame))
		for _, line := range shapeOf(root) {
			known[line] = true
		}
	}
	list := corpus.Words()
	for i, w := range list {
		if race.Enabled && i%eighth != 0 {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			r := reporttest.HostileDashboard(t, w.Text)
			var root *html.Node
			if i%eighth == 0 { // drawing takes long
				root, _, _ = boardPage(t, r)
			} else {
				root, _ = drawnBy(t, r, pixel)
			}
			for n := range root.Descendants() {
				switch {
				case n.Type == html.CommentNode:
					t.Errorf("got the comment %.100q, want none", n.Data)
				case n.Type == html.TextNode && n.Parent.Data == "script" &&
					n.Data != templates.ReportJS && !json.Valid([]byte(n.Data)):
					t.Errorf("got the script %.200q, want only the page's own", n.Data)
				}
			}
			for _, line := range shapeOf(root) {
				if name, _, _ := strings.Cut(line, " "); !known[line] && !slices.Contains(
					[]string{"svg", "path", "rect", "text", "g", "line"}, name) {
					t.Errorf("got the element <%s>, want only those of a harmless page", line)
				}
			}
			fits(t, root)
		})
	}
}

func TestDashboardOfManyPanels(t *testing.T) {
	const panels = 150
	r := reporttest.Dashboard(t, reporttest.ManyPanels(t, panels))
	root, body := drawnBy(t, r, pixel)
	if got := len(classed(root, "card")); got != panels {
		t.Errorf("got %d cards, want %d", got, panels)
	}
	if got := len(classed(root, "row")); got != panels/10 {
		t.Errorf("got %d rows, want %d", got, panels/10)
	}
	if len(body) > 1<<20 {
		t.Errorf("got a page of %d bytes without pictures, want less than 1 MiB", len(body))
	}
	fits(t, root)
}

// A page holds a part of what is very long.
func TestDashboardOfLongParts(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.ManyPanels(t, 3))
	table := &board.Table{Columns: make([]board.Column, 50)}
	for range board.MaxRows {
		table.Rows = append(table.Rows, make([]board.Cell, 50))
	}
	words := &board.Text{Blocks: []board.Block{
		{Kind: board.ParagraphBlock, Spans: []board.Span{{Text: "first"}}},
		{Kind: board.CodeBlock, Code: strings.Repeat("x", 1<<20)},
	}}
	for i, v := range []board.View{
		{Kind: board.TableKind, Table: table}, {Kind: board.TextKind, Text: words},
	} {
		r.Info.Board.Panels[i].View = v
	}
	r.Info.Board.Panels[2].Queries[0].Expr = strings.Repeat("x", 1<<20)
	root, body := drawnBy(t, r, pixel)
	if len(body) > 400_000 {
		t.Errorf("got a page of %d bytes, want at most 400 kB", len(body))
	}
	for _, want := range []string{
		"The first 60 of 200 are listed; report.json has more.", "1 of 2 paragraphs are shown",
	} {
		if !strings.Contains(text(root), want) {
			t.Errorf("got no %q on the page, want it", want)
		}
	}
}

// Every colour of a table can be read in both themes.
func TestColoursOfCells(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.EveryKind(t, "word"))
	s := boardStyle{}
	for i := range r.Info.Board.Panels {
		if table := r.Info.Board.Panels[i].Table; table != nil {
			for c := range table.Columns {
				for _, style := range []board.CellStyle{
					board.TextCell, board.BackgroundCell, board.GaugeCell,
				} {
					table.Columns[c].Style = style
					s.listing(table, "")
				}
			}
		}
	}
	css := s.css()
	defined := regexp.MustCompile(`(--chart-[\w-]+):#([0-9a-f]{6})`)
	class := regexp.MustCompile(`\.(ink|on|fill)-\w+\{([^}]*)\}`)
	variable := regexp.MustCompile(`var\(([\w-]+)\)`)
	for i, paper := range []string{"ffffff", "12171c"} {
		value := map[string]string{}
		theme := strings.Split(css, "@media screen and (prefers")[i]
		for _, m := range defined.FindAllStringSubmatch(theme, -1) {
			value[m[1]] = m[2]
		}
		read := 0
		for _, m := range class.FindAllStringSubmatch(css, -1) {
			var used []string
			for _, v := range variable.FindAllStringSubmatch(m[2], -1) {
				used = append(used, value[v[1]])
			}
			on, least := paper, 4.5
			switch m[1] {
			case "on":
				on = used[0]
			case "fill":
				least = 3
			}
			if c := contrast(t, used[len(used)-1], on); c < least {
				t.Errorf("%s: got a contrast of %.2f on %s, want at least %v", m[0], c, on, least)
			}
			read++
		}
		if read < 3 {
			t.Errorf("got %d classes of colours in\n%s\nwant one of each kind", read, css)
		}
	}
}

func TestKoreanDashboard(t *testing.T) {
	r := reporttest.HostileDashboard(t, "단어")
	in := r.Info
	in.Language, in.Title = words.Korean, "대시보드"
	root, _ := drawnBy(t, report.Build(in, nil), pixel)
	said := text(classed(root, "verdict")[0]) + text(classed(root, "first")[0]) +
		text(classed(root, "board")[0])
	for _, want := range []string{
		"대시보드 임계값을 벗어난 수치", "보내지 않은 쿼리", "패널 18개 중 1개 제외됨",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("got no %q on the page, want it", want)
		}
	}
	for _, english := range []string{
		"No rule", "Beyond", "figures are", "was not sent", "panels", "no data", "without data",
		"differ from", "is not supported", "yellow",
	} {
		if strings.Contains(said, english) {
			t.Errorf("got %q on the page, want it in Korean", english)
		}
	}
}

// Bars that do not fit into their card are all in its picture, which scrolls.
func TestPanelsWithManyFiguresScroll(t *testing.T) {
	r := reporttest.Dashboard(t, reporttest.EveryKind(t, "word"))
	titles := []string{}
	for i := range r.Info.Board.Panels {
		p := &r.Info.Board.Panels[i]
		switch {
		case p.Bars != nil && p.Bars.Style == board.GaugeBars && len(p.Bars.Items) > 0:
			for len(p.Bars.Items) < 90 {
				p.Bars.Items = append(p.Bars.Items, p.Bars.Items[0])
			}
			p.Bars.Items[89].Name = "the last one"
		case p.Tiles != nil && !p.Tiles.Gauge && len(p.Tiles.Items) > 0:
			for len(p.Tiles.Items) < 190 {
				p.Tiles.Items = append(p.Tiles.Items, p.Tiles.Items[0])
			}
			p.Tiles.Items[189].Name = "the last one"
		default:
			continue
		}
		titles = append(titles, p.Title)
	}
	if len(titles) < 2 {
		t.Fatalf("got the panels %q, want bars and tiles", titles)
	}
	root, _, _ := boardPage(t, r)
	for _, title := range titles {
		figures := all(titled(t, root, title), "figure")
		if len(figures) == 0 {
			t.Errorf("%s: got no picture, want one", title)
		}
		for _, f := range figures {
			if !strings.Contains(attribute(f, "class"), "scroll") {
				t.Errorf("%s: got the class %q, want a picture that scrolls", title,
					attribute(f, "class"))
			}
			if !strings.Contains(text(f), "the last one") {
				t.Errorf("%s: got no last figure in the picture, want all", title)
			}
		}
	}
}
