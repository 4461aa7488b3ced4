package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// Request is one report of one slot to be delivered.
type Request struct {
	Report    *report.Report
	Receivers []Receiver
	// Render draws the report. It is called once at most, and only where an archive gets the files.
	Render func(ctx context.Context) ([]report.File, error)

	Run   string    // this run, in the claim: unlike every other run
	Until time.Time // the run's own deadline: nothing is sent in the last CommitTime before it
	// Now is the wall clock, to hold against Until and others' claims alone.
	Now func() time.Time
	// MemoryLost says why Book remembers nothing, "" where it does.
	MemoryLost string
	// Unrecorded is the newest slot at which people may have been told although Book does not know
	// of it, such as one at which a run was due: what that run would have told may be a repetition.
	// Zero: there is none.
	Unrecorded time.Time
	// Lasts is how long each rule must have held before it fires.
	Lasts map[rules.RuleID]time.Duration

	// Began is when the run did, by Now. Zero: not known.
	Began time.Time
	// Details, History and Interval are handed on: see Delivery.
	Details  map[rules.Key][]string
	History  *History
	Interval time.Duration
}

// Outcome is what a delivery came to.
type Outcome struct {
	// ClaimedBy is the claim of another run that is telling people: nothing was sent, and whether
	// the other will have told anybody is not known. It is no error, and nothing that a heartbeat
	// may call delivered: a run that is tried again after Until tells what the other did not, be it
	// a summary or an alert. Nil: this run told what there was to tell, which may be nothing.
	ClaimedBy *Claim
	Sent      []Sent // in the order of sending
}

// Sent is one thing that a receiver was to be given, however many tries it took.
type Sent struct {
	Receiver string
	Message  *Message // nil of an archive or a mirror
	Receipt  Receipt
	Err      error // nil: delivered
}

// Deliver hands the report to every archive, then tells every receiver what it does not know yet,
// then hands everything to the mirrors. All are tried; the error joins what went wrong, and nil
// says that everything was delivered and written down, or, where the Outcome says so, that another
// run is at it. A slot that was told before is told nobody again, summaries among them, and is no
// error; archives and mirrors are handed it again.
//
// One run at a time tells people. It writes a claim that holds until its own deadline; a run that
// meets a live claim stands back, and says so in the Outcome. Before each message the claim is
// written that it is about to be sent, after it the receipt: where a run ends between the two, the
// next one sends the message again, marked as a possible duplicate, so that what had to be told is
// told.
//
// A book that cannot be written keeps nobody from being told: then messages say that the next run
// may repeat them. The run that does, which finds that slots are missing in its book
// (Request.Unrecorded), marks them as possible duplicates.
func Deliver(ctx context.Context, book Book, rq Request) (Outcome, error) {
	d := &delivery{Request: rq, book: book, slot: rq.Report.Info.Slot.Round(0).UTC()}
	if err := d.begin(ctx); err != nil {
		var other *claimedError
		if errors.As(err, &other) {
			return Outcome{ClaimedBy: &other.claim}, nil
		}
		if errors.Is(err, ErrOvertaken) && d.MemoryLost == "" {
			d.MemoryLost = "another run was quicker, and what it told could not be read"
		}
		d.goOffline(err)
	}
	if d.idle() {
		return d.out, errors.Join(d.errs...)
	}
	d.turns = d.countTurns()
	d.render(ctx)
	for i := range d.Receivers {
		if d.archives(&d.Receivers[i]) {
			d.hand(ctx, &d.Receivers[i])
		}
	}
	for i := range d.Receivers {
		if d.Receivers[i].Role.tells() {
			d.tellOrFallBack(ctx, &d.Receivers[i], d.plans[i])
		}
	}
	for i := range d.Receivers {
		if d.mirrors(d.Receivers[i]) {
			d.hand(ctx, &d.Receivers[i])
		}
	}
	d.finish(ctx)
	return d.out, errors.Join(d.errs...)
}

