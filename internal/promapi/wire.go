package promapi

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/common/config"
	"golang.org/x/oauth2"
)

// Transport returns what sends requests as http_config says, in all that Prometheus' own configuration knows: basic auth, bearer and
// other authorization, OAuth2, mTLS and certificate authorities, headers, proxy. Certificates are verified unless it says otherwise.
// follow_redirects is not the transport's: give it to Options.
func Transport(cfg config.HTTPClientConfig) (http.RoundTripper, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	rt, err := config.NewRoundTripperFromConfig(cfg, "prometheus")
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	return rt, nil
}

// maxErrorBody is how much of an error's body is read, in bytes.
const maxErrorBody = 64 << 10

// A wire sends requests as the client does and turns every answer that is not one of the API's into an *Error.
type wire struct {
	next     http.RoundTripper
	agent    string
	encoding string
	user     *url.Userinfo
	max      int64 // bytes of a body, uncompressed
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", w.encoding)
	req.Header.Set("User-Agent", w.agent)
	if w.user != nil {
		password, _ := w.user.Password()
		req.SetBasicAuth(w.user.Username(), password)
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &body{raw: resp.Body, encoding: resp.Header.Get("Content-Encoding"), left: w.max}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		return resp, nil // the http.Client asks stay whether to follow
	case resp.StatusCode/100 == 2 && kind != "text/html":
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, statusError(resp)
}

// errTooLong is a read past the bytes that an answer may have.
var errTooLong = errors.New("the answer is longer than allowed")

// A body is an answer's body as it was before it was compressed, and not endless.
type body struct {
	raw      io.ReadCloser
	encoding string
	plain    io.Reader
	left     int64
}

func (b *body) Read(p []byte) (n int, err error) {
	switch {
	case b.plain != nil:
	case b.encoding == "" || b.encoding == "identity":
		b.plain = b.raw
	case b.encoding == "gzip":
		if b.plain, err = gzip.NewReader(b.raw); err != nil {
			return 0, fmt.Errorf("the answer's gzip: %w", err)
		}
	default:
		return 0, &Error{Kind: KindBadAnswer, Message: fmt.Sprintf("the answer is compressed with %q, which was not asked for", b.encoding)}
	}
	n, err = b.plain.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

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

// statusError reads an answer that is none of the API's successes.
func statusError(resp *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // a body that breaks off still says something
	var said struct{ Status, ErrorType, Error string }
	e := &Error{}
	if json.Unmarshal(body, &said) == nil && said.ErrorType != "" {
		e = answerError(said.ErrorType, said.Error)
	} else {
		e.Message = plainText(resp.Header.Get("Content-Type"), body)
	}
	e.Status = resp.StatusCode
	e.Message = scrub(e.Message, resp.Request)
	e.after = retryAfter(resp.Header)
	decided := e.Kind == KindTimeout || e.Kind == KindCanceled || e.Kind == KindTooMuch || e.Kind == KindQuery
	switch code := resp.StatusCode; {
	case code/100 == 2:
		page := errWebPage()
		e.Kind, e.Message, e.Hint = page.Kind, page.Message, page.Hint
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		e.Kind = KindDenied
		e.Hint = "give credentials that may query, in http_config (basic_auth, authorization, oauth2, tls_config) or in the URL"
	case strings.Contains(string(body), "HTTP request to an HTTPS server") || strings.Contains(string(body), "HTTP request was sent to HTTPS"):
		e.Kind = KindTLS
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case decided:
	case code == http.StatusNotFound:
		e.Kind = KindNotFound
		e.Hint = "no Prometheus API at this URL: is a path prefix missing, e.g. /prometheus?"
	case code == http.StatusTooManyRequests:
		e.Kind, e.again = KindBusy, true
		e.Hint = "the server or what stands before it limits requests: lower concurrency or ask less often"
	case code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout:
		e.Kind, e.again = KindBusy, true
		e.Hint = "Prometheus, or what it stands behind, is not ready: is its pod running?"
	case code/100 == 5:
		e.Kind = KindServer
		e.Hint = "the server's own log says more"
	case e.Kind == "" || e.Kind == KindServer:
		e.Kind = KindBadAnswer
		e.Hint = "is this URL a Prometheus server's?"
	}
	return e
}

// plainText is what a body without the API's JSON says: its first line, nothing of a web page.
func plainText(contentType string, body []byte) string {
	const most = 200
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), "\uFFFD"))
	if strings.Contains(contentType, "html") || strings.HasPrefix(text, "<") {
		return "a web page instead of JSON"
	}
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.TrimSpace(text)
}

