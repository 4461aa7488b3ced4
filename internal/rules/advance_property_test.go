package rules

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// genText draws the samples of one series.
func genText(n int) *rapid.Generator[string] {
	piece := rapid.Custom(func(t *rapid.T) string {
		c := rapid.SampledFrom([]string{"5", "5", "8", "9", "."}).Draw(t, "what")
		if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
			return strings.Repeat(rapid.SampledFrom([]string{"95", "9955", "9."}).Draw(t, "flaps"),
				rapid.IntRange(2, 9).Draw(t, "times"))
		}
		return strings.Repeat(c, rapid.OneOf(rapid.IntRange(1, 14), rapid.IntRange(1, 40)).Draw(t,
			"for"))
	})
	return rapid.Custom(func(t *rapid.T) string {
		s := ""
		for len(s) < n {
			s += piece.Draw(t, "piece")
		}
		return s[:n]
	})
}

const playTime = 120

func genWatch() *rapid.Generator[*watch] {
	return rapid.Custom(func(t *rapid.T) *watch {
		w := &watch{
			rule: memoryHigh, window: rapid.SampledFrom([]int{15, 60}).Draw(t, "window"),
			series: map[string]string{},
		}
		w.rule.For = time.Duration(rapid.IntRange(0, 6).Draw(t, "for")) * time.Minute
		w.rule.Flaps = rapid.IntRange(0, 3).Draw(t, "condition") == 0
		w.rule.NoData = rapid.SampledFrom([]NoDataPolicy{AlertOnNoData, ResolveOnNoData}).Draw(t,
			"no data")
		for _, name := range []string{"a/1", "a/2", "b", "c"} {
			w.series[name] = genText(playTime).Draw(t, name)
		}
		keep := rapid.SampledFrom([]time.Duration{0, 4 * time.Minute, DefaultKeepFiringFor}).Draw(t,
			"keep")
		w.edit = func(r *RuleResult) { r.KeepFiringFor = keep }
		return w
	})
}

// genSlots draws slots that rise; some are missed.
func genSlots() *rapid.Generator[[]int] {
	return rapid.Custom(func(t *rapid.T) []int {
		var out []int
		for n := 0; n < playTime; {
			n += rapid.SampledFrom([]int{1, 5, 5, 5, 10, 40}).Draw(t, "step")
			out = append(out, n)
		}
		return out
	})
}

// difference returns how two memories differ, "" if they do not. It tries reflect first because
// that is much faster.
func difference(a, b Memory) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmpopts.EquateNaNs())
}

// part returns some of a rule's result: as a partial answer, or as none.
func part(t *rapid.T, full RuleResult) RuleResult {
	r := full
	switch rapid.IntRange(0, 2).Draw(t, "part") {
	case 0:
		return RuleResult{ID: r.ID}
	case 1:
		return r
	}
	r.Data, r.Findings, r.Series = DataPartial, nil, nil
	for _, f := range full.Findings {
		if rapid.Bool().Draw(t, "has") {
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

// crowded reports whether an alert may have lost an episode.
func crowded(m Memory) bool {
	for _, a := range m.Alerts {
		if len(a.Episodes) == maxEpisodes {
			return true
		}
	}
	return false
}

// One series of an alert recovered between two slots; nothing shows that the other did. What fires
// now belongs to the previous episode, whether the two series arrive together or one after the
// other.
func TestAdvanceInPartsAfterMissedSlots(t *testing.T) {
	w := &watch{rule: memoryHigh, window: 15, series: map[string]string{
		"a/1": strings.Repeat("9", 20) + strings.Repeat("5", 26) + strings.Repeat("9", 14),
		"a/2": strings.Repeat(".", 46) + strings.Repeat("9", 14),
	}}
	w.rule.For = 0
	w.edit = func(r *RuleResult) { r.KeepFiringFor = 4 * time.Minute }
	w.advance(20)
	full := w.result(60)
	if len(full.Findings) != 2 {
		t.Fatalf("got %d findings, want those of two series", len(full.Findings))
	}
	atOnce := Advance(w.memory, Evaluation{Rules: []RuleResult{full}}, minute(60))
	for _, f := range full.Findings {
		some := full
		some.Data, some.Findings = DataPartial, []Judged{f}
		inParts := Advance(Advance(w.memory, Evaluation{Rules: []RuleResult{some}}, minute(60)),
			Evaluation{Rules: []RuleResult{full}}, minute(60))
		if d := difference(inParts, atOnce); d != "" {
			t.Errorf("in parts, with %s first (+want -got):\n%s", f.Name, d)
		}
	}
}

func TestAdvanceInPartsIsAdvanceAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v := genWatch().Draw(t, "one rule"), genWatch().Draw(t, "another rule")
		var m Memory
		for _, n := range genSlots().Draw(t, "slots") {
			a, b := w.result(n), v.result(n)
			b.ID.Rule = "Other"
			if rapid.IntRange(0, 4).Draw(t, "quality") == 0 { // of the full answer
				a = part(t, a)
			}
			first := Evaluation{Rules: []RuleResult{part(t, a), part(t, b)}}
			if first.Rules[0].Data > a.Data {
				first.Rules[0] = RuleResult{ID: a.ID}
			}
			full := Evaluation{Rules: []RuleResult{a, b}}
			partly := Advance(m, first, minute(n))
			inParts := Advance(partly, full, minute(n))
			atOnce := Advance(m, full, minute(n))
			if diff := difference(atOnce, inParts); diff != "" && !crowded(atOnce) &&
				!crowded(partly) && !crowded(inParts) {
				t.Fatalf("slot %d: evaluated in parts (-want +got):\n%s", n, diff)
			}
			if diff := difference(atOnce, Advance(atOnce, full, minute(n))); diff != "" {
				t.Fatalf("slot %d: evaluated twice (-want +got):\n%s", n, diff)
			}
			m = atOnce
		}
	})
}

