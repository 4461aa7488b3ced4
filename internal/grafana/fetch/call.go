package fetch

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
)

// The limits of an answer that is an error.
const (
	maxErrorBody = 64 << 10
	maxQuoted    = 300 // characters
	maxRedirects = 5
)

// errSlow is the error if getting a dashboard takes too long.
var errSlow = fmt.Errorf("no complete answer within %s; check the network, or download the "+
	"dashboard in a browser and give the file", timeout)

// call is one request, with the advice for its errors.
type call struct {
	url     *url.URL
	who     string // the name of the other side in errors
	token   secret.String
	denied  string // after 401 and 403
	missing string // after 404
	page    string // after a web page instead of JSON
	offline bool   // a browser may reach a server that this machine does not
}

// load returns the body of a successful answer.
func (c *Client) load(ctx context.Context, one call) ([]byte, error) {
	var sent secret.Sent
	rq, err := http.NewRequestWithContext(sent.Trace(ctx), http.MethodGet, one.url.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("the address of %s is not a valid URL", one.who)
	}
	rq.Header.Set("Accept", "application/json")
	rq.Header.Set("User-Agent", c.o.UserAgent)
	if !one.token.IsZero() {
		token, err := one.token.Reveal(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the token of Grafana: %w", err)
		}
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(rq)
	if err != nil {
		return nil, one.transportError(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		// the beginning of a truncated body is still useful
		said, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
		return nil, one.statusError(res, sent.Scrub(string(secret.Whole(said, maxErrorBody))))
	}
	tooLong := fmt.Errorf("the answer of %s is longer than %d MiB, so it is not a dashboard; "+
		"check the address", one.who, grafana.MaxFile>>20)
	if res.ContentLength > grafana.MaxFile {
		return nil, tooLong
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, grafana.MaxFile+1))
	switch {
	case len(data) > grafana.MaxFile:
		return nil, tooLong
	case err != nil:
		return nil, one.transportError(ctx, err)
	}
	if head := string(data[:min(len(data), maxErrorBody)]); exchange.IsPage(head) {
		return nil, one.pageError(head)
	}
	return data, nil
}

// pageError returns the error of a web page instead of JSON.
func (o call) pageError(page string) error {
	if exchange.IsLogin(page) {
		return fmt.Errorf("%s answered with a login page for people; %s", o.who, o.denied)
	}
	return fmt.Errorf("%s answered with a web page instead of JSON; %s", o.who, o.page)
}

// transportError returns the error of a request without a complete answer. It does not show the
// address, whose query may hold a secret.
func (o call) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("calling %s: %w", o.who, context.Cause(ctx))
	}
	var (
		redirected *redirectError
		wrapped    *url.Error
		dns        *net.DNSError
		op         *net.OpError
		untrusted  *tls.CertificateVerificationError
	)
	if errors.As(err, &redirected) {
		if redirected.kind == toLogin {
			return fmt.Errorf("%s redirects to a login page for people; %s", o.who, o.denied)
		}
		return fmt.Errorf("%s redirects to %s; %s", o.who, redirected.to, redirected.advice())
	}
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	advice := "check the address and the network"
	switch {
	case errors.As(err, &untrusted):
		advice = "its certificate is not valid here: install the certificate of its authority on " +
			"this machine"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, new(tls.RecordHeaderError)):
		advice = "it does not speak HTTPS: write http:// in its address"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		advice = "the HTTP proxy cannot be reached: check HTTPS_PROXY and HTTP_PROXY"
	case errors.As(err, &dns):
		advice = "check the host name, and that this machine has a network (HTTPS_PROXY names a " +
			"proxy)"
	}
	if o.offline {
		advice += "; or download the dashboard in a browser and give the file"
	}
	return fmt.Errorf("calling %s: %w; %s", o.who, err, advice)
}

// statusError returns the error for the status of an answer that is not a success.
func (o call) statusError(res *http.Response, said string) error {
	code := res.StatusCode
	err := fmt.Errorf("%s answered %d %s", o.who, code, http.StatusText(code))
	if words := quote(said); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	advice := "check the address"
	switch {
	case exchange.WantsHTTPS(said):
		advice = "it speaks HTTPS: write https:// in its address"
	case code == http.StatusProxyAuthRequired:
		advice = "the HTTP proxy requires credentials: write http://USER:PASSWORD@HOST:PORT in " +
			"HTTPS_PROXY"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		advice = o.denied
	case code == http.StatusNotFound, code == http.StatusGone:
		advice = o.missing
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		advice = "try again later"
		if after, _ := exchange.RetryAfter(res.Header); after > 0 {
			advice = fmt.Sprintf("try again in %s", after.Round(time.Second))
		}
	}
	return fmt.Errorf("%w; %s", err, advice)
}

// quote returns the message in an API's error, or a short text. It returns "" for a web page.
func quote(said string) string {
	var message struct{ Message string }
	if json.Unmarshal([]byte(said), &message) == nil {
		said = message.Message
	}
	if exchange.IsPage(said) {
		return ""
	}
	return outside.Said(said, maxQuoted)
}

// redirectError is the error of a redirect that is not followed.
type redirectError struct {
	to   string // without path and query
	kind redirect
}

type redirect int

// The kinds of redirects that are not followed.
const (
	toLogin redirect = iota
	withToken
	toPlain
	tooMany
)

func (e *redirectError) Error() string { return "redirected to " + e.to }

// advice returns what to do about a redirect that leads to no login.
func (e *redirectError) advice() string {
	switch e.kind {
	case withToken:
		return "the token is not sent to another address: if it is the right one, write it in " +
			"--grafana-url"
	case toPlain:
		return "an encrypted request is not sent again without encryption: check the address"
	}
	return "there are too many redirects: check the address"
}

// follow refuses redirects to logins, those that would take a token to another address, and those
// that leave HTTPS.
func follow(rq *http.Request, via []*http.Request) error {
	rq.Header.Del("Referer") // it would contain the address's query
	first := via[0]
	e := &redirectError{to: outside.Said(rq.URL.Scheme+"://"+rq.URL.Host, maxShown)}
	switch {
	case exchange.LeadsToLogin(rq.URL, first.URL):
		e.kind = toLogin
	case first.Header.Get("Authorization") != "" &&
		(rq.URL.Host != first.URL.Host || rq.URL.Scheme != first.URL.Scheme):
		e.kind = withToken
	case via[len(via)-1].URL.Scheme == "https" && rq.URL.Scheme != "https":
		e.kind = toPlain
	case len(via) > maxRedirects:
		e.kind = tooMany
	default:
		return nil
	}
	return e
}
