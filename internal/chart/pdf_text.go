package chart

import (
	"bytes"
	"slices"
	"strings"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"

	"github.com/promsnap/promsnap/internal/outside"
)

// Colour is a colour as 0xRRGGBB.
type Colour uint32

// TextStyle is the look of text in a PDF. Its size is in points.
type TextStyle struct {
	Size   float64
	Bold   bool
	Colour Colour
}

func (t TextStyle) style() style {
	st := style{size: t.Size, ink: ownExact | ink(t.Colour)}
	if t.Bold {
		st.weight = medium
	}
	return st
}

// mostText is the length of a text in characters. Longer ones lose their middle.
const mostText = 2000

// plainText returns a text as it is written.
func plainText(s string) string { return outside.Middle(outside.Line(s), mostText) }

// Write writes text on the current page. Its left end is at x, and its baseline at y. Spaces at
// which no line breaks are plain spaces, so that a search finds them.
func (d *PDF) Write(text string, st TextStyle, x, y float64) {
	d.write(strings.ReplaceAll(plainText(text), "\u00a0", " "), st.style(), x, y)
}

// Width returns the width of a text.
func (d *PDF) Width(text string, st TextStyle) float64 {
	return d.text.textWidth(plainText(text), st.style())
}

// Elide shortens a text in its middle until it fits into room.
func (d *PDF) Elide(text string, st TextStyle, room float64) string {
	return d.text.elide(plainText(text), st.style(), room)
}

// Wrap breaks a text at its spaces into at most most lines that fit into room. The last one has
// what is left, shortened. A word that is wider than a line is divided.
func (d *PDF) Wrap(text string, st TextStyle, room float64, most int) []string {
	in := st.style()
	blank := d.text.textWidth(" ", in)
	var lines []string
	used := room // of the last line
	for _, word := range strings.FieldsFunc(plainText(text), isSpace) {
		for i, part := range d.divided(word, in, room) {
			wide := d.text.textWidth(part, in)
			if i > 0 || used+blank+wide > room {
				lines, used = append(lines, part), wide
				continue
			}
			lines[len(lines)-1] += " " + part
			used += blank + wide
		}
	}
	if len(lines) > most {
		rest := strings.Join(lines[most-1:], " ")
		lines = append(lines[:most-1], d.text.elide(rest, in, room))
	}
	return lines
}

func isSpace(r rune) bool { return r == ' ' }

// divided returns the parts of a word that fit into room, each with at least one character.
func (d *PDF) divided(word string, st style, room float64) []string {
	var parts []string
	begin, used := 0, 0.0
	for i, r := range word {
		wide := float64(d.text.faces[st.weight].find(r).advance * st.size)
		if used+wide > room && i > begin {
			parts, begin, used = append(parts, word[begin:i]), i, 0
		}
		used += wide
	}
	return append(parts, word[begin:])
}

// Box fills a rectangle.
func (d *PDF) Box(x, y, width, height float64, c Colour) {
	d.put(append(d.rectangle(rgbOp(d.ops(), rgb(c), "rg"), x, y, width, height), 'f'))
}

// Frame draws the border of a rectangle.
func (d *PDF) Frame(x, y, width, height, thick float64, c Colour) {
	ops := append(fixed2(rgbOp(d.ops(), rgb(c), "RG"), thick), " w [] 0 d\n"...)
	d.put(append(d.rectangle(ops, x, y, width, height), 'S'))
}

func (d *PDF) rectangle(ops []byte, x, y, width, height float64) []byte {
	return op(ops, "re", x, d.paper.Height-y-height, width, height)
}

// Course draws a line through the points of xs and ys. A coordinate that is not finite breaks it.
// Dash is a pattern of lengths on and off; nil: a solid line.
func (d *PDF) Course(xs, ys []float64, thick float64, dash []float64, c Colour) {
	path := make([]point, min(len(xs), len(ys)))
	for i := range path {
		path[i] = point{float32(xs[i]), float32(d.paper.Height - ys[i])}
	}
	ops := append(fixed2(rgbOp(d.ops(), rgb(c), "RG"), thick), " w 1 J 1 j ["...)
	for _, v := range dash {
		ops = append(fixed2(ops, v), ' ')
	}
	d.put(append(pathOps(append(ops, "] 0 d\n"...), path), 'S'))
}

// ops returns an empty list of operators.
func (d *PDF) ops() []byte { return make([]byte, 0, 128) }

// put writes operators to the current page.
func (d *PDF) put(ops []byte) { d.file.RawWriteStr(string(ops)) }

