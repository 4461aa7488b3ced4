package chart

import (
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/board"
)

// textPiece is words of one look in a line.
type textPiece struct {
	text  string
	x     float64 // from the beginning of the line
	style style
	code  bool
}

// styleOf returns the look of a span.
func styleOf(s *board.Span, size float64, i ink, w weight) style {
	st := style{size, w, i}
	if s.Strong {
		st.weight = medium
	}
	if s.URL != "" {
		st.ink = linkInk
	}
	return st
}

// breakLines breaks spans into at most most lines of a width. The last one may be followed by more.
func (p *picture) breakLines(spans []board.Span, size, width float64, i ink, w weight,
	most int) (lines [][]textPiece, more bool) {
	b := &lineBreaker{picture: p, width: width, most: most}
	for k := range spans {
		st := styleOf(&spans[k], size, i, w)
		for _, token := range tokens(spans[k].Text) {
			if b.add(token, st, spans[k].Code); len(b.lines) > most {
				return b.lines[:most], true
			}
		}
	}
	return b.lines, false
}

// tokens splits a text into words and the blanks between them.
func tokens(text string) []string {
	var out []string
	for text != "" {
		n := strings.IndexByte(text, ' ')
		switch {
		case n < 0:
			n = len(text)
		case n == 0:
			n = len(text) - len(strings.TrimLeft(text, " "))
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// lineBreaker puts words into lines.
type lineBreaker struct {
	*picture
	width float64
	most  int
	lines [][]textPiece
	x     float64 // where the next word begins
	blank bool    // a blank is before it
}

// add adds a word, or blanks.
func (b *lineBreaker) add(token string, st style, code bool) {
	if strings.TrimLeft(token, " ") == "" {
		b.blank = true
		return
	}
	blank := 0.0
	if b.blank && b.x > 0 {
		blank = b.textWidth(" ", st)
	}
	need := b.textWidth(token, st)
	if len(b.lines) == 0 || b.x > 0 && b.x+blank+need > b.width {
		b.newLine()
		blank = 0
	}
	for need > b.width-b.x-blank { // longer than a line
		n := b.cutAt(token, st, b.width-b.x-blank)
		b.put(token[:n], st, code, blank)
		token, blank = token[n:], 0
		if token == "" || len(b.lines) > b.most {
			return
		}
		b.newLine()
		need = b.textWidth(token, st)
	}
	b.put(token, st, code, blank)
}

// cutAt returns how many bytes of a word fit into room, at least one letter.
func (b *lineBreaker) cutAt(word string, st style, room float64) int {
	n := 0
	for n < len(word) {
		r, size := utf8.DecodeRuneInString(word[n:])
		if room -= b.textWidth(string(r), st); room < 0 && n > 0 {
			break
		}
		n += size
	}
	return n
}

func (b *lineBreaker) newLine() {
	b.lines = append(b.lines, nil)
	b.x, b.blank = 0, false
}

// put adds a word to the newest line. Words of one look become one piece.
func (b *lineBreaker) put(word string, st style, code bool, blank float64) {
	line := &b.lines[len(b.lines)-1]
	b.blank = false
	if n := len(*line); n > 0 {
		last := &(*line)[n-1]
		if last.style == st && last.code == code {
			if blank > 0 {
				last.text += " "
			}
			last.text += word
			b.x = last.x + b.textWidth(last.text, st)
			return
		}
		blank += hair
		if code || last.code {
			blank += 2
		}
	}
	*line = append(*line, textPiece{word, b.x + blank, st, code})
	b.x += blank + b.textWidth(word, st)
}

// lines lays out spans as lines below each other.
func (f *textFlow) lines(spans []board.Span, size, indent float64, i ink, w weight) {
	pitch := size * textLeading
	room := f.box.width() - indent
	if room < size || f.box.bottom-f.y < pitch {
		f.full = true
		return
	}
	most := min(int((f.box.bottom-f.y)/pitch), mostTextRows)
	lines, more := f.breakLines(spans, size, room, i, w, most)
	for _, line := range lines {
		f.writeLine(line, f.box.left+indent, f.y, size)
		f.y += pitch
	}
	f.full = f.full || more
}

// writeLine writes the pieces of a line that begins at x, y.
func (f *textFlow) writeLine(line []textPiece, x, y, size float64) {
	for _, piece := range line {
		f.last = len(f.labels)
		at := f.write(piece.text, piece.style, x+piece.x, y+size*1.1, left)
		if piece.code {
			f.around = append(f.around, block{
				box{
					max(at.left-2, f.box.left), at.top - 2, min(at.right+2, f.box.right), at.bottom,
				}, solid(gridInk),
			})
		}
	}
}

// rows lays out a table of a text. Its columns are as wide as their cells, and the widest give way.
func (f *textFlow) rows(blocks []board.Block) {
	n := 0
	for i := range blocks {
		n = max(n, len(blocks[i].Cells))
	}
	n = min(n, int(f.box.width()/leastColumn))
	if n < 1 {
		return
	}
	widths := make([]float64, n)
	for i := range blocks {
		for k := range min(n, len(blocks[i].Cells)) {
			widths[k] = max(widths[k], f.spansWidth(blocks[i].Cells[k])+2*cellInset+1)
		}
	}
	for k := range widths {
		widths[k] = max(widths[k], leastColumn)
	}
	narrowTo(widths, f.box.width())
	for i := range blocks {
		f.textRow(&blocks[i], widths)
	}
	f.y += 6
}

// spansWidth returns the width of spans in one line.
func (f *textFlow) spansWidth(spans []board.Span) float64 {
	width := 0.0
	for i := range spans {
		st := styleOf(&spans[i], textSize, textInk, medium)
		width += f.textWidth(spans[i].Text, st) + hair
	}
	return width
}

// textRow lays out a row of a table. A cell has one line.
func (f *textFlow) textRow(b *board.Block, widths []float64) {
	if !f.fits(gridRow) {
		return
	}
	w := regular
	if b.Head {
		w = medium
	}
	x := f.box.left
	for k, width := range widths {
		if k < len(b.Cells) {
			lines, more := f.breakLines(b.Cells[k], textSize, width-2*cellInset, textInk, w, 1)
			if len(lines) > 0 {
				f.writeLine(lines[0], x+cellInset, f.y+2, textSize)
			}
			if more {
				f.cutCell(x + width - cellInset)
			}
		}
		x += width
	}
	f.y += gridRow
	line := solid(gridInk)
	if b.Head {
		line = solid(axisInk)
	}
	f.around = append(f.around, block{box{f.box.left, f.y - 1, min(x, f.box.right), f.y}, line})
}

// cutCell ends the newest label with an ellipsis before right.
func (f *textFlow) cutCell(right float64) {
	box := f.box
	f.box.right = right
	f.cut()
	f.box = box
}
