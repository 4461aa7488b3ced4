package archive_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/report"
)

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func slotAt(age time.Duration, change ...func(*archive.Slot)) archive.Slot {
	at := now.Add(-age)
	s := archive.Slot{
		Path: "prod/check/" + report.SlotName(at), Cluster: "prod", Report: "check", Time: at,
		Whole: true,
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func cut(s *archive.Slot)     { s.Whole = false }
func partial(s *archive.Slot) { s.Whole, s.Partial = false, true }

func writing(s *archive.Slot) { s.Written = now.Add(-time.Minute) }

const day = 24 * time.Hour

func TestSplit(t *testing.T) {
	days := func(n int) (out []archive.Slot) {
		for i := range n {
			out = append(out, slotAt(time.Duration(i)*day))
		}
		return out
	}
	for _, tc := range []struct {
		name  string
		rules archive.Retention
		slots []archive.Slot
		stay  []int // in days before now
	}{
		{"no rule", archive.Retention{}, days(3), []int{0, 1, 2}},
		{"by count", archive.Retention{Keep: 2}, days(5), []int{0, 1}},
		{"by age", archive.Retention{Age: 2 * day}, days(5), []int{0, 1, 2}},
		{"one of two rules keeps", archive.Retention{Keep: 4, Age: day}, days(6), []int{0, 1, 2, 3}},
		{"the other one keeps", archive.Retention{Keep: 1, Age: 3 * day}, days(6), []int{0, 1, 2, 3}},
		{"all are old", archive.Retention{Age: day}, days(9)[5:], []int{5}},
		{"all are wanted", archive.Retention{Keep: 10}, days(3), []int{0, 1, 2}},
		{
			"the newest whole one is old", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(0, cut), slotAt(day, cut), slotAt(2 * day), slotAt(3 * day)},
			[]int{0, 2},
		},
		{
			"none is whole", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(0, cut), slotAt(day, cut)}, []int{0},
		},
		{
			"what cannot be read does not count", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(0, partial), slotAt(day), slotAt(2 * day), slotAt(3*day, partial)},
			[]int{0, 1, 3},
		},
		{
			"a slot of the future does not count", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(-9 * day), slotAt(0), slotAt(day)}, []int{-9, 0},
		},
		{
			"a clock that is ahead a little", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(-5 * time.Minute), slotAt(day)}, []int{0},
		},
		{
			"a slot that a run may still be writing", archive.Retention{Keep: 1},
			[]archive.Slot{slotAt(0), slotAt(day), slotAt(2*day, writing), slotAt(3 * day)},
			[]int{0, 2},
		},
		{"nothing", archive.Retention{Keep: 1}, nil, nil},
	} {
		stay, remove := tc.rules.Split(tc.slots, now)
		var got []int
		for _, s := range stay {
			got = append(got, int(now.Sub(s.Time)/day))
		}
		if !slices.Equal(got, tc.stay) || len(stay)+len(remove) != len(tc.slots) {
			t.Errorf("%s: got %v and %d to remove, want %v", tc.name, got, len(remove), tc.stay)
		}
	}
}

// Whatever the rules and the slots are, Split never removes the newest slot or the newest whole
// one, keeps as many as it was told, and removes nothing more when it is called again.
func TestSplitHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := archive.Retention{
			Keep: rapid.IntRange(0, 12).Draw(t, "keep"),
			Age:  time.Duration(rapid.IntRange(0, 400).Draw(t, "age")) * time.Hour,
		}
		ages := rapid.SliceOfNDistinct(rapid.IntRange(-48, 600), 0, 30, rapid.ID).Draw(t, "ages")
		var slots []archive.Slot
		for _, age := range ages {
			kind := rapid.SampledFrom([]func(*archive.Slot){
				func(*archive.Slot) {}, cut, partial, writing,
			}).Draw(t, "kind")
			slots = append(slots, slotAt(time.Duration(age)*time.Hour, kind))
		}
		stay, remove := rules.Split(slots, now)
		if len(stay)+len(remove) != len(slots) {
			t.Fatalf("got %d and %d, want %d together", len(stay), len(remove), len(slots))
		}
		var counted []archive.Slot // that may be removed at all, the newest first
		for _, s := range slots {
			if !s.Partial && !s.Time.After(now) {
				counted = append(counted, s)
			}
		}
		slices.SortFunc(counted, func(a, b archive.Slot) int { return b.Time.Compare(a.Time) })
		stays := func(s archive.Slot) bool { return slices.Contains(stay, s) }
		if rules == (archive.Retention{}) && len(remove) > 0 {
			t.Fatalf("without rules: got %v to remove, want nothing", remove)
		}
		whole := slices.IndexFunc(counted, func(s archive.Slot) bool { return s.Whole })
		for i, s := range counted {
			inAge := rules.Age > 0 && now.Sub(s.Time) <= rules.Age
			inAge = inAge || !s.Written.IsZero() && now.Sub(s.Written) < 10*time.Minute
			if (i == 0 || i == whole || i < rules.Keep || inAge) && !stays(s) {
				t.Fatalf("got slot %d, %v, to remove; want it to stay", i, s.Time)
			}
			bound := rules.Keep > 0 || rules.Age > 0
			if i != 0 && i != whole && i >= rules.Keep && !inAge && bound && stays(s) {
				t.Fatalf("got slot %d, %v, to stay; want it removed", i, s.Time)
			}
		}
		for _, s := range slots {
			if (s.Partial || s.Time.After(now)) && !stays(s) {
				t.Fatalf("got %+v to remove, want it left alone", s)
			}
		}
		again, more := rules.Split(stay, now)
		if len(more) > 0 || !slices.Equal(again, stay) {
			t.Fatalf("a second time: got %v to remove, want nothing", more)
		}
	})
}
