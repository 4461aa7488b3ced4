// Package letter puts what a receiver is told into words, once for every receiver: the first line,
// the lines below it, the links and the pictures. It knows no transport: Slack, e-mail and a
// terminal encode a Letter in their own terms, within their own Limits; receivers that are machines
// take single sentences.
package letter

import (
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
)

// Letter is one message before any transport. All texts are one line each, without control
// characters; what they hold of markup means nothing, and the transport escapes it.
type Letter struct {
	Title    string         // the first line, and what a phone shows
	Lines    []Line         // below it
	Code     string         // a command, below the lines; "": none
	Severity rules.Severity // whom it is to disturb; None: nobody
	Links    []Link
	Pictures []Picture
}

// Line is one line of a letter.
type Line []Part

// Part is a piece of a line. Its text is taken literally, whatever is in it.
type Part struct {
	Text  string
	Bold  bool
	Whole bool // the text is a place, which is said whole or not at all
	// a moment, which a transport may show in each reader's own zone; Text is how it reads without.
	// Zero: none
	At  time.Time
	Day bool // the moment is a day and an hour, else the hour alone
}

// Link is an address to go to from a letter.
type Link struct {
	ID    string // "report", "query" or "runbook"
	Words string // what it is called
	URL   string
}

// Limits are the sizes that a transport has room for, in the units of Width.
type Limits struct {
	Title int // of the first line
	Line  int // of a line, so that a name of 10,000 letters costs a line and not a message
	Place int // of a place in a line, which is of no use in part
	Body  int // of all lines, of which there are never so many that they come near it
	Code  int // of a command
	URL   int // of a link's address
	Alt   int // of a picture's description

	Width func(r rune) int // how much room a character takes; nil: 1
}

// String is the line as a text.
func (l Line) String() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.Text)
	}
	return b.String()
}

// text is a line of one text.
func text(s string) Line { return Line{{Text: outside.Line(s)}} }

// join puts lines behind each other with a separator; empty ones are left out.
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

// fill puts lines into a format of package words, whose verbs are %[1]s, %[2]s and so on.
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

// fillText is fill for texts alone.
func fillText(format string, args ...string) string {
	lines := make([]Line, len(args))
	for i, a := range args {
		lines[i] = text(a)
	}
	return fill(format, lines...).String()
}

// fit cuts a letter to the limits. What a list leaves out is counted in the list itself; this is
// the last resort.
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

// Cut shortens a line to n units, between two words; an ellipsis says so. A place may make it
// longer by Place.
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

// Size is how much room a text takes.
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

// head is what of s fits into n units.
func (l Limits) head(s string, n int) string {
	for i, r := range s {
		if n -= l.width(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// begin is what of s fits into n units, without the word that does not fit whole, and without a
// part of what stands in backquotes. A word that is longer than half of the room is a name without
// an end, of which its begin is kept; an address is not.
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

// Clip is s, or as much of it as fits into n units with an ellipsis.
func (l Limits) Clip(s string, n int) string {
	if l.Size(s) <= n {
		return s
	}
	return l.begin(s, n-1) + "…"
}

// middle shortens s to n units by what is least missed of a name: its middle.
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

// links tells whether s is an address that a link of the letter may have.
func (l Limits) links(s string) bool { return IsLink(s) && l.Size(s) <= l.URL }

// IsLink tells whether s is an address of the web.
func IsLink(s string) bool {
	_, err := exchange.WebURL(s)
	return err == nil
}
