package board

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/series"
)

// lastTime is the last time of JavaScript, in milliseconds.
const lastTime = 8.64e15

// point is one value at a time in milliseconds.
type point struct {
	at int64
	v  float64
}

// points returns the numbers of a field with their times. What is no finite number is left out.
func points(times, values *frame.Field) []point {
	out := make([]point, 0, values.Values.Len())
	for i := range values.Values.Len() {
		at, ok := times.Values.At(i).Number()
		if !ok || math.IsNaN(at) || math.Abs(at) > lastTime {
			continue
		}
		if v, ok := number(values.Values.At(i)); ok && series.Finite(v) {
			out = append(out, point{int64(at), v})
		}
	}
	return out
}

// place puts values onto a grid of times: that of the query which they answer, or that of another
// query, or one that fits them.
func (b *builder) place(ps []point, ref string) (series.Grid, []float64) {
	grid, ok := b.gridFor(ps, ref)
	if !ok {
		grid = b.fittingGrid(ps)
	}
	values := make([]float64, grid.Len)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, p := range ps {
		if i := slot(grid, p.at); i >= 0 && i < grid.Len {
			values[i] = p.v
		}
	}
	return grid, values
}

// slot returns the index of the time of grid that is nearest to at.
func slot(grid series.Grid, at int64) int {
	step := max(grid.Step.Milliseconds(), 1)
	return int((at - grid.Start.UnixMilli() + step/2) / step)
}

// gridFor returns the grid of an answer that has all the times. It prefers that of ref.
func (b *builder) gridFor(ps []point, ref string) (series.Grid, bool) {
	fits := func(g series.Grid) bool {
		step, start := max(g.Step.Milliseconds(), 1), g.Start.UnixMilli()
		return !slices.ContainsFunc(ps, func(p point) bool {
			off := p.at - start
			return off < 0 || off%step != 0 || off/step >= int64(g.Len)
		})
	}
	for _, own := range []bool{true, false} {
		for _, g := range b.grids {
			if (g.ref == ref) == own && fits(g.grid) {
				return g.grid, true
			}
		}
	}
	return series.Grid{}, false
}

// fittingGrid returns a grid that has all the times. If that would be too long it is coarser, and a
// note says so.
func (b *builder) fittingGrid(ps []point) series.Grid {
	if len(ps) == 0 {
		return series.Grid{}
	}
	first, last := ps[0].at, ps[0].at
	for _, p := range ps {
		first, last = min(first, p.at), max(last, p.at)
	}
	step := int64(0)
	for _, p := range ps {
		step = gcd(p.at-first, step)
	}
	step = max(step, 1)
	if (last-first)/step >= MaxPoints {
		step = (last-first)/(MaxPoints-1) + 1
		b.note(Note{Code: NotePoints, Count: MaxPoints})
	}
	step = min(step, math.MaxInt64/int64(time.Millisecond))
	return series.Grid{
		Start: time.UnixMilli(first).In(b.set.Now.Location()),
		Step:  time.Duration(step) * time.Millisecond,
		Len:   int((last-first)/step) + 1,
	}
}

func gcd(x, y int64) int64 {
	for y != 0 {
		x, y = y, x%y
	}
	return x
}
