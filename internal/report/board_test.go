package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// stat returns a panel with one figure.
func stat(title, text string, l board.Level) board.Panel {
	return board.Panel{
		Name: strings.ToLower(title), Row: -1, Queries: []board.Query{{Ref: "A", Expr: "x"}},
		View: board.View{
			Kind: board.TilesKind, Title: title, Answered: true,
			Tiles: &board.Tiles{Items: []board.Tile{{
				Text: value.Formatted{Text: text}, Level: l,
			}}},
		},
	}
}

// failing returns a panel whose query failed, or was not sent.
func failing(title, why string, sent bool) board.Panel {
	p := board.Panel{Name: strings.ToLower(title), View: board.View{
		Kind: board.GraphKind, Title: title, Empty: true, Graph: &board.Graph{},
		Failures: []board.Failure{{Ref: "A", Reason: why, Sent: sent}},
	}}
	if sent {
		p.Queries = []board.Query{{Ref: "A", Expr: "x"}}
	}
	return p
}

func silent(title string) board.Panel {
	p := failing(title, "", true)
	p.Failures = nil
	return p
}

func ofBoard(panels ...board.Panel) report.Info {
	return report.Info{
		Name: "node", Slot: reporttest.Slot, Board: &board.Board{Title: "Nodes", Panels: panels},
	}
}

func TestReportOfADashboard(t *testing.T) {
	red, yellow := stat("Disk", "94.2%", board.Red), stat("Load", "70%", board.Yellow)
	normal, plain := stat("RAM", "10%", board.Normal), stat("Uptime", "3 weeks", board.Unjudged)
	text := board.Panel{View: board.View{Kind: board.TextKind, Text: &board.Text{}}}
	for _, tt := range []struct {
		name     string
		panels   []board.Panel
		headline string
		verdict  report.Verdict
		failures int
	}{
		{
			"red", []board.Panel{normal, yellow, red, plain},
			"1 of 3 figures is red: Disk 94.2%.", report.VerdictOK, 0,
		},
		{
			"several", []board.Panel{red, red, red, red, normal},
			"4 of 5 figures are red: Disk 94.2%, Disk 94.2%, Disk 94.2% and 1 more.",
			report.VerdictOK, 0,
		},
		{
			"yellow", []board.Panel{normal, yellow},
			"1 of 2 figures is yellow or orange: Load 70%.", report.VerdictOK, 0,
		},
		{
			"within", []board.Panel{normal, plain, silent("Swap")},
			"No figure is beyond its thresholds.", report.VerdictOK, 0,
		},
		{
			"within, of little", []board.Panel{normal, silent("Swap"), silent("Load")},
			"No figure is beyond its thresholds; 1 of 3 panels have data.", report.VerdictOK, 0,
		},
		{
			"no thresholds", []board.Panel{plain, silent("Swap"), text}, "1 of 2 panels have data.",
			report.VerdictOK, 0,
		},
		{"all have data", []board.Panel{plain, plain, text}, "All 2 panels have data.",
			report.VerdictOK, 0},
		{
			"no data at all", []board.Panel{silent("Swap"), text}, "Nothing could be measured.",
			report.VerdictNoData, 0,
		},
		{"no panel", nil, "Nothing could be measured.", report.VerdictNoData, 0},
		{
			"one failed", []board.Panel{normal, failing("CPU", "refused", true)},
			"No figure is beyond its thresholds, but 1 panel failed.", report.VerdictNoData, 1,
		},
		{
			"all failed",
			[]board.Panel{failing("CPU", "refused", true), failing("RAM", "refused", true), text},
			"Nothing could be measured: refused", report.VerdictNoData, 2,
		},
		{
			"one failed, and no data",
			[]board.Panel{failing("CPU", "refused", true), silent("RAM")},
			"Nothing could be measured: 1 panel failed.", report.VerdictNoData, 1,
		},
		{
			"one not sent", []board.Panel{normal, failing("CPU", "no variable x", false)},
			"No figure is beyond its thresholds.", report.VerdictOK, 0,
		},
	} {
		r := report.Build(ofBoard(tt.panels...), nil)
		if r.Headline != tt.headline {
			t.Errorf("%s: got headline %q, want %q", tt.name, r.Headline, tt.headline)
		}
		if r.Verdict() != tt.verdict {
			t.Errorf("%s: got verdict %s, want %s", tt.name, r.Verdict(), tt.verdict)
		}
		if len(r.Failures) != tt.failures || r.Whole() != (tt.failures == 0) {
			t.Errorf("%s: got failures %v and whole %v, want %d failures", tt.name, r.Failures,
				r.Whole(), tt.failures)
		}
		if r.Worst() != 0 || r.Checks() != 0 {
			t.Errorf("%s: got worst %v and %d checks, want none: thresholds only colour", tt.name,
				r.Worst(), r.Checks())
		}
		if r.NoFindings() != "No rule is set, so there are no findings." {
			t.Errorf("%s: got %q in place of findings", tt.name, r.NoFindings())
		}
	}
}

