package pdf

import (
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
)

// The colours of templates/report.css on light paper. What a colour says, a word says too.
const (
	inkColour   chart.Colour = 0x1F2933
	mutedColour chart.Colour = 0x5B6770
	lineColour  chart.Colour = 0xD5DAE0
	linkColour  chart.Colour = 0x0B5C8F
	barColour   chart.Colour = 0x5B6770
	trackColour chart.Colour = 0xE4E7EB
	white       chart.Colour = 0xFFFFFF
)

// tone has the colours of a state.
type tone struct{ text, mark, soft chart.Colour }

// toneOf returns the colours of a state by its name in report.
func toneOf(class string) tone {
	switch class {
	case "critical", "failed":
		return tone{0xB32626, 0xC53030, 0xFDF2F2}
	case "warning":
		return tone{0x8A5A12, 0xB7791F, 0xFDF8EE}
	case "pending":
		return tone{0x5B6770, 0xB7791F, 0xF1F8F4}
	case "ok":
		return tone{0x2A6F47, 0xA5CFB8, 0xF1F8F4}
	}
	return tone{0x5B6770, 0x9AA5B1, 0xF3F5F7}
}

// Styles of text. A size in points is about 1.35 times that of print in a book's column.
var (
	body     = chart.TextStyle{Size: 9, Colour: inkColour}
	strong   = chart.TextStyle{Size: 9, Bold: true, Colour: inkColour}
	muted    = chart.TextStyle{Size: 9, Colour: mutedColour}
	small    = chart.TextStyle{Size: 7.5, Colour: mutedColour}
	smallInk = chart.TextStyle{Size: 7.5, Colour: inkColour}
	heading  = chart.TextStyle{Size: 12.5, Bold: true, Colour: inkColour}
	label    = chart.TextStyle{Size: 8.5, Bold: true, Colour: mutedColour}
)

// hairline is the thickness of rules.
const hairline = 0.6

// pitch returns the distance of the lines of a style.
func pitch(st chart.TextStyle) float64 { return float64(st.Size * 1.36) }

// rise returns how far the first baseline of a style is below the top of its block.
func rise(st chart.TextStyle) float64 { return float64(st.Size * 1.02) }

// wrap breaks a text into at most most lines, but not between a number and its unit.
func (p *paper) wrap(text string, st chart.TextStyle, room float64, most int) []string {
	return p.file.Wrap(report.Joined(text), st, room, most)
}

// paragraph returns a block of text over the width of the page, in at most most lines.
func (l *layout) paragraph(text string, st chart.TextStyle, most int) block {
	return l.column(text, st, 0, l.width, most)
}

// column returns a block of text in a part of the page's width.
func (l *layout) column(text string, st chart.TextStyle, x, width float64, most int) block {
	lines := l.wrap(text, st, width, most)
	return block{
		height: float64(len(lines)) * pitch(st), draw: func(p *paper, y float64) {
			p.lines(lines, st, side+x, y)
		},
	}
}

// lines writes lines below each other. y is the top of the first.
func (p *paper) lines(lines []string, st chart.TextStyle, x, y float64) float64 {
	for _, line := range lines {
		p.file.Write(line, st, x, y+rise(st))
		y += pitch(st)
	}
	return y
}

// right writes a text that ends at x.
func (p *paper) right(text string, st chart.TextStyle, x, y float64) {
	p.file.Write(text, st, x-p.file.Width(text, st), y+rise(st))
}

// section adds a heading of the document's parts.
func (l *layout) section(title string, st chart.TextStyle) {
	b := l.paragraph(title, st, 2)
	b.height += 4
	b.before, b.with, b.mark = 18, true, title
	if len(l.blocks) == 0 {
		b.before = 0
	}
	l.add(b)
}

// note adds a line that says what is not here; nothing if text is empty.
func (l *layout) note(text string) {
	if text == "" {
		return
	}
	b := l.paragraph(text, small, 2)
	b.before = 4
	l.blocks[len(l.blocks)-1].with = true
	l.add(b)
}

// share draws a bar for a share of a total.
func (p *paper) share(ratio float64, class string, x, y, width float64) {
	if ratio != ratio || ratio < -1 {
		return
	}
	p.file.Box(x, y, width, 3, trackColour)
	c := barColour
	if class == "critical" || class == "warning" {
		c = toneOf(class).mark
	}
	if filled := width * min(max(ratio, 0), 1); filled > 0 {
		p.file.Box(x, y, filled, 3, c)
	}
}
