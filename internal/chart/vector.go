package chart

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/wcharczuk/go-chart/v2/drawing"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// vector implements go-chart's Renderer and our surface as an SVG document. Colours are CSS
// variables with the light theme as default, so that a page can set them (see Styles). It uses no
// ids and no style attributes, so a page can hold any number of charts under a policy without
// inline styles.
type vector struct {
	pen
	out strings.Builder
	// the picture to write; without alt, screen readers skip it, because the text next to it says
	// the same
	picture *picture
	own     Colours // those of the picture that no theme has
	group   *label  // one of the open group of labels; nil: none is open
}

// fontFamily begins with the fonts with which the text was measured.
const fontFamily = `Roboto,'Helvetica Neue',Arial,'Apple SD Gothic Neo','Malgun Gothic',` +
	`'Noto Sans KR',sans-serif`

// Save writes the document. In a chart over time, data-plot holds the place of the plot and the
// range of its axes: left, top, right and bottom in units of the viewBox, the first and last second
// since 1970, and, if samples are on an axis of values, its least and greatest value.
func (v *vector) Save(w io.Writer) error {
	v.closeGroup()
	plot := ""
	if f := v.picture.frame(); f.x1 > 1 { // other pictures have an axis from 0 to 1
		plot = strings.Join([]string{
			plain(f.left), plain(f.top), plain(f.right), plain(f.bottom), decimal(f.x0),
			decimal(f.x1),
		}, " ")
		if v.picture.sampled {
			plot += " " + plain(f.y0) + " " + plain(f.y1)
		}
		plot = ` data-plot="` + plot + `"`
	}
	said := `aria-hidden="true"`
	if v.picture.alt != "" {
		said = fmt.Sprintf(`role="img" aria-label="%s"`,
			html.EscapeString(outside.Line(v.picture.alt)))
	}
	_, err := fmt.Fprintf(w,
		`<svg xmlns="http://www.w3.org/2000/svg" class="chart" %s viewBox="0 0 %d %d"%s>%s</svg>`,
		said, v.picture.width, v.picture.height, plot, v.out.String())
	return err
}

// Density is one, so a curve has no more points than a plain screen has pixels.
func (v *vector) Density() float64 { return 1 }

// Detail allows what nobody sees beside a line of a pixel's width, and about 100 kB.
func (v *vector) Detail() (tolerance float64, points int) { return 0.5, 16_000 }

// variable returns the CSS variable of an ink.
func variable(i ink) string {
	var name string
	switch {
	case i >= firstOwn:
		return ownVariable(i)
	case i >= firstHeat:
		name = "heat-" + strconv.Itoa(int(i-firstHeat)+1)
	case i >= firstSeriesText:
		name = "series-text-" + strconv.Itoa(int(i-firstSeriesText)+1)
	case i >= firstSeries:
		name = "series-" + strconv.Itoa(int(i-firstSeries)+1)
	default:
		name = inkNames[i]
	}
	return "--chart-" + name
}

// Styles returns a style sheet with the colours of the variables of all charts in a page: light, or
// dark on a screen whose reader prefers that. It also has what all charts share, such as their
// fonts.
func Styles() string {
	var b strings.Builder
	write := func(t *theme) {
		for i := range inks {
			fmt.Fprintf(&b, "%s:#%06x;", variable(i), uint32(t[i]))
		}
	}
	b.WriteString(":root{")
	write(&light)
	b.WriteString("}\n@media screen and (prefers-color-scheme:dark){:root{")
	write(&dark)
	b.WriteString("}}\nsvg.chart{stroke-linejoin:round;stroke-linecap:round;font-family:" +
		fontFamily + "}\nsvg.chart text{font-variant-numeric:tabular-nums}\n")
	return b.String()
}

// colour writes a fill or stroke attribute.
func (v *vector) colour(attribute string, p paint) {
	if p.ink >= firstOwn {
		v.own.add(p.ink)
	}
	fmt.Fprintf(&v.out, ` %s="var(%s,#%06x)"`, attribute, variable(p.ink), uint32(light.of(p.ink)))
	if p.alpha < 255 {
		fmt.Fprintf(&v.out, ` %s-opacity="%s"`, attribute, decimal(float64(p.alpha)/255))
	}
}

// decimal writes v with at most two places.
func decimal(v float64) string { return plain(math.Round(v*100) / 100) }

