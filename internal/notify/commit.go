package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CommitTime is reserved at the end of a run for recording what was sent.
const CommitTime = 5 * time.Second

// errClaimLost says that another run has taken the claim. Either this run went on after its own
// deadline, or the machines' clocks differ by more than the time that was left.
var errClaimLost = errors.New("another run has taken over, because this one ran past its " +
	"deadline; nothing more is sent")

// claim records that m is about to be sent, together with earlier changes that wait to be written.
// If it returns an error, m must not be sent.
func (d *delivery) claim(ctx context.Context, name string, m *Message) error {
	if d.stopped {
		return errClaimLost
	}
	if ctx.Err() != nil {
		return errNoTime(ctx)
	}
	err := d.flush(ctx, func(l *Ledger) {
		e := l.entry(name, d.slot)
		m.PossibleDuplicate = m.PossibleDuplicate || e.unsureOf(m)
		e.Unsure = append(slices.Clone(e.Unsure), m.ids()...)
		slices.Sort(e.Unsure)
		e.Unsure = slices.Compact(e.Unsure)
		l.Receivers[name] = e
	})
	if errors.Is(err, errClaimLost) {
		return err
	}
	return nil // a failed write does not stop m, which then says so
}

// errNoTime returns the error of what was not sent because ctx has ended.
func errNoTime(ctx context.Context) error {
	return &LateError{
		fmt.Errorf("no time was left to send it; the next run will: %w", context.Cause(ctx)),
	}
}

// note queues a change of a receiver's entry for the next write.
func (d *delivery) note(name string, f func(*Entry)) {
	d.queued = append(d.queued, func(l *Ledger) {
		e := l.entry(name, d.slot)
		f(&e)
		l.Receivers[name] = e
	})
}

// flush writes the queued changes, and f after them. Offline, f changes d.page and stays queued.
func (d *delivery) flush(ctx context.Context, f func(*Ledger)) error {
	d.queued = append(d.queued, f)
	if d.offline {
		f(&d.page.Ledger)
		return nil
	}
	err := d.writeQueued(ctx)
	if err != nil && !d.stopped {
		d.goOffline(err)
	}
	return err
}

// writeQueued writes the queued changes if this run still holds the claim.
func (d *delivery) writeQueued(ctx context.Context) error {
	err := d.write(ctx, func(p *Page) error {
		c := p.Ledger.Claim
		if c != nil && c.Run != d.Run || c == nil && !d.offline {
			return errClaimLost
		}
		if p.Ledger.Receivers == nil {
			p.Ledger.Receivers = map[string]Entry{}
		}
		for _, change := range d.queued {
			change(&p.Ledger)
		}
		return nil
	})
	if err == nil {
		d.queued = nil
	}
	d.stopped = d.stopped || errors.Is(err, errClaimLost)
	return err
}

// finish writes the queued changes and gives up the claim. It tries even if an earlier write
// failed.
func (d *delivery) finish(ctx context.Context) {
	if !d.stopped {
		d.queued = append(d.queued, func(l *Ledger) { l.Claim = nil })
		if err := d.writeQueued(ctx); err != nil && !d.stopped {
			d.goOffline(err)
		}
	}
	if d.stopped {
		d.fail(errClaimLost)
	}
}

// write changes the page, even if ctx has ended: what was sent must be recorded.
func (d *delivery) write(ctx context.Context, f func(*Page) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CommitTime)
	defer cancel()
	return d.book.Change(ctx, f)
}

// goOffline continues without the book: people are still notified, and warned that the next run may
// repeat the message. Messages of this run are not marked as repeated, because it has read what was
// sent before.
func (d *delivery) goOffline(err error) {
	if d.offline {
		return
	}
	d.offline = true
	if d.page.Ledger.Receivers == nil {
		d.page.Ledger.Receivers = map[string]Entry{}
	}
	d.fail(fmt.Errorf("recording what was sent: %w", err))
}
