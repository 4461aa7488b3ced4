package chart

import (
	"encoding/binary"
	"math"
)

// stroker draws paths as segments with round caps: the cover of a pixel follows from its distance
// to the nearest segment. The segments of one path share a mask, which keeps the greatest cover and
// is put on the picture once, so that joints are not painted twice. Products are rounded
// (float32(a*b)) before they are added, because processors that fuse the two would give other
// pictures.
type stroker struct {
	mask []uint8 // always zero between two calls
}

// brush is half of a line's profile: full cover up to one distance, none from another one on, and a
// ramp of one pixel between them. The ramp is a table over the squared distance, which saves a
// square root for each pixel.
type brush struct {
	reach    float32 // distance where cover ends
	outer    float32 // the same, squared
	inner    float32 // squared distance up to which cover is full
	perLevel float32
	full     uint8
	ramp     [rampLevels + 1]uint8
}

const rampLevels = 64

func newBrush(width float64) brush {
	strength, outer, inner := 1.0, width/2+0.5, width/2-0.5
	if inner < 0 { // thinner than a pixel: one pixel wide and fainter
		strength, outer, inner = width, 1, 0
	}
	span := float64(outer*outer) - float64(inner*inner)
	b := brush{
		reach: float32(outer), outer: float32(outer * outer), inner: float32(inner * inner),
		perLevel: float32(rampLevels / span), full: stepped(strength),
	}
	for i := range b.ramp {
		distance := math.Sqrt(float64(inner*inner) + float64(span*float64(i)/rampLevels))
		b.ramp[i] = stepped(strength * max(outer-distance, 0) / (outer - inner))
	}
	return b
}

// window is the part of a picture that a path can touch, in device pixels.
type window struct{ x0, y0, x1, y1 int }

