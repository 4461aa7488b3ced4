package state

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
)

// recentRuns is how many recorded slots Unrecorded looks back. A message that was sent at a missed
// slot may not reach its receiver again for several runs.
const recentRuns = 9

// Unrecorded returns the newest slot before the session's at which a run may have sent messages
// that the document does not know of, because it could not be written. schedule returns when runs
// are scheduled; nil: the recorded slots show the interval. Zero: there is no such slot among the
// last ones, or nothing is remembered.
func (s *Session) Unrecorded(schedule notify.Schedule) time.Time {
	if s.last.IsZero() || !s.last.Before(s.slot) {
		return time.Time{}
	}
	slots, _ := s.doc.Memory.Checked(time.Time{}, s.slot)
	slots = slots[max(len(slots)-recentRuns, 0):]
	if schedule == nil {
		return missedOf(slots, s.slot)
	}
	since := s.last
	if len(slots) > 0 {
		since = slots[0]
	}
	for _, at := range slices.Backward(schedule(since.Add(1), s.slot)) {
		if !at.Equal(s.last) && !slices.ContainsFunc(slots, at.Equal) {
			return at
		}
	}
	return time.Time{}
}

// minRuns is how many recorded slots show the interval of a report without a schedule.
const minRuns = 3

// missedOf returns the newest missed slot before this one, if the recorded slots show a regular
// interval. Zero: none was missed, or the interval is irregular.
func missedOf(slots []time.Time, slot time.Time) time.Time {
	if len(slots) < minRuns {
		return time.Time{}
	}
	var gaps []time.Duration
	for i, at := range slots[1:] {
		gaps = append(gaps, at.Sub(slots[i]))
	}
	usual := slices.Sorted(slices.Values(gaps))[len(gaps)/2]
	even := 0
	for _, d := range gaps {
		if d >= usual*4/5 && d <= usual*6/5 {
			even++
		}
	}
	if 2*even <= len(gaps) {
		return time.Time{}
	}
	next := slot
	for _, at := range slices.Backward(slots) {
		if next.Sub(at) >= usual*3/2 {
			return next.Add(-usual)
		}
		next = at
	}
	return time.Time{}
}
