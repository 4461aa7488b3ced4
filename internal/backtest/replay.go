package backtest

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// object is what an alert is about, with its series. Those that were never beyond a level are one
// track. They start no alert, but while they have samples, the object is not without data.
type object struct {
	key      rules.Key
	identity series.Labels
	tracks   []*track
}

// objects returns the objects that were beyond a level, in order.
func (e *engine) objects() []object {
	out := make([]object, len(e.keys))
	slices.SortFunc(e.hot, func(a, b *track) int { return a.labels.Compare(b.labels) })
	for _, t := range e.hot {
		o := &out[t.key]
		o.identity, o.tracks = t.identity, append(o.tracks, t)
	}
	others := make([][]*track, len(out))
	for _, t := range e.tracks {
		if i, ok := e.keys[t.object]; ok && t.key < 0 {
			others[i] = append(others[i], t)
		}
	}
	for i := range out {
		o := &out[i]
		o.key = rules.KeyOf(e.ruleID(), o.identity)
		if len(others[i]) > 0 {
			o.tracks = append(o.tracks, together(others[i]))
		}
	}
	slices.SortFunc(out, func(a, b object) int { return a.identity.Compare(b.identity) })
	return out
}

// followed is a series of an object with the rule that judges it.
type followed struct {
	*track
	rule rules.Rule
	// when it goes from missing to within the limits, to beyond one, to beyond two, and back
	changes []change
}

// change is the state of a series from an index on.
type change struct {
	at   int32
	what uint8
}

// The states of a series.
const (
	missing uint8 = iota
	within
	beyondOne // limit
	beyondTwo
)

// replay is the replay of one object with one rule, slot by slot, as if the report had run. It
// leaves out slots in which nothing can change.
type replay struct {
	e      *engine
	object *object
	series []followed
	memory rules.Memory
	fires  bool  // the alert fires
	live   bool  // because a sample is beyond the limit
	judged int32 // the newest index that a slot with complete data has judged
	values []float64
	// every slot is evaluated; only tests set it
	thorough bool

	alert rules.Alert
	past  []rules.Episode // those that the memory forgot
}

// newReplay returns the replay of an object with a level and a For, nil if it was never beyond the
// level.
func (e *engine) newReplay(o *object, rule rules.Rule) *replay {
	r := &replay{e: e, object: o, judged: -1}
	beyond := false
	for _, t := range o.tracks {
		f := followed{track: t, rule: rule}
		if t.own != nil {
			f.rule = *t.own
			f.rule.For = rule.For
		}
		if f.findChanges() {
			beyond = true
		} else {
			// While another series is beyond a limit, it does not matter whether this one has
			// samples. After that, no slot is left out until the alert has ended.
			f.changes = nil
		}
		r.series = append(r.series, f)
	}
	if !beyond {
		return nil
	}
	return r
}

// findChanges sets the changes of a series, and reports whether it is ever beyond a limit.
func (f *followed) findChanges() bool {
	ever := false
	now := missing
	set := func(at int32, what uint8) {
		ever = ever || what >= beyondOne
		if what != now {
			now, f.changes = what, append(f.changes, change{at, what})
		}
	}
	b := 0
	for _, s := range f.present {
		at := s.from
		for ; b < len(f.beyond) && f.beyond[b].from <= s.to; b++ {
			k := f.beyond[b]
			if k.from > at {
				set(at, within)
			}
			for i := k.from; i <= k.to; i++ {
				set(i, stateOf(f.rule, f.values[k.first+i-k.from]))
			}
			at = k.to + 1
		}
		if at <= s.to {
			set(at, within)
		}
		set(s.to+1, missing)
	}
	return ever
}

// run replays the slots and returns the alerts that a slot saw firing.
func (r *replay) run(slots []slot) []rules.Episode {
	for i := 0; i < len(slots); {
		if !r.fires && !r.thorough {
			if next := r.quiet(&slots[i]); next > slots[i].to {
				to := i + sort.Search(len(slots)-i, func(j int) bool {
					return slots[i+j].to >= next
				})
				r.skip(slots[i:to])
				i = to
				continue
			}
		}
		r.evaluate(&slots[i])
		if r.live && !r.thorough {
			i = r.lasts(slots, i)
		}
		i++
	}
	return r.episodes()
}

// quiet returns the first index at which something may happen, for a slot that follows one in which
// nothing fires. It is that of a sample beyond a limit. Those that an earlier slot judged no longer
// count while every series that they are of is within its limits.
func (r *replay) quiet(s *slot) int32 {
	if next := r.nextBeyond(s.from); next > s.to || !r.within() {
		return next
	}
	return r.nextChange(r.judged)
}

// within reports whether every series that is ever beyond a limit is within its limits at the
// newest index that was judged.
func (r *replay) within() bool {
	for i := range r.series {
		f := &r.series[i]
		if len(f.changes) == 0 {
			continue
		}
		if n := f.after(r.judged); n == 0 || f.changes[n-1].what != within {
			return false
		}
	}
	return true
}

// nextBeyond returns the first index from one on at which a series is beyond a limit.
func (r *replay) nextBeyond(from int32) int32 {
	next := int32(math.MaxInt32)
	for i := range r.series {
		f := &r.series[i]
		for _, c := range f.changes[max(f.after(from)-1, 0):] {
			if c.at >= next {
				break
			}
			if c.what >= beyondOne {
				next = max(c.at, from)
				break
			}
		}
	}
	return next
}

// nextChange returns the first index after one at which the state of a series changes.
func (r *replay) nextChange(after int32) int32 {
	next := int32(math.MaxInt32)
	for i := range r.series {
		f := &r.series[i]
		if n := f.after(after); n < len(f.changes) {
			next = min(next, f.changes[n].at)
		}
	}
	return next
}

// after returns the first change after an index.
func (f *followed) after(i int32) int {
	return sort.Search(len(f.changes), func(j int) bool { return f.changes[j].at > i })
}

// skip passes slots in which nothing fires and no sample is beyond a limit. What a slot remembers
// of them is since when the data is known, and that alerts ended too long ago.
func (r *replay) skip(slots []slot) {
	for i := len(slots) - 1; i >= 0; i-- {
		if slots[i].data == rules.DataComplete {
			if r.memory.Seen == nil {
				r.memory.Seen = map[string]time.Time{}
			}
			r.memory.Seen[r.e.ruleID().String()] = r.e.plan.grid.At(int(slots[i].to))
			r.judged = slots[i].to
			break
		}
	}
	if len(r.memory.Alerts) > 0 {
		r.advance(rules.Evaluation{}, &slots[len(slots)-1])
	}
}

// lasts passes slots in which an alert only lasts: no series changes its state, and the data is
// complete. It evaluates as few of them as have all their samples, and the last one, and returns
// its index.
func (r *replay) lasts(slots []slot, i int) int {
	if slots[i].data != rules.DataComplete {
		return i
	}
	change := r.nextChange(slots[i].from)
	last := i
	for last+1 < len(slots) && slots[last+1].to < change &&
		slots[last+1].data == rules.DataComplete {
		last++
	}
	for i < last {
		next := i + 1
		for next < last && slots[next+1].from <= slots[i].to+1 {
			next++
		}
		i = next
		r.evaluate(&slots[i])
	}
	return i
}
