package state

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// A slot is missed if earlier runs have a regular interval and one of them is missing. It counts
// for several runs, because a message that was sent then may not reach its receiver again at once.
func TestMissedOf(t *testing.T) {
	slot := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name   string
		before []int // minutes before the slot
		want   int   // minutes before it; 0: none
	}{
		{"nothing is known", nil, 0},
		{"two runs say little", []int{20, 15}, 0},
		{"every five minutes", []int{25, 20, 15, 10, 5}, 0},
		{"one is missing", []int{25, 20, 15, 10}, 5},
		{"many are missing", []int{425, 420, 415, 410}, 5},
		{"one was missing before", []int{45, 40, 35, 20, 15, 5}, 10},
		{"one was missing before six runs", []int{45, 40, 30, 25, 20, 15, 10, 5}, 35},
		{"one was late", []int{25, 20, 15, 9, 5}, 0},
		{"every day", []int{5 * 1440, 4 * 1440, 3 * 1440, 2 * 1440}, 1440},
		{"by hand", []int{900, 899, 700, 630, 200}, 0},
	} {
		var slots []time.Time
		for _, m := range tc.before {
			slots = append(slots, slot.Add(-time.Duration(m)*time.Minute))
		}
		want := time.Time{}
		if tc.want > 0 {
			want = slot.Add(-time.Duration(tc.want) * time.Minute)
		}
		if got := missedOf(slots, slot); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", tc.name, got, want)
		}
	}
}

// A run that records its slot but reaches no receiver must not hide the slot before it, at which a
// message may have been sent.
func TestUnrecordedBySchedule(t *testing.T) {
	slot := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	schedule := func(from, before time.Time) (at []time.Time) {
		for next := slot.Add(-24 * time.Hour); next.Before(before); next = next.Add(5 * time.Minute) {
			if !next.Before(from) {
				at = append(at, next)
			}
		}
		return at
	}
	for _, tc := range []struct {
		name   string
		before []int // minutes before the slot
		want   int   // minutes before it; 0: none
	}{
		{"nothing is known", nil, 0},
		{"none is missing", []int{15, 10, 5}, 0},
		{"the last is missing", []int{15, 10}, 5},
		{"one before the last is missing", []int{15, 5}, 10},
		{"a run by hand", []int{15, 12, 10, 5}, 0},
		{"one is missing too long ago", []int{60, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5}, 0},
	} {
		var memory rules.Memory
		for _, m := range tc.before {
			memory = rules.Advance(memory, rules.Evaluation{}, slot.Add(-time.Duration(m)*time.Minute))
		}
		s := &Session{slot: slot, last: memory.Slot}
		s.doc.Memory = memory
		want := time.Time{}
		if tc.want > 0 {
			want = slot.Add(-time.Duration(tc.want) * time.Minute)
		}
		if got := s.Unrecorded(schedule); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", tc.name, got, want)
		}
	}
}
