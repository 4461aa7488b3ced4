package rules

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The rules of advanceTests, in addition to memoryHigh.
var (
	resolving = Rule{
		Name: "NodeMemoryHigh", Warning: At(80), Critical: At(90), For: 2 * time.Minute,
		NoData: ResolveOnNoData,
	}
	long = Rule{
		Name: "NodeMemoryHigh", Warning: At(80), Critical: At(90), For: 15 * time.Minute,
	}
	flapping = Rule{Name: "NodeMemoryHigh", Critical: At(90), For: 5 * time.Minute, Flaps: true}
)

// high returns n minutes that are critical, after four that are not.
func high(n int) string { return "5555" + strings.Repeat("9", n) }

// advanceTests play slots and summarize the memory after the last one.
var advanceTests = map[string]struct {
	watch
	slots []int
	want  string
}{
	"nothing": {
		watch{series: map[string]string{"a": strings.Repeat("5", 60)}}, every(5, 5, 60), "",
	},
	"pending is not remembered": {
		watch{series: map[string]string{"a": "555599"}}, []int{6}, "",
	},
	"fires since its first sample beyond the limit": {
		watch{series: map[string]string{"a": high(16)}}, every(5, 5, 20),
		"a critical [4-19 critical peak 95]",
	},
	"since stays when the window has moved on": {
		watch{window: 10, series: map[string]string{"a": high(36)}}, every(5, 5, 40),
		"a critical [4-39 critical peak 95]",
	},
	"kept firing for ten minutes": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("5", 50)}},
		every(5, 5, 15), "a critical [4-9 critical peak 95]",
	},
	"ended after ten minutes": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("5", 50)}},
		every(5, 5, 30),
		"a critical [4-9 critical peak 95 recovered at 20]",
	},
	"a short streak within ten minutes prolongs it": {
		watch{series: map[string]string{"a": high(6) + "5555555588" + strings.Repeat("5", 50)}},
		every(5, 5, 25),
		"a critical [4-19 critical peak 95]",
	},
	"worse at once": {
		watch{series: map[string]string{"a": "5588888999"}}, []int{5, 10},
		"a critical [2-9 critical peak 95]",
	},
	"better after ten minutes": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("8", 50)}},
		every(5, 5, 30), "a warning [4-29 critical peak 95]",
	},
	"not better before": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("8", 50)}},
		every(5, 5, 15), "a critical [4-14 critical peak 95]",
	},
	"missed slots heal": {
		watch{series: map[string]string{"a": high(46)}}, []int{5, 50},
		"a critical [4-49 critical peak 95]",
	},
	"fired and ended between two runs": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("5", 50)}}, []int{4, 40},
		"a critical [4-9 critical peak 95 passed at 40]",
	},
	"what ended before the first run is not remembered": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("5", 50)}}, []int{40}, "",
	},
	"ended and began again between two runs": {
		watch{series: map[string]string{"a": high(6) + strings.Repeat("5", 20) + "999999"}},
		[]int{10, 36},
		"a critical [4-9 critical peak 95 recovered at 36] [30-35 critical peak 95]",
	},
	"a longer ended streak does not hide a later one": {
		watch{
			series: map[string]string{
				"a": high(10) + strings.Repeat("5", 16) + "999" + strings.Repeat("5", 20),
			},
		}, []int{14, 28, 50},
		"a critical [4-13 critical peak 95 recovered at 28] [30-32 critical peak 95 passed " +
			"at 50]",
	},
	"silent, and kept": {
		watch{series: map[string]string{"a": high(16), "b": strings.Repeat("5", 200)}},
		every(5, 5, 150),
		"a critical silent 19 [4-19 critical peak 95]",
	},
	"forgotten after a day": {
		watch{series: map[string]string{"a": high(16), "b": strings.Repeat("5", 2000)}},
		every(5, 5, 1480),
		"a critical silent 19 [4-19 critical peak 95 forgotten at 1460]",
	},
	"half an hour without samples, and it continues": {
		watch{
			rule: long, series: map[string]string{
				"a": high(40) + strings.Repeat(".", 30) + strings.Repeat("9", 30),
			},
		},
		every(5, 5, 100), "a critical [4-99 critical peak 95]",
	},
	"the window has only the samples after the hole": {
		watch{
			rule: long, window: 20, series: map[string]string{
				"a": high(40) + strings.Repeat(".", 60) + strings.Repeat("9", 30),
			},
		},
		every(5, 5, 110), "a critical [4-109 critical peak 95]",
	},
	"the window has few of the samples before the hole": {
		watch{
			rule: long, window: 60, series: map[string]string{
				"a": high(40) + strings.Repeat(".", 55) + strings.Repeat("9", 30),
			},
		},
		append(every(5, 5, 40), 102), "a critical [4-101 critical peak 95]",
	},
	"pending after the hole, worse than before": {
		watch{
			rule: long, window: 60, series: map[string]string{
				"a": "5555" + strings.Repeat("8", 40) + strings.Repeat(".", 55) + "888999",
			},
		},
		append(every(5, 5, 40), 105), "a warning [4-104 warning peak 95]",
	},
	"within the limits after the hole": {
		watch{
			rule: long, series: map[string]string{
				"a": high(40) + strings.Repeat(".", 30) + strings.Repeat("5", 30),
			},
		},
		every(5, 5, 100), "a critical [4-43 critical peak 95 recovered at 75]",
	},
	"within the limits and beyond again, after the hole": {
		watch{
			rule: long, series: map[string]string{
				"a": high(40) + strings.Repeat(".", 30) + "5599999999",
			},
		},
		[]int{44, 84}, "a critical [4-43 critical peak 95 recovered at 84]",
	},
	"three scrapes of ten": {
		watch{
			rule: long, series: map[string]string{
				"a": "5555" + strings.Repeat("999.......", 12),
			},
		},
		every(5, 5, 120), "a critical [4-116 critical peak 95]",
	},
	"its source is silent": {
		watch{
			rule: resolving, nodes: PresenceUnknown, series: map[string]string{
				"a": high(16), "b": strings.Repeat("5", 200),
			},
		},
		every(5, 5, 150), "a critical silent 19 [4-19 critical peak 95]",
	},
	"its source is silent for a day": {
		watch{
			rule: resolving, nodes: PresenceUnknown, series: map[string]string{
				"a": high(16), "b": strings.Repeat("5", 2000),
			},
		},
		every(5, 5, 1480), "a critical silent 19 [4-19 critical peak 95 forgotten at 1460]",
	},
	"a query for bad news alone, whose source is silent": {
		watch{
			nodes: PresenceUnknown,
			edit: func(r *RuleResult) {
				r.BadNewsOnly = true
				r.Series, r.Findings = nil, slices.DeleteFunc(r.Findings, func(f Judged) bool {
					return f.Status != Breach
				})
			},
			series: map[string]string{"a": high(16) + strings.Repeat("5", 200)},
		},
		every(5, 5, 60), "a critical silent 19 [4-19 critical peak 95]",
	},
	"one pod of two is silent": {
		watch{series: map[string]string{"a/1": high(16), "a/2": strings.Repeat("5", 200)}},
		every(5, 5, 70), "a critical silent 19 [4-19 critical peak 95]",
	},
	"fired when its data ended, between two slots": {
		watch{series: map[string]string{"a": high(16)}}, []int{4, 50},
		"a critical silent 19 [4-19 critical peak 95]",
	},
	"fired when its data ended, before the first slot": {
		watch{series: map[string]string{"a": high(16)}}, []int{50, 55},
		"a critical silent 19 [4-19 critical peak 95]",
	},
	"came and went between two slots": {
		watch{series: map[string]string{"a": "55555555" + "99955555"}}, []int{8, 16},
		"a critical [8-10 critical peak 95 passed at 16]",
	},
	"comes and goes": {
		watch{
			rule: flapping, series: map[string]string{
				"a": "5555" + strings.Repeat("99995555", 10),
			},
		},
		every(1, 1, 84), "a warning [4-79 warning peak 95]",
	},
	"came and went, and has been calm": {
		watch{
			rule: flapping, series: map[string]string{
				"a": "5555" + strings.Repeat("99995555", 5) + strings.Repeat("5", 60),
			},
		},
		every(1, 1, 100), "a warning [4-39 warning peak 95 recovered at 70]",
	},
	"came and went between two distant slots": {
		watch{
			rule: flapping, series: map[string]string{
				"a": "5555" + strings.Repeat("99995555", 3) + strings.Repeat("5", 60),
			}, window: 90,
		},
		[]int{4, 80}, "a warning [4-23 warning peak 95 passed at 80]",
	},
	"no longer exists": {
		watch{
			rule: resolving, series: map[string]string{
				"a": high(16), "b": strings.Repeat("5", 200),
			},
		}, every(5, 5, 150),
		"a critical [4-19 critical peak 95 vanished at 30]",
	},
	"a node that is known to be gone": {
		watch{
			nodes:  Absent,
			series: map[string]string{"a": high(16), "b": strings.Repeat("5", 200)},
		},
		every(5, 5, 60), "a critical [4-19 critical peak 95 vanished at 30]",
	},
	"a pod that is known to be there": {
		watch{
			rule: resolving, nodes: Present,
			series: map[string]string{"a": high(16), "b": strings.Repeat("5", 200)},
		},
		every(5, 5, 60), "a critical silent 19 [4-19 critical peak 95]",
	},
	"a query for bad news alone": {
		watch{
			edit: func(r *RuleResult) {
				r.BadNewsOnly = true
				r.Series, r.Findings = nil, slices.DeleteFunc(r.Findings, func(f Judged) bool {
					return f.Status != Breach
				})
			},
			series: map[string]string{"a": high(16) + strings.Repeat("5", 200)},
		},
		every(5, 5, 60), "a critical [4-19 critical peak 95 recovered at 30]",
	},
	"one missing evaluation ends the alert of a rule file": {
		watch{
			nodes: PresenceUnknown,
			edit: func(r *RuleResult) {
				r.EndsWithSeries, r.KeepFiringFor, r.Series = true, 0, nil
				r.Findings = slices.DeleteFunc(r.Findings, func(f Judged) bool {
					return f.Status != Breach
				})
			},
			series: map[string]string{"a": high(16) + strings.Repeat("5", 200)},
		},
		every(5, 5, 25), "a critical [4-19 critical peak 95 recovered at 25]",
	},
	"a partial answer does not end the alert of a rule file": {
		watch{
			edit: func(r *RuleResult) {
				r.EndsWithSeries, r.KeepFiringFor, r.Series = true, 0, nil
				if r.Through.After(minute(20)) {
					r.Data, r.Findings = DataPartial, nil
				}
			},
			series: map[string]string{"a": high(16) + strings.Repeat("5", 200)},
		},
		every(5, 5, 25), "a critical [4-19 critical peak 95]",
	},
	"a failed query moves nothing": {
		watch{edit: func(r *RuleResult) {
			if r.Through.After(minute(20)) {
				*r = RuleResult{ID: r.ID, Data: DataFailed}
			}
		}, series: map[string]string{"a": high(16)}},
		every(5, 5, 150), "BLIND [25-150 critical peak 1]\na critical [4-19 critical peak 95]",
	},
	"one slot that sees nothing is no news": {
		watch{edit: func(r *RuleResult) {
			if r.Through.Equal(minute(24)) {
				*r = RuleResult{ID: r.ID, Data: DataFailed}
			}
		}, series: map[string]string{"a": high(50)}},
		every(5, 5, 50), "a critical [4-49 critical peak 95]",
	},
	"blind from the first slot on": {
		watch{edit: func(r *RuleResult) {
			*r = RuleResult{ID: r.ID, Data: DataFailed}
		}, series: map[string]string{"a": high(50)}},
		every(5, 5, 10), "BLIND [5-10 critical peak 1]",
	},
	"partial answers in a row are blindness": {
		watch{edit: func(r *RuleResult) {
			r.Data = DataPartial
		}, series: map[string]string{"a": "5555"}}, every(5, 5, 50),
		"BLIND to a part [5-50 critical peak 1]",
	},
	"one partial answer is none": {
		watch{edit: func(r *RuleResult) {
			if r.Through.Equal(minute(24)) {
				r.Data = DataPartial
			}
		}, series: map[string]string{"a": "5555"}}, every(5, 5, 50), "",
	},
	"a failed answer and a partial one are blindness": {
		watch{edit: func(r *RuleResult) {
			switch r.Through {
			case minute(24):
				*r = RuleResult{ID: r.ID, Data: DataFailed}
			case minute(29):
				r.Data = DataPartial
			}
		}, series: map[string]string{"a": strings.Repeat("5", 60)}}, every(5, 5, 50),
		"BLIND to a part [25-35 critical peak 1 recovered at 35]",
	},
	"old samples of a server that answers are no blindness": {
		watch{edit: func(r *RuleResult) {
			r.Data, r.Old = DataPartial, true
		}, series: map[string]string{"a": "5555"}}, every(5, 5, 50), "",
	},
	"blind twice": {
		watch{edit: func(r *RuleResult) {
			if n := int(r.Through.Sub(start).Minutes()); n >= 14 && n < 29 ||
				n >= 34 && n < 49 {
				*r = RuleResult{ID: r.ID, Data: DataFailed}
			}
		}, series: map[string]string{"a": strings.Repeat("5", 60)}},
		every(5, 5, 60), "BLIND [15-30 critical peak 1 recovered at 30] [35-50 critical peak " +
			"1 recovered at 50]",
	},
	"a partial answer ends nothing": {
		watch{edit: func(r *RuleResult) {
			if r.Through.After(minute(20)) {
				r.Data, r.Findings, r.Series = DataPartial, nil, nil
			}
		}, series: map[string]string{"a": high(16)}},
		every(5, 5, 150), "BLIND to a part [25-150 critical peak 1]\na critical [4-19 " +
			"critical peak 95]",
	},
	"a partial answer begins one": {
		watch{edit: func(r *RuleResult) {
			r.Data = DataPartial
		}, series: map[string]string{"a": high(16)}},
		every(5, 5, 20),
		"BLIND to a part [5-20 critical peak 1]\na critical [4-19 critical peak 95]",
	},
	"a partial answer does not begin one that needs all data": {
		watch{edit: func(r *RuleResult) {
			r.Data, r.NeedsAll = DataPartial, true
		}, series: map[string]string{"a": high(16)}},
		every(5, 5, 20), "BLIND to a part [5-20 critical peak 1]",
	},
	"a partial answer makes nothing better": {
		watch{edit: func(r *RuleResult) {
			if r.Through.After(minute(12)) {
				r.Data = DataPartial
			}
		}, series: map[string]string{"a": high(6) + strings.Repeat("8", 50)}},
		every(5, 5, 50),
		"BLIND to a part [15-50 critical peak 1]\na critical [4-49 critical peak 95]",
	},
	"a rollout does not start a new episode": {
		watch{
			rule: resolving, series: map[string]string{
				"a/1": high(16), "a/2": strings.Repeat(".", 21) + strings.Repeat("9", 50),
			},
		},
		every(5, 5, 60), "a critical [4-59 critical peak 95]",
	},
	"an older slot changes nothing": {
		watch{series: map[string]string{"a": high(16)}}, []int{20, 5},
		"a critical [4-19 critical peak 95]",
	},
	"after days without a run it is the same alert": {
		watch{window: 30, series: map[string]string{"a": high(500)}}, []int{20, 400},
		"a critical [4-399 critical peak 95]",
	},
}

