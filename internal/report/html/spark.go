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

// The size of a sparkline of a week in its own units, its number of samples, and that of its
// points: one for three hours.
const (
	weekWidth   = 126
	weekHeight  = 28
	weekSamples = 7 * 24
	weekPoints  = 56
)

// spark is a series in a table cell: an SVG path, and the position of its limit.
type spark struct {
	Width, Height int
	Path          string
	LimitY        string // "" without a limit
	Ghost         string // the path of the time before; "" without one
}

// sparkOf draws a series with its limit. Each point stands for several samples and is the one
// nearest to a breach, so that no peak is lost. Points without samples break the line. It returns
// nil if there is nothing to draw.
func sparkOf(c report.Course) *spark {
	limit, points := c.Limit, c.Extremes(sparkPoints)
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
	y := heights(lo, hi, sparkHeight)
	s := &spark{Width: sparkWidth, Height: sparkHeight, Path: pathOf(points, sparkWidth, y)}
	if series.Finite(limit) {
		s.LimitY = y(limit)
	}
	return s
}

// weekOf draws the newest week of a series and, behind it, the week before as a ghost: at each
// place it is seven days older. Both end with their newest sample. It returns nil if the newest
// week has nothing to draw.
func weekOf(week, before []float64) *spark {
	points, ghost := means(lastOf(week, weekSamples), weekPoints), means(lastOf(before,
		weekSamples), weekPoints)
	lo, hi := math.Inf(1), math.Inf(-1)
	drawn, haunted := 0, false
	for i := range weekPoints {
		for _, v := range []float64{points[i], ghost[i]} {
			if series.Finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		if series.Finite(points[i]) {
			drawn++
		}
		haunted = haunted || series.Finite(ghost[i])
	}
	if drawn == 0 {
		return nil
	}
	if !haunted { // a new series rises from nothing
		lo, hi = min(lo, 0), max(hi, 0)
	}
	y := heights(lo, hi, weekHeight)
	s := &spark{Width: weekWidth, Height: weekHeight, Path: pathOf(points, weekWidth, y)}
	if haunted {
		s.Ghost = pathOf(ghost, weekWidth, y)
	}
	return s
}

// lastOf returns the last n values, with NaN before them if there are fewer.
func lastOf(values []float64, n int) []float64 {
	values = values[max(len(values)-n, 0):]
	out := make([]float64, n)
	for i := range n - len(values) {
		out[i] = math.NaN()
	}
	copy(out[n-len(values):], values)
	return out
}

// means thins values to at most n: the mean of the finite values of each part. A part without
// values is NaN.
func means(values []float64, n int) []float64 {
	n = min(n, len(values))
	out := make([]float64, n)
	for i := range out {
		part := values[i*len(values)/n : (i+1)*len(values)/n]
		mean, count := math.NaN(), 0.0
		for _, v := range part {
			if !series.Finite(v) {
				continue
			}
			if count++; count == 1 {
				mean = v
				continue
			}
			mean += v/count - mean/count
		}
		out[i] = mean
	}
	return out
}

// heights returns the function from a value to its place in a sparkline, which keeps a pixel free
// at both edges.
func heights(lo, hi, height float64) func(v float64) string {
	span := hi/2 - lo/2 // halves, so that no difference overflows
	return func(v float64) string {
		if span == 0 {
			return coordinate(height / 2)
		}
		return coordinate(1 + float64((height-2)*((hi/2-v/2)/span)))
	}
}

// pathOf returns the path of points at equal distances. Values that are not finite break it.
func pathOf(points []float64, width float64, y func(v float64) string) string {
	var path strings.Builder
	move := true
	for i, v := range points {
		if !series.Finite(v) {
			move = true
			continue
		}
		x := coordinate(width * float64(i) / float64(len(points)-1))
		if move {
			path.WriteString("M" + x + " " + y(v) + "h0") // a single point shows as a dot
		} else {
			path.WriteString("L" + x + " " + y(v))
		}
		move = false
	}
	return path.String()
}

// coordinate returns v with at most one decimal, and zero without a sign.
func coordinate(v float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}
