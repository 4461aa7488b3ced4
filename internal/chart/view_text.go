package chart

import (
	"math"
	"strings"

	"github.com/promsnap/promsnap/internal/board"
)

// Distances in a text of a dashboard, in logical pixels.
const (
	textSize     = 12.5
	textLeading  = 1.42 // height of a line by its size
	itemIndent   = 18.0
	quoteIndent  = 12.0
	codePad      = 6.0
	codeAdvance  = 0.6 // width of a letter of code in ems, where code is in columns
	hair         = 0.05
	mostTextRows = 200 // lines, so that a small panel with a long text takes no time
)

// linkInk is the ink of links.
const linkInk = firstSeriesText

// headingSizes are the sizes of headings by their level.
var headingSizes = [...]float64{20, 17, 15, 13.5, 12.5, 12.5}

// textFlow lays out the blocks of a text from the top down, until its box is full.
type textFlow struct {
	*picture
	box  box
	y    float64 // where the next line begins
	full bool    // a line did not fit
	last int     // the label of the newest line; -1: none
}

// addText lays out a text in b.
func (p *picture) addText(text *board.Text, b box) {
	f := &textFlow{picture: p, box: b, y: b.top, last: -1}
	blocks := text.Blocks
	for i := 0; i < len(blocks) && !f.full; i++ {
		switch block := &blocks[i]; block.Kind {
		case board.HeadingBlock:
			f.heading(block, i == 0)
		case board.ItemBlock:
			f.item(block)
		case board.QuoteBlock:
			f.quote(block)
		case board.CodeBlock:
			f.code(block.Code)
		case board.RuleBlock:
			f.rule()
		case board.RowBlock:
			n := i
			for n < len(blocks) && blocks[n].Kind == board.RowBlock && (n == i || !blocks[n].Head) {
				n++
			}
			f.rows(blocks[i:n])
			i = n - 1
		default:
			f.lines(block.Spans, textSize, 0, textInk, regular)
			f.y += 5
		}
	}
	if f.full {
		f.cut()
	}
}

// fits reports whether a line of a height fits. If not, the text ends.
func (f *textFlow) fits(height float64) bool {
	f.full = f.full || f.y+height > f.box.bottom
	return !f.full
}

// cut ends the newest line with an ellipsis.
func (f *textFlow) cut() {
	if f.last < 0 {
		return
	}
	l := &f.labels[f.last]
	room := f.box.right - l.x
	runes := []rune(strings.TrimRight(l.text, " .,;:"+ellipsis))
	for len(runes) > 0 && f.textWidth(string(runes)+ellipsis, l.style) > room {
		runes = runes[:len(runes)-1]
	}
	*l = f.place(string(runes)+ellipsis, l.style, l.x, l.y, left)
}

func (f *textFlow) heading(b *board.Block, first bool) {
	size := headingSizes[min(max(b.Level, 1), len(headingSizes))-1]
	if !first {
		f.y += size * 0.35
	}
	f.lines(b.Spans, size, 0, textInk, medium)
	f.y += 4
}

func (f *textFlow) item(b *board.Block) {
	indent := itemIndent * float64(min(max(b.Level, 0), 5)+1)
	if indent > f.box.width()/2 {
		indent = itemIndent
	}
	mark, y := b.Mark, f.y
	if mark == "" {
		mark = "•"
	}
	if !f.fits(textSize * textLeading) {
		return
	}
	st := style{textSize, regular, textInk}
	mark = f.elide(mark, st, indent-3)
	f.write(mark, st, f.box.left+indent-4, y+textSize*1.1, right)
	f.lines(b.Spans, textSize, indent, textInk, regular)
	f.y = max(f.y, y+textSize*textLeading) + 2
}

func (f *textFlow) quote(b *board.Block) {
	top := f.y
	f.lines(b.Spans, textSize, quoteIndent, mutedInk, regular)
	if f.y > top {
		f.around = append(f.around, block{
			box{f.box.left, top, f.box.left + 3, f.y}, solid(gridInk),
		})
	}
	f.y += 5
}

func (f *textFlow) rule() {
	if !f.fits(11) {
		return
	}
	f.y += 5
	f.around = append(f.around, block{
		box{f.box.left, f.y, f.box.right, f.y + 1}, solid(gridInk),
	})
	f.y += 6
}

// code lays out lines of code on a surface. They are not wrapped. There is no font whose letters
// all have one width, so what is behind two blanks is put where it would be in such a font.
func (f *textFlow) code(text string) {
	const size = 11.5
	st := style{size, regular, textInk}
	pitch := math.Ceil(size * textLeading)
	if !f.fits(pitch + 2*codePad) {
		return
	}
	surface, top := len(f.around), f.y
	f.around = append(f.around, nil) // below the text, as high as its lines
	f.y += codePad
	right := f.box.right - codePad
	for _, line := range strings.Split(text, "\n") {
		if !f.fits(pitch + codePad) {
			break
		}
		end := f.box.left + codePad
		for _, piece := range codePieces(line) {
			x := max(f.box.left+codePad+float64(size*codeAdvance*float64(piece.column)), end)
			words := f.picture.cut(piece.text, st, right-x)
			if words == "" {
				break
			}
			f.last = len(f.labels)
			end = f.write(words, st, x, f.y+size, left).right + 2*hair
		}
		f.y += pitch
	}
	f.y += codePad
	f.around[surface] = block{
		box{f.box.left, top, f.box.right, min(f.y, f.box.bottom)}, solid(zebraInk),
	}
	f.y += 6
}

// codePiece is a part of a line of code without two blanks in a row.
type codePiece struct {
	column int
	text   string
}

func codePieces(line string) []codePiece {
	var pieces []codePiece
	column := 0
	for line != "" {
		rest := strings.TrimLeft(line, " ")
		column += len(line) - len(rest)
		text, after, _ := strings.Cut(rest, "  ")
		if text == "" {
			break
		}
		pieces = append(pieces, codePiece{column, text})
		column += len([]rune(text))
		line = rest[len(rest)-len(after):]
		if len(after) < len(rest)-len(text) {
			column += 2
		}
	}
	return pieces
}
