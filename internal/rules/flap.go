package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// A condition flaps if it began to hold at least leastBouts times, with no more than calm between
// two of them, and held in at least one of leastShare samples since the first time. It stops
// flapping once it has not held for calm.
const (
	leastBouts = 3
	leastShare = 10
	calmAfter  = 30 * time.Minute
)

// calm returns how long a condition must not hold before it stops flapping, on a grid with this
// step.
func calm(step time.Duration) time.Duration { return max(calmAfter, 3*step) }

// bouts are the times at which a condition held, with no more than calm between two of them. The
// zero value is none.
type bouts struct {
	run
	n      int // how often it began to hold
	beyond int // in how many samples
	seen   int // samples from the first to the last in which it held
}

// flapping reports whether the condition flaps.
func (b bouts) flapping() bool { return b.n >= leastBouts && b.beyond*leastShare >= b.seen }

// judgeFlaps adds flapping to a finding: as a warning if nothing more severe fires now, or as an
// ended streak.
func (r Rule) judgeFlaps(f *Finding, values []float64, newest int, stale bool, g series.Grid) {
	at := follower{rule: &r, severity: Warning, limit: At(r.Nearest())}
	var now bouts
	seen, holds, before := 0, false, false
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		seen++
		beyond := r.Direction.Beyond(v, at.limit.Value)
		if beyond && now.exists && !holds && time.Duration(i-now.last)*g.Step >= calm(g.Step) {
			if now.flapping() {
				at.flapped(f, values, g, now)
			}
			now = bouts{}
		}
		if beyond {
			at.now = now.run
			at.extend(i, v, !before && i <= longestHole)
			if now.run = at.now; !holds {
				now.n++
			}
			if now.beyond++; now.beyond == 1 {
				seen = 1
			}
			now.seen = seen
		}
		holds, before = beyond, true
	}
	switch {
	case !now.flapping():
	case time.Duration(newest-now.last)*g.Step >= calm(g.Step):
		at.flapped(f, values, g, now)
	case f.Status == Breach, f.Streak != nil && stale:
	default:
		if !stale {
			f.Status = Breach
		}
		at.now = now.run
		f.Severity, f.Limit, f.Streak = Warning, at.limit.Value, at.current(values, g)
		f.Streak.Bouts, f.Streak.Beyond = now.n, now.beyond
	}
}

// flapped adds ended bouts to a finding.
func (f *follower) flapped(to *Finding, values []float64, g series.Grid, b bouts) {
	s := f.streak(b.run, values, b.last, g)
	s.Bouts, s.Beyond = b.n, b.beyond
	if e := to.Earlier; e == nil || e.Severity == Warning && e.Lasted() <= s.Lasted() {
		to.Earlier = s
	}
	if to.Latest == nil || s.To.After(to.Latest.To) {
		to.Latest = s
	}
}
