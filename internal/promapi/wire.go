package promapi

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/secret"
)

// A wire adds the client's headers to requests, and turns every answer that is not one of the API
// into an *Error.
type wire struct {
	next   http.RoundTripper
	agent  string
	max    int64  // the longest body in bytes, uncompressed
	advice string // the hint for a longer body
	sent   *secret.Sent
	now    func() time.Time // if nil, errors have no durations
}

// CloseIdleConnections implements what http.Client.CloseIdleConnections calls.
func (w *wire) CloseIdleConnections() { (&http.Client{Transport: w.next}).CloseIdleConnections() }

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(w.sent.Trace(req.Context()))
	req.Header.Set("Accept", "application/json")
	// compressing costs the server more than sending
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", w.agent)
	var begin time.Time
	if w.now != nil {
		begin = w.now()
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &body{
		raw: resp.Body, encoding: resp.Header.Get("Content-Encoding"), max: w.max, advice: w.advice,
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		return resp, nil // the http.Client asks stay whether to follow
	case resp.StatusCode/100 == 2 && kind != "text/html":
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var took time.Duration
	if w.now != nil {
		took = w.now().Sub(begin)
	}
	return nil, statusError(resp, w.sent, took)
}

// A body decompresses the body of an answer and bounds its length.
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
	err = unpackError(err, b.encoding)
	if b.read += int64(n); b.read > b.max {
		return 0, &Error{
			Kind: KindTooMuch, Message: fmt.Sprintf("the answer is longer than %d MiB", b.max>>20),
			Hint: b.advice,
		}
	}
	return n, err
}

// unpacked returns a reader of a body's uncompressed content. Some servers use gzip or deflate
// although the client does not accept them.
func unpacked(raw io.Reader, encoding string) (plain io.Reader, err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		plain, err = gzip.NewReader(raw)
	case "deflate":
		plain, err = inflated(raw)
	default:
		return nil, &Error{
			Kind: KindBadAnswer, Message: fmt.Sprintf("the answer is compressed with %q, which "+
				"was not asked for", encoding), Hint: hintPacked,
		}
	}
	if err != nil {
		return nil, unpackError(err, encoding)
	}
	return plain, nil
}

// inflated returns a reader of deflate. By RFC 9110 deflate is zlib, but some servers send it
// without the zlib header.
func inflated(raw io.Reader) (io.Reader, error) {
	r := bufio.NewReader(raw)
	head, err := r.Peek(2)
	if err != nil {
		return nil, err
	}
	const method = 8 // deflate, in the head's lower half
	if head[0]&0x0f == method && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	if head[0] == '{' || head[0] == '<' { // plain JSON or HTML
		return nil, zlib.ErrHeader
	}
	return flate.NewReader(r), nil
}

// hintPacked says what to do about a wrong compression.
const hintPacked = "turn off compression in the proxy in front of Prometheus"

// unpackError returns an *Error for a body that is not compressed as its header says. It returns
// other errors, such as that of a broken connection, unchanged.
func unpackError(err error, encoding string) error {
	var corrupt flate.CorruptInputError
	for _, no := range []error{
		gzip.ErrHeader, gzip.ErrChecksum, zlib.ErrHeader, zlib.ErrChecksum, zlib.ErrDictionary,
	} {
		if errors.Is(err, no) || errors.As(err, &corrupt) {
			return &Error{
				Kind: KindBadAnswer, Message: fmt.Sprintf("the answer says that it is compressed "+
					"with %s, but it is not", encoding), Hint: hintPacked,
			}
		}
	}
	return err
}

// Close implements io.Closer.
func (b *body) Close() error { return b.raw.Close() }

// stay returns a CheckRedirect function. It refuses redirects that would take a query or
// credentials to another address, and those that turn a POST into a GET without its form.
func stay(follow bool) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		first := via[0]
		to := *req.URL
		to.User, to.RawQuery, to.Fragment = nil, "", ""
		e := &Error{
			Kind: KindRedirect, Status: req.Response.StatusCode,
			Message: "the server redirects to " + to.String(),
		}
		write := "check the URL and the proxy in front of Prometheus"
		if base := baseOf(to, first.URL.Path); base != "" {
			write = "write " + base + " as the URL"
		}
		switch {
		case exchange.LeadsToLogin(req.URL, first.URL):
			e.Hint = hintLogin
		case first.URL.Host != req.URL.Host || first.URL.Scheme != req.URL.Scheme:
			e.Hint = "credentials are not sent to another address: if it is the right one, " +
				write + "; if it is a login, set credentials in http_config"
		case !follow:
			e.Hint = "follow_redirects is off: " + write
		case first.Method != req.Method:
			e.Hint = "this kind of redirect loses the query: " + write
		case len(via) > 5:
			e.Hint = "there are too many redirects: check the URL and the proxy in front of " +
				"Prometheus"
		default:
			return nil
		}
		return e
	}
}

// baseOf returns the URL to configure if a redirect leads to the API at another address: without
// the part of the path that the client adds itself. It returns "" if the redirect leads elsewhere.
func baseOf(to url.URL, asked string) string {
	at := strings.LastIndex(asked, "/api/v1/")
	if at < 0 {
		return ""
	}
	base, ok := strings.CutSuffix(strings.TrimSuffix(to.Path, "/"),
		strings.TrimSuffix(asked[at:], "/"))
	if !ok {
		return ""
	}
	to.Path, to.RawPath = base, ""
	return to.String()
}
