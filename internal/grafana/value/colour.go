package value

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// Theme is one of Grafana's two themes. A colour's name means different colours in them.
type Theme uint8

// The themes.
const (
	Dark Theme = iota
	Light
)

var shades = []string{"super-light-", "light-", "", "semi-dark-", "dark-"}

// Color returns the colour for a name of Grafana or CSS, or for a notation such as #F2495C and
// rgba(245, 54, 54, 0.9). It returns grey and false for anything else.
func (t Theme) Color(name string) (color.NRGBA, bool) {
	for i, shade := range shades {
		if hue, ok := strings.CutPrefix(name, shade); ok && hues[hue] != nil {
			return hexColor(strings.Fields(hues[hue][t])[i])
		}
	}
	switch name {
	case "transparent":
		if t == Light {
			return color.NRGBA{R: 255, G: 255, B: 255}, true
		}
		return color.NRGBA{}, true
	case "panel-bg":
		if t == Light {
			return color.NRGBA{R: 255, G: 255, B: 255, A: 255}, true
		}
		return color.NRGBA{R: 0x18, G: 0x1b, B: 0x1f, A: 255}, true
	case "text":
		if t == Light {
			return color.NRGBA{R: 36, G: 41, B: 46, A: 255}, true
		}
		return color.NRGBA{R: 204, G: 204, B: 220, A: 255}, true
	}
	return cssColor(strings.ToLower(strings.TrimSpace(name)))
}

var grey = color.NRGBA{R: 128, G: 128, B: 128, A: 255}

func cssColor(s string) (color.NRGBA, bool) {
	if hex, ok := strings.CutPrefix(s, "#"); ok {
		return hexColor(hex)
	}
	switch s { // Grafana's, which differ from those of CSS
	case "mediumpurple":
		return hexColor("9370d8")
	case "palevioletred":
		return hexColor("d87093")
	case "rebeccapurple": // newer than the list of SVG
		return hexColor("663399")
	}
	if c, ok := colornames.Map[s]; ok {
		return color.NRGBA(c), true // they are opaque
	}
	kind, args, ok := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	if !ok || !strings.HasSuffix(s, ")") {
		return grey, false
	}
	parts := strings.FieldsFunc(args, func(r rune) bool { return strings.ContainsRune(" ,/", r) })
	if len(parts) < 3 || len(parts) > 4 {
		return grey, false
	}
	alpha := 1.0
	if len(parts) == 4 {
		if alpha, ok = portion(parts[3], 1); !ok {
			return grey, false
		}
	}
	var c rgb
	switch kind {
	case "rgb", "rgba":
		for i, to := range []*float64{&c.r, &c.g, &c.b} {
			v, ok := portion(parts[i], 255)
			if !ok {
				return grey, false
			}
			*to = v * 255
		}
	case "hsl", "hsla":
		hue, ok1 := portion(strings.TrimSuffix(parts[0], "deg"), inf)
		saturation, ok2 := portion(parts[1], 100)
		lightness, ok3 := portion(parts[2], 100)
		if !ok1 || !ok2 || !ok3 {
			return grey, false
		}
		c = hsl{math.Mod(hue, 360), saturation, lightness}.rgb()
	default:
		return grey, false
	}
	out := c.color()
	out.A = uint8(round(alpha * 255))
	return out, true
}

// portion reads a part of whole, or a percentage, as a number from 0 to 1. With an infinite whole
// it returns the number unchanged.
func portion(s string, whole float64) (float64, bool) {
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		s, whole = percent, 100
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	if math.IsInf(whole, 1) {
		return v, !math.IsInf(v, 0)
	}
	return min(max(v/whole, 0), 1), true
}

// hexColor reads 3, 4, 6 or 8 hexadecimal digits.
func hexColor(hex string) (color.NRGBA, bool) {
	if len(hex) == 3 || len(hex) == 4 {
		var long strings.Builder
		for i := range len(hex) {
			long.WriteString(hex[i:i+1] + hex[i:i+1])
		}
		hex = long.String()
	}
	if len(hex) == 6 {
		hex += "ff"
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 8 {
		return grey, false
	}
	return color.NRGBA{R: uint8(n >> 24), G: uint8(n >> 16), B: uint8(n >> 8), A: uint8(n)}, true
}

// rgb is a colour with fractions, each part from 0 to 255.
type rgb struct{ r, g, b float64 }

func rgbOf(c color.NRGBA) rgb { return rgb{float64(c.R), float64(c.G), float64(c.B)} }

func (c rgb) color() color.NRGBA {
	part := func(v float64) uint8 { return uint8(round(min(max(v, 0), 255))) }
	return color.NRGBA{R: part(c.r), G: part(c.g), B: part(c.b), A: 255}
}

// hsl is a hue in degrees, with saturation and lightness from 0 to 1.
type hsl struct{ h, s, l float64 }

func (c rgb) hsl() hsl {
	r, g, b := c.r/255, c.g/255, c.b/255
	most, least := max(r, g, b), min(r, g, b)
	out := hsl{l: (most + least) / 2}
	d := most - least
	if d == 0 {
		return out
	}
	out.s = d / (most + least)
	if out.l > 0.5 {
		out.s = d / (2 - most - least)
	}
	switch most {
	case r:
		out.h = (g - b) / d
		if g < b {
			out.h += 6
		}
	case g:
		out.h = (b-r)/d + 2
	default:
		out.h = (r-g)/d + 4
	}
	out.h *= 60
	return out
}

func (c hsl) rgb() rgb {
	if c.s == 0 {
		return rgb{c.l * 255, c.l * 255, c.l * 255}
	}
	q := c.l + c.s - float64(c.l*c.s)
	if c.l < 0.5 {
		q = c.l * (1 + c.s)
	}
	p := 2*c.l - q
	part := func(hue float64) float64 {
		hue -= math.Floor(hue)
		switch {
		case hue < 1.0/6:
			return 255 * (p + float64((q-p)*6*hue))
		case hue < 1.0/2:
			return 255 * q
		case hue < 2.0/3:
			return 255 * (p + float64((q-p)*(2.0/3-hue)*6))
		}
		return 255 * p
	}
	return rgb{part(c.h/360 + 1.0/3), part(c.h / 360), part(c.h/360 - 1.0/3)}
}
