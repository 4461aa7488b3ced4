package changelog

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// values are the values that a property of a workload's pods has at each step of a grid, with the
// number of pods that have it. A rollout gives a property two values for a while.
type values map[string][]float64

// add adds the pods of one series that have a value.
func (v values) add(value string, pods []float64) {
	sum := v[value]
	if sum == nil {
		sum = make([]float64, len(pods))
		v[value] = sum
	}
	for i, n := range pods {
		if n > 0 { // false for NaN
			sum[i] += n
		}
	}
}

// turn is a change from one value to another, at the index of the first sample of the new value.
type turn struct {
	at       int
	from, to string
}

// turns returns the new values of a property. A value is new at its first sample, if other samples
// are just before it: after a gap, such as one of kube-state-metrics, nobody knows when a value
// changed. Only where pods themselves come and go, as those of a CronJob do, may gaps be of any
// length.
func (v values) turns(g series.Grid, gaps bool) []turn {
	var out []turn
	fresh := int(rules.StaleAfter(g.Step) / g.Step)
	seen := map[string]int{} // the newest sample of each value
	last := -1               // the newest step with samples
	main := ""               // the value that most pods had then
	for i := range g.Len {
		best, most := "", 0.0
		var present []string
		for value, pods := range v {
			if i >= len(pods) || pods[i] <= 0 {
				continue
			}
			present = append(present, value)
			if pods[i] > most || pods[i] == most && value < best {
				best, most = value, pods[i]
			}
		}
		if len(present) == 0 {
			continue
		}
		for _, value := range present {
			before, known := seen[value]
			if last >= 0 && (gaps || i-last <= fresh) && (!known || i-before > fresh) &&
				value != main {
				out = append(out, turn{i, main, value})
			}
			seen[value] = i
		}
		last, main = i, best
	}
	return out
}

// move is a change of a number, at the index of its first new sample.
type move struct {
	at       int
	from, to float64
}

// movesOf returns the changes of a number. Those after a gap do not count, as with values.turns.
func movesOf(samples []float64, g series.Grid) []move {
	var out []move
	fresh := int(rules.StaleAfter(g.Step) / g.Step)
	last := -1
	for i, v := range samples {
		if math.IsNaN(v) {
			continue
		}
		if last >= 0 && v != samples[last] && i-last <= fresh {
			out = append(out, move{i, samples[last], v})
		}
		last = i
	}
	return out
}

// jitter is how much the start time of one process or machine may vary from sample to sample,
// because the kernel computes it from a clock that is adjusted.
const jitter = time.Minute

// startsOf returns the times that are the values of a series in Unix seconds, such as those of a
// reboot. Equal times, and those that are the same but for jitter, are one.
func startsOf(samples []float64) []time.Time {
	var out []time.Time
	for _, v := range samples {
		if !(v > 0 && v < maxSeconds) { // false for NaN
			continue
		}
		at := time.UnixMilli(int64(v * 1000)).UTC()
		if n := len(out); n == 0 || at.Sub(out[n-1]).Abs() > jitter {
			out = append(out, at)
		}
	}
	return out
}

// maxSeconds is more than any time in Unix seconds: the year 5138.
const maxSeconds = 1e11
