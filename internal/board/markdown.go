package board

import (
	"net/url"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// markdown reads the part of Markdown that text panels use: headings, paragraphs, lists, quotes,
// code, rules and tables. Anything else is a paragraph.
func (t *texting) markdown(lines []string) {
	start := 0
	prose := func(end int) {
		t.prose(strings.Split(t.plain(strings.Join(lines[start:end], "\n")), "\n"))
	}
	for i := 0; i < len(lines); i++ {
		if n, code := fenced(lines[i:]); n > 0 {
			prose(i)
			t.code(code)
			start = i + n
			i = start - 1
		}
	}
	prose(len(lines))
}

// prose reads Markdown without fences of code.
func (t *texting) prose(lines []string) {
	var paragraph []string
	flush := func() {
		if spans := t.spans(strings.Join(paragraph, " ")); len(spans) > 0 {
			t.add(Block{Kind: ParagraphBlock, Spans: spans})
		}
		paragraph = nil
	}
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(strings.ReplaceAll(lines[i], "\t", "    "), " \r")
		text := strings.TrimLeft(line, " ")
		switch {
		case text == "":
			flush()
		case len(paragraph) == 1 && underline(text) > 0:
			t.heading(underline(text), paragraph[0])
			paragraph = nil
		case isRule(text):
			flush()
			t.add(Block{Kind: RuleBlock})
		case t.block(line, text, flush):
		default:
			if n := t.tableAt(lines[i:], flush); n > 0 {
				i += n - 1
				continue
			}
			paragraph = append(paragraph, text)
		}
	}
	flush()
}

// block adds a block of one line: a heading, a quote or an item. It reports false if it is none.
func (t *texting) block(line, text string, flush func()) bool {
	hashes := len(text) - len(strings.TrimLeft(text, "#"))
	if hashes >= 1 && hashes <= 6 && (len(text) == hashes || text[hashes] == ' ') {
		flush()
		t.heading(hashes, strings.TrimRight(strings.TrimSpace(text[hashes:]), "# "))
		return true
	}
	if quoted, ok := strings.CutPrefix(text, ">"); ok {
		flush()
		if spans := t.spans(strings.TrimLeft(quoted, "> ")); len(spans) > 0 {
			t.add(Block{Kind: QuoteBlock, Spans: spans})
		}
		return true
	}
	mark, rest, ok := item(text)
	if !ok {
		return false
	}
	flush()
	if spans := t.spans(rest); len(spans) > 0 {
		t.add(Block{
			Kind: ItemBlock, Level: min((len(line)-len(text))/2, 5), Mark: mark, Spans: spans,
		})
	}
	return true
}

func (t *texting) heading(level int, text string) {
	if spans := t.spans(text); len(spans) > 0 {
		t.add(Block{Kind: HeadingBlock, Level: level, Spans: spans})
	}
}

// fenced returns the lines of the code that lines begin with, and how many lines it takes with its
// fences. Code without an end goes to the end.
func fenced(lines []string) (n int, code []string) {
	first := strings.TrimSpace(lines[0])
	fence := ""
	for _, f := range []string{"```", "~~~"} {
		if strings.HasPrefix(first, f) && !strings.Contains(first[len(f):], f) {
			fence = f
		}
	}
	if fence == "" {
		return 0, nil
	}
	for i := 1; i < len(lines); i++ {
		if strings.HasPrefix(strings.TrimSpace(lines[i]), fence) {
			return i + 1, lines[1:i:i]
		}
	}
	return len(lines), lines[1:]
}

// underline returns the level of the heading that a line makes of the one above it, otherwise 0.
func underline(s string) int {
	switch {
	case strings.Trim(s, "=") == "":
		return 1
	case len(s) > 1 && strings.Trim(s, "-") == "":
		return 2
	}
	return 0
}

func isRule(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	return len(s) >= 3 &&
		(strings.Trim(s, "-") == "" || strings.Trim(s, "*") == "" || strings.Trim(s, "_") == "")
}

