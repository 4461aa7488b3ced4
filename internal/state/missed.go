package state

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
)

// Unrecorded returns the newest slot before the session's at which a run may have told people
// although the document does not know of it: it could not be written, as far as anybody can know.
// due says when runs are due; nil: the slots before show it. Zero: there is no such slot, or
// nothing is remembered.
func (s *Session) Unrecorded(due notify.Schedule) time.Time {
	if s.last.IsZero() || !s.last.Before(s.slot) {
		return time.Time{}
	}
	if due == nil {
		slots, _ := s.doc.Memory.Checked(time.Time{}, s.slot)
		return missedOf(slots, s.slot)
	}
	if missed := due(s.last.Add(1), s.slot); len(missed) > 0 {
		return missed[len(missed)-1]
	}
	return time.Time{}
}

// The runs that show how often a report without a schedule is run.
const (
	leastRuns = 3
	mostRuns  = 9
)

// missedOf returns the newest slot before this one that was missed, where the slots before show
// that runs are made evenly; zero: none was, or they do not.
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
