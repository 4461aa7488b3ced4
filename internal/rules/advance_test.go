package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// watch plays slots over samples that are given as text, one character a minute from start on: a
// digit is tens of percent, a dot no sample. The rule warns above 80 and is critical above 90,
// after two minutes.
type watch struct {
	rule   Rule
	window int // minutes of a range
	series map[string]string
	edit   func(*RuleResult)
	nodes  Presence // of every node
	memory Memory
}

var memoryHigh = Rule{
	Name: "NodeMemoryHigh", Warning: At(80), Critical: At(90), For: 2 * time.Minute,
}

// minute is a time of the samples.
func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// value reads one character: '0' to '9' are 5 to 95, so that 8 is a warning and 9 is critical.
func value(c byte) float64 {
	if c == '.' {
		return math.NaN()
	}
	return float64(c-'0')*10 + 5
}

// result judges what is seen at slot n: the minutes up to it, that one left out, as a query offset
// does.
func (w *watch) result(n int) RuleResult {
	g := series.Grid{Start: minute(n - w.window), Step: time.Minute, Len: w.window}
	r := RuleResult{
		ID: RuleID{"node-memory", w.rule.Name}, Direction: w.rule.Direction, NoData: w.rule.NoData,
		KeepFiringFor: DefaultKeepFiringFor,
		Data:          DataComplete, From: g.Start, Through: g.End(),
	}
	names := make([]string, 0, len(w.series))
	for name := range w.series {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		node, _, _ := strings.Cut(name, "/")
		ls, identity := series.FromPairs("node", node, "pod", name), series.FromPairs("node", node)
		values := make([]float64, g.Len)
		for i := range values {
			values[i] = math.NaN()
			if at := n - w.window + i; at >= 0 && at < len(w.series[name]) {
				values[i] = value(w.series[name][at])
			}
		}
		if series.Newest(values) < 0 {
			continue // not in the answer
		}
		r.Series = append(r.Series, identity)
		f := Judge(w.rule, series.Series{Labels: ls, Values: values}, g)
		if w.nodes != NobodyKnows && (f.Status == NoData || f.Status == Gone) {
			// as package alerts does
			if f.Status = NoData; w.nodes == IsGone {
				f.Status = Gone
			}
		}
		if f.Status != OK || f.Earlier != nil {
			r.Findings = append(r.Findings, Judged{Finding: f, Identity: identity, Name: name})
		}
	}
	if w.edit != nil {
		w.edit(&r)
	}
	return r
}

func (w *watch) advance(slots ...int) {
	for _, n := range slots {
		w.memory = Advance(w.memory, Evaluation{
			Rules: []RuleResult{w.result(n)}, Objects: Objects{Nodes: Known{Others: w.nodes}},
		}, minute(n))
	}
}

func every(step, from, to int) []int {
	var out []int
	for n := from; n <= to; n += step {
		out = append(out, n)
	}
	return out
}

