package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/heartbeat"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// Mode is what a run does with its reports.
type Mode uint8

// The modes.
const (
	WriteFiles Mode = iota // under Options.OutputDir, and nothing else
	DryRun                 // under Options.OutputDir, with what people would be told; nothing is sent or remembered
	Deliver                // to the configuration's receivers, and remember what they were told
)

// Draft is a message that a dry run did not send.
type Draft struct {
	Receiver string
	Kind     notify.Kind // KindNone of what a program would be posted
	Step     string      // how it would go out: post, reply, broadcast, edit, thread
	Text     string      // as a person reads it; "" of what a program would be posted
	File     string      // beside the report: its blocks for Slack's Block Kit Builder, or what would be posted
}

// mostStateTime is how long the state may take to be read.
const mostStateTime = 15 * time.Second

// stateTime is ctx for reading the state. A short run keeps most of its time for telling people.
func (a *App) stateTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(mostStateTime, a.o.Timeout/4))
}

// due is a report that is to be delivered.
type due struct {
	config       config.Report
	taken        taken
	report       *report.Report // made of taken and of what is remembered
	now          rules.Evaluation
	details      map[rules.Key][]string // see notify.Delivery
	began, until time.Time              // of the run
	notes        []string               // see Result
	blind        bool                   // see Result
}

// deliver hands the report to its receivers, under a claim, as far as they do not know what it says.
func (a *App) deliver(ctx context.Context, d due) Result {
	session := a.remember(ctx, a.store, &d)
	res := Result{Report: d.report, Notes: slices.Clone(d.notes), blind: d.blind}
	rq := a.request(ctx, d, session, &res)
	rq.Receivers = a.receiversOf(d.config)
	rq.Render = func(ctx context.Context) ([]report.File, error) { return filesOf(ctx, d.report) }
	out, err := notify.Deliver(ctx, session, rq)
	res.StoodBack, res.Sent, res.Err = out.StoodBack, out.Sent, errors.Join(res.Err, err)
	res.Receipt = a.location(out.Sent)
	if c := out.StoodBack; c != nil && d.config.Send == config.SendSummary {
		// What a check leaves untold the next one tells minutes later; the next summary comes in a day.
		res.Err = errors.Join(res.Err, fmt.Errorf("run %s has claimed to tell of report %s until %s; if it has told nobody by then, run this again",
			c.Run, d.config.Name, c.Until.UTC().Format(time.RFC3339)))
	}
	return res
}

// conclude does what no message waits for, when every report was delivered: heartbeats, what belongs below Slack's messages, which may take
// long, and last summaries that were left to another run, which take as long as that one.
func (a *App) conclude(ctx context.Context, handed []due, results []Result) {
	var beats sync.WaitGroup
	for i, d := range handed {
		beats.Go(func() { a.beat(ctx, d, &results[i]) })
	}
	beats.Wait()
	a.followUp(ctx, results)
	for i, d := range handed {
		if results[i].StoodBack == nil {
			continue
		}
		for looks := 0; results[i].StoodBack != nil && a.awaits(ctx, d, results[i].StoodBack, looks); looks++ {
			results[i] = a.deliver(ctx, d)
		}
		a.beat(ctx, d, &results[i])
		a.followUp(ctx, results)
	}
}

// The bounds of waiting for another run's claim.
const (
	firstPoll = time.Second      // before the first look whether the other run is done; doubled after each
	mostPoll  = 10 * time.Second // between two looks
	leastLook = time.Second      // that the last look leaves for delivering, before notify.CommitTime
)

// awaits waits for the end of another run that is telling people, where a summary would be lost for a day without it: it looks again
// soon, for the other run may be done long before its deadline, and when its claim ends, for it may have been killed, such as the first
// Pod of this very Job. It reports whether there is anything to look at before this run's own time is over.
func (a *App) awaits(ctx context.Context, d due, other *notify.Claim, looks int) bool {
	pause, ok := untilNextLook(a.o.Now(), d.until, other.Until, looks)
	if !ok || d.config.Send != config.SendSummary {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-a.o.Stop:
		return false
	case <-timer.C:
		return true
	}
}

// untilNextLook returns how long a run whose time ends at own waits before it looks again at a claim that holds until other, after so
// many looks. False: no time is left for a look. The other's deadline may lie after its own: most runs end long before theirs.
func untilNextLook(now, own, other time.Time, looks int) (time.Duration, bool) {
	left := own.Add(-notify.CommitTime - leastLook).Sub(now)
	if left <= 0 {
		return 0, false
	}
	pause := mostPoll
	if looks < 4 {
		pause = min(firstPoll<<looks, mostPoll)
	}
	return max(min(pause, left, other.Sub(now)), 0), true
}

// leastBeat is how long a heartbeat may take where the run is out of time.
const leastBeat = time.Second

// beat calls the report's heartbeat: all is well where the report is no reason for an exit code but 0. Another run that is telling people
// calls it itself. It is called also where the run is out of time, and was told to stop: then above all.
func (a *App) beat(ctx context.Context, d due, res *Result) {
	if d.config.Heartbeat.IsZero() || res.StoodBack != nil {
		return
	}
	most := min(max(d.until.Sub(a.o.Now()), leastBeat), notify.CommitTime)
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), most, fmt.Errorf("no answer within %s", most.Round(time.Second)))
	defer cancel()
	if err := heartbeat.Ping(ctx, heartbeat.Options{URL: d.config.Heartbeat}, !res.failed()); err != nil {
		res.Notes = append(res.Notes, fmt.Sprintf("the heartbeat was not heard: %v", err))
	}
}

