package chart

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the font files
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

//go:embed fonts/Roboto-Regular.ttf.gz
var robotoRegular []byte

//go:embed fonts/Roboto-Medium.ttf.gz
var robotoMedium []byte

//go:embed fonts/NanumSquareR.ttf.gz
var nanumRegular []byte

//go:embed fonts/NanumSquareB.ttf.gz
var nanumBold []byte

// weight is the weight of text.
type weight uint8

const (
	regular weight = iota
	medium
)

// typefaces are the fonts of each weight in the order in which a rune is looked up. A font is
// unpacked and parsed once, when a rune first needs it, and only read after that.
var typefaces = [...]typeface{
	regular: {
		lazyFont("Roboto-Regular", robotoRegular), lazyFont("NanumSquare-Regular", nanumRegular),
	},
	medium: {lazyFont("Roboto-Medium", robotoMedium), lazyFont("NanumSquare-Bold", nanumBold)},
}

// typeface is a primary font and its fallbacks.
type typeface []func() (*fontFile, error)

// Font is a font of the user's choice, for scripts that the embedded fonts lack.
type Font struct{ file *fontFile }

// Bounds of a font: the units in an em as OpenType defines them, and the size of its largest letter
// in ems, which costs memory.
const (
	leastEm = 16
	mostEm  = 16384
	mostEms = 24
)

// ParseFont reads a TrueType font (.ttf, or the first of a .ttc). Fonts with PostScript outlines,
// which most .otf files are, cannot be drawn.
func ParseFont(file []byte) (f *Font, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser trusts the lengths in the file
			f, err = nil, fmt.Errorf("the font is damaged: %v", r)
		}
	}()
	if bytes.HasPrefix(file, []byte("OTTO")) {
		return nil, errors.New("the font has PostScript outlines, which cannot be drawn; give " +
			"the TrueType version of it (.ttf)")
	}
	font, err := truetype.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("not a TrueType font (.ttf): %w", err)
	}
	em := fixed.Int26_6(font.FUnitsPerEm())
	if em < leastEm || em > mostEm {
		return nil, fmt.Errorf("the font is damaged: an em has %d units", em)
	}
	if b := font.Bounds(em); b.Max.X-b.Min.X > mostEms*em || b.Max.Y-b.Min.Y > mostEms*em {
		return nil, errors.New("the font is damaged: its letters are too large")
	}
	return &Font{newFontFile(font)}, nil
}

// faces returns the typefaces of both weights, with the user's font last.
func (o Options) faces() [2]typeface {
	if o.Font == nil {
		return typefaces
	}
	users := func() (*fontFile, error) { return o.Font.file, nil }
	return [...]typeface{
		regular: append(typefaces[regular][:2:2], users),
		medium:  append(typefaces[medium][:2:2], users),
	}
}

// fontFile is a parsed font with a cache of the lookups for every letter.
type fontFile struct {
	*truetype.Font
	name   string        // of an embedded font; "" for the user's
	ttf    []byte        // the file of an embedded font; nil for the user's
	em     fixed.Int26_6 // units in an em: measuring at this scale gives exact font units
	ascii  [128]glyphRef
	hollow sync.Map // by the index of a glyph: whether it has no outline
}

// glyphRef is the glyph of a rune: its font, its index, and its advance in ems.
type glyphRef struct {
	font    *fontFile // nil: no font has the rune
	index   truetype.Index
	advance float64
}

// boxAdvance is the width in ems of the empty box for a rune that no font has.
const boxAdvance = 0.6

func lazyFont(name string, packed []byte) func() (*fontFile, error) {
	return sync.OnceValues(func() (*fontFile, error) {
		zr, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("unpack an embedded font: %w", err)
		}
		ttf, err := io.ReadAll(zr)
		if err != nil {
			return nil, fmt.Errorf("unpack an embedded font: %w", err)
		}
		font, err := truetype.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("parse an embedded font: %w", err)
		}
		f := newFontFile(font)
		f.name, f.ttf = name, ttf
		return f, nil
	})
}

func newFontFile(font *truetype.Font) *fontFile {
	f := &fontFile{Font: font, em: fixed.Int26_6(font.FUnitsPerEm())}
	for r := range f.ascii {
		f.ascii[r] = f.lookUp(rune(r))
	}
	return f
}

// find returns the glyph of r in the first font that has it.
func (t typeface) find(r rune) glyphRef {
	for _, load := range t {
		f, err := load()
		if err != nil {
			continue // PNG and SVG have reported it, because they read the primary font first
		}
		if g := f.glyph(r); g.font != nil {
			return g
		}
	}
	return glyphRef{advance: boxAdvance}
}

func (f *fontFile) glyph(r rune) glyphRef {
	if r >= 0 && int(r) < len(f.ascii) {
		return f.ascii[r]
	}
	return f.lookUp(r)
}

func (f *fontFile) lookUp(r rune) (g glyphRef) {
	defer func() {
		if recover() != nil { // freetype trusts the tables of a font
			g = glyphRef{}
		}
	}()
	i := f.Index(r)
	if i == 0 || r >= 0x80 && !unicode.In(r, unicode.Z, unicode.C, unicode.M) && f.isHollow(i) {
		return glyphRef{}
	}
	return glyphRef{f, i, float64(f.HMetric(f.em, i).AdvanceWidth) / float64(f.em)}
}

// isHollow reports whether a glyph has no outline. The font for Hangul lists Chinese characters,
// and has nothing to draw for them.
func (f *fontFile) isHollow(i truetype.Index) bool {
	if known, ok := f.hollow.Load(i); ok {
		return known.(bool)
	}
	var g truetype.GlyphBuf
	hollow := g.Load(f.Font, f.em, i, font.HintingNone) == nil && len(g.Points) == 0
	f.hollow.Store(i, hollow)
	return hollow
}

// width returns the width of s in ems. It is the sum of the fonts' own advances, without hinting or
// kerning (freetype does not read the table with Roboto's kerning), so that a layout is the same at
// every scale.
func (t typeface) width(s string) float64 {
	var w float64
	for _, r := range s {
		w += t.find(r).advance
	}
	return w
}

// has reports whether every rune of s has a glyph.
func (t typeface) has(s string) bool {
	for _, r := range s {
		if t.find(r).font == nil {
			return false
		}
	}
	return true
}
