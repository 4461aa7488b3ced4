package notify

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// nodeX is a node that is down.
var nodeX = rules.Cause{Kind: rules.CauseNode, Name: "x"}

// caused returns an alert of a rule on a node with a cause, which was found some minutes before the
// slot. Its name is that of its rule and its node.
func caused(rule, node string, s rules.Severity, found int, cause rules.Cause) rules.Alert {
	a := firing(node, s, found+10)
	a.Rule, a.Cause, a.Name = rule, cause, rule+"@"+node
	a.Episodes[0].Found = before(found)
	return a
}

// over returns an alert whose end was found at the slot.
func over(a rules.Alert) rules.Alert {
	a.Episodes = slices.Clone(a.Episodes)
	e := &a.Episodes[len(a.Episodes)-1]
	e.Last, e.Ended, e.End = before(2), slot, rules.Recovered
	return a
}

// announcing returns the entry of a receiver that was sent each group of alerts in a message of its
// own: the first group is thread 1.
func announcing(threads ...[]rules.Alert) Entry {
	e := Entry{First: before(10000), Alarmed: true}
	for i, alerts := range threads {
		for _, a := range alerts {
			e.put(keyOf(a), a.Now(), Notified{
				Since: a.Now().Since, At: before(30 - i), Severity: a.Severity, Receipt: Receipt{
					Channel: "C1", ID: fmt.Sprint(i + 1),
				}, Announced: before(30 - i),
			})
		}
	}
	return e
}

func TestNodeOf(t *testing.T) {
	for name, tt := range map[string]struct {
		labels, identity map[string]string
		want             string
	}{
		"node":          {map[string]string{"node": "x"}, map[string]string{"node": "x"}, "x"},
		"no node label": {map[string]string{"instance": "x:9100"}, nil, "name"},
		"a node's raw series, with the namespace of its exporter": {
			map[string]string{"node": "x", "namespace": "monitoring", "pod": "node-exporter-x2x4z"},
			map[string]string{"instance": "x:9100", "namespace": "monitoring"}, "x",
		},
		"a pod on a node": {
			map[string]string{"node": "x", "namespace": "shop", "pod": "web-0"},
			map[string]string{"namespace": "shop", "workload": "web"}, "",
		},
		"a claim on a node": {
			map[string]string{"node": "x", "namespace": "shop", "persistentvolumeclaim": "data"},
			nil, "",
		},
		"a deployment": {
			map[string]string{"namespace": "shop", "deployment": "web"}, nil, "",
		},
	} {
		a := rules.Alert{Name: "name", Labels: tt.labels, Identity: tt.identity}
		if got := nodeOf(a); got != tt.want {
			t.Errorf("%s: got the node %q, want %q", name, got, tt.want)
		}
	}
}

