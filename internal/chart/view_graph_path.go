package chart

import (
	"math"

	"github.com/promsnap/promsnap/internal/series"
)

// tracer makes paths of the values of curves. Its memory is reused for the next curve.
type tracer struct {
	xs       []float64 // places of samples
	at       []int     // their indexes in the curve
	top, low []point
	thin     [2][]point
	cut      [2][]point
}

// outline is what a curve is traced from: the samples of its edge and, if it has one of its own, of
// the ground of its area.
type outline struct {
	frame
	times  times
	values []float64
	base   []float64 // nil: it has a level ground
	bridge float64   // holes up to this many samples are bridged
	bend   string    // linear, smooth, stepBefore or stepAfter
}

// y64 is frame.y within a range in which sums of coordinates stay exact.
func (f frame) y64(v float64) float64 {
	const most = 1 << 18
	return max(-most, min(f.y(v), most))
}

// stretches calls each for every stretch of samples without a hole, with the indexes of the samples
// in t.at, after it has divided the paths.
func (t *tracer) stretches(o *outline, each func()) {
	t.top, t.low = t.top[:0], t.low[:0]
	n := min(len(o.values), o.times.n)
	if o.base != nil {
		n = min(n, len(o.base))
	}
	for from := 0; from < n; {
		if !o.sample(from) {
			from++
			continue
		}
		t.at = t.at[:0]
		last := from
		for i := from; i < n && float64(i-last) <= o.bridge+1; i++ {
			if o.sample(i) {
				t.at = append(t.at, i)
				last = i
			}
		}
		if len(t.top) > 0 {
			t.top, t.low = append(t.top, gap()), append(t.low, gap())
		}
		each()
		from = last + 1
	}
}

// trace sets t.top to the path of the values, and t.low to that of the base at the same places. A
// pitch is the width of a column of the plot: of several samples in a column, the least and the
// greatest are kept.
func (t *tracer) trace(o *outline, pitch float64) {
	t.stretches(o, func() {
		if o.apart() < pitch/2 {
			t.columns(o, pitch)
		} else {
			t.stretch(o)
		}
	})
}

// average sets t.top to the path of the means of columns: the edge of a light area, on which the
// line of the samples is drawn.
func (t *tracer) average(o *outline, pitch float64) {
	t.stretches(o, func() {
		t.eachColumn(o, pitch, func(at []int) {
			sum := 0.0
			for _, i := range at {
				sum += o.y64(o.values[i])
			}
			first, last := o.x(o.times.at(at[0])), o.x(o.times.at(at[len(at)-1]))
			x := (first + last) / 2
			switch {
			case at[0] == t.at[0]:
				x = first
			case at[len(at)-1] == t.at[len(t.at)-1]:
				x = last
			}
			t.top = append(t.top, point{whole(x), float32(sum / float64(len(at)))})
		})
	})
	t.low = t.low[:0]
}

// whole rounds a place to a whole pixel, which is shorter in an SVG.
func whole(x float64) float32 { return float32(math.Round(x)) }

// apart is the distance of two samples.
func (o *outline) apart() float64 { return o.x(o.times.start+o.times.step) - o.x(o.times.start) }

// sample reports whether the i-th sample can be drawn.
func (o *outline) sample(i int) bool {
	return series.Finite(o.values[i]) && (o.base == nil || series.Finite(o.base[i]))
}

// eachColumn calls each with the indexes of the samples in a column of the plot.
func (t *tracer) eachColumn(o *outline, pitch float64, each func(at []int)) {
	column := func(k int) float64 {
		return math.Floor((o.x(o.times.at(t.at[k])) - o.left) / pitch)
	}
	for k := 0; k < len(t.at); {
		end, here := k+1, column(k)
		for end < len(t.at) && column(end) == here {
			end++
		}
		each(t.at[k:end])
		k = end
	}
}

// columns adds the samples of t.at column by column: the least and the greatest, in their order.
// They are at the ends of the column, because at their own places the edges of two layers of a
// stack would not meet.
func (t *tracer) columns(o *outline, pitch float64) {
	place := func(i int) float32 { return float32(o.x(o.times.at(i))) }
	if pitch >= 2 {
		place = func(i int) float32 { return whole(o.x(o.times.at(i))) }
	}
	t.eachColumn(o, pitch, func(at []int) {
		first, last := place(at[0]), place(at[len(at)-1])
		a, b := extremes(o.values, at)
		t.top = append(t.top, point{first, float32(o.y64(a))}, point{last, float32(o.y64(b))})
		if o.base != nil {
			a, b = extremes(o.base, at)
			t.low = append(t.low, point{first, float32(o.y64(a))},
				point{last, float32(o.y64(b))})
		}
	})
}

