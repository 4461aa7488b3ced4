package html

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
)

func TestPageIsWellBuilt(t *testing.T) {
	_, nodes := reporttest.Fleet(3)
	for name, r := range map[string]*report.Report{
		"a day": reporttest.Daily(t), "machines": reporttest.WithMachines(t),
		"rules": reporttest.Rules(t), "many rules": reporttest.ManyRules(t, 130),
		"nothing":         report.Build(report.Info{}, nil),
		"hostile":         reporttest.Hostile(t, reporttest.Evil),
		"nobody measures": report.Build(reporttest.Info(t, nodes), nil),
		"machines that nobody measures": report.Build(reporttest.Info(t,
			reporttest.Machines(nodes)), nil),
	} {
		t.Run(name, func(t *testing.T) {
			root := pageOf(t, r)
			for _, landmark := range []string{"main", "footer", "h1", "title"} {
				if n := len(all(root, landmark)); n != 1 {
					t.Errorf("got %d × <%s>, want one", n, landmark)
				}
			}
			ids := map[string]bool{}
			level := 0
			for _, n := range all(root, "") {
				if id := attribute(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("got the id %s twice, want it once", id)
					}
					ids[id] = true
				}
				if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
					next := int(n.Data[1] - '0')
					if next > level+1 {
						t.Errorf("got <%s> %q after a heading of level %d, want the next level",
							n.Data, text(n), level)
					}
					level = next
				}
			}
			for _, n := range all(root, "") {
				if label := attribute(n, "aria-labelledby"); label != "" && !ids[label] {
					t.Errorf("got <%s> labelled by %s, want an id that exists", n.Data, label)
				}
				if to, inside := strings.CutPrefix(attribute(n, "href"), "#"); inside && !ids[to] {
					t.Errorf("got a link to #%s, want an id that exists", to)
				}
				if n.Data == "section" && attribute(n, "aria-labelledby") == "" &&
					attribute(n, "aria-label") == "" {
					t.Error("got a section without a name, want a name")
				}
				if n.Data == "svg" && attribute(n, "aria-hidden") != "true" &&
					len(attribute(n, "aria-label")) < 10 {
					t.Errorf("got a picture labelled %q, want a description", attribute(n,
						"aria-label"))
				}
			}
		})
	}
}

func TestPageAsksForNothing(t *testing.T) {
	css := regexp.MustCompile(`(?i)@import|url\(|expression\(`)
	a, nodes := reporttest.Fleet(4)
	for name, r := range map[string]*report.Report{
		"a day": report.Build(reporttest.Info(t, nodes),
			reporttest.Take(a, reporttest.Specs()[:1])),
		"hostile": reporttest.Hostile(t, reporttest.Evil),
	} {
		root, err := html.Parse(bytes.NewReader(files(t, r)["index.html"])) // with its charts
		if err != nil {
			t.Fatal(err)
		}
		styles := all(root, "style")
		if len(styles) != 1 || styles[0].FirstChild.Data != templates.ReportCSS+chart.Styles() {
			t.Fatalf("%s: got %d styles in the page, want one: that of the report and the charts",
				name, len(styles))
		}
		if css.MatchString(styles[0].FirstChild.Data) {
			t.Errorf("got a style that loads something, want none")
		}
		sum := sha256.Sum256([]byte(styles[0].FirstChild.Data))
		hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		script := sha256.Sum256([]byte(templates.ReportJS))
		want := "default-src 'none'; img-src data:; style-src " + hash + "; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(script[:]) +
			"'; base-uri 'none'; form-action 'none'"
		if got := attribute(all(root, "meta")[1], "content"); got != want {
			t.Errorf("%s: policy %q, want %q", name, got, want)
		}
		for _, n := range all(root, "") {
			if n.Data == "script" && n.FirstChild.Data != templates.ReportJS &&
				attribute(n, "type") != "application/json" {
				t.Errorf("%s: got the script %.80q, want only the report's", name,
					n.FirstChild.Data)
			}
			if slices.Contains(
				[]string{"iframe", "object", "embed", "form", "base", "video", "audio"}, n.Data) {
				t.Errorf("%s: got <%s>, want no such element", name, n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
					t.Errorf("%s: got <%s %s=%q>, want no such attribute", name, n.Data, a.Key,
						a.Val)
				case a.Key == "src" || a.Key == "srcset" || a.Key == "poster",
					a.Key == "href" && n.Data == "link":
					if !strings.HasPrefix(a.Val, "data:image/") {
						t.Errorf("%s: got <%s %s=%q>, want a target in the page", name, n.Data,
							a.Key, a.Val)
					}
				case a.Key == "href" && !strings.HasPrefix(a.Val, "#") &&
					!strings.HasPrefix(a.Val, "https://"):
					t.Errorf("%s: got a link to %q, want only known ones", name, a.Val)
				}
			}
		}
	}
}

