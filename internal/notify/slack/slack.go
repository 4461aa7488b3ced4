// Package slack is the receiver for a Slack channel: as an app with a bot token, or through an
// incoming webhook, which can do less. It is the only package that imports slack-go.
//
// A message is text first: Notify sends it and returns. FollowUp fills its thread, including the
// pictures, after all receivers were notified.
package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// Options say where an app posts.
type Options struct {
	Channel string // its ID: C0123456789
	// Token is the bot's: xoxb-…, with the scopes chat:write and files:write; read at each use.
	Token     secret.String
	Mentions  map[rules.Severity][]Mention
	APIURL    string            // "": Slack's own
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Notifier posts as an app. It implements notify.Notifier, and may be used by several goroutines.
type Notifier struct {
	o   Options
	api *api

	mu      sync.Mutex
	threads []thread // to be filled by FollowUp
	notes   []error  // failures that no message depends on
}

var _ notify.Notifier = (*Notifier)(nil)

// thread is a message whose thread is still empty.
type thread struct {
	of      notify.Delivery
	receipt notify.Receipt
}

// Slack allows about one message a second and channel, and short bursts. It hides what comes faster
// for a long time. https://docs.slack.dev/apis/web-api/rate-limits
const (
	maxMessages = 10
	burst       = 5
	pace        = time.Second
)

// Limits returns what one channel accepts in a run.
func Limits() notify.Limits {
	return notify.Limits{Messages: maxMessages, Burst: burst, Pace: pace}
}

// New returns the receiver for a channel.
func New(o Options) *Notifier { return &Notifier{o: o, api: newAPI(o)} }

// Notify sends d's message. A new alert and a summary start a thread. Later messages about the
// alert are replies in it. A reply that pages is also sent to the channel, because editing a
// message disturbs nobody. When alerts of a message are resolved, the message is edited to say how
// many still fire, or that none does.
//
// The receipt holds the channel's ID and the message's ts. The receipt of a reply is that of the
// message that it replies to.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	plan := planOf(d, n.o)
	to, err := n.api.session(ctx)
	if err != nil {
		return notify.Receipt{}, err
	}
	if to.rotates {
		n.noteOnce(errRotates)
	}
	if plan.edit != nil {
		var later *notify.RetryError
		if err := to.edit(ctx, plan.thread, *plan.edit); errors.As(err, &later) {
			return notify.Receipt{}, err // before the reply, because an edit can be repeated
		} else if err != nil {
			n.note(fmt.Errorf("the message could not be marked as resolved: %w", err))
		}
	}
	sent, err := n.post(ctx, to, plan)
	if err != nil {
		return notify.Receipt{}, err
	}
	if letter.HasDetails(d.Message.Kind) && plan.thread.ID == "" {
		n.mu.Lock()
		n.threads = append(n.threads, thread{d, sent})
		n.mu.Unlock()
	}
	return sent, nil
}

// post sends the plan's message, and returns the receipt of the message that starts its thread. If
// the thread is gone, it sends a message of its own. If Slack refuses the blocks, it sends plain
// text, once.
func (n *Notifier) post(ctx context.Context, to *session, p plan) (notify.Receipt, error) {
	sent, err := to.post(ctx, p.channel, p.thread.ID, p.broadcast, p.message, false)
	moved := p.channel != n.o.Channel // the configured channel has changed since
	if p.thread.ID != "" && (isCode(err, codesNoThread) || moved && isCode(err, codesNoChannel)) {
		p.channel, p.thread, p.broadcast = n.o.Channel, notify.Receipt{}, false
		sent, err = to.post(ctx, p.channel, "", false, p.message, false)
	}
	if isCode(err, codesBlocks) {
		n.note(fmt.Errorf("a message was sent as plain text: %w; internal error (please report it)",
			err))
		sent, err = to.post(ctx, p.channel, p.thread.ID, p.broadcast, p.message, true)
	}
	if err == nil && p.thread.ID != "" {
		return p.thread, nil
	}
	return sent, err
}

func (n *Notifier) note(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notes = append(n.notes, err)
}

// noteOnce adds a note unless it was added before.
func (n *Notifier) noteOnce(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.notes, err) {
		n.notes = append(n.notes, err)
	}
}

// plan is how a message is sent.
type plan struct {
	message   message
	channel   string
	thread    notify.Receipt // the message that this one replies to; zero: none
	broadcast bool           // the reply is also sent to the channel
	edit      *message       // the new text of the thread's first message; nil: unchanged
}

// planOf decides how a delivery's message is sent.
func planOf(d notify.Delivery, o Options) plan {
	m := d.Message
	p := plan{message: messageOf(d, o.Mentions), channel: o.Channel}
	if m.Thread.ID == "" || m.Thread.Channel == "" || m.Kind == notify.KindSummary ||
		m.Kind == notify.KindTest || m.Kind == notify.KindAllClear {
		return p
	}
	p.channel, p.thread, p.broadcast = m.Thread.Channel, m.Thread, m.Pages()
	if m.Kind == notify.KindResolved {
		p.edit = &message{Letter: letter.Edited(d, limits)}
	}
	return p
}

// messageOf returns a delivery's message.
func messageOf(d notify.Delivery, mentions map[rules.Severity][]Mention) message {
	l := letter.Compose(d, limits)
	return message{l, mentions[l.Severity]}
}

// followTime is how long FollowUp may take for one thread.
const followTime = 30 * time.Second

// FollowUp fills the threads of the messages that were sent since the last call: first the text,
// then the pictures. It is called after everything was sent and recorded. Its error joins notes:
// pictures that could not be shown, and other failures that did not stop a message.
func (n *Notifier) FollowUp(ctx context.Context) error {
	n.mu.Lock()
	threads, notes := n.threads, n.notes
	n.threads, n.notes = nil, nil
	n.mu.Unlock()
	for i, t := range threads {
		if i >= burst && wait(ctx, n.api.pace) != nil {
			notes = append(notes, fmt.Errorf("%d threads stay empty: %w", len(threads)-i,
				context.Cause(ctx)))
			break
		}
		if err := n.fill(ctx, t); err != nil {
			notes = append(notes, fmt.Errorf("the thread below %q: %w", messageOf(t.of, nil).Title,
				err))
		}
	}
	return errors.Join(notes...)
}

// fill fills one thread.
func (n *Notifier) fill(ctx context.Context, t thread) error {
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	to, err := n.api.session(ctx)
	if err != nil {
		return err
	}
	var failed []error
	details := letter.Details(t.of, limits)
	if details.HasText() {
		err := to.again(ctx, func() error {
			_, err := to.post(ctx, t.receipt.Channel, t.receipt.ID, false, message{Letter: details},
				false)
			return err
		})
		if err != nil {
			failed = append(failed, err)
		}
	}
	if err := to.show(ctx, t.receipt, details.Pictures); err != nil {
		failed = append(failed, fmt.Errorf("no pictures: %w", err))
	}
	return errors.Join(failed...)
}
