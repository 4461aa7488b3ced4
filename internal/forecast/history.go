package forecast

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// The constants of the method. They were chosen on one half of recorded machines and measured on
// the other: docs/decisions/foresight.md.
const (
	// hole is how long samples may be missing without a trace.
	hole = 2 * time.Hour
	// A fall is a loss of fallShare of the scale within an hour: somebody has freed space.
	fallShare = 0.02
	// fromHere is the share of the scale by which a fall may begin below today's level and still
	// count as one from here.
	fromHere = 0.01
	// Falls on every third day or more are the daily shape, such as logs that rotate every night.
	// They are no cycle: the daily highs are their envelope.
	rotation = 3
	// A cycle has two falls from here, or one if the history is shorter than three weeks.
	cycleFalls = 2
	threeWeeks = 3 * week
	// A step is larger than stepShare of the scale, and than stepNoise standard deviations of the
	// daily steps. A normal distribution's is madSigma times its median absolute deviation.
	stepShare = 0.05
	stepNoise = 4
	madSigma  = 1.4826
	// lasting is the part of a step that the medians of three days on both sides must show.
	lasting = 0.6
)

// history is a series, folded to days that end at the time of the forecast. Where the aim is below,
// its values are negated, so that the series always rises to its limit.
type history struct {
	sign  float64 // 1 or -1
	limit float64
	scale float64 // the size that shares are of

	values []float64     // with short holes filled
	bounds [days + 1]int // the samples of day d are values[bounds[d]:bounds[d+1]]
	first  int           // the first sample, -1 if there is none
	newest [days]float64 // the newest sample of each day, NaN if it has none
	before float64       // the newest sample
	perDay int           // how many samples a day can have

	low  [days]float64 // the lowest sample, +Inf if it has none
	high [days]float64 // the level at which the alert would have fired that day, NaN if unknown
	from [days]float64 // the highest level from which it fell that day, -Inf if it did not fall
	fell [days]int     // the sample that ended the newest fall of that day
	// freed says that the day fell below all of the day before. A fall that does not, such as the
	// end of a nightly dump, only takes back what came shortly before.
	freed [days]bool
}

// newHistory folds the newest History of values.
func newHistory(values []float64, g series.Grid, aim Aim) *history {
	h := &history{sign: 1, limit: aim.Limit, first: -1, before: math.NaN()}
	if aim.Below {
		h.sign, h.limit = -1, -aim.Limit
	}
	for d := range days {
		h.newest[d], h.high[d] = math.NaN(), math.NaN()
		h.from[d], h.low[d] = math.Inf(-1), math.Inf(1)
	}
	if g.Step <= 0 || g.Step > day {
		return h
	}
	values = values[:max(min(len(values), g.Len), 0)]
	for d := range days + 1 {
		h.bounds[d] = max(len(values)-int(((days-time.Duration(d))*day+g.Step-1)/g.Step), 0)
	}
	h.perDay = int(day / g.Step)
	wait := max(min(aim.For, History), 0)
	h.fill(values, int(max(hole, wait)/g.Step))
	hold := window{size: int(wait/g.Step) + 1}
	hour := window{size: max(int(time.Hour/g.Step), 1)}
	for d := range days {
		h.foldDay(d, &hold, &hour)
	}
	return h
}

// fill copies values into the history, and fills holes of up to most samples. A value in a hole is
// the lower one of its neighbours: as for an alert, a hole is no recovery.
func (h *history) fill(values []float64, most int) {
	h.values = make([]float64, len(values))
	last, top := -1, 0.0
	for i := h.bounds[0]; i < len(values); i++ {
		v := h.sign * values[i]
		if !series.Finite(v) {
			h.values[i] = math.NaN()
			continue
		}
		h.values[i] = v
		top = max(top, math.Abs(v))
		if last < 0 {
			h.first = i
		} else if i-last-1 <= most {
			for j := last + 1; j < i; j++ {
				h.values[j] = min(v, h.values[last])
			}
		}
		last = i
	}
	// Of a share or of bytes that grow, the limit is about the whole. Below a limit the whole is
	// unknown: the series was once about as large.
	h.scale = h.limit
	if h.sign < 0 || h.limit <= 0 {
		h.scale = max(top, math.Abs(h.limit))
	}
}

// foldDay folds day d. hold has the samples for which the alert would wait, and hour those of the
// hour before.
func (h *history) foldDay(d int, hold, hour *window) {
	high, seen, low := math.Inf(-1), 0, math.Inf(1)
	if d > 0 {
		low = h.low[d-1]
	}
	for i := h.bounds[d]; i < h.bounds[d+1]; i++ {
		v := h.values[i]
		if math.IsNaN(v) {
			hold.reset()
			hour.reset()
			continue
		}
		peak := h.before // also if it is older than an hour
		if hour.pushed > 0 {
			peak = -hour.low()
		}
		if peak > v && peak-v >= fallShare*h.scale {
			h.from[d], h.fell[d] = max(h.from[d], peak), i
			h.freed[d] = h.freed[d] || v < min(low, h.low[d])
		}
		hour.push(-v)
		if hold.push(v); hold.pushed >= hold.size {
			high = max(high, hold.low())
		}
		h.before, h.newest[d], h.low[d] = v, v, min(h.low[d], v)
		seen++
	}
	// The newest day counts with any sample, because what is missing says nothing about the level.
	if high > math.Inf(-1) && (2*seen >= h.perDay || d == days-1) {
		h.high[d] = high
	}
}

// window is the newest samples in a row. It knows the lowest.
type window struct {
	size   int // how many it holds
	pushed int // how many came in a row
	lows   []low
}

// low is a sample that is lower than every later one.
type low struct {
	n int
	v float64
}

func (w *window) push(v float64) {
	n := len(w.lows)
	if w.size == 1 {
		n = 0
	}
	for n > 0 && w.lows[n-1].v >= v {
		n--
	}
	w.lows = append(w.lows[:n], low{w.pushed, v})
	if w.lows[0].n <= w.pushed-w.size {
		w.lows = w.lows[1:]
	}
	w.pushed++
}

func (w *window) low() float64 { return w.lows[0].v }

func (w *window) reset() { w.pushed, w.lows = 0, w.lows[:0] }
