// Package change finds what differs from the same weekdays before. It is pure.
package change

import (
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Floor is the least change that counts, in addition to three times the series' own noise. The
// zero Floor counts every change beyond the noise.
type Floor struct {
	By     float64 // least difference, in the unit of the series: 0.05 of a ratio
	Factor float64 // least factor between the two levels, such as 1.5 for rates; 0: any
}

// Change is how the level of a series differs from that of the same weekdays before. A level is the
// median of a day that ends at the slot.
type Change struct {
	From, To  float64 // the usual level of this weekday, and today's
	Low, High float64 // the lowest and the highest usual level of this weekday in the weeks before
	// Begin is the time of the first sample beyond the usual range, from which on it stayed there.
	// Of a new series it is the time of its first sample.
	Begin time.Time
	Weeks int // how many weeks were compared; 0: only yesterday
	// New means that the series has no past, so From, Low and High are NaN. Every series of a
	// server that keeps two days looks new: the caller knows since when the server has data.
	New bool
}

const (
	days  = 28 // of history that count
	weeks = 3  // that are compared
	// noisy is the number of days whose deviations are the noise of a series.
	noisy = 14
	// leastNoisy is how many of them must be known. It is a week, so that a step from one day to
	// the next is compared with that of the same weekday.
	leastNoisy = 7
	// news is the number of days on which a change is named.
	news = 7
	// beyond is how many times its noise a series must change.
	beyond = 3
	// margin is how many times the largest step between two days of two weeks the newest must be,
	// if weekdays cannot be compared: that from Sunday to Monday is large each week.
	margin = 1.5
	// newest is the time at the end that must agree with the change of the whole day.
	newest = 6 * time.Hour
)

// Of compares the newest day of a series with the same weekdays before. It returns false if
// nothing changed or nothing can be said. Its values lie on g, whose step is at most an hour and
// whose end is the slot. Days are those of the wall clock in zone, nil for UTC.
//
// The level before is the median of the levels 7, 14 and 21 days ago, so that an outage on one of
// these days does not count. A series that is at most three weeks old is compared with yesterday.
//
// The change must be at least three times the noise: how much the levels of the last 14 days, up to
// the change, differed from the levels before them. The newest six hours must differ at least half
// as much as the day, so that what has ended is not named. What changed more than a week ago is not
// news.
func Of(values []float64, g series.Grid, floor Floor, zone *time.Location) (Change, bool) {
	if len(values) == 0 || len(values) != g.Len || g.Step <= 0 || g.Step > time.Hour {
		return Change{}, false
	}
	p := past{values: values, grid: g}
	p.cut[0] = g.Len - 1
	p.cut[1] = p.cut[0] - int(24*time.Hour/g.Step)
	if math.IsNaN(p.dayLevel(0)) { // the day of a change of clocks is near enough
		return Change{}, false
	}
	p.cutDays(zone)
	for d := range p.level {
		p.level[d] = p.dayLevel(d)
	}
	oldest := p.oldest()
	if oldest > p.cut[2] && math.IsNaN(p.level[1]) {
		return p.fresh(oldest, floor)
	}
	if oldest <= p.cut[weeks*7]-p.half() {
		p.every, p.times = 7, weeks
		if c, ok, said := p.moved(floor); said {
			return c, ok
		}
	}
	p.every, p.times = 1, 1
	c, ok, _ := p.moved(floor)
	return c, ok
}

// past is the days of one series.
type past struct {
	values []float64
	grid   series.Grid
	cut    [days + 1]int // day d is the samples after cut[d+1] up to cut[d]; 0 is the newest
	level  [days]float64 // NaN: too few samples
	// every is the number of days between the days that are compared, and times how many those are.
	every, times int
}

// half is the number of samples of half a day.
func (p *past) half() int { return int(12 * time.Hour / p.grid.Step) }

// cutDays finds where each day begins, by the wall clock of zone.
func (p *past) cutDays(zone *time.Location) {
	end, step := p.grid.End(), int(24*time.Hour/p.grid.Step)
	if zone == nil || zone == time.UTC {
		for d := range p.cut {
			p.cut[d] = p.grid.Len - 1 - d*step
		}
		return
	}
	end = end.In(zone)
	year, month, day := end.Date()
	hour, minute, second := end.Clock()
	// not day 0: an hour that the clocks repeat has two times
	for d := 1; d < len(p.cut); d++ {
		t := time.Date(year, month, day-d, hour, minute, second, end.Nanosecond(), zone)
		p.cut[d] = p.grid.Len - 1 - int(end.Sub(t)/p.grid.Step)
	}
}

// oldest returns the index of the first sample. There is one.
func (p *past) oldest() int {
	for i, v := range p.values {
		if series.Finite(v) {
			return i
		}
	}
	return len(p.values)
}

// dayLevel returns the median of a day, NaN if it has less than half of its samples.
func (p *past) dayLevel(d int) float64 { return p.median(p.cut[d+1], p.cut[d]) }

// median returns the median of the samples after index from up to to, NaN if there are less than
// half of them.
func (p *past) median(from, to int) float64 {
	if to < 0 {
		return math.NaN()
	}
	var few [25]float64 // the hours of a day on which clocks change
	known := few[:0]
	for _, v := range p.values[max(from+1, 0) : to+1] {
		if series.Finite(v) {
			known = append(known, v)
		}
	}
	if 2*len(known) < to-from {
		return math.NaN()
	}
	return median(known)
}

// fresh returns the change of a series that began at most two days ago. Half a day later it has a
// level of yesterday, so that each daily report names a new series once.
func (p *past) fresh(oldest int, floor Floor) (Change, bool) {
	c := Change{
		From: math.NaN(), Low: math.NaN(), High: math.NaN(), To: p.level[0],
		Begin: p.grid.At(oldest), New: true,
	}
	if c.To == 0 || math.Abs(c.To) < floor.By {
		return Change{}, false
	}
	return c, true
}

// moved returns how the newest day differs from those it is compared with, and whether that is a
// change. said is false if too few days are known.
func (p *past) moved(floor Floor) (c Change, ok, said bool) {
	base, n := p.base(0)
	if n == 2 { // one of the two may have been an outage
		base = p.nearer()
	}
	c = Change{From: base, To: p.level[0]}
	changed := p.changed(c)
	noise, most, known := p.noise(changed)
	if n == 0 || known < leastNoisy && changed < news {
		return Change{}, false, false
	}
	by := math.Abs(c.To - c.From)
	switch {
	case changed >= news:
		return Change{}, false, true
	case by < beyond*noise, by < floor.By, by <= 1e-9*math.Abs(base):
		return Change{}, false, true
	case floor.Factor > 0 && !factor(c.From, c.To, floor.Factor):
		return Change{}, false, true
	case p.every == 1 && by < margin*most:
		return Change{}, false, true
	case !p.agrees(c):
		return Change{}, false, true
	}
	if p.every > 1 {
		c.Weeks = n
	}
	c.Low, c.High = c.From, c.From
	for k := range p.times {
		// the level of an outage is not a usual one
		if l := p.level[(k+1)*p.every]; math.Abs(l-c.From) <= by/2 {
			c.Low, c.High = min(c.Low, l), max(c.High, l)
		}
	}
	c.Begin = p.begin(c, changed)
	return c, true, true
}

// base returns the median of the levels that day d is compared with, and how many there are.
func (p *past) base(d int) (float64, int) {
	var known [weeks]float64
	n := 0
	for k := range p.times {
		if at := d + (k+1)*p.every; at < days && !math.IsNaN(p.level[at]) {
			known[n] = p.level[at]
			n++
		}
	}
	return median(known[:n]), n
}

// nearer returns that one of the levels that the newest day is compared with which is nearest to
// it.
func (p *past) nearer() float64 {
	near := math.NaN()
	for k := range p.times {
		l := p.level[(k+1)*p.every]
		if !math.IsNaN(l) && !(math.Abs(l-p.level[0]) >= math.Abs(near-p.level[0])) {
			near = l
		}
	}
	return near
}

// changed returns how many of the days before the newest have changed too: those in a row that
// differ at least half as much as c, to the same side. A day without a level is one of them.
func (p *past) changed(c Change) int {
	for d := 1; d < noisy; d++ {
		base, n := p.base(d)
		if !math.IsNaN(p.level[d]) && (n == 0 || !isBeyond(p.level[d]-base, c)) {
			return d - 1
		}
	}
	return noisy - 1
}

// noise returns how much the levels of the last days, without those that are part of the change,
// differed from the ones they are compared with: 1.4826 × the median, which is the standard
// deviation of normal noise, and the largest difference. known is the number of days that have both
// levels.
func (p *past) noise(changed int) (noise, most float64, known int) {
	var by [noisy]float64
	for d := changed + 1; d <= noisy; d++ {
		if base, n := p.base(d); n > 0 && !math.IsNaN(p.level[d]) {
			by[known] = math.Abs(p.level[d] - base)
			most = max(most, by[known])
			known++
		}
	}
	return 1.4826 * median(by[:known]), most, known
}

// factor reports whether one level is at least least times the other.
func factor(a, b, least float64) bool {
	if a*b < 0 {
		return true
	}
	a, b = math.Abs(a), math.Abs(b)
	return max(a, b) >= least*min(a, b)
}

// agrees reports whether the newest hours differ from the same hours before at least half as much
// as the day does, to the same side.
func (p *past) agrees(c Change) bool {
	length := int(newest / p.grid.Step)
	now := p.median(p.cut[0]-length, p.cut[0])
	var known [weeks]float64
	n := 0
	for k := range weeks { // as in usual
		end := p.cut[(k+1)*p.every]
		if l := p.median(end-length, end); !math.IsNaN(l) {
			known[n] = l
			n++
		}
	}
	before := c.From
	if n > 0 {
		before = median(known[:n])
	}
	return isBeyond(now-before, c)
}

// isBeyond reports whether a difference is at least half the change, to the same side.
func isBeyond(by float64, c Change) bool {
	half := (c.To - c.From) / 2
	return half > 0 && by >= half || half < 0 && by <= half
}

// begin returns the time of the first sample of a change that began changed days ago.
func (p *past) begin(c Change, changed int) time.Time {
	for changed > 0 && math.IsNaN(p.level[changed]) {
		changed--
	}
	// The change began on that day or in the second half of the day before. Split the two where the
	// fewest samples are on the wrong side.
	begin := max(p.cut[changed+1]+1, 0)
	wrong, least := 0, math.MaxInt
	for d := changed + 1; d >= changed; d-- {
		for i := max(p.cut[d+1]+1, 0); i <= p.cut[d]; i++ {
			usual := p.usual(d, i)
			if !series.Finite(p.values[i]) || math.IsNaN(usual) {
				continue
			}
			// wrong is of a split before sample i, less that of a split at the start
			if !isBeyond(p.values[i]-usual, c) {
				wrong--
				continue
			}
			if wrong < least {
				begin, least = i, wrong
			}
			wrong++
		}
	}
	return p.grid.At(begin)
}

// usual returns the median of the samples at the same time of the days before. Those are three also
// where levels are compared with yesterday's alone: the change may have begun yesterday.
func (p *past) usual(d, i int) float64 {
	var known [weeks]float64
	n := 0
	for k := range weeks {
		at := d + (k+1)*p.every
		if at >= days {
			break
		}
		if i := p.cut[at] - (p.cut[d] - i); i >= 0 && series.Finite(p.values[i]) {
			known[n] = p.values[i]
			n++
		}
	}
	return median(known[:n])
}