// said writes a memory in one line an alert: "a critical 3-20 peak 95", with the end's slot and
// reason where it is over.
func said(m Memory) string {
	at := func(t time.Time) string { return fmt.Sprint(int(t.Sub(start).Minutes())) }
	var lines []string
	for k, a := range m.Alerts {
		line := a.Identity["node"] + " " + a.Severity.String()
		if k == BlindKey {
			line = "BLIND"
			if a.SeesPart() {
				line += " to a part"
			}
		}
		if len(a.Episodes) == 0 {
			line += " NEVER " + string(k)
		}
		if !a.Silent.IsZero() {
			line += " silent " + at(a.Silent)
		}
		for _, e := range a.Episodes {
			line += fmt.Sprintf(" [%s-%s %s peak %v", at(e.Since), at(e.Last), e.Worst, e.Peak)
			if !e.Fires() {
				line += fmt.Sprintf(" %s at %s", e.End, at(e.Ended))
			}
			line += "]"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestAdvance(t *testing.T) {
	resolving := memoryHigh
	resolving.NoData = ResolveOnNoData
	long := memoryHigh
	long.For = 15 * time.Minute
	flapping := Rule{Name: "NodeMemoryHigh", Critical: At(90), For: 5 * time.Minute, Flaps: true}
	over := func(n int) string { return "5555" + strings.Repeat("9", n) }
	for name, c := range map[string]struct {
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
			watch{series: map[string]string{"a": over(16)}}, every(5, 5, 20),
			"a critical [4-19 critical peak 95]",
		},
		"since stays when the window has moved on": {
			watch{window: 10, series: map[string]string{"a": over(36)}}, every(5, 5, 40),
			"a critical [4-39 critical peak 95]",
		},
		"kept firing for ten minutes": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("5", 50)}},
			every(5, 5, 15), "a critical [4-9 critical peak 95]",
		},
		"over after ten minutes": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("5", 50)}},
			every(5, 5, 30),
			"a critical [4-9 critical peak 95 recovered at 20]",
		},
		"a short streak within ten minutes holds it up": {
			watch{series: map[string]string{"a": over(6) + "5555555588" + strings.Repeat("5", 50)}},
			every(5, 5, 25),
			"a critical [4-19 critical peak 95]",
		},
		"worse at once": {
			watch{series: map[string]string{"a": "5588888999"}}, []int{5, 10},
			"a critical [2-9 critical peak 95]",
		},
		"better after ten minutes": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("8", 50)}},
			every(5, 5, 30), "a warning [4-29 critical peak 95]",
		},
		"not better before": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("8", 50)}},
			every(5, 5, 15), "a critical [4-14 critical peak 95]",
		},
		"missed slots heal": {
			watch{series: map[string]string{"a": over(46)}}, []int{5, 50},
			"a critical [4-49 critical peak 95]",
		},
		"fired and ended between two runs": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("5", 50)}}, []int{4, 40},
			"a critical [4-9 critical peak 95 passed at 40]",
		},
		"what ended before the first run is not remembered": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("5", 50)}}, []int{40}, "",
		},
		"ended and began again between two runs": {
			watch{series: map[string]string{"a": over(6) + strings.Repeat("5", 20) + "999999"}},
			[]int{10, 36},
			"a critical [4-9 critical peak 95 recovered at 36] [30-35 critical peak 95]",
		},
		"a longer end before does not hide a later one": {
			watch{
				series: map[string]string{
					"a": over(10) + strings.Repeat("5", 16) + "999" + strings.Repeat("5", 20),
				},
			}, []int{14, 28, 50},
			"a critical [4-13 critical peak 95 recovered at 28] [30-32 critical peak 95 passed " +
				"at 50]",
		},
		"silent, and kept": {
			watch{series: map[string]string{"a": over(16), "b": strings.Repeat("5", 200)}},
			every(5, 5, 150),
			"a critical silent 19 [4-19 critical peak 95]",
		},
		"forgotten after a day": {
			watch{series: map[string]string{"a": over(16), "b": strings.Repeat("5", 2000)}},
			every(5, 5, 1480),
			"a critical silent 19 [4-19 critical peak 95 forgotten at 1460]",
		},
		"half an hour without samples, and it goes on": {
			watch{
				rule: long, series: map[string]string{
					"a": over(40) + strings.Repeat(".", 30) + strings.Repeat("9", 30),
				},
			},
			every(5, 5, 100), "a critical [4-99 critical peak 95]",
		},
		"the window has only what came after the hole": {
			watch{
				rule: long, window: 20, series: map[string]string{
					"a": over(40) + strings.Repeat(".", 60) + strings.Repeat("9", 30),
				},
			},
			every(5, 5, 110), "a critical [4-109 critical peak 95]",
		},
		"the window has little of what came before the hole": {
			watch{
				rule: long, window: 60, series: map[string]string{
					"a": over(40) + strings.Repeat(".", 55) + strings.Repeat("9", 30),
				},
			},
			append(every(5, 5, 40), 102), "a critical [4-101 critical peak 95]",
		},
		"what is pending after the hole is worse than before": {
			watch{
				rule: long, window: 60, series: map[string]string{
					"a": "5555" + strings.Repeat("8", 40) + strings.Repeat(".", 55) + "888999",
				},
			},
			append(every(5, 5, 40), 105), "a warning [4-104 warning peak 95]",
		},
		"well after the hole": {
			watch{
				rule: long, series: map[string]string{
					"a": over(40) + strings.Repeat(".", 30) + strings.Repeat("5", 30),
				},
			},
			every(5, 5, 100), "a critical [4-43 critical peak 95 recovered at 75]",
		},
		"well, and beyond the limit again, after the hole": {
			watch{
				rule: long, series: map[string]string{
					"a": over(40) + strings.Repeat(".", 30) + "5599999999",
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
					"a": over(16), "b": strings.Repeat("5", 200),
				},
			},
			every(5, 5, 150), "a critical silent 19 [4-19 critical peak 95]",
		},
		"its source is silent for a day": {
			watch{
				rule: resolving, nodes: PresenceUnknown, series: map[string]string{
					"a": over(16), "b": strings.Repeat("5", 2000),
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
				series: map[string]string{"a": over(16) + strings.Repeat("5", 200)},
			},
			every(5, 5, 60), "a critical silent 19 [4-19 critical peak 95]",
		},
		"one pod of two is silent": {
			watch{series: map[string]string{"a/1": over(16), "a/2": strings.Repeat("5", 200)}},
			every(5, 5, 70), "a critical silent 19 [4-19 critical peak 95]",
		},
		"fired when its data ended, and nobody had looked": {
			watch{series: map[string]string{"a": over(16)}}, []int{4, 50},
			"a critical silent 19 [4-19 critical peak 95]",
		},
		"fired when its data ended, before the first look": {
			watch{series: map[string]string{"a": over(16)}}, []int{50, 55},
			"a critical silent 19 [4-19 critical peak 95]",
		},
		"came and went between two looks": {
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
		"came and went while nobody looked": {
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
					"a": over(16), "b": strings.Repeat("5", 200),
				},
			}, every(5, 5, 150),
			"a critical [4-19 critical peak 95 vanished at 30]",
		},
		"a node that is known to be gone": {
			watch{
				nodes:  IsGone,
				series: map[string]string{"a": over(16), "b": strings.Repeat("5", 200)},
			},
			every(5, 5, 60), "a critical [4-19 critical peak 95 vanished at 30]",
		},
		"a pod that is known to be there": {
			watch{
				rule: resolving, nodes: IsThere,
				series: map[string]string{"a": over(16), "b": strings.Repeat("5", 200)},
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
				series: map[string]string{"a": over(16) + strings.Repeat("5", 200)},
			},
			every(5, 5, 60), "a critical [4-19 critical peak 95 recovered at 30]",
		},
		"a failed query moves nothing": {
			watch{edit: func(r *RuleResult) {
				if r.Through.After(minute(20)) {
					*r = RuleResult{ID: r.ID, Data: DataFailed}
				}
			}, series: map[string]string{"a": over(16)}},
			every(5, 5, 150), "BLIND [25-150 critical peak 1]\na critical [4-19 critical peak 95]",
		},
		"one slot that sees nothing is no news": {
			watch{edit: func(r *RuleResult) {
				if r.Through.Equal(minute(24)) {
					*r = RuleResult{ID: r.ID, Data: DataFailed}
				}
			}, series: map[string]string{"a": over(50)}},
			every(5, 5, 50), "a critical [4-49 critical peak 95]",
		},
		"blind from the first slot on": {
			watch{edit: func(r *RuleResult) {
				*r = RuleResult{ID: r.ID, Data: DataFailed}
			}, series: map[string]string{"a": over(50)}},
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
			}, series: map[string]string{"a": over(16)}},
			every(5, 5, 150), "BLIND to a part [25-150 critical peak 1]\na critical [4-19 " +
				"critical peak 95]",
		},
		"a partial answer begins one": {
			watch{edit: func(r *RuleResult) {
				r.Data = DataPartial
			}, series: map[string]string{"a": over(16)}},
			every(5, 5, 20),
			"BLIND to a part [5-20 critical peak 1]\na critical [4-19 critical peak 95]",
		},
		"but none of what is missing": {
			watch{edit: func(r *RuleResult) {
				r.Data, r.NeedsAll = DataPartial, true
			}, series: map[string]string{"a": over(16)}},
			every(5, 5, 20), "BLIND to a part [5-20 critical peak 1]",
		},
		"a partial answer makes nothing better": {
			watch{edit: func(r *RuleResult) {
				if r.Through.After(minute(12)) {
					r.Data = DataPartial
				}
			}, series: map[string]string{"a": over(6) + strings.Repeat("8", 50)}},
			every(5, 5, 50),
			"BLIND to a part [15-50 critical peak 1]\na critical [4-49 critical peak 95]",
		},
		"a rollout is no news": {
			watch{
				rule: resolving, series: map[string]string{
					"a/1": over(16), "a/2": strings.Repeat(".", 21) + strings.Repeat("9", 50),
				},
			},
			every(5, 5, 60), "a critical [4-59 critical peak 95]",
		},
		"an older slot changes nothing": {
			watch{series: map[string]string{"a": over(16)}}, []int{20, 5},
			"a critical [4-19 critical peak 95]",
		},
		"after days without a run it is the same alert": {
			watch{window: 30, series: map[string]string{"a": over(500)}}, []int{20, 400},
			"a critical [4-399 critical peak 95]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.watch
			if w.rule.Name == "" {
				w.rule = memoryHigh
			}
			if w.window == 0 {
				w.window = 60
			}
			w.advance(c.slots...)
			if got := said(w.memory); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A rule that fails for hours tells what it missed once its data is back, as far as the samples
// reach.
func TestAdvanceTellsWhatAFailureHid(t *testing.T) {
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
		t.Errorf("seen until %v at slot %v", seen, w.memory.Slot)
	}
	failing = false
	w.advance(35)
	if got, want := said(w.memory), "BLIND [15-35 critical peak 1 recovered at 35]\na critical "+
		"[10-13 critical peak 95 passed at 35]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAdvanceEndsAlertsOfRulesThatAreNoLongerThere(t *testing.T) {
	w := watch{
		rule: memoryHigh, window: 60, series: map[string]string{"a": strings.Repeat("9", 30)},
	}
	w.advance(10)
	m := Advance(w.memory, Evaluation{Configured: []RuleID{{"node-memory", "NodeMemoryHigh"}}},
		minute(15))
	if !m.Alerts[`node-memory/NodeMemoryHigh{node="a"}`].Fires() {
		t.Fatalf("%s", said(m))
	}
	m = Advance(m, Evaluation{Configured: []RuleID{}}, minute(20))
	if got, want := said(m), "a critical [0-9 critical peak 95 removed at 20]"; got != want ||
		len(m.Seen) != 0 {
		t.Errorf("got %s, want %s; seen %v", got, want, m.Seen)
	}
	m = Advance(m, Evaluation{}, minute(20).Add(keepEnded))
	if len(m.Alerts) != 0 {
		t.Errorf("after two days there still is %s", said(m))
	}
}

