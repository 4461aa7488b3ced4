package chart

import (
	"image"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// glyphs rasterises letters and caches them. It belongs to one sheet and so to one goroutine at a
// time.
type glyphs struct {
	faces map[faceKey]font.Face
	masks map[glyphKey]*glyphMask
}

// Bounds of the cache. Beyond one of them the cache is emptied, which costs a millisecond and never
// changes a picture.
const (
	mostFaces = 32
	mostMasks = 4096
)

// quarters is the number of places within a pixel at which a letter may begin.
const quarters = 4

type faceKey struct {
	font *truetype.Font
	size fixed.Int26_6 // of an em in device pixels
}

type glyphKey struct {
	faceKey
	r       rune
	quarter uint8
}

// glyphMask is the cover of a letter: width × height bytes, the first one dx, dy from the pen.
type glyphMask struct {
	width, height, dx, dy int
	pix                   []uint8
}

// mask returns the mask of a letter of a font at a size, with its pen at a quarter of the pixel.
func (g *glyphs) mask(key glyphKey) *glyphMask {
	if m := g.masks[key]; m != nil {
		return m
	}
	if g.masks == nil || len(g.masks) >= mostMasks || len(g.faces) >= mostFaces {
		g.masks, g.faces = map[glyphKey]*glyphMask{}, map[faceKey]font.Face{}
	}
	face := g.faces[key.faceKey]
	if face == nil {
		face = truetype.NewFace(key.font, &truetype.Options{
			Size: float64(key.size) / 64, DPI: 72, Hinting: font.HintingNone, SubPixelsX: quarters,
			SubPixelsY: 1, GlyphCacheEntries: 1,
		})
		g.faces[key.faceKey] = face
	}
	m := rasterise(face, key)
	g.masks[key] = m
	return m
}

// rasterise draws a letter. A letter that is damaged in the font is empty.
func rasterise(face font.Face, key glyphKey) (m *glyphMask) {
	defer func() {
		if recover() != nil { // freetype trusts the tables of a font
			m = new(glyphMask)
		}
	}()
	m = new(glyphMask)
	at := fixed.Point26_6{X: fixed.Int26_6(key.quarter) * 64 / quarters}
	if r, cover, from, _, ok := face.Glyph(at, key.r); ok {
		m.width, m.height, m.dx, m.dy = r.Dx(), r.Dy(), r.Min.X, r.Min.Y
		m.pix = copyCover(cover, from, m.width, m.height)
	}
	return m
}

// copyCover copies a letter from the face's own image, which the next letter overwrites.
func copyCover(cover image.Image, from image.Point, width, height int) []uint8 {
	out := make([]uint8, 0, width*height)
	alpha, ok := cover.(*image.Alpha)
	if !ok {
		return make([]uint8, width*height)
	}
	for y := range height {
		i := alpha.PixOffset(from.X, from.Y+y)
		for _, cover := range alpha.Pix[i : i+width] {
			out = append(out, stepped(float64(cover)/255))
		}
	}
	return out
}
