package promapi

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/promsnap/promsnap/internal/secret"
)

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
	default:
		if b.plain, err = unpacked(b.raw, b.encoding); err != nil {
			return 0, err
		}
	}
	n, err = b.plain.Read(p)
	err = unpackError(err)
	if b.read += int64(n); b.read > b.max {
		return 0, &Error{Kind: KindTooMuch, Message: fmt.Sprintf("the answer is longer than %d MiB", b.max>>20), Hint: b.advice}
	}
	return n, err
}

// unpacked is a body as it was before it was compressed. Nobody asks for that, and gzip is what servers do all the same.
func unpacked(raw io.Reader, encoding string) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, unpackError(err)
		}
		return z, nil
	}
	return nil, &Error{Kind: KindBadAnswer, Message: fmt.Sprintf("the answer is compressed with %q, which was not asked for", brief(encoding, 50)), Hint: hintPacked}
}

// hintPacked is what to do about answers that Prometheus does not compress so.
const hintPacked = "switch the compression of what stands before Prometheus off"

// unpackError tells what is no gzip from what breaks off.
func unpackError(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return &Error{Kind: KindBadAnswer, Message: "the answer says that it is compressed with gzip, and is not", Hint: hintPacked}
	}
	return err
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
