// Package heartbeat calls a dead man's switch after each run, such as healthchecks.io: an outside
// service that alerts you when promsnap stops. https://healthchecks.io/docs/http_api/
package heartbeat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// Options say which address to call.
type Options struct {
	URL       secret.String     // whoever knows it can report success; read at each use
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// Ping reports that a run succeeded, by GET of the address, or that it failed, with /fail added to
// the path. It tries once, follows no redirect, and ends with ctx or the limit of notify.Caller.
// Its errors do not show the address.
func Ping(ctx context.Context, o Options, ok bool) error {
	caller := notify.NewCaller("the heartbeat", o.Transport)
	caller.Advice = notify.Advice{
		Address: "check its address: the check may have been deleted, or has no /fail",
		Login:   "check its address, which is the only credential",
	}
	caller.Denials = map[string]string{ // of healthchecks.io, with status 200
		"OK (not found)":    "it does not know this check: check its address",
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
		return fmt.Errorf("reading the address of %s: it is not a valid URL", caller.Who)
	}
	return caller.Call(rq)
}
