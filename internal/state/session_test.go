package state_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/state"
)

var (
	check = state.Key{Cluster: "prod", Report: "check"}
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

// fires returns an evaluation in which a node fires.
func fires(node string) rules.Evaluation {
	ls := series.FromPairs("node", node)
	return rules.Evaluation{Rules: []rules.RuleResult{{
		ID: rules.RuleID{Panel: "node-memory", Rule: "NodeMemoryHigh"}, Data: rules.DataPartial,
		From: noon.Add(-time.Hour), Through: noon,
		Findings: []rules.Judged{{Identity: ls, Name: node, Finding: rules.Finding{
			Labels: ls, Status: rules.Breach, Severity: rules.Critical,
			Streak: &rules.Streak{From: noon.Add(-time.Hour), To: noon, Severity: rules.Critical},
		}}},
	}}}
}

// addSilence returns a change that can be counted.
func addSilence(id string) func(*notify.Page) error {
	return func(p *notify.Page) error {
		p.Silences = append(p.Silences, notify.Silence{ID: id})
		return nil
	}
}

func silences(t *testing.T, s state.Store) string {
	t.Helper()
	d, _, err := s.Load(t.Context(), check)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range d.Silences {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, " ")
}

func TestSessionsOfTwoRuns(t *testing.T) {
	store := state.NewDir(t.TempDir())
	a := state.Open(t.Context(), store, check, "a", fires("x"), noon)
	b := state.Open(t.Context(), store, check, "b", fires("y"), noon)
	for i, s := range []*state.Session{a, b, a, a, b} {
		if err := s.Change(t.Context(), addSilence(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if got := silences(t, store); got != "0 1 2 3 4" {
		t.Errorf("got the silences %s, want 0 1 2 3 4", got)
	}
	// The results of both runs for the slot are joined.
	d, _, err := store.Load(t.Context(), check)
	if err != nil || len(d.Memory.Alerts) != 2 {
		t.Errorf("got %d alerts (%v), want 2", len(d.Memory.Alerts), err)
	}
}

func TestAChangeThatFailsLeavesNoTrace(t *testing.T) {
	store := state.NewDir(t.TempDir())
	s := state.Open(t.Context(), store, check, "a", rules.Evaluation{}, noon)
	stop := errors.New("stop")
	err := s.Change(t.Context(), func(p *notify.Page) error {
		_ = addSilence("half")(p)
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the change", err)
	}
	if err := s.Change(t.Context(), addSilence("whole")); err != nil {
		t.Fatal(err)
	}
	if got := silences(t, store); got != "whole" {
		t.Errorf("got the silences %s, want whole", got)
	}
}

// failing is a store that loses one answer, or fails.
type failing struct {
	state.Store
	load, save error
	loseAnswer bool
	saves      int
}

func (f *failing) Load(ctx context.Context, k state.Key) (state.Doc, state.Version, error) {
	if f.load != nil {
		return state.Doc{}, "", f.load
	}
	return f.Store.Load(ctx, k)
}

func (f *failing) Save(ctx context.Context, k state.Key, d state.Doc,
	v state.Version) (state.Version, error) {
	f.saves++
	if f.save != nil {
		return "", f.save
	}
	v, err := f.Store.Save(ctx, k, d, v)
	if f.loseAnswer && err == nil {
		f.loseAnswer = false
		return "", state.ErrConflict // as a store says after a client's own retry
	}
	return v, err
}

func TestALostAnswerIsNoConflict(t *testing.T) {
	store := &failing{Store: state.NewDir(t.TempDir()), loseAnswer: true}
	s := state.Open(t.Context(), store, check, "a", rules.Evaluation{}, noon)
	for _, id := range []string{"1", "2"} {
		if err := s.Change(t.Context(), addSilence(id)); err != nil {
			t.Fatal(err)
		}
	}
	if got := silences(t, store); got != "1 2" || store.saves != 2 {
		t.Errorf("got the silences %s after %d saves, want 1 2 after 2", got, store.saves)
	}
}

func TestAnUnreadableDocumentIsNotWritten(t *testing.T) {
	for _, lost := range []error{
		&state.CorruptError{Key: check, Err: errors.New("x")},
		&state.NewerError{Key: check, Schema: 2}, errors.New("no route to host"),
	} {
		store := &failing{Store: state.NewDir(t.TempDir()), load: lost}
		s := state.Open(t.Context(), store, check, "a", fires("x"), noon)
		if !errors.Is(s.Lost(), lost) {
			t.Errorf("lost: %v, want %v", s.Lost(), lost)
		}
		seen := 0
		if err := s.Change(t.Context(), func(p *notify.Page) error {
			seen = len(p.Memory.Alerts)
			return nil
		}); err != nil || seen != 1 {
			t.Errorf("got %v and %d alerts, want 1", err, seen)
		}
		if store.saves != 0 {
			t.Errorf("after %q: got %d saves of the state, want none", lost, store.saves)
		}
	}
}

func TestAStoreThatCannotBeWritten(t *testing.T) {
	store := &failing{Store: state.NewDir(t.TempDir()), save: errors.New("read-only")}
	s := state.Open(t.Context(), store, check, "a", fires("x"), noon)
	if err := s.Change(t.Context(), addSilence("1")); err == nil ||
		!strings.Contains(err.Error(), "writing the state of prod/check: read-only") {
		t.Errorf("got %v, want the error of the store", err)
	}
	store.save = nil
	if err := s.Change(t.Context(), addSilence("2")); err != nil {
		t.Fatal(err)
	}
	if got := silences(t, store); got != "2" {
		t.Errorf("got the silences %s, want 2", got)
	}
	store.save = state.ErrConflict
	if err := s.Change(t.Context(), addSilence("3")); !errors.Is(err, state.ErrConflict) {
		t.Errorf("an endless conflict: got %v, want ErrConflict", err)
	}
}
