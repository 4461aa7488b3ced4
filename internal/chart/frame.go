package chart

import (
	"math"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/series"
)

// frame maps values to places in the plot: seconds since 1970 to x, the panel's base unit to y.
type frame struct {
	box
	x0, x1, y0, y1 float64
}

// frameOf returns the frame of go-chart's canvas box and ranges. Their own Translate rounds to
// whole pixels and returns garbage for values that are not finite.
func frameOf(canvas chart.Box, x, y chart.Range) frame {
	return frame{
		box: box{
			float64(canvas.Left), float64(canvas.Top), float64(canvas.Right),
			float64(canvas.Bottom),
		},
		x0: x.GetMin(), x1: x.GetMax(), y0: y.GetMin(), y1: y.GetMax(),
	}
}

// Products are rounded before they are added (float64(a*b)+c), because a processor that fuses the
// two would draw other bytes.
func (f frame) x(t float64) float64 { return f.left + float64((t-f.x0)/(f.x1-f.x0)*f.width()) }
func (f frame) y(v float64) float64 { return f.bottom - float64((v-f.y0)/(f.y1-f.y0)*f.height()) }

// holds reports whether v is on the axis.
func (f frame) holds(v float64) bool { return v >= f.y0 && v <= f.y1 }

// times is the grid of samples in seconds, at least one step wide.
type times struct {
	start, step float64
	n           int
}

func (t times) at(i int) float64 { return t.start + float64(float64(i)*t.step) }

// trace appends the path of values through the plot, with a gap where there is no finite sample. If
// a device column has more than two samples, it keeps the first, the least, the greatest and the
// last in their order (M4: Jugel et al., 2014), which draws the same pixels and loses no extreme.
func (f frame) trace(dst []point, values []float64, t times, density float64) []point {
	n := min(len(values), t.n)
	thin := float64(n) > 2*float64(f.width()*density)
	var c column
	open := false // a stretch of samples has begun
	for i, v := range values[:n] {
		if !series.Finite(v) {
			dst = c.flush(dst, f, density)
			if open {
				dst = append(dst, gap())
			}
			open = false
			continue
		}
		open = true
		x := f.x(t.at(i))
		if !thin {
			dst = append(dst, point{float32(x), float32(f.y(v))})
			continue
		}
		if at := int((x - f.left) * density); at != c.at || c.n == 0 {
			dst = c.flush(dst, f, density)
			c = column{at: at, first: v, low: v, high: v}
		}
		c.add(v)
	}
	return c.flush(dst, f, density)
}

// column holds the four samples of one device column that M4 keeps.
type column struct {
	at, n                  int
	first, last, low, high float64
	lowAt, highAt          int
}

func (c *column) add(v float64) {
	c.last = v
	if v < c.low {
		c.low, c.lowAt = v, c.n
	}
	if v > c.high {
		c.high, c.highAt = v, c.n
	}
	c.n++
}

// flush appends the column's points, at its middle, and empties the column.
func (c *column) flush(dst []point, f frame, density float64) []point {
	if c.n == 0 {
		return dst
	}
	x := float32(f.left + (float64(c.at)+0.5)/density)
	near, far := c.low, c.high
	if c.highAt < c.lowAt {
		near, far = far, near
	}
	for _, v := range [...]float64{c.first, near, far, c.last} {
		if p := (point{x, float32(f.y(v))}); len(dst) == 0 || dst[len(dst)-1] != p {
			dst = append(dst, p)
		}
	}
	c.n = 0
	return dst
}

// envelope appends the paths of a lower and an upper edge: if samples are dense, the least and the
// greatest of each device column.
func (f frame) envelope(low, high []point, lower, upper []float64, t times,
	density float64) (l, h []point) {
	n := min(len(lower), len(upper), t.n)
	thin := float64(n) > 2*float64(f.width()*density)
	at, least, most := -1, 0.0, 0.0
	flush := func() {
		if at < 0 {
			return
		}
		x := float32(f.left + (float64(at)+0.5)/density)
		low, high = append(low, point{x, float32(f.y(least))}), append(high,
			point{x, float32(f.y(most))})
		at = -1
	}
	for i := range n {
		a, b := lower[i], upper[i]
		if math.IsNaN(a-b) || math.IsInf(a-b, 0) {
			flush()
			low, high = append(low, gap()), append(high, gap())
			continue
		}
		x := f.x(t.at(i))
		if !thin {
			low, high = append(low, point{float32(x), float32(f.y(a))}), append(high, point{
				float32(x), float32(f.y(b)),
			})
			continue
		}
		if c := int((x - f.left) * density); c != at {
			flush()
			at, least, most = c, a, b
		}
		least, most = min(least, a), max(most, b)
	}
	flush()
	return low, high
}
