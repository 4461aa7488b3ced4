package html

import (
	"math"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
)

// The size of a sparkline in its own units, and its highest and lowest number of points.
const (
	sparkWidth  = 96
	sparkHeight = 22
	sparkPoints = 48
	sparkFewest = 4
)

// spark is a series in a table cell: an SVG path, and the position of its limit.
type spark struct {
	Width, Height int
	Path          string
	LimitY        string // "" without a limit
}

// sparkOf draws a series with its limit. Each point stands for several samples and is the one
// nearest to a breach, so that no peak is lost. Points without samples break the line. It returns
// nil if there is nothing to draw.
func sparkOf(c report.Course) *spark {
	limit, points := c.Limit, extremes(c.Values, sparkPoints, c.Below)
	lo, hi := math.Inf(1), math.Inf(-1)
	drawn := 0
	for _, v := range points {
		if series.Finite(v) {
			lo, hi = min(lo, v), max(hi, v)
			drawn++
		}
	}
	if drawn < sparkFewest {
		return nil
	}
	if series.Finite(limit) {
		lo, hi = min(lo, limit), max(hi, limit)
	}
	if c.Zero {
		lo, hi = min(lo, 0), max(hi, 0)
	}
	span := hi/2 - lo/2 // halves, so that no difference overflows
	y := func(v float64) string {
		if span == 0 {
			return coordinate(sparkHeight / 2)
		}
		return coordinate(1 + float64((sparkHeight-2)*((hi/2-v/2)/span)))
	}
	var path strings.Builder
	move := true
	for i, v := range points {
		if !series.Finite(v) {
			move = true
			continue
		}
		x := coordinate(sparkWidth * float64(i) / float64(len(points)-1))
		if move {
			path.WriteString("M" + x + " " + y(v) + "h0") // a single point shows as a dot
		} else {
			path.WriteString("L" + x + " " + y(v))
		}
		move = false
	}
	s := &spark{Width: sparkWidth, Height: sparkHeight, Path: path.String()}
	if series.Finite(limit) {
		s.LimitY = y(limit)
	}
	return s
}

// extremes thins values to at most n: the largest finite value of each part, or the smallest. A
// part without values is NaN.
func extremes(values []float64, n int, below bool) []float64 {
	n = min(n, len(values))
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
		for _, v := range values[i*len(values)/n : (i+1)*len(values)/n] {
			if series.Finite(v) && (math.IsNaN(out[i]) || (v > out[i]) != below) {
				out[i] = v
			}
		}
	}
	return out
}

// coordinate returns v with at most one decimal, and zero without a sign.
func coordinate(v float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}
