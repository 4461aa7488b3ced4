package value

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
)

// Scheme says how a field gets its colour.
type Scheme struct {
	Mode     string // such as fixed, thresholds, palette-classic or continuous-GrYlRd
	Fixed    string // the colour of fixed, shades and gradient
	SeriesBy string // which value colours a whole series: last, min or max
}

// DecodeScheme reads the color of a field. It notes what it does not understand.
func DecodeScheme(raw []byte) (Scheme, []string) {
	var n notes
	m := n.object(n.decode("color", raw), "color")
	s := Scheme{
		Mode: text(m["mode"]), Fixed: text(m["fixedColor"]), SeriesBy: text(m["seriesBy"]),
	}
	switch s.Mode {
	case "", "thresholds", "fixed", "shades", "gradient", "palette-classic",
		"palette-classic-by-name":
	default:
		if palettes[s.Mode] == "" && !s.continuous() {
			n.add("the colour mode %.40q is not known: colours are those of the thresholds", s.Mode)
			s.Mode = ""
		}
	}
	return s, n
}

func (s Scheme) continuous() bool { return scales[s.Mode] != "" || ramps[s.Mode] != "" }

// ByValue reports whether the colour depends on the value. Otherwise it depends on the series.
func (s Scheme) ByValue() bool {
	return s.Mode == "" || s.Mode == "thresholds" || s.continuous()
}

// Series is what a colour depends on if it does not depend on the value.
type Series struct {
	Index int    // among all series of the panel
	Name  string // as it is displayed
}

// Color returns the colour of a value. percent is its place between the minimum and the maximum,
// from 0 to 1, and step is its threshold.
func (s Scheme) Color(t Theme, of Series, percent float64, step Step) color.NRGBA {
	switch s.Mode {
	case "", "thresholds":
		c, _ := t.Color(step.Color)
		return c
	case "fixed", "gradient":
		c, _ := t.Color(s.Fixed)
		return c
	case "shades":
		c, _ := t.Color(s.Fixed)
		return shade(c, of.Index)
	case "palette-classic":
		return nth(Palette(t), of.Index)
	case "palette-classic-by-name":
		all := t.readable(classic)
		return all[int(hash(of.Name)%uint32(len(all)))]
	case "palette-colorblind":
		return nth(t.readable(palettes[s.Mode]), of.Index)
	}
	if scale, ok := scales[s.Mode]; ok {
		return spline(t.colors(scale), percent)
	}
	if ramp, ok := ramps[s.Mode]; ok {
		return linear(t.colors(ramp), percent)
	}
	return nth(t.colors(palettes[s.Mode]), of.Index)
}

// Palette returns the colours that Grafana gives to series, in their order.
func Palette(t Theme) []color.NRGBA { return slices.Clone(t.colors(classic)) }

// list is a list of colours in the tables of this package.
type list struct {
	theme    Theme
	names    string
	readable bool // only those with enough contrast
}

// lists has the colours of each list that was needed so far. Each series of a panel needs one.
var lists sync.Map

// once returns the colours of a list, and computes them if nobody needed them before. They must not
// be changed.
func (l list) once(compute func() []color.NRGBA) []color.NRGBA {
	all, ok := lists.Load(l)
	if !ok {
		all, _ = lists.LoadOrStore(l, compute())
	}
	return all.([]color.NRGBA)
}

// colors returns the colours of a list of this package. They must not be changed.
func (t Theme) colors(names string) []color.NRGBA {
	return list{t, names, false}.once(func() (all []color.NRGBA) {
		for name := range strings.FieldsSeq(names) {
			c, _ := t.Color(name)
			all = append(all, c)
		}
		return all
	})
}

func nth(all []color.NRGBA, i int) color.NRGBA {
	if len(all) == 0 {
		return grey
	}
	return all[max(i, 0)%len(all)]
}

