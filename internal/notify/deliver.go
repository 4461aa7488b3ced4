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

// Request asks Deliver to deliver one report of one slot.
type Request struct {
	Report    *report.Report
	Receivers []Receiver
	// Render draws the report. It is called at most once, and only if an archive or a message gets
	// the files.
	Render func(ctx context.Context) ([]report.File, error)

	Run   string    // this run's name in the claim, different from every other run
	Until time.Time // the run's deadline: nothing is sent in the last CommitTime before it
	// Now returns the wall clock. It is compared with Until and others' claims only.
	Now func() time.Time
	// MemoryLost is why Book remembers nothing; "": it does.
	MemoryLost string
	// Unrecorded is the newest slot at which messages may have been sent that Book does not know
	// of, such as a scheduled slot that is missing. A message that a run at that slot would have
	// sent is marked as a possible duplicate. Zero: none.
	Unrecorded time.Time
	// Lasts is how long each rule must hold before it fires.
	Lasts map[rules.RuleID]time.Duration

	// Began is when the run began, by Now. Zero: unknown.
	Began time.Time
	// Details, Changes, History and Interval are passed on: see Delivery.
	Details  map[rules.Key][]string
	Changes  map[rules.Key][]string
	History  *History
	Interval time.Duration
}

// Outcome is the result of a delivery.
type Outcome struct {
	// ClaimedBy is the claim of another run that is sending; this run sent nothing. That is no
	// error, but a heartbeat must not call it delivered: it is unknown whether the other run will
	// deliver. A run after Until sends what the other did not. Nil: this run sent what there was to
	// send, which may be nothing.
	ClaimedBy *Claim
	Sent      []Sent // in the order of sending
}

// Sent is the delivery of one thing to one receiver, after all attempts.
type Sent struct {
	Receiver string
	Message  *Message // nil for an archive or a mirror
	Receipt  Receipt
	Err      error // nil: delivered
}

