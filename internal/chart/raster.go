package chart

import (
	"bytes"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/wcharczuk/go-chart/v2/drawing"
	"golang.org/x/image/math/fixed"
)

// sheet is the memory that drawing a picture needs. Sheets are pooled. One raster at a time uses a
// sheet.
type sheet struct {
	display displayList // everything that is drawn
	bitmap  bitmap      // a band of the picture
	stroker stroker
	glyphs  glyphs
	encoder encoder
	path    []point // a path in device pixels
	pieces  []point // the same, dashed
	file    bytes.Buffer
}

var sheets = sync.Pool{New: func() any { return new(sheet) }}

// raster implements go-chart's Renderer and our surface on pixels. Drawing only adds to a list,
// which Save paints band by band: a band stays in a processor's cache, and a large picture takes no
// more memory than a small one. A raster draws one picture and must not be used after release.
type raster struct {
	pen
	*sheet
	width, height int // in device pixels
	faces         [2]typeface
	scale         float64
	theme         *theme
}

// newRaster returns a raster of the picture's size.
func newRaster(p *picture, scale float64, t *theme) *raster {
	r := &raster{
		sheet: sheets.Get().(*sheet), faces: p.faces, scale: scale, theme: t,
		width:  int(math.Ceil(float64(p.width) * scale)),
		height: int(math.Ceil(float64(p.height) * scale)),
	}
	r.display.reset()
	return r
}

// release returns the sheet to the pool.
func (r *raster) release() {
	sheets.Put(r.sheet)
	r.sheet = nil
}

// bandPixels is about the number of pixels in a band, half a MiB.
const bandPixels = 128 << 10

// Save writes the picture as a PNG.
func (r *raster) Save(w io.Writer) error {
	if !r.paint(allBits) {
		r.paint(someBits)
	}
	return r.encoder.finish(w, r.width, r.height)
}

// paint paints what was drawn, band by band, and passes the bands to the encoder. It returns false
// if there are too many colours.
func (r *raster) paint(keep rgb) bool {
	r.encoder.begin(keep)
	rows := max(bandPixels/r.width, 1)
	for top := 0; top < r.height; top += rows {
		r.bitmap.reset(r.width, top, min(top+rows, r.height), r.theme.of(paper))
		r.display.paint(&r.bitmap, &r.stroker)
		if !r.encoder.add(&r.bitmap) {
			return false
		}
	}
	return true
}

func (r *raster) Density() float64 { return r.scale }

// Detail is a quarter of a device pixel, and more points than a legible chart has.
func (r *raster) Detail() (tolerance float64, points int) { return 0.25 / r.scale, 400_000 }

// device rounds a logical coordinate to the nearest edge between device pixels.
func (r *raster) device(v float64) int {
	return int(math.Round(max(-farthest, min(v*r.scale, farthest))))
}

func (r *raster) Rect(b box, p paint) { r.rect(b, r.theme.of(p.ink), p.alpha) }

func (r *raster) Rects(bs []box, p paint) {
	c := r.theme.of(p.ink)
	for _, b := range bs {
		r.rect(b, c, p.alpha)
	}
}

func (r *raster) rect(b box, c rgb, alpha uint8) {
	x0, y0, x1, y1 := r.device(b.left), r.device(b.top), r.device(b.right), r.device(b.bottom)
	r.display.rect(x0, y0, max(x1, x0+1), max(y1, y0+1), c, alpha)
}

// scaled returns a path in device pixels.
func (r *raster) scaled(path []point) []point {
	r.path = r.path[:0]
	for _, p := range path {
		r.path = append(r.path, point{p.x * float32(r.scale), p.y * float32(r.scale)})
	}
	return r.path
}

func (r *raster) Line(path []point, width float64, dash []float64, p paint) {
	r.line(path, width, dash, r.theme.of(p.ink), p.alpha)
}

func (r *raster) line(path []point, width float64, dash []float64, c rgb, alpha uint8) {
	device := r.scaled(path)
	if len(dash) > 0 {
		pattern := make([]float64, len(dash))
		for i, d := range dash {
			pattern[i] = d * r.scale
		}
		r.pieces = dashed(r.pieces[:0], device, pattern)
		device = r.pieces
	}
	r.display.line(device, width*r.scale, c, alpha)
}

func (r *raster) Dot(at point, radius float64, p paint) {
	r.line([]point{at}, 2*radius, nil, r.theme.of(p.ink), p.alpha)
}

// Area fills device columns. At the middle of each it interpolates the two edges between the
// nearest points.
func (r *raster) Area(upper, lower []point, p paint) {
	n := min(len(upper), len(lower))
	x0, x1 := r.columnsOf(upper[:n])
	if x0 >= x1 {
		return
	}
	up, low := r.display.area(x0, x1, r.theme.of(p.ink), p.alpha)
	s := float32(r.scale)
	for i := 1; i < n; i++ {
		a, b, c, d := upper[i-1], upper[i], lower[i-1], lower[i]
		if !a.drawable() || !b.drawable() || !c.drawable() || !d.drawable() || b.x <= a.x {
			continue
		}
		first, last := max(columnAt(a.x, s), x0), min(columnAt(b.x, s), x1)
		for x := first; x < last; x++ {
			t := ((float32(x)+0.5)/s - a.x) / (b.x - a.x)
			y, ground := (a.y+float32((b.y-a.y)*t))*s, (c.y+float32((d.y-c.y)*t))*s
			up[x-x0], low[x-x0] = min(y, ground), max(y, ground) // a value may be below zero
		}
	}
	r.display.bound()
}