// delivery is one run of Deliver.
type delivery struct {
	Request
	book Book
	slot time.Time

	page  Page   // as it was when the claim was written
	late  bool   // a newer slot was evaluated before: this one is only archived and summed up
	plans []plan // of Receivers
	files []report.File
	kept  []Receipt // of the archives
	lacks []string  // see Delivery.Unarchived
	turns int       // that are still to come

	waiting []func(*Ledger) // what is to be written down with the next writing
	offline bool            // the book cannot be written: page stands in for it
	stopped bool            // the claim is lost: nothing more is sent

	out  Outcome
	errs []error
}

// claimedError says that another run is telling people.
type claimedError struct{ claim Claim }

func (e *claimedError) Error() string {
	return fmt.Sprintf("run %s is telling people until %s", e.claim.Run,
		e.claim.Until.UTC().Format(time.RFC3339))
}

// begin writes the claim, and decides on the page as it is then. Where there is nothing to send it
// writes no claim.
func (d *delivery) begin(ctx context.Context) error {
	return d.write(ctx, func(p *Page) error {
		if c := p.Ledger.Claim; c != nil && c.Run != d.Run && c.live(d.Now()) {
			return &claimedError{*c}
		} else if c != nil && c.Run != d.Run && c.Slot.After(d.Unrecorded) &&
			!c.Slot.After(d.slot) {
			// It never gave its claim back: it was killed, or told people while its storage
			// answered it nothing.
			d.Unrecorded = c.Slot
		}
		d.decide(p)
		p.Ledger.Claim = nil
		if !d.idle() {
			p.Ledger.Claim = &Claim{Slot: d.slot, Run: d.Run, Until: d.Until.Round(0).UTC()}
		}
		return nil
	})
}

// decide makes the plans, and brings the ledger into order: receivers that are new or no longer
// there, ends that nobody wants to hear of.
func (d *delivery) decide(p *Page) {
	d.late = d.slot.Before(p.Memory.Slot)
	p.Silences = pruneSilences(p.Silences, p.Memory.Slot)
	entries := map[string]Entry{}
	decider := d.decider(p)
	d.plans = make([]plan, len(d.Receivers))
	for i, r := range d.Receivers {
		e := p.Ledger.entry(r.Name, d.slot)
		e.prune(p.Memory.Alerts)
		if !d.late || r.Role == RoleSummary {
			d.plans[i] = decider.decide(r, e)
			d.plans[i].skip(&e, d.slot)
		}
		entries[r.Name] = e
		if r.Fallback == nil {
			continue
		}
		if e, ok := p.Ledger.Receivers[r.standIn()]; ok {
			e.prune(p.Memory.Alerts)
			entries[r.standIn()] = e
			if !d.late {
				d.plans[i].ends = decider.ends(r.instead(), e)
			}
		}
	}
	d.owe(entries)
	p.Ledger.Receivers = entries
	d.page = Page{
		Memory: p.Memory, Silences: p.Silences, Ledger: Ledger{Receivers: maps.Clone(entries)},
	}
}

// decider decides by a page.
func (d *delivery) decider(p *Page) *decider {
	out := newDecider(p, d.slot)
	out.unrecorded, out.lasts = d.Unrecorded, d.Lasts
	return out
}

// owe writes down of each archive that keeps the slots with news that it is owed this one, where
// anybody is to be told anything: it is so until the archive has it, whatever becomes of this run.
func (d *delivery) owe(entries map[string]Entry) {
	if !d.telling() {
		return
	}
	for _, r := range d.Receivers {
		if e := entries[r.Name]; r.Role == RoleArchiveOnChange {
			e.owe(d.slot)
			entries[r.Name] = e
		}
	}
}

// skip writes down the ends that the receiver does not want to hear of.
func (p *plan) skip(e *Entry, slot time.Time) {
	for _, i := range p.skipped {
		e.put(i.Key, i.Episode, Notified{
			Since: i.Episode.Since, At: slot, Severity: i.Alert.Severity, Ended: true,
		})
	}
}

// telling tells whether anybody is to be told anything.
func (d *delivery) telling() bool {
	return slices.ContainsFunc(d.plans, func(p plan) bool {
		return len(p.messages)+len(p.ends) > 0
	})
}

