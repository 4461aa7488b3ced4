package chart

import "math"

// bitmap is an opaque picture: a colour for each device pixel, row by row.
type bitmap struct {
	width, height int
	pix           []rgb
}

// reset makes b a picture of width × height pixels, all of colour c, in the memory that it has if that is enough.
func (b *bitmap) reset(width, height int, c rgb) {
	if n := width * height; cap(b.pix) < n {
		b.pix = make([]rgb, n)
	}
	b.width, b.height, b.pix = width, height, b.pix[:width*height]
	b.rect(0, 0, width, height, c, 255)
}

// mix returns what c at the given cover (0 to 255) over below looks like. Red and blue are mixed in one multiplication.
func mix(below, c rgb, cover uint32) rgb {
	cover += cover >> 7 // 255 becomes 256, so that a shift divides
	rb := (uint32(below)&0xFF00FF)*(256-cover) + (uint32(c)&0xFF00FF)*cover
	g := (uint32(below)&0x00FF00)*(256-cover) + (uint32(c)&0x00FF00)*cover
	return rgb(rb>>8&0xFF00FF | g>>8&0x00FF00)
}

// coverSteps is in how many steps the edges of lines and letters go from nothing to all. More cannot be seen; fewer different pixels make
// a file a sixth smaller.
const coverSteps = 8

// stepped rounds cover, 0 to 1, to a step, 0 to 255.
func stepped(cover float64) uint8 { return uint8(math.Round(cover*coverSteps) * 255 / coverSteps) }

// rect covers the pixels x0 ≤ x < x1, y0 ≤ y < y1 that are in the picture.
func (b *bitmap) rect(x0, y0, x1, y1 int, c rgb, alpha uint8) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, b.width), min(y1, b.height)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	first := b.pix[y0*b.width+x0 : y0*b.width+x1]
	for y := y0; y < y1; y++ {
		row := b.pix[y*b.width+x0 : y*b.width+x1]
		switch {
		case alpha < 255:
			for i := range row {
				row[i] = mix(row[i], c, uint32(alpha))
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

// between fills the columns from x0 on: column x0+i from upper[i] down to lower[i], in device pixels; the ends cover in part.
// A column whose upper is NaN stays empty.
func (b *bitmap) between(x0 int, upper, lower []float32, c rgb, alpha uint8) {
	top, bottom := float32(b.height), float32(0)
	for i := range upper {
		if upper[i] < lower[i] { // false for NaN
			top, bottom = min(top, upper[i]), max(bottom, lower[i])
		}
	}
	y0, y1 := max(int(top), 0), min(int(math.Ceil(float64(bottom))), b.height)
	for y := y0; y < y1; y++ {
		row := b.pix[y*b.width : (y+1)*b.width]
		fy := float32(y)
		for i := range upper {
			x := x0 + i
			cover := min(lower[i], fy+1) - max(upper[i], fy)
			if !(cover > 0) || x < 0 || x >= b.width {
				continue
			}
			row[x] = mix(row[x], c, uint32(float32(min(cover, 1)*float32(alpha))+0.5))
		}
	}
}

// glyph covers pixels with the mask of a letter whose top left corner is at x, y.
func (b *bitmap) glyph(g *glyphMask, x, y int, c rgb) {
	for j := range g.height {
		yy := y + j
		if yy < 0 || yy >= b.height {
			continue
		}
		row := b.pix[yy*b.width : (yy+1)*b.width]
		for i, cover := range g.pix[j*g.width : (j+1)*g.width] {
			if xx := x + i; cover != 0 && xx >= 0 && xx < b.width {
				row[xx] = mix(row[xx], c, uint32(cover))
			}
		}
	}
}
