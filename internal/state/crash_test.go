package state_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/testdata/race"
)

// world is a week of checks every five minutes. A run may end at any step of input or output.
// Everything between two steps counts as one of them.
type world struct {
	t      *testing.T
	random *rand.Rand
	begin  time.Time
	nodes  map[string][]incident
	// outages are the times in which Prometheus does not answer.
	outages []incident

	// What is outside of promsnap, and survives a crash.
	document []byte
	version  int
	log      []entry
	sent     map[string]bool // what the log says, by receiver, kind and subject
	archive  map[string]string

	steps, killAt int
	meet          func() // called at one step of a run: another run starts and ends there
	meetAt        int

	revoked   bool            // every receiver refuses
	blindSent map[string]bool // outages that an alert was about

	kills, lost, skipped, met, missed, duplicates int
}

// incident is a time in which a node is above its limit, or Prometheus does not answer.
type incident struct{ from, to time.Time }

// entry is one message as people saw it.
type entry struct {
	receiver string
	slot     time.Time
	kind     notify.Kind
	items    []string // node and start of its incident
	marked   bool
}

// step is a place at which a run may end, or another run may come in.
func (w *world) step() {
	w.steps++
	switch w.steps {
	case w.killAt:
		w.kills++
		runtime.Goexit()
	case w.meetAt:
		w.met++
		meet, steps := w.meet, w.steps
		w.meetAt = -1
		meet()
		w.steps = steps
	}
}

// Load and Save make world a store.
func (w *world) Load(_ context.Context, k state.Key) (state.Doc, state.Version, error) {
	w.step()
	if w.document == nil {
		return state.Doc{}, "", nil
	}
	d, err := state.Decode(k, w.document)
	return d, state.Version(fmt.Sprint(w.version)), err
}

func (w *world) Save(_ context.Context, k state.Key, d state.Doc,
	v state.Version) (state.Version, error) {
	data, err := state.Encode(k, d)
	if err != nil {
		return "", err
	}
	w.step()
	if w.document == nil && v != "" || w.document != nil && string(v) != fmt.Sprint(w.version) {
		return "", state.ErrConflict
	}
	w.document, w.version = data, w.version+1
	saved := state.Version(fmt.Sprint(w.version))
	w.step()
	if w.chance(50) { // the answer is lost: a retry conflicts with the run's own write
		return "", state.ErrConflict
	}
	return saved, nil
}

func (w *world) chance(oneIn int) bool { return w.random.IntN(oneIn) == 0 }

// person is a receiver of messages that sometimes loses its answer, is busy, or refuses.
type person struct {
	*world
	name string
}

func (p person) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	p.step()
	switch {
	case p.chance(30):
		return notify.Receipt{}, &notify.RetryError{After: time.Second, Err: errors.New("busy")}
	case p.chance(60), p.revoked:
		return notify.Receipt{}, &notify.RefusedError{Err: errors.New("revoked")}
	}
	e := entry{
		receiver: p.name, slot: d.Report.Info.Slot, kind: d.Message.Kind,
		marked: d.Message.PossibleDuplicate,
	}
	if e.kind == notify.KindJoined {
		e.kind = notify.KindNew // for a receiver without threads it is a message of its own, too
	}
	for _, i := range d.Message.Items {
		e.items = append(e.items, p.about(i))
		if i.Key != rules.BlindKey && i.Episode.Ended.Equal(e.slot) && p.blind(e.slot) {
			p.t.Errorf("slot %v sees nothing: got the end of %s, want none", e.slot, i.Key)
		}
	}
	p.hears(e)
	p.step()
	if p.chance(40) {
		p.lost++
		return notify.Receipt{}, errors.New("connection reset")
	}
	return notify.Receipt{Channel: "C1", ID: fmt.Sprint(len(p.log))}, nil
}

// about returns an item's node and the incident that it is about.
func (w *world) about(i notify.Item) string {
	incidents := w.nodes[i.Alert.Name]
	if i.Key == rules.BlindKey {
		incidents = w.outages
	}
	for _, in := range incidents {
		if !i.Episode.Last.Before(in.from) && !i.Episode.Since.After(in.to) {
			return name(i.Alert.Name, in)
		}
	}
	return i.Alert.Name + " of nothing"
}

// blind reports whether Prometheus does not answer at a slot.
func (w *world) blind(slot time.Time) bool {
	for _, in := range w.outages {
		if !slot.Before(in.from) && !slot.After(in.to) {
			return true
		}
	}
	return false
}

func name(node string, in incident) string { return node + " " + in.from.Format("Mon 15:04") }

// shelf is the archive.
type shelf struct{ *world }

func (s shelf) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	s.step()
	key, body := d.Report.Key(), string(d.Files[0].Body)
	if old, ok := s.archive[key]; ok && old != body {
		s.t.Errorf("got another body of %s: %q, then %q", key, old, body)
	}
	s.archive[key] = body
	s.step()
	return notify.Receipt{Location: key}, nil
}

