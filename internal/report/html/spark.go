package html

import (
	"math"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
)

// The size of a sparkline in its own units, and how many points it has at most and at least.
const (
	sparkWidth  = 96
	sparkHeight = 22
	sparkPoints = 48
	sparkFewest = 4
)

// spark is the course of one series in a table's cell: an SVG path, and where its limit lies.
type spark struct {
	Width, Height int
	Path          string
	LimitY        string // "" where the limit is not known
}

// sparkOf draws a course against its limit. Each point stands for a stretch of samples and is the
// one furthest towards the breach, so that no peak is lost; a stretch without samples breaks the
// line. Nil where there is nothing to draw.
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
	span := hi/2 - lo/2 // halved: no difference is too large
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
			path.WriteString("M" + x + " " + y(v) + "h0") // a lone point shows as a dot
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

// extremes thins values to at most n: the largest finite one of each stretch, or the smallest; NaN
// where a stretch has none.
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

// coordinate writes v with at most one place; a zero has no sign.
func coordinate(v float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}
