package chart

import (
	"math"

	chart "github.com/wcharczuk/go-chart/v2"
)

// surface is what shapes are drawn on: go-chart's Renderer, and what it lacks. Lengths are logical
// pixels from the top left corner; the raster writer multiplies them by its scale.
type surface interface {
	chart.Renderer

	// Density is how many device pixels a logical one has; curves are thinned out to it.
	Density() float64
	// Rect fills b, its edges snapped to device pixels; it is at least one device pixel thick.
	Rect(b box, p paint)
	// Rects fills boxes that do not touch one another as Rect does.
	Rects(bs []box, p paint)
	// Line strokes a path with round joins. A point that is not finite breaks it.
	Line(path []point, width float64, dash []float64, p paint)
	// Area fills what lies between two paths that have the same abscissas; a point that is not
	// finite leaves a hole.
	Area(upper, lower []point, p paint)
	// Dot fills a circle.
	Dot(at point, radius float64, p paint)
	// Hatch fills b with thin diagonals: "there is nothing here" in every colour scheme.
	Hatch(b box, p paint)
	// Label writes text.
	Label(l label)
}

// point is a place in logical pixels.
type point struct{ x, y float32 }

// gap is a point that breaks a path.
func gap() point { return point{float32(math.NaN()), float32(math.NaN())} }

// farthest bounds coordinates: beyond it nothing is drawn, and integers derived from it cannot
// overflow.
const farthest = 1 << 20

// drawable says that p is finite and near enough to be drawn.
func (p point) drawable() bool {
	return p.x > -farthest && p.x < farthest && p.y > -farthest && p.y < farthest // false for NaN
}

// box is a rectangle in logical pixels.
type box struct{ left, top, right, bottom float64 }

func (b box) width() float64  { return b.right - b.left }
func (b box) height() float64 { return b.bottom - b.top }

// overlaps says that the two share more than an edge.
func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// style is how text looks; its size is in logical pixels.
type style struct {
	size   float64
	weight weight
	ink    ink
}

// label is text at its place: x is its left end, y its baseline. Which end is fixed matters to a
// writer whose letters may turn out wider or narrower than those that were measured.
type label struct {
	text  string
	x, y  float64
	align align
	style
	box box // what it covers, from the top of its capitals to the bottom of its descenders
}

// Parts of an em above and below the baseline that letters, digits and Hangul reach.
const (
	ascent  = 0.76
	descent = 0.22
)