// extremes returns the least and the greatest of some values, in their order.
func extremes(values []float64, at []int) (a, b float64) {
	low, high := at[0], at[0]
	for _, i := range at[1:] {
		if values[i] < values[low] {
			low = i
		}
		if values[i] > values[high] {
			high = i
		}
	}
	if low < high {
		return values[low], values[high]
	}
	return values[high], values[low]
}

// stretch adds the samples of t.at, with their connections.
func (t *tracer) stretch(o *outline) {
	t.xs = t.xs[:0]
	for _, i := range t.at {
		t.xs = append(t.xs, o.x(o.times.at(i)))
	}
	t.top = t.connect(t.top, o, o.values)
	if o.base != nil {
		t.low = t.connect(t.low, o, o.base)
	}
}

// connect appends the path through the samples of t.at at t.xs.
func (t *tracer) connect(dst []point, o *outline, values []float64) []point {
	y := func(k int) float64 { return o.y64(values[t.at[k]]) }
	for k, x := range t.xs {
		if k > 0 {
			switch o.bend {
			case "stepBefore":
				dst = append(dst, point{float32(t.xs[k-1]), float32(y(k))})
			case "stepAfter":
				dst = append(dst, point{float32(x), float32(y(k - 1))})
			case "smooth":
				dst = t.smooth(dst, k, y)
			}
		}
		dst = append(dst, point{float32(x), float32(y(k))})
	}
	return dst
}

// smooth appends points between the samples k-1 and k: a cubic that does not leave the range of
// the two.
func (t *tracer) smooth(dst []point, k int, y func(int) float64) []point {
	x0, x1 := t.xs[k-1], t.xs[k]
	width := x1 - x0
	pieces := int(min(width/2, curveSteps))
	if pieces < 2 {
		return dst
	}
	slope := func(a, b int) float64 { return (y(b) - y(a)) / (t.xs[b] - t.xs[a]) }
	tangent := func(at int) float64 {
		if at == 0 || at == len(t.xs)-1 {
			return slope(k-1, k)
		}
		before, after := slope(at-1, at), slope(at, at+1)
		if before*after <= 0 {
			return 0
		}
		return 2 * before * after / (before + after)
	}
	y0, y1 := y(k-1), y(k)
	m0, m1 := tangent(k-1)*width, tangent(k)*width
	for i := 1; i < pieces; i++ {
		s := float64(i) / float64(pieces)
		r := 1 - s
		v := float64((1+float64(2*s))*r*r*y0) + float64(s*r*r*m0) +
			float64(s*s*(1+float64(2*r))*y1) - float64(s*s*r*m1)
		dst = append(dst, point{float32(x0 + float64(s*width)), float32(v)})
	}
	return dst
}

// simplify appends the points of two paths with the same abscissas that differ from a straight line
// by more than tolerance. The second path may be nil.
func simplify(top, low, dstTop, dstLow []point, tolerance float32) (t, l []point) {
	keep := func(i int) {
		dstTop = append(dstTop, top[i])
		if len(low) > 0 {
			dstLow = append(dstLow, low[i])
		}
	}
	from := -1 // the last point that is kept
	var a, b cone
	for i, p := range top {
		if !p.drawable() {
			if from >= 0 && from < i-1 {
				keep(i - 1)
			}
			keep(i)
			from = -1
			continue
		}
		if from < 0 {
			keep(i)
			from = i
			a, b = widest, widest
			continue
		}
		fits := a.holds(top[from], p) && (len(low) == 0 || b.holds(low[from], low[i]))
		if !fits && i-1 > from {
			keep(i - 1)
			from = i - 1
			a, b = widest, widest
		}
		a.narrow(top[from], p, tolerance)
		if len(low) > 0 {
			b.narrow(low[from], low[i], tolerance)
		}
	}
	if n := len(top); from >= 0 && from < n-1 {
		keep(n - 1)
	}
	return dstTop, dstLow
}

// cone holds the slopes of the lines from a point that pass near all points after it.
type cone struct{ low, high float32 }

var widest = cone{-math.MaxFloat32, math.MaxFloat32}

func (c cone) holds(from, p point) bool {
	dx := p.x - from.x
	if dx <= 0 {
		return c == widest && p.x == from.x && p.y == from.y
	}
	slope := (p.y - from.y) / dx
	return slope >= c.low && slope <= c.high
}

func (c *cone) narrow(from, p point, tolerance float32) {
	dx := p.x - from.x
	if dx <= 0 {
		*c = cone{1, -1} // nothing fits: a line straight up is kept
		return
	}
	c.low = max(c.low, (p.y-tolerance-from.y)/dx)
	c.high = min(c.high, (p.y+tolerance-from.y)/dx)
}
