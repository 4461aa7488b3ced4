// Package teams is the receiver that posts to a channel or a chat of Microsoft Teams, through the
// webhook of a workflow (Power Automate). Each message is an Adaptive Card and stands alone: a
// workflow returns no ID, so there are no replies and no edits.
package teams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// Limitation is what Teams does not show, for people who check a configuration.
const Limitation = "a workflow of Teams sends one card a message: no threads, and pictures only " +
	"if there is an S3 archive with links that open without a login"

// Options say where to post.
type Options struct {
	WebhookURL secret.String     // of the workflow, with its signature; read at each use
	Transport  http.RoundTripper // nil: http.DefaultTransport
}

// Notifier posts to Teams. It implements notify.Notifier, for RoleChanges and RoleSummary. Its
// receipts are empty.
type Notifier struct {
	o      Options
	caller *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// Limits returns what a workflow accepts in one run. Teams accepts four messages a second, and a
// workflow less if it is busy.
func Limits() notify.Limits {
	return notify.Limits{Messages: 10, Burst: 4, Pace: time.Second}
}

// New returns the receiver for a workflow. It sends nothing yet.
func New(o Options) *Notifier {
	caller := notify.NewCaller("Teams", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "check teams.webhook_url; the workflow may be deleted, and a new one has a new " +
			"address",
		Login: "copy the workflow's whole address again into teams.webhook_url, with all that " +
			"follows the question mark; its trigger must accept requests from anyone",
	}
	caller.Refusals = []notify.Refusal{
		{
			Says:   "WorkflowTriggerIsNotEnabled",
			Advice: "the workflow is turned off: turn it on in the Workflows app of Teams",
		},
		{Says: "WorkflowNotFound", Advice: "the workflow is deleted: create one, and write its " +
			"address into teams.webhook_url"},
	}
	return &Notifier{o, caller}
}

// Notify posts d's message.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	u, err := n.caller.SecretURL(ctx, n.o.WebhookURL)
	if err != nil {
		return notify.Receipt{}, err
	}
	_, body, err := Card(d)
	if err != nil {
		return notify.Receipt{}, err
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{
			Err: errors.New("reading the address of Teams: it is not a valid URL"),
		}
	}
	// without the charset, Teams counts each character of the card as two bytes
	rq.Header.Set("Content-Type", "application/json; charset=utf-8")
	return notify.Receipt{}, n.caller.Call(rq, notify.AddressSecrets(u)...)
}

// writing returns the error of a card that cannot be written.
func writing(err error) error {
	return &notify.RefusedError{Err: fmt.Errorf("writing a card for Teams: %w", err)}
}