var nodeMemory = rules.Rule{Name: "NodeMemoryHigh", Critical: rules.At(90), For: 3 * time.Minute}

// evaluate returns what Prometheus would answer at a slot, judged.
func (w *world) evaluate(slot time.Time) rules.Evaluation {
	g := series.Grid{Start: slot.Add(-2 * time.Hour), Step: time.Minute, Len: 120}
	id := rules.RuleID{Panel: "node-memory", Rule: nodeMemory.Name}
	if w.blind(slot) {
		return rules.Evaluation{Rules: []rules.RuleResult{{ID: id}}}
	}
	r := rules.RuleResult{
		ID: id, KeepFiringFor: 10 * time.Minute, Data: rules.DataComplete, From: g.Start,
		Through: g.End(),
	}
	for node, incidents := range w.nodes {
		values := make([]float64, g.Len)
		for i := range values {
			values[i] = 50
			for _, in := range incidents {
				if at := g.At(i); !at.Before(in.from) && !at.After(in.to) {
					values[i] = 95
				}
			}
		}
		ls := series.FromPairs("node", node)
		r.Series = append(r.Series, ls)
		if f := rules.Judge(nodeMemory, series.Series{Labels: ls, Values: values},
			g); f.Status != rules.OK || f.Earlier != nil {
			r.Findings = append(r.Findings, rules.Judged{Finding: f, Identity: ls, Name: node})
		}
	}
	return rules.Evaluation{Rules: []rules.RuleResult{r}}
}

// run runs promsnap once, to its end or to its crash. It reports whether everything was delivered
// and recorded.
func (w *world) run(id string, slot time.Time) (done bool) {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		book := state.Open(context.Background(), w, state.Key{Cluster: "prod", Report: "check"}, id,
			w.evaluate(slot), slot)
		out, err := notify.Deliver(context.Background(), book, notify.Request{
			Report: report.Build(report.Info{Cluster: "prod", Name: "check", Slot: slot}, nil),
			Receivers: []notify.Receiver{
				{Name: "archive", Notifier: shelf{w}, Role: notify.RoleArchive},
				{Name: "oncall", Notifier: person{w, "oncall"}, SendResolved: true},
				{Name: "team", Notifier: person{w, "team"}, Role: notify.RoleSummary},
			},
			Render: func(context.Context) ([]report.File, error) {
				return []report.File{{Name: "index.html", Body: []byte(slot.String())}}, nil
			},
			Run: id, Until: time.Now().Add(4 * time.Minute), Now: time.Now,
		})
		if out.ClaimedBy != nil {
			w.skipped++
			return
		}
		done = err == nil
	}()
	<-finished
	return done
}

// hears records a message. A message that repeats another one is a duplicate, and must be marked.
func (w *world) hears(e entry) {
	w.log = append(w.log, e)
	about := e.items
	if e.kind == notify.KindSummary {
		about = []string{e.slot.String()}
	}
	again := false
	for _, i := range about {
		id := fact(e.receiver, e.kind, i)
		// If the record of a new alert was lost, the alert is seen late.
		again = again || w.sent[id] ||
			e.kind == notify.KindSeenLate && w.sent[fact(e.receiver, notify.KindNew, i)]
		w.sent[id] = true
	}
	if !again {
		return
	}
	w.duplicates++
	if !e.marked {
		w.t.Errorf("got an unmarked duplicate: %s of %v to %s (%s)", e.kind, e.slot, e.receiver,
			strings.Join(e.items, ", "))
	}
}

func fact(receiver string, kind notify.Kind, about string) string {
	return receiver + " " + kind.String() + " " + about
}

// check fails the test unless everything that had to be sent by a slot was sent.
func (w *world) check(slot time.Time) {
	w.t.Helper()
	if _, ok := w.archive["check/"+slot.UTC().Format("20060102T150405Z")]; !ok {
		w.t.Errorf("slot %v was not archived", slot)
	}
	if !w.sent[fact("team", notify.KindSummary, slot.String())] {
		w.t.Errorf("the summary of %v was not sent", slot)
	}
	sent := func(kind notify.Kind, about string) bool { return w.sent[fact("oncall", kind, about)] }
	d, err := state.Decode(state.Key{Cluster: "prod", Report: "check"}, w.document)
	if err != nil {
		w.t.Fatal(err)
	}
	a := d.Memory.Alerts[rules.BlindKey]
	for _, e := range a.Episodes {
		n := w.about(notify.Item{Key: rules.BlindKey, Alert: a, Episode: e})
		late := sent(notify.KindSeenLate, n)
		if !sent(notify.KindNew, n) && !late || !e.Fires() && !sent(notify.KindResolved, n) &&
			!late {
			w.t.Errorf("slot %v: %s was not sent: %+v", slot, n, e)
		}
		w.blindSent[n] = true
	}
	if w.blind(slot) {
		return // a later slot sends what this one cannot see
	}
	if len(a.Episodes) > 0 && a.Fires() {
		w.t.Errorf("slot %v sees something: got blind since %v", slot, a.Now().Since)
	}
	for node, incidents := range w.nodes {
		for _, in := range incidents {
			n := name(node, in)
			late := sent(notify.KindSeenLate, n)
			// The newest sample is from a minute before the slot.
			if slot.Add(-time.Minute).Sub(in.from) >= nodeMemory.For && !sent(notify.KindNew, n) &&
				!late {
				w.t.Errorf("slot %v: %s, from %v to %v, was not sent", slot, n, in.from, in.to)
			}
			if slot.Sub(in.to) >= 10*time.Minute && !sent(notify.KindResolved, n) && !late {
				w.t.Errorf("slot %v: the end of %s, at %v, was not sent", slot, n, in.to)
			}
		}
	}
}

