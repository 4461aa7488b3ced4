// Package webhook is the receiver that posts what a run has found to an address, as JSON, for a
// program of the reader's own.
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

// mostLink is how long a link may be.
const mostLink = 16 << 10

// PayloadVersion is the version of Payload. It grows where a field changes its meaning or goes
// away, not where one is added.
const PayloadVersion = 1

// Payload is what is posted. Times are RFC 3339 in UTC; values are in the panel's base unit, null
// where there is none.
type Payload struct {
	Version    int                  `json:"version"`
	Cluster    string               `json:"cluster"`
	Report     string               `json:"report"`
	Title      string               `json:"title"`
	Slot       time.Time            `json:"slot"`
	Headline   string               `json:"headline"`
	Counts     reportjson.DocCounts `json:"counts"`
	Incomplete string               `json:"incomplete,omitempty"`
	// why what follows may have been told before
	MemoryLost string           `json:"memory_lost,omitempty"`
	Archived   []notify.Receipt `json:"archived"` // where the report lies
	// which archives do not have it, and why: "receiver: why"
	Unarchived []string `json:"unarchived,omitempty"`
	// what is to be told; none where all alerts are handed on at each run
	Message *Message `json:"message,omitempty"`
	// that fire, or have ended within two days, by key
	Alerts   []Alert `json:"alerts"`
	Overflow int     `json:"overflow,omitempty"` // alerts more that fire
}

// Message is what is told in one go.
type Message struct {
	Kind              string      `json:"kind"`
	Group             []string    `json:"group,omitempty"`
	Keys              []rules.Key `json:"keys"` // of the alerts that it is about, the worst first
	PossibleDuplicate bool        `json:"possible_duplicate,omitempty"`
	InsteadOf         string      `json:"instead_of,omitempty"`
}

// Alert is an alert with its key, and as the report says it.
type Alert struct {
	Key rules.Key `json:"key"`
	// "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10"
	Sentence string `json:"sentence"`
	// what takes most of it: "shop/checkout-7d9f 22 GiB"
	Details []string `json:"details,omitempty"`
	Query   string   `json:"query_url,omitempty"` // where its query can be looked at
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

// New returns the receiver of an address. It is not asked for anything yet.
func New(o Options) *Notifier {
	caller := notify.NewCaller("the webhook", o.Transport)
	caller.Advice = notify.Advice{
		Address: "see its address: what is there takes no POST, or no longer",
		Login:   "see its token, which is sent as Authorization: Bearer, or what its address holds",
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

// payload is what is posted of a delivery. The same delivery gives the same.
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
		said := letter.Say(d, k, letter.Limits{URL: mostLink})
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
			Err: errors.New("reading the address of the webhook: no request can be made of it"),
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
