// Package slack is the receiver that tells people in a Slack channel: as an app with a bot token,
// or through an incoming webhook, which can do less. It is the only package that knows slack-go.
//
// A message is text first: Notify sends one, and returns. What belongs below it in its thread,
// pictures among it, is sent by FollowUp, when everybody has been told.
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

// Options say where an app tells people.
type Options struct {
	Channel string // its ID: C0123456789
	// of the bot: xoxb-…, with the scopes chat:write and files:write; read at each use
	Token     secret.String
	Mentions  map[rules.Severity][]Mention
	APIURL    string            // "": Slack's own
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Notifier tells people as an app. It implements notify.Notifier, and may be used by several
// goroutines.
type Notifier struct {
	o   Options
	api *api

	mu      sync.Mutex
	threads []thread // that FollowUp has to fill
	notes   []error  // what did not work that no message depends on
}

var _ notify.Notifier = (*Notifier)(nil)

// thread is a message whose thread is still empty.
type thread struct {
	of      notify.Delivery
	receipt notify.Receipt
}

// Slack takes about one message a second and channel, allows short bursts, and hides what comes
// faster for long. https://docs.slack.dev/apis/web-api/rate-limits
const (
	mostMessages = 10
	burst        = 5
	apart        = time.Second
)

// Limits are what one channel takes in a run.
func Limits() notify.Limits {
	return notify.Limits{Messages: mostMessages, Burst: burst, Pace: apart}
}

// New returns the receiver of a channel.
func New(o Options) *Notifier { return &Notifier{o: o, api: newAPI(o)} }

// Notify sends d's message. An alert that is new, and a summary, begin a thread; what is said of
// the alert later is a reply in it, which is also sent to the channel where it is to disturb
// somebody, because an edited message does not. Where alerts that a message told of are resolved,
// it is edited to say how many go on, or that none does.
//
// The receipt holds the channel's ID and the message's ts; of a reply those of the message that it
// replies to.
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
			return notify.Receipt{}, err // an edit can be repeated, a reply cannot
		} else if err != nil {
			n.note(fmt.Errorf("the message could not be marked as resolved: %w", err))
		}
	}
	sent, err := n.post(ctx, to, plan)
	if err != nil {
		return notify.Receipt{}, err
	}
	if letter.HasDetails(d.Message.Kind) {
		n.mu.Lock()
		n.threads = append(n.threads, thread{d, sent})
		n.mu.Unlock()
	}
	return sent, nil
}

// post sends the plan's message, and returns the receipt of the message that begins its thread.
// Where that is gone it becomes a message of its own; where Slack does not like the blocks it is
// sent as text, once.
func (n *Notifier) post(ctx context.Context, to *session, p plan) (notify.Receipt, error) {
	sent, err := to.post(ctx, p.channel, p.thread.ID, p.broadcast, p.message, false)
	moved := p.channel != n.o.Channel // the configuration names another channel than it did then
	if p.thread.ID != "" && (isCode(err, codesNoThread) || moved && isCode(err, codesNoChannel)) {
		p.channel, p.thread, p.broadcast = n.o.Channel, notify.Receipt{}, false
		sent, err = to.post(ctx, p.channel, "", false, p.message, false)
	}
	if isCode(err, codesBlocks) {
		n.note(fmt.Errorf("a message was sent as plain text: %w; please report this as a defect "+
			"of promsnap", err))
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

// noteOnce notes what is true of each message.
func (n *Notifier) noteOnce(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.notes, err) {
		n.notes = append(n.notes, err)
	}
}

// plan is how a message goes out.
type plan struct {
	message   message
	channel   string
	thread    notify.Receipt // that the message replies to; zero: none
	broadcast bool           // the reply is sent to the channel too
	edit      *message       // what the thread's first message says from now on; nil: what it did
}

// planOf decides how a delivery's message goes out.
func planOf(d notify.Delivery, o Options) plan {
	m := d.Message
	p := plan{message: messageOf(d, o.Mentions), channel: o.Channel}
	if m.Thread.ID == "" || m.Thread.Channel == "" || m.Kind == notify.KindSummary ||
		m.Kind == notify.KindTest || m.Kind == notify.KindAllClear {
		return p
	}
	p.channel, p.thread, p.broadcast = m.Thread.Channel, m.Thread, m.Kind.Pages()
	if m.Kind == notify.KindResolved {
		p.edit = &message{Letter: letter.Edited(d, limits)}
	}
	return p
}

// messageOf is a delivery's message.
func messageOf(d notify.Delivery, mentions map[rules.Severity][]Mention) message {
	l := letter.Compose(d, limits)
	return message{l, mentions[l.Severity]}
}

// followTime is how long FollowUp takes for one thread at most.
const followTime = 30 * time.Second

// FollowUp fills the threads of the messages that were sent since the last call: first the text,
// then the pictures. It is called when everything has been told and written down. Its error is a
// note: of pictures that could not be shown, and of what else did not work although people have
// been told.
func (n *Notifier) FollowUp(ctx context.Context) error {
	n.mu.Lock()
	threads, notes := n.threads, n.notes
	n.threads, n.notes = nil, nil
	n.mu.Unlock()
	for i, t := range threads {
		if i >= burst && wait(ctx, n.api.apart) != nil {
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
	if len(details.Lines) > 0 {
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
