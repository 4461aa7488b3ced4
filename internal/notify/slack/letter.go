package slack

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"
)

// What is used of what Slack takes, which is 150 of a header, 3000 of a text, 50 blocks, and about 12,000 in all; in the units of size.
// https://docs.slack.dev/reference/block-kit/blocks
const (
	pushLimit   = 60   // what a phone shows of a message
	lineLimit   = 140  // of a line, so that a name of 10,000 letters costs a line and not a message
	wholeLimit  = 500  // of a place in a line, which is of no use in part
	bodyLimit   = 3000 // of the lines of one letter, of which there are never so many that they come near it
	codeLimit   = 2000 // of a command
	linkLimit   = 3000 // Slack's, of a button's address
	buttonLimit = 75   // Slack's, of a button's words
)

// part is a piece of a line. Its text is taken literally, whatever is in it, except by the writer of plain messages, which escapes it.
type part struct {
	text   string
	bold   bool
	whole  bool      // the text is a place, which is said whole or not at all
	at     time.Time // a moment, which each reader sees in his own zone; text is how it reads without. Zero: none
	format string    // of the moment, in Slack's tokens
}

// line is one line of a letter.
type line []part

// letter is one message before it is written in Slack's terms.
type letter struct {
	push     string // the first line, and what a phone shows: at most pushLimit
	lines    []line
	code     string // below the lines, in letters of one width; "": none
	mentions []Mention
	buttons  []button
}

// button is a link below a message.
type button struct{ id, words, link string }

// text is a line of one text.
func text(s string) line { return line{{text: clean(s)}} }

// join puts lines behind each other with a separator; empty ones are left out.
func join(separator string, lines ...line) line {
	var out line
	for _, l := range lines {
		if len(l) == 0 || len(l) == 1 && l[0].text == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, part{text: separator})
		}
		out = append(out, l...)
	}
	return out
}

// fill puts lines into a format of package words, whose verbs are %[1]s, %[2]s and so on.
func fill(format string, args ...line) line {
	var out line
	for format != "" {
		i := strings.Index(format, "%[")
		if i < 0 || len(format) < i+5 {
			return append(out, part{text: format})
		}
		if i > 0 {
			out = append(out, part{text: format[:i]})
		}
		if n := int(format[i+2] - '1'); n >= 0 && n < len(args) {
			out = append(out, args[n]...)
		}
		format = format[i+len("%[1]s"):]
	}
	return out
}

// fillText is fill for texts alone.
func fillText(format string, args ...string) string {
	lines := make([]line, len(args))
	for i, a := range args {
		lines[i] = text(a)
	}
	return fill(format, lines...).plain()
}

// plain is the line without what only Slack can do.
func (l line) plain() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.text)
	}
	return b.String()
}

// cut shortens a line to n units, between two words; an ellipsis says so. A place may make it longer by wholeLimit.
func (l line) cut(n int) line {
	if size(l.plain()) <= n {
		return l
	}
	var out line
	room := n - 1
	for _, p := range l {
		if s := size(p.text); p.whole && s <= wholeLimit {
			out, room = append(out, p), max(room-s, 0)
			continue
		} else if p.whole && s > room {
			return append(out, part{text: "…"})
		}
		if s := size(p.text); s <= room {
			out, room = append(out, p), room-s
			continue
		}
		return append(out, part{text: begin(p.text, room) + "…", bold: p.bold})
	}
	return out
}

// size is the length of a text in the strictest way that Slack may count in: escaped, in UTF-16 code units.
func size(s string) int {
	n := 0
	for _, r := range s {
		n += width(r)
	}
	return n
}

func width(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	}
	return utf16.RuneLen(r)
}