// write writes one line of text, each part of it in the first font that has its runes.
func (d *PDF) write(text string, st style, x, y float64) {
	face := d.text.faces[st.weight]
	c := light.of(st.ink)
	r, g, b := c.channels()
	d.file.SetTextColor(int(r), int(g), int(b))
	var of *fontFile
	begin, at := 0, x
	flush := func(end int) {
		if of != nil && begin < end {
			d.selectFont(of, st.size)
			d.file.Text(at, y, text[begin:end])
		}
		begin = end
	}
	for i, r := range text {
		found := face.find(r)
		if of == nil || found.font != of || !embeds(found.font, r) {
			flush(i)
			of, at = nil, x
			switch {
			case found.font == nil:
				d.hollow(x, y, st.size, c)
			case embeds(found.font, r):
				of = found.font
			default:
				d.outline(found, x, y, st.size, c)
			}
			if of == nil {
				begin = i + len(string(r))
			}
		}
		x += float64(found.advance * st.size)
	}
	flush(len(text))
}

// embeds reports whether a rune of a font is text of the document. fpdf cannot encode runes beyond
// 16 bits.
func embeds(f *fontFile, r rune) bool { return f != nil && f.ttf != nil && r <= 0xFFFF }

// hollow draws the box for a rune that no font has.
func (d *PDF) hollow(x, y, size float64, c rgb) {
	d.Frame(x+0.08*size, y-0.7*size, (boxAdvance-0.16)*size, 0.7*size, 0.05*size, Colour(c))
}

// outline draws a letter as a shape. A letter that is damaged in the font is empty.
func (d *PDF) outline(g glyphRef, x, y, size float64, c rgb) {
	defer func() { _ = recover() }() // freetype trusts the tables of a font
	var buf truetype.GlyphBuf
	if buf.Load(g.font.Font, g.font.em, g.index, font.HintingNone) != nil {
		return
	}
	unit := size / float64(g.font.em)
	at := func(p truetype.Point) (float64, float64) {
		return x + float64(float64(p.X)*unit), d.paper.Height - y + float64(float64(p.Y)*unit)
	}
	ops, from := rgbOp(d.ops(), c, "rg"), 0
	for _, end := range buf.Ends {
		ops = contour(ops, buf.Points[from:end], at)
		from = end
	}
	d.put(append(ops, 'f'))
}

// contour appends a closed contour of a letter. Between two points that are not on it, there is one
// in the middle that is.
func contour(ops []byte, points []truetype.Point,
	at func(truetype.Point) (float64, float64)) []byte {
	if len(points) == 0 {
		return ops
	}
	on := func(p truetype.Point) bool { return p.Flags&1 != 0 }
	middle := func(a, b truetype.Point) truetype.Point {
		return truetype.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2, Flags: 1}
	}
	first := slices.IndexFunc(points, on)
	start := middle(points[0], points[len(points)-1])
	if first >= 0 {
		start = points[first]
	}
	x, y := at(start)
	ops = op(ops, "m", x, y)
	curve := func(control, to truetype.Point) { // a quadratic curve as a cubic one
		cx, cy := at(control)
		tx, ty := at(to)
		ops = op(ops, "c", x+float64((cx-x)*2/3), y+float64((cy-y)*2/3),
			tx+float64((cx-tx)*2/3), ty+float64((cy-ty)*2/3), tx, ty)
		x, y = tx, ty
	}
	var control *truetype.Point
	for i := range points {
		p := points[(max(first, -1)+1+i)%len(points)]
		switch {
		case on(p) && control == nil:
			x, y = at(p)
			ops = op(ops, "l", x, y)
		case on(p):
			curve(*control, p)
			control = nil
		default:
			if control != nil {
				curve(*control, middle(*control, p))
			}
			control = &p
		}
	}
	if control != nil {
		curve(*control, start)
	}
	return append(ops, "h\n"...)
}

// fpdf names an embedded font utf8 and then its family in lower case. The name of a subset must
// begin with a tag of six capitals and a plus sign, which tagSubsets puts in place of the first
// characters.
const untagged, tagged = "/utf8a", "/PSNAP"

// selectFont makes a font that of the next text. The first time, the document gets it.
func (d *PDF) selectFont(f *fontFile, size float64) {
	family, known := d.families[f]
	if !known {
		family = "a" + string(rune('a'+len(d.families))) + "+" + f.name
		d.families[f] = family
		d.file.AddUTF8FontFromBytes(family, "", bytes.Clone(f.ttf)) // fpdf writes into its copy
	}
	d.file.SetFont(family, "", size)
}

// tagSubsets replaces the beginnings of the names of fonts with others of the same length.
func tagSubsets(file []byte) []byte {
	for i := range len(typefaces) * len(typefaces[regular]) {
		letter := string(rune('a' + i))
		file = bytes.ReplaceAll(file, []byte(untagged+letter+"+"),
			[]byte(tagged+strings.ToUpper(letter)+"+"))
	}
	return file
}
