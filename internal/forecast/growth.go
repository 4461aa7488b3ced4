package forecast

import (
	"math"
	"slices"
)

// More constants of the method: see those of history.go.
const (
	// A forecast needs two of each weekday, so that whole weeks can be compared. After a step, a
	// week of days is enough.
	leastDays = 14
	// leastPairs of days must be there to compare, fewer after a step. Fourteen days have seven, of
	// which a missing day takes one or two.
	leastPairs      = 5
	leastPairsAfter = 3
	// rareWeek and sureWeek are quantiles of the growth: nine and seven in ten weeks exceed them.
	rareWeek = 0.1
	sureWeek = 0.3
	// leastGrowth is the share of the scale that the history must have gained.
	leastGrowth = 0.01
	// nearest and furthest are the narrowest interval, as factors of the days. The truth lay in it
	// for 92 % of the forecasts of disks that simply grew.
	nearest  = 0.6
	furthest = 1.6
)

// start returns the first day with a high, days if there is none.
func (h *history) start() int {
	for d, v := range h.high {
		if !math.IsNaN(v) {
			return d
		}
	}
	return days
}

// now returns the newest high, NaN if the newest day has none.
func (h *history) now() float64 { return h.high[days-1] }

// cameDown reports whether the series comes down by itself from today's level again and again, and
// returns the sample with which it did so last.
func (h *history) cameDown(start int) (at int, ok bool) {
	fell, here := 0, 0
	for d := start; d < days; d++ {
		if math.IsInf(h.from[d], -1) {
			continue
		}
		fell++
		if h.from[d] >= h.now()-fromHere*h.scale && h.freed[d] {
			here, at = here+1, h.fell[d]
		}
	}
	least := cycleFalls
	if days-start < threeWeeks {
		least = 1
	}
	return at, here >= least && fell*rotation < days-start
}

// emptied reports whether the newest sample lies further below the day's high than on other days.
// Then the high is not the level any more. It returns the sample with which the series came down.
func (h *history) emptied(start int) (at int, ok bool) {
	var buf [days]float64
	dips := buf[:0]
	for d := start; d < days-1; d++ {
		if dip := h.high[d] - h.newest[d]; !math.IsNaN(dip) {
			dips = append(dips, dip)
		}
	}
	usual, noise := spread(dips)
	dip := h.now() - h.newest[days-1] - usual
	return h.steepest(days-1, days-1, -1), dip > max(stepShare*h.scale, stepNoise*noise)
}

// step returns the newest lasting step: the first day after it, and the sample with which it began.
// A series that dropped twice or more is a cycle, and its whole history counts. The day is start if
// there is no step.
func (h *history) step(start int) (begin, at int) {
	var idx [days]int
	var buf, sorted [days]float64
	n := 0
	for d := start; d < days; d++ {
		if math.IsNaN(h.high[d]) {
			continue
		}
		if n > 0 {
			buf[n-1] = (h.high[d] - h.high[idx[n-1]]) / float64(d-idx[n-1])
		}
		idx[n] = d
		n++
	}
	usual, noise := spread(append(sorted[:0], buf[:max(n-1, 0)]...))
	least := max(stepShare*h.scale, stepNoise*noise)
	for k, d := range idx[:n] {
		buf[k] = h.high[d] - usual*float64(d) // what is left without the trend
	}
	begin, drops := start, 0
	for k := 1; k < n; k++ {
		by := buf[k] - buf[k-1]
		if math.Abs(by) <= least {
			continue
		}
		sign := math.Copysign(1, by)
		lasts := level(buf[k:min(k+3, n)]) - level(buf[max(k-3, 0):k])
		if sign*lasts < lasting*math.Abs(by) {
			continue
		}
		if h.high[idx[k]] < h.high[idx[k-1]] {
			drops++
		}
		begin, at = idx[k], h.steepest(idx[k-1], idx[k], sign)
	}
	if drops > 1 {
		return start, 0
	}
	return begin, at
}

// level returns the median of at most three highs.
func level(highs []float64) float64 {
	var buf [3]float64
	sorted := append(buf[:0], highs...)
	slices.Sort(sorted)
	return quantile(sorted, 0.5)
}

// steepest returns the sample of the days from a to b that differs most from the one before, in the
// direction of sign.
func (h *history) steepest(a, b int, sign float64) int {
	at, most, before := h.bounds[b], math.Inf(-1), math.NaN()
	for i := max(h.bounds[a]-1, h.bounds[0]); i < h.bounds[b+1]; i++ {
		v := h.values[i]
		if math.IsNaN(v) {
			continue
		}
		if by := sign * (v - before); by > most {
			at, most = i, by
		}
		before = v
	}
	return at
}

// growth appends the growth a day between days that are a week apart, the newest last, to to. It
// compares the days from begin on. If they are fewer than two weeks, it takes half of them.
func (h *history) growth(begin int, to []float64) []float64 {
	apart := block(begin)
	for d := begin; d+apart < days; d++ {
		if r := (h.high[d+apart] - h.high[d]) / float64(apart); !math.IsNaN(r) {
			to = append(to, r)
		}
	}
	return to
}

// block returns how many days lie between two days that are compared.
func block(begin int) int {
	if m := days - begin; m < leastDays {
		return max(m/2, 3)
	}
	return week
}

// spread sorts values and returns their median and their standard deviation, estimated from the
// median absolute deviation.
func spread(values []float64) (middle, deviation float64) {
	slices.Sort(values)
	middle = quantile(values, 0.5)
	for i, v := range values {
		values[i] = math.Abs(v - middle)
	}
	slices.Sort(values)
	return middle, madSigma * quantile(values, 0.5)
}

// quantile returns the q-quantile of sorted values, interpolated between its neighbours, 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (at-float64(i))*(sorted[j]-sorted[i])
}
