package state_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// A document of a future slot would make every run until then an outdated one, which sends nothing.
func TestADocumentOfTheFutureIsNotBelieved(t *testing.T) {
	for _, tc := range []struct {
		name string
		slot time.Time
		lost bool
	}{
		{"now", noon, false},
		{"of clocks that differ", noon.Add(9 * time.Minute), false},
		{"within the hour", noon.Add(11 * time.Minute), true},
		{"in years", time.Date(2200, 12, 31, 23, 55, 0, 0, time.UTC), true},
		{"of a machine without a clock", time.Unix(0, 0), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := state.NewDir(t.TempDir())
			before, err := store.Save(t.Context(), check, state.Doc{
				Run: "earlier", Page: notify.Page{Memory: rules.Memory{Slot: tc.slot}},
			}, "")
			if err != nil {
				t.Fatal(err)
			}
			clock := state.ByClock{Store: store, Now: func() time.Time { return noon }}
			s := state.Open(t.Context(), clock, check, "this", fires("x"), noon)
			if err := s.Change(t.Context(), addSilence("a")); err != nil {
				t.Fatal(err)
			}
			if len(s.Page().Memory.Alerts) != 1 && tc.lost {
				t.Errorf("got the alerts %+v, want what fires", s.Page().Memory)
			}
			_, after, err := store.Load(t.Context(), check)
			if err != nil || tc.lost != (after == before) {
				t.Errorf("the document is as it was: %v, want %v (%v)", after == before, tc.lost,
					err)
			}
			var ahead *state.AheadError
			if errors.As(s.Lost(), &ahead) != tc.lost {
				t.Fatalf("got lost %v, want an AheadError: %v", s.Lost(), tc.lost)
			}
			if !tc.lost {
				return
			}
			for _, want := range []string{
				tc.slot.Format(time.RFC3339), noon.Format(time.RFC3339),
				"promsnap state reset check", "clock",
			} {
				if !strings.Contains(ahead.Error(), want) {
					t.Errorf("%q does not say %q", ahead, want)
				}
			}
		})
	}
}

// The advice in the error works.
func TestADocumentOfTheFutureCanBeReset(t *testing.T) {
	store := state.NewDir(t.TempDir())
	ahead := state.Doc{
		Run: "earlier", Page: notify.Page{Memory: rules.Memory{Slot: noon.AddDate(5, 0, 0)}},
	}
	if _, err := store.Save(t.Context(), check, ahead, ""); err != nil {
		t.Fatal(err)
	}
	clock := state.ByClock{Store: store, Now: func() time.Time { return noon }}
	_, version, err := clock.Load(t.Context(), check)
	var wrong *state.AheadError
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	if _, err := clock.Save(t.Context(), check, state.Doc{Run: "reset"}, version); err != nil {
		t.Fatal(err)
	}
	s := state.Open(t.Context(), clock, check, "this", fires("x"), noon)
	if s.Lost() != nil || !s.Page().Memory.Slot.Equal(noon) || len(s.Page().Memory.Alerts) != 1 {
		t.Errorf("after the reset: got lost %v and %+v, want nothing lost, the slot %s and one "+
			"alert", s.Lost(), s.Page().Memory, noon)
	}
}
