package board_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
)

// written writes blocks in one line each.
func written(t *board.Text) []string {
	spans := func(list []board.Span) string {
		var b strings.Builder
		for _, s := range list {
			text := s.Text
			if s.Code {
				text = "`" + text + "`"
			}
			if s.Emph {
				text = "*" + text + "*"
			}
			if s.Strong {
				text = "**" + text + "**"
			}
			if s.URL != "" {
				text = "[" + text + "](" + s.URL + ")"
			}
			b.WriteString(text)
		}
		return b.String()
	}
	var out []string
	for _, b := range t.Blocks {
		text := fmt.Sprintf("%s%d %s%s%s", b.Kind, b.Level, b.Mark, spans(b.Spans), b.Code)
		for _, c := range b.Cells {
			text += spans(c) + "|"
		}
		out = append(out, text)
	}
	return out
}

func textPanel(t *testing.T, mode, content string) board.View {
	t.Helper()
	options, err := json.Marshal(map[string]string{"mode": mode, "content": content})
	if err != nil {
		t.Fatal(err)
	}
	return show(t, `{"type": "text", "options": `+string(options)+`}`)
}

func TestMarkdown(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"# Title #\ntext\nmore", []string{"heading1 Title", "paragraph0 text more"}},
		{"Title\n=====\nSmall\n---\n", []string{"heading1 Title", "heading2 Small"}},
		{"#hashtag", []string{"paragraph0 #hashtag"}},
		{"- a\n  - b\n1. c", []string{"item0 a", "item1 b", "item0 1.c"}},
		{"> said", []string{"quote0 said"}},
		{"---", []string{"rule0 "}},
		{"```go\na <b>\n\n  c\n```\nend", []string{"code0 a <b>\n\n  c", "paragraph0 end"}},
		{"~~~\nopen", []string{"code0 open"}},
		{
			"**bold** and *soft* and `co<de>`",
			[]string{"paragraph0 **bold** and *soft* and `co<de>`"},
		},
		{"a_name_here and 2 * 3 * 4", []string{"paragraph0 a_name_here and 2 * 3 * 4"}},
		{"_soft_ __hard__", []string{"paragraph0 *soft* **hard**"}},
		{`\*plain\*`, []string{"paragraph0 *plain*"}},
		{
			"[runbook](https://example.org/a_(b) \"title\")!",
			[]string{"paragraph0 [runbook](https://example.org/a_(b))!"},
		},
		{"[x](javascript:alert(1)) [y](/local)", []string{"paragraph0 x y"}},
		{
			"<https://example.org/>",
			[]string{"paragraph0 [https://example.org/](https://example.org/)"},
		},
		{"![logo](https://example.org/x.png) hi", []string{"paragraph0 logo hi"}},
		{
			"[![badge](https://a.b/c.svg)](https://example.org)",
			[]string{"paragraph0 [badge](https://example.org)"},
		},
		{
			"<script>alert(1)</script><b>a</b> &amp; <a href='x'>b</a><br>c",
			[]string{"paragraph0 a & b c"},
		},
		{"a < b and c > d", []string{"paragraph0 a < b and c > d"}},
		{"<!-- hidden -->seen", []string{"paragraph0 seen"}},
		{
			"| a | b |\n|---|:-:|\n| 1 | **2** |\nend",
			[]string{"row0 a|b|", "row0 1|**2**|", "paragraph0 end"},
		},
		{"a\u202eb\x00c", []string{"paragraph0 abc"}},
		{"[a](b", []string{"paragraph0 [a](b"}},
		{"", nil},
	} {
		v := textPanel(t, "markdown", tt.in)
		got := written(v.Text)
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%q:\ngot  %q\nwant %q", tt.in, got, tt.want)
		}
		equal(t, "empty", v.Empty, len(tt.want) == 0)
	}
}

func TestHTMLIsWords(t *testing.T) {
	v := textPanel(t, "html", `<div style="x"><h1>Hello</h1><p>a &lt; b</p>
		<img src="https://example.org/x.png" onerror="alert(1)"><script>bad()</script></div>
		<table><tr><th>a</th><td>1</td><td>2</td></tr></table>`)
	equal(t, "blocks", written(v.Text),
		[]string{"paragraph0 Hello", "paragraph0 a < b", "paragraph0 a 1 2"})
	equal(t, "notes", codes(v), []board.Code{board.NoteHTML, board.NotePictures})
}

func TestCodeMode(t *testing.T) {
	v := textPanel(t, "code", "\nif a < b {\n\tx()\n}\n")
	equal(t, "blocks", written(v.Text), []string{"code0 if a < b {\n    x()\n}"})
}

func TestLongText(t *testing.T) {
	v := textPanel(t, "markdown", strings.Repeat("# a\n", board.MaxBlocks+4))
	equal(t, "blocks", len(v.Text.Blocks), board.MaxBlocks)
	equal(t, "notes", v.Notes, []board.Note{
		{Code: board.NoteText, Count: board.MaxBlocks, Total: board.MaxBlocks + 4},
	})
}
