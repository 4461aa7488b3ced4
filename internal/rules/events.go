package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// dateEvents sets the time of the newest event of a finding's streaks, if the samples count events
// (Rule.Within).
func (r Rule) dateEvents(f *Finding, values []float64, g series.Grid) {
	if r.Within <= 0 || g.Step <= 0 || f.Streak == nil && f.Earlier == nil && f.Latest == nil {
		return
	}
	isEvent := newEvents(values, max(int(r.Within/g.Step), 1))
	for _, s := range []*Streak{f.Streak, f.Earlier, f.Latest} {
		if s == nil || !s.Event.IsZero() {
			continue
		}
		for i := min(int(s.To.Sub(g.Start)/g.Step), len(isEvent)-1); i >= 0; i-- {
			if isEvent[i] {
				s.Event = g.At(i)
				break
			}
		}
	}
}

// newEvents reports for each sample whether there was an event since the sample before it. A sample
// counts the events of the last within steps: it is the sample before it, plus new events, minus
// those that have become too old. The times of events before the first sample of the grid are not
// known.
func newEvents(values []float64, within int) []bool {
	n := make([]float64, len(values))
	last := -1
	for i, v := range values {
		if v-v != 0 { // NaN or an infinity
			continue
		}
		switch {
		case last >= 0:
			n[i] = v - values[last]
			for j := max(last-within+1, 0); j <= i-within; j++ {
				n[i] += n[j]
			}
		case i > longestHole: // the series is new
			n[i] = v
		}
		n[i] = max(math.Round(n[i]), 0)
		last = i
	}
	is := make([]bool, len(values))
	for i := range n {
		is[i] = n[i] > 0
	}
	return is
}

// Dated returns the time of the newest event of the streak, where each sample counts the events of
// that long before it. If the samples do not show the event, before is true and the event was
// earlier than at.
func (s *Streak) Dated(within time.Duration) (at time.Time, before bool) {
	return dated(s.Event, s.From, s.To, within)
}

// Dated returns the time of the newest event of the episode, like Streak.Dated.
func (e Episode) Dated(within time.Duration) (at time.Time, before bool) {
	return dated(e.Event, e.Since, e.Last, within)
}

func dated(event, from, to time.Time, within time.Duration) (at time.Time, before bool) {
	switch {
	case event.After(to.Add(-within)):
		return event, false
	case to.Sub(from) < within: // what the first sample counts
		return from, true
	}
	return to, true
}
