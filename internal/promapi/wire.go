package promapi

import (
	"compress/gzip"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// Transport returns what sends requests as http_config says, in all that Prometheus' own configuration knows: basic auth, bearer and
// other authorization, OAuth2, mTLS and certificate authorities, headers, proxy. Certificates are verified unless it says otherwise.
// follow_redirects is not the transport's: give it to Options. Among the options is what reads the secrets that http_config only refers to.
func Transport(cfg config.HTTPClientConfig, options ...config.HTTPClientOption) (http.RoundTripper, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	rt, err := config.NewRoundTripperFromConfig(cfg, "prometheus", options...)
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	return rt, nil
}

// A wire sends requests as the client does and turns every answer that is not one of the API's into an *Error.
type wire struct {
	next   http.RoundTripper
	agent  string
	max    int64  // bytes of a body, uncompressed
	advice string // what to do about one that is longer
	sent   *secret.Sent
}

// CloseIdleConnections is for http.Client's.
func (w *wire) CloseIdleConnections() { (&http.Client{Transport: w.next}).CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(w.sent.Trace(req.Context()))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "identity") // compressing costs the server more than sending
	req.Header.Set("User-Agent", w.agent)
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &body{raw: resp.Body, encoding: resp.Header.Get("Content-Encoding"), max: w.max, advice: w.advice}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		return resp, nil // the http.Client asks stay whether to follow
	case resp.StatusCode/100 == 2 && kind != "text/html":
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, statusError(resp, w.sent)
}

// A body is an answer's body as it was before it was compressed, and not endless.
type body struct {
	raw      io.ReadCloser
	encoding string
	plain    io.Reader
	max      int64
	advice   string
	read     int64
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	switch {
	case b.plain != nil:
	case b.encoding == "" || b.encoding == "identity":
		b.plain = b.raw
	case b.encoding == "gzip":
		z, err := gzip.NewReader(b.raw)
		if err != nil {
			return 0, fmt.Errorf("the answer's gzip: %w", err)
		}
		b.plain = z
	default:
		return 0, &Error{Kind: KindBadAnswer, Message: fmt.Sprintf("the answer is compressed with %q, which was not asked for", b.encoding)}
	}
	n, err = b.plain.Read(p)
	if b.read += int64(n); b.read > b.max {
		return 0, &Error{Kind: KindTooMuch, Message: fmt.Sprintf("the answer is longer than %d MiB", b.max>>20), Hint: b.advice}
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error { return b.raw.Close() }

// stay refuses redirects that would take a query, or credentials of any kind, elsewhere, and those that turn a POST into a GET without
// its form.
func stay(follow bool) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		first := via[0]
		to := *req.URL
		to.User, to.RawQuery, to.Fragment = nil, "", ""
		e := &Error{Kind: KindRedirect, Status: req.Response.StatusCode, Message: "the server redirects to " + to.String()}
		switch {
		case first.URL.Host != req.URL.Host || first.URL.Scheme != req.URL.Scheme:
			e.Hint = "credentials are not sent to another address: if it is the right one, write it as the URL; if it is a login, configure http_config"
		case !follow:
			e.Hint = "follow_redirects is off: write that address as the URL"
		case first.Method != req.Method:
			e.Hint = "a query does not survive this kind of redirect: write that address as the URL"
		case len(via) > 5:
			e.Hint = "it does so again and again: check the URL and what stands before Prometheus"
		default:
			return nil
		}
		return e
	}
}
