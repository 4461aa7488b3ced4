package notifytest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
)

// What Notify's error says about a delivery.
const (
	Refused = "refused" // nothing was delivered, and a retry would not help
	Retry   = "retry"   // nothing was delivered, and a retry may help
	Unknown = "unknown" // something may have been delivered
)

// Answer is an answer of the other side, and what a receiver must make of it.
type Answer struct {
	Status  int
	Body    string
	Headers []string // names and values in turn
	Kind    string   // Refused, Retry or Unknown
	Says    string   // a part of the error
}

// Outcome returns what an error of Notify says about the delivery; "" if it is nil.
func Outcome(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.As(err, new(*notify.RefusedError)):
		return Refused
	case errors.As(err, new(*notify.RetryError)):
		return Retry
	}
	return Unknown
}

// TestAnswers checks what the receiver that open returns makes of answers, including those that
// every receiver over HTTP can get: pages of proxies and logins, redirects, errors of servers and
// lost answers. No error shows Secret, even if the answer repeats it.
func TestAnswers(t *testing.T, open func(t *testing.T) (notify.Notifier, *Double),
	own ...Answer) {
	page := "<!doctype html><html><title>%s</title><body>" + Secret + "</body></html>"
	all := append(own,
		Answer{
			Status: 200, Body: strings.Replace(page, "%s", "Welcome", 1), Kind: Refused,
			Says: "with a web page, so nothing was delivered",
		},
		Answer{
			Status: 200, Body: strings.Replace(page, "%s", "Sign in", 1), Kind: Refused,
			Says: "with a login page for people",
		},
		Answer{
			Status: 302, Headers: []string{"Location", "https://sso.example.com/login"},
			Kind: Refused, Says: "it leads to a login for people",
		},
		Answer{
			Status: 307, Headers: []string{"Location", "https://elsewhere.example.com/" + Secret},
			Kind: Refused, Says: "redirects are not followed",
		},
		Answer{Status: 407, Kind: Refused, Says: "the HTTP proxy on the way wants credentials"},
		Answer{
			Status: 429, Body: strings.Replace(page, "%s", "Slow down", 1),
			Headers: []string{"Retry-After", "9"}, Kind: Retry, Says: "asked to wait 9s",
		},
		Answer{Status: 500, Body: "no " + Secret, Kind: Unknown, Says: "500 Internal Server Error"},
		Answer{
			Status: 502, Body: strings.Replace(page, "%s", "Bad gateway", 1), Kind: Unknown,
			Says: "502 Bad Gateway",
		},
		Answer{
			Status: 503, Headers: []string{"Retry-After", "5"}, Kind: Retry,
			Says: "asked to wait 5s",
		},
	)
	for _, a := range all {
		n, d := open(t)
		d.Answer(a.Status, a.Body, a.Headers...)
		_, err := n.Notify(t.Context(), Delivery(notify.RoleChanges, notify.KindNew))
		if got := Outcome(err); got != a.Kind || err != nil && !strings.Contains(err.Error(),
			a.Says) {
			t.Errorf("%d %.60q: got %s, %v; want %s that says %q", a.Status, a.Body, got, err,
				a.Kind, a.Says)
		}
		if err != nil {
			wantNoSecret(t, "the error", err)
			if len(err.Error()) > 900 {
				t.Errorf("%d: got an error of %d bytes, want at most 900", a.Status,
					len(err.Error()))
			}
		}
	}
	n, d := open(t)
	d.Lose()
	_, err := n.Notify(t.Context(), Delivery(notify.RoleChanges, notify.KindNew))
	if got := Outcome(err); got != Unknown || d.Arrived() == "" {
		t.Errorf("a lost answer: got %s (%v), want unknown", got, err)
	}
	if err != nil && (strings.Contains(err.Error(), d.URL) || strings.Contains(err.Error(),
		http.MethodPost)) {
		t.Errorf("a lost answer: got %v, want no address in it", err)
	}
}