func TestOutsideWordsStayWords(t *testing.T) {
	parse := func(word string) *html.Node {
		root, _ := drawnBy(t, reporttest.Hostile(t, word), drawn)
		return root
	}
	tame, wild := parse("tame"), parse(reporttest.Evil)
	tree := func(root *html.Node) []string {
		var out []string
		for _, n := range all(root, "") {
			keys := []string{n.Data}
			for _, a := range n.Attr {
				keys = append(keys, a.Key)
			}
			out = append(out, strings.Join(keys, " "))
		}
		return out
	}
	if a, b := tree(tame), tree(wild); !slices.Equal(a, b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("element %d: want <%s>, got <%s> with hostile words", i, a[i], b[i])
			}
		}
		t.Fatalf("want %d elements, got %d with hostile words", len(a), len(b))
	}
	count := func(root *html.Node, word string) (n int) {
		for d := range root.Descendants() {
			if d.Type == html.TextNode && (d.Parent == nil || d.Parent.Data != "style") {
				n += strings.Count(d.Data, word)
			}
			for _, a := range d.Attr {
				n += strings.Count(a.Val, word)
			}
		}
		return n
	}
	// Links encode the word, so they are counted separately.
	tames, wilds := count(tame, "tame"), count(wild, reporttest.Evil)
	encoded := 0
	for _, n := range all(wild, "a") {
		if strings.Contains(attribute(n, "href"), "%3Cscript%3E") ||
			strings.Contains(attribute(n, "href"), "%3cscript%3e") {
			encoded++
		}
	}
	if tames < 40 || wilds < tames*3/4 || encoded == 0 {
		t.Errorf("want the word in %d places, got the hostile one in %d, and in %d links", tames,
			wilds, encoded)
	}
}

func TestFirstScreenComesFirst(t *testing.T) {
	root := pageOf(t, reporttest.Daily(t))
	var order []string
	for _, n := range append(all(root, "h2"), all(root, "footer")...) {
		order = append(order, text(n))
	}
	order = order[:len(order)-1]
	want := []string{
		"Verdict", "Findings", "Fleet", "Nodes", "Missing data", "This run", "Node by node",
		"Panels with findings", "Nodes", "Containers", "Storage",
	}
	if !slices.Equal(order, want) {
		t.Errorf("got headings %q, want %q", order, want)
	}
	if got, want := text(all(root, "h1")[0]), "prod-seoul · Daily capacity"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if got, want := text(classed(root, "when")[0]),
		"Sun 22 Nov 2026 09:00 KST · last 24 h"; got != want {
		t.Errorf("time %q, want %q", got, want)
	}
	if got, want := text(classed(root, "counts")[0]), "3 critical 2 warning 2 no data 1 failed "+
		"254 OK 40 of 42 nodes measured"; got != want {
		t.Errorf("counts %q, want %q", got, want)
	}
	if got, want := text(classed(root, "headline")[0]), "ip-10-0-1-12 memory 95.7 % (61.2 of 64 "+
		"GiB), above 90 % since 04:38, rising"; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
}

func TestFindingsTable(t *testing.T) {
	var got []string
	found := classed(pageOf(t, reporttest.Daily(t)), "found")[0]
	for _, row := range all(found, "tr") {
		if len(all(row, "td")) > 0 {
			got = append(got, text(row))
		}
	}
	if fold := all(found, "details"); len(fold) != 1 || text(all(fold[0], "summary")[0]) !=
		"2 ended" || len(all(fold[0], "tr")) != 3 {
		t.Errorf("got %d folds in the findings, want one of the 2 that have ended", len(fold))
	}
	want := []string{
		"critical ip-10-0-1-12 memory 95.7 % / 90 % 61.2 of 64 GiB 4 h 20 min since 04:38 rising",
		"critical shop/checkout-6b7d9c5f4-31676/app memory 95.7 % / 95 % 1.91 of 2 GiB ≥ 24 h",
		"critical spark/exec-7/executor OOM kills Runbook 3 last 08:12",
		"warning ip-10-0-1-17 CPU 93.8 % / 80 % 15 of 16 cores ≥ 24 h",
		"warning ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % / 80 % 172 of 200 GiB 5 h 56 min since " +
			"03:02 rising",
		"no data ip-10-0-1-21 memory, CPU 4 h 36 min since 04:24",
		"ended ip-10-0-1-23 CPU 96 % / 95 % 1 h 26 min 19:02–20:28",
		"ended ip-10-0-1-15 memory 83.3 % / 80 % 9 h 8 min 19:28–04:36",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestManyFindingsFold(t *testing.T) {
	a := reporttest.Answers{}
	for i := range 300 {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)),
			reporttest.Constant(0.81+0.0005*float64(i)))
	}
	root := pageOf(t,
		report.Build(reporttest.Info(t, nil), reporttest.Take(a, reporttest.Specs()[1:2])))
	tables := classed(root, "findings")
	if len(tables) != 2 {
		t.Fatalf("got %d tables of findings, want the first and all", len(tables))
	}
	for i, want := range []int{10, 190} {
		if got := len(all(tables[i], "tr")) - 1; got != want {
			t.Errorf("table %d has %d rows, want %d", i, got, want)
		}
	}
	if details := all(root, "details")[0]; !strings.HasPrefix(text(details), "and 290 more") ||
		!strings.Contains(text(details), "The first 200 of 300") {
		t.Errorf("got the fold %.80q, want that it has the other findings", text(details))
	}
}

