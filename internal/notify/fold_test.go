package notify

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// few are the limits of the receivers in these tests.
var few = Limits{Messages: 3, Burst: 2, Pace: time.Second}

func TestFold(t *testing.T) {
	warn, crit := rules.Warning, rules.Critical
	each := Receiver{
		SendResolved: true, RepeatInterval: time.Hour, GroupBy: []string{"node"}, Limits: few,
	}
	// under returns an entry with a message of its own for each alert, except that the last two
	// share one.
	under := func(minutes int, alerts ...rules.Alert) Entry {
		e := Entry{First: before(10000)}
		for i, a := range alerts {
			ep := a.Episodes[0]
			e.put(keyOf(a), ep, Notified{
				Since: ep.Since, At: before(minutes), Severity: a.Severity, Receipt: Receipt{
					Channel: "C1", ID: fmt.Sprint(min(i, len(alerts)-2)),
				},
			})
		}
		return e
	}
	blind := pageOf(firing("a", warn, 20), firing("b", warn, 20), firing("c", warn, 20),
		firing("d", warn, 20))
	blind.Memory.Alerts[rules.BlindKey] = rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: crit, Episodes: []rules.Episode{
			{Since: before(20), Last: slot, Worst: crit},
		},
	}
	unlimited := each
	unlimited.Limits = Limits{}
	for name, c := range map[string]struct {
		page  *Page
		to    Receiver
		entry Entry
		want  string
	}{
		"as many as the limit": {
			pageOf(firing("a", warn, 20), firing("b", warn, 20), firing("c", warn, 20)), each,
			Entry{}, "new a: a\nnew b: b\nnew c: c",
		},
		"one more": {
			pageOf(firing("a", warn, 20), firing("b", warn, 20), firing("c", warn, 20),
				firing("d", crit, 20)), each, Entry{},
			"new (4 folded): d a b c",
		},
		"no limit": {
			pageOf(firing("a", warn, 20), firing("b", warn, 20), firing("c", warn, 20),
				firing("d", crit, 20)), unlimited, Entry{},
			"new d: d\nnew a: a\nnew b: b\nnew c: c",
		},
		"blindness is never folded": {
			blind, each, Entry{}, "new : promsnap\nnew (4 folded): a b c d",
		},
		"alerts of one message are resolved in one reply": {
			pageOf(ended("a", crit, 60, 20), ended("b", crit, 60, 20), ended("c", crit, 60, 20)),
			each, under(30, firing("a", crit, 60), firing("b", crit, 60), firing("c", crit, 60)),
			"resolved a: a (under 0, 0 remain)\nresolved: b c (under 1, 0 remain)",
		},
		"many threads are resolved": {
			pageOf(ended("a", crit, 60, 20), ended("b", crit, 60, 20), ended("c", crit, 60, 20),
				ended("d", crit, 60, 20)), each,
			under(30, firing("a", crit, 60), firing("b", crit, 60), firing("c", crit, 60),
				firing("d", crit, 60), firing("e", crit, 60)),
			"resolved a: a (under 0, 0 remain)\nresolved b: b (under 1, 0 remain)\nresolved (2 " +
				"folded): c d",
		},
		"two kinds share the limit": {
			pageOf(firing("a", crit, 60), ended("b", crit, 60, 20), ended("c", crit, 60, 20),
				ended("d", crit, 60, 20)), each,
			under(30, firing("b", crit, 60), firing("c", crit, 60), firing("d", crit, 60),
				firing("e", crit, 60), firing("f", crit, 60)),
			"new a: a\nresolved b: b (under 0, 0 remain)\nresolved (2 folded): c d",
		},
		"repeated": {
			pageOf(firing("a", crit, 200), firing("b", crit, 200), firing("c", crit, 200),
				firing("d", crit, 200)), each,
			under(90, firing("a", crit, 200), firing("b", crit, 200), firing("c", crit, 200),
				firing("d", crit, 200)),
			"still_firing: a b c d",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newDecider(c.page, slot).decide(c.to, c.entry)
			lines := strings.Split(describe(p), "\n")
			for i, m := range p.messages {
				if m.Folded > 0 {
					lines[i] = strings.Replace(lines[i], ":",
						fmt.Sprintf(" (%d folded):", m.Folded), 1)
				}
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Whatever fires: each alert is in one message, there are no more messages than the limit (at least
// one of each kind), and no folded alert is worse than one that is not folded.
func TestFoldLosesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 1))
	for range 200 {
		p := &Page{Memory: rules.Memory{Slot: slot, Alerts: map[rules.Key]rules.Alert{}}}
		e := Entry{First: before(10000)}
		for i := range random.IntN(30) {
			a := firing(fmt.Sprintf("n%02d", i), rules.Severity(random.IntN(2))+rules.Warning, 300)
			if random.IntN(2) == 0 {
				ep := a.Episodes[0]
				e.put(keyOf(a), ep, Notified{
					Since: ep.Since, At: before(200), Severity: rules.Warning, Receipt: Receipt{
						ID: fmt.Sprint(random.IntN(9)),
					},
				})
			}
			p.Memory.Alerts[keyOf(a)] = a
		}
		r := Receiver{
			SendResolved: true, RepeatInterval: time.Hour, GroupBy: []string{"node"}, Limits: few,
		}
		sent, messages, least := map[rules.Key]int{}, map[Kind]int{}, map[Kind]rules.Severity{}
		for _, m := range newDecider(p, slot).decide(r, e).messages {
			messages[m.Kind]++
			if worst := m.Severity(); messages[m.Kind] > 1 && worst > least[m.Kind] {
				t.Fatalf("got a %s message of %s, want at most %s as in the one before", m.Kind,
					worst, least[m.Kind])
			}
			least[m.Kind] = m.Severity()
			for _, i := range m.Items {
				sent[i.Key]++
			}
		}
		sum := 0
		for _, n := range messages {
			sum += n
		}
		if most := max(few.Messages, len(messages)); sum > most {
			t.Fatalf("got %d messages, want at most %d", sum, most)
		}
		for k := range p.Memory.Alerts {
			if sent[k] != 1 {
				t.Fatalf("got %s in %d messages, want one", k, sent[k])
			}
		}
	}
}

// killable is a receiver and a book whose run is killed at the n-th step. What it got before stays.
type killable struct {
	memoryBook
	left int // steps until it is killed
	got  []*Message
}

func (m *killable) live() {
	if m.left--; m.left == 0 {
		runtime.Goexit()
	}
}

func (m *killable) Change(ctx context.Context, f func(*Page) error) error {
	m.live()
	return m.memoryBook.Change(ctx, f)
}

func (m *killable) Notify(_ context.Context, d Delivery) (Receipt, error) {
	m.live()
	m.got = append(m.got, d.Message)
	m.live()
	return Receipt{Channel: "C1", ID: fmt.Sprint(len(m.got))}, nil
}

// Wherever runs are killed: every firing alert and its end are sent, and what is sent twice is
// marked.
func TestFoldOutlivesKills(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 12))
		m := &killable{memoryBook: memoryBook{page: *pageOf()}}
		rq := newFixture().rq
		rq.Receivers = []Receiver{
			{
				Name: "slack", Role: RoleChanges, Notifier: m, SendResolved: true,
				GroupBy: []string{"node"}, Limits: Limits{Messages: 3},
			},
		}
		// by alert, start of the episode, and whether the message was about the start or the end
		sent := map[string]int{}
		const slots = 30
		for i := range slots {
			at := slot.Add(time.Duration(i) * 5 * time.Minute)
			alerts := maps.Clone(m.page.Memory.Alerts)
			for _, n := range random.Perm(20)[:random.IntN(12)] {
				a := firing(fmt.Sprintf("n%02d", n), rules.Critical, 0)
				ep := rules.Episode{Since: at, Last: at, Worst: rules.Critical}
				switch was, ok := alerts[keyOf(a)]; {
				case i >= slots-3: // nothing changes, so that later runs can make up for everything
					continue
				case ok && was.Fires():
					a.Episodes = slices.Clone(was.Episodes)
					last := &a.Episodes[len(a.Episodes)-1]
					last.Ended, last.End = at, rules.Recovered
				default:
					a.Episodes = append(slices.Clone(was.Episodes), ep)
				}
				alerts[keyOf(a)] = a
			}
			m.page.Memory = rules.Memory{Slot: at, Alerts: alerts}
			rq.Report = report.Build(report.Info{Name: "check", Slot: at}, nil)
			rq.Run, rq.Until, rq.Now = fmt.Sprint(i), at.Add(time.Minute), func() time.Time {
				return at
			}
			if m.left = 0; i < slots-3 && random.IntN(2) == 0 {
				m.left = 1 + random.IntN(12)
			}
			m.got = nil
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = Deliver(t.Context(), m, rq)
			}()
			<-ended
			kinds := map[Kind]bool{}
			for _, message := range m.got {
				kinds[message.Kind] = true
				for _, item := range message.Items {
					for end, says := range map[bool]bool{
						false: message.Kind != KindResolved, true: !item.Episode.Fires(),
					} {
						id := fmt.Sprint(item.Key, item.Episode.Since, end)
						if says && sent[id] > 0 && !message.PossibleDuplicate {
							t.Fatalf("seed %d, slot %d: got %s of %s again without a mark, want "+
								"it marked", seed, i, message.Kind, id)
						} else if says {
							sent[id]++
						}
					}
				}
			}
			if most := max(3, len(kinds)); len(m.got) > most {
				t.Fatalf("seed %d, slot %d: got %d messages, want at most %d", seed, i, len(m.got),
					most)
			}
		}
		for k, a := range m.page.Memory.Alerts {
			for _, ep := range a.Episodes {
				if begin, end := sent[fmt.Sprint(k, ep.Since, false)],
					sent[fmt.Sprint(k, ep.Since, true)]; begin == 0 || !ep.Fires() && end == 0 {
					t.Fatalf(
						"seed %d: %s since %s: got %d messages of the start, %d of the end; want "+
							"at least one of each that has come",
						seed, k, ep.Since, begin, end)
				}
			}
		}
	}
}

