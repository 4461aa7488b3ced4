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

// vector is go-chart's Renderer and our surface as an SVG document. Colours are CSS variables with
// the light theme behind them, so that a page can set them for its reader (see Styles). It uses no
// ids and no style attributes: any number of charts stand in one page, under a policy that allows
// no inline styles.
type vector struct {
	pen
	out strings.Builder
	// what is written; without alt a screen reader says nothing, because what stands beside it says
	// it all
	picture *picture
}

// fontFamily puts the fonts first that the text was measured with.
const fontFamily = `Roboto,'Helvetica Neue',Arial,'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR',sans-serif`

// Save writes the document. Of a chart over time, data-plot says where the plot lies and what its
// axes span: left, top, right and bottom in the viewBox' units, the first and the last second since
// 1970, and, where samples stand on an axis of values, its least and greatest.
func (v *vector) Save(w io.Writer) error {
	plot := ""
	if f := v.picture.frame(); f.x1 > 1 { // the others have an axis from 0 to 1
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
		`<svg xmlns="http://www.w3.org/2000/svg" class="chart" %s viewBox="0 0 %d %d"%s font-family="%s">%s</svg>`,
		said, v.picture.width, v.picture.height, plot, fontFamily, v.out.String())
	return err
}

// Density is one: a curve gets no more points than a plain screen has pixels.
func (v *vector) Density() float64 { return 1 }

// variable is the CSS variable of an ink.
func variable(i ink) string {
	var name string
	switch {
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

// Styles is a style sheet that gives the variables of all charts in a page their colours: light,
// and dark on a screen whose reader prefers that.
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
	b.WriteString("}}\nsvg.chart text{font-variant-numeric:tabular-nums}\n")
	return b.String()
}

// colour writes an attribute that paints: fill or stroke.
func (v *vector) colour(attribute string, p paint) {
	fmt.Fprintf(&v.out, ` %s="var(%s,#%06x)"`, attribute, variable(p.ink), uint32(light[p.ink]))
	if p.alpha < 255 {
		fmt.Fprintf(&v.out, ` %s-opacity="%s"`, attribute, decimal(float64(p.alpha)/255))
	}
}

// decimal writes v with at most two places.
func decimal(v float64) string { return plain(math.Round(v*100) / 100) }

// plain writes v in digits alone. What is no finite number is 0, and so is minus zero: of a path
// with one wrong number a browser draws nothing from there on.
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
		`" fill="none" stroke-width="%s" stroke-linejoin="round" stroke-linecap="round"`,
		decimal(width))
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

// steps writes a path's data in tenths of a pixel, each point as the way from the one before: that
// is half as long as coordinates.
func (v *vector) steps(path []point) {
	var x, y int
	for i, p := range path {
		if !p.drawable() {
			continue
		}
		px, py := int(math.Round(float64(p.x)*10)), int(math.Round(float64(p.y)*10))
		switch {
		case i == 0 || !path[i-1].drawable():
			fmt.Fprintf(&v.out, "M%s %s", tenths(px), tenths(py))
			if i+1 == len(path) || !path[i+1].drawable() {
				v.out.WriteString("h0") // a lone sample: the round cap is a dot
			}
		case py == y:
			v.out.WriteString("h" + tenths(px-x))
		default:
			dx, dy := tenths(px-x), tenths(py-y)
			if dy[0] != '-' {
				dy = " " + dy
			}
			v.out.WriteString("l" + dx + dy)
		}
		x, y = px, py
	}
}

// tenths writes n/10 in the fewest letters: .5, -1.2, 30.
func tenths(n int) string {
	var buf [24]byte
	text := buf[:0]
	if n < 0 {
		text, n = append(text, '-'), -n
	}
	if n >= 10 || n == 0 {
		text = strconv.AppendInt(text, int64(n/10), 10)
	}
	if n%10 != 0 {
		text = append(text, '.', byte('0'+n%10))
	}
	return string(text)
}

// Area writes a polygon for each stretch between holes.
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
				outline = append(outline, lower[i])
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

// Hatch writes the diagonals one by one: a pattern would need an id.
func (v *vector) Hatch(b box, p paint) {
	const apart = 6
	v.out.WriteString(`<path d="`)
	for d := b.left + b.top; d < b.right+b.bottom; d += apart {
		x, y := min(d-b.top, b.right), max(b.top, d-b.right) // where the line x + y = d enters
		length := min(x-b.left, b.bottom-y)
		fmt.Fprintf(&v.out, "M%s %sl%s %s", decimal(x), decimal(y), decimal(-length),
			decimal(length))
	}
	v.out.WriteString(`" fill="none" stroke-width="1"`)
	v.colour("stroke", p)
	v.out.WriteString("/>")
}

// Label pins the width that was measured where our fonts have all its runes, so that a reader's
// fonts cannot make text overlap.
func (v *vector) Label(l label) {
	x, anchor := l.box.left, ""
	switch l.align {
	case centre:
		x, anchor = (l.box.left+l.box.right)/2, ` text-anchor="middle"`
	case right:
		x, anchor = l.box.right, ` text-anchor="end"`
	}
	fmt.Fprintf(&v.out, `<text x="%s" y="%s" font-size="%s"%s`, decimal(x), decimal(l.y),
		decimal(l.size), anchor)
	if l.weight == medium {
		v.out.WriteString(` font-weight="500"`)
	}
	if v.picture.faces[l.weight].has(l.text) {
		fmt.Fprintf(&v.out, ` textLength="%s" lengthAdjust="spacingAndGlyphs"`,
			decimal(l.box.width()))
	}
	v.colour("fill", solid(l.ink))
	v.out.WriteString(">" + html.EscapeString(outside.Line(l.text)) + "</text>")
}

// What follows is the rest of go-chart's Renderer, which its skeleton draws the background and the
// canvas with.

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
