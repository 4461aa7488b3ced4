package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// failedAll is an evaluation in which every rule failed.
func failedAll(rs ...RuleResult) Evaluation {
	var e Evaluation
	for _, r := range rs {
		e.Rules = append(e.Rules, RuleResult{ID: r.ID})
	}
	return e
}

// Whatever the slots see: the alert fires while the newest two or more slots saw nothing, since the
// first of them. Meanwhile no other alert changes. A slot evaluated in parts equals one evaluated
// at once.
func TestBlindness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWatch().Draw(t, "rule")
		var m Memory
		var blindFor []int
		for _, n := range genSlots().Draw(t, "slots") {
			r := w.result(n)
			before := withoutBlind(m)
			once := Advance(m, failedAll(r), minute(n))
			if rapid.IntRange(0, 2).Draw(t, "seen") == 0 {
				full := Evaluation{Rules: []RuleResult{r}}
				atOnce := Advance(m, full, minute(n))
				for _, inParts := range []Memory{
					Advance(once, full, minute(n)), Advance(atOnce, failedAll(r), minute(n)),
				} {
					if diff := difference(atOnce, inParts); diff != "" && !crowded(atOnce) &&
						!crowded(inParts) {
						t.Fatalf("slot %d: evaluated in parts (-want +got):\n%s", n, diff)
					}
				}
				m, blindFor = atOnce, nil
			} else {
				if after := withoutBlind(once); after != before {
					t.Fatalf("slot %d saw nothing: got\n%s\nwant\n%s", n, after, before)
				}
				m, blindFor = once, append(blindFor, n)
			}
			a := m.Alerts[BlindKey]
			if fires := len(a.Episodes) > 0 && a.Fires(); fires != (len(blindFor) >= blindSlots) {
				t.Fatalf("slot %d: blind at %v: got fires %v, want %v", n, blindFor, fires, !fires)
			} else if e := a.Episodes; fires && (!a.Now().Since.Equal(minute(blindFor[0])) ||
				!a.Now().Last.Equal(minute(n)) || a.Severity != Critical) {
				t.Fatalf("slot %d: blind at %v: got %+v, want one critical episode over them", n,
					blindFor, e)
			}
			for i, e := range a.Episodes {
				if e.Last.Before(e.Since) || i > 0 && !a.Episodes[i-1].Last.Before(e.Since) {
					t.Fatalf("slot %d: got the episodes %+v, want them in order", n, a.Episodes)
				}
			}
		}
	})
}

// withoutBlind summarizes every alert but promsnap's own.
func withoutBlind(m Memory) string {
	lines := strings.Split(summary(m), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool {
		return strings.HasPrefix(s, "BLIND")
	}), "\n")
}

func TestBlindAlertIsNeverDropped(t *testing.T) {
	w := watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("9", 60)
	}
	w.advance(10)
	r := w.result(15)
	m := Advance(Advance(w.memory, failedAll(r), minute(15)), failedAll(r), minute(20))
	if a := m.Alerts[BlindKey]; !a.Fires() || len(m.Alerts) != maxAlerts || m.Overflow != 1 {
		t.Errorf("got %+v, %d alerts and an overflow of %d; want it firing, %d and 1",
			a, len(m.Alerts), m.Overflow, maxAlerts)
	}
	now := failedAll(r)
	now.Configured = []RuleID{r.ID}
	if m = Advance(m, now, minute(25)); !m.Alerts[BlindKey].Fires() {
		t.Error("promsnap's own alert ended, want it to fire although no rule is configured for it")
	}
	if m = Advance(m, Evaluation{Configured: []RuleID{}}, minute(30)); m.Alerts[BlindKey].Fires() {
		t.Error("promsnap's own alert fires, want it ended in a report without rules")
	}

	m = Memory{}
	for n := range 3 { // a weekly report
		m = Advance(m, failedAll(r), start.Add(time.Duration(n)*7*24*time.Hour))
	}
	if a, ok := m.Alerts[BlindKey]; !ok || !a.Now().Since.Equal(start) {
		t.Errorf("three weeks without data: got %+v, want it firing since %v", a, start)
	}
}

func TestNew(t *testing.T) {
	w := watch{
		rule: memoryHigh, window: 60, series: map[string]string{
			"a": strings.Repeat("9", 60), "b": "555555" + strings.Repeat("9", 60),
		},
	}
	isNew := func(node string) bool {
		a, ok := w.memory.Alerts[KeyOf(RuleID{
			"node-memory", memoryHigh.Name,
		}, w.result(60).Series[map[string]int{"a": 0, "b": 1}[node]])]
		return ok && w.memory.New(a.Now())
	}
	w.advance(5)
	if isNew("a") {
		t.Error("a is new at the very first slot, want it not new")
	}
	w.advance(10, 10) // a run, and its retry
	if isNew("a") || !isNew("b") {
		t.Errorf("got new a %v, b %v; want only b new", isNew("a"), isNew("b"))
	}
	w.advance(15)
	if isNew("b") {
		t.Error("b is new at the second slot that sees it, want it not new")
	}
}
