package backtest

import (
	"math"
	"math/bits"
	"time"
)

// longestHole is how many samples in a row may always be missing inside a streak, as in
// rules.Judge.
const longestHole = 2

// state follows one level with one For along a series: the streak at the newest sample, and the
// newest alert. Indices of samples; a from of -1 means that there is none.
type state struct {
	from                 int32
	alertFrom, alertLast int32
}

// count is what one pass over the series counts for one level with one For, by series. Where every
// sample is a slot and every series an object, it counts what the replay does.
type count struct {
	alerts, older   int
	firing, longest time.Duration
	flaps           int
	objects         keys
	days            []int32 // alerts by the day in which they were found
}

// add counts an alert.
func (c *count) add(e *engine, t *track, s *state, lasts int32) {
	c.alerts++
	found := e.plan.grid.At(int(s.alertFrom + lasts))
	if found.Before(e.held) {
		c.older++
	}
	day := e.dayOf(found)
	for len(c.days) <= day {
		c.days = append(c.days, 0)
	}
	c.days[day]++
	lasted := time.Duration(s.alertLast-s.alertFrom) * e.plan.step
	c.firing, c.longest = c.firing+lasted, max(c.longest, lasted)
	c.objects.add(t.key)
}

// keys is a set of the keys of objects: one bit each.
type keys []uint64

// add adds a key.
func (k *keys) add(key int32) {
	k.grow(int(key)/64 + 1)
	(*k)[key/64] |= 1 << (key % 64)
}

// addAll adds the keys of another set.
func (k *keys) addAll(other keys) {
	k.grow(len(other))
	for i, word := range other {
		(*k)[i] |= word
	}
}

// grow makes room for 64 keys in each of so many words.
func (k *keys) grow(words int) {
	if n := words - len(*k); n > 0 {
		*k = append(*k, make(keys, n)...)
	}
}

// len returns the number of keys.
func (k keys) len() int {
	n := 0
	for _, word := range k {
		n += bits.OnesCount64(word)
	}
	return n
}

// dayOf returns the number of the day in the history.
func (e *engine) dayOf(at time.Time) int {
	return int(at.Sub(e.plan.grid.Start) / (24 * time.Hour))
}

// splitAgain counts the alerts before the newest third again, by the day, after that has moved.
func (e *engine) splitAgain() {
	before := e.dayOf(e.held)
	split := func(all []count) {
		for i := range all {
			all[i].older = 0
			for _, n := range all[i].days[:min(before, len(all[i].days))] {
				all[i].older += int(n)
			}
		}
	}
	split(e.fixed)
	for _, all := range e.counts {
		split(all)
	}
}

// steps returns the least number of steps that last a duration.
func (e *engine) steps(d time.Duration) int32 {
	return int32(math.Ceil(float64(d) / float64(e.plan.step)))
}

// follow moves a series on to a sample that is beyond so many levels.
func (e *engine) follow(t *track, i, rank int32) {
	levels := len(t.states) / len(e.fors)
	hole := i - t.last - 1
	from := min(t.rank, rank) // the streaks of the levels before it go on
	if hole > longestHole {
		from = 0
	}
	for f, lasts := range e.fors {
		for l := from; l < max(t.rank, rank); l++ {
			s := &t.states[f*levels+int(l)]
			if l < t.rank && (l >= rank || e.breaks(s, t.last, hole, lasts)) {
				e.endStreak(t, f, int(l), t.last)
			}
			if l < rank && s.from < 0 {
				s.from = i
			}
		}
	}
}

// breaks reports whether a hole after a sample ends a streak, as in rules.Judge.
func (e *engine) breaks(s *state, last, hole int32, lasts time.Duration) bool {
	return hole > longestHole && time.Duration(last-s.from)*e.plan.step < lasts &&
		time.Duration(hole)*e.plan.step >= lasts
}

// endStreak ends the streak of a level at its last sample. A streak that lasted For is an alert,
// or goes on with one that ended no longer than KeepFiringFor before. One that did not only
// prolongs such an alert.
func (e *engine) endStreak(t *track, f, l int, last int32) {
	s := &t.states[f*len(t.states)/len(e.fors)+l]
	joins := s.alertFrom >= 0 && time.Duration(s.from-s.alertLast)*e.plan.step <= e.plan.keep
	switch {
	case joins:
		s.alertLast = last
	case time.Duration(last-s.from)*e.plan.step >= e.fors[f]:
		again := s.alertFrom >= 0 &&
			time.Duration(s.from-s.alertLast)*e.plan.step < 3*e.plan.keep
		e.endAlert(t, f, l)
		s.alertFrom, s.alertLast = s.from, last
		if again {
			e.countOf(t, f, l).flaps++
		}
	}
	s.from = -1
}

// endAlert counts the newest alert of a level.
func (e *engine) endAlert(t *track, f, l int) {
	s := &t.states[f*len(t.states)/len(e.fors)+l]
	if s.alertFrom < 0 {
		return
	}
	c := e.countOf(t, f, l)
	c.add(e, t, s, e.steps(e.fors[f]))
	s.alertFrom = -1
	if t.own == nil {
		e.outgrown(f, l)
	}
}

// countOf returns what counts the alerts of a level.
func (e *engine) countOf(t *track, f, l int) *count {
	if t.own != nil {
		return &e.fixed[f]
	}
	return &e.counts[f][l]
}

// finish ends the streaks and alerts of every series.
func (e *engine) finish() {
	for _, t := range e.hot {
		levels := len(t.states) / len(e.fors)
		for f := range e.fors {
			for l := range levels {
				if t.states[f*levels+l].from >= 0 {
					e.endStreak(t, f, l, t.last)
				}
				e.endAlert(t, f, l)
			}
		}
	}
}
