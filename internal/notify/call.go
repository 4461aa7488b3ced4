package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
)

// The limits of a call.
const (
	callTime   = 15 * time.Second // to wait for an answer
	answerSize = 64 << 10         // bytes of an answer that are read
	quotedSize = 300              // characters of an answer that an error quotes
)

// Caller sends the HTTP requests of one receiver, and returns errors in Notifier's terms. It
// follows no redirect: the target must not see a token.
type Caller struct {
	// Who is what errors call the other side: "Alertmanager", "the webhook".
	Who string
	// Quotes lets errors quote what the other side says is wrong, without the request's
	// credentials. Do not set it if the address is a secret.
	Quotes bool
	// Advice says what to do about an error, in the terms of the receiver's keys.
	Advice Advice
	// Denials maps bodies of 2xx answers that mean that the request was not accepted to advice.
	Denials map[string]string
	// Refusals have advice for what 4xx answers say; the first that fits applies.
	Refusals []Refusal
	client   *http.Client
}

// Refusal is advice for a 4xx answer whose body contains a text.
type Refusal struct{ Says, Advice string }

// Advice is what a Caller's errors say to do.
type Advice struct {
	Address string // if nothing at the address accepts the request
	Login   string // if the credentials are missing or wrong
}

// NewCaller returns a Caller with general advice. A nil transport is http.DefaultTransport.
func NewCaller(who string, transport http.RoundTripper) *Caller {
	return &Caller{
		Who: who, Advice: Advice{Address: "check its address", Login: "check its credentials"},
		client: NewClient(transport),
	}
}

// NewClient returns a client that follows no redirect: the target of a redirect must not see a
// token, and no error must show it. A nil transport is http.DefaultTransport.
func NewClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &http.Client{Transport: noRedirects{exchange.Plain{Next: transport}}}
}

// noRedirects removes the target of a redirect from the answer and keeps only its kind.
type noRedirects struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s noRedirects) RoundTrip(rq *http.Request) (*http.Response, error) {
	res, err := s.RoundTripper.RoundTrip(rq)
	if err != nil {
		return nil, err
	}
	if away, ok := rq.Context().Value(redirectKey{}).(*redirect); ok {
		*away = redirectOf(rq.URL, res.Header.Get("Location"))
	}
	res.Header.Del("Location")
	return res, nil
}

// redirect is the kind of target that a redirect has.
type redirect int

// The kinds.
const (
	elsewhere redirect = iota
	toLogin
	toHTTPS // at the same address
)

// redirectKey is the key in a request's context for a pointer to the kind of its redirect.
type redirectKey struct{}

func redirectOf(from *url.URL, location string) redirect {
	to, err := from.Parse(location)
	switch {
	case err != nil || location == "":
		return elsewhere
	case exchange.LeadsToLogin(to, from):
		return toLogin
	case from.Scheme == "http" && to.Scheme == "https" && from.Hostname() == to.Hostname() &&
		from.Path == to.Path:
		return toHTTPS
	}
	return elsewhere
}

// Call sends a request. It returns nil if the answer is 2xx. Its errors are those of Notifier, and
// never show the request's address, nor the secrets in its body.
func (c *Caller) Call(rq *http.Request, secrets ...string) error {
	_, err := c.Exchange(rq, secrets...)
	return err
}

// Exchange is Call for a receiver that needs the answer's body. It returns up to 64 KiB of it.
func (c *Caller) Exchange(rq *http.Request, secrets ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(rq.Context(), callTime,
		fmt.Errorf("no answer within %s", callTime))
	defer cancel()
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	var sent secret.Sent
	for _, s := range secrets {
		sent.Hide(s)
	}
	var away redirect
	res, err := c.client.Do(rq.WithContext(context.WithValue(sent.Trace(traced), redirectKey{},
		&away)))
	if err != nil {
		return nil, c.transportError(ctx, err, connected.Load())
	}
	defer func() { _ = res.Body.Close() }()
	// reading the body also lets the connection be reused
	said, err := io.ReadAll(io.LimitReader(res.Body, answerSize))
	if err != nil {
		said = nil // the status says enough
	}
	return said, c.statusError(res, away, sent.Scrub(string(secret.Whole(said, answerSize))))
}

// transportError returns the error of a call without an answer. If there was no connection, nothing
// was delivered.
func (c *Caller) transportError(ctx context.Context, err error, connected bool) error {
	err = withoutAddress(ctx, err)
	away, unseen := exchange.GoesAway(err)
	err = fmt.Errorf("calling %s: %w", c.Who, err)
	if away {
		err = fmt.Errorf("%w; it, or a proxy in front of it, restarts or limits requests", err)
	}
	switch {
	case unseen:
		return &RetryError{Err: err}
	case errors.Is(err, exchange.ErrSwitched):
		return &RefusedError{Err: fmt.Errorf("%w; check its address", err)}
	case !connected:
		return &RetryError{Err: err}
	}
	return err
}