// columnAt returns the first device column whose middle is not left of x.
func columnAt(x, scale float32) int { return int(math.Ceil(float64(float32(x*scale) - 0.5))) }

// columnsOf returns the device columns x0 ≤ x < x1 that a path reaches.
func (r *raster) columnsOf(path []point) (x0, x1 int) {
	x0, x1 = r.width, 0
	for _, p := range path {
		if p.drawable() {
			x := columnAt(p.x, float32(r.scale))
			x0, x1 = min(x0, x), max(x1, x)
		}
	}
	return max(x0, 0), min(x1, r.width)
}

// Hatch draws diagonals four pixels apart.
func (r *raster) Hatch(b box, p paint) {
	const apart = 4
	x0, y0, x1, y1 := r.device(b.left), r.device(b.top), r.device(b.right), r.device(b.bottom)
	r.display.hatch(x0, y0, x1, y1, max(r.device(apart), 2), max(int(r.scale), 1),
		r.theme.of(p.ink), p.alpha)
}

func (r *raster) Label(l label) { r.text(l, r.theme.of(l.ink)) }

// text writes a label. Each rune uses the first font that has it, or an empty box.
func (r *raster) text(l label, c rgb) {
	size := l.size * r.scale
	x, y := l.x*r.scale, int(math.Round(l.y*r.scale))
	for _, char := range l.text {
		g := r.faces[l.weight].find(char)
		if g.font == nil {
			r.emptyBox(x, float64(y), size, c)
		} else {
			floor := math.Floor(x)
			m := r.glyphs.mask(glyphKey{
				faceKey{g.font.Font, size26(size)}, char, uint8((x - floor) * quarters),
			})
			r.display.glyph(m, int(floor)+m.dx, y+m.dy, c)
		}
		x += float64(g.advance * size)
	}
}

// emptyBox outlines the place of a rune that cannot be drawn. x and y are the pen and the baseline.
func (r *raster) emptyBox(x, y, size float64, c rgb) {
	x0, x1 := int(x+float64(size*0.08)), int(x+float64(size*(boxAdvance-0.08)))
	y0, y1, thick := int(y-float64(size*0.7)), int(y), max(int(r.scale), 1)
	r.display.rect(x0, y0, x1, y0+thick, c, 255)
	r.display.rect(x0, y1-thick, x1, y1, c, 255)
	r.display.rect(x0, y0, x0+thick, y1, c, 255)
	r.display.rect(x1-thick, y0, x1, y1, c, 255)
}

// The rest of go-chart's Renderer, with which its skeleton draws the background and the canvas.

// Text writes text with its baseline at y.
func (r *raster) Text(text string, x, y int) {
	l := label{text: text, x: float64(x), y: float64(y), style: style{size: r.fontSize}}
	r.text(l, opaque(r.fontColour))
}

// Stroke strokes the path and forgets it.
func (r *raster) Stroke() {
	r.strokePaths()
	r.paths = r.paths[:0]
}

// Fill fills the path and forgets it.
func (r *raster) Fill() {
	r.fillPaths()
	r.paths = r.paths[:0]
}

// FillStroke fills the path, strokes it and forgets it.
func (r *raster) FillStroke() {
	r.fillPaths()
	r.strokePaths()
	r.paths = r.paths[:0]
}

func (r *raster) strokePaths() {
	if r.stroke.A == 0 || r.strokeWidth <= 0 {
		return
	}
	for _, path := range r.paths {
		r.line(path, r.strokeWidth, r.dash, opaque(r.stroke), r.stroke.A)
	}
}

// fillPaths fills by the even-odd rule, a device row at a time, without smoothing, because
// go-chart's skeleton fills only boxes.
func (r *raster) fillPaths() {
	if r.fill.A == 0 {
		return
	}
	var crossings []float64
	for y := range r.height {
		crossings = crossings[:0]
		for _, path := range r.paths {
			crossings = appendCrossings(crossings, r.scaled(path), float64(y)+0.5)
		}
		for i := 0; i+1 < len(crossings); i += 2 {
			r.display.rect(int(math.Round(crossings[i])), y, int(math.Round(crossings[i+1])), y+1,
				opaque(r.fill), r.fill.A)
		}
	}
}

// appendCrossings adds the places where the closed path crosses the height y, in order.
func appendCrossings(xs []float64, path []point, y float64) []float64 {
	for i, p := range path {
		q := path[(i+1)%len(path)]
		if (float64(p.y) <= y) != (float64(q.y) <= y) {
			t := (y - float64(p.y)) / (float64(q.y) - float64(p.y))
			xs = append(xs, float64(p.x)+float64(t*(float64(q.x)-float64(p.x))))
		}
	}
	slices.Sort(xs)
	return xs
}

func opaque(c drawing.Color) rgb { return rgb(c.R)<<16 | rgb(c.G)<<8 | rgb(c.B) }

func size26(size float64) fixed.Int26_6 { return fixed.Int26_6(math.Round(size * 64)) }