// archives tells whether r is to keep this report. An archive that could not be given a slot with
// news is given the next report there is, of the same slot or of a later one.
func (d *delivery) archives(r *Receiver) bool {
	if r.Role != RoleArchiveOnChange {
		return r.Role == RoleArchive
	}
	e := d.page.Ledger.Receivers[r.Name]
	return e.owed(d.slot)
}

// archiving tells whether anybody is to keep this report.
func (d *delivery) archiving() bool {
	return slices.ContainsFunc(d.Receivers, func(r Receiver) bool { return d.archives(&r) })
}

// idle tells whether nothing is to be sent at all.
func (d *delivery) idle() bool {
	return !d.telling() && !d.archiving() && !slices.ContainsFunc(d.Receivers, d.mirrors)
}

// mirrors tells whether r is to be handed this report as a mirror.
func (d *delivery) mirrors(r Receiver) bool { return r.Role == RoleMirror && !d.late }

// countTurns counts those that will need time: the drawing, archives, whoever is to be told
// something and who stands in for them, mirrors.
func (d *delivery) countTurns() int {
	n := 0
	if d.archiving() {
		n++ // the drawing
	}
	for i, r := range d.Receivers {
		switch {
		case d.archives(&r), d.mirrors(r):
			n++
		case len(d.plans[i].messages) > 0 && r.Fallback != nil:
			n += 2
		case len(d.plans[i].messages)+len(d.plans[i].ends) > 0:
			n++
		}
	}
	return n
}

// render draws the report where somebody keeps the files. Without them people are still told.
func (d *delivery) render(ctx context.Context) {
	if !d.archiving() {
		return
	}
	ctx, cancel := d.turn(ctx)
	defer cancel()
	files, err := d.Render(ctx)
	if err != nil {
		d.fail(fmt.Errorf("drawing report %s: %w", d.Report.Info.Name, err))
		return
	}
	d.files = files
}

// turn is ctx for one receiver's turn: its share of the time that is left for sending.
func (d *delivery) turn(ctx context.Context) (context.Context, context.CancelFunc) {
	left := d.Until.Add(-CommitTime).Sub(d.Now())
	turns := time.Duration(max(d.turns, 1))
	d.turns--
	return context.WithTimeout(ctx, left/turns)
}

// hand gives the report to an archive or a mirror, which are not told the same thing twice whatever
// they are given.
func (d *delivery) hand(ctx context.Context, r *Receiver) {
	ctx, cancel := d.turn(ctx)
	defer cancel()
	if d.stopped {
		return
	}
	if r.Role.archives() && d.files == nil {
		err := &RefusedError{errors.New("the report could not be drawn")}
		d.sent(r.Name, nil, Receipt{}, err)
		d.lack(r.Name, err)
		return
	}
	receipt, _, err := d.send(ctx, r.Notifier, d.delivery(nil))
	d.sent(r.Name, nil, receipt, err)
	if !r.Role.archives() {
		return
	}
	if err != nil {
		d.lack(r.Name, err)
		return
	}
	d.kept = append(d.kept, receipt)
	d.note(r.Name, func(e *Entry) { e.keep(d.slot) })
}

// lack has people told that an archive does not have the report.
func (d *delivery) lack(archive string, why error) {
	d.lacks = append(d.lacks, fmt.Sprintf("%s: %v", archive, why))
}

// delivery is what a receiver is given.
func (d *delivery) delivery(m *Message) Delivery {
	return Delivery{
		Report: d.Report, Files: d.files, Message: m, Archived: d.kept, Unarchived: d.lacks,
		Memory: d.page.Memory, MemoryLost: d.MemoryLost, Unwritten: d.offline || d.MemoryLost != "",
		Details: d.Details, History: d.History, Interval: d.Interval, Run: d.soFar(),
	}
}

// soFar is what became of the run up to now.
func (d *delivery) soFar() Run {
	var run Run
	if !d.Began.IsZero() {
		run.Took = d.Now().Sub(d.Began)
	}
	for _, s := range d.out.Sent {
		if s.Err != nil {
			run.Failed++
		} else {
			run.Delivered++
		}
	}
	return run
}

