package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

const (
	// longestHole is how many samples in a row may always be missing inside a streak: two lost
	// scrapes do not end it.
	longestHole = 2
	// lookback is how far back Prometheus itself looks for a sample. An older sample has been
	// missing for that long.
	lookback = 5 * time.Minute
)

// StaleAfter returns how old the newest sample may be on a grid with this step: 5 minutes, or two
// steps if that is longer.
func StaleAfter(step time.Duration) time.Duration { return max(lookback, 2*step) }

// Judge returns the finding of r for s, whose samples lie on g. It allocates only for the streaks
// that it finds.
//
// An alert is judged sample by sample. It is Breach if the streak of samples beyond a limit that
// touches the newest sample has lasted For, and Pending if it has not yet. Each limit has its own
// streaks, and the more severe limit that fires wins: a pending critical streak does not hide a
// firing warning. An ended streak is in Earlier and alerts nobody.
//
// A hole between two samples beyond a limit does not end a streak that has lasted For. Before that,
// a hole of For or longer does.
//
// A rule with Flaps is also Breach, as a warning, if its condition comes and goes: see flapping.
//
// A verdict is Breach or OK by its one figure.
//
// An alert whose newest sample is older than StaleAfter at the end of g, and any rule without a
// sample, is NoData or Gone according to r.NoData. A streak that has survived holes longer than
// StaleAfter but shorter than For may have one of that length at its end too. Value and Newest are
// then the last known sample, and Streak is set if the alert fired.
func Judge(r Rule, s series.Series, g series.Grid) Finding {
	values := s.Values[:min(len(s.Values), max(g.Len, 0))]
	f := Finding{Rule: r.Name, Labels: s.Labels, Status: OK, Value: math.NaN(), Limit: r.Nearest()}
	newest := series.Newest(values)
	if newest >= 0 {
		f.Newest = g.At(newest)
	}
	if r.IsAlert() {
		r.judgeAlert(&f, values, newest, g)
	} else {
		r.judgeVerdict(&f, values)
	}
	return f
}

// judgeVerdict compares the figure of the window with the limits.
func (r Rule) judgeVerdict(f *Finding, values []float64) {
	f.Value = r.Reduce.of(values)
	switch {
	case math.IsNaN(f.Value):
		f.Status = r.silent()
	case r.beyond(r.Critical, f.Value):
		f.Status, f.Severity, f.Limit = Breach, Critical, r.Critical.Value
	case r.beyond(r.Warning, f.Value):
		f.Status, f.Severity, f.Limit = Breach, Warning, r.Warning.Value
	}
}

// judgeAlert follows the streaks of both limits, the more severe limit first.
func (r Rule) judgeAlert(f *Finding, values []float64, newest int, g series.Grid) {
	if newest < 0 {
		f.Status = r.silent()
		return
	}
	f.Value = values[newest]
	limits := [...]follower{
		{rule: &r, severity: Critical, limit: r.Critical},
		{rule: &r, severity: Warning, limit: r.Warning},
	}
	fresh := StaleAfter(g.Step)
	for k := range limits {
		if limits[k].limit.Set {
			limits[k].follow(values[:newest+1], g.Step)
			fresh = max(fresh, limits[k].survivedHole(g.Step))
		}
	}
	stale := g.End().Sub(f.Newest) > fresh
	if stale {
		f.Status = r.silent()
	}
	for k := range limits {
		at := &limits[k]
		fires := at.now.exists && at.now.lasted(g.Step) >= r.For
		if stale && !fires {
			at.now = run{}
		}
		at.ended(f, values, g)
		switch {
		case !at.now.exists, f.Status == Breach, stale && f.Streak != nil:
			continue
		case !fires && f.Status == Pending:
			continue // both limits are pending: keep the more severe one
		case fires && !stale:
			f.Status = Breach
		case !stale:
			f.Status = Pending
		}
		f.Severity, f.Limit, f.Streak = at.severity, at.limit.Value, at.current(values, g)
	}
	if r.Flaps {
		r.judgeFlaps(f, values, newest, stale, g)
	}
	r.dateEvents(f, values[:newest+1], g)
}

// ended adds the ended streaks of one limit to the finding. Those of the more severe limit are in
// it already.
func (f *follower) ended(to *Finding, values []float64, g series.Grid) {
	if !f.worst.exists {
		return
	}
	worst := f.streak(f.worst, values, f.worst.last, g)
	latest := worst
	if f.latest != f.worst {
		latest = f.streak(f.latest, values, f.latest.last, g)
	}
	if to.Earlier == nil {
		to.Earlier = worst
	}
	if to.Latest == nil || latest.To.After(to.Latest.To) {
		to.Latest = latest
	}
}

