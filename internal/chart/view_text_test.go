package chart

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/testdata/race"
)

func (m made) spans() []board.Span {
	var spans []board.Span
	for range m.IntN(6) {
		s := board.Span{
			Text: m.of("some words here", "**", " and ", "x", "",
				"https://example.org/"+strings.Repeat("very-long/", 20), m.name()),
			Strong: m.IntN(4) == 0, Code: m.IntN(5) == 0,
		}
		if m.IntN(5) == 0 {
			s.URL = "https://example.org/"
		}
		spans = append(spans, s)
	}
	return spans
}

func (m made) words() *board.Text {
	t := &board.Text{}
	for range []int{1, 4, 20, 500}[m.IntN(4)] {
		b := board.Block{
			Kind: []board.BlockKind{
				board.HeadingBlock, board.ParagraphBlock, board.ItemBlock, board.QuoteBlock,
				board.CodeBlock, board.RuleBlock, board.RowBlock,
			}[m.IntN(7)],
			Level: m.IntN(7), Mark: m.of("", "1.", "123456789."), Spans: m.spans(),
			Code: m.of("", "a: b\n  c:   d", strings.Repeat("W", 300), "x  y    z", m.name()),
			Head: m.IntN(3) == 0,
		}
		if b.Kind == board.RowBlock {
			for range m.IntN(20) {
				b.Cells = append(b.Cells, m.spans())
			}
		}
		t.Blocks = append(t.Blocks, b)
	}
	return t
}

func TestTextsStayInTheirBox(t *testing.T) {
	checkRandom(t, 300, func(m made) *board.View {
		return &board.View{Kind: board.TextKind, Title: m.name(), Text: m.words()}
	})
}

func TestTextsAreTheSameTwice(t *testing.T) {
	for seed := range uint64(5) {
		m := made{rand.New(rand.NewPCG(seed, 2))}
		checkSameTwice(t, &board.View{Kind: board.TextKind, Text: m.words()})
	}
}

// aText has a block of each kind.
func aText() *board.View {
	plain := func(s string) []board.Span { return []board.Span{{Text: s}} }
	return &board.View{Kind: board.TextKind, Text: &board.Text{Blocks: []board.Block{
		{Kind: board.HeadingBlock, Level: 1, Spans: plain("Read me first")},
		{Kind: board.ParagraphBlock, Spans: []board.Span{
			{Text: "This dashboard shows "}, {Text: "all nodes", Strong: true},
			{Text: ". If one is missing, run "}, {Text: "kubectl get nodes", Code: true},
			{Text: " and read the "}, {Text: "runbook", URL: "https://example.org/"},
			{Text: " about 노드 that do not answer."},
		}},
		{Kind: board.ItemBlock, Spans: plain("CPU is beyond 90 percent: add a node")},
		{Kind: board.ItemBlock, Level: 1, Spans: plain("or move the batch jobs")},
		{Kind: board.ItemBlock, Mark: "2.", Spans: plain("Disk is full: call the storage team")},
		{Kind: board.QuoteBlock, Spans: plain("Nothing here pages anybody.")},
		{Kind: board.CodeBlock, Code: "alert: NodeDown\n  for:      5m\n  severity: page"},
		{Kind: board.RuleBlock},
		{Kind: board.RowBlock, Head: true, Cells: [][]board.Span{plain("Team"), plain("Phone")}},
		{Kind: board.RowBlock, Cells: [][]board.Span{plain("Storage"), plain("1234")}},
	}}}
}

func TestGoldenTexts(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		o    ViewOptions
	}{
		{"view-text", ViewOptions{Width: 387, Height: 330}},
		{"view-text-cut", ViewOptions{Width: 288, Height: 110, Dark: true}},
	} {
		t.Run(c.name, func(t *testing.T) { compareView(t, c.name, aText(), c.o) })
	}
}

func TestTextIsCutWithAnEllipsis(t *testing.T) {
	p := composeView(aText(), ViewOptions{Width: 200, Height: 90}.options())
	last := p.labels[len(p.labels)-1].text
	if !strings.HasSuffix(last, ellipsis) {
		t.Errorf("the last words are %q, want an ellipsis at their end", last)
	}
}

func TestCodePieces(t *testing.T) {
	for line, want := range map[string]string{
		"a b":         "[{0 a b}]",
		"  a:   b  c": "[{2 a:} {7 b} {10 c}]",
		"":            "[]",
		"   ":         "[]",
		"x  ":         "[{0 x}]",
	} {
		if got := fmt.Sprint(codePieces(line)); got != want {
			t.Errorf("codePieces(%q): got %s, want %s", line, got, want)
		}
	}
}

func TestTextsEscapeText(t *testing.T) {
	v := aText()
	v.Text.Blocks[0].Spans[0].Text = `"><img src=x> <script>`
	v.Text.Blocks[6].Code = "<b>& </text>"
	checkEscaped(t, v)
}
