package promapi

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/secret"
)

// maxErrorBody is how much of an error's body is read, in bytes.
const maxErrorBody = 64 << 10

// statusError reads an answer that is none of the API's successes. Of its words what was sent is taken out.
func statusError(resp *http.Response, sent *secret.Sent) *Error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // a body that breaks off still says something
	body = secret.Whole(body, maxErrorBody)
	var said struct{ Status, ErrorType, Error string }
	e := &Error{}
	if json.Unmarshal(body, &said) == nil && said.ErrorType != "" {
		e = answerError(said.ErrorType, said.Error)
	} else {
		e.Message = plainText(resp.Header.Get("Content-Type"), sent.Scrub(string(body)))
	}
	e.Status = resp.StatusCode
	e.after = retryAfter(resp.Header)
	decided := e.Kind == KindTimeout || e.Kind == KindCanceled || e.Kind == KindTooMuch || e.Kind == KindQuery
	switch code := resp.StatusCode; {
	case code/100 == 2:
		page := errWebPage()
		e.Kind, e.Message, e.Hint = page.Kind, page.Message, page.Hint
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		e.Kind = KindDenied
		e.Hint = "give credentials that may query, in http_config (basic_auth, authorization, oauth2, tls_config)"
	case strings.Contains(string(body), "HTTP request to an HTTPS server") || strings.Contains(string(body), "HTTP request was sent to HTTPS"):
		e.Kind = KindTLS
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case decided:
	case code == http.StatusNotFound:
		e.Kind = KindNotFound
		e.Hint = "no Prometheus API at this URL: is a path prefix missing, e.g. /prometheus?"
	case code == http.StatusTooManyRequests:
		e.Kind, e.Again = KindBusy, true
		e.Hint = "the server or what stands before it limits requests: lower concurrency or ask less often"
	case code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout:
		e.Kind, e.Again = KindBusy, true
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
func plainText(contentType, body string) string {
	text := strings.TrimSpace(strings.ToValidUTF8(body, "\uFFFD"))
	if strings.Contains(contentType, "html") || strings.HasPrefix(text, "<") {
		return "a web page instead of JSON"
	}
	text, _, _ = strings.Cut(text, "\n")
	return brief(strings.TrimSpace(text), 200)
}

// brief is s, cut to at most so many bytes and an ellipsis.
func brief(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
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

// What net/http says, for which it has no types.
var (
	headersTooLong = []string{"server response headers exceeded", "response header list larger than advertised limit"}
	notHTTP        = []string{
		"malformed HTTP ", "malformed MIME header", "bad Content-Length", "multiple Content-Length headers", "unsupported transfer encoding",
		"too many transfer encodings", "invalid header", "failed to parse Location header", "too many 1xx informational responses", "PROTOCOL_ERROR",
	}
)

// says tells whether an error has any of the words in it.
func says(err error, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(err.Error(), w) })
}

// networkError says in plain words why there was no answer, or no whole one.
func networkError(err error) *Error {
	var (
		wrapped     *url.Error
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		hostname    x509.HostnameError
		authority   x509.UnknownAuthorityError
		record      tls.RecordHeaderError
		op          *net.OpError
	)
	for errors.As(err, &wrapped) {
		err = wrapped.Err // url.Error prints the URL with its parameters
	}
	e := &Error{Kind: KindNetwork, Message: err.Error(), Err: err, Again: true}
	switch {
	case errors.Is(err, exchange.ErrSwitched):
		e.Kind, e.Again = KindBadAnswer, false
		e.Hint = "is this URL a Prometheus server's? Check host and port"
	case says(err, headersTooLong):
		e.Kind, e.Again, e.Err = KindTooMuch, false, nil
		e.Message = fmt.Sprintf("the answer's headers are longer than %d KiB", maxHeader>>10)
		e.Hint = "Prometheus' own are short: what stands before it answers in its place"
	case says(err, []string{`malformed HTTP response "\x15\x03`}): // a TLS alert
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case says(err, notHTTP):
		e.Kind, e.Again = KindBadAnswer, false
		e.Hint = "what listens there does not speak HTTP as Prometheus does: check the port"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Hint = "the proxy cannot be reached: check http_config's proxy_url"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind = KindRefused
		e.Hint = "nothing listens there: check host and port, and that Prometheus runs; from outside the cluster it needs a port-forward"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Kind, e.Again = KindNoHost, false
		e.Hint = "check the host name; names like prometheus-server.monitoring.svc are known only inside the cluster"
	case errors.As(err, &authority):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "give the authority's certificate in http_config: tls_config: ca_file"
	case errors.As(err, &hostname):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the certificate is another host's: use the name in it, or give it in http_config: tls_config: server_name"
	case errors.As(err, &certificate):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server's certificate does not hold"
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server does not speak HTTPS: write http:// in the URL"
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server refused the TLS handshake: it may want a client certificate (http_config: tls_config: cert_file, key_file)"
	default:
		e.Hint = "the connection could not be made or broke off: check the network between, and that Prometheus was not killed"
	}
	return e
}
