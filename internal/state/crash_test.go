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

// world is a week of checks every five minutes, in which any step of input or output may be a run's
// last. Between two steps nothing can go wrong that is not seen as one of them.
type world struct {
	t      *testing.T
	random *rand.Rand
	begin  time.Time
	nodes  map[string][]incident
	// outages are the times at which Prometheus answers nothing.
	outages []incident

	// What is outside of promsnap, and outlives a crash.
	document []byte
	version  int
	log      []entry
	told     map[string]bool // what the log says, by receiver, kind and what it is about
	archive  map[string]string

	steps, killAt int
	meet          func() // called at one step of a run: another run begins and ends there
	meetAt        int

	revoked   bool            // nobody can be told
	blindTold map[string]bool // outages that an alert was about

	kills, lost, stoodBack, met, missed, duplicates int
}

// incident is a time that a node is beyond its limit, or that Prometheus does not answer.
type incident struct{ from, to time.Time }

// entry is one message as the people saw it.
type entry struct {
	receiver string
	slot     time.Time
	kind     notify.Kind
	items    []string // node and minute of its incident
	marked   bool
}

// step is a place at which a run may end, or another may come in.
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

// Load and Save make the world a store.
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
	if w.chance(50) { // the answer is lost: who asks again meets a conflict with himself
		return "", state.ErrConflict
	}
	return saved, nil
}

func (w *world) chance(oneIn int) bool { return w.random.IntN(oneIn) == 0 }

// person is a receiver that tells somebody, and sometimes loses its answer, is busy, or refuses.
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
	for _, i := range d.Message.Items {
		e.items = append(e.items, p.about(i))
		if i.Key != rules.BlindKey && i.Episode.Ended.Equal(e.slot) && p.blind(e.slot) {
			p.t.Errorf("slot %v sees nothing, and found %s over", e.slot, i.Key)
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

// about names an item by its node and the incident that it is about.
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

// blind tells whether Prometheus answers nothing at a slot.
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
		s.t.Errorf("%s was archived as %q and then as %q", key, old, body)
	}
	s.archive[key] = body
	s.step()
	return notify.Receipt{Location: key}, nil
}

var nodeMemory = rules.Rule{Name: "NodeMemoryHigh", Critical: rules.At(90), For: 3 * time.Minute}

// evaluate judges what Prometheus would answer at a slot.
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

// run is one run of promsnap, to its end or to its crash. It tells whether everything was delivered
// and written down.
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
			w.stoodBack++
			return
		}
		done = err == nil
	}()
	<-finished
	return done
}

// hears takes a message down, which is a duplicate where it tells what had been told, and must then
// be marked.
func (w *world) hears(e entry) {
	w.log = append(w.log, e)
	about := e.items
	if e.kind == notify.KindSummary {
		about = []string{e.slot.String()}
	}
	again := false
	for _, i := range about {
		id := fact(e.receiver, e.kind, i)
		// What began and was told, where the record of that was lost, is seen late.
		again = again || w.told[id] ||
			e.kind == notify.KindSeenLate && w.told[fact(e.receiver, notify.KindNew, i)]
		w.told[id] = true
	}
	if !again {
		return
	}
	w.duplicates++
	if !e.marked {
		w.t.Errorf("%s of %v to %s (%s) is a duplicate, and not marked", e.kind, e.slot, e.receiver,
			strings.Join(e.items, ", "))
	}
}

func fact(receiver string, kind notify.Kind, about string) string {
	return receiver + " " + kind.String() + " " + about
}

// check asserts that whatever had to be told by a slot was told.
func (w *world) check(slot time.Time) {
	w.t.Helper()
	if _, ok := w.archive["check/"+slot.UTC().Format("20060102T150405Z")]; !ok {
		w.t.Errorf("slot %v is not archived", slot)
	}
	if !w.told[fact("team", notify.KindSummary, slot.String())] {
		w.t.Errorf("the summary of %v was not told", slot)
	}
	told := func(kind notify.Kind, about string) bool { return w.told[fact("oncall", kind, about)] }
	d, err := state.Decode(state.Key{Cluster: "prod", Report: "check"}, w.document)
	if err != nil {
		w.t.Fatal(err)
	}
	a := d.Memory.Alerts[rules.BlindKey]
	for _, e := range a.Episodes {
		n := w.about(notify.Item{Key: rules.BlindKey, Alert: a, Episode: e})
		late := told(notify.KindSeenLate, n)
		if !told(notify.KindNew, n) && !late || !e.Fires() && !told(notify.KindResolved, n) &&
			!late {
			w.t.Errorf("slot %v: %s was not told: %+v", slot, n, e)
		}
		w.blindTold[n] = true
	}
	if w.blind(slot) {
		return // what it cannot see it tells when it can
	}
	if len(a.Episodes) > 0 && a.Fires() {
		w.t.Errorf("slot %v sees something, and is called blind since %v", slot, a.Now().Since)
	}
	for node, incidents := range w.nodes {
		for _, in := range incidents {
			n := name(node, in)
			late := told(notify.KindSeenLate, n)
			// The newest sample is of a minute before the slot.
			if slot.Add(-time.Minute).Sub(in.from) >= nodeMemory.For && !told(notify.KindNew, n) &&
				!late {
				w.t.Errorf("slot %v: %s, from %v to %v, was not told", slot, n, in.from, in.to)
			}
			if slot.Sub(in.to) >= 10*time.Minute && !told(notify.KindResolved, n) && !late {
				w.t.Errorf("slot %v: the end of %s, at %v, was not told", slot, n, in.to)
			}
		}
	}
}

const slotEvery = 5 * time.Minute

func newWorld(t *testing.T, seed uint64, length time.Duration) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 1)),
		begin: time.Now().Truncate(time.Hour).Add(time.Hour), archive: map[string]string{},
		told:  map[string]bool{},
		nodes: map[string][]incident{}, blindTold: map[string]bool{},
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

// A week of slots, of which every other run is killed at some step: after the next run that is not,
// nothing that had to be told is untold, each report is archived once, and there are no more
// duplicates than crashes and lost answers, every one of them marked.
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
					// nothing runs, such as on a full cluster
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
					// the Job is tried again: at once, which meets the claim, and when that is over
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
				"stood back, %d delivered everything; %d messages, %d duplicates, %d KiB of "+
				"state; %d outages, %d told",
				runs, w.missed, w.kills, w.lost, w.met, w.stoodBack, whole, len(w.log),
				w.duplicates, len(w.document)>>10,
				len(w.outages), len(w.blindTold))
			if w.duplicates > w.kills+w.lost {
				t.Errorf("%d duplicates from %d kills and %d lost answers", w.duplicates, w.kills,
					w.lost)
			}
			if w.kills < enough || whole < runs/5 || w.stoodBack == 0 || w.met == 0 ||
				w.lost == 0 || w.missed == 0 || len(w.blindTold) == 0 {
				t.Error("this has tried too little")
			}
		})
	}
}