// item returns the mark and the text of an item of a list.
func item(s string) (mark, text string, ok bool) {
	for _, bullet := range []string{"- ", "* ", "+ "} {
		if rest, ok := strings.CutPrefix(s, bullet); ok {
			return "", rest, true
		}
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits >= 1 && digits <= 9 && len(s) > digits+1 && s[digits+1] == ' ' &&
		(s[digits] == '.' || s[digits] == ')') {
		return s[:digits+1], s[digits+2:], true
	}
	return "", "", false
}

// tableAt adds the table that lines begin with, and returns how many lines it takes.
func (t *texting) tableAt(lines []string, flush func()) int {
	if len(lines) < 2 || !strings.Contains(lines[0], "|") || !isDivider(lines[1]) {
		return 0
	}
	flush()
	n := 0
	for ; n < len(lines) && strings.Contains(lines[n], "|"); n++ {
		if n == 1 {
			continue
		}
		var cells [][]Span
		for _, part := range strings.Split(strings.Trim(strings.TrimSpace(lines[n]), "|"), "|") {
			if len(cells) < MaxColumns {
				cells = append(cells, t.spans(strings.TrimSpace(part)))
			}
		}
		t.add(Block{Kind: RowBlock, Cells: cells, Head: n == 0})
	}
	return n
}

func isDivider(s string) bool {
	s = strings.TrimSpace(s)
	return strings.Contains(s, "-") && strings.Contains(s, "|") && strings.Trim(s, "|:- \r") == ""
}

// maxSpans is how many spans a block has. What follows is plain.
const maxSpans = 300

// spans reads what is within a block.
func (t *texting) spans(s string) []Span {
	r := spanning{texting: t}
	for s != "" {
		if len(r.out) >= maxSpans {
			r.buffer.WriteString(s)
			break
		}
		n := r.step(s)
		s = s[n:]
	}
	r.flush("")
	for len(r.out) > 0 && strings.TrimSpace(r.out[len(r.out)-1].Text) == "" {
		r.out = r.out[:len(r.out)-1]
	}
	return r.out
}

type spanning struct {
	*texting
	out          []Span
	buffer       strings.Builder
	strong, emph bool
}

// flush ends a span, which is a link if it has an address.
func (r *spanning) flush(address string) {
	text := outside.Line(unescaped(r.buffer.String()))
	r.buffer.Reset()
	if text != "" {
		r.out = append(r.out, Span{
			Text: text, Strong: r.strong, Emph: r.emph, URL: safeURL(address),
		})
	}
}

// step reads one thing from the beginning of s, and returns how long it is.
func (r *spanning) step(s string) int {
	switch {
	case s[0] == '\\' && len(s) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!|<>~", s[1]) >= 0:
		r.buffer.WriteByte(s[1])
		return 2
	case s[0] == '`':
		if inner, _, ok := strings.Cut(s[1:], "`"); ok {
			r.flush("")
			if inner != "" {
				r.out = append(r.out, Span{Text: outside.Line(inner), Code: true})
			}
			return len(inner) + 2
		}
	case strings.HasPrefix(s, "!["):
		if text, _, n := link(s[1:]); n > 0 {
			r.pictures++
			r.buffer.WriteString(text)
			return n + 1
		}
	case s[0] == '[':
		if text, address, n := link(s); n > 0 {
			r.flush("")
			r.buffer.WriteString(r.linked(text))
			r.flush(address)
			return n
		}
	case s[0] == '<':
		if inner, _, ok := strings.Cut(s[1:], ">"); ok && safeURL(inner) != "" {
			r.flush("")
			r.buffer.WriteString(inner)
			r.flush(inner)
			return len(inner) + 2
		}
	case strings.HasPrefix(s, "**"), strings.HasPrefix(s, "__") && r.edge(s, 2):
		if r.strong || strings.Contains(s[2:], s[:2]) {
			r.flush("")
			r.strong = !r.strong
			return 2
		}
	case s[0] == '*', s[0] == '_' && r.edge(s, 1):
		if r.emph || len(s) > 1 && s[1] != ' ' && strings.Contains(s[1:], s[:1]) {
			r.flush("")
			r.emph = !r.emph
			return 1
		}
	}
	r.buffer.WriteByte(s[0])
	return 1
}

// edge reports whether the mark of n bytes that s begins with is at the beginning or end of a word:
// an underscore within a name is a letter.
func (r *spanning) edge(s string, n int) bool {
	before := r.buffer.String()
	return before == "" || !isWord(before[len(before)-1]) || len(s) == n || !isWord(s[n])
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// linked returns the text of a link. A picture in it is left out.
func (r *spanning) linked(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "![")
		if !ok {
			return strings.NewReplacer("*", "", "`", "").Replace(text)
		}
		r.pictures++
		alt, after, _ := strings.Cut(rest, "]")
		if inner, ok := strings.CutPrefix(after, "("); ok {
			_, after, _ = strings.Cut(inner, ")")
		}
		text = before + alt + after
	}
}

// link reads [text](address "title"). Its length is 0 if s is no link.
func link(s string) (text, address string, n int) {
	const longest = 4000
	depth, end := 0, -1
	for i := 0; i < min(len(s), longest) && end < 0; i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 || !strings.HasPrefix(s[end+1:], "(") {
		return "", "", 0
	}
	depth = 0
	for i := end + 1; i < min(len(s), end+longest); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				address, _, _ = strings.Cut(strings.TrimSpace(s[end+2:i]), " ")
				return s[1:end], strings.Trim(address, "<>"), i + 1
			}
		}
	}
	return "", "", 0
}

// safeURL returns an address that a page may link to, otherwise "".
func safeURL(s string) string {
	const longest = 2000
	s = strings.TrimSpace(s)
	if len(s) > longest || outside.Line(s) != s {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto":
	default:
		return ""
	}
	return u.String()
}
