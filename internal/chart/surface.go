package chart

import (
	"math"

	chart "github.com/wcharczuk/go-chart/v2"
)

// surface is what shapes are drawn on: go-chart's Renderer and what it lacks. Lengths are logical
// pixels from the top left corner. The raster writer multiplies them by its scale.
type surface interface {
	chart.Renderer

	// Density is the number of device pixels in a logical one. Curves are thinned out to it.
	Density() float64
	// Detail is how far from its samples a path may be, in logical pixels, and about how many
	// points the curves of a chart may have together. An SVG is as long as it has points.
	Detail() (tolerance float64, points int)
	// Rect fills b, with its edges at device pixels and at least one device pixel thick.
	Rect(b box, p paint)
	// Rects fills boxes that do not touch each other, as Rect does.
	Rects(bs []box, p paint)
	// Line strokes a path with round joins. A point that is not finite breaks it.
	Line(path []point, width float64, dash []float64, p paint)
	// Area fills the space between two paths with the same abscissas. A point that is not finite
	// leaves a gap.
	Area(upper, lower []point, p paint)
	// Dot fills a circle.
	Dot(at point, radius float64, p paint)
	// Hatch fills b with thin diagonals, which mean missing data in every colour scheme.
	Hatch(b box, p paint)
	// Label writes text.
	Label(l label)
}

// point is a place in logical pixels.
type point struct{ x, y float32 }

// gap is a point that breaks a path.
func gap() point { return point{float32(math.NaN()), float32(math.NaN())} }

// farthest bounds coordinates. Nothing is drawn beyond it, and integers derived from it cannot
// overflow.
const farthest = 1 << 20

// drawable reports whether p is finite and near enough to be drawn.
func (p point) drawable() bool {
	return p.x > -farthest && p.x < farthest && p.y > -farthest && p.y < farthest // false for NaN
}

// box is a rectangle in logical pixels.
type box struct{ left, top, right, bottom float64 }

func (b box) width() float64  { return b.right - b.left }
func (b box) height() float64 { return b.bottom - b.top }

// overlaps reports whether the boxes share more than an edge.
func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// style is the look of text. Its size is in logical pixels.
type style struct {
	size   float64
	weight weight
	ink    ink
}

// label is text at its place: x is its left end, y its baseline. A writer whose letters may be
// wider or narrower than measured must know which end is fixed.
type label struct {
	text  string
	x, y  float64
	align align
	style
	box box // from the top of its capitals to the bottom of its descenders
}

// Parts of an em above and below the baseline that letters, digits and Hangul reach.
const (
	ascent  = 0.76
	descent = 0.22
)
