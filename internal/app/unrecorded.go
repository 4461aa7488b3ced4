package app

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// unrecorded returns the newest slot at which a run may have told people although the state does not know of it: its state could not be
// written, as far as anybody can know. Zero: there is none, or the state remembers nothing.
func (t *teller) unrecorded(r judgedReport, session *state.Session) time.Time {
	last, slot := session.Last(), r.info.Slot
	if last.IsZero() || !last.Before(slot) {
		return time.Time{}
	}
	if t.again {
		return slot
	}
	if s := r.config.Schedule; s != nil {
		if missed := s.Between(last.Add(1), slot); len(missed) > 0 {
			return missed[len(missed)-1]
		}
		return time.Time{}
	}
	slots, _ := session.Page().Memory.Checked(time.Time{}, slot)
	return missedOf(slots, slot)
}

// The runs that show how often a report without a schedule is run.
const (
	leastRuns = 3
	mostRuns  = 9
)

// missedOf returns the newest slot before this one that was missed, where the slots before show that runs are made evenly; zero: none was,
// or they do not.
func missedOf(slots []time.Time, slot time.Time) time.Time {
	slots = slots[max(len(slots)-mostRuns, 0):]
	if len(slots) < leastRuns {
		return time.Time{}
	}
	var apart []time.Duration
	for i, at := range slots[1:] {
		apart = append(apart, at.Sub(slots[i]))
	}
	usual := slices.Sorted(slices.Values(apart))[len(apart)/2]
	even := 0
	for _, d := range apart {
		if d >= usual*4/5 && d <= usual*6/5 {
			even++
		}
	}
	if 2*even <= len(apart) || slot.Sub(slots[len(slots)-1]) < usual*3/2 {
		return time.Time{}
	}
	return slot.Add(-usual)
}

// forOf returns how long each rule of the panels must have held before it fires.
func forOf(panels []snapshot.Panel) func(rules.RuleID) time.Duration {
	lasts := map[rules.RuleID]time.Duration{}
	for i := range panels {
		for _, r := range panels[i].Spec.Rules {
			lasts[rules.RuleID{Panel: panels[i].Spec.Name, Rule: r.Name}] = r.For
		}
	}
	return func(id rules.RuleID) time.Duration { return lasts[id] }
}
