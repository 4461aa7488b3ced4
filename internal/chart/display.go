package chart

import "math"

// displayList holds the items of a picture, in device pixels and in order. It is painted once for
// each band of the picture, skipping items outside the band. Its memory is reused for the next
// picture.
type displayList struct {
	list    []item
	rects   []cut
	points  []point
	columns []float32
}

// cut is a rectangle: x0 ≤ x < x1, y0 ≤ y < y1.
type cut struct{ x0, y0, x1, y1 int32 }

// item is one part of a displayList. Its data are in the list for its kind, from from to to.
type item struct {
	kind        itemKind
	alpha       uint8
	colour      rgb
	top, bottom int // the rows that it can touch: top ≤ y < bottom
	from, to    int
	width       float64    // of a line
	mask        *glyphMask // of a letter
	cut         cut        // of a hatch; of a letter, x0 and y0; of an area, x0 and x1
	step, thick int        // of a hatch
}

type itemKind uint8

const (
	rectItem itemKind = iota
	lineItem
	areaItem
	hatchItem
	glyphItem
)

func (s *displayList) reset() {
	clear(s.list) // release the masks
	s.list, s.rects, s.points, s.columns = s.list[:0], s.rects[:0], s.points[:0], s.columns[:0]
}

// rect adds a filled rectangle. Consecutive rectangles of one colour are one item.
func (s *displayList) rect(x0, y0, x1, y1 int, c rgb, alpha uint8) {
	if n := len(s.list); n == 0 || s.list[n-1].kind != rectItem || s.list[n-1].colour != c ||
		s.list[n-1].alpha != alpha {
		s.list = append(s.list, item{
			kind: rectItem, colour: c, alpha: alpha, top: y0, bottom: y1, from: len(s.rects),
			to: len(s.rects),
		})
	}
	s.rects = append(s.rects, cut{int32(x0), int32(y0), int32(x1), int32(y1)})
	last := &s.list[len(s.list)-1]
	last.top, last.bottom, last.to = min(last.top, y0), max(last.bottom, y1), len(s.rects)
}

// line adds a stroked path.
func (s *displayList) line(path []point, width float64, c rgb, alpha uint8) {
	top, bottom := float32(farthest), float32(-farthest)
	for _, p := range path {
		if p.drawable() {
			top, bottom = min(top, p.y), max(bottom, p.y)
		}
	}
	if top > bottom {
		return
	}
	reach := int(width) + 2
	from := len(s.points)
	s.points = append(s.points, path...)
	s.list = append(s.list, item{
		kind: lineItem, colour: c, alpha: alpha, width: width, from: from, to: len(s.points),
		top: int(top) - reach, bottom: int(bottom) + reach,
	})
}

// area adds the space between two edges in the columns x0 ≤ x < x1. It returns the edges for the
// caller to fill in: a row for each column, or NaN. The caller then calls bound.
func (s *displayList) area(x0, x1 int, c rgb, alpha uint8) (upper, lower []float32) {
	from := len(s.columns)
	for range 2 * (x1 - x0) {
		s.columns = append(s.columns, float32(math.NaN()))
	}
	s.list = append(s.list, item{
		kind: areaItem, colour: c, alpha: alpha, from: from, to: len(s.columns),
		cut: cut{x0: int32(x0), x1: int32(x1)},
	})
	return s.columns[from : from+x1-x0], s.columns[from+x1-x0:]
}

// bound finds the rows that the last area touches.
func (s *displayList) bound() {
	k := &s.list[len(s.list)-1]
	half := (k.from + k.to) / 2
	k.top, k.bottom = farthest, -farthest
	for i, y := range s.columns[k.from:half] {
		if low := s.columns[half+i]; y < low { // false for NaN
			k.top, k.bottom = min(k.top, int(y)), max(k.bottom, int(low)+1)
		}
	}
}

// hatch adds diagonals in a rectangle, step apart and thick wide.
func (s *displayList) hatch(x0, y0, x1, y1, step, thick int, c rgb, alpha uint8) {
	s.list = append(s.list, item{
		kind: hatchItem, colour: c, alpha: alpha, top: y0, bottom: y1, step: step, thick: thick,
		cut: cut{int32(x0), int32(y0), int32(x1), int32(y1)},
	})
}

// glyph adds a letter whose top left corner is at x, y.
func (s *displayList) glyph(m *glyphMask, x, y int, c rgb) {
	s.list = append(s.list, item{
		kind: glyphItem, colour: c, mask: m, top: y, bottom: y + m.height, cut: cut{
			x0: int32(x), y0: int32(y),
		},
	})
}

// paint paints the items that reach into the rows of b.
func (s *displayList) paint(b *bitmap, pen *stroker) {
	for i := range s.list {
		k := &s.list[i]
		if k.top >= b.bottom || k.bottom <= b.top {
			continue
		}
		switch k.kind {
		case rectItem:
			for _, r := range s.rects[k.from:k.to] {
				b.rect(int(r.x0), int(r.y0), int(r.x1), int(r.y1), k.colour, k.alpha)
			}
		case lineItem:
			pen.line(b, s.points[k.from:k.to], k.width, k.colour, k.alpha)
		case areaItem:
			half := (k.from + k.to) / 2
			b.between(int(k.cut.x0), s.columns[k.from:half], s.columns[half:k.to], k.colour,
				k.alpha)
		case hatchItem:
			k.paintHatch(b)
		case glyphItem:
			b.glyph(k.mask, int(k.cut.x0), int(k.cut.y0), k.colour)
		}
	}
}

func (k *item) paintHatch(b *bitmap) {
	x0, x1 := int(k.cut.x0), int(k.cut.x1)
	for y := max(k.top, b.top); y < min(k.bottom, b.bottom); y++ {
		for x := x0 - (x0+y)%k.step; x < x1; x += k.step {
			b.rect(max(x, x0), y, min(x+k.thick, x1), y+1, k.colour, k.alpha)
		}
	}
}
