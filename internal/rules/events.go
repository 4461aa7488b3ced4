package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// dateEvents gives the streaks of a finding the time of their newest event, where the samples count
// events (Rule.Within).
func (r Rule) dateEvents(f *Finding, values []float64, g series.Grid) {
	if r.Within <= 0 || g.Step <= 0 || f.Streak == nil && f.Earlier == nil && f.Latest == nil {
		return
	}
	happened := newEvents(values, max(int(r.Within/g.Step), 1))
	for _, s := range []*Streak{f.Streak, f.Earlier, f.Latest} {
		if s == nil || !s.Event.IsZero() {
			continue
		}
		for i := min(int(s.To.Sub(g.Start)/g.Step), len(happened)-1); i >= 0; i-- {
			if happened[i] {
				s.Event = g.At(i)
				break
			}
		}
	}
}

// newEvents returns at which samples there was an event since the sample before. A sample counts
// those of the last so many steps: it is the one before it, and what is new, less what is that old
// now. Of what happened before the first sample of the grid the time is not known.
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

// Dated returns when the newest event of the streak happened, where each sample counts those of so
// long before it: at a time, or, where the samples do not show it, before one.
func (s *Streak) Dated(within time.Duration) (at time.Time, before bool) {
	return dated(s.Event, s.From, s.To, within)
}

// Dated returns when the newest event of the episode happened, as Streak.Dated does.
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
