package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the expected texts")

// render returns the PDF of a report.
func render(t testing.TB, r *report.Report, o report.PDF) []byte {
	t.Helper()
	r.Info.PDF = &o
	files, err := Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name != "report.pdf" ||
		files[0].ContentType != "application/pdf" {
		t.Fatalf("got %d files, want report.pdf alone", len(files))
	}
	return files[0].Body
}

var (
	pageContent = regexp.MustCompile(`(?s)/Contents \d+ 0 R>>\nendobj\n\d+ 0 obj\n` +
		`<</Filter /FlateDecode /Length (\d+)>>\nstream\n`)
	shown = regexp.MustCompile(`(?s) Td \(((?:\\.|[^\\)])*)\) Tj`)
)

// pagesOf returns the operators of each page of a PDF.
func pagesOf(t testing.TB, file []byte) []string {
	t.Helper()
	var pages []string
	for _, at := range pageContent.FindAllSubmatchIndex(file, -1) {
		var n int
		if _, err := fmt.Sscan(string(file[at[2]:at[3]]), &n); err != nil {
			t.Fatal(err)
		}
		zr, err := zlib.NewReader(bytes.NewReader(file[at[1] : at[1]+n]))
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(page))
	}
	return pages
}

// textOf returns the texts of a page, one a line, in the order in which they are drawn.
func textOf(page string) string {
	var out strings.Builder
	for _, m := range shown.FindAllStringSubmatch(page, -1) {
		raw := regexp.MustCompile(`(?s)\\(.)`).ReplaceAllStringFunc(m[1], func(s string) string {
			if s == `\r` {
				return "\r"
			}
			return s[1:]
		})
		var code []uint16
		for i := 0; i+1 < len(raw); i += 2 {
			code = append(code, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		out.WriteString(string(utf16.Decode(code)) + "\n")
	}
	return out.String()
}

// TestText compares what is written, page by page.
func TestText(t *testing.T) {
	race.SkipSerial(t)
	aged, panels := reporttest.Aged(t)
	for name, tt := range map[string]struct {
		r *report.Report
		o report.PDF
	}{
		"daily":     {reporttest.Daily(t), report.PDF{}},
		"full":      {reporttest.Daily(t), report.PDF{Full: true}},
		"korean":    {reporttest.Korean(t), report.PDF{Letter: true}},
		"foresight": {reporttest.Foresight(t), report.PDF{}},
		"aged":      {report.Build(aged, panels), report.PDF{}},
		"dashboard": {
			reporttest.Dashboard(t, reporttest.EveryKind(t, "word")), report.PDF{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for i, page := range pagesOf(t, render(t, tt.r, tt.o)) {
				fmt.Fprintf(&got, "== page %d\n%s", i+1, textOf(page))
			}
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("run with -update and look at the changes:\n%s", diff)
			}
		})
	}
}

func TestSameBytes(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"english": reporttest.Daily(t), "korean": reporttest.Korean(t),
	} {
		first, second := render(t, r, report.PDF{Full: true}), render(t, r, report.PDF{Full: true})
		if !bytes.Equal(first, second) {
			t.Errorf("%s: got other bytes the second time, want the same", name)
		}
	}
}

func TestNone(t *testing.T) {
	files, err := Render(t.Context(), reporttest.Daily(t))
	if err != nil || files != nil {
		t.Errorf("got %d files, error %v; want nothing", len(files), err)
	}
}

func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r := reporttest.Daily(t)
	r.Info.PDF = &report.PDF{}
	if _, err := Render(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that of the context", err)
	}
}

// TestFile checks what readers of the file need: its dates, its languages, its fonts, its outline.
func TestFile(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    *report.Report
		o    report.PDF
		want []string
	}{
		{"A4", reporttest.Daily(t), report.PDF{}, []string{
			"/MediaBox [0 0 595.28 841.89]", "/Lang (en)", "/CreationDate (D:20261122000000)",
			"/ModDate (D:20261122000000)", "/BaseFont /PSNAPA+roboto-", "/PageMode /UseOutlines",
			"/S /URI /URI (https://",
		}},
		{"Letter", reporttest.Korean(t), report.PDF{Letter: true}, []string{
			"/MediaBox [0 0 612.00 792.00]", "/Lang (ko)", "+nanumsquare-regular",
		}},
	} {
		file := render(t, tt.r, tt.o)
		for _, w := range tt.want {
			if !bytes.Contains(file, []byte(w)) {
				t.Errorf("%s: got a file without %s, want one with it", tt.name, w)
			}
		}
		if !bytes.HasPrefix(file, []byte("%PDF-1.")) ||
			!bytes.HasSuffix(bytes.TrimSpace(file), []byte("%%EOF")) {
			t.Errorf("%s: got %.8q … %.8q, want a whole PDF", tt.name, file, file[len(file)-8:])
		}
		if bytes.Contains(file, []byte("/utf8a")) {
			t.Errorf("%s: got a font without the tag of a subset, want none", tt.name)
		}
	}
}

