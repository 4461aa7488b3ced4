package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// noteConstants returns the codes that package snapshot declares, by the names of their constants.
func noteConstants(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../snapshot/note.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			v := s.(*ast.ValueSpec)
			if !strings.HasPrefix(v.Names[0].Name, "Note") {
				continue
			}
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found[v.Names[0].Name] = code
		}
	}
	return found
}

// TestEveryNoteHasWords fails if a code has no text in a language, or if the text lacks an
// argument.
func TestEveryNoteHasWords(t *testing.T) {
	declared := noteConstants(t)
	if len(declared) < 40 {
		t.Fatalf("got %d codes, want all of package snapshot", len(declared))
	}
	for name, code := range declared {
		if _, ok := phrasings[code]; !ok {
			t.Errorf("%s (%s): got no phrasing, want one", name, code)
			continue
		}
		n := snapshot.NoteOf(code, "7", "7", "7m0s", "7", "none", "7", "seven")
		alike := len(phrasings[code].args) == 1 &&
			phrasings[code].format(words.In(words.English)) == "%[1]s"
		said := map[string]bool{}
		for _, l := range words.Languages() {
			text := SayNote(l, n)
			said[text] = true
			if text == "" || strings.Contains(text, "%!") || strings.HasPrefix(text, code+" ") {
				t.Errorf("%s in %s: got %q, want a text with all arguments", name, l, text)
			}
		}
		if len(said) != len(words.Languages()) && !alike {
			t.Errorf("%s: got %v in all languages, want translations", name, said)
		}
	}
	if len(phrasings) != len(declared) {
		t.Errorf("got %d phrasings, want %d", len(phrasings), len(declared))
	}
}

// TestNotesInWords checks every writer of an argument, in both languages.
func TestNotesInWords(t *testing.T) {
	of := snapshot.NoteOf
	for _, c := range []struct {
		note            snapshot.Note
		english, korean string
	}{
		{
			of(snapshot.NoteServerWarns, "a store is down"),
			"warning from the server: a store is down", "서버 경고: a store is down",
		},
		{
			of(snapshot.NoteNewestIsOld, 45*time.Minute), "the newest sample is 45 min old",
			"가장 최근 샘플이 45분 전 값임",
		},
		{
			of(snapshot.NoteAnswer, "without a limit: {{value}}", "1200", 0),
			"without a limit: 1200", "without a limit: 1200",
		},
		{of(snapshot.NoteAnswer, "a line"), "a line", "a line"},
		{of(snapshot.NoteMoreAnswers, 1200), "and 1,200 more", "외 1,200개"},
		{
			of(snapshot.NoteLeftOut, 1200, 5000, 5*time.Minute, 0.9, units.PercentUnit, 10),
			"1,200 of 5,000 series are not listed: checked every 5 min, they were never above " +
				"90 %, and they are not among the 10 highest",
			"시계열 5,000개 중 1,200개는 표시하지 않음: 5분 간격으로 확인한 값이 모두 90% 이하이고 상위 10개에 들지 않음",
		},
		{
			of(snapshot.NoteScrapedSeldom, 5*time.Minute, 90*time.Second),
			"its metrics are scraped every 5m, and a rate needs two samples within 1m30s; set " +
				"prometheus.scrape_interval: 5m",
			"메트릭 수집 주기가 너무 깁니다(5m). 변화율을 구하려면 1m30s 안에 샘플이 둘 있어야 하므로 다음과 같이 설정하세요: " +
				"prometheus.scrape_interval: 5m",
		},
		{
			of(snapshot.NoteWindowsNodes, 7, "a", "b"),
			"Windows nodes, which node_exporter cannot measure: 7 (a, b, and 5 more)",
			"node_exporter로 메모리, CPU, 디스크를 측정할 수 없는 Windows 노드: 7 (a, b, 외 5개)",
		},
		{
			of(snapshot.NoteNotSeen, "OOM kills", "x", "y"), "OOM kills: x and 1 more missing",
			"OOM kills: x 외 1개 없음",
		},
		{
			of(snapshot.NoteReferenceMany, "limit", 100),
			"the reference line limit is not drawn: its query finds more than 100 series",
			"기준선 limit 조회 실패: 쿼리 결과가 시계열 100개를 넘음",
		},
		{
			of(snapshot.NoteNodeTwice, "n1", "internal_ip", "uid"),
			"node n1 exists twice at the same time with a different internal_ip, uid, and no " +
				"label tells the two apart: the values of several clusters are mixed. Give each " +
				"cluster its own value of one label, and set the name of that label as " +
				"prometheus.cluster_label",
			"같은 시각에 노드 n1 둘이 존재함: 서로 다른 레이블은 internal_ip, uid, 둘을 구분하는 레이블은 없음. 여러 클러스터의 값이 섞여 " +
				"있습니다. 클러스터마다 값이 다른 레이블을 붙이고 그 레이블 이름을 prometheus.cluster_label에 설정하세요",
		},
		{
			of(snapshot.NoteNodesUnlisted, "forbidden"), "nodes are shown without their instance " +
				"type, zone and state: forbidden",
			"노드의 인스턴스 유형, 영역, 상태를 표시하지 못함: forbidden",
		},
	} {
		for l, want := range map[words.Language]string{
			words.English: c.english, words.Korean: c.korean,
		} {
			if got := SayNote(l, c.note); got != want {
				t.Errorf("%s in %s:\n got %q\nwant %q", c.note.Code, l, got, want)
			}
		}
	}
}

// A file from outside may hold any code and any arguments.
func TestNotesOfAnyKind(t *testing.T) {
	if got, want := SayNote(words.Korean, snapshot.NoteOf("from_the_future", 1, "x")),
		"from_the_future 1 x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for code := range phrasings {
		for _, args := range [][]any{
			nil, {""}, {"x"}, {"-1", "-1", "-1", "-1", "-1", "-1"}, {
				"99999999999999999999", "x", "y",
			},
		} {
			if got := SayNote(words.English, snapshot.NoteOf(code, args...)); strings.Contains(got,
				"%!") {
				t.Errorf("%s of %v: got %q, want every argument to fit its verb", code, args, got)
			}
		}
	}
	if got := SayNote(words.English, snapshot.Note{}); got != "" {
		t.Errorf("an empty note: got %q, want no text", got)
	}
}
