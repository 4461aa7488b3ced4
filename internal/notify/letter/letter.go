// Package letter composes the text of a message once for every receiver: the first line, the lines
// below it, the links and the pictures. It knows no transport. Slack, e-mail and a terminal encode
// a Letter in their own way and within their own Limits. Receivers that are programs use single
// sentences.
package letter

import (
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
)

// Letter is one message before it is encoded. Each text is one line without control characters.
// Markup in it means nothing: the transport escapes it.
type Letter struct {
	Title    string         // the first line, and what a phone shows
	Lines    []Line         // below it
	Commands []Commands     // below the lines
	Severity rules.Severity // decides who is notified; None: nobody
	Links    []Link
	Pictures []Picture
}

// HasText reports whether the letter has anything below its title to read.
func (l *Letter) HasText() bool { return len(l.Lines)+len(l.Commands) > 0 }

// Text returns the letter as plain text, with further lines before the words of its links.
func (l *Letter) Text(more ...string) string {
	var text []string
	if l.Title != "" {
		text = append(text, l.Title)
	}
	for _, ln := range l.Lines {
		text = append(text, ln.String())
	}
	for _, c := range l.Commands {
		text = append(append(text, c.Words), c.Lines...)
	}
	text = append(text, more...)
	var links []string
	for _, to := range l.Links {
		links = append(links, "["+to.Words+"]")
	}
	if len(links) > 0 {
		text = append(text, strings.Join(links, " "))
	}
	return strings.Join(text, "\n")
}

// Line is one line of a letter.
type Line []Part

// Part is a piece of a line. Its text is literal.
type Part struct {
	Text  string
	Bold  bool
	Whole bool // the text is a location, which is shown in full or not at all
	// a time, which a transport may show in each reader's own zone; Text is the same time as text.
	// Zero: none
	At  time.Time
	Day bool // whether the time has a day, else only the time of day
}

// Link is a link of a letter.
type Link struct {
	ID    string // "report", "query" or "runbook"
	Words string // the text of the link
	URL   string
}

// Limits are the sizes that a transport accepts, in the units of Width.
type Limits struct {
	Title int // of the first line
	Line  int // of a line, so that a very long name costs one line and not the message
	Place int // of a location in a line, which is useless in part
	Body  int // of all lines together; lists are short, so they stay far below it
	Code  int // of all commands under one heading
	URL   int // of a link's address
	Alt   int // of a picture's description

	Width func(r rune) int // the room that a character takes; nil: 1
}

// String returns the line as plain text.
func (l Line) String() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.Text)
	}
	return b.String()
}

// with returns the letter with further lines, except empty ones.
func (l Letter) with(more ...Line) Letter {
	for _, ln := range more {
		if len(ln) > 0 {
			l.Lines = append(l.Lines, ln)
		}
	}
	return l
}

// text returns a line of one text.
func text(s string) Line { return Line{{Text: outside.Line(s)}} }

// join joins lines with a separator and leaves out empty ones.
func join(separator string, lines ...Line) Line {
	var out Line
	for _, l := range lines {
		if len(l) == 0 || len(l) == 1 && l[0].Text == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, Part{Text: separator})
		}
		out = append(out, l...)
	}
	return out
}

// fill fills lines into a format of package words, with the verbs %[1]s, %[2]s and so on.
func fill(format string, args ...Line) Line {
	var out Line
	for format != "" {
		i := strings.Index(format, "%[")
		if i < 0 || len(format) < i+5 {
			return append(out, Part{Text: format})
		}
		if i > 0 {
			out = append(out, Part{Text: format[:i]})
		}
		if n := int(format[i+2] - '1'); n >= 0 && n < len(args) {
			out = append(out, args[n]...)
		}
		format = format[i+len("%[1]s"):]
	}
	return out
}

// fillText is fill for plain texts.
func fillText(format string, args ...string) string {
	lines := make([]Line, len(args))
	for i, a := range args {
		lines[i] = text(a)
	}
	return fill(format, lines...).String()
}

// fit cuts a letter to the limits. It is the last resort: lists count what they leave out
// themselves.
func (l Limits) fit(of Letter) Letter {
	room := l.Body
	var lines []Line
	for _, ln := range of.Lines {
		ln = l.Cut(ln, l.Line)
		if room -= l.Size(ln.String()) + 1; room < 0 {
			lines = append(lines[:max(len(lines)-1, 0)], text("…"))
			break
		}
		lines = append(lines, ln)
	}
	of.Lines = lines
	return of
}

// Cut shortens a line to n units, between two words, and marks that with an ellipsis. Locations may
// make the line longer by up to Place.
func (l Limits) Cut(ln Line, n int) Line {
	if l.Size(ln.String()) <= n {
		return ln
	}
	var out Line
	room := n - 1
	for _, p := range ln {
		if s := l.Size(p.Text); p.Whole && s <= l.Place {
			out, room = append(out, p), max(room-s, 0)
			continue
		} else if p.Whole && s > room {
			return append(out, Part{Text: "…"})
		}
		if s := l.Size(p.Text); s <= room {
			out, room = append(out, p), room-s
			continue
		}
		return append(out, Part{Text: l.begin(p.Text, room) + "…", Bold: p.Bold})
	}
	return out
}

// Size returns the room that a text takes.
func (l Limits) Size(s string) int {
	n := 0
	for _, r := range s {
		n += l.width(r)
	}
	return n
}

func (l Limits) width(r rune) int {
	if l.Width == nil {
		return 1
	}
	return l.Width(r)
}

// head returns the start of s that fits into n units.
func (l Limits) head(s string, n int) string {
	for i, r := range s {
		if n -= l.width(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// begin returns the start of s that fits into n units, without a word that does not fit and without
// a part of text in backquotes. A word longer than half of the room is a long name, so its start is
// kept, unless it is an address.
func (l Limits) begin(s string, n int) string {
	fits := l.head(s, n)
	if len(fits) == len(s) {
		return s
	}
	if open := strings.LastIndexByte(fits, '`'); open >= 0 && strings.Count(fits, "`")%2 == 1 &&
		strings.Contains(s[open+1:], "`") {
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

// Clip returns s, or as much of it as fits into n units with an ellipsis.
func (l Limits) Clip(s string, n int) string {
	if l.Size(s) <= n {
		return s
	}
	return l.begin(s, n-1) + "…"
}

// middle shortens s to n units by cutting out its middle, the part of a name that is missed least.
func (l Limits) middle(s string, n int) string {
	if l.Size(s) <= n || n < 3 {
		return l.Clip(s, n)
	}
	front := l.head(s, n/2)
	rest, back := []rune(s[len(front):]), 0
	from := len(rest)
	for from > 0 && back+l.width(rest[from-1]) <= n-1-l.Size(front) {
		from--
		back += l.width(rest[from])
	}
	return front + "…" + string(rest[from:])
}

// links reports whether s is an address that a link of the letter may have.
func (l Limits) links(s string) bool { return IsLink(s) && l.Size(s) <= l.URL }

// IsLink reports whether s is a web address.
func IsLink(s string) bool {
	_, err := exchange.WebURL(s)
	return err == nil
}