// tellOrFallBack tells a receiver, and another one in its stead where that fails. The other has an
// entry of its own, of what it was told itself: when the first can be told again it is still told
// the end of that, and its entry goes after the last.
func (d *delivery) tellOrFallBack(ctx context.Context, r *Receiver, p plan) {
	failed := d.tell(ctx, addressee{r.Name, r.Notifier, r.Limits}, p.messages)
	if r.Fallback == nil || d.stopped {
		return
	}
	standIn := addressee{r.standIn(), r.Fallback.Notifier, r.Fallback.Limits}
	if failed {
		d.tell(ctx, standIn, d.instead(ctx, r))
		return
	}
	if len(p.messages) > 0 && len(p.ends) == 0 {
		d.turns-- // which nobody takes
	}
	d.tell(ctx, standIn, p.ends)
	d.waiting = append(d.waiting, func(l *Ledger) {
		if e, ok := l.Receivers[r.standIn()]; ok && !e.open() {
			delete(l.Receivers, r.standIn())
		}
	})
}

// instead is what the fallback of a receiver is to be told: what neither of the two was.
func (d *delivery) instead(ctx context.Context, r *Receiver) []*Message {
	var e Entry
	_ = d.flush(ctx, func(l *Ledger) { // the error is among d's
		e = l.entry(r.standIn(), d.slot).besides(l.entry(r.Name, d.slot))
	})
	messages := d.decider(&d.page).decide(r.instead(), e).messages
	for _, m := range messages {
		m.InsteadOf = r.Name
	}
	return messages
}

// standIn is what the ledger calls the receiver's fallback in this duty.
func (r *Receiver) standIn() string { return r.Name + " via " + r.Fallback.Name }

// instead is what the fallback is to be told as: what the receiver wants to know, within the limits
// of the fallback.
func (r Receiver) instead() Receiver {
	r.Limits = r.Fallback.Limits
	return r
}

// addressee is who is told, by the ledger's name.
type addressee struct {
	name     string
	notifier Notifier
	limits   Limits
}

// tell sends messages one after the other, and tells whether one could not be sent.
func (d *delivery) tell(ctx context.Context, to addressee, messages []*Message) (failed bool) {
	if len(messages) == 0 {
		return false
	}
	ctx, cancel := d.turn(ctx)
	defer cancel()
	name, pause := to.name, d.apart(ctx, to.limits, len(messages))
	for i, m := range messages {
		if i >= to.limits.Burst && pause > 0 {
			d.sleep(ctx, pause)
		}
		if err := d.claim(ctx, name, m); err != nil {
			d.sent(name, m, Receipt{}, err)
			return true
		}
		suspect := m.PossibleDuplicate
		receipt, unsure, err := d.send(ctx, to.notifier, d.delivery(m))
		d.sent(name, m, receipt, err)
		if err == nil {
			d.note(name, func(e *Entry) { e.record(m, d.slot, receipt) })
		}
		if err == nil || !unsure && !suspect {
			d.note(name, func(e *Entry) { e.sure(m) })
		}
		failed = failed || err != nil
	}
	return failed
}

// apart is how far apart n messages are sent.
func (d *delivery) apart(ctx context.Context, l Limits, n int) time.Duration {
	left := d.Until.Add(-CommitTime).Sub(d.Now())
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, deadline.Sub(d.Now()))
	}
	return l.apart(n, left)
}

// sent takes down what came of one sending.
func (d *delivery) sent(name string, m *Message, receipt Receipt, err error) {
	d.out.Sent = append(d.out.Sent, Sent{Receiver: name, Message: m, Receipt: receipt, Err: err})
	switch {
	case err == nil || errors.Is(err, errClaimLost):
	case m == nil:
		d.fail(fmt.Errorf("delivering report %s to %s: %w", d.Report.Info.Name, name, err))
	default:
		d.fail(fmt.Errorf("telling %s (%s): %w", name, m.Kind, err))
	}
}

func (d *delivery) fail(err error) { d.errs = append(d.errs, err) }