// withoutAddress returns the error without the address, which may be a secret.
func withoutAddress(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// statusError returns the error of an answer. A 5xx that does not ask to wait may have been sent
// after the work was done.
func (c *Caller) statusError(res *http.Response, away redirect, said string) error {
	code := res.StatusCode
	err := fmt.Errorf("%s answered %d %s", c.Who, code, http.StatusText(code))
	page := exchange.IsPage(said)
	refused := func(advice string) error {
		return &RefusedError{Err: fmt.Errorf("%w; %s", err, advice)}
	}
	after, asked := exchange.RetryAfter(res.Header)
	if code == http.StatusTooManyRequests {
		after = max(after, exchange.RetryAfterIn(said))
	}
	switch {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && asked:
		return &RetryError{After: after, Err: err}
	case page && exchange.IsLogin(said) && (code < 300 || code == http.StatusUnauthorized ||
		code == http.StatusForbidden):
		err = fmt.Errorf("%w with a login page for people, so nothing was delivered", err)
		return refused(c.Advice.Login)
	case page && code < 300:
		err = fmt.Errorf("%w with a web page, so nothing was delivered", err)
		return refused(c.Advice.Address)
	case code < 300:
		denial := strings.TrimSpace(said)
		if advice, ok := c.Denials[denial]; ok {
			err = fmt.Errorf("%s answered %d %s", c.Who, code, denial)
			return refused(advice)
		}
		return nil
	case exchange.WantsHTTPS(said):
		return refused("its port speaks HTTPS: write https:// in the address")
	case code == http.StatusProxyAuthRequired:
		return refused("the HTTP proxy on the way wants credentials: " +
			"http://USER:PASSWORD@HOST:PORT, in HTTPS_PROXY or proxy_url")
	case code >= 400 && code < 500 && c.adviceOn(said) != "":
		return refused(c.adviceOn(said))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		if strings.Contains(strings.ToLower(said), "no org id") {
			return refused("it wants a tenant: http_config: {http_headers: {X-Scope-OrgID: " +
				"{values: [TENANT]}}}")
		}
		return refused(c.Advice.Login)
	case code < 400:
		return refused(c.aboutRedirect(away))
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusGone:
		return refused(c.Advice.Address)
	}
	if words := c.quote(res.Header, said); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	switch {
	case code == http.StatusRequestEntityTooLarge:
		return refused("raise the size of a request that it, or a proxy in front of it, " +
			"accepts (nginx: client_max_body_size)")
	case code >= http.StatusInternalServerError:
		return err
	}
	return &RefusedError{Err: err}
}

// adviceOn returns the advice of the first refusal that fits an answer; "" if there is none.
func (c *Caller) adviceOn(said string) string {
	for _, r := range c.Refusals {
		if strings.Contains(said, r.Says) {
			return r.Advice
		}
	}
	return ""
}

// aboutRedirect returns what to do about a redirect.
func (c *Caller) aboutRedirect(to redirect) string {
	switch to {
	case toLogin:
		return "it leads to a login for people: " + c.Advice.Login
	case toHTTPS:
		return "it leads to https: write https:// in the address"
	}
	return "redirects are not followed: " + c.Advice.Address
}

// quote returns what the other side says is wrong, as one line; "" if it is a page for people.
func (c *Caller) quote(h http.Header, said string) string {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); !c.Quotes ||
		err == nil && kind == "text/html" {
		return ""
	}
	return outside.Said(said, quotedSize)
}

// Each sends n things of one delivery, such as events, to a receiver that keeps each of them once.
// One that is refused does not stop the others, and is in the error. Any other error does, because
// a retry sends all of them again.
func Each(n int, things string, send func(i int) error) error {
	var first error
	failed := 0
	for i := range n {
		err := send(i)
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err != nil {
			failed++
			first = cmp.Or(first, err)
		}
	}
	if failed > 1 {
		first = fmt.Errorf("%d of %d %s: %w", failed, n, things, first)
	}
	return first
}

// Unread returns the error for a secret that could not be read, in Notifier's terms. Nothing was
// delivered; if the secret may be readable later, the error is a RetryError.
func Unread(err error) error {
	if secret.Temporary(err) {
		return &RetryError{Err: err}
	}
	return &RefusedError{Err: err}
}

// SecretURL reads an address that is a secret. Its errors show nothing of it.
func (c *Caller) SecretURL(ctx context.Context, s secret.String) (*url.URL, error) {
	link, err := s.Reveal(ctx)
	if err != nil {
		return nil, Unread(fmt.Errorf("reading the address of %s: %w", c.Who, err))
	}
	u, err := exchange.WebURL(link)
	if err != nil {
		return nil, &RefusedError{
			Err: fmt.Errorf("reading the address of %s: it is not a URL; it must begin with "+
				"https:// or http://", c.Who),
		}
	}
	return u, nil
}

// AddressSecrets returns what of an address that is a secret an answer may repeat: the address, its
// path, and the parts of the path and the values of the query that are no plain words.
func AddressSecrets(u *url.URL) []string {
	out := []string{u.String(), u.RequestURI(), u.Path}
	for part := range strings.SplitSeq(u.Path, "/") {
		if len(part) >= secretPart && strings.ContainsAny(part, "0123456789") ||
			len(part) >= longPart {
			out = append(out, part)
		}
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= secretPart {
				out = append(out, v)
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "/" })
}

// The lengths of the parts of a path or a query that may be secrets.
const (
	secretPart = 8
	longPart   = 20 // also without a digit
)
