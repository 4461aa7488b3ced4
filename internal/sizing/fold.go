package sizing

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

const (
	// minHistory is how long a container must have been measured. In three days each hour of the
	// day occurs three times, so a single unusual day does not decide.
	minHistory = 3 * 24 * time.Hour
	// minCut is how long it must have been measured for a lower memory limit, which kills it if it
	// needs more. What it does once a week occurs twice then.
	minCut = 14 * 24 * time.Hour
	// minSamples is the share of the steps since a container's first sample that must have one.
	// What happens in a longer gap is not known.
	minSamples = 0.9
	// percentile is that of CPU use.
	percentile = 0.95
)

// coverage says when a series has samples.
type coverage struct {
	first int // its first step with a sample; -1 if there is none
	have  int // the number of steps with samples
}

// covered returns the finite samples of values in kept, whose memory it uses, and when they are.
func covered(values, kept []float64) ([]float64, coverage) {
	kept, c := kept[:0], coverage{first: -1}
	for i, v := range values {
		if !series.Finite(v) {
			continue
		}
		if c.first < 0 {
			c.first = i
		}
		kept = append(kept, v)
	}
	c.have = len(kept)
	return kept, c
}

// history returns how far back a series reaches.
func (c coverage) history(g series.Grid) time.Duration {
	if c.first < 0 {
		return 0
	}
	return time.Duration(g.Len-c.first) * g.Step
}

// unknown returns why the use is not known well enough, "" if it is.
func (c coverage) unknown(g series.Grid) Reason {
	if c.first < 0 {
		return NoPeak
	}
	steps := g.Len - c.first
	switch {
	case float64(c.have) < minSamples*float64(steps):
		return NoPeak
	case c.history(g) < min(minHistory, g.Range()):
		return Short
	}
	return ""
}

// quantile returns a quantile as PromQL's quantile_over_time does, and reorders values. It does not
// sort them: that would take longer than reading them.
func quantile(q float64, values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	rank := q * float64(len(values)-1)
	below := int(rank)
	at := series.Select(values, below)
	if below == len(values)-1 {
		return at
	}
	next := slices.Min(values[below+1:])
	return at + (next-at)*(rank-float64(below))
}
