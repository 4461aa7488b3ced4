package state

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
)

// Unrecorded returns the newest slot before the session's at which a run may have sent messages
// that the document does not know of, because it could not be written. schedule returns when runs
// are scheduled; nil: the recorded slots show the interval. Zero: there is no such slot, or nothing
// is remembered.
func (s *Session) Unrecorded(schedule notify.Schedule) time.Time {
	if s.last.IsZero() || !s.last.Before(s.slot) {
		return time.Time{}
	}
	if schedule == nil {
		slots, _ := s.doc.Memory.Checked(time.Time{}, s.slot)
		return missedOf(slots, s.slot)
	}
	if missed := schedule(s.last.Add(1), s.slot); len(missed) > 0 {
		return missed[len(missed)-1]
	}
	return time.Time{}
}

// How many recorded slots show the interval of a report without a schedule.
const (
	minRuns = 3
	maxRuns = 9
)

// missedOf returns the newest missed slot before this one, if the recorded slots show a regular
// interval. Zero: none was missed, or the interval is irregular.
func missedOf(slots []time.Time, slot time.Time) time.Time {
	slots = slots[max(len(slots)-maxRuns, 0):]
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
	if 2*even <= len(gaps) || slot.Sub(slots[len(slots)-1]) < usual*3/2 {
		return time.Time{}
	}
	return slot.Add(-usual)
}
