// Package pagerduty is the receiver that sends alerts to PagerDuty through its Events API v2:
// https://developer.pagerduty.com/docs/events-api-v2-overview. Each alert of a message becomes one
// event: trigger while it fires, resolve when it has ended.
package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// DefaultURL is the address of the API, except for accounts in PagerDuty's European region.
const DefaultURL = "https://events.pagerduty.com/v2/enqueue"

// Limitation is what PagerDuty does not show, for people who check a configuration.
const Limitation = "PagerDuty gets one event for each alert; it shows pictures only if an archive " +
	"has links that everybody can open (public_url)"

// Options say where events go and what they have in common.
type Options struct {
	RoutingKey secret.String     // of an integration of the kind Events API v2; read at each use
	URL        string            // to post to
	Severity   string            // of all events: critical, error, warning or info; "": the alert's
	Client     string            // the name of the monitoring system
	ClientURL  string            // its address for people; "": none
	Transport  http.RoundTripper // nil: http.DefaultTransport
}

// Notifier sends events to PagerDuty. It implements notify.Notifier, for RoleChanges. PagerDuty
// knows an alert by its deduplication key, so sending an event again changes nothing. A RetryError
// or a RefusedError therefore may come after a part of the events.
type Notifier struct {
	o      Options
	caller *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for a service of PagerDuty. It sends nothing yet. It fails if the
// address is invalid.
func New(o Options) (*Notifier, error) {
	if _, err := exchange.BaseURL(o.URL); err != nil {
		return nil, fmt.Errorf("pagerduty: %w", err)
	}
	caller := notify.NewCaller("PagerDuty", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "check pagerduty.url; it is " + DefaultURL + ", or " +
			"https://events.eu.pagerduty.com/v2/enqueue for accounts in Europe",
		Login: "check pagerduty.routing_key: it is the Integration Key of a service's " +
			"integration Events API v2",
	}
	return &Notifier{o, caller}, nil
}

// Notify sends an event for each alert of the message. Its receipt is empty.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if d.Message != nil && d.Message.Kind == notify.KindSummary {
		return notify.Receipt{}, &notify.RefusedError{
			Err: errors.New("PagerDuty pages people, and a summary never does"),
		}
	}
	key, err := n.o.RoutingKey.Reveal(ctx)
	if err != nil {
		return notify.Receipt{}, notify.Unread(fmt.Errorf("reading PagerDuty's routing key: %w",
			err))
	}
	events := Events(d, n.o)
	return notify.Receipt{}, notify.Each(len(events), "events", func(i int) error {
		return n.post(ctx, events[i], key)
	})
}

// post sends one event with the routing key.
func (n *Notifier) post(ctx context.Context, e Event, key string) error {
	e.RoutingKey = key
	body, err := json.Marshal(e)
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("writing an event for PagerDuty: %w", err)}
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, n.o.URL, bytes.NewReader(body))
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("posting to PagerDuty: %w", err)}
	}
	rq.Header.Set("Content-Type", "application/json")
	return n.caller.Call(rq, key)
}
