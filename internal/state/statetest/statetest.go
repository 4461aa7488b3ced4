// Package statetest is the contract of state.Store. Every store passes Run.
package statetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// Secret is a password or token for a store under test that takes one. No error may show it.
const Secret = "s3cr3t-hunter2"

// Tested is a store with what the contract needs.
type Tested struct {
	state.Store
	// Corrupt replaces the document of k with bytes, without the store. It may stand for any
	// accident.
	Corrupt func(t *testing.T, k state.Key, data []byte)
	// Broken is a store of the same kind, holding Secret, that cannot reach its documents. Nil:
	// there is none.
	Broken state.Store
}

var key = state.Key{Cluster: "prod-seoul", Report: "check"}

// Run runs the contract on the store that open returns. Each call of open returns a store without
// documents.
func Run(t *testing.T, open func(t *testing.T) Tested) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s Tested)
	}{
		{"NothingThere", nothingThere},
		{"WhatIsSavedIsLoaded", roundTrip},
		{"TwoWriters", twoWriters},
		{"OneVersionSavedTwice", savedTwice},
		{"HostileKeys", hostileKeys},
		{"ConcurrentChangesLoseNothing", concurrent},
		{"Corrupt", corrupt},
		{"Newer", newer},
		{"TooLarge", tooLarge},
		{"Cancelled", cancelled},
		{"Broken", broken},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Doc returns a document that has something of everything.
func Doc(t *testing.T) state.Doc {
	t.Helper()
	at := time.Date(2026, 11, 22, 2, 52, 0, 0, time.UTC)
	k := rules.Key(`node-memory/NodeMemoryHigh{node="ip-10-0-1-12"}`)
	return state.Doc{Run: "run-1", Serial: 7, Page: notify.Page{
		Memory: rules.Memory{
			Slot: at.Add(20 * time.Minute),
			Seen: map[string]time.Time{"node-memory/NodeMemoryHigh": at.Add(19 * time.Minute)},
			Alerts: map[rules.Key]rules.Alert{k: {
				Panel: "node-memory", Rule: "NodeMemoryHigh", Name: "ip-10-0-1-12",
				Labels:   map[string]string{"node": "ip-10-0-1-12"},
				Identity: map[string]string{"node": "ip-10-0-1-12"}, Severity: rules.Critical,
				GraveAt: at.Add(18 * time.Minute),
				Value:   0.94, Limit: 0.9, Capacity: 68719476736, Episodes: []rules.Episode{{
					Since: at, Open: true, Last: at.Add(18 * time.Minute), Worst: rules.Critical,
					Peak: 0.96, PeakAt: at.Add(9 * time.Minute),
				}},
			}},
		},
		Silences: []notify.Silence{
			{
				ID: "1", Match: `node=~"kafka-.*"`, From: at, Until: at.Add(4 * time.Hour),
				Comment: "정비", By: "kim",
			},
		},
		Ledger: notify.Ledger{
			Claim: &notify.Claim{Slot: at, Run: "run-1", Until: at.Add(4 * time.Minute)},
			Receivers: map[string]notify.Entry{"oncall": {
				First: at, Unsure: []string{string(k)},
				Notified: map[rules.Key][]notify.Notified{k: {{
					Since: at, At: at.Add(20 * time.Minute), Severity: rules.Critical,
					Receipt: notify.Receipt{Channel: "C012", ID: "1763779920.000100"},
				}}},
			}},
		},
	}}
}

func save(t *testing.T, s Tested, k state.Key, d state.Doc, v state.Version) state.Version {
	t.Helper()
	next, err := s.Save(t.Context(), k, d, v)
	if err != nil {
		t.Fatalf("saving %s: %v", k, err)
	}
	if next == "" {
		t.Fatalf("saving %s: got the version of a missing document", k)
	}
	return next
}

func load(t *testing.T, s Tested, k state.Key) (state.Doc, state.Version) {
	t.Helper()
	d, v, err := s.Load(t.Context(), k)
	if err != nil {
		t.Fatalf("loading %s: %v", k, err)
	}
	return d, v
}

func wantSerial(t *testing.T, s Tested, k state.Key, serial uint64) {
	t.Helper()
	if d, _ := load(t, s, k); d.Serial != serial {
		t.Errorf("%s holds serial %d, want %d", k, d.Serial, serial)
	}
}

func nothingThere(t *testing.T, s Tested) {
	d, v := load(t, s, key)
	if diff := cmp.Diff(state.Doc{}, d); diff != "" || v != "" {
		t.Errorf("got version %q, want none; document (-want +got):\n%s", v, diff)
	}
	if _, err := s.Save(t.Context(), key, state.Doc{}, "of another"); !errors.Is(err,
		state.ErrConflict) {
		t.Errorf("saving over a version without a document: got %v, want ErrConflict", err)
	}
	if _, v := load(t, s, key); v != "" {
		t.Error("a save with a conflict was written")
	}
}

func roundTrip(t *testing.T, s Tested) {
	want := Doc(t)
	v := save(t, s, key, want, "")
	got, loaded := load(t, s, key)
	want.Schema, want.Cluster, want.Report = state.Schema, key.Cluster, key.Report
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	if loaded != v {
		t.Errorf("got version %s, want %s as saved", loaded, v)
	}
	got.Serial++
	next := save(t, s, key, got, loaded)
	if next == v {
		t.Error("two different documents have the same version")
	}
	wantSerial(t, s, key, want.Serial+1)
}

func twoWriters(t *testing.T, s Tested) {
	v := save(t, s, key, state.Doc{Serial: 1}, "")
	save(t, s, key, state.Doc{Run: "a", Serial: 2}, v)
	if _, err := s.Save(t.Context(), key, state.Doc{Run: "b", Serial: 3}, v); !errors.Is(err,
		state.ErrConflict) {
		t.Errorf("the second writer: got %v, want ErrConflict", err)
	}
	wantSerial(t, s, key, 2)
}

func savedTwice(t *testing.T, s Tested) {
	save(t, s, key, state.Doc{Serial: 1}, "")
	if _, err := s.Save(t.Context(), key, state.Doc{Serial: 2}, ""); !errors.Is(err,
		state.ErrConflict) {
		t.Errorf("creating it again: got %v, want ErrConflict", err)
	}
	wantSerial(t, s, key, 1)
}

func hostileKeys(t *testing.T, s Tested) {
	words := []string{
		"plain", "Plain", "with/slash", "with-slash", "../../../etc/passwd", "..", ".", "", " ",
		"a b", "한글", "é", "e\u0301", "a\x00b", "a\nb",
		"CON", "x.json", "%2e%2e", "{{.}}", "<!channel>", strings.Repeat("long", 200),
		strings.Repeat("long", 200) + "er",
	}
	for _, w := range hostile.Words() {
		if utf8.ValidString(w.Text) && !slices.Contains(words, w.Text) {
			words = append(words, w.Text)
		}
	}
	var keys []state.Key
	for _, w := range words {
		keys = append(keys, state.Key{Cluster: w, Report: "check"}, state.Key{
			Cluster: "prod", Report: w,
		})
	}
	keys = append(keys, state.Key{Cluster: "a/b", Report: "c"}, state.Key{
		Cluster: "a", Report: "b/c",
	})
	for i, k := range keys {
		save(t, s, k, state.Doc{Serial: uint64(i + 1)}, "")
	}
	for i, k := range keys {
		wantSerial(t, s, k, uint64(i+1))
	}
	binary := state.Key{Cluster: "prod", Report: "\xff\xfe"} // JSON cannot hold it
	if _, err := s.Save(t.Context(), binary, state.Doc{Serial: 1}, ""); err == nil {
		t.Error("a name that is not text was accepted")
	}
}

func concurrent(t *testing.T, s Tested) {
	const writers, each = 4, 5
	var group sync.WaitGroup
	errs := make(chan error, writers)
	for range writers {
		group.Go(func() {
			for n := 0; n < each; {
				d, v, err := s.Load(t.Context(), key)
				if err == nil {
					d.Serial++
					_, err = s.Save(t.Context(), key, d, v)
				}
				switch {
				case err == nil:
					n++
				case !errors.Is(err, state.ErrConflict):
					errs <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	wantSerial(t, s, key, writers*each)
}

func corrupt(t *testing.T, s Tested) {
	v := save(t, s, key, Doc(t), "")
	whole, err := state.Encode(key, Doc(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty":            {},
		"cut off":          whole[:len(whole)/2],
		"not JSON":         []byte("garbage " + Secret),
		"of another":       []byte(strings.Replace(string(whole), key.Cluster, "prod-tokyo", 1)),
		"without a schema": []byte(`{}`),
		"unknown":          []byte(strings.Replace(string(whole), `"serial"`, `"cereal"`, 1)),
	} {
		s.Corrupt(t, key, data)
		var wrong *state.CorruptError
		_, there, err := s.Load(t.Context(), key)
		if !errors.As(err, &wrong) || wrong.Key != key {
			t.Errorf("%s: got %v, want a CorruptError of %s", name, err, key)
		}
		if there == "" {
			t.Errorf("%s: got no version of the document, so nobody can replace it", name)
		}
		if strings.Contains(fmt.Sprint(err), Secret) {
			t.Errorf("%s: the error shows the document: %v", name, err)
		}
	}
	if _, err := s.Save(t.Context(), key, state.Doc{}, v); !errors.Is(err, state.ErrConflict) {
		t.Errorf("overwriting a damaged document: got %v, want ErrConflict", err)
	}
	if _, err := s.Save(t.Context(), key, state.Doc{}, ""); !errors.Is(err, state.ErrConflict) {
		t.Errorf("creating a document over a damaged one: got %v, want ErrConflict", err)
	}
	replace(t, s)
}

// replace replaces a document that cannot be read, as `promsnap state reset` does.
func replace(t *testing.T, s Tested) {
	t.Helper()
	_, there, _ := s.Load(t.Context(), key) // the caller has tested its error
	save(t, s, key, state.Doc{Serial: 1}, there)
	wantSerial(t, s, key, 1)
}

func newer(t *testing.T, s Tested) {
	save(t, s, key, Doc(t), "")
	s.Corrupt(t, key, []byte(`{"schema": 1000, "whatever": [1, 2, 3]}`))
	var wrong *state.NewerError
	if _, _, err := s.Load(t.Context(), key); !errors.As(err, &wrong) || wrong.Schema != 1000 ||
		wrong.Key != key {
		t.Errorf("got %v, want a NewerError of schema 1000", err)
	}
	replace(t, s)
}

func tooLarge(t *testing.T, s Tested) {
	v := save(t, s, key, state.Doc{Serial: 1}, "")
	d := state.Doc{Serial: 2, Run: strings.Repeat("x", state.MaxSize)}
	if _, err := s.Save(t.Context(), key, d, v); err == nil || errors.Is(err, state.ErrConflict) {
		t.Errorf("saving a document that is too large: got %v, want an error", err)
	}
	wantSerial(t, s, key, 1)
}

func cancelled(t *testing.T, s Tested) {
	v := save(t, s, key, state.Doc{Serial: 1}, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Load(ctx, key); !errors.Is(err, context.Canceled) {
		t.Errorf("loading: got %v, want context.Canceled", err)
	}
	if _, err := s.Save(ctx, key, state.Doc{Serial: 2}, v); !errors.Is(err, context.Canceled) {
		t.Errorf("saving: got %v, want context.Canceled", err)
	}
	wantSerial(t, s, key, 1)
}

func broken(t *testing.T, s Tested) {
	if s.Broken == nil {
		t.Skip("this store cannot be unreachable")
	}
	_, _, loading := s.Broken.Load(t.Context(), key)
	_, saving := s.Broken.Save(t.Context(), key, Doc(t), "")
	for _, err := range []error{loading, saving} {
		var damaged *state.CorruptError
		var newer *state.NewerError
		if err == nil || errors.Is(err, state.ErrConflict) || errors.As(err, &damaged) ||
			errors.As(err, &newer) {
			t.Errorf("an unreachable store: got %v, want an error of another kind", err)
		}
		if strings.Contains(fmt.Sprint(err), Secret) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}
