// Package email is the receiver for people who read e-mail. It gives a message to a mail server
// (RFC 5321): the letter as text and as HTML with the pictures in it, and the report as an
// attachment. A message about an alert is a reply to the one that first announced it, so mail
// programs show both in one thread.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// Options say where messages go.
type Options struct {
	Host, Port string // of the server
	Hello      string // the name in the greeting
	From       mail.Address
	To, CC     []mail.Address

	Username string        // to log in with; "": no login
	Identity string        // to act as; "": Username
	Password secret.String // read at each use

	RequireTLS  bool        // refuse a server without TLS
	ImplicitTLS bool        // the server expects TLS from the first byte
	TLS         *tls.Config // nil: the certificate must be one of Host; read only

	Attach  []string // the names of the report's files that are attached
	MaxSize int64    // of a message, in bytes; what does not fit is left out
}

// Notifier sends e-mail. It implements notify.Notifier, and may be used by several goroutines.
type Notifier struct {
	o Options

	mu    sync.Mutex
	notes []error // failures that no message depends on
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for a group of people. It contacts no server.
func New(o Options) *Notifier { return &Notifier{o: o} }

// Some servers accept about one message a second, such as those of Amazon SES for new accounts.
const (
	maxMessages = 20
	burst       = 5
	pace        = time.Second
)

// Limits returns what one group gets in a run.
func Limits() notify.Limits {
	return notify.Limits{Messages: maxMessages, Burst: burst, Pace: pace}
}

// How long one message may take.
const (
	openTime = 30 * time.Second // until the server has accepted the login
	sendTime = 2 * time.Minute  // from then on; the report may be large
)

// Notify sends d's message to all recipients in one e-mail. If the server refuses some of them, the
// others get it, and FollowUp returns the refusals.
//
// The receipt holds the Message-ID and the subject of the e-mail that starts the thread.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if ctx.Err() != nil {
		return notify.Receipt{}, fmt.Errorf("sending e-mail: %w", context.Cause(ctx))
	}
	s, err := n.open(ctx)
	if err != nil {
		return notify.Receipt{}, err
	}
	defer s.close()
	m := compose(d, n.o, s.room(n.o.MaxSize))
	ctx, cancel := context.WithTimeoutCause(ctx, sendTime,
		fmt.Errorf("it took longer than %s", sendTime))
	defer cancel()
	defer s.bound(ctx)()
	refused, err := s.send(ctx, m)
	if err != nil {
		return notify.Receipt{}, err
	}
	n.note(append(refused, m.notes...)...)
	return m.receipt, nil
}

// open connects to the server, greets it, switches to TLS and logs in.
func (n *Notifier) open(ctx context.Context) (*session, error) {
	var password string
	if n.o.Username != "" {
		var err error
		if password, err = n.o.Password.Reveal(ctx); err != nil {
			return nil, notify.Unread(fmt.Errorf("reading the password of the mail server: %w",
				err))
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, openTime,
		fmt.Errorf("no answer within %s", openTime))
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(n.o.Host, n.o.Port))
	if err != nil {
		return nil, &notify.RetryError{Err: fmt.Errorf("connecting to the mail server: %w",
			whyEnded(ctx, err))}
	}
	s := &session{o: n.o, conn: &bounded{Conn: conn, left: maxAnswers}}
	stop := s.bound(ctx)
	err = s.begin(ctx, password)
	stop()
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (n *Notifier) note(errs ...error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notes = append(n.notes, errs...)
}

// FollowUp returns what did not stop a message since the last call: recipients that the server
// refused, and pictures that could not be drawn.
func (n *Notifier) FollowUp(context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes := n.notes
	n.notes = nil
	return errors.Join(notes...)
}

// Draft returns the e-mail that Notify would send for d to a server without a limit of its own, and
// its text part. step is "post" or, in a thread, "reply".
func Draft(o Options, d notify.Delivery) (step, text string, message []byte) {
	m := compose(d, o, o.MaxSize)
	return m.step, m.text, m.body
}