// beyond reports whether v breaches l. Nothing breaches a limit that is not set.
func (r Rule) beyond(l Limit, v float64) bool { return l.Set && r.Direction.Beyond(v, l.Value) }

// silent returns the status of a series without a usable sample.
func (r Rule) silent() Status {
	if r.NoData == ResolveOnNoData {
		return Gone
	}
	return NoData
}

// Nearest returns the limit that a value crosses first, NaN if there is none.
func (r Rule) Nearest() float64 {
	switch {
	case r.Warning.Set:
		return r.Warning.Value
	case r.Critical.Set:
		return r.Critical.Value
	}
	return math.NaN()
}

// follower follows one limit's streaks along a series.
type follower struct {
	rule     *Rule
	severity Severity
	limit    Limit
	now      run // the streak of the previous sample
	worst    run // of the ended streaks that lasted For: the longest, then the latest
	latest   run // of the ended streaks that lasted For: the latest
}

// run is a streak by the indices of its samples. The zero value is none.
type run struct {
	exists      bool
	first, last int
	hole        int // the longest, in missing samples
	open        bool
	peak        float64
	peakAt      int
}

func (r run) lasted(step time.Duration) time.Duration {
	return time.Duration(r.last-r.first) * step
}

// follow finds the streaks in the samples of a series, the last of which is its newest.
func (f *follower) follow(values []float64, step time.Duration) {
	before := false // there was a sample before this one
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		beyond := f.rule.Direction.Beyond(v, f.limit.Value)
		if f.now.exists && (!beyond || f.breaks(i-f.now.last-1, step)) {
			f.end(step)
		}
		if beyond {
			f.extend(i, v, !before && i <= longestHole)
		}
		before = true
	}
}

// breaks reports whether a hole of this many samples ends the streak: one as long as For does,
// unless the streak has already lasted For.
func (f *follower) breaks(hole int, step time.Duration) bool {
	return hole > longestHole && f.now.lasted(step) < f.rule.For &&
		time.Duration(hole)*step >= f.rule.For
}

// survivedHole returns the longest hole inside the streak at the newest sample, at most For. It is
// 0 if the streak has not lasted For.
func (f *follower) survivedHole(step time.Duration) time.Duration {
	if !f.now.exists || f.now.lasted(step) < f.rule.For {
		return 0
	}
	return min(time.Duration(f.now.hole)*step, f.rule.For)
}

// extend adds a sample beyond the limit to the streak, or begins a streak with it.
func (f *follower) extend(i int, v float64, open bool) {
	if !f.now.exists {
		f.now = run{exists: true, first: i, last: i, open: open, peak: v, peakAt: i}
		return
	}
	f.now.hole = max(f.now.hole, i-f.now.last-1)
	f.now.last = i
	if f.rule.Direction.Beyond(v, f.now.peak) {
		f.now.peak, f.now.peakAt = v, i
	}
}

// end ends the current streak.
func (f *follower) end(step time.Duration) {
	lasted := f.now.lasted(step)
	if f.now.exists && lasted >= f.rule.For {
		f.latest = f.now
		if !f.worst.exists || lasted >= f.worst.lasted(step) {
			f.worst = f.now
		}
	}
	f.now = run{}
}

// current returns the streak at the newest sample. Missing samples count up to the end of the grid.
func (f *follower) current(values []float64, g series.Grid) *Streak {
	return f.streak(f.now, values, len(values)-1, g)
}

// streak converts a run to a Streak, and counts its samples up to the index upTo.
func (f *follower) streak(r run, values []float64, upTo int, g series.Grid) *Streak {
	return &Streak{
		From: g.At(r.first), To: g.At(r.last), Open: r.open,
		Peak: r.peak, PeakAt: g.At(r.peakAt),
		Limit: f.limit.Value, Severity: f.severity,
		Seen: present(values[r.first : upTo+1]), Expected: upTo + 1 - r.first,
		Well: f.rule.newestWithin(values[:r.first], g),
	}
}

// newestWithin returns the time of the newest sample within every limit, zero if there is none.
func (r Rule) newestWithin(values []float64, g series.Grid) time.Time {
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) && !r.Direction.Beyond(values[i], r.Nearest()) {
			return g.At(i)
		}
	}
	return time.Time{}
}

// present counts the samples that are not missing.
func present(values []float64) int {
	n := 0
	for _, v := range values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}