func TestAdvance(t *testing.T) {
	for name, c := range advanceTests {
		t.Run(name, func(t *testing.T) {
			w := c.watch
			if w.rule.Name == "" {
				w.rule = memoryHigh
			}
			if w.window == 0 {
				w.window = 60
			}
			w.advance(c.slots...)
			if got := summary(w.memory); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A rule that failed for hours reports the episodes it missed once its data is back, as far as the
// samples reach.
func TestAdvanceReportsEpisodesThatAFailureHid(t *testing.T) {
	failing := false
	w := watch{
		rule: memoryHigh, window: 60, series: map[string]string{
			"a": strings.Repeat("5", 10) + "9999" + strings.Repeat("5", 50),
		},
	}
	w.edit = func(r *RuleResult) {
		if failing {
			*r = RuleResult{ID: r.ID}
		}
	}
	w.advance(5, 10)
	failing = true
	w.advance(15, 20, 25, 30)
	if seen := w.memory.SeenUntil(); !seen.Equal(minute(9)) || !w.memory.Slot.Equal(minute(30)) {
		t.Errorf("seen until %v at slot %v, want %v at slot %v", seen, w.memory.Slot, minute(9),
			minute(30))
	}
	failing = false
	w.advance(35)
	if got, want := summary(w.memory), "BLIND [15-35 critical peak 1 recovered at 35]\na critical "+
		"[10-13 critical peak 95 passed at 35]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAdvanceEndsAlertsOfRemovedRules(t *testing.T) {
	w := watch{
		rule: memoryHigh, window: 60, series: map[string]string{"a": strings.Repeat("9", 30)},
	}
	w.advance(10)
	m := Advance(w.memory, Evaluation{Configured: []RuleID{{"node-memory", "NodeMemoryHigh"}}},
		minute(15))
	if !m.Alerts[`node-memory/NodeMemoryHigh{node="a"}`].Fires() {
		t.Fatalf("got %s, want the alert of the configured rule to fire", summary(m))
	}
	m = Advance(m, Evaluation{Configured: []RuleID{}}, minute(20))
	if got, want := summary(m), "a critical [0-9 critical peak 95 removed at 20]"; got != want ||
		len(m.Seen) != 0 {
		t.Errorf("got %s and seen %v, want %s and nothing seen", got, m.Seen, want)
	}
	m = Advance(m, Evaluation{}, minute(20).Add(keepEnded))
	if len(m.Alerts) != 0 {
		t.Errorf("after two days got %s, want no alerts", summary(m))
	}
}
