// Package alertmanager is the receiver that posts every alert to Alertmanager on every run, so that
// its routes, silences and inhibitions apply:
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. An alert lives there
// until its endsAt unless it is posted again before.
package alertmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
)

// The limits of one request.
const (
	maxAlerts = 256
	maxBytes  = 1 << 20
)

// Options say which Alertmanager to post to.
type Options struct {
	// URL is of its pages, with its --web.route-prefix: http://alertmanager:9093. /api/v2/alerts is
	// added to it.
	URL       string
	Transport http.RoundTripper // with TLS and credentials; nil: http.DefaultTransport
}

// Notifier posts alerts to an Alertmanager. It implements notify.Notifier, for RoleMirror.
// Alertmanager identifies an alert by its labels, so posting again changes nothing. A RetryError
// therefore may come after a part of the alerts.
type Notifier struct {
	endpoint string
	caller   *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver for an Alertmanager. It sends nothing yet.
func New(o Options) (*Notifier, error) {
	u, err := exchange.BaseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("alertmanager: %w", err)
	}
	caller := notify.NewCaller("Alertmanager", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "check alertmanager.url, below which promsnap posts to /api/v2/alerts: is a " +
			"path prefix missing, or is it another program?",
		Login: "set credentials for programs in alertmanager.http_config " +
			"(basic_auth, authorization, oauth2, tls_config)",
	}
	return &Notifier{u.JoinPath("api", "v2", "alerts").String(), caller}, nil
}

// Notify posts the alerts of d. It posts even if there are none: a quiet run then shows that
// Alertmanager can be reached. The receipt is empty.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	bodies, err := requests(alerts(d))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{
			Err: fmt.Errorf("writing the alerts for Alertmanager: %w", err),
		}
	}
	var errs []error
	for _, body := range bodies {
		err := n.post(ctx, body)
		var refused *notify.RefusedError
		if err != nil && !errors.As(err, &refused) {
			return notify.Receipt{}, err // a retry posts all of them again
		}
		errs = append(errs, err) // a refused request does not stop the others
	}
	return notify.Receipt{}, errors.Join(errs...)
}

func (n *Notifier) post(ctx context.Context, body []byte) error {
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, n.endpoint, bytes.NewReader(body))
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("posting to Alertmanager: %w", err)}
	}
	rq.Header.Set("Content-Type", "application/json")
	return n.caller.Call(rq)
}

// requests returns the bodies of the requests for alerts, at least one, each within the limits.
func requests(alerts []Alert) ([][]byte, error) {
	var out [][]byte
	body := []byte{'['}
	n := 0
	for i := range alerts {
		one, err := json.Marshal(alerts[i])
		if err != nil {
			return nil, err
		}
		if n == maxAlerts || n > 0 && len(body)+len(one)+len(",]") > maxBytes {
			out, body, n = append(out, append(body, ']')), []byte{'['}, 0
		}
		if n > 0 {
			body = append(body, ',')
		}
		body, n = append(body, one...), n+1
	}
	return append(out, append(body, ']')), nil
}
