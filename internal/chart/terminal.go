package chart

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Depth is how many colours a terminal has.
type Depth uint8

// The depths.
const (
	Colourless Depth = iota // no escape sequences at all
	Colours16
	Colours256
)

// TerminalOptions describe a chart that is written to a terminal.
type TerminalOptions struct {
	Width    int            // in columns, 20 to 400; 0: 80
	Height   int            // of the plot in rows, 4 to 60; 0: by the width
	Zone     *time.Location // of every time in the chart; nil: UTC
	Language words.Language // of the fixed words; empty: English
	Colours  Depth
	Dark     bool // the terminal has a dark background
	ASCII    bool // the terminal shows no other characters
}

// bounded fills in the defaults and limits every figure.
func (o TerminalOptions) bounded() TerminalOptions {
	if o.Width == 0 {
		o.Width = 80
	}
	o.Width = min(max(o.Width, 20), 400)
	if o.Height == 0 {
		o.Height = min(max(o.Width/5, 6), 20)
	}
	o.Height = min(max(o.Height, 4), 60)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return o
}

// terminal lays out a panel as lines of text. The rules for axes, units, limits and words are those
// of the pictures.
type terminal struct {
	o      TerminalOptions
	say    speech
	data   *snapshot.Panel
	lines  []snapshot.Line
	limits limits
	axis   units.Axis
	times  times
	out    bytes.Buffer
}

// Terminal draws a panel's series over time as text for a terminal, in braille dots. Each line has
// a letter at its end, which the legend below has too. A panel that failed or has no data becomes a
// text that says so. No line is wider than the terminal. Of what comes from outside, no control
// characters are in the text. The same panel and options give the same text.
func Terminal(p *snapshot.Panel, o TerminalOptions) string {
	o = o.bounded()
	t := &terminal{
		o: o, data: p, say: Options{Zone: o.Zone, Language: o.Language}.speech(),
		lines: p.Lines[:min(len(p.Lines), mostLines)], limits: limitsOf(p), times: timesOf(p.Grid),
	}
	t.heading(outside.Line(cmp.Or(p.Spec.Title, p.Spec.Name)))
	if headline, detail := t.say.nothingToDraw(p); headline != "" {
		t.paragraph(mutedInk, headline)
		t.paragraph(mutedInk, detail)
		return t.out.String()
	}
	t.subtitle()
	t.draw()
	t.legend()
	return t.out.String()
}

// heading writes the title.
func (t *terminal) heading(text string) {
	t.bold(textInk, t.fit(text, t.o.Width))
	t.end()
}

// subtitle writes what is wrong, what is missing and what is shown: one phrase after the other, as
// many on a line as fit.
func (t *terminal) subtitle() {
	used := 0
	for _, ph := range t.say.subtitle(t.data, len(t.lines)) {
		room := max(t.o.Width-t.columns(ph.rest), t.o.Width/2)
		text := outside.MiddleColumns(outside.Line(ph.name), room) + outside.Line(ph.rest)
		if t.columns(text) > t.o.Width {
			if used > 0 {
				t.end()
			}
			t.paragraph(ph.style.ink, text)
			used = 0
			continue
		}
		n := t.columns(text)
		switch {
		case used > 0 && used+2+n <= t.o.Width:
			t.put(mutedInk, "  ")
			used += 2
		case used > 0:
			t.end()
			used = 0
		}
		t.put(ph.style.ink, text)
		used += n
	}
	if used > 0 {
		t.end()
	}
}

// paragraph writes a text, broken between words.
func (t *terminal) paragraph(in ink, text string) {
	used := 0
	for _, word := range strings.Fields(outside.Line(text)) {
		word = t.fit(word, t.o.Width)
		n := t.columns(word)
		switch {
		case used > 0 && used+1+n > t.o.Width:
			t.end()
			used = 0
		case used > 0:
			t.put(in, " ")
			used++
		}
		t.put(in, word)
		used += n
	}
	t.end()
}

// columns returns how many columns a text takes on this terminal.
func (t *terminal) columns(text string) int { return outside.Columns(t.spelled(text)) }

// fit returns a text as this terminal shows it, shortened in its middle to a number of columns.
func (t *terminal) fit(text string, columns int) string {
	return outside.MiddleColumns(t.spelled(text), columns)
}

// padded returns a text that takes a number of columns, which is shortened or filled with blanks on
// one side.
func (t *terminal) padded(text string, columns int, a align) string {
	text = t.fit(text, columns)
	blanks := strings.Repeat(" ", max(columns-t.columns(text), 0))
	if a == right {
		return blanks + text
	}
	return text + blanks
}

// asciiSpellings spells characters of our own texts in ASCII. Others become question marks.
var asciiSpellings = strings.NewReplacer("−", "-", "–", "-", "…", "~", "∞", "Inf", "µ", "u", "·",
	"-", "→", "->", "\u00a0", " ")

// spelled returns a text as this terminal shows it.
func (t *terminal) spelled(text string) string {
	if !t.o.ASCII {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, asciiSpellings.Replace(text))
}