// scrub takes what the request was authorized with out of words that the server may have got them from.
func scrub(words string, req *http.Request) string {
	if req == nil {
		return words
	}
	secrets := func(yield func(string)) {
		for name, values := range req.Header {
			switch name {
			case "Accept", "Accept-Encoding", "Content-Type", "User-Agent", "Idempotency-Key":
				continue
			}
			for _, v := range values {
				yield(v)
				if _, token, ok := strings.Cut(v, " "); ok && name == "Authorization" {
					yield(token)
				}
			}
		}
		if _, password, ok := req.BasicAuth(); ok {
			yield(password)
		}
	}
	secrets(func(s string) {
		if len(s) >= 4 {
			words = strings.ReplaceAll(words, s, "<redacted>")
		}
	})
	return words
}

// retryAfter reads the wait that a server asks for (RFC 9110, 10.2.3): seconds, or a date, which is held against the server's own.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(s, 0), int(24*time.Hour/time.Second))) * time.Second
	}
	then, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(then.Sub(now), 0)
}

// networkError says in plain words why there was no answer, or no whole one.
func networkError(err error) *Error {
	e := &Error{Kind: KindNetwork, Err: err, again: true}
	var (
		wrapped     *url.Error
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		hostname    x509.HostnameError
		authority   x509.UnknownAuthorityError
		record      tls.RecordHeaderError
		remote      *net.OpError
		token       *oauth2.RetrieveError
	)
	for errors.As(err, &wrapped) {
		err = wrapped.Err // url.Error prints the URL with its parameters
	}
	e.Message = err.Error()
	switch {
	case errors.As(err, &token):
		// The text of a RetrieveError has the whole answer of the token's server.
		e.Kind, e.again = KindDenied, false
		e.Message = fmt.Sprintf("the OAuth2 token was refused: HTTP %d %s", token.Response.StatusCode, token.ErrorCode)
		e.Hint = "check client_id, client_secret, scopes and token_url in http_config's oauth2"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind = KindRefused
		e.Hint = "nothing listens there: check host and port, and that Prometheus runs; from outside the cluster it needs a port-forward"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Kind, e.again = KindNoHost, false
		e.Hint = "check the host name; names like prometheus-server.monitoring.svc are known only inside the cluster"
	case errors.As(err, &authority):
		e.Kind, e.again = KindTLS, false
		e.Hint = "give the authority's certificate in http_config: tls_config: ca_file"
	case errors.As(err, &hostname):
		e.Kind, e.again = KindTLS, false
		e.Hint = "the certificate is another host's: use the name in it, or give it in http_config: tls_config: server_name"
	case errors.As(err, &certificate):
		e.Kind, e.again = KindTLS, false
		e.Hint = "the server's certificate does not hold"
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record):
		e.Kind, e.again = KindTLS, false
		e.Hint = "the server does not speak HTTPS: write http:// in the URL"
	case errors.As(err, &remote) && remote.Op == "remote error": // a TLS alert
		e.Kind, e.again = KindTLS, false
		e.Hint = "the server refused the TLS handshake: it may want a client certificate (http_config: tls_config: cert_file, key_file)"
	default:
		e.Hint = "the connection could not be made or broke off: check the network between, and that Prometheus was not killed"
	}
	return e
}