// TestBounds renders more than a document holds: many panels, and many series that are findings.
func TestBounds(t *testing.T) {
	race.SkipSerial(t)
	for _, tt := range []struct{ panels, series int }{{200, 40}, {3, 1000}} {
		a := reporttest.Answers{}
		for i := range tt.series {
			a.Add("memory", series.FromPairs("node", reporttest.NodeName(i)),
				reporttest.Wave(0.97, 0.02, float64(i)))
			a.Add("capacity", series.FromPairs("node", reporttest.NodeName(i)),
				reporttest.Constant(64<<30))
		}
		one := reporttest.Take(a, reporttest.Specs()[:1])[0]
		panels := make([]snapshot.Panel, tt.panels)
		for i := range panels {
			panels[i] = one
			panels[i].Spec.Name = fmt.Sprintf("panel-%d", i)
			panels[i].Spec.Title = fmt.Sprintf("Panel %d", i)
		}
		file := render(t, report.Build(reporttest.Info(t, nil), panels), report.PDF{Full: true})
		pages := pagesOf(t, file)
		if len(pages) > mostPages || len(file) > 8<<20 {
			t.Errorf("%d panels of %d series: got %d pages and %d bytes, want at most %d and 8 MiB",
				tt.panels, tt.series, len(pages), len(file), mostPages)
		}
		if tt.panels > mostCharts && !strings.Contains(textOf(pages[len(pages)-1]), "index.html") {
			t.Errorf("%d panels: got no text about those that are left out, want one", tt.panels)
		}
	}
}

// TestPagesLeftOut checks that a document that is cut says so.
func TestPagesLeftOut(t *testing.T) {
	pages, left := cut(make([][]placed, mostPages+3), mostPages)
	if len(pages) != mostPages || left != 3 {
		t.Errorf("got %d pages and %d left out, want %d and 3", len(pages), left, mostPages)
	}
}

// visible reports whether a text has nothing that a reader does not see.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && r != '\u200c' && r != '\u200d' &&
			unicode.In(r, unicode.Cc, unicode.Cf) || r == unicode.ReplacementChar
	})
}

// checkHostile checks that nothing invisible of a report is written and that the word from outside
// that it has everywhere is only text.
func checkHostile(t *testing.T, word string, r *report.Report, full bool) {
	t.Helper()
	pages := pagesOf(t, render(t, r, report.PDF{Full: full}))
	for i, page := range pages {
		if text := textOf(page); !visible(text) {
			t.Errorf("%.200q: page %d: got %.300q, want only what a reader sees", word, i+1, text)
		}
		rest := shown.ReplaceAllString(page, " Td () Tj")
		if strings.ContainsFunc(rest, func(r rune) bool { return r > '~' }) ||
			strings.Count(rest, "(") != strings.Count(rest, "Tj") {
			t.Errorf("%.200q: page %d: got operators other than ours, want none", word, i+1)
		}
	}
	if len(pages) == 0 || len(pages) > 30 {
		t.Errorf("%.200q: got %d pages, want 1 to 30", word, len(pages))
	}
}

func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	own := []corpus.Word{
		{Name: "string", Text: `) Tj ET /JS (app.alert(1)) \`},
		{Name: "object", Text: "endstream endobj"},
		{Name: "octal", Text: `\051\050(()`}, {Name: "return", Text: "\u0d0d\u0a0a\u285c\u295c"},
		{Name: "long", Text: strings.Repeat("long-name-", 5000)},
		{Name: "wide", Text: strings.Repeat("노드 ", 3000)},
		{Name: "emoji", Text: "a😀b\U000F0000c中"},
	}
	for _, w := range own { // the seeds of FuzzWords are the others
		checkHostile(t, w.Text, reporttest.Hostile(t, w.Text), true)
		checkHostile(t, w.Text, reporttest.HostileRules(t, w.Text), true)
	}
	checkHostile(t, reporttest.Evil, reporttest.HostileDashboard(t, reporttest.Evil), true)
}

func FuzzWords(f *testing.F) {
	race.SkipSerial(f)
	for _, w := range corpus.Words() {
		f.Add(w.Text, false)
	}
	f.Add(`) Tj ET \`, true)
	f.Fuzz(func(t *testing.T, word string, full bool) {
		checkHostile(t, word, reporttest.Hostile(t, word), full)
	})
}

// TestFleet checks that the report of a fleet has its clusters, and why it has no data of one.
func TestFleet(t *testing.T) {
	a, nodes := reporttest.Fleet(4)
	info := reporttest.Info(t, nodes)
	own := report.Build(info, reporttest.Take(a, reporttest.Specs())).AsCluster()
	var fleet report.Fleet
	for i := range 60 {
		c := own
		c.Name = fmt.Sprintf("cluster-%02d", i)
		c.Labels = map[string]string{"region": "eu"}
		if i == 7 {
			c = report.Cluster{
				Name: c.Name, Verdict: report.VerdictNoData,
				Failure: &snapshot.Failure{Message: "connection refused"},
			}
		}
		fleet.Clusters = append(fleet.Clusters, c)
	}
	info.Cluster, info.Nodes, info.Fleet = "acme", nil, &fleet
	r := report.Build(info, nil)
	for full, all := range map[bool][]string{
		false: {"cluster-00\n", "region=eu", fmt.Sprintf("The first %d of 60 are", mostClusters)},
		true:  {"cluster-00\n", "cluster-07\n", "connection refused"},
	} {
		text := ""
		for _, page := range pagesOf(t, render(t, r, report.PDF{Full: full})) {
			text += textOf(page)
		}
		for _, want := range all {
			if !strings.Contains(text, want) {
				t.Errorf("full %v: got the text %.3000s, want %q in it", full, text, want)
			}
		}
	}
}