// followUp fills the threads below Slack's messages. What does not work is noted with the last report that was told: the note names the
// message.
func (a *App) followUp(ctx context.Context, results []Result) {
	var last *Result
	for i := range results {
		if results[i].StoodBack == nil {
			last = &results[i]
		}
	}
	if last == nil {
		return
	}
	for _, c := range a.cfg.Receivers { // also those that were told as another's fallback
		followUp := a.receivers[c.Name].followUp
		if followUp == nil {
			continue
		}
		if err := followUp(ctx); err != nil {
			last.Notes = append(last.Notes, fmt.Sprintf("%s: %v", c.Name, err))
		}
	}
}

// rehearse does everything that deliver does, but for sending and remembering: the report, Slack's blocks and what programs would be
// posted are written under Options.OutputDir.
func (a *App) rehearse(ctx context.Context, d due) Result {
	session := a.remember(ctx, forgetful{a.store}, &d)
	res := Result{Report: d.report, Notes: slices.Clone(d.notes), blind: d.blind}
	files, err := filesOf(ctx, d.report)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", d.config.Name, err)
		return res
	}
	rq := a.request(ctx, d, session, &res)
	rq.Render = func(context.Context) ([]report.File, error) { return files, nil }
	for _, n := range a.receiversOf(d.config) {
		to := a.receivers[n.Name]
		if to.kind.rehearse == nil {
			continue
		}
		n.Fallback, n.Limits.Pace = nil, 0
		n.Notifier, err = to.kind.rehearse(to.config, func(of notify.Kind, step, text, contentType string, body []byte) {
			name := fmt.Sprintf("message-%02d-%s-%s%s", len(res.Drafts)+1, to.config.Name, step, extensionOf(contentType))
			files = append(files, report.File{Name: name, ContentType: contentType, Body: body})
			res.Drafts = append(res.Drafts, Draft{to.config.Name, of, step, text, name})
		})
		if err != nil {
			res.Err = errors.Join(res.Err, fmt.Errorf("receiver %s: %w", n.Name, err))
			continue
		}
		rq.Receivers = append(rq.Receivers, n)
	}
	out, err := notify.Deliver(ctx, session, rq)
	res.StoodBack, res.Err = out.StoodBack, errors.Join(res.Err, err)
	res.Receipt, err = a.local.Notify(ctx, notify.Delivery{Report: d.report, Files: files})
	if err != nil {
		res.Err = errors.Join(res.Err, fmt.Errorf("writing report %s: %w", d.config.Name, err))
	}
	return res
}

const jsonType = "application/json"

// extensionOf is how the name of a file ends.
func extensionOf(contentType string) string {
	if contentType == jsonType {
		return ".json"
	}
	return ".txt"
}

// request is what a delivery and its rehearsal have in common. What is not known is among the result's errors and notes.
func (a *App) request(ctx context.Context, d due, session *state.Session, res *Result) notify.Request {
	rq := notify.Request{
		Report: d.report, Run: a.run, Until: d.until, Now: a.o.Now, Began: d.began, Details: d.details,
		Unrecorded: a.unrecorded(d, session), For: forOf(d.taken.panels),
	}
	if lost := session.Lost(); lost != nil {
		rq.MemoryLost, res.Err = lost.Error(), lost
	}
	if s := d.config.Schedule; s != nil {
		rq.Interval = s.Interval(d.report.Info.Slot)
	}
	var err error
	if rq.History, err = a.history(ctx, d.config, d.report.Info.Slot, session.Page()); err != nil {
		res.Notes = append(res.Notes, err.Error())
	}
	return rq
}

// remember opens what is remembered of a report, with the alerts of this slot, and makes the report, which says how old they are. Where
// memory is lost it does not: everything would look new.
func (a *App) remember(ctx context.Context, store state.Store, d *due) *state.Session {
	ctx, cancel := a.stateTime(ctx)
	defer cancel()
	in := d.taken.info
	s := state.Open(ctx, store, state.Key{Cluster: a.cfg.Cluster, Report: d.config.Name}, a.run, d.now, in.Slot)
	if s.Lost() == nil {
		in.Known = &report.Known{Memory: s.Page().Memory, Now: d.now}
		if a, blind := s.Page().Memory.Alerts[rules.BlindKey]; blind && a.Fires() {
			d.blind = true
			d.notes = append(d.notes, fmt.Sprintf("%s fires since %s, so this run counts as failed", rules.BlindName, a.Now().Since.UTC().Format(time.RFC3339)))
		}
	}
	d.report = report.Build(in, d.taken.panels)
	return s
}

// forgetful is a store that writes nothing, and in which nobody is telling people: a dry run is in nobody's way.
type forgetful struct{ state.Store }

// Load implements state.Store.
func (f forgetful) Load(ctx context.Context, k state.Key) (state.Doc, state.Version, error) {
	doc, v, err := f.Store.Load(ctx, k)
	doc.Ledger.Claim = nil
	return doc, v, err
}

// Save implements state.Store.
func (forgetful) Save(_ context.Context, _ state.Key, _ state.Doc, v state.Version) (state.Version, error) {
	return v, nil
}