func TestFoldedAlertsAreSentOnce(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		var alerts, resolved []rules.Alert
		for _, node := range []string{"a", "b", "c", "d", "e"} {
			alerts = append(alerts, firing(node, rules.Critical, 20))
			resolved = append(resolved, ended(node, rules.Critical, 20, 2))
		}
		d := newFixture(alerts...)
		slack := d.receiver("slack", RoleChanges)
		d.rq.Receivers[0].GroupBy, d.rq.Receivers[0].Limits = []string{"node"}, few
		d.deliver(t, "")
		d.want(t, "slack new a b c d e")
		d.deliver(t, "")
		d.want(t)
		d.book.page.Memory.Alerts = pageOf(resolved...).Memory.Alerts
		d.deliver(t, "")
		d.want(t, "slack resolved a b c d e")
		if got := slack.got[1].Message; got.Thread.ID != "1" || got.Folded != 0 {
			t.Errorf("got the reply in %+v, folded %d; want thread 1, folded 0", got.Thread,
				got.Folded)
		}
	})
}

func TestPace(t *testing.T) {
	for name, c := range map[string]struct {
		left, want time.Duration // of the run, and from the first message to the last
	}{
		"time enough": {time.Minute, 4 * time.Second},
		"little time": {CommitTime + time.Second, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, func(t *testing.T) {
				d := newFixture()
				for i := range 6 {
					a := firing(fmt.Sprintf("n%d", i), rules.Critical, 20)
					d.book.page.Memory.Alerts[keyOf(a)] = a
				}
				d.rq.Until = time.Now().Add(c.left)
				d.receiver("slack", RoleChanges)
				d.rq.Receivers[0].GroupBy, d.rq.Receivers[0].Limits = []string{"node"}, Limits{
					Burst: 2, Pace: time.Second,
				}
				began := time.Now()
				d.deliver(t, "")
				if took := time.Since(began); took > c.want || took < c.want/2 || len(d.log) != 6 {
					t.Errorf("got %d messages in %s, want 6 in about %s", len(d.log), took, c.want)
				}
			})
		})
	}
}

func TestAFallbackHasItsOwnLimits(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20), firing("b", rules.Critical, 20),
			firing("c", rules.Critical, 20), firing("d", rules.Critical, 20))
		no := &RefusedError{fmt.Errorf("no")}
		d.receiver("mail", RoleChanges, no, no, no, no)
		d.rq.Receivers[0].GroupBy = []string{"node"}
		d.rq.Receivers[0].Fallback = &Fallback{
			Name: "slack", Notifier: &fake{name: "slack", log: &d.log}, Limits: few,
		}
		d.deliver(t, "no")
		d.want(t, "mail new a failed", "mail new b failed", "mail new c failed",
			"mail new d failed", "slack new a b c d")
	})
}
