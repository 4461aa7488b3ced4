package rules

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Past is a series over a longer time than the window in which it was judged. Its grid may be
// coarser than that of the window.
type Past struct {
	Values []float64
	Grid   series.Grid // of Values
	// Since is the time of the first sample that the source of the series is known to have. Zero:
	// it is not known.
	Since time.Time
}

// LookBack returns s, a streak of r that may have begun before the window in which it was judged,
// with the beginning that its past shows. Holes and samples within the limit count as in Judge.
// Only samples before s.From are read, so coarser steps change nothing that the window shows, but
// they may jump over a short time within the limit before it.
//
// The streak began where s does if the newest sample before s is within the limit, or if only the
// source has samples before s. The result is then not Open. It is Open if the streak goes back to
// the start of the past, or to the first sample that its source has. LookBack returns s itself if
// the past shows no beginning. step is that of the window, in which the result counts its samples.
func LookBack(r Rule, s *Streak, past Past, step time.Duration) *Streak {
	g := past.Grid
	values := past.Values[:min(len(past.Values), max(g.Len, 0))]
	past.Values = values
	if s.Bouts > 0 {
		return r.lookBackAtBouts(s, past)
	}
	before := past.before(s.From)
	f := follower{rule: &r, severity: s.Severity, limit: At(s.Limit)}
	// The sample at the start of the window is known to be beyond the limit.
	f.follow(append(slices.Clone(values[:before]), s.Peak), g.Step)
	out := *s
	if !f.now.exists || f.now.first == before {
		newest := series.Newest(values[:before])
		if newest >= 0 && r.Direction.Beyond(values[newest], s.Limit) || past.mayBeOlder(before) {
			return s
		}
		out.Open, out.Well = false, r.newestWithin(values[:before], g)
		return &out
	}
	out.From, out.Well = g.At(f.now.first), r.newestWithin(values[:f.now.first], g)
	out.Open = f.now.open || past.mayBeOlder(f.now.first)
	if r.Direction.Beyond(f.now.peak, s.Peak) {
		out.Peak, out.PeakAt = f.now.peak, g.At(f.now.peakAt)
	}
	if step > 0 {
		more := int(s.From.Sub(out.From) / step)
		seen := float64(present(values[f.now.first:before])) / float64(before-f.now.first)
		out.Seen, out.Expected = s.Seen+int(math.Round(seen*float64(more))), s.Expected+more
	}
	return &out
}

// lookBackAtBouts is LookBack for a condition that comes and goes.
func (r Rule) lookBackAtBouts(s *Streak, past Past) *Streak {
	was := Judge(r, series.Series{Values: past.Values}, past.Grid).Streak
	if was == nil || was.Bouts < s.Bouts {
		return s
	}
	out := *s
	out.Well, out.Open = was.Well, was.Open || past.mayBeOlder(past.before(was.From))
	if !was.From.Before(s.From) {
		if out.Open {
			return s
		}
		return &out
	}
	out.From = was.From
	out.Seen, out.Expected, out.Bouts, out.Beyond = was.Seen, was.Expected, was.Bouts, was.Beyond
	return &out
}

// before returns the number of samples before t, including missing ones.
func (p Past) before(t time.Time) int {
	n := 0
	for n < len(p.Values) && p.Grid.At(n).Before(t) {
		n++
	}
	return n
}

// mayBeOlder reports whether a streak may be older than its first sample, because neither the
// series nor its source has a sample before that.
func (p Past) mayBeOlder(first int) bool {
	return present(p.Values[:first]) == 0 &&
		(p.Since.IsZero() || !p.Grid.At(first-longestHole).After(p.Since))
}