// A hole does not end an alert. An alert stops firing only if it had a sample within the limits
// since, had no data for a day, or its object is gone.
func TestAdvanceEndsNothingByAHole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWatch().Draw(t, "rule")
		w.nodes = PresenceUnknown
		for _, n := range genSlots().Draw(t, "slots") {
			before := w.memory
			w.advance(n)
			for k, a := range before.Alerts {
				after := w.memory.Alerts[k]
				if !a.Fires() || after.Fires() {
					continue
				}
				recovered := false
				for name, text := range w.series {
					node, _, _ := strings.Cut(name, "/")
					for i := range min(n, len(text)) {
						recovered = recovered || node == a.Identity["node"] && (text[i] == '5') &&
							minute(i).After(a.Now().Since)
					}
				}
				if !recovered {
					t.Fatalf("slot %d: without a sample within the limits: got\n%s\nwant\n%s", n,
						summary(w.memory), summary(before))
				}
			}
		}
	})
}

// An alert that no slot saw firing never fires.
func TestAdvanceKeepsOnlyWhatASlotSaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWatch().Draw(t, "rule")
		seen := map[Key]bool{}
		for _, n := range genSlots().Draw(t, "slots") {
			w.advance(n)
			for _, f := range w.result(n).Findings {
				if f.Status == Breach || f.Status == NoData && f.Streak != nil {
					seen[KeyOf(RuleID{"node-memory", w.rule.Name}, f.Identity)] = true
				}
			}
			for k, a := range w.memory.Alerts {
				if a.Fires() && !seen[k] {
					t.Fatalf("slot %d: %s fires, want it ended: no slot saw it\n%s", n, k,
						summary(w.memory))
				}
			}
		}
	})
}

func TestAdvanceIsNeverRewound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWatch().Draw(t, "rule")
		slots := genSlots().Draw(t, "slots")
		w.advance(slots...)
		before := summary(w.memory)
		m := w.memory
		for _, n := range slots[:len(slots)-1] {
			m = Advance(m, Evaluation{Rules: []RuleResult{w.result(n)}}, minute(n))
		}
		if diff := difference(w.memory, m); diff != "" || summary(w.memory) != before {
			t.Fatalf("older slots changed the memory (- want, + got):\n%s", diff)
		}
	})
}

// Whatever slots are missed: the memory has what fires at the last slot, from no later than the
// samples show, and an episode for what fired and ended since the last slot.
func TestAdvanceHeals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWatch().Draw(t, "rule")
		last := 0
		for _, n := range genSlots().Draw(t, "slots") {
			before := w.memory
			w.advance(n)
			for _, f := range w.result(n).Findings {
				a, known := w.memory.Alerts[KeyOf(RuleID{"node-memory", w.rule.Name}, f.Identity)]
				if f.Status == Breach &&
					(!known || !a.Fires() || a.Now().Since.After(f.Streak.From) ||
						a.Severity < f.Severity) {
					t.Fatalf("slot %d: want %v since %v, got %q", n, f.Severity,
						f.Streak.From, summary(w.memory))
				}
				if s := f.Latest; s != nil && last > 0 && s.To.After(before.SeenUntil()) &&
					!slices.ContainsFunc(a.Episodes, func(e Episode) bool {
						return e.Holds(s.From) && e.Holds(s.To)
					}) {
					t.Fatalf("slot %d: want an episode from %v to %v, got %q", n, s.From, s.To,
						summary(w.memory))
				}
			}
			for k, a := range w.memory.Alerts {
				for i, e := range a.Episodes {
					if e.Last.Before(e.Since) || i > 0 && !a.Episodes[i-1].Last.Before(e.Since) ||
						i < len(a.Episodes)-1 && e.Fires() {
						t.Fatalf("slot %d: %s: got %+v, want ordered episodes, the last firing",
							n, k, a.Episodes)
					}
				}
			}
			last = n
		}
	})
}
