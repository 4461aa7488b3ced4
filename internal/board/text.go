package board

import (
	"html"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// Text is the words of a text panel. It holds no HTML, and nothing in it is loaded from elsewhere.
type Text struct{ Blocks []Block }

// BlockKind is what a block of a text is.
type BlockKind string

// The kinds of blocks.
const (
	HeadingBlock   BlockKind = "heading"
	ParagraphBlock BlockKind = "paragraph"
	ItemBlock      BlockKind = "item" // of a list
	QuoteBlock     BlockKind = "quote"
	CodeBlock      BlockKind = "code"
	RuleBlock      BlockKind = "rule"
	RowBlock       BlockKind = "row" // of a table: its cells are in Cells
)

// Block is one block of a text.
type Block struct {
	Kind  BlockKind
	Level int    // of a heading, from 1 to 6; of an item, how deep it is, from 0
	Mark  string // of an item: its number, such as 3., or empty for a bullet
	Spans []Span
	Code  string   // of code, with its line breaks
	Cells [][]Span // of a row
	Head  bool     // of a row: it is the head of a table
}

// Span is a part of a block.
type Span struct {
	Text   string
	Strong bool
	Emph   bool
	Code   bool
	URL    string // where a link leads, by http, https or mailto; otherwise empty
}

// text returns the words of a text panel.
func (b *builder) text() *Text {
	t := &texting{builder: b}
	content := b.planned.Content
	switch b.panel.Options.TextKind {
	case "code":
		t.code(strings.Split(content, "\n"))
	case "html":
		b.note(Note{Code: NoteHTML})
		for _, part := range strings.Split(t.plain(content), "\n") {
			if s := words(unescaped(part)); s != "" {
				t.add(Block{Kind: ParagraphBlock, Spans: []Span{{Text: s}}})
			}
		}
	default:
		t.markdown(strings.Split(content, "\n"))
	}
	if t.pictures > 0 {
		b.note(Note{Code: NotePictures, Count: t.pictures})
	}
	if t.total > len(t.out.Blocks) {
		b.note(Note{Code: NoteText, Count: len(t.out.Blocks), Total: t.total})
	}
	b.view.Empty = len(t.out.Blocks) == 0
	return &t.out
}

type texting struct {
	*builder
	out      Text
	total    int
	pictures int
}

func (t *texting) add(block Block) {
	if t.total++; len(t.out.Blocks) < MaxBlocks {
		t.out.Blocks = append(t.out.Blocks, block)
	}
}

// words makes a text from outside one line, with single blanks.
func words(s string) string { return strings.Join(strings.Fields(outside.Line(s)), " ") }

// code adds lines of code as they are.
func (t *texting) code(lines []string) {
	for i, line := range lines {
		lines[i] = outside.Line(strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", "    "))
	}
	if text := strings.Trim(strings.Join(lines, "\n"), "\n"); text != "" {
		t.add(Block{Kind: CodeBlock, Code: text})
	}
}

// apart are the elements of HTML that begin a new line.
var apart = map[string]bool{
	"p": true, "div": true, "br": true, "li": true, "tr": true, "h1": true, "h2": true, "h3": true,
	"h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "table": true, "hr": true,
	"section": true, "center": true, "pre": true, "blockquote": true,
}

// unseen are the elements of HTML whose content is no text.
var unseen = map[string]bool{
	"script": true, "style": true, "iframe": true, "object": true, "svg": true, "template": true,
	"noscript": true, "textarea": true, "title": true,
}

// plain returns s without the elements of HTML, but for those within marks of code. It counts the
// pictures.
func (t *texting) plain(s string) string {
	var b strings.Builder
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		lower = s // the lengths of some letters differ
	}
	found := false
	for i := 0; i < len(s); {
		if s[i] == '`' {
			line, _, _ := strings.Cut(s[i+1:], "\n")
			if inner, _, ok := strings.Cut(line, "`"); ok {
				b.WriteString(s[i : i+len(inner)+2])
				i += len(inner) + 2
				continue
			}
		}
		size, tag := element(s[i:], lower[i:])
		if size == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		found = true
		i += size
		switch {
		case tag == "img":
			t.pictures++
		case apart[tag]:
			b.WriteByte('\n')
		case tag == "td" || tag == "th":
			b.WriteByte(' ')
		case unseen[tag]:
			end := strings.Index(lower[i:], "</"+tag)
			if end < 0 {
				end = len(s) - i
			}
			i += end
		}
	}
	if found {
		t.note(Note{Code: NoteHTML})
	}
	return b.String()
}

// element returns the length of the element of HTML, or of the comment, that s begins with, and its
// name if it opens one. The length is 0 if there is none.
func element(s, lower string) (size int, name string) {
	if s[0] != '<' || len(s) < 2 {
		return 0, ""
	}
	if strings.HasPrefix(s, "<!--") {
		if end := strings.Index(s, "-->"); end >= 0 {
			return end + len("-->"), ""
		}
		return len(s), ""
	}
	rest, closes := strings.CutPrefix(lower[1:], "/")
	n := 0
	for n < len(rest) && (rest[n] >= 'a' && rest[n] <= 'z' || n > 0 && rest[n] >= '0' &&
		rest[n] <= '9') {
		n++
	}
	if n == 0 && s[1] != '!' && s[1] != '?' {
		return 0, ""
	}
	if n < len(rest) && strings.IndexByte(" \t\r\n/>", rest[n]) < 0 && n > 0 {
		return 0, "" // such as <https://example.org>
	}
	name = rest[:n]
	if closes && !apart[name] {
		name = ""
	}
	end := strings.IndexByte(s, '>')
	if end < 0 {
		return len(s), name
	}
	return end + 1, name
}

// unescaped returns a text with the characters that entities such as &amp; stand for.
func unescaped(s string) string { return html.UnescapeString(s) }