func TestOneMessageForACause(t *testing.T) {
	warn, crit, none := rules.Warning, rules.Critical, rules.Cause{}
	pods := rules.Cause{Kind: rules.CauseWorkload, Namespace: "shop", Name: "checkout"}
	kubelet := rules.Cause{Kind: rules.CauseSource, Name: "kubelet"}
	crowd := rules.Cause{Kind: rules.CauseNode}
	silent := caused("Silent", "y", warn, 20, kubelet)
	oneOfMany := caused("Down", "y", crit, 20, crowd)
	onNode := func(rule string, s rules.Severity, found int) rules.Alert {
		return caused(rule, "x", s, found, nodeX)
	}
	oncall := Receiver{SendResolved: true, Limits: Limits{Messages: 10}}
	byRule, noThreads := oncall, oncall
	byRule.GroupBy = []string{"alertname"}
	noThreads.Limits = Limits{}
	inChannel := announcing([]rules.Alert{onNode("Down", crit, 20)})
	inChannel.Notified = maps.Clone(inChannel.Notified)
	for k := range inChannel.Notified {
		inChannel.Notified[k] = []Notified{{
			Since: inChannel.Notified[k][0].Since, At: before(30), Severity: crit,
		}}
	}
	again := onNode("Down", crit, 5)
	again.Episodes = append(slices.Clone(over(onNode("Down", crit, 90)).Episodes),
		again.Episodes...)
	again.Episodes[0].Last = before(60)
	for _, c := range []struct {
		name   string
		alerts []rules.Alert
		to     Receiver
		entry  Entry
		want   string
		pages  bool // the first message
	}{
		{
			"alerts of a node that is down are one message",
			[]rules.Alert{onNode("Down", crit, 5), onNode("Silent", warn, 5)}, oncall, Entry{},
			"new node,,,x: Down@x Silent@x", true,
		},
		{
			"other causes are other messages",
			[]rules.Alert{
				onNode("Down", crit, 5), caused("OOM", "y", crit, 5, pods),
				caused("Silent", "y", warn, 5, kubelet), caused("Silent", "z", warn, 5, kubelet),
			}, oncall, Entry{},
			"new node,,,x: Down@x\nnew workload,,shop,checkout: OOM@y\n" +
				"new source,,,kubelet: Silent@y Silent@z", true,
		},
		{
			"alerts that nothing explains are grouped by rule",
			[]rules.Alert{
				caused("Hot", "y", crit, 5, none), caused("Full", "y", crit, 5, none),
				caused("Hot", "z", warn, 5, rules.CauseOf(rules.RuleID{Panel: "p", Rule: "Hot"})),
			}, oncall, Entry{}, "new Full: Full@y\nnew Hot: Hot@y Hot@z", true,
		},
		{
			"group_by stays as it is configured",
			[]rules.Alert{onNode("Down", crit, 5), onNode("Silent", warn, 5)}, byRule, Entry{},
			"new Down: Down@x\nnew Silent: Silent@x", true,
		},
		{
			"an alert joins the open message of its cause",
			[]rules.Alert{onNode("Down", crit, 20), onNode("Silent", crit, 5)}, oncall,
			announcing([]rules.Alert{onNode("Down", crit, 20)}),
			"joined node,,,x: Silent@x (under 1, 2 remain)", false,
		},
		{
			"one that is worse pages",
			[]rules.Alert{onNode("Silent", warn, 20), onNode("Down", crit, 5)}, oncall,
			announcing([]rules.Alert{onNode("Silent", warn, 20)}),
			"joined node,,,x: Down@x (under 1, 2 remain)", true,
		},
		{
			"another object of a rule pages",
			[]rules.Alert{caused("Hot", "y", crit, 20, none), caused("Hot", "z", warn, 5, none)},
			oncall, announcing([]rules.Alert{caused("Hot", "y", crit, 20, none)}),
			"joined Hot: Hot@z (under 1, 2 remain)", true,
		},
		{
			"a source that is gone on another node pages",
			[]rules.Alert{silent, caused("Silent", "z", warn, 5, kubelet)}, oncall,
			announcing([]rules.Alert{silent}),
			"joined source,,,kubelet: Silent@z (under 1, 2 remain)", true,
		},
		{
			"but not what else is unknown about the same node",
			[]rules.Alert{silent, caused("Blank", "y", warn, 5, kubelet)}, oncall,
			announcing([]rules.Alert{silent}),
			"joined source,,,kubelet: Blank@y (under 1, 2 remain)", false,
		},
		{
			"of many nodes that are down, another one pages",
			[]rules.Alert{oneOfMany, caused("Down", "z", crit, 5, crowd)}, oncall,
			announcing([]rules.Alert{oneOfMany}),
			"joined node,,,: Down@z (under 1, 2 remain)", true,
		},
		{
			"the newest message of a cause is joined",
			[]rules.Alert{
				onNode("Down", crit, 30), onNode("Silent", crit, 20), onNode("Full", crit, 5),
			}, oncall, announcing([]rules.Alert{onNode("Down", crit, 30)}, []rules.Alert{
				onNode("Silent", crit, 20),
			}), "joined node,,,x: Full@x (under 2, 2 remain)", false,
		},
		{
			"a message is open until its end is sent",
			[]rules.Alert{over(onNode("Down", crit, 20)), onNode("Silent", crit, 5)}, oncall,
			announcing([]rules.Alert{onNode("Down", crit, 20)}),
			"joined node,,,x: Silent@x (under 1, 1 remain)\n" +
				"resolved node,,,x: Down@x (under 1, 1 remain)", true,
		},
		{
			"what has ended does not make a new alert less bad",
			[]rules.Alert{
				over(onNode("Down", crit, 20)), onNode("Full", warn, 20), onNode("Silent", crit, 5),
			}, oncall, announcing([]rules.Alert{onNode("Down", crit, 20), onNode("Full", warn, 20)}),
			"joined node,,,x: Silent@x (under 1, 2 remain)\n" +
				"resolved node,,,x: Down@x (under 1, 2 remain)", true,
		},
		{
			"an alert does not join its own earlier episode",
			[]rules.Alert{again}, oncall, announcing([]rules.Alert{over(onNode("Down", crit, 90))}),
			"new node,,,x: Down@x", true,
		},
		{
			"with group_by, alerts of one group and one cause join",
			[]rules.Alert{
				onNode("Down", crit, 20), onNode("Silent", crit, 5),
				caused("Hot", "y", crit, 20, none), caused("Hot", "z", crit, 5, none),
			}, byRule, announcing([]rules.Alert{onNode("Down", crit, 20)}, []rules.Alert{
				caused("Hot", "y", crit, 20, none),
			}), "new Silent: Silent@x\njoined Hot: Hot@z (under 2, 2 remain)", true,
		},
		{
			"without threads it is a short message of its own",
			[]rules.Alert{onNode("Down", crit, 20), onNode("Silent", crit, 5)}, noThreads,
			inChannel, "joined node,,,x: Silent@x", false,
		},
		{
			"a cause that came and went is a reply",
			[]rules.Alert{onNode("Down", crit, 20), over(onNode("Silent", crit, 10))}, oncall,
			announcing([]rules.Alert{onNode("Down", crit, 20)}),
			"seen_late node,,,x: Silent@x (under 1, 1 remain)", false,
		},
		{
			"what resolves together is one message",
			[]rules.Alert{
				over(onNode("Down", crit, 20)), over(onNode("Silent", crit, 20)),
				onNode("Full", crit, 20),
			}, oncall, announcing([]rules.Alert{
				onNode("Down", crit, 20), onNode("Silent", crit, 20), onNode("Full", crit, 20),
			}), "resolved node,,,x: Down@x Silent@x (under 1, 1 remain)", false,
		},
		{
			"the first sign of a node that goes down belongs to it",
			[]rules.Alert{
				caused("Silent", "x", warn, 5, none), caused("Hot", "x", warn, 30, none),
				caused("Silent", "y", warn, 5, none), onNode("Down", crit, 0),
			}, oncall, Entry{First: before(10000)},
			"new node,,,x: Down@x Silent@x\nnew Hot: Hot@x\nnew Silent: Silent@y", true,
		},
		{
			"also if it was announced",
			[]rules.Alert{caused("Silent", "x", warn, 5, none), onNode("Down", crit, 0)}, oncall,
			announcing([]rules.Alert{caused("Silent", "x", warn, 5, none)}),
			"joined node,,,x: Down@x (under 1, 2 remain)", true,
		},
		{
			"but not a message that is also about another cause",
			[]rules.Alert{
				caused("Silent", "x", warn, 5, kubelet), caused("Silent", "y", warn, 5, kubelet),
				onNode("Down", crit, 0),
			}, oncall, announcing([]rules.Alert{
				caused("Silent", "x", warn, 5, kubelet), caused("Silent", "y", warn, 5, kubelet),
			}), "new node,,,x: Down@x", true,
		},
		{
			"but not long before",
			[]rules.Alert{caused("Silent", "x", warn, 20, none), onNode("Down", crit, 0)}, oncall,
			announcing([]rules.Alert{caused("Silent", "x", warn, 20, none)}),
			"new node,,,x: Down@x", true,
		},
	} {
		p := newDecider(pageOf(c.alerts...), slot).decide(c.to, c.entry)
		got := strings.Split(describe(p), "\n")
		if c.name == "an alert does not join its own earlier episode" {
			got = got[:1]
		}
		if s := strings.Join(got, "\n"); s != c.want || p.messages[0].Pages() != c.pages {
			t.Errorf("%s: got, which pages: %v\n%s\nwant, which pages: %v\n%s", c.name,
				p.messages[0].Pages(), s, c.pages, c.want)
		}
	}
}

