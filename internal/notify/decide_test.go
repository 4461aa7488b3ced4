package notify

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

var slot = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// before returns a time some minutes before the slot.
func before(minutes int) time.Time { return slot.Add(-time.Duration(minutes) * time.Minute) }

// firing returns an alert of a node that has fired for some minutes.
func firing(node string, severity rules.Severity, minutes int) rules.Alert {
	return rules.Alert{
		Panel: "node-memory", Rule: "NodeMemoryHigh", Name: node, Labels: map[string]string{
			"node": node, "pool": node[:1],
		},
		Identity: map[string]string{"node": node}, Severity: severity, Value: 0.94, Limit: 0.9,
		Episodes: []rules.Episode{
			{Since: before(minutes), Last: before(1), Worst: severity, Peak: 0.96},
		},
	}
}

// ended returns an alert that fired from and to some minutes before the slot, and was found to have
// ended at this slot.
func ended(node string, severity rules.Severity, from, to int) rules.Alert {
	a := firing(node, severity, from)
	a.Episodes[0].Last, a.Episodes[0].Ended, a.Episodes[0].End = before(to), slot, rules.Recovered
	return a
}

func keyOf(a rules.Alert) rules.Key {
	return rules.Key(a.Panel + "/" + a.Rule + "{" + a.Identity["node"] + "}")
}

func pageOf(alerts ...rules.Alert) *Page {
	p := &Page{Memory: rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{}}}
	for _, a := range alerts {
		p.Memory.Alerts[keyOf(a)] = a
	}
	return p
}

// known returns the entry of a receiver that was notified of alerts some minutes ago, in one
// message.
func known(minutes int, alerts ...rules.Alert) Entry {
	e := Entry{First: before(10000), Alarmed: true}
	for _, a := range alerts {
		for _, ep := range a.Episodes[len(a.Episodes)-1:] {
			e.put(keyOf(a), ep, Notified{
				Since: ep.Since, At: before(minutes), Severity: a.Severity,
				Receipt: Receipt{Channel: "C1", ID: "1"},
			})
		}
	}
	return e
}

// describe writes a plan with one line for each message: "new NodeMemoryHigh: a b".
func describe(p plan) string {
	var lines []string
	for _, m := range p.messages {
		line := m.Kind.String()
		if len(m.Group) > 0 {
			line += " " + strings.Join(m.Group, ",")
		}
		for i, item := range m.Items {
			line += map[bool]string{true: ": ", false: " "}[i == 0] + item.Alert.Name
		}
		if m.Thread.ID != "" {
			line += fmt.Sprintf(" (under %s, %d remain)", m.Thread.ID, len(m.Rest))
		}
		lines = append(lines, line)
	}
	for _, i := range p.skipped {
		lines = append(lines, "skipped "+i.Alert.Name)
	}
	return strings.Join(lines, "\n")
}