func TestAdvanceIsBounded(t *testing.T) {
	w := watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts + 40 {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("8", 60)
	}
	w.advance(10)
	known := w.memory
	w.series["worst"] = strings.Repeat("9", 60)
	w.advance(15, 20)
	if len(w.memory.Alerts) != maxAlerts || w.memory.Overflow != 41 {
		t.Errorf("%d alerts and %d over", len(w.memory.Alerts), w.memory.Overflow)
	}
	for k := range known.Alerts {
		if _, ok := w.memory.Alerts[k]; !ok {
			t.Fatalf("%s was forgotten although it fires, and would be told again", k)
		}
	}
	warning := Rule{Name: "NodeMemoryHigh", Warning: At(80), For: 2 * time.Minute}
	// the name that comes last
	w = watch{rule: warning, window: 60, series: map[string]string{"zz": strings.Repeat("9", 60)}}
	for i := range maxAlerts + 40 {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("8", 60)
	}
	w.advance(10)
	if !slices.ContainsFunc(slices.Collect(maps.Values(w.memory.Alerts)), func(a Alert) bool {
		return a.Name == "zz"
	}) {
		t.Error("of more alerts than are remembered the worst one was forgotten")
	}
	long := strings.Repeat("ü", 1000)
	w = watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts {
		w.series[fmt.Sprintf("%03d%s", i, long)] = strings.Repeat("9", 60)
	}
	w.advance(10)
	bytes := 0
	for k, a := range w.memory.Alerts {
		if bytes += a.size(); len(k) > maxKey {
			t.Errorf("a key of %d bytes", len(k))
		}
	}
	if len(w.memory.Alerts) < 100 || bytes > maxBytes {
		t.Errorf("%d alerts of %d bytes", len(w.memory.Alerts), bytes)
	}
}

