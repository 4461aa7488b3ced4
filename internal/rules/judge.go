package rules

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

const (
	// longestHole is how many samples in a row may be missing inside a streak: two lost scrapes are not an end.
	longestHole = 2
	// lookback is how far Prometheus itself looks back for a sample: one that is older has been gone for that long.
	lookback = 5 * time.Minute
)

// StaleAfter is how old the newest sample may be on a grid of such steps: 5 minutes, or two steps where these are longer.
func StaleAfter(step time.Duration) time.Duration { return max(lookback, 2*step) }

// Judge says what r finds in s, whose samples lie on g. It looks at each sample once, and allocates only for the streaks that it finds.
//
// An alert is judged sample by sample. It is Breach where the streak of samples beyond a limit that touches the newest sample has lasted
// For, Pending where it has not yet. Each limit has streaks of its own: the graver that fires wins, and so a warning that fires is not
// hidden by a critical that is pending. A streak that has ended is in Earlier and alerts nobody.
//
// A verdict is Breach or OK by its one figure.
//
// An alert whose newest sample is older than 5 minutes and 2 steps at the end of g, and any rule without a sample, is NoData or Gone as
// r.NoData says. What an alert had last is in Value and Newest then, and its last streak in Earlier.
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
	stale := g.End().Sub(f.Newest) > StaleAfter(g.Step)
	for k := range limits {
		if !limits[k].limit.Set {
			continue
		}
		limits[k].follow(values[:newest+1], g.Step)
		if stale {
			limits[k].end(g.Step)
		}
	}
	if stale {
		f.Status = r.silent()
	}
	for k := range limits {
		at := &limits[k]
		at.ended(f, g)
		if !at.now.is || f.Status == Breach {
			continue
		}
		fires := at.now.lasted(g.Step) >= r.For
		if !fires && f.Status == Pending {
			continue // of two that are pending, the graver
		}
		f.Status, f.Severity, f.Limit, f.Streak = Pending, at.severity, at.limit.Value, at.streak(at.now, g)
		if fires {
			f.Status = Breach
		}
	}
}

// ended puts the streaks of one limit that have ended into the finding, which holds those of the graver limit already.
func (f *follower) ended(to *Finding, g series.Grid) {
	if !f.worst.is {
		return
	}
	worst := f.streak(f.worst, g)
	latest := worst
	if f.latest != f.worst {
		latest = f.streak(f.latest, g)
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
	open        bool
	peak        float64
	peakAt      int
}

func (r run) lasted(step time.Duration) time.Duration { return time.Duration(r.last-r.first) * step }

// follow goes through the samples of a series, the last of which is its newest.
func (f *follower) follow(values []float64, step time.Duration) {
	before := false // there was a sample before this one
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		over := f.rule.Direction.Beyond(v, f.limit.Value)
		if f.now.is && (!over || i-f.now.last-1 > longestHole) {
			f.end(step)
		}
		if over {
			f.extend(i, v, !before && i <= longestHole)
		}
		before = true
	}
}

// extend puts a sample beyond the limit at the end of the streak, or begins one with it.
func (f *follower) extend(i int, v float64, open bool) {
	if !f.now.is {
		f.now = run{is: true, first: i, last: i, open: open, peak: v, peakAt: i}
		return
	}
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

// streak gives a run its times.
func (f *follower) streak(r run, g series.Grid) *Streak {
	return &Streak{
		From: g.At(r.first), To: g.At(r.last), Open: r.open,
		Peak: r.peak, PeakAt: g.At(r.peakAt),
		Limit: f.limit.Value, Severity: f.severity,
	}
}
