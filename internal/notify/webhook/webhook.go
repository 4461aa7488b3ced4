// Package webhook is the receiver that posts the result of a run as JSON, for a program of the
// reader.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// maxLink is how long a link may be.
const maxLink = 16 << 10

// PayloadVersion is the version of Payload. It changes if a field is removed or changes its
// meaning, not if one is added.
const PayloadVersion = 1

// Payload is the body of the request. Times are RFC 3339 in UTC. Values are in the panel's base
// unit, null if there is none.
type Payload struct {
	Version    int                  `json:"version"`
	Cluster    string               `json:"cluster"`
	Report     string               `json:"report"`
	Title      string               `json:"title"`
	Slot       time.Time            `json:"slot"`
	Headline   string               `json:"headline"`
	Counts     reportjson.DocCounts `json:"counts"`
	Incomplete string               `json:"incomplete,omitempty"`
	// MemoryLost is why it is unknown what was sent before.
	MemoryLost string           `json:"memory_lost,omitempty"`
	Archived   []notify.Receipt `json:"archived"` // where the report is
	// Unarchived lists the archives that do not have the report, as "receiver: why".
	Unarchived []string `json:"unarchived,omitempty"`
	// Message is the message to send. It is omitted if every run posts all alerts.
	Message *Message `json:"message,omitempty"`
	// Alerts are those that fire or have ended within two days, by key.
	Alerts   []Alert `json:"alerts"`
	Overflow int     `json:"overflow,omitempty"` // how many more alerts fire
}

// Message is one message about several alerts.
type Message struct {
	Kind              string      `json:"kind"`
	Group             []string    `json:"group,omitempty"`
	Keys              []rules.Key `json:"keys"` // of its alerts, the worst first
	PossibleDuplicate bool        `json:"possible_duplicate,omitempty"`
	InsteadOf         string      `json:"instead_of,omitempty"`
}

// Alert is an alert with its key and the report's words.
type Alert struct {
	Key rules.Key `json:"key"`
	// Sentence is "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10".
	Sentence string `json:"sentence"`
	// Details are the largest consumers: "shop/checkout-7d9f 22 GiB".
	Details []string `json:"details,omitempty"`
	Query   string   `json:"query_url,omitempty"` // a link to its query
	rules.Alert
}

// Options say where to post.
type Options struct {
	URL       secret.String     // it may hold a token; read at each use
	Token     secret.String     // sent as Authorization: Bearer; zero: none
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Notifier posts to an address. It implements notify.Notifier, as RoleMirror for a program that
// compares by itself.
type Notifier struct {
	o      Options
	caller *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for an address. It sends nothing yet.
func New(o Options) *Notifier {
	caller := notify.NewCaller("the webhook", o.Transport)
	caller.Advice = notify.Advice{
		Address: "check its address: what is there does not accept POST",
		Login:   "check its token (sent as Authorization: Bearer), or what its address holds",
	}
	return &Notifier{o, caller}
}

// Notify posts d. Its receipt is empty: the address is a secret.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	body, err := json.Marshal(payload(d))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{
			Err: fmt.Errorf("writing for the webhook: %w", err),
		}
	}
	rq, err := n.request(ctx, body)
	if err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{}, n.caller.Call(rq)
}

// payload returns the body for a delivery. The same delivery gives the same body.
func payload(d notify.Delivery) Payload {
	r, in := d.Report, d.Report.Info
	p := Payload{
		Version: PayloadVersion, Cluster: in.Cluster, Report: in.Name, Title: in.Title,
		Slot: in.Slot.UTC(), Headline: r.Headline,
		Counts:     reportjson.CountsOf(r),
		Incomplete: r.Incomplete(), MemoryLost: d.MemoryLost,
		Archived: append([]notify.Receipt{}, d.Archived...), Unarchived: d.Unarchived,
		Alerts: []Alert{}, Overflow: d.Memory.Overflow,
	}
	for k, a := range d.Memory.Alerts {
		said := letter.Say(d, k, letter.Limits{URL: maxLink})
		p.Alerts = append(p.Alerts, Alert{k, said.Sentence, d.Details[k], said.Link("query"), a})
	}
	slices.SortFunc(p.Alerts, func(a, b Alert) int {
		return strings.Compare(string(a.Key), string(b.Key))
	})
	if m := d.Message; m != nil {
		p.Message = &Message{
			Kind: m.Kind.String(), Group: m.Group, Keys: []rules.Key{},
			PossibleDuplicate: m.PossibleDuplicate, InsteadOf: m.InsteadOf,
		}
		for _, i := range m.Items {
			p.Message.Keys = append(p.Message.Keys, i.Key)
		}
	}
	return p
}

func (n *Notifier) request(ctx context.Context, body []byte) (*http.Request, error) {
	u, err := n.caller.SecretURL(ctx, n.o.URL)
	if err != nil {
		return nil, err
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &notify.RefusedError{
			Err: errors.New("reading the address of the webhook: it is not a valid URL"),
		}
	}
	rq.Header.Set("Content-Type", "application/json")
	if n.o.Token.IsZero() {
		return rq, nil
	}
	token, err := n.o.Token.Reveal(ctx)
	if err != nil {
		return nil, notify.Unread(fmt.Errorf("reading the webhook's token: %w", err))
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	return rq, nil
}
