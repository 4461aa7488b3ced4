// Package alertmanager is the receiver that hands every alert on to Alertmanager on every run, so
// that its routes, silences and inhibitions serve:
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. What has a life between
// runs there is an alert that is posted again before its endsAt.
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

// The bounds of one request.
const (
	mostAlerts = 256
	mostBytes  = 1 << 20
)

// Options say which Alertmanager.
type Options struct {
	// of its pages: http://alertmanager:9093, with its --web.route-prefix; /api/v2/alerts comes
	// behind it
	URL       string
	Transport http.RoundTripper // with TLS and credentials; nil: http.DefaultTransport
}

// Notifier hands alerts on to an Alertmanager. It implements notify.Notifier, for RoleMirror.
// Alertmanager knows an alert by its labels, so that the same delivery again changes nothing: an
// error that says that nothing was delivered may come after a part of the alerts.
type Notifier struct {
	endpoint string
	caller   *notify.Caller
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver of an Alertmanager. It is not asked for anything yet.
func New(o Options) (*Notifier, error) {
	u, err := exchange.BaseURL(o.URL)
	if err != nil {
		return nil, fmt.Errorf("alertmanager: %w", err)
	}
	caller := notify.NewCaller("Alertmanager", o.Transport)
	caller.Quotes = true
	caller.Advice = notify.Advice{
		Address: "see alertmanager.url, below which promsnap posts to /api/v2/alerts: is a path " +
			"prefix missing, or is it another program?",
		Login: "give credentials that it takes from programs, in alertmanager.http_config " +
			"(basic_auth, authorization, oauth2, tls_config)",
	}
	return &Notifier{u.JoinPath("api", "v2", "alerts").String(), caller}, nil
}

// Notify posts the alerts of d, also where there are none: a run that is calm shows that
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
			return notify.Receipt{}, err // all of them are posted again
		}
		errs = append(errs, err) // one alert that Alertmanager does not take keeps no other from it
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

// requests writes alerts as the bodies of requests within their bounds: one at least.
func requests(alerts []Alert) ([][]byte, error) {
	var out [][]byte
	body := []byte{'['}
	n := 0
	for i := range alerts {
		one, err := json.Marshal(alerts[i])
		if err != nil {
			return nil, err
		}
		if n == mostAlerts || n > 0 && len(body)+len(one)+len(",]") > mostBytes {
			out, body, n = append(out, append(body, ']')), []byte{'['}, 0
		}
		if n > 0 {
			body = append(body, ',')
		}
		body, n = append(body, one...), n+1
	}
	return append(out, append(body, ']')), nil
}