func TestDecide(t *testing.T) {
	warn, crit := rules.Warning, rules.Critical
	oncall := Receiver{Name: "oncall", SendResolved: true, RepeatInterval: 4 * time.Hour}
	with := func(f func(*Receiver)) Receiver {
		r := oncall
		f(&r)
		return r
	}
	muted := with(func(r *Receiver) { r.Muted = func(time.Time) bool { return true } })
	grave := with(func(r *Receiver) { r.MinSeverity = crit })
	clear := with(func(r *Receiver) { r.AllClear = true })
	summary := with(func(r *Receiver) { r.Role = RoleSummary })
	silent := firing("a", crit, 60)
	silent.Silent = before(20)
	again := firing("a", crit, 5)
	again.Episodes = append([]rules.Episode{ended("a", crit, 120, 90).Episodes[0]},
		again.Episodes...)
	silenced := func(p *Page) *Page {
		p.Silences = []Silence{
			{
				Match: `node=~"a.*", alertname="NodeMemoryHigh"`, From: before(60),
				Until: slot.Add(time.Hour),
			},
		}
		return p
	}
	blind := func(p *Page, ended bool) *Page {
		a := rules.Alert{
			Rule: rules.BlindName, Name: "promsnap", Severity: crit, Value: 1,
			Episodes: []rules.Episode{{Since: before(20), Last: slot, Worst: crit}},
		}
		if ended {
			a.Episodes[0].Ended, a.Episodes[0].End = slot, rules.Recovered
		}
		p.Memory.Alerts[rules.BlindKey] = a
		return p
	}
	inOne := with(func(r *Receiver) { r.GroupBy = []string{} })
	knewBlind := known(10, firing("a", crit, 60))
	knewBlind.put(rules.BlindKey, rules.Episode{Since: before(20), Last: slot}, Notified{
		Since: before(20), At: before(10), Severity: crit, Receipt: Receipt{Channel: "C1", ID: "9"},
	})
	shut := func(p *Page) *Page {
		p.Silences = []Silence{
			{Match: `alertname="PromsnapBlind"`, From: before(60), Until: slot.Add(time.Hour)},
		}
		return p
	}
	many := &Page{Memory: rules.Memory{Alerts: map[rules.Key]rules.Alert{}}}
	for i := range 40 {
		a := firing(fmt.Sprintf("n%02d", i), warn, 20)
		many.Memory.Alerts[keyOf(a)] = a
	}
	for name, c := range map[string]struct {
		page  *Page
		to    Receiver
		entry Entry
		want  string
	}{
		"nothing": {pageOf(), oncall, Entry{}, ""},
		"new": {
			pageOf(firing("a", warn, 20)), oncall, Entry{}, "new NodeMemoryHigh: a",
		},
		"known": {
			pageOf(firing("a", warn, 20)), oncall, known(5, firing("a", warn, 20)), "",
		},
		"known, and younger then": {
			pageOf(firing("a", warn, 50)), oncall, known(5, firing("a", warn, 20)), "",
		},
		"critical first": {
			pageOf(firing("a", warn, 20), firing("b", crit, 5)), oncall, Entry{},
			"new NodeMemoryHigh: b a",
		},
		"worse": {
			pageOf(firing("a", crit, 20)), oncall, known(5, firing("a", warn, 20)),
			"worse NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"better": {
			pageOf(firing("a", warn, 20)), oncall, known(5, firing("a", crit, 20)),
			"better NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"no data": {
			pageOf(silent), oncall, known(5, firing("a", crit, 60)),
			"no_data NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"new and silent": {pageOf(silent), oncall, Entry{}, "new NodeMemoryHigh: a"},
		"resolved": {
			pageOf(ended("a", crit, 60, 20)), oncall, known(30, firing("a", crit, 60)),
			"resolved NodeMemoryHigh: a (under 1, 0 remain)",
		},
		"resolved, not wanted": {
			pageOf(ended("a", crit, 60, 20)), Receiver{}, known(30, firing("a", crit, 60)),
			"skipped a",
		},
		"came and went": {
			pageOf(ended("a", crit, 60, 20)), oncall, Entry{}, "seen_late NodeMemoryHigh: a",
		},
		"ended before the receiver was added": {
			pageOf(ended("a", crit, 60, 20)), oncall, Entry{First: slot.Add(time.Minute)}, "",
		},
		"resolved and new": {
			pageOf(again), oncall, known(100, ended("a", crit, 120, 90)),
			"new NodeMemoryHigh: a\nresolved NodeMemoryHigh: a (under 1, 0 remain)",
		},
		"one of two resolved": {
			pageOf(ended("a", crit, 60, 20), firing("b", crit, 60)), oncall,
			known(30, firing("a", crit, 60), firing("b", crit, 60)),
			"resolved NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"repeated": {
			pageOf(firing("a", crit, 600)), oncall, known(240, firing("a", crit, 600)),
			"still_firing NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"before the repeat interval": {
			pageOf(firing("a", crit, 600)), oncall, known(239, firing("a", crit, 600)), "",
		},
		"never repeated": {
			pageOf(firing("a", crit, 6000)), Receiver{}, known(5000, firing("a", crit, 6000)), "",
		},
		"below the minimum severity": {pageOf(firing("a", warn, 20)), grave, Entry{}, ""},
		"fell below the minimum severity": {
			pageOf(firing("a", warn, 20)), grave, known(5, firing("a", crit, 20)),
			"better NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"ended below the minimum severity": {
			pageOf(ended("a", warn, 60, 20)), grave, Entry{}, "skipped a",
		},
		"muted": {
			pageOf(firing("a", crit, 20), ended("b", crit, 60, 20), ended("c", crit, 60, 20)),
			muted, known(30, firing("b", crit, 60)), "skipped c",
		},
		"silenced": {
			silenced(pageOf(firing("a", crit, 20), firing("b", crit, 20))), oncall, Entry{},
			"new NodeMemoryHigh: b",
		},
		"silenced and resolved": {
			silenced(pageOf(ended("a", crit, 60, 20))), oncall, known(30, firing("a", crit, 60)),
			"resolved NodeMemoryHigh: a (under 1, 0 remain)",
		},
		"by pool": {
			pageOf(firing("a1", crit, 20), firing("a2", crit, 20), firing("b1", warn, 20)),
			with(func(r *Receiver) {
				r.GroupBy = []string{"alertname", "pool"}
			}), Entry{}, "new NodeMemoryHigh,a: a1 a2\nnew NodeMemoryHigh,b: b1",
		},
		"all in one": {
			pageOf(firing("a1", crit, 20), firing("b1", warn, 20)), with(func(r *Receiver) {
				r.GroupBy = []string{}
			}), Entry{}, "new: a1 b1",
		},
		"all clear": {
			pageOf(ended("a", crit, 60, 20)), clear, known(30, firing("a", crit, 60)),
			"resolved NodeMemoryHigh: a (under 1, 0 remain)\nall_clear",
		},
		"not all clear": {
			pageOf(ended("a", crit, 60, 20), firing("b", crit, 60)), clear,
			known(30, firing("a", crit, 60), firing("b", crit, 60)),
			"resolved NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"summary": {
			pageOf(firing("a", warn, 20), firing("b", crit, 20), ended("c", crit, 60, 20)), summary,
			Entry{}, "summary: b a c",
		},
		"blind": {blind(pageOf(), false), grave, Entry{}, "new PromsnapBlind: promsnap"},
		"blind is a message of its own": {
			blind(pageOf(firing("a", crit, 20)), false), inOne, Entry{}, "new: promsnap\nnew: a",
		},
		"blind, and known":    {blind(pageOf(firing("a", crit, 60)), false), inOne, knewBlind, ""},
		"blind, and silenced": {shut(blind(pageOf(), false)), oncall, Entry{}, ""},
		"sees again": {
			blind(pageOf(ended("a", crit, 60, 20)), true), inOne, knewBlind,
			"resolved: promsnap (under 9, 0 remain)\nresolved: a (under 1, 0 remain)",
		},
		"summary of blindness": {
			blind(pageOf(firing("a", warn, 20)), false), summary, Entry{}, "summary: promsnap a",
		},
		"summary of nothing":   {pageOf(), summary, Entry{Summary: before(1440)}, "summary"},
		"summary sent already": {pageOf(firing("a", crit, 20)), summary, Entry{Summary: slot}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := describe(newDecider(c.page, slot).decide(c.to, c.entry)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	t.Run("forty nodes are one message", func(t *testing.T) {
		p := newDecider(many, slot).decide(oncall, Entry{})
		if len(p.messages) != 1 || len(p.messages[0].Items) != 40 ||
			p.messages[0].Severity() != warn {
			t.Errorf("got\n%s\nwant one message about 40 nodes", describe(p))
		}
	})
	byRule := with(func(r *Receiver) { r.GroupBy = []string{"alertname"} })
	for _, c := range []struct {
		name string
		to   Receiver
		ago  int // when a was last sent; b is repeated
		want string
	}{
		{"with group_by, a repetition includes its group", byRule, 10,
			"still_firing NodeMemoryHigh: a b (under 1, 2 remain)"},
		{"a repetition includes what was sent long ago", oncall, 130,
			"still_firing NodeMemoryHigh: a b (under 1, 2 remain)"},
		{"and not what was sent lately", oncall, 110,
			"still_firing NodeMemoryHigh: b (under 1, 2 remain)"},
	} {
		e := known(c.ago, firing("a", crit, 600))
		maps.Copy(e.Notified, known(300, firing("b", crit, 600)).Notified)
		if got := describe(newDecider(pageOf(firing("a", crit, 600), firing("b", crit, 600)),
			slot).decide(c.to, e)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// What was sent and recorded is not sent again, whatever the receiver.
func TestDecideOnce(t *testing.T) {
	p := pageOf(firing("a", rules.Critical, 20), ended("b", rules.Critical, 60, 20),
		ended("c", rules.Warning, 60, 20), firing("d", rules.Critical, 600))
	e := known(30, firing("b", rules.Critical, 60))
	e.put(keyOf(firing("d", 0, 600)), firing("d", 0, 600).Episodes[0], Notified{
		Since: before(600), At: before(300), Severity: rules.Warning,
	})
	for _, r := range []Receiver{
		{SendResolved: true, RepeatInterval: time.Hour, AllClear: true},
		{MinSeverity: rules.Critical}, {Role: RoleSummary},
		{SendResolved: true, GroupBy: []string{"severity", "node"}},
	} {
		e := e
		e.Notified = maps.Clone(e.Notified)
		plan := newDecider(p, slot).decide(r, e)
		for _, m := range plan.messages {
			e.record(m, slot, Receipt{ID: "2"})
		}
		plan.skip(&e, slot)
		if again := describe(newDecider(p, slot).decide(r, e)); again != "" {
			t.Errorf("%+v: got again\n%s\nwant nothing", r, again)
		}
	}
}

func TestSilence(t *testing.T) {
	for _, s := range []string{
		`node=~"kafka-.*"`, `alertname="NodeMemoryHigh", severity="critical"`,
		`panel!="node-cpu",node="a"`, `severity!~"critical|"`,
	} {
		if _, err := ParseMatch(s); err != nil {
			t.Errorf("%s: got %v, want no error", s, err)
		}
	}
	for _, s := range []string{
		``, `node!="a"`, `node=~".*"`, `node`, `node=~"("`, `node="a"} or {b="c"`,
		strings.Repeat("a", 1000) + `="b"`,
	} {
		if _, err := ParseMatch(s); err == nil {
			t.Errorf("%.40s: got no error, want one", s)
		}
	}
	s := Silence{From: before(10), Until: slot}
	if s.Active(slot) || !s.Active(before(1)) || s.Active(before(11)) {
		t.Errorf("active at the end, before it, before the start: got %v, %v, %v; want only the "+
			"second", s.Active(slot), s.Active(before(1)), s.Active(before(11)))
	}
	var all []Silence
	for i := range MaxSilences + 10 {
		all = append(all, Silence{
			ID: fmt.Sprint(i), Until: slot.Add(time.Duration(i) * time.Minute),
		})
	}
	all = append(all, Silence{ID: "old", Until: before(24 * 60)})
	kept := pruneSilences(all, slot)
	if len(kept) != MaxSilences || kept[0].ID != fmt.Sprint(MaxSilences+9) {
		t.Errorf("got %d silences, the first is %s; want %d, the latest first", len(kept),
			kept[0].ID, MaxSilences)
	}
}

// After an unrecorded slot, a message is marked if a run at that slot would have sent it, and only
// then.
func TestPossibleDuplicatesAfterAnUnrecordedRun(t *testing.T) {
	a, long := firing("a", rules.Critical, 20), firing("b", rules.Warning, 600)
	worse := long
	worse.Severity = rules.Critical
	changes, summary := Receiver{
		SendResolved: true, RepeatInterval: 4 * time.Hour,
	}, Receiver{Role: RoleSummary}
	for _, tc := range []struct {
		name       string
		to         Receiver
		page       *Page
		entry      Entry
		unrecorded time.Time
		lasts      time.Duration
		want       bool
	}{
		{"no slot is missing", changes, pageOf(a), Entry{}, time.Time{}, 0, false},
		{"it fired then", changes, pageOf(a), Entry{}, before(5), 15 * time.Minute, true},
		{"it was pending then", changes, pageOf(a), Entry{}, before(6), 15 * time.Minute, false},
		{"it began later", changes, pageOf(a), Entry{}, before(30), 0, false},
		{"it got worse", changes, pageOf(worse), known(60, long), before(5), 0, true},
		{
			"it had ended then", changes, pageOf(ended("a", rules.Critical, 20, 8)), known(15, a),
			before(5), 0, true,
		},
		{
			"it still fired then", changes, pageOf(ended("a", rules.Critical, 20, 3)), known(15, a),
			before(5), 0, false,
		},
		{
			"a repetition of that slot", changes, pageOf(long), known(245, long), before(5),
			0, true,
		},
		{
			"a repetition of a later slot", changes, pageOf(long), known(240, long), before(5),
			0, false,
		},
		{"a summary of another slot", summary, pageOf(a), Entry{}, before(24 * 60), 0, false},
		{"a summary of this very slot", summary, pageOf(a), Entry{}, slot, 0, true},
	} {
		d := newDecider(tc.page, slot)
		d.unrecorded, d.lasts = tc.unrecorded, map[rules.RuleID]time.Duration{a.ID(): tc.lasts}
		p := d.decide(tc.to, tc.entry)
		if len(p.messages) != 1 || p.messages[0].PossibleDuplicate != tc.want {
			t.Errorf("%s: %s marked %v, want %v", tc.name, describe(p), len(p.messages) == 1 &&
				p.messages[0].PossibleDuplicate, tc.want)
		}
	}
}

// All clear may be a duplicate if nothing fired any more at the unrecorded slot.
func TestPossiblyDuplicateAllClear(t *testing.T) {
	for last, want := range map[int]bool{8: true, 5: true, 3: false} {
		d := newDecider(pageOf(ended("a", rules.Warning, 20, last)), slot)
		d.unrecorded = before(5)
		if got := d.possibleDuplicate(Receiver{}, &Message{Kind: KindAllClear}); got != want {
			t.Errorf("the alert fired until %d minutes ago: got marked %v, want %v", last, got, want)
		}
	}
}

// A summary leaves out silenced alerts and counts them, because its report shows them.
func TestASummaryCountsTheSilenced(t *testing.T) {
	p := pageOf(firing("a", rules.Critical, 20), firing("b", rules.Warning, 20),
		ended("a2", rules.Warning, 60, 20))
	p.Silences = []Silence{{Match: `node=~"a.*"`, From: before(60), Until: slot.Add(time.Hour)}}
	m := newDecider(p, slot).decide(Receiver{Role: RoleSummary}, Entry{}).messages[0]
	if len(m.Items) != 1 || m.Items[0].Alert.Name != "b" || m.Silenced != 2 {
		t.Errorf("got %d items and %d silenced, want b and 2", len(m.Items), m.Silenced)
	}
}