// The alerts of a message have the cause by which it was grouped.
func TestAlertsOfAMessageHaveItsCause(t *testing.T) {
	rule := rules.Cause{Kind: rules.CauseRule, Cluster: "c", Name: "p/Silent"}
	omen := caused("Silent", "x", rules.Warning, 5, rule)
	other := caused("Silent", "y", rules.Warning, 5, rule)
	unknown := caused("Hot", "y", rules.Warning, 5, rules.Cause{})
	node := rules.Cause{Kind: rules.CauseNode, Cluster: "c", Name: "x"}
	down := caused("Down", "x", rules.Critical, 0, node)
	want := map[rules.Key]rules.Cause{
		keyOf(omen): node, keyOf(down): node, keyOf(other): rule,
		keyOf(unknown): {},
	}
	d := newDecider(pageOf(omen, other, unknown, down), slot)
	got, e := map[rules.Key]rules.Cause{}, announcing([]rules.Alert{omen, down})
	items := d.rest(&e, Receipt{Channel: "C1", ID: "1"}, nil)
	for _, m := range d.decide(Receiver{}, Entry{}).messages {
		items = append(items, m.Items...)
	}
	for _, i := range items {
		if was, known := got[i.Key]; known && was != i.Alert.Cause {
			t.Errorf("%s: got the causes %+v and %+v", i.Alert.Name, was, i.Alert.Cause)
		}
		got[i.Key] = i.Alert.Cause
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Blindness has a message of its own, and nothing joins it.
func TestNothingJoinsBlindness(t *testing.T) {
	a := caused("Down", "x", rules.Critical, 5, rules.Cause{})
	a.Rule = rules.BlindName
	p := pageOf(a)
	blind := rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: rules.Critical,
		Episodes: []rules.Episode{{Since: before(20), Last: slot, Worst: rules.Critical}},
	}
	p.Memory.Alerts[rules.BlindKey] = blind
	e := Entry{First: before(100)}
	e.put(rules.BlindKey, blind.Now(), Notified{
		Since: before(20), Severity: rules.Critical, Receipt: Receipt{ID: "1"},
	})
	if got, want := describe(newDecider(p, slot).decide(Receiver{}, e)),
		"new PromsnapBlind: Down@x"; strings.Replace(got, rules.BlindName+"@x", "Down@x",
		1) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Over many slots with random causes: every episode is announced once and its end is sent once, in
// its own thread. No message starts a thread about a cause that has an open one, and no run sends
// more separate messages than the limit.
func TestCausesLoseNothing(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 21))
		causes := []rules.Cause{
			{}, nodeX, {Kind: rules.CauseWorkload, Namespace: "shop", Name: "checkout"},
			{Kind: rules.CauseSource, Name: "kubelet"},
		}
		r := Receiver{
			SendResolved: true, AllClear: true, RepeatInterval: 20 * time.Minute,
			Limits: Limits{Separate: 1 + random.IntN(3), Messages: 10},
		}
		if random.IntN(3) == 0 {
			r.GroupBy = []string{"alertname"}
		}
		e, page := Entry{First: slot}, pageOf()
		begun, done, thread := map[string]int{}, map[string]int{}, map[string]string{}
		for i := range 30 {
			at := slot.Add(time.Duration(i) * 5 * time.Minute)
			toggled := map[rules.Key]bool{}
			for range random.IntN(6) {
				a := caused(string(rune('A'+random.IntN(5))), fmt.Sprint(random.IntN(4)),
					rules.Severity(random.IntN(2))+rules.Warning, 0, causes[random.IntN(4)])
				if toggled[keyOf(a)] {
					continue
				}
				toggled[keyOf(a)] = true
				if was, ok := page.Memory.Alerts[keyOf(a)]; ok {
					a.Episodes = slices.Clone(was.Episodes)
				} else {
					a.Episodes = nil
				}
				if n := len(a.Episodes); n > 0 && a.Episodes[n-1].Fires() {
					a.Cause = page.Memory.Alerts[keyOf(a)].Cause
					a.Episodes[n-1].Ended, a.Episodes[n-1].End = at, rules.Recovered
				} else {
					a.Episodes = append(a.Episodes, rules.Episode{
						Since: at, Last: at, Found: at, Worst: a.Severity,
					})
				}
				page.Memory.Alerts[keyOf(a)] = a
			}
			d := newDecider(page, at)
			open, separate := d.announced(r, &e), map[Kind]int{}
			for n, m := range d.decide(r, e).messages {
				if m.Thread == (Receipt{}) {
					separate[m.Kind]++
				}
				receipt := m.Thread
				if receipt == (Receipt{}) {
					receipt = Receipt{ID: fmt.Sprintf("%03d-%d", i, n)}
				}
				for _, item := range m.Items {
					id := fmt.Sprint(item.Key, item.Episode.Since)
					if _, is := open[d.topicOf(r, item.Key)]; is && m.Kind == KindNew {
						t.Fatalf("seed %d, slot %d: got a new message about %v, want a reply", seed,
							i, item.Key)
					}
					if !item.Episode.Fires() {
						done[id]++
					}
					if m.Kind == KindNew || m.Kind == KindJoined || m.Kind == KindSeenLate {
						begun[id]++
						thread[id] = receipt.ID
					} else if m.Thread.ID != "" && m.Thread.ID != thread[id] {
						t.Fatalf("seed %d, slot %d: got %s of %s in thread %s, want %s", seed, i,
							m.Kind, id, m.Thread.ID, thread[id])
					}
				}
				e.record(m, at, receipt)
			}
			for kind, n := range separate {
				if n > r.Limits.Separate && kind != KindAllClear {
					t.Fatalf("seed %d, slot %d: got %d separate messages %s, want at most %d", seed,
						i, n, kind, r.Limits.Separate)
				}
			}
			if again := describe(newDecider(page, at).decide(r, e)); again != "" {
				t.Fatalf("seed %d, slot %d: got again\n%s\nwant nothing", seed, i, again)
			}
		}
		for k, a := range page.Memory.Alerts {
			for _, ep := range a.Episodes {
				id, ends := fmt.Sprint(k, ep.Since), 0
				if !ep.Fires() {
					ends = 1
				}
				if begun[id] != 1 || done[id] != ends {
					t.Fatalf("seed %d: %s: got %d announcements and %d ends, want 1 and %d", seed,
						id, begun[id], done[id], ends)
				}
			}
		}
	}
}
