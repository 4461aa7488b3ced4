// Package opsgenie is the receiver that sends alerts to Opsgenie through its Alert API, or to Jira
// Service Management, which has the same API: https://docs.opsgenie.com/docs/alert-api. Each alert
// of a message becomes one alert there: created while it fires, closed when it has ended.
package opsgenie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// DefaultURL is the address of the API, except for accounts in Europe.
const DefaultURL = "https://api.opsgenie.com"

// Limitation is what Opsgenie does not show, for people who check a configuration.
const Limitation = "Opsgenie gets an alert for each alert, with links and without pictures"

// Options say where alerts go and what they have in common.
type Options struct {
	APIKey    secret.String     // of an integration of the kind API; read at each use
	APIURL    string            // without /v2/alerts
	Priority  string            // of all alerts: P1 to P5; "": by the alert's severity
	Tags      []string          // of all alerts, beside promsnap's own
	Update    bool              // whether an open alert gets a new priority and message
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Notifier sends alerts to Opsgenie. It implements notify.Notifier, for RoleChanges. Opsgenie knows
// an alert by its alias, so creating it again changes nothing. A RetryError or a RefusedError
// therefore may come after a part of the requests.
type Notifier struct {
	o      Options
	caller *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for an integration. It sends nothing yet. It fails if the address is
// invalid.
func New(o Options) (*Notifier, error) {
	u, err := exchange.BaseURL(o.APIURL)
	if err != nil {
		return nil, fmt.Errorf("opsgenie: %w", err)
	}
	o.APIURL = strings.TrimSuffix(u.String(), "/")
	caller := notify.NewCaller("Opsgenie", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "check opsgenie.api_url; it is " + DefaultURL + ", https://api.eu.opsgenie.com " +
			"for accounts in Europe, or https://api.atlassian.com/jsm/ops/integration for Jira " +
			"Service Management, which also needs update_alerts: false",
		Login: "check opsgenie.api_key: it is the API key of an integration of the kind API " +
			"that is turned on and may create and update alerts; and check opsgenie.api_url, " +
			"because accounts in Europe have another one",
	}
	return &Notifier{o, caller}, nil
}

// Notify sends a request for each alert of the message. Its receipt is empty.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if d.Message != nil && d.Message.Kind == notify.KindSummary {
		return notify.Receipt{}, &notify.RefusedError{
			Err: errors.New("a summary never pages people, as Opsgenie does"),
		}
	}
	key, err := n.o.APIKey.Reveal(ctx)
	if err != nil {
		return notify.Receipt{}, notify.Unread(fmt.Errorf("reading Opsgenie's API key: %w", err))
	}
	all := Requests(d, n.o)
	return notify.Receipt{}, notify.Each(len(all), "requests", func(i int) error {
		return n.send(ctx, all[i], key)
	})
}

// send sends one request.
func (n *Notifier) send(ctx context.Context, r Request, key string) error {
	body, err := json.Marshal(r.Body)
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("writing an alert for Opsgenie: %w", err)}
	}
	rq, err := http.NewRequestWithContext(ctx, r.Method, n.o.APIURL+r.Path, bytes.NewReader(body))
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("calling Opsgenie: %w", err)}
	}
	rq.Header.Set("Content-Type", "application/json")
	rq.Header.Set("Authorization", "GenieKey "+key)
	return n.caller.Call(rq)
}
