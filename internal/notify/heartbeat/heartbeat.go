// Package heartbeat tells a service that waits for it that a report's run is done, such as
// healthchecks.io: who is dead cannot say so. https://healthchecks.io/docs/http_api/
package heartbeat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// Options say whom to tell.
type Options struct {
	URL       secret.String     // whoever knows it can say that all is well; read at each use
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Ping tells that a run has succeeded, by GET of the address; or that it has not, with /fail behind
// the address' path. It is one try, follows no redirect, and is no longer than ctx or a
// notify.Caller has. Its errors do not show the address.
func Ping(ctx context.Context, o Options, ok bool) error {
	caller := notify.NewCaller("the heartbeat", o.Transport)
	caller.Advice = notify.Advice{
		Address: "see its address: the check may have been deleted, or has no /fail",
		Login:   "see its address, which alone says who calls",
	}
	caller.Denials = map[string]string{ // healthchecks.io's, which come with status 200
		"OK (not found)":    "it knows no such check: see its address",
		"OK (rate limited)": "it is called too often for this check",
	}
	u, err := caller.SecretURL(ctx, o.URL)
	if err != nil {
		return err
	}
	if !ok {
		u = u.JoinPath("fail")
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("reading the address of %s: no request can be made of it", caller.Who)
	}
	return caller.Call(rq)
}
