package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

const (
	// longestHole is how many samples in a row may always be missing inside a streak: two lost
	// scrapes are not an end.
	longestHole = 2
	// lookback is how far Prometheus itself looks back for a sample: one that is older has been
	// gone for that long.
	lookback = 5 * time.Minute
)

// StaleAfter is how old the newest sample may be on a grid of such steps: 5 minutes, or two steps
// where these are longer.
func StaleAfter(step time.Duration) time.Duration { return max(lookback, 2*step) }

// Judge returns what r finds in s, whose samples lie on g. It allocates only for the streaks that
// it finds.
//
// An alert is judged sample by sample. It is Breach where the streak of samples beyond a limit that
// touches the newest sample has lasted For, Pending where it has not yet. Each limit has streaks of
// its own: the graver that fires wins, and so a warning that fires is not hidden by a critical that
// is pending. A streak that has ended is in Earlier and alerts nobody.
//
// A hole between two samples beyond a limit does not end a streak that has lasted For. Before that,
// a hole of For or longer does.
//
// A rule with Flaps is also Breach, as a warning, where its condition comes and goes: see flapping.
//
// A verdict is Breach or OK by its one figure.
//
// An alert whose newest sample is older than 5 minutes and 2 steps at the end of g, and any rule
// without a sample, is NoData or Gone as r.NoData says. A streak that has outlived longer holes,
// shorter than For, may have one at its end too. What an alert had last is in Value and Newest
// then, and in Streak if it fired.
func Judge(r Rule, s series.Series, g series.Grid) Finding {
	values := s.Values[:min(len(s.Values), max(g.Len, 0))]
	f := Finding{Rule: r.Name, Labels: s.Labels, Status: OK, Value: math.NaN(), Limit: r.nearest()}
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

// judgeVerdict compares the figure of the window.
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

// judgeAlert follows the streaks of both limits, the graver first.
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
			fresh = max(fresh, limits[k].outlived(g.Step))
		}
	}
	stale := g.End().Sub(f.Newest) > fresh
	if stale {
		f.Status = r.silent()
	}
	for k := range limits {
		at := &limits[k]
		fires := at.now.is && at.now.lasted(g.Step) >= r.For
		if stale && !fires {
			at.now = run{}
		}
		at.ended(f, values, g)
		switch {
		case !at.now.is, f.Status == Breach, stale && f.Streak != nil:
			continue
		case !fires && f.Status == Pending:
			continue // of two that are pending, the graver
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

// ended puts the streaks of one limit that have ended into the finding, which holds those of the
// graver limit already.
func (f *follower) ended(to *Finding, values []float64, g series.Grid) {
	if !f.worst.is {
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

// beyond says that v breaches l; a limit that is not set is breached by nothing.
func (r Rule) beyond(l Limit, v float64) bool { return l.Set && r.Direction.Beyond(v, l.Value) }

// silent is the status of a series without a sample that counts.
func (r Rule) silent() Status {
	if r.NoData == ResolveOnNoData {
		return Gone
	}
	return NoData
}

// nearest is the limit that a value would cross first, NaN where there is none.
func (r Rule) nearest() float64 {
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
	now      run // the streak that the sample before belongs to
	worst    run // of those that have ended and lasted For: the longest, and of those the latest
	latest   run // of those that have ended and lasted For: the latest
}

// run is a streak by the indices of its samples; the zero value is none.
type run struct {
	is          bool
	first, last int
	hole        int // the longest, in missing samples
	open        bool
	peak        float64
	peakAt      int
}

func (r run) lasted(step time.Duration) time.Duration {
	return time.Duration(r.last-r.first) * step
}

// follow goes through the samples of a series, the last of which is its newest.
func (f *follower) follow(values []float64, step time.Duration) {
	before := false // there was a sample before this one
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		over := f.rule.Direction.Beyond(v, f.limit.Value)
		if f.now.is && (!over || f.breaks(i-f.now.last-1, step)) {
			f.end(step)
		}
		if over {
			f.extend(i, v, !before && i <= longestHole)
		}
		before = true
	}
}

// breaks reports whether a hole of so many samples ends the streak: one that is as long as For,
// before the streak has lasted For.
func (f *follower) breaks(hole int, step time.Duration) bool {
	return hole > longestHole && f.now.lasted(step) < f.rule.For &&
		time.Duration(hole)*step >= f.rule.For
}

// outlived returns the longest hole, shorter than For, that the streak at the newest sample has
// outlived after it lasted For or before.
func (f *follower) outlived(step time.Duration) time.Duration {
	if !f.now.is || f.now.lasted(step) < f.rule.For {
		return 0
	}
	return min(time.Duration(f.now.hole)*step, f.rule.For)
}

// extend puts a sample beyond the limit at the end of the streak, or begins one with it.
func (f *follower) extend(i int, v float64, open bool) {
	if !f.now.is {
		f.now = run{is: true, first: i, last: i, open: open, peak: v, peakAt: i}
		return
	}
	f.now.hole = max(f.now.hole, i-f.now.last-1)
	f.now.last = i
	if f.rule.Direction.Beyond(v, f.now.peak) {
		f.now.peak, f.now.peakAt = v, i
	}
}

// end closes the streak that is going on.
func (f *follower) end(step time.Duration) {
	lasted := f.now.lasted(step)
	if f.now.is && lasted >= f.rule.For {
		f.latest = f.now
		if !f.worst.is || lasted >= f.worst.lasted(step) {
			f.worst = f.now
		}
	}
	f.now = run{}
}

// current is the streak at the newest sample. It was seen, or not, up to the end of the grid.
func (f *follower) current(values []float64, g series.Grid) *Streak {
	return f.streak(f.now, values, len(values)-1, g)
}

// streak gives a run its times, and counts its samples up to an index.
func (f *follower) streak(r run, values []float64, upTo int, g series.Grid) *Streak {
	return &Streak{
		From: g.At(r.first), To: g.At(r.last), Open: r.open,
		Peak: r.peak, PeakAt: g.At(r.peakAt),
		Limit: f.limit.Value, Severity: f.severity,
		Seen: present(values[r.first : upTo+1]), Expected: upTo + 1 - r.first,
		Well: f.rule.well(values[:r.first], g),
	}
}

// well returns the time of the newest sample that is within every limit, zero where there is none.
func (r Rule) well(values []float64, g series.Grid) time.Time {
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) && !r.Direction.Beyond(values[i], r.nearest()) {
			return g.At(i)
		}
	}
	return time.Time{}
}

// present counts the samples.
func present(values []float64) int {
	n := 0
	for _, v := range values {
		if !math.IsNaN(v) {
			n++
		}
	}
	return n
}
