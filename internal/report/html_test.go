package report

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
)

// pixel stands for a chart: the tests of the page are not about drawing.
func pixel(*snapshot.Panel) drawing {
	const picture = `<svg class="chart" role="img" aria-label="stands for a chart"></svg>`
	return drawing{png: []byte("not looked at"), wide: picture, phone: picture}
}

// pageOf renders r without drawing and parses its page.
func pageOf(t testing.TB, r *Report) *html.Node {
	t.Helper()
	list, err := r.render(context.Background(), pixel)
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(list[0].Body))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// all returns the elements of one name, "" for every element, in the page's order.
func all(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// classed returns the elements that carry a class.
func classed(root *html.Node, class string) []*html.Node {
	var found []*html.Node
	for _, n := range all(root, "") {
		if slices.Contains(strings.Fields(attribute(n, "class")), class) {
			found = append(found, n)
		}
	}
	return found
}

// text is what is written in n, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestPageIsWellBuilt(t *testing.T) {
	_, nodes := fleetOf(3)
	for name, r := range map[string]*Report{
		"a day": daily(t), "machines": withMachines(t), "nothing": Build(Info{}, nil), "hostile": hostile(t),
		"nobody measures": Build(info(t, nodes), nil), "machines that nobody measures": Build(info(t, machines(nodes)), nil),
	} {
		t.Run(name, func(t *testing.T) {
			root := pageOf(t, r)
			for _, landmark := range []string{"main", "footer", "h1", "title"} {
				if n := len(all(root, landmark)); n != 1 {
					t.Errorf("%d × <%s>, want one", n, landmark)
				}
			}
			ids := map[string]bool{}
			level := 0
			for _, n := range all(root, "") {
				if id := attribute(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("the id %s is there twice", id)
					}
					ids[id] = true
				}
				if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
					next := int(n.Data[1] - '0')
					if next > level+1 {
						t.Errorf("<%s> %q follows a heading of level %d", n.Data, text(n), level)
					}
					level = next
				}
			}
			for _, n := range all(root, "") {
				if label := attribute(n, "aria-labelledby"); label != "" && !ids[label] {
					t.Errorf("<%s> is labelled by %s, which is not there", n.Data, label)
				}
				if to, inside := strings.CutPrefix(attribute(n, "href"), "#"); inside && !ids[to] {
					t.Errorf("a link goes to #%s, which is not there", to)
				}
				if n.Data == "section" && attribute(n, "aria-labelledby") == "" && attribute(n, "aria-label") == "" {
					t.Error("a section without a name")
				}
				if n.Data == "svg" && attribute(n, "aria-hidden") != "true" && len(attribute(n, "aria-label")) < 10 {
					t.Errorf("a picture called %q says nothing", attribute(n, "aria-label"))
				}
			}
		})
	}
}

func TestPageAsksForNothing(t *testing.T) {
	css := regexp.MustCompile(`(?i)@import|url\(|expression\(`)
	a, nodes := fleetOf(4)
	for name, r := range map[string]*Report{"a day": Build(info(t, nodes), take(a, specs()[:1])), "hostile": hostile(t)} {
		root, err := html.Parse(bytes.NewReader(files(t, r)["index.html"])) // with its charts
		if err != nil {
			t.Fatal(err)
		}
		styles := all(root, "style")
		if len(styles) != 1 || styles[0].FirstChild.Data != templates.ReportCSS+chart.Styles() {
			t.Fatalf("%s: the style in the page is not the report's and the charts' as they are", name)
		}
		if css.MatchString(styles[0].FirstChild.Data) {
			t.Errorf("the style loads something")
		}
		sum := sha256.Sum256([]byte(styles[0].FirstChild.Data))
		hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		script := sha256.Sum256([]byte(templates.ReportJS))
		want := "default-src 'none'; img-src data:; style-src " + hash + "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(script[:]) +
			"'; base-uri 'none'; form-action 'none'"
		if got := attribute(all(root, "meta")[1], "content"); got != want {
			t.Errorf("%s: policy %q, want %q", name, got, want)
		}
		for _, n := range all(root, "") {
			if n.Data == "script" && n.FirstChild.Data != templates.ReportJS && attribute(n, "type") != "application/json" {
				t.Errorf("%s: a script that is not the report's: %.80q", name, n.FirstChild.Data)
			}
			if slices.Contains([]string{"iframe", "object", "embed", "form", "base", "video", "audio"}, n.Data) {
				t.Errorf("%s: <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				case a.Key == "src" || a.Key == "srcset" || a.Key == "poster", a.Key == "href" && n.Data == "link":
					if !strings.HasPrefix(a.Val, "data:image/") {
						t.Errorf("%s: <%s %s=%q> is not in the page", name, n.Data, a.Key, a.Val)
					}
				case a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://"):
					t.Errorf("%s: a link to %q", name, a.Val)
				}
			}
		}
	}
}