func TestPanelsSayTheirState(t *testing.T) {
	root := pageOf(t, reporttest.Daily(t))
	want := map[string]string{
		"panel-node-memory": "1 critical, 1 no data", "panel-node-disk": "1 warning",
		"panel-node-network": "", "panel-node-requests": "all 40 within limits",
		"panel-container-throttling": "failed", "panel-pvc": "no data",
		"panel-container-quiet": "all OK",
	}
	for _, article := range all(root, "article") {
		anchor := attribute(classed(article, "body")[0], "id")
		said, ok := want[anchor]
		if !ok {
			continue
		}
		delete(want, anchor)
		got := ""
		for _, n := range classed(all(article, "summary")[0], "state") {
			got = text(n)
		}
		if got != said {
			t.Errorf("%s says %q, want %q", anchor, got, said)
		}
		if pictures := len(classed(article, "chart")); (pictures == 2) == (said == "failed" ||
			said == "no data" || anchor == "panel-container-quiet") {
			t.Errorf("%s: got %d charts, want those of its panel", anchor, pictures)
		}
	}
	if len(want) > 0 {
		t.Errorf("got no such panels in the page: %v", want)
	}
	if strings.Contains(text(root), "Memory pressure") {
		t.Error("got an optional panel without metrics, want it left out")
	}
}

func TestAnEmptyAnswerIsGoodOnlyWhereItIsWhole(t *testing.T) {
	for data, want := range map[snapshot.Data]string{
		snapshot.DataComplete: "That is good",
		snapshot.DataPartial:  "The query returned no series.",
	} {
		p := snapshot.Panel{
			Spec: panel.Spec{Name: "oom", Title: "OOM", EmptyIsOK: true}, Data: data,
		}
		if got := text(all(pageOf(t, report.Build(reporttest.Info(t, nil), []snapshot.Panel{p})),
			"article")[0]); !strings.Contains(got, want) {
			t.Errorf("%v: %q does not say %q", data, got, want)
		}
	}
}

func TestNodesGrid(t *testing.T) {
	cells := all(classed(pageOf(t, reporttest.Daily(t)), "cells")[0], "li")
	if len(cells) != 42 {
		t.Fatalf("got %d cells, want 42", len(cells))
	}
	want := []string{"critical", "warning", "warning", "nodata", "unmeasured", "unmeasured", "ok"}
	for i, class := range want {
		if got := attribute(cells[i].FirstChild, "class"); got != class {
			t.Errorf("cell %d is %s, want %s", i, got, class)
		}
	}
	first := cells[0].FirstChild
	if attribute(first, "href") != "#panel-node-memory" ||
		!strings.HasPrefix(text(first), "ip-10-0-1-12 memory 95.7 %") {
		t.Errorf("first cell: got a link to %s and the text %q, want the worst finding",
			attribute(first, "href"), text(first))
	}
}

// Of thousands of nodes only the worst have a cell, as many as fit beside the findings, and the
// page says so.
func TestNodesGridOfThousands(t *testing.T) {
	var nodes []snapshot.Node
	for i := range 3000 {
		nodes = append(nodes, snapshot.Node{Name: fmt.Sprintf("n%04d", i), Exporter: true})
	}
	for n, want := range map[int]string{
		400: "400 OK", 401: "401 OK; the worst 400 are drawn",
		3000: "3,000 OK; the worst 400 are drawn",
	} {
		root := pageOf(t, report.Build(reporttest.Info(t, nodes[:n]), nil))
		grid := classed(root, "cells")[0]
		if got := len(all(grid, "li")); got != 400 {
			t.Errorf("%d cells of %d nodes, want 400", got, n)
		}
		if got := text(grid.Parent); !strings.Contains(got, want) || strings.Contains(got, "more") {
			t.Errorf("of %d nodes: %.300q does not say %q", n, got[max(0, len(got)-300):], want)
		}
	}
}