// A dashboard beside panels with rules.
func TestDashboardWithRules(t *testing.T) {
	ruled := panel.Spec{
		Name: "memory", Title: "Memory", Queries: []panel.Query{{}},
		Rules: []rules.Rule{{Name: "r", Critical: rules.At(0.9)}},
	}
	calm := []snapshot.Panel{{Spec: ruled, Data: snapshot.DataComplete, Total: 1, OK: 1}}
	lost := []snapshot.Panel{{Spec: ruled, Data: snapshot.DataAbsent}}
	for _, tt := range []struct {
		name     string
		panels   []snapshot.Panel
		board    board.Panel
		headline string
		verdict  report.Verdict
	}{
		{
			"all within", calm, stat("Disk", "1%", board.Normal),
			"All values are within their limits.", report.VerdictOK,
		},
		{
			"a red figure", calm, stat("Disk", "94%", board.Red),
			"No alert fires; 1 of 1 figures is red: Disk 94%.", report.VerdictOK,
		},
		{
			"no data for the rule", lost, stat("Disk", "94%", board.Red),
			"1 of 1 figures is red: Disk 94%, but 1 check has no data.", report.VerdictNoData,
		},
		{
			"the dashboard failed", calm, failing("CPU", "refused", true),
			"All values are within their limits, but 1 panel failed.", report.VerdictNoData,
		},
	} {
		r := report.Build(ofBoard(tt.board), tt.panels)
		if r.Headline != tt.headline || r.Verdict() != tt.verdict {
			t.Errorf("%s: got %s, %q, want %s, %q", tt.name, r.Verdict(), r.Headline, tt.verdict,
				tt.headline)
		}
	}
}

func TestDashboardTitle(t *testing.T) {
	for _, tt := range []struct{ name, title, board, want string }{
		{"node", "", "Node Exporter", "Node Exporter"},
		{"node", "node", "Node Exporter", "Node Exporter"},
		{"node", "Mine", "Node Exporter", "Mine"},
		{"node", "", "", "node"},
	} {
		in := ofBoard()
		in.Name, in.Title, in.Board.Title = tt.name, tt.title, tt.board
		if got := report.Build(in, nil).Info.Title; got != tt.want {
			t.Errorf("title %q of a dashboard %q: got %q, want %q", tt.title, tt.board, got,
				tt.want)
		}
	}
}

func TestDashboardFailuresByCause(t *testing.T) {
	r := report.Build(ofBoard(
		failing("CPU", "timeout after 30 s; narrow it", true), stat("RAM", "1%", board.Normal),
		failing("Disk", "timeout after 31 s; narrow it", true),
	), nil)
	groups := r.FailureGroups()
	if len(groups) != 1 || !slices.Equal(groups[0].Titles, []string{"CPU", "Disk"}) {
		t.Errorf("got groups %v, want one of CPU and Disk", groups)
	}
	got := strings.Join(r.Summary(), "\n")
	for _, want := range []string{
		"No figure is beyond its thresholds", "3 panels, 2 without data",
		"FAILED cpu and 1 more: timeout after 30 s; narrow it", "2 failed",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("summary: got\n%s\nwant %q in it", got, want)
		}
	}
}

