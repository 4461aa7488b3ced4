package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CommitTime is kept back at the end of a run for writing down what was sent.
const CommitTime = 5 * time.Second

// errClaimLost says that this run went on beyond its own deadline, or that the machines' clocks
// differ by more than is left of it.
var errClaimLost = errors.New("another run has taken over telling people, because this one was " +
	"over its deadline; nothing more is sent")

// claim writes down that m is about to be sent, and before it what is known of the messages before.
// An error says that it must not be.
func (d *delivery) claim(ctx context.Context, name string, m *Message) error {
	if d.stopped {
		return errClaimLost
	}
	if ctx.Err() != nil {
		return noTime(ctx)
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
	return nil // what could not be written, m says
}

// noTime is the error of what was not sent because ctx is over.
func noTime(ctx context.Context) error {
	return &LateError{
		fmt.Errorf("no time was left to send it, the next run will: %w", context.Cause(ctx)),
	}
}

// note has a change of a receiver's entry written down with the next writing.
func (d *delivery) note(name string, f func(*Entry)) {
	d.waiting = append(d.waiting, func(l *Ledger) {
		e := l.entry(name, d.slot)
		f(&e)
		l.Receivers[name] = e
	})
}

// flush writes down what waits, and last what f does. Offline it keeps f waiting too, and does it
// to the page that stands in.
func (d *delivery) flush(ctx context.Context, f func(*Ledger)) error {
	d.waiting = append(d.waiting, f)
	if d.offline {
		f(&d.page.Ledger)
		return nil
	}
	err := d.writeWaiting(ctx)
	if err != nil && !d.stopped {
		d.goOffline(err)
	}
	return err
}

// writeWaiting writes down what waits, as long as the claim is this run's.
func (d *delivery) writeWaiting(ctx context.Context) error {
	err := d.write(ctx, func(p *Page) error {
		c := p.Ledger.Claim
		if c != nil && c.Run != d.Run || c == nil && !d.offline {
			return errClaimLost
		}
		if p.Ledger.Receivers == nil {
			p.Ledger.Receivers = map[string]Entry{}
		}
		for _, change := range d.waiting {
			change(&p.Ledger)
		}
		return nil
	})
	if err == nil {
		d.waiting = nil
	}
	d.stopped = d.stopped || errors.Is(err, errClaimLost)
	return err
}

// finish writes down what waits and gives the claim back. It also tries where the book could not be
// written before.
func (d *delivery) finish(ctx context.Context) {
	if !d.stopped {
		d.waiting = append(d.waiting, func(l *Ledger) { l.Claim = nil })
		if err := d.writeWaiting(ctx); err != nil && !d.stopped {
			d.goOffline(err)
		}
	}
	if d.stopped {
		d.fail(errClaimLost)
	}
}

// write changes the page, also when ctx is over: what was sent must be written down.
func (d *delivery) write(ctx context.Context, f func(*Page) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), CommitTime)
	defer cancel()
	return d.book.Change(ctx, f)
}

// goOffline goes on without a book: people are told, and told that the next run may repeat it. What
// this run tells is no repetition on that account: it has read what was told before.
func (d *delivery) goOffline(err error) {
	if d.offline {
		return
	}
	d.offline = true
	if d.page.Ledger.Receivers == nil {
		d.page.Ledger.Receivers = map[string]Entry{}
	}
	d.fail(fmt.Errorf("writing down who was told what: %w", err))
}