func TestChartThatCannotBeDrawn(t *testing.T) {
	r := reporttest.Daily(t)
	page, pictures, err := render(t.Context(), r, hand{panel: func(p *snapshot.Panel) drawing {
		if p.Spec.Name == "node-cpu" {
			return drawing{err: errors.New("out of <ink>")}
		}
		return pixel(p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(pictures, func(f report.File) bool {
		return f.Name == "node-cpu.png"
	}) || len(pictures) != len(r.Panels)-1 {
		t.Errorf("got %d pictures of %d panels, want one less", len(pictures),
			len(r.Panels))
	}
	if !bytes.Contains(page.Body, []byte("The chart could not be drawn: out of &lt;ink&gt;")) {
		t.Errorf("got the page\n%s\nwant in it why the chart is missing: out of <ink>", page.Body)
	}
}

func TestRenderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var drawn atomic.Int32
	_, _, err := render(ctx,
		report.Build(reporttest.Info(t, nil), reporttest.Take(reporttest.Answers{},
			reporttest.Specs())), hand{panel: func(p *snapshot.Panel) drawing {
			drawn.Add(1)
			cancel()
			return pixel(p)
		}})
	if n := drawn.Load(); !errors.Is(err, context.Canceled) || n > drawnAtOnce {
		t.Errorf("after %d charts: got error %v, want that of the context", n, err)
	}
}

func TestSameBytesFromTheSameData(t *testing.T) {
	a, nodes := reporttest.Fleet(12)
	one := files(t,
		report.Build(reporttest.Info(t, nodes), reporttest.Take(a, reporttest.Specs()[1:2])))
	for _, list := range a {
		slices.Reverse(list) // a server may return series in any order
	}
	two := files(t,
		report.Build(reporttest.Info(t, nodes), reporttest.Take(a, reporttest.Specs()[1:2])))
	if want := []string{"index.html", "node-cpu.png", "report.json"}; !slices.Equal(names(one),
		want) || !slices.Equal(names(two), want) {
		t.Fatalf("got files %v and %v, want %v", names(one), names(two), want)
	}
	for name, body := range one {
		if !bytes.Equal(body, two[name]) {
			t.Errorf("%s: got other bytes in the second run, want the same", name)
		}
	}
}

func TestPageOfTwentyPanelsIsSmall(t *testing.T) {
	a, nodes := reporttest.Fleet(12)
	var many []panel.Spec
	for i := range 20 {
		s := reporttest.Specs()[1]
		s.Name, s.Top = fmt.Sprintf("panel-%d", i), 12
		many = append(many, s)
	}
	r := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, many))
	// all panels are alike
	one := sync.OnceValue(func() drawing { return draw(r.Info, &r.Panels[0], true) })
	_, body := drawnBy(t, r, func(*snapshot.Panel) drawing { return one() })
	if page := len(body); page > 3<<20 {
		t.Errorf("got %d bytes, want at most 3 MiB", page)
	}
}

func TestLongListsEnd(t *testing.T) {
	r := report.Build(reporttest.Info(t, []snapshot.Node{{Name: "a", Exporter: true}}),
		reporttest.Take(reporttest.Answers{"quiet": {}}, slices.Repeat([]panel.Spec{
			{Name: "x", Title: "X", Queries: []panel.Query{{Expr: "quiet"}}},
		}, 12)))
	lines := all(classed(pageOf(t, r), "blind")[0], "li")
	if len(r.Blind) != 12 || len(lines) != 8 || text(lines[7]) != "and 5 more" {
		t.Errorf("got %d texts on missing data in %d lines, the last %q; want 12 in 8, the last "+
			"\"and 5 more\"", len(r.Blind), len(lines), text(lines[len(lines)-1]))
	}
}

// Panels that failed for one reason share a line.
func TestOneLineForOneCause(t *testing.T) {
	r := report.Build(reporttest.Info(t, nil),
		reporttest.Take(reporttest.Answers{}, reporttest.Specs()[:4]))
	if failed := classed(pageOf(t, r), "run"); len(failed) != 1 || len(all(failed[0], "li")) != 1 {
		t.Errorf("got the failure %d times, want once", len(all(failed[0], "li")))
	}
}

// All places have the same counts.
func TestPageCountsAsTheReport(t *testing.T) {
	r := reporttest.Daily(t)
	got := map[string]int{}
	for _, c := range layoutOf(r).counts() {
		got[c.Class] = c.N
	}
	want := map[string]int{
		"critical": r.Critical, "warning": r.Warning, "nodata": r.NoData, "failed": len(r.Failures),
		"ok": r.OK,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Rendering does not change a report: report.json is the same before and after the page.
func TestWritingLeavesTheReportAlone(t *testing.T) {
	r := reporttest.Daily(t)
	before, err := reportjson.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	pageOf(t, r)
	after, err := reportjson.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Body, after.Body) {
		t.Errorf("report.json: got %d bytes before the page and %d after it, want the same bytes",
			len(before.Body), len(after.Body))
	}
}
