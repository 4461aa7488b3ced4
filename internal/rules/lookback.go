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
	// the index of the first sample of all series of the same source
	First int
}

// LookBack returns s, a streak of r that may have begun before the window in which it was judged,
// with the beginning that its past shows. Holes and samples within the limit count as in Judge.
// Only samples before s.From are read, so coarser steps change nothing that the window shows, but
// they may jump over a short time within the limit before it.
//
// LookBack returns s itself if the past shows no earlier beginning. The result is Open if the
// streak goes back to the start of the past, or to the first sample that its source has. step is
// that of the window, in which the result counts its samples.
func LookBack(r Rule, s *Streak, past Past, step time.Duration) *Streak {
	g := past.Grid
	values := past.Values[:min(len(past.Values), max(g.Len, 0))]
	if s.Bouts > 0 {
		return r.lookBackAtBouts(s, past)
	}
	before := 0 // the number of samples before the window
	for before < len(values) && g.At(before).Before(s.From) {
		before++
	}
	f := follower{rule: &r, severity: s.Severity, limit: At(s.Limit)}
	// The sample at the start of the window is known to be beyond the limit.
	f.follow(append(slices.Clone(values[:before]), s.Peak), g.Step)
	if !f.now.exists || f.now.first == before {
		return s
	}
	out := *s
	out.From, out.Well = g.At(f.now.first), r.newestWithin(values[:f.now.first], g)
	out.Open = f.now.open || past.mayBeOlder(&out)
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
	if was == nil || was.Bouts < s.Bouts || !was.From.Before(s.From) {
		return s
	}
	out := *s
	out.From, out.Well = was.From, was.Well
	out.Open = was.Open || past.mayBeOlder(was)
	out.Seen, out.Expected, out.Bouts, out.Beyond = was.Seen, was.Expected, was.Bouts, was.Beyond
	return &out
}

// mayBeOlder reports whether a streak may be older than its first sample, because the source has no
// sample before that either.
func (p Past) mayBeOlder(s *Streak) bool {
	return s.Well.IsZero() &&
		!p.Grid.At(p.First+longestHole).Before(s.From)
}