// Deliver gives the report to every archive, then notifies every receiver of what it does not know
// yet, then gives everything to the mirrors. It tries all of them; the error joins what failed. A
// nil error means that everything was delivered and recorded, or that Outcome.ClaimedBy is set.
// Deliver may be called again for the same slot: archives and mirrors get the report again, and
// messages that were sent are not sent again.
//
// Only one run at a time sends messages. It writes a claim that holds until its deadline; a run
// that finds a live claim sends nothing and returns that claim in the Outcome. Before each message
// Deliver records that it is about to send it, and afterwards the receipt. If a run ends in
// between, the next run sends the message again, marked as a possible duplicate, so that no message
// is lost.
//
// If the book cannot be written, messages are still sent, and say that the next run may repeat
// them. The next run finds that slots are missing (Request.Unrecorded) and marks the repeated
// messages.
func Deliver(ctx context.Context, book Book, rq Request) (Outcome, error) {
	d := &delivery{Request: rq, book: book, slot: rq.Report.Info.Slot.Round(0).UTC()}
	if err := d.begin(ctx); err != nil {
		var other *claimedError
		if errors.As(err, &other) {
			return Outcome{ClaimedBy: &other.claim}, nil
		}
		if errors.Is(err, ErrOvertaken) && d.MemoryLost == "" {
			d.MemoryLost = "another run wrote the state first, and what it sent could not be read"
		}
		d.goOffline(err)
	}
	if d.idle() {
		return d.out, errors.Join(d.errs...)
	}
	d.shares = d.countShares()
	d.render(ctx)
	for i := range d.Receivers {
		if d.archives(&d.Receivers[i]) {
			d.sendReport(ctx, &d.Receivers[i])
		}
	}
	for i := range d.Receivers {
		if d.Receivers[i].Role.notifies() {
			d.notifyOrFallBack(ctx, &d.Receivers[i], d.plans[i])
		}
	}
	for i := range d.Receivers {
		if d.mirrors(d.Receivers[i]) {
			d.sendReport(ctx, &d.Receivers[i])
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

	page       Page   // as of when the claim was written
	outdated   bool   // a newer slot was evaluated before: only archives and summaries get this one
	plans      []plan // by index in Receivers
	files      []report.File
	archived   []Receipt // of the archives
	unarchived []string  // see Delivery.Unarchived
	pictures   map[string]string
	shares     int // of the remaining time, one for each remaining step

	queued  []func(*Ledger) // changes for the next write
	offline bool            // the book cannot be written: page replaces it
	stopped bool            // the claim is lost: nothing more is sent

	out  Outcome
	errs []error
}

// claimedError says that another run is sending.
type claimedError struct{ claim Claim }

func (e *claimedError) Error() string {
	return fmt.Sprintf("run %s is sending until %s", e.claim.Run,
		e.claim.Until.UTC().Format(time.RFC3339))
}

// begin makes the plans and writes the claim. If there is nothing to send, it writes no claim.
func (d *delivery) begin(ctx context.Context) error {
	return d.write(ctx, func(p *Page) error {
		if c := p.Ledger.Claim; c != nil && c.Run != d.Run && c.live(d.Now()) {
			return &claimedError{*c}
		} else if c != nil && c.Run != d.Run && c.Slot.After(d.Unrecorded) &&
			!c.Slot.After(d.slot) {
			// The other run never gave up its claim: it was killed, or sent messages while its
			// store did not answer.
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

// decide makes the plans and updates the ledger: it adds new receivers, removes old ones, and
// records ends that nobody wants to be notified of.
func (d *delivery) decide(p *Page) {
	d.outdated = d.slot.Before(p.Memory.Slot)
	p.Silences = pruneSilences(p.Silences, p.Memory.Slot)
	entries := map[string]Entry{}
	decider := d.decider(p)
	d.plans = make([]plan, len(d.Receivers))
	for i, r := range d.Receivers {
		e := p.Ledger.entry(r.Name, d.slot)
		e.prune(p.Memory.Alerts)
		if !d.outdated || r.Role == RoleSummary {
			d.plans[i] = decider.decide(r, e)
			d.plans[i].skip(&e, d.slot)
		}
		entries[r.Name] = e
		if r.Fallback == nil {
			continue
		}
		if e, ok := p.Ledger.Receivers[r.fallbackName()]; ok {
			e.prune(p.Memory.Alerts)
			entries[r.fallbackName()] = e
			if !d.outdated {
				d.plans[i].fallbackEnds = decider.resolved(r.asFallback(), e)
			}
		}
	}
	d.addPending(entries)
	p.Ledger.Receivers = entries
	d.page = Page{
		Memory: p.Memory, Silences: p.Silences, Ledger: Ledger{Receivers: maps.Clone(entries)},
	}
}

// decider returns a decider for a page.
func (d *delivery) decider(p *Page) *decider {
	out := newDecider(p, d.slot)
	out.unrecorded, out.lasts = d.Unrecorded, d.Lasts
	return out
}

// addPending records this slot as pending for each archive that keeps slots with news, if there are
// messages. The slot stays pending until the archive has it, even if this run is killed.
func (d *delivery) addPending(entries map[string]Entry) {
	if !d.hasMessages() {
		return
	}
	for _, r := range d.Receivers {
		if e := entries[r.Name]; r.Role == RoleArchiveOnChange {
			e.addPending(d.slot)
			entries[r.Name] = e
		}
	}
}

// skip records the ends that the receiver does not want to be notified of.
func (p *plan) skip(e *Entry, slot time.Time) {
	for _, i := range p.skipped {
		e.put(i.Key, i.Episode, Notified{
			Since: i.Episode.Since, At: slot, Severity: i.Alert.Severity, Ended: true,
		})
	}
}

// hasMessages reports whether there is any message to send.
func (d *delivery) hasMessages() bool {
	return slices.ContainsFunc(d.plans, func(p plan) bool {
		return len(p.messages)+len(p.fallbackEnds) > 0
	})
}

// archives reports whether r keeps this report. An archive that missed a slot with news gets the
// next report, of the same slot or of a later one.
func (d *delivery) archives(r *Receiver) bool {
	if r.Role != RoleArchiveOnChange {
		return r.Role == RoleArchive
	}
	e := d.page.Ledger.Receivers[r.Name]
	return e.isPending(d.slot)
}

// archiving reports whether any archive keeps this report.
func (d *delivery) archiving() bool {
	return slices.ContainsFunc(d.Receivers, func(r Receiver) bool { return d.archives(&r) })
}

// idle reports whether there is nothing to send.
func (d *delivery) idle() bool {
	return !d.hasMessages() && !d.archiving() && !slices.ContainsFunc(d.Receivers, d.mirrors)
}

// mirrors reports whether r gets this report as a mirror.
func (d *delivery) mirrors(r Receiver) bool { return r.Role == RoleMirror && !d.outdated }

// countShares counts the steps that need time: drawing, archives, receivers and fallbacks with
// messages, mirrors.
func (d *delivery) countShares() int {
	n := 0
	if d.drawing() {
		n++
	}
	for i, r := range d.Receivers {
		switch {
		case d.archives(&r), d.mirrors(r):
			n++
		case len(d.plans[i].messages) > 0 && r.Fallback != nil:
			n += 2
		case len(d.plans[i].messages)+len(d.plans[i].fallbackEnds) > 0:
			n++
		}
	}
	return n
}

// drawing reports whether the report is drawn: an archive keeps it, or a message has its files.
func (d *delivery) drawing() bool {
	for i, r := range d.Receivers {
		if r.Attaches != nil && slices.ContainsFunc(d.plans[i].messages, func(m *Message) bool {
			return r.Attaches(m.Kind)
		}) {
			return true
		}
	}
	return d.archiving()
}

// render draws the report if somebody gets its files. If that fails, messages are still sent.
func (d *delivery) render(ctx context.Context) {
	if !d.drawing() {
		return
	}
	ctx, cancel := d.share(ctx)
	defer cancel()
	files, err := d.Render(ctx)
	if err != nil {
		d.fail(fmt.Errorf("drawing report %s: %w", d.Report.Info.Name, err))
		return
	}
	d.files = files
}

// share returns a context with an equal share of the remaining time.
func (d *delivery) share(ctx context.Context) (context.Context, context.CancelFunc) {
	left := d.Until.Add(-CommitTime).Sub(d.Now())
	shares := time.Duration(max(d.shares, 1))
	d.shares--
	return context.WithTimeout(ctx, left/shares)
}

// sendReport gives the report to an archive or a mirror. Both may get the same report twice.
func (d *delivery) sendReport(ctx context.Context, r *Receiver) {
	ctx, cancel := d.share(ctx)
	defer cancel()
	if d.stopped {
		return
	}
	if r.Role.archives() && d.files == nil {
		err := &RefusedError{errors.New("the report could not be drawn")}
		d.recordSent(r.Name, nil, Receipt{}, err)
		d.noteUnarchived(r.Name, err)
		return
	}
	v := d.programViewOf(r.Matchers)
	given := d.delivery(v, nil)
	receipt, _, err := d.send(ctx, r.Notifier, given)
	d.recordSent(r.Name, nil, receipt, err)
	if !r.Role.archives() {
		return
	}
	if err != nil {
		d.noteUnarchived(r.Name, err)
		return
	}
	d.archived = append(d.archived, receipt)
	d.link(ctx, r.Notifier, given)
	d.note(r.Name, func(e *Entry) { e.markArchived(d.slot) })
}

// link records the links to the pictures of the first archive that has any. Messages do without
// them.
func (d *delivery) link(ctx context.Context, archive Notifier, given Delivery) {
	if to, ok := archive.(Linker); ok && len(d.pictures) == 0 {
		d.pictures, _ = to.Links(ctx, given)
	}
}

// noteUnarchived lets messages say that an archive does not have the report.
func (d *delivery) noteUnarchived(archive string, why error) {
	d.unarchived = append(d.unarchived, fmt.Sprintf("%s: %v", archive, why))
}

// delivery returns what a receiver with a view is given.
func (d *delivery) delivery(v view, m *Message) Delivery {
	return Delivery{
		Report: v.report, Files: d.files, Message: m,
		Archived: d.archived, Unarchived: d.unarchived, Pictures: d.pictures,
		Memory: v.memory, MemoryLost: d.MemoryLost, Unwritten: d.offline || d.MemoryLost != "",
		Details: d.Details, Changes: d.Changes, History: v.history, Interval: d.Interval,
		Run: d.progress(),
	}
}

// progress returns what the run did so far.
func (d *delivery) progress() Run {
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

// notifyOrFallBack sends messages to a receiver, and to its fallback if that fails. The fallback
// has a ledger entry of its own. When the receiver works again, the fallback still gets the ends of
// the alerts that it announced; after the last one, its entry is deleted.
func (d *delivery) notifyOrFallBack(ctx context.Context, r *Receiver, p plan) {
	failed := d.sendMessages(ctx, target{r.Name, r.Notifier, r.Limits, r.Matchers}, p.messages)
	if r.Fallback == nil || d.stopped {
		return
	}
	fallback := target{r.fallbackName(), r.Fallback.Notifier, r.Fallback.Limits, r.Matchers}
	if failed {
		d.sendMessages(ctx, fallback, d.fallbackMessages(ctx, r))
		return
	}
	if len(p.messages) > 0 && len(p.fallbackEnds) == 0 {
		d.shares-- // the fallback does not need it
	}
	d.sendMessages(ctx, fallback, p.fallbackEnds)
	d.queued = append(d.queued, func(l *Ledger) {
		if e, ok := l.Receivers[r.fallbackName()]; ok && !e.open() {
			delete(l.Receivers, r.fallbackName())
		}
	})
}

// fallbackMessages returns the messages for a receiver's fallback: what neither of them was sent.
func (d *delivery) fallbackMessages(ctx context.Context, r *Receiver) []*Message {
	var e Entry
	_ = d.flush(ctx, func(l *Ledger) { // the error is among d's
		e = l.entry(r.fallbackName(), d.slot).withEntry(l.entry(r.Name, d.slot))
	})
	messages := d.decider(&d.page).decide(r.asFallback(), e).messages
	for _, m := range messages {
		m.InsteadOf = r.Name
	}
	return messages
}

// fallbackName is the name of the ledger entry of the receiver's fallback.
func (r *Receiver) fallbackName() string { return r.Name + " via " + r.Fallback.Name }

// asFallback returns a copy of the receiver with the limits of its fallback.
func (r Receiver) asFallback() Receiver {
	r.Limits = r.Fallback.Limits
	return r
}

// target is where messages go. name is its ledger entry.
type target struct {
	name     string
	notifier Notifier
	limits   Limits
	matchers rules.Matchers
}

// sendMessages sends messages one after the other, and reports whether any failed.
func (d *delivery) sendMessages(ctx context.Context, to target, messages []*Message) (failed bool) {
	if len(messages) == 0 {
		return false
	}
	ctx, cancel := d.share(ctx)
	defer cancel()
	name, pause := to.name, d.spacing(ctx, to.limits, len(messages))
	v := d.viewOf(to.matchers)
	for i, m := range messages {
		if i >= to.limits.Burst && pause > 0 {
			d.sleep(ctx, pause)
		}
		if err := d.claim(ctx, name, m); err != nil {
			d.recordSent(name, m, Receipt{}, err)
			return true
		}
		suspect := m.PossibleDuplicate
		receipt, unsure, err := d.send(ctx, to.notifier, d.delivery(v, m))
		d.recordSent(name, m, receipt, err)
		if err == nil {
			d.note(name, func(e *Entry) { e.record(m, d.slot, receipt) })
		}
		if err == nil || !unsure && !suspect {
			d.note(name, func(e *Entry) { e.clearUnsure(m) })
		}
		failed = failed || err != nil
	}
	return failed
}

// spacing returns the pause between n messages.
func (d *delivery) spacing(ctx context.Context, l Limits, n int) time.Duration {
	left := d.Until.Add(-CommitTime).Sub(d.Now())
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, deadline.Sub(d.Now()))
	}
	return l.spacing(n, left)
}

// recordSent adds the result of one delivery to the outcome.
func (d *delivery) recordSent(name string, m *Message, receipt Receipt, err error) {
	d.out.Sent = append(d.out.Sent, Sent{Receiver: name, Message: m, Receipt: receipt, Err: err})
	switch {
	case err == nil || errors.Is(err, errClaimLost):
	case m == nil:
		d.fail(fmt.Errorf("delivering report %s to %s: %w", d.Report.Info.Name, name, err))
	default:
		d.fail(fmt.Errorf("notifying %s (%s): %w", name, m.Kind, err))
	}
}

func (d *delivery) fail(err error) { d.errs = append(d.errs, err) }