// readable returns the colours of a list of this package that have enough contrast with a panel's
// background. They must not be changed.
func (t Theme) readable(names string) []color.NRGBA {
	return list{t, names, true}.once(func() (kept []color.NRGBA) {
		const enough = 3
		panel, _ := t.Color("panel-bg")
		for _, c := range t.colors(names) {
			x, y := luminance(c), luminance(panel)
			if (max(x, y)+0.05)/(min(x, y)+0.05) >= enough {
				kept = append(kept, c)
			}
		}
		return kept
	})
}

// luminance returns the luminance as WCAG defines it, rounded to three digits as in Grafana.
func luminance(c color.NRGBA) float64 {
	part := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	l := float64(0.2126*part(c.R)) + float64(0.7152*part(c.G)) + float64(0.0722*part(c.B))
	return round(l*1000) / 1000
}

// hash returns the hash of a name, which chooses its colour.
func hash(s string) uint32 {
	h := uint32(5381)
	units := utf16.Encode([]rune(s))
	for i := len(units) - 1; i >= 0; i-- {
		h = h*33 ^ uint32(units[i])
	}
	return h
}

// spline interpolates along a curve through the first and the last colour, and near the others.
func spline(all []color.NRGBA, at float64) color.NRGBA {
	n := len(all) - 1
	at = clamped(at)
	i := min(int(at*float64(n)), n-1)
	part := func(of func(rgb) float64) float64 {
		v := func(i int) float64 { return of(rgbOf(all[i])) }
		v1, v2 := v(i), v(i+1)
		v0, v3 := 2*v1-v2, 2*v2-v1
		if i > 0 {
			v0 = v(i - 1)
		}
		if i < n-1 {
			v3 = v(i + 2)
		}
		x := (at - float64(i)/float64(n)) * float64(n)
		x2 := x * x
		x3 := float64(x2 * x)
		return (float64((1-3*x+3*x2-x3)*v0) + float64((4-6*x2+3*x3)*v1) +
			float64((1+3*x+3*x2-3*x3)*v2) + float64(x3*v3)) / 6
	}
	return rgb{
		part(func(c rgb) float64 { return c.r }), part(func(c rgb) float64 { return c.g }),
		part(func(c rgb) float64 { return c.b }),
	}.color()
}

// linear interpolates linearly from each colour to the next.
func linear(all []color.NRGBA, at float64) color.NRGBA {
	at = clamped(at) * float64(len(all)-1)
	i := min(int(at), len(all)-2)
	a, b := rgbOf(all[i]), rgbOf(all[i+1])
	at -= float64(i)
	mix := func(x, y float64) float64 { return x + float64((y-x)*at) }
	return rgb{mix(a.r, b.r), mix(a.g, b.g), mix(a.b, b.b)}.color()
}

func clamped(at float64) float64 {
	if math.IsNaN(at) {
		return 0
	}
	return min(max(at, 0), 1)
}

// shade returns one of eleven shades of c. The first is c; brighter and darker ones follow in turn.
func shade(c color.NRGBA, index int) color.NRGBA {
	const (
		steps           = 6
		spin, lightness = 10, 35
	)
	i := max(index, 0) % (2*steps - 1)
	if i == 0 {
		return c
	}
	part := float64((i+1)/2) / steps
	if i%2 == 1 {
		brighter := rgbOf(spun(c, part*spin).color())
		by := -round(-255 * (part * lightness / 100)) // a half is rounded down
		return rgb{brighter.r + by, brighter.g + by, brighter.b + by}.color()
	}
	darker := spun(c, -part*spin).hsl()
	darker.l = max(darker.l-part*lightness/100, 0)
	return darker.cut().rgb().color()
}

// spun turns the hue of c.
func spun(c color.NRGBA, degrees float64) rgb {
	h := rgbOf(c).hsl()
	h.h = math.Mod(h.h+degrees+360, 360)
	return h.cut().rgb()
}

// cut keeps four digits of the parts, as tinycolor does.
func (c hsl) cut() hsl {
	c.s, c.l = math.Trunc(c.s*1e4)/1e4, math.Trunc(c.l*1e4)/1e4
	return c
}
