package chart

import (
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strings"
)

// A dashboard brings its own colours. Their inks hold the colour in their low 24 bits, and what
// they are for above it. A pair holds the colour on light paper in the 24 bits above those of the
// one on dark.
const (
	firstOwn ink = 1 << 24 // lines and surfaces
	ownText  ink = 2 << 24 // text
	ownExact ink = 3 << 24 // a surface that is drawn in exactly this colour
	ownPair  ink = 1 << 48 // a surface with one colour on light paper, and another one on dark
	ownBits  ink = 1<<24 - 1
)

// The least contrasts of a dashboard's colours with the paper, from WCAG 2.2: 1.4.11 for graphics
// and 1.4.3 for text.
const (
	leastContrast     = 3
	leastTextContrast = 4.5
)

// ownInk is the ink of a line or a surface in a colour of a dashboard. Where the colour is too near
// to the paper, it is darkened or lightened.
func ownInk(c color.NRGBA) ink { return firstOwn | ink(rgbOf(c)) }

// ownTextInk is ownInk for text, which needs more contrast.
func ownTextInk(c color.NRGBA) ink { return ownText | ink(rgbOf(c)) }

// ownExactInk is the ink of a surface that text is written on. It is the same in both themes.
func ownExactInk(c color.NRGBA) ink { return ownExact | ink(rgbOf(c)) }

// pairInk is the ink of a surface of a scale of colours, which begins near to the paper.
func pairInk(onLight, onDark rgb) ink { return ownPair | ink(onLight)<<24 | ink(onDark) }

// onInk is the ink of text on a surface of a colour: black or white, whichever has more contrast.
func onInk(c color.NRGBA) ink {
	black, white := rgb(0x111217), rgb(0xFFFFFF)
	if contrast(rgbOf(c), black) >= contrast(rgbOf(c), white) {
		return ownExact | ink(black)
	}
	return ownExact | ink(white)
}

func rgbOf(c color.NRGBA) rgb { return rgb(c.R)<<16 | rgb(c.G)<<8 | rgb(c.B) }

// of returns the colour of an ink.
func (t *theme) of(i ink) rgb {
	c := rgb(i & ownBits)
	switch {
	case i < firstOwn:
		return t[i]
	case i >= ownPair && t != &dark:
		return rgb(i >> 24 & ownBits)
	case i >= ownExact:
		return c
	case i >= ownText:
		return legible(c, t[paper], leastTextContrast)
	}
	return legible(c, t[paper], leastContrast)
}

// legible returns the colour nearest to c, on the way to black or to white, that has a contrast of
// at least least with the paper.
func legible(c, on rgb, least float64) rgb {
	if contrast(c, on) >= least {
		return c
	}
	end := rgb(0)
	if luminance(on) < 0.18 { // on dark paper only a lighter colour helps
		end = 0xFFFFFF
	}
	far, near := 1.0, 0.0
	for range 8 {
		if middle := (far + near) / 2; contrast(mixed(c, end, middle), on) >= least {
			far = middle
		} else {
			near = middle
		}
	}
	return mixed(c, end, far)
}

// mixed returns a mixture of two colours with a share of the second from 0 to 1.
func mixed(a, b rgb, share float64) rgb {
	x, y := split3(a), split3(b)
	var out rgb
	for i := range x {
		v := float64(float64(x[i])*(1-share)) + float64(float64(y[i])*share)
		out = out<<8 | rgb(math.Round(v))
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func luminance(c rgb) float64 {
	parts := split3(c)
	linear := func(i int) float64 {
		v := float64(parts[i]) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return float64(0.2126*linear(0)) + float64(0.7152*linear(1)) + float64(0.0722*linear(2))
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Colours are the colours in SVGs that come from a dashboard. The zero value is empty.
type Colours struct{ inks map[ink]bool }

func (c *Colours) add(i ink) {
	if c.inks == nil {
		c.inks = map[ink]bool{}
	}
	c.inks[i] = true
}

// Add adds the colours of o.
func (c *Colours) Add(o Colours) {
	for i := range o.inks {
		c.add(i)
	}
}

// AddText adds a colour for text outside an SVG, and returns its CSS variable.
func (c *Colours) AddText(of color.NRGBA) string {
	c.add(ownTextInk(of))
	return variable(ownTextInk(of))
}

// AddMark adds a colour for a line or a small surface outside an SVG, and returns its CSS variable.
func (c *Colours) AddMark(of color.NRGBA) string {
	c.add(ownInk(of))
	return variable(ownInk(of))
}

// AddSurface adds a colour for a surface outside an SVG that text is written on, and returns the
// CSS variables of the surface and of the text.
func (c *Colours) AddSurface(of color.NRGBA) (surface, text string) {
	c.add(ownExactInk(of))
	c.add(onInk(of))
	return variable(ownExactInk(of)), variable(onInk(of))
}

// Styles returns a style sheet with the variables of the colours: for light paper, or for dark on a
// screen whose reader prefers that. A page has it beside the one of the function Styles.
func (c Colours) Styles() string {
	if len(c.inks) == 0 {
		return ""
	}
	var b strings.Builder
	write := func(t *theme) {
		for _, i := range slices.Sorted(maps.Keys(c.inks)) {
			fmt.Fprintf(&b, "%s:#%06x;", variable(i), uint32(t.of(i)))
		}
	}
	b.WriteString(":root{")
	write(&light)
	b.WriteString("}\n@media screen and (prefers-color-scheme:dark){:root{")
	write(&dark)
	b.WriteString("}}\n")
	return b.String()
}

// ownVariable returns the CSS variable of a dashboard's colour.
func ownVariable(i ink) string {
	use := "own"
	switch {
	case i >= ownPair:
		return fmt.Sprintf("--chart-pair-%06x-%06x", uint32(i>>24&ownBits), uint32(i&ownBits))
	case i >= ownExact:
		use = "exact"
	case i >= ownText:
		use = "own-text"
	}
	return fmt.Sprintf("--chart-%s-%06x", use, uint32(i&ownBits))
}