// evil is written into every place that a word from outside can reach. Its brackets, quotes and newlines close whatever they stand in.
const evil = "x\"'><script>alert(1)</script><img src=x onerror=alert(1)>--></style></title>`{{.W}}<!channel>&amp;%00"

// shaped is a report in which word stands wherever a word from outside can.
func shaped(t testing.TB, word string) *Report {
	t.Helper()
	in := Info{
		Cluster: word, Name: word, Title: word, Slot: slot, Range: 1, Version: word, Server: word, ServerURL: word, ExternalURL: "https://example.com/" + word,
		Command: word, Incomplete: word, Nodes: []snapshot.Node{
			{Name: word, InternalIP: word},
			{
				Name: "n" + word, Exporter: true, Known: true, InstanceType: word, Zone: word + "-" + word, Pool: word, Kubelet: word, Cordoned: true,
				Taints: []string{word, word}, Conditions: []string{word},
			},
			{Name: "o" + word, Exporter: true, Known: true, Kubelet: "v" + word},
		},
	}
	spec := panel.Spec{
		Name: "node-memory", Measure: panel.NodeMemory, Title: word, Section: word,
		Queries: []panel.Query{{Expr: "memory", Unit: units.PercentUnit, Legend: "{{node}} {{l}}"}},
		Subject: word, Why: word, Hint: word,
		Rules: []rules.Rule{{Name: word, Warning: rules.At(0.5), RunbookURL: "https://example.com/" + word}},
	}
	failed, absent, undrawn := spec, spec, spec
	failed.Name, failed.Queries = "failed", []panel.Query{{Expr: "nothing", Unit: units.PercentUnit}}
	absent.Name, absent.Queries = "absent", []panel.Query{{Expr: "quiet", Unit: units.PercentUnit}}
	undrawn.Name = "undrawn"
	a := answers{"quiet": {}}
	a.add("memory", series.FromPairs("node", word, "l", word), constant(0.9))
	panels := take(a, []panel.Spec{spec, failed, absent, undrawn})
	panels[0].Notes = []string{word}
	panels[0].Expr = word
	panels[1].Err = errors.New(word)
	panels[2].Missing = []string{word, "b" + word}
	return Build(in, panels)
}

func hostile(t testing.TB) *Report { return shaped(t, evil) }

func TestOutsideWordsStayWords(t *testing.T) {
	draw := func(p *snapshot.Panel) drawing {
		if p.Spec.Name == "undrawn" {
			return drawing{err: errors.New(p.Spec.Title)}
		}
		return pixel(p)
	}
	parse := func(word string) *html.Node {
		list, err := shaped(t, word).render(context.Background(), draw)
		if err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(bytes.NewReader(list[0].Body))
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	tame, wild := parse("tame"), parse(evil)
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
				t.Fatalf("element %d is <%s>, and with hostile words <%s>", i, a[i], b[i])
			}
		}
		t.Fatalf("%d elements, and with hostile words %d", len(a), len(b))
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
	// A link's words are encoded instead: they are counted apart.
	tames, wilds := count(tame, "tame"), count(wild, evil)
	encoded := 0
	for _, n := range all(wild, "a") {
		if strings.Contains(attribute(n, "href"), "%3Cscript%3E") || strings.Contains(attribute(n, "href"), "%3cscript%3e") {
			encoded++
		}
	}
	if tames < 40 || wilds < tames*3/4 || encoded == 0 {
		t.Errorf("the word stands in %d places, the hostile one in %d, and in %d links", tames, wilds, encoded)
	}
}