// windowOf returns the window of a path in the rows of dst. Its left and right sides do not depend
// on these rows, so a row's cover does not depend on the band that it is drawn in.
func windowOf(path []point, reach float32, dst *bitmap) (w window, ok bool) {
	lo, hi := point{farthest, farthest}, point{-farthest, -farthest}
	for _, p := range path {
		if p.drawable() {
			lo = point{min(lo.x, p.x), min(lo.y, p.y)}
			hi = point{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	w = window{
		x0: max(int(math.Floor(float64(lo.x-reach))), 0),
		y0: max(int(math.Floor(float64(lo.y-reach))), dst.top),
		x1: min(int(math.Ceil(float64(hi.x+reach)))+1, dst.width),
		y1: min(int(math.Ceil(float64(hi.y+reach)))+1, dst.bottom),
	}
	return w, w.x0 < w.x1 && w.y0 < w.y1
}

// line strokes a path in device pixels onto dst. Points that are not finite break it. A point
// between two breaks becomes a dot.
func (s *stroker) line(dst *bitmap, path []point, width float64, c rgb, alpha uint8) {
	b := newBrush(width)
	w, ok := windowOf(path, b.reach, dst)
	if !ok {
		return
	}
	stride := w.x1 - w.x0
	if n := stride * (w.y1 - w.y0); len(s.mask) < n {
		s.mask = make([]uint8, n)
	}
	for i, p := range path {
		if !p.drawable() {
			continue
		}
		switch {
		case i > 0 && path[i-1].drawable():
			b.segment(s.mask, stride, w, path[i-1], p)
		case i+1 == len(path) || !path[i+1].drawable():
			b.segment(s.mask, stride, w, p, p)
		}
	}
	s.lay(dst, w, c, uint32(alpha))
}

// segment raises the mask to the cover of the segment from a to b.
func (br *brush) segment(mask []uint8, stride int, w window, a, b point) {
	if a.y > b.y {
		a, b = b, a
	}
	if a.y-br.reach >= float32(w.y1) || b.y+br.reach < float32(w.y0) {
		return
	}
	dx, dy := b.x-a.x, b.y-a.y
	var inverse float32 // of the squared length; 0 for a dot
	if length2 := float32(dx*dx) + float32(dy*dy); length2 > 0 {
		inverse = 1 / length2
	}
	var slope float32
	tall := dy > 2 // then each row meets only a part of the segment
	if tall {
		slope = dx / dy
	}
	left, right := min(a.x, b.x), max(a.x, b.x)
	alongX, alongY := float32(dx*inverse), float32(dy*inverse)
	outer, inner, perLevel, full := br.outer, br.inner, br.perLevel, br.full
	for y := max(int(a.y-br.reach), w.y0); y <= min(int(b.y+br.reach), w.y1-1); y++ {
		py := float32(y) + 0.5 - a.y
		from, to := left, right
		if tall {
			from, to = a.x+float32((py-br.reach)*slope), a.x+float32((py+br.reach)*slope)
			if from > to {
				from, to = to, from
			}
			from, to = max(from, left), min(to, right)
		}
		x0, x1 := max(int(from-br.reach), w.x0), min(int(to+br.reach), w.x1-1)
		if x0 > x1 {
			continue
		}
		row := mask[(y-w.y0)*stride+x0-w.x0:][:x1-x0+1]
		px := float32(x0) + 0.5 - a.x
		along := float32(px*alongX) + float32(py*alongY) // 0 at a, 1 at b
		for i := range row {
			ex, ey := px, py // from the nearest point of the segment to the pixel
			if along >= 1 {
				ex, ey = px-dx, py-dy
			} else if along > 0 {
				ex, ey = px-float32(along*dx), py-float32(along*dy)
			}
			along += alongX
			px++
			d := float32(ex*ex) + float32(ey*ey)
			if d >= outer {
				continue
			}
			cover := full
			if d > inner {
				cover = br.ramp[min(int((d-inner)*perLevel), rampLevels)]
			}
			if cover > row[i] {
				row[i] = cover
			}
		}
	}
}

// lay puts the mask's colour on the picture and clears the mask.
func (s *stroker) lay(dst *bitmap, w window, c rgb, alpha uint32) {
	stride := w.x1 - w.x0
	for y := w.y0; y < w.y1; y++ {
		row := s.mask[(y-w.y0)*stride:][:stride]
		pix := dst.row(y, w.x0, w.x1)
		for x := 0; x < len(row); x++ {
			if x+8 <= len(row) && binary.LittleEndian.Uint64(row[x:]) == 0 {
				x += 7
				continue
			}
			switch cover := uint32(row[x]); {
			case cover == 0:
				continue
			case cover == 255 && alpha == 255:
				pix[x] = c
			default:
				pix[x] = mix(pix[x], c, (cover*alpha+127)/255)
			}
			row[x] = 0
		}
	}
}

// dashed cuts a path into pieces by pattern, alternating lengths on and off, and divides the pieces
// by gaps.
func dashed(dst, path []point, pattern []float64) []point {
	const shortest = 0.25 // of a piece, so that the loop ends for every pattern
	on, part := true, 0
	left := max(float32(pattern[0]), shortest)
	for i, p := range path {
		if !p.drawable() || i == 0 || !path[i-1].drawable() {
			// a new stretch restarts its pattern
			on, part, left = true, 0, max(float32(pattern[0]), shortest)
			dst = append(dst, gap(), p)
			continue
		}
		from := path[i-1]
		dx, dy := p.x-from.x, p.y-from.y
		length := float32(math.Sqrt(float64(float32(dx*dx) + float32(dy*dy))))
		for at := float32(0); at < length; {
			step := min(left, length-at)
			at, left = at+step, left-step
			t := at / length
			q := point{from.x + float32(dx*t), from.y + float32(dy*t)}
			if on {
				dst = append(dst, q)
			}
			if left > 0 {
				continue
			}
			part = (part + 1) % len(pattern)
			on, left = !on, max(float32(pattern[part]), shortest)
			if on {
				dst = append(dst, gap(), q)
			}
		}
	}
	return dst
}
