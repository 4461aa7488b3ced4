package chart

import "math"

// bitmap holds the rows top ≤ y < bottom of an opaque picture: a colour for each device pixel, row
// by row. Coordinates are those of the picture. Everything outside the rows is left out.
type bitmap struct {
	width, top, bottom int
	pix                []rgb
}

// reset sets b to these rows of a picture in one colour. It reuses b's memory if that is large
// enough.
func (b *bitmap) reset(width, top, bottom int, c rgb) {
	n := width * (bottom - top)
	if cap(b.pix) < n {
		b.pix = make([]rgb, n)
	}
	b.width, b.top, b.bottom, b.pix = width, top, bottom, b.pix[:n]
	b.rect(0, top, width, bottom, c, 255)
}

// row returns the pixels x0 ≤ x < x1 of row y, which must be in b.
func (b *bitmap) row(y, x0, x1 int) []rgb {
	from := (y - b.top) * b.width
	return b.pix[from+x0 : from+x1]
}

// mix returns the colour of c over below at the given cover (0 to 255).
func mix(below, c rgb, cover uint32) rgb { return veilOf(c, cover).over(below) }

// veil is a colour with a cover, ready to be mixed with many others. It mixes red and blue in one
// multiplication.
type veil struct{ rest, rb, g uint32 }

func veilOf(c rgb, cover uint32) veil {
	cover += cover >> 7 // 255 becomes 256, so that a shift divides
	return veil{256 - cover, (uint32(c) & 0xFF00FF) * cover, (uint32(c) & 0x00FF00) * cover}
}

// over returns the colour of the veil over below.
func (v veil) over(below rgb) rgb {
	rb := (uint32(below)&0xFF00FF)*v.rest + v.rb
	g := (uint32(below)&0x00FF00)*v.rest + v.g
	return rgb(rb>>8&0xFF00FF | g>>8&0x00FF00)
}

// coverSteps is the number of steps from no cover to full cover at the edges of lines and letters.
// More steps are not visible, and fewer different pixels make a file a sixth smaller.
const coverSteps = 8

// stepped rounds a cover from 0 to 1 to a step from 0 to 255.
func stepped(cover float64) uint8 { return uint8(math.Round(cover*coverSteps) * 255 / coverSteps) }

// rect covers the pixels x0 ≤ x < x1, y0 ≤ y < y1 that are in b.
func (b *bitmap) rect(x0, y0, x1, y1 int, c rgb, alpha uint8) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, b.top), min(x1, b.width), min(y1, b.bottom)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	first, half := b.row(y0, x0, x1), veilOf(c, uint32(alpha))
	for y := y0; y < y1; y++ {
		row := b.row(y, x0, x1)
		switch {
		case alpha < 255:
			for i := range row {
				row[i] = half.over(row[i])
			}
		case y == y0:
			for i := range row {
				row[i] = c
			}
		default:
			copy(row, first)
		}
	}
}

// between fills each column from upper down to lower, in device pixels. The columns begin at x0.
// The ends cover their pixels in part. A column with a NaN in upper stays empty.
func (b *bitmap) between(x0 int, upper, lower []float32, c rgb, alpha uint8) {
	top, bottom := float32(b.bottom), float32(b.top)
	full := true // in the rows from fullTop to fullBottom
	fullTop, fullBottom := float32(b.top), float32(b.bottom)
	for x := range upper {
		if upper[x] < lower[x] { // false for NaN
			top, bottom = min(top, upper[x]), max(bottom, lower[x])
			fullTop, fullBottom = max(fullTop, upper[x]), min(fullBottom, lower[x])
		} else {
			full = false
		}
	}
	whole := veilOf(c, uint32(alpha))
	y0, y1 := max(int(top), b.top), min(int(math.Ceil(float64(bottom))), b.bottom)
	for y := y0; y < y1; y++ {
		row := b.row(y, x0, x0+len(upper))
		fy := float32(y)
		if full && fullTop <= fy && fy+1 <= fullBottom {
			for x := range row {
				row[x] = whole.over(row[x])
			}
			continue
		}
		lower := lower[:len(row)]
		for x, up := range upper[:len(row)] {
			low := lower[x]
			switch {
			case up <= fy && fy+1 <= low:
				row[x] = whole.over(row[x])
			case up < fy+1 && fy < low:
				cover := min(low, fy+1) - max(up, fy)
				row[x] = mix(row[x], c, uint32(float32(cover*float32(alpha))+0.5))
			}
		}
	}
}

// glyph draws a letter whose mask has its top left corner at x, y.
func (b *bitmap) glyph(g *glyphMask, x, y int, c rgb) {
	for j := range g.height {
		yy := y + j
		if yy < b.top || yy >= b.bottom {
			continue
		}
		row := b.row(yy, 0, b.width)
		for i, cover := range g.pix[j*g.width : (j+1)*g.width] {
			if xx := x + i; cover != 0 && xx >= 0 && xx < b.width {
				row[xx] = mix(row[xx], c, uint32(cover))
			}
		}
	}
}