func TestLinksThatAreNone(t *testing.T) {
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "ftp://example.com", "//example.com", "example.com", "", "http://"} {
		if got := graphURL(address, "up", &snapshot.Panel{}); got != "" {
			t.Errorf("%q becomes the link %s", address, got)
		}
	}
	p := take(answers{"up": {}}, []panel.Spec{{Name: "up", Queries: []panel.Query{{Expr: "up"}}}})[0]
	want := "https://prometheus.example.com/prom/graph?g0.end_input=2026-11-21+23%3A58%3A00&g0.expr=up%7Ba%3D%22%26b%22%7D&g0.range_input=1d&g0.step_input=120&g0.tab=0"
	if got := graphURL("https://user:secret@prometheus.example.com/prom/", `up{a="&b"}`, &p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFirstScreenComesFirst(t *testing.T) {
	root := pageOf(t, daily(t))
	var order []string
	for _, n := range append(all(root, "h2"), all(root, "footer")...) {
		order = append(order, text(n))
	}
	order = order[:len(order)-1]
	want := []string{"Verdict", "Findings", "Fleet", "Nodes", "Not seen", "This run", "Node by node", "Contents", "Nodes", "Containers", "Storage"}
	if !slices.Equal(order, want) {
		t.Errorf("headings %q, want %q", order, want)
	}
	if got, want := text(all(root, "h1")[0]), "prod-seoul · Daily capacity"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if got, want := text(classed(root, "when")[0]), "Sun 22 Nov 2026 09:00 KST · last 24 h"; got != want {
		t.Errorf("time %q, want %q", got, want)
	}
	if got, want := text(classed(root, "counts")[0]), "3 critical 2 warning 2 no data 1 failed 254 OK 40 of 42 nodes measured"; got != want {
		t.Errorf("counts %q, want %q", got, want)
	}
	if got, want := text(classed(root, "headline")[0]), "ip-10-0-1-12 memory 95.7 % (61.2 of 64 GiB), above 90 % since 04:38, rising"; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
}

func TestFindingsTable(t *testing.T) {
	rows := all(classed(pageOf(t, daily(t)), "findings")[0], "tr")[1:]
	var got []string
	for _, row := range rows {
		got = append(got, text(row))
	}
	want := []string{
		"critical ip-10-0-1-12 memory 95.7 % / 90 % 61.2 of 64 GiB 4 h 20 min since 04:38 rising",
		"critical shop/checkout-6b7d9c5f4-31676/app memory 95.7 % / 95 % 1.91 of 2 GiB ≥ 24 h",
		"critical spark/exec-7/executor OOM kills Runbook 3 last 08:12",
		"warning ip-10-0-1-17 CPU 93.8 % / 80 % 15 of 16 cores ≥ 24 h",
		"warning ip-10-0-1-19 /dev/nvme0n1p1 disk 86 % / 80 % 172 of 200 GiB 5 h 56 min since 03:02 rising",
		"no data ip-10-0-1-21 memory, CPU 4 h 36 min since 04:24",
		"ended ip-10-0-1-23 CPU 96 % / 95 % 1 h 26 min 19:02–20:28",
		"ended ip-10-0-1-15 memory 83.3 % / 80 % 9 h 8 min 19:28–04:36",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestManyFindingsFold(t *testing.T) {
	a := answers{}
	for i := range 300 {
		a.add("cpu", series.FromPairs("node", nodeName(i)), constant(0.81+0.0005*float64(i)))
	}
	root := pageOf(t, Build(info(t, nil), take(a, specs()[1:2])))
	tables := classed(root, "findings")
	if len(tables) != 2 {
		t.Fatalf("%d tables of findings, want the first and all", len(tables))
	}
	for i, want := range []int{10, 190} {
		if got := len(all(tables[i], "tr")) - 1; got != want {
			t.Errorf("table %d has %d rows, want %d", i, got, want)
		}
	}
	if details := all(root, "details")[0]; !strings.HasPrefix(text(details), "All 300 findings") || !strings.Contains(text(details), "The first 200 of 300") {
		t.Errorf("the fold says %.80q", text(details))
	}
}

func TestPanelsSayTheirState(t *testing.T) {
	root := pageOf(t, daily(t))
	want := map[string]string{
		"panel-node-memory": "1 critical, 1 no data", "panel-node-disk": "1 warning", "panel-node-network": "", "panel-node-requests": "all OK",
		"panel-container-throttling": "failed", "panel-pvc": "no data", "panel-container-quiet": "all OK",
	}
	for _, article := range all(root, "article") {
		anchor := attribute(article, "aria-labelledby")
		said, ok := want[anchor]
		if !ok {
			continue
		}
		delete(want, anchor)
		got := ""
		for _, n := range classed(all(article, "header")[0], "state") {
			got = text(n)
		}
		if got != said {
			t.Errorf("%s says %q, want %q", anchor, got, said)
		}
		if pictures := len(classed(article, "chart")); (pictures == 2) == (said == "failed" || said == "no data" || anchor == "panel-container-quiet") {
			t.Errorf("%s has %d charts", anchor, pictures)
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the page: %v", want)
	}
	if strings.Contains(text(root), "Memory pressure") {
		t.Error("an optional panel without metrics is shown")
	}
}

func TestAnEmptyAnswerIsGoodOnlyWhereItIsWhole(t *testing.T) {
	for data, want := range map[snapshot.Data]string{snapshot.DataComplete: "that is good", snapshot.DataPartial: "The query returned no series."} {
		p := snapshot.Panel{Spec: panel.Spec{Name: "oom", Title: "OOM", EmptyIsOK: true}, Data: data}
		if got := text(all(pageOf(t, Build(info(t, nil), []snapshot.Panel{p})), "article")[0]); !strings.Contains(got, want) {
			t.Errorf("%v: %q does not say %q", data, got, want)
		}
	}
}

func TestNodesGrid(t *testing.T) {
	cells := all(classed(pageOf(t, daily(t)), "cells")[0], "li")
	if len(cells) != 42 {
		t.Fatalf("%d cells for 42 nodes", len(cells))
	}
	want := []string{"critical", "warning", "warning", "nodata", "unmeasured", "unmeasured", "ok"}
	for i, class := range want {
		if got := attribute(cells[i].FirstChild, "class"); got != class {
			t.Errorf("cell %d is %s, want %s", i, got, class)
		}
	}
	first := cells[0].FirstChild
	if attribute(first, "href") != "#panel-node-memory" || !strings.HasPrefix(text(first), "ip-10-0-1-12 memory 95.7 %") {
		t.Errorf("the first cell goes to %s and says %q", attribute(first, "href"), text(first))
	}
}

// Of thousands of nodes the worst are drawn, and the page says so: no more cells than there is room for beside the findings.
func TestNodesGridOfThousands(t *testing.T) {
	var nodes []snapshot.Node
	for i := range 3000 {
		nodes = append(nodes, snapshot.Node{Name: fmt.Sprintf("n%04d", i), Exporter: true})
	}
	for n, want := range map[int]string{400: "400 OK", 401: "401 OK; the worst 400 are drawn", 3000: "3,000 OK; the worst 400 are drawn"} {
		root := pageOf(t, Build(info(t, nodes[:n]), nil))
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
	r := daily(t)
	list, err := r.render(context.Background(), func(p *snapshot.Panel) drawing {
		if p.Spec.Name == "node-cpu" {
			return drawing{err: errors.New("out of <ink>")}
		}
		return pixel(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range list {
		got = append(got, f.Name)
	}
	if slices.Contains(got, "node-cpu.png") || len(got) != len(r.Panels)+1 {
		t.Errorf("files %v", got)
	}
	if !bytes.Contains(list[0].Body, []byte("The chart could not be drawn: out of &lt;ink&gt;")) {
		t.Error("the page does not say what happened to the chart")
	}
}

func TestRenderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var drawn atomic.Int32
	_, err := Build(info(t, nil), take(answers{}, specs())).render(ctx, func(p *snapshot.Panel) drawing {
		drawn.Add(1)
		cancel()
		return pixel(p)
	})
	if n := drawn.Load(); !errors.Is(err, context.Canceled) || n > drawnAtOnce {
		t.Errorf("after %d charts: %v", n, err)
	}
}

func TestSameBytesFromTheSameData(t *testing.T) {
	a, nodes := fleetOf(12)
	one := files(t, Build(info(t, nodes), take(a, specs()[1:2])))
	for _, list := range a {
		slices.Reverse(list) // a server may answer in any order
	}
	two := files(t, Build(info(t, nodes), take(a, specs()[1:2])))
	if want := []string{"index.html", "node-cpu.png", "report.json"}; !slices.Equal(names(one), want) || !slices.Equal(names(two), want) {
		t.Fatalf("files %v and %v, want %v", names(one), names(two), want)
	}
	for name, body := range one {
		if !bytes.Equal(body, two[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestPageOfTwentyPanelsIsSmall(t *testing.T) {
	a, nodes := fleetOf(12)
	var many []panel.Spec
	for i := range 20 {
		s := specs()[1]
		s.Name, s.Top = fmt.Sprintf("panel-%d", i), 12
		many = append(many, s)
	}
	r := Build(info(t, nodes), take(a, many))
	one := sync.OnceValue(func() drawing { return r.draw(&r.Panels[0]) }) // the panels look alike
	list, err := r.render(context.Background(), func(*snapshot.Panel) drawing { return one() })
	if err != nil {
		t.Fatal(err)
	}
	if page := len(list[0].Body); page > 3<<20 {
		t.Errorf("%d bytes, want at most 3 MiB", page)
	}
}

// A panel whose chart shows what has ended does not say that all was well.
func TestPanelSaysWhatHasEnded(t *testing.T) {
	w := wordingIn(words.English)
	p := &snapshot.Panel{Spec: panel.Spec{Rules: []rules.Rule{{Name: "r"}}}, Data: snapshot.DataComplete}
	past := Finding{Status: rules.OK}
	for _, c := range []struct {
		name  string
		found []Finding
		want  string
	}{
		{"nothing", nil, "all OK"},
		{"two that ended", []Finding{past, past}, "OK now, 2 ended"},
		{"one of two", []Finding{{Status: rules.Breach, Severity: rules.Critical}, past}, "1 critical"},
	} {
		if _, said := w.panelState(p, c.found); said != c.want {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
	}
}
