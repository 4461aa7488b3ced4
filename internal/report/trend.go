package report

import "math"

// Trend is where a series was heading at the end of the window.
type Trend int8

// The trends.
const (
	Falling Trend = iota - 1
	Steady
	Rising
)

// A trend is told where a straight line explains at least half of the last quarter of the window (r² ≥ 0.5, which noise and saw-teeth
// do not reach) and moves by at least 3 % of the limit, or of the mean where that is larger.
const (
	trendFewest  = 6
	trendFit     = 0.5
	trendLeast   = 0.03
	trendQuarter = 4
)

// trendOf fits a straight line through the finite samples of the last quarter of values by least squares. Products are rounded before they are added, so that no machine fuses the two and answers otherwise.
func trendOf(values []float64, limit float64) Trend {
	last := values[len(values)-len(values)/trendQuarter:]
	var n, meanX, meanY float64
	for x, y := range last {
		if finite(y) {
			n++
			meanX += float64(x)
			meanY += y
		}
	}
	if n < trendFewest {
		return Steady
	}
	meanX, meanY = meanX/n, meanY/n
	var xx, xy, yy float64
	for x, y := range last {
		if finite(y) {
			dx, dy := float64(x)-meanX, y-meanY
			xx += float64(dx * dx)
			xy += float64(dx * dy)
			yy += float64(dy * dy)
		}
	}
	scale := math.Abs(meanY)
	if finite(limit) {
		scale = max(scale, math.Abs(limit))
	}
	moved := xy / xx * float64(len(last)-1)
	switch {
	case yy == 0 || float64(xy*xy) < trendFit*float64(xx*yy) || math.Abs(moved) < trendLeast*scale:
		return Steady
	case moved > 0:
		return Rising
	default:
		return Falling
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
