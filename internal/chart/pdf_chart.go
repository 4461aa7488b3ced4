package chart

import (
	"io"
	"math"
	"strconv"
)

// pdfChart implements go-chart's Renderer and our surface as vectors on a page of a PDF. Shapes are
// written in the logical pixels of the picture, under a transformation of the page. Labels come
// after all shapes, in the points of the page.
type pdfChart struct {
	pen
	doc    *PDF
	x, y   float64 // of the picture's top left corner, in points
	scale  float64 // points for a logical pixel
	inside bool    // the transformation is set
}

// begin sets the transformation, which also turns the vertical axis: in a PDF it goes up.
func (s *pdfChart) begin() {
	ops := append(s.doc.ops(), "q "...)
	for _, v := range []float64{s.scale, 0, 0, -s.scale, s.x, s.doc.paper.Height - s.y} {
		ops = append(fixed3(ops, v), ' ')
	}
	s.doc.put(append(ops, "cm 1 J 1 j"...))
	s.inside = true
}

func (s *pdfChart) end() {
	if s.inside {
		s.doc.put([]byte("Q"))
		s.inside = false
	}
}

// Save ends the picture. It writes nothing: the document has it.
func (s *pdfChart) Save(io.Writer) error {
	s.end()
	return nil
}

// Density is one: a logical pixel is about half a point, which is a dot of a plain printer.
func (s *pdfChart) Density() float64 { return 1 }

// Detail allows what nobody sees beside a line of a pixel's width, and about 60 kB before
// compression.
func (s *pdfChart) Detail() (tolerance float64, points int) { return 0.4, 8000 }

func (s *pdfChart) Rect(b box, p paint) { s.Rects([]box{b}, p) }

// Rects fills boxes that are at least as thick as a hairline. Surfaces are a little larger than
// their boxes, so that no seam shows between two of them.
func (s *pdfChart) Rects(bs []box, p paint) {
	const hairline, seam = 0.75, 0.3
	ops := s.ink(p, "rg")
	for _, b := range bs {
		w, h := b.width(), b.height()
		if p.alpha == 255 && w > 1 && h > 1 {
			w, h = w+seam, h+seam
		}
		w, h = max(w, hairline), max(h, hairline)
		for _, v := range []float64{b.left, b.top, w, h} {
			ops = append(fixed2(ops, v), ' ')
		}
		ops = append(ops, "re\n"...)
	}
	s.paint(ops, p, "f")
}

func (s *pdfChart) Line(path []point, width float64, dash []float64, p paint) {
	ops := s.ink(p, "RG")
	ops = append(fixed2(ops, width), " w ["...)
	for _, v := range dash {
		ops = append(fixed2(ops, v), ' ')
	}
	ops = append(ops, "] 0 d\n"...)
	s.paint(pathOps(ops, path), p, "S")
}

// Area fills a polygon for each stretch between gaps.
func (s *pdfChart) Area(upper, lower []point, p paint) {
	n := min(len(upper), len(lower))
	solid := func(i int) bool { return upper[i].drawable() && lower[i].drawable() }
	ops := s.ink(p, "rg")
	for from := 0; from < n; {
		to := from
		for to < n && solid(to) {
			to++
		}
		if to-from > 1 {
			outline := append([]point(nil), upper[from:to]...)
			for i := to - 1; i >= from; i-- {
				outline = append(outline, lower[i])
			}
			ops = append(pathOps(ops, outline), "h\n"...)
		}
		from = max(to, from+1)
	}
	s.paint(ops, p, "f")
}

// Dot fills a circle of four curves.
func (s *pdfChart) Dot(at point, radius float64, p paint) {
	if !at.drawable() {
		return
	}
	const round = 0.5523 // the distance of the control points of a quarter, in radii
	x, y, r, c := float64(at.x), float64(at.y), radius, float64(radius*round)
	ops := s.ink(p, "rg")
	ops = op(ops, "m", x+r, y)
	ops = op(ops, "c", x+r, y+c, x+c, y+r, x, y+r)
	ops = op(ops, "c", x-c, y+r, x-r, y+c, x-r, y)
	ops = op(ops, "c", x-r, y-c, x-c, y-r, x, y-r)
	ops = op(ops, "c", x+c, y-r, x+r, y-c, x+r, y)
	s.paint(ops, p, "f")
}