const slotEvery = 5 * time.Minute

func newWorld(t *testing.T, seed uint64, length time.Duration) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)),
		begin: time.Now().Truncate(time.Hour).Add(time.Hour), archive: map[string]string{},
		sent:  map[string]bool{},
		nodes: map[string][]incident{}, blindSent: map[string]bool{},
	}
	for at := w.begin.Add(3 * time.Hour); at.Before(w.begin.Add(length)); at = at.Add(
		time.Duration(3+w.random.IntN(6)) * time.Hour) {
		w.outages = append(w.outages, incident{
			at, at.Add(time.Duration(w.random.IntN(30)) * time.Minute),
		})
	}
	for _, node := range []string{"ip-10-0-1-1", "ip-10-0-1-2", "kafka-0"} {
		for at := w.begin.Add(time.Hour); ; {
			at = at.Add(time.Duration(25+w.random.IntN(900)) * time.Minute)
			in := incident{at, at.Add(time.Duration(3+w.random.IntN(90)) * time.Minute)}
			if in.to.After(w.begin.Add(length)) {
				break
			}
			w.nodes[node] = append(w.nodes[node], in)
			at = in.to
		}
	}
	return w
}

// A week of slots, in which many runs are killed at some step. After the next complete run,
// everything that had to be sent was sent, each report is archived once, and there are no more
// duplicates than crashes and lost answers. Every duplicate is marked.
func TestCrashesLoseNothing(t *testing.T) {
	length, seeds, enough := 7*24*time.Hour, uint64(1), 500
	if testing.Short() || race.Enabled {
		length, enough = 24*time.Hour, 50
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed, length)
			runs, whole, inARow := 0, 0, 0
			for slot := w.begin; !slot.After(w.begin.Add(length + time.Hour)); slot = slot.Add(
				slotEvery) {
				time.Sleep(time.Until(slot))
				w.steps, w.killAt, w.meetAt = 0, 0, 0
				if inARow < 4 && w.random.IntN(3) > 0 {
					w.killAt = 1 + w.random.IntN(24)
				}
				if w.chance(25) {
					w.revoked = !w.revoked
				}
				if missed := w.random.IntN(8); w.chance(50) {
					// no run, for example because the cluster is full
					slot = slot.Add(time.Duration(missed) * slotEvery)
					time.Sleep(time.Until(slot))
					w.missed += missed
				}
				if w.chance(4) { // another run for the same slot comes in
					w.meetAt = 1 + w.random.IntN(16)
					w.meet = func() { w.run(fmt.Sprint("meets ", runs), slot) }
				}
				runs++
				before := w.kills
				done := w.run(fmt.Sprint("run ", runs), slot)
				if w.kills > before && w.chance(2) {
					// the Job runs again: at once, which finds the claim, and after the claim
					w.killAt, w.meetAt = 0, 0
					w.run(fmt.Sprint("at once ", runs), slot)
					time.Sleep(4*time.Minute + 10*time.Second)
					done = w.run(fmt.Sprint("again ", runs), slot)
				}
				if done {
					whole++
					w.check(slot)
				}
				if inARow++; w.kills == before {
					inARow = 0
				}
				if t.Failed() {
					t.Fatalf("seed %d, slot %v", seed, slot)
				}
			}
			t.Logf("%d slots, %d missed: %d kills, %d lost answers, %d runs met another, %d "+
				"skipped, %d delivered everything; %d messages, %d duplicates, %d KiB of "+
				"state; %d outages, %d with an alert",
				runs, w.missed, w.kills, w.lost, w.met, w.skipped, whole, len(w.log),
				w.duplicates, len(w.document)>>10,
				len(w.outages), len(w.blindSent))
			if w.duplicates > w.kills+w.lost {
				t.Errorf("got %d duplicates from %d kills and %d lost answers, want no more",
					w.duplicates, w.kills,
					w.lost)
			}
			if w.kills < enough || whole < runs/5 || w.skipped == 0 || w.met == 0 ||
				w.lost == 0 || w.missed == 0 || len(w.blindSent) == 0 {
				t.Errorf("got %d kills, %d of %d runs whole, %d skipped, %d met, %d lost, %d "+
					"missed, %d blind; want at least %d kills, a fifth whole and one of each",
					w.kills, whole, runs, w.skipped, w.met, w.lost, w.missed, len(w.blindSent),
					enough)
			}
		})
	}
}