// head is what of s fits into n units.
func head(s string, n int) string {
	for i, r := range s {
		if n -= width(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// begin is what of s fits into n units, without the word that does not fit whole, and without a part of what stands in backquotes. A word
// that is longer than half of the room is a name without an end, of which its begin is kept; an address is not.
func begin(s string, n int) string {
	fits := head(s, n)
	if len(fits) == len(s) {
		return s
	}
	if open := strings.LastIndexByte(fits, '`'); open >= 0 && strings.Count(fits, "`")%2 == 1 && strings.Contains(s[open+1:], "`") {
		return strings.TrimRight(fits[:open], " ")
	}
	if s[len(fits)] == ' ' {
		return strings.TrimRight(fits, " ")
	}
	last := strings.LastIndexByte(fits, ' ')
	word, _, _ := strings.Cut(s[last+1:], " ")
	if last < len(fits)/2 && !strings.Contains(word, "://") {
		return fits
	}
	return strings.TrimRight(fits[:max(last, 0)], " ")
}

// clip is s, or as much of it as fits into n units with an ellipsis.
func clip(s string, n int) string {
	if size(s) <= n {
		return s
	}
	return begin(s, n-1) + "…"
}

// middle shortens s to n units by what is least missed of a name: its middle.
func middle(s string, n int) string {
	if size(s) <= n || n < 3 {
		return clip(s, n)
	}
	front := head(s, n/2)
	rest, back := []rune(s[len(front):]), 0
	from := len(rest)
	for from > 0 && back+width(rest[from-1]) <= n-1-size(front) {
		from--
		back += width(rest[from])
	}
	return front + "…" + string(rest[from:])
}

// clean takes out of a word from outside what would end its line or turn the direction of what follows.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// escape makes a text harmless in a message without blocks: https://docs.slack.dev/messaging/formatting-message-text#escaping.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// body is the lines that fit, each cut. What a list leaves out is counted in the list itself; this is the last resort.
func (l *letter) body() []line {
	room := bodyLimit
	var fit []line
	for _, ln := range l.lines {
		ln = ln.cut(lineLimit)
		if room -= size(ln.plain()) + 1; room < 0 {
			return append(fit[:max(len(fit)-1, 0)], text("…"))
		}
		fit = append(fit, ln)
	}
	return fit
}

// blocks writes the letter as blocks. Words from outside stand in elements of plain text and of rich text alone, in which Slack looks
// for no markup: they can neither mention anybody nor break out.
func (l *letter) blocks() []slackgo.Block {
	var blocks []slackgo.Block
	if l.push != "" {
		title := slackgo.NewTextBlockObject(slackgo.PlainTextType, l.push, false, false)
		title.Emoji = new(bool) // :fire: in a name is no fire
		blocks = append(blocks, slackgo.NewHeaderBlock(title))
	}
	var rich []slackgo.RichTextElement
	if body := l.body(); len(body) > 0 {
		rich = append(rich, slackgo.NewRichTextSection(richLines(body)...))
	}
	if l.code != "" {
		rich = append(rich, &slackgo.RichTextPreformatted{
			Type:     slackgo.RTEPreformatted,
			Elements: []slackgo.RichTextSectionElement{slackgo.NewRichTextSectionTextElement(l.code, nil)},
		})
	}
	if len(rich) > 0 {
		blocks = append(blocks, slackgo.NewRichTextBlock("", rich...))
	}
	if m := l.calls(); m != "" {
		blocks = append(blocks, slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, m, false, true), nil, nil))
	}
	if bs := l.buttonElements(); len(bs) > 0 {
		blocks = append(blocks, slackgo.NewActionBlock("", bs...))
	}
	return blocks
}

// richLines writes lines as the elements of one section of rich text.
func richLines(lines []line) []slackgo.RichTextSectionElement {
	var out []slackgo.RichTextSectionElement
	plain := ""
	flush := func() {
		if plain != "" {
			out, plain = append(out, slackgo.NewRichTextSectionTextElement(plain, nil)), ""
		}
	}
	for i, ln := range lines {
		if i > 0 {
			plain += "\n"
		}
		for _, p := range ln {
			switch {
			case p.text == "":
			case !p.at.IsZero():
				flush()
				out = append(out, slackgo.NewRichTextSectionDateElement(p.at.Unix(), p.format, nil, &p.text))
			case p.bold:
				flush()
				out = append(out, slackgo.NewRichTextSectionTextElement(p.text, &slackgo.RichTextSectionTextStyle{Bold: true}))
			default:
				plain += p.text
			}
		}
	}
	flush()
	return out
}

// calls is the mentions, as Slack writes them.
func (l *letter) calls() string {
	var all []string
	for _, m := range l.mentions {
		all = append(all, string(m))
	}
	return strings.Join(all, " ")
}

func (l *letter) buttonElements() []slackgo.BlockElement {
	var out []slackgo.BlockElement
	for _, b := range l.buttons {
		e := slackgo.NewButtonBlockElement(b.id, "", slackgo.NewTextBlockObject(slackgo.PlainTextType, clip(clean(b.words), buttonLimit), false, false))
		e.URL = b.link
		out = append(out, e)
	}
	return out
}

// fallback is what a phone and a screen reader say of the message: its first line, escaped.
func (l *letter) fallback() string {
	if l.push != "" {
		return escape(l.push)
	}
	if body := l.body(); len(body) > 0 {
		return escape(body[0].plain())
	}
	return "promsnap"
}

// text is the whole letter for a message without blocks. It is sent with markup switched off; what is left of markup is in angle
// brackets, of which words from outside have none.
func (l *letter) text() string {
	var out []string
	if l.push != "" {
		out = append(out, escape(l.push))
	}
	for _, ln := range l.body() {
		var b strings.Builder
		for _, p := range ln {
			if p.at.IsZero() {
				b.WriteString(escape(p.text))
			} else {
				b.WriteString(moment(p))
			}
		}
		out = append(out, b.String())
	}
	if l.code != "" {
		out = append(out, escape(l.code))
	}
	if m := l.calls(); m != "" {
		out = append(out, m)
	}
	var links []string
	for _, b := range l.buttons {
		links = append(links, "<"+bracketed(b.link)+"|"+escape(strings.ReplaceAll(clip(clean(b.words), buttonLimit), "|", "/"))+">")
	}
	if len(links) > 0 {
		out = append(out, strings.Join(links, "  "))
	}
	return strings.Join(out, "\n")
}

// moment is a time in the syntax of messages without blocks.
func moment(p part) string {
	return "<!date^" + strconv.FormatInt(p.at.Unix(), 10) + "^" + p.format + "|" + strings.ReplaceAll(escape(p.text), "|", "/") + ">"
}

// bracketed is a link as it may stand between < and |.
func bracketed(link string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(link)
}

// webLink tells whether s is an address that a button may have.
func webLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && size(s) <= linkLimit
}
