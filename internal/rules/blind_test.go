package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// failedAll is an evaluation that has seen nothing of a rule.
func failedAll(rs ...RuleResult) Evaluation {
	var e Evaluation
	for _, r := range rs {
		e.Rules = append(e.Rules, RuleResult{ID: r.ID})
	}
	return e
}

// Whatever is seen when: the alert fires while the newest two slots or more have seen nothing,
// since the first of them; nothing else moves meanwhile; and parts of a slot are worth the whole.
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
				whole := Evaluation{Rules: []RuleResult{r}}
				atOnce := Advance(m, whole, minute(n))
				for _, inParts := range []Memory{
					Advance(once, whole, minute(n)), Advance(atOnce, failedAll(r), minute(n)),
				} {
					if diff := difference(atOnce, inParts); diff != "" && !crowded(atOnce) &&
						!crowded(inParts) {
						t.Fatalf("slot %d: at once, and (+) in parts:\n%s", n, diff)
					}
				}
				m, blindFor = atOnce, nil
			} else {
				if after := withoutBlind(once); after != before {
					t.Fatalf("slot %d saw nothing, and\n%s\nbecame\n%s", n, before, after)
				}
				m, blindFor = once, append(blindFor, n)
			}
			a := m.Alerts[BlindKey]
			if fires := len(a.Episodes) > 0 && a.Fires(); fires != (len(blindFor) >= blindSlots) {
				t.Fatalf("slot %d: blind at %v, and fires is %v", n, blindFor, fires)
			} else if e := a.Episodes; fires && (!a.Now().Since.Equal(minute(blindFor[0])) ||
				!a.Now().Last.Equal(minute(n)) || a.Severity != Critical) {
				t.Fatalf("slot %d: blind at %v, and remembered is %+v", n, blindFor, e)
			}
			for i, e := range a.Episodes {
				if e.Last.Before(e.Since) || i > 0 && !a.Episodes[i-1].Last.Before(e.Since) {
					t.Fatalf("slot %d: the episodes are %+v", n, a.Episodes)
				}
			}
		}
	})
}

// withoutBlind is what is said of every alert but promsnap's own.
func withoutBlind(m Memory) string {
	lines := strings.Split(said(m), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool {
		return strings.HasPrefix(s, "BLIND")
	}), "\n")
}

func TestBlindnessOutlivesItsSurroundings(t *testing.T) {
	w := watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("9", 60)
	}
	w.advance(10)
	r := w.result(15)
	m := Advance(Advance(w.memory, failedAll(r), minute(15)), failedAll(r), minute(20))
	if a := m.Alerts[BlindKey]; !a.Fires() || len(m.Alerts) != maxAlerts || m.Overflow != 1 {
		t.Errorf("with as many alerts as are remembered: %+v, %d alerts and %d over",
			a, len(m.Alerts), m.Overflow)
	}
	now := failedAll(r)
	now.Configured = []RuleID{r.ID}
	if m = Advance(m, now, minute(25)); !m.Alerts[BlindKey].Fires() {
		t.Error("it ended because no rule of the configuration is called so")
	}
	if m = Advance(m, Evaluation{Configured: []RuleID{}}, minute(30)); m.Alerts[BlindKey].Fires() {
		t.Error("a report without rules is blind")
	}

	m = Memory{}
	for n := range 3 { // a weekly report
		m = Advance(m, failedAll(r), start.Add(time.Duration(n)*7*24*time.Hour))
	}
	if a, ok := m.Alerts[BlindKey]; !ok || !a.Now().Since.Equal(start) {
		t.Errorf("three weeks without a look are %+v", a)
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
		t.Error("new at the first slot of all, before which nobody looked")
	}
	w.advance(10, 10) // a run, and its retry
	if isNew("a") || !isNew("b") {
		t.Errorf("a %v, b %v", isNew("a"), isNew("b"))
	}
	w.advance(15)
	if isNew("b") {
		t.Error("new at the second slot that sees it")
	}
}