func TestDashboardVariables(t *testing.T) {
	in := ofBoard()
	in.Board.Variables = []grafana.VariableVerdict{
		{Name: "ds", Type: "datasource", Status: "resolved", Values: []string{"x"}, Count: 1},
		{Name: "job", Type: "query", Status: "resolved", Values: []string{"node"}, Count: 1},
		{Name: "node", Type: "query", Status: "resolved", Values: []string{"a", "b"}, Count: 9},
		{Name: "gone", Type: "query", Status: "unresolved", Reason: "its query finds nothing"},
		{
			Name: "long", Type: "query", Status: "resolved", Count: 2,
			Values: []string{strings.Repeat("x", 200), "y"},
		},
		{
			Name: "pod", Label: "Pods", Type: "query", Status: "resolved", Values: []string{".*"},
			Count: 1, All: true,
		},
		{
			Name: "all", Type: "query", Status: "resolved", Values: []string{"a", "b"}, Count: 2,
			All: true,
		},
		{Name: "secret", Type: "query", Status: "resolved", Values: []string{"a"}, Hidden: true},
		{Name: "lost", Type: "query", Status: "unresolved", Reason: "it is gone", Hidden: true},
	}
	r := report.Build(in, nil)
	var got []string
	for _, v := range r.BoardVariables() {
		got = append(got, v.Name+": "+v.Values)
	}
	want := []string{
		"job: node", "node: a, b and 7 more", "gone: no value: its query finds nothing",
		"long: " + outside.Middle(strings.Repeat("x", 200), 120) + " and 1 more",
		"Pods: All", "all: a, b", "lost: no value: it is gone",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got variables\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every note has words in every language, with all of its numbers.
func TestNotesOnPanels(t *testing.T) {
	codes := map[board.Code]string{
		board.NoteSeries: "7 of 9,999", board.NoteCurves: "7 of 9,999", board.NotePoints: "7",
		board.NoteTiles: "7 of 9,999", board.NoteRows: "7 of 9,999",
		board.NoteColumns: "7 of 9,999", board.NoteRuns: "7 of 9,999",
		board.NoteBuckets: "7 of 9,999", board.NoteFrames: "9,999", board.NoteHidden: "7",
		board.NoteAxes: "TEXT", board.NoteGrids: "", board.NoteNoTime: "", board.NoteStep: "TEXT",
		board.NoteProperty: "TEXT", board.NoteDetail: "TEXT", board.NoteCalculated: "",
		board.NoteThresholds: "", board.NoteColorScheme: "", board.NotePictures: "7",
		board.NoteHTML: "", board.NoteText: "7 of 9,999",
	}
	said := map[string]bool{}
	for _, l := range words.Languages() {
		for code, want := range codes {
			p := stat("x", "1", board.Normal)
			p.Notes = []board.Note{{Code: code, Text: "TEXT", Count: 7, Total: 9999}}
			in := ofBoard(p)
			in.Language = l
			got := report.Build(in, nil).BoardPanel(&p).Notes
			if len(got) != 1 || strings.Contains(got[0], "%!") {
				t.Errorf("%s: note %s: got %q, want one sentence", l, code, got)
				continue
			}
			if l == words.English && !strings.Contains(got[0], want) {
				t.Errorf("note %s: got %q, want %q in it", code, got[0], want)
			}
			hangul := strings.ContainsFunc(got[0], func(r rune) bool {
				return unicode.Is(unicode.Hangul, r)
			})
			if hangul != (l == words.Korean) && code != board.NoteDetail {
				t.Errorf("%s: note %s: got %q in another language", l, code, got[0])
			}
			if said[got[0]] && code != board.NoteDetail {
				t.Errorf("%s: note %s: got %q, want words of its own", l, code, got[0])
			}
			said[got[0]] = true
		}
	}
}

func TestPanelOfADashboard(t *testing.T) {
	p := failing("CPU", "refused", true)
	p.Failures = append(p.Failures,
		board.Failure{Ref: "B", Reason: "the dashboard has no variable x"},
		board.Failure{Reason: "internal error", Sent: true})
	p.Differs, p.Description = "the axis is linear", " a\n\n b "
	p.Queries = []board.Query{
		{Ref: "A", Expr: "up", Step: time.Minute}, {Ref: "B", Expr: "up", Instant: true},
	}
	in := ofBoard(p)
	in.ExternalURL = "https://prometheus.example.com/prom"
	in.Board.From, in.Board.To = reporttest.Slot.Add(-time.Hour), reporttest.Slot
	v := report.Build(in, nil).BoardPanel(&p)
	if want := []string{
		"Query A: refused", "Query B was not sent: the dashboard has no variable x",
		"internal error",
	}; !slices.Equal(v.Problems, want) {
		t.Errorf("got problems %q, want %q", v.Problems, want)
	}
	if v.Description != "a b" || !slices.Equal(v.Notes, []string{"the axis is linear"}) {
		t.Errorf("got description %q and notes %q", v.Description, v.Notes)
	}
	const at = "https://prometheus.example.com/prom/graph?g0.end_input=2026-11-22+00%3A00%3A00&" +
		"g0.expr=up&"
	if want := at + "g0.range_input=1h&g0.step_input=60&g0.tab=0"; v.Queries[0].Graph != want {
		t.Errorf("range query: got %s, want %s", v.Queries[0].Graph, want)
	}
	if want := at + "g0.tab=1"; v.Queries[1].Graph != want {
		t.Errorf("instant query: got %s, want %s", v.Queries[1].Graph, want)
	}
}

func TestOwnRangeOfAPanel(t *testing.T) {
	for _, tt := range []struct {
		own         board.Window
		en, ko, url string
	}{
		{board.Window{}, "", "", "g0.range_input=1h&"},
		{
			board.Window{Range: 24 * time.Hour}, "last 24 h", "최근 24시간", "g0.range_input=1d&",
		},
		{
			board.Window{Range: time.Hour, Shift: 7 * 24 * time.Hour},
			"1 h, until 7 d earlier", "7일 전까지 1시간", "g0.end_input=2026-11-15+00%3A00%3A00&",
		},
	} {
		for lang, want := range map[words.Language]string{words.English: tt.en, words.Korean: tt.ko} {
			p := board.Panel{Queries: []board.Query{{Ref: "A", Expr: "up"}}}
			p.Own = tt.own
			in := ofBoard(p)
			in.Language, in.ExternalURL = lang, "https://prometheus.example.com"
			in.Board.From, in.Board.To = reporttest.Slot.Add(-time.Hour), reporttest.Slot
			v := report.Build(in, nil).BoardPanel(&p)
			if v.Own != want {
				t.Errorf("%+v in %s: got %q, want %q", tt.own, lang, v.Own, want)
			}
			if got := v.Queries[0].Graph; !strings.Contains(got, tt.url) {
				t.Errorf("%+v: got %s, want %s in it", tt.own, got, tt.url)
			}
		}
	}
}