// Hatch draws each diagonal.
func (s *pdfChart) Hatch(b box, p paint) {
	const apart = 6
	ops := append(s.ink(p, "RG"), "1 w [] 0 d\n"...)
	for d := b.left + b.top; d < b.right+b.bottom; d += apart {
		x, y := min(d-b.top, b.right), max(b.top, d-b.right) // where the line x + y = d enters b
		length := min(x-b.left, b.bottom-y)
		ops = op(op(ops, "m", x, y), "l", x-length, y+length)
	}
	s.paint(ops, p, "S")
}

// Label writes text.
func (s *pdfChart) Label(l label) {
	s.end()
	st := l.style
	st.size *= s.scale
	s.doc.write(l.text, st, s.x+float64(l.x*s.scale), s.y+float64(l.y*s.scale))
}

// ink returns operators that begin with the colour of p.
func (s *pdfChart) ink(p paint, operator string) []byte {
	return rgbOp(s.doc.ops(), light.of(p.ink), operator)
}

// paint writes a path and how it is painted, with the opacity of p.
func (s *pdfChart) paint(ops []byte, p paint, how string) {
	ops = append(ops, how...)
	if p.alpha == 255 {
		s.doc.put(ops)
		return
	}
	s.doc.put([]byte("q"))
	s.doc.file.SetAlpha(float64(p.alpha)/255, "Normal")
	s.doc.put(append(ops, " Q"...))
}

// pathOps appends a path. A point that is not drawable breaks it, and an isolated one is a dot.
func pathOps(ops []byte, path []point) []byte {
	for i, p := range path {
		if !p.drawable() {
			continue
		}
		x, y := float64(p.x), float64(p.y)
		if i > 0 && path[i-1].drawable() {
			ops = op(ops, "l", x, y)
			continue
		}
		ops = op(ops, "m", x, y)
		if i+1 == len(path) || !path[i+1].drawable() {
			ops = op(ops, "l", x, y) // the round cap of a line without length
		}
	}
	return ops
}

// op appends an operator after its numbers, in tenths.
func op(ops []byte, operator string, numbers ...float64) []byte {
	for _, v := range numbers {
		ops = append(decimals(ops, v, 10), ' ')
	}
	return append(append(ops, operator...), '\n')
}

// rgbOp appends the operator that sets a colour.
func rgbOp(ops []byte, c rgb, operator string) []byte {
	r, g, b := c.channels()
	for _, v := range []uint8{r, g, b} {
		ops = append(fixed3(ops, float64(v)/255), ' ')
	}
	return append(append(ops, operator...), '\n')
}

// fixed2 appends v with at most two decimals, and fixed3 with at most three. A PDF has no
// exponents. Numbers that are not finite are 0, and large ones are limited.
func fixed2(ops []byte, v float64) []byte { return decimals(ops, v, 100) }
func fixed3(ops []byte, v float64) []byte { return decimals(ops, v, 1000) }

func decimals(ops []byte, v, unit float64) []byte {
	if math.IsNaN(v) {
		v = 0
	}
	n := int64(math.Round(min(max(v, -farthest), farthest) * unit))
	if n < 0 {
		ops, n = append(ops, '-'), -n
	}
	whole := int64(unit)
	ops = strconv.AppendInt(ops, n/whole, 10)
	rest := n % whole
	if rest == 0 {
		return ops
	}
	ops = append(ops, '.')
	for rest > 0 {
		whole /= 10
		ops = append(ops, byte('0'+rest/whole))
		rest %= whole
	}
	return ops
}

// The rest of go-chart's Renderer. Its skeleton draws the background and the canvas in white, which
// the paper is already.

// Text does nothing: all text is labels.
func (s *pdfChart) Text(string, int, int) {}

// Stroke forgets the path.
func (s *pdfChart) Stroke() { s.paths = s.paths[:0] }

// Fill forgets the path.
func (s *pdfChart) Fill() { s.paths = s.paths[:0] }

// FillStroke forgets the path.
func (s *pdfChart) FillStroke() { s.paths = s.paths[:0] }