func TestKeyOf(t *testing.T) {
	id := RuleID{"node-memory", "NodeMemoryHigh"}
	if got, want := KeyOf(id, series.FromPairs("node", "a")),
		Key(`node-memory/NodeMemoryHigh{node="a"}`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a, b := KeyOf(id, series.FromPairs("node", strings.Repeat("x", 900)+"a")), KeyOf(id,
		series.FromPairs("node", strings.Repeat("x", 900)+"b"))
	if a == b || len(a) > maxKey || len(b) > maxKey {
		t.Errorf("%s and %s", a, b)
	}
}

func TestChecked(t *testing.T) {
	var m Memory
	failed := map[int]bool{20: true, 25: true, 50: true}
	for _, n := range []int{0, 5, 10, 15, 20, 25, 30, 40, 45, 50, 50, 55} {
		m = Advance(m, Evaluation{Rules: []RuleResult{{}, {}}}, minute(n)) // a first try
		if !failed[n] {
			m = Advance(m, Evaluation{
				Rules: []RuleResult{{Data: DataComplete}, {Data: DataFailed}},
			}, minute(n))
		}
		// takes back nothing of what was seen
		m = Advance(m, Evaluation{Rules: []RuleResult{{}, {}}}, minute(n))
	}
	slots, data := m.Checked(minute(5), minute(55))
	var got []string
	for i := range slots {
		got = append(got, fmt.Sprint(int(slots[i].Sub(start).Minutes()), ":", data[i]))
	}
	if got, want := strings.Join(got, " "),
		"5:2 10:2 15:2 20:0 25:0 30:2 40:2 45:2 50:0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for n := 60; n < 4*24*60; n += 5 {
		m = Advance(m, Evaluation{}, minute(n))
	}
	if len(m.Checks) != 1 || m.Checks[0].Every != 5*time.Minute {
		t.Errorf("days of checks are %d rows: %+v", len(m.Checks), m.Checks)
	}
	for n := range 2000 {
		m = Advance(m, Evaluation{Rules: []RuleResult{{Data: Quality(n % 2)}}}, minute(4*24*60+n))
	}
	if n := len(m.Checks); n < maxChecks-1 || n > maxChecks {
		t.Errorf("%d rows", n)
	}
}

func TestNumberReadsWhatItWrites(t *testing.T) {
	for _, want := range []float64{0, -1.5, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
		text, err := Number(want).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var got Number
		if err := got.UnmarshalJSON(text); err != nil ||
			float64(got) != want && !(math.IsNaN(float64(got)) && math.IsNaN(want)) {
			t.Errorf("%v is written %s and read %v (%v)", want, text, got, err)
		}
	}
	var n Number
	if err := n.UnmarshalJSON([]byte(`"many"`)); err == nil {
		t.Error("a word was read as a number")
	}
}