// plain writes v in digits only. It writes 0 for minus zero and for numbers that are not finite,
// because a browser drops the rest of a path after a wrong number.
func plain(v float64) string {
	if v == 0 || !series.Finite(v) {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Rect snaps to whole pixels, as the raster does, and is at least one thick.
func (v *vector) Rect(b box, p paint) { v.Rects([]box{b}, p) }

func (v *vector) Rects(bs []box, p paint) {
	v.out.WriteString(`<path d="`)
	for _, b := range bs {
		x, y := math.Round(b.left), math.Round(b.top)
		w, h := max(math.Round(b.right)-x, 1), max(math.Round(b.bottom)-y, 1)
		fmt.Fprintf(&v.out, "M%s %sh%sv%sh%sz", decimal(x), decimal(y), decimal(w), decimal(h),
			decimal(-w))
	}
	v.out.WriteString(`"`)
	v.colour("fill", p)
	v.out.WriteString("/>")
}

func (v *vector) Line(path []point, width float64, dash []float64, p paint) {
	v.out.WriteString(`<path d="`)
	v.steps(path)
	fmt.Fprintf(&v.out,
		`" fill="none" stroke-width="%s"`, decimal(width))
	v.dashes(dash)
	v.colour("stroke", p)
	v.out.WriteString("/>")
}

func (v *vector) dashes(dash []float64) {
	if len(dash) == 0 {
		return
	}
	words := make([]string, len(dash))
	for i, d := range dash {
		words[i] = decimal(d)
	}
	fmt.Fprintf(&v.out, ` stroke-dasharray="%s"`, strings.Join(words, " "))
}

// coarse rounds a coordinate in tenths of a pixel, of which nobody sees the last digit after a long
// step: to a half or to a whole pixel.
func coarse(at, before int) int {
	unit := 1
	switch step := max(at-before, before-at); {
	case step >= 40:
		unit = 10
	case step >= 10:
		unit = 5
	}
	return (at + unit/2) / unit * unit
}

// steps writes a path's data in tenths of a pixel. Each point is relative to the one before, which
// is half as long as coordinates.
func (v *vector) steps(path []point) {
	var x, y, dy int
	var b []byte
	straight := false // the last command was l, which need not be repeated
	for i, p := range path {
		if !p.drawable() {
			continue
		}
		px, py := int(math.Round(float64(p.x)*10)), int(math.Round(float64(p.y)*10))
		goesOn, first := straight, i == 0 || !path[i-1].drawable()
		if straight = false; !first {
			py = coarse(py, y)
		}
		switch {
		case first:
			b = tenths(append(tenths(append(b, 'M'), px), ' '), py)
			if i+1 == len(path) || !path[i+1].drawable() {
				b = append(b, "h0"...) // an isolated sample: the round cap is a dot
			}
		case py == y:
			b = tenths(append(b, 'h'), px-x)
		case px == x:
			b = tenths(append(b, 'v'), py-y)
		default:
			if goesOn {
				b = further(b, dy, px-x)
			} else {
				b = tenths(append(b, 'l'), px-x)
			}
			dy, straight = py-y, true
			b = further(b, px-x, dy)
		}
		x, y = px, py
	}
	v.out.Write(b)
}

// further appends n/10 after before/10, with a space if they would be read as one number. A sign
// begins a number, and so does a point after a number with a point.
func further(b []byte, before, n int) []byte {
	if point := n < 10 && n%10 != 0; n >= 0 && (!point || before%10 == 0) {
		b = append(b, ' ')
	}
	return tenths(b, n)
}

// tenths appends n/10 in the fewest letters: .5, -1.2, 30.
func tenths(b []byte, n int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	if n >= 10 || n == 0 {
		b = strconv.AppendInt(b, int64(n/10), 10)
	}
	if n%10 != 0 {
		b = append(b, '.', byte('0'+n%10))
	}
	return b
}

// Area writes a polygon for each stretch between gaps.
func (v *vector) Area(upper, lower []point, p paint) {
	n := min(len(upper), len(lower))
	solid := func(i int) bool { return upper[i].drawable() && lower[i].drawable() }
	v.out.WriteString(`<path d="`)
	for from := 0; from < n; {
		to := from
		for to < n && solid(to) {
			to++
		}
		if to-from > 1 {
			outline := append([]point(nil), upper[from:to]...)
			for i := to - 1; i >= from; i-- {
				level := i > from && i < to-1 && lower[i-1].y == lower[i].y &&
					lower[i].y == lower[i+1].y
				if !level { // a level edge needs only its ends
					outline = append(outline, lower[i])
				}
			}
			v.steps(outline)
			v.out.WriteString("z")
		}
		from = max(to, from+1)
	}
	v.out.WriteString(`"`)
	v.colour("fill", p)
	v.out.WriteString("/>")
}

func (v *vector) Dot(at point, radius float64, p paint) {
	if !at.drawable() {
		return
	}
	fmt.Fprintf(&v.out, `<circle cx="%s" cy="%s" r="%s"`, decimal(float64(at.x)),
		decimal(float64(at.y)), decimal(radius))
	v.colour("fill", p)
	v.out.WriteString("/>")
}

// Hatch writes each diagonal, because a pattern would need an id.
func (v *vector) Hatch(b box, p paint) {
	const apart = 6
	v.out.WriteString(`<path d="`)
	for d := b.left + b.top; d < b.right+b.bottom; d += apart {
		x, y := min(d-b.top, b.right), max(b.top, d-b.right) // where the line x + y = d enters b
		length := min(x-b.left, b.bottom-y)
		fmt.Fprintf(&v.out, "M%s %sl%s %s", decimal(x), decimal(y), decimal(-length),
			decimal(length))
	}
	v.out.WriteString(`" fill="none" stroke-width="1"`)
	v.colour("stroke", p)
	v.out.WriteString("/>")
}

// Label writes text into a group with the others of its style. It fixes the measured width if our
// fonts have all the runes, so that a reader's fonts cannot make text overlap.
func (v *vector) Label(l label) {
	if v.group == nil || v.group.style != l.style || v.group.align != l.align {
		v.closeGroup()
		v.openGroup(l)
	}
	x := l.box.left
	switch l.align {
	case centre:
		x = (l.box.left + l.box.right) / 2
	case right:
		x = l.box.right
	}
	fmt.Fprintf(&v.out, `<text x="%s" y="%s"`, decimal(x), decimal(l.y))
	if v.picture.faces[l.weight].has(l.text) {
		fmt.Fprintf(&v.out, ` textLength="%s" lengthAdjust="spacingAndGlyphs"`,
			decimal(l.box.width()))
	}
	v.out.WriteString(">" + html.EscapeString(outside.Line(l.text)) + "</text>")
}

func (v *vector) openGroup(l label) {
	v.group = &l
	fmt.Fprintf(&v.out, `<g font-size="%s"`, decimal(l.size))
	switch l.align {
	case centre:
		v.out.WriteString(` text-anchor="middle"`)
	case right:
		v.out.WriteString(` text-anchor="end"`)
	}
	if l.weight == medium {
		v.out.WriteString(` font-weight="500"`)
	}
	v.colour("fill", solid(l.ink))
	v.out.WriteString(">")
}

func (v *vector) closeGroup() {
	if v.group != nil {
		v.out.WriteString("</g>")
		v.group = nil
	}
}

// The rest of go-chart's Renderer, with which its skeleton draws the background and the canvas.

// Text writes text with its baseline at y.
func (v *vector) Text(text string, x, y int) {
	fmt.Fprintf(&v.out, `<text x="%d" y="%d" font-size="%s"%s>%s</text>`,
		x, y, decimal(v.fontSize), attributes("fill", v.fontColour),
		html.EscapeString(outside.Line(text)))
}

// Stroke strokes the path and forgets it.
func (v *vector) Stroke() { v.path(drawing.Color{}, v.stroke) }

// Fill fills the path and forgets it.
func (v *vector) Fill() { v.path(v.fill, drawing.Color{}) }

// FillStroke fills the path, strokes it and forgets it.
func (v *vector) FillStroke() { v.path(v.fill, v.stroke) }

func (v *vector) path(fill, stroke drawing.Color) {
	if v.strokeWidth <= 0 {
		stroke.A = 0
	}
	if fill.A > 0 || stroke.A > 0 {
		v.out.WriteString(`<path d="`)
		for _, p := range v.paths {
			v.steps(p)
		}
		fmt.Fprintf(&v.out, `"%s%s stroke-width="%s"`, attributes("fill", fill),
			attributes("stroke", stroke), decimal(v.strokeWidth))
		v.dashes(v.dash)
		v.out.WriteString("/>")
	}
	v.paths = v.paths[:0]
}

func attributes(name string, c drawing.Color) string {
	if c.A == 0 {
		return " " + name + `="none"`
	}
	return fmt.Sprintf(` %s="#%06x" %s-opacity="%s"`, name, uint32(opaque(c)), name,
		decimal(float64(c.A)/255))
}
