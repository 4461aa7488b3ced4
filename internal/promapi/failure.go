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
	"strings"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/secret"
)

// maxErrorBody is the number of bytes that are read of an error's body.
const maxErrorBody = 64 << 10

// statusError returns the error of an answer that is no success of the API. The answer came after
// took. The error contains no secret that was sent.
func statusError(resp *http.Response, sent *secret.Sent, took time.Duration) *Error {
	// the beginning of a body that breaks off is still useful
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	body = secret.Whole(body, maxErrorBody)
	contentType := resp.Header.Get("Content-Type")
	var said struct{ Status, ErrorType, Error string }
	e := &Error{}
	if json.Unmarshal(body, &said) == nil && (said.ErrorType != "" || said.Status == "error") {
		e = answerError(said.ErrorType, said.Error)
	} else {
		e.Message = plainText(contentType, sent.Scrub(string(body)))
		if known := causeOf(string(body)); known != nil &&
			(len(body) <= longestReason || !isWebPage(contentType, string(body))) {
			known.explain(e)
		}
	}
	e.Status = resp.StatusCode
	e.after, _ = exchange.RetryAfter(resp.Header)
	if e.Kind == "" || e.Kind == KindServer {
		e.explainStatus(resp, string(body), took)
	}
	return e
}

// longestReason is the longest web page that is searched for known causes, in bytes. The error
// pages of proxies are short.
const longestReason = 4 << 10

// slowRefusal is the time after which a 502 or 503 means that a proxy gave up, and not that the
// server does not run.
const slowRefusal = 20 * time.Second

// explainStatus explains an answer by its status. It is for answers without a known cause.
func (e *Error) explainStatus(resp *http.Response, body string, took time.Duration) {
	page := isWebPage(resp.Header.Get("Content-Type"), body)
	switch code := resp.StatusCode; {
	case page && (code/100 == 2 || code == http.StatusUnauthorized ||
		code == http.StatusForbidden) && exchange.IsLogin(body):
		e.Kind, e.Message, e.Hint = KindDenied, "a login page for people instead of JSON", hintLogin
	case code/100 == 2:
		page := errWebPage()
		e.Kind, e.Message, e.Hint = page.Kind, page.Message, page.Hint
	case code == http.StatusProxyAuthRequired:
		e.Kind = KindDenied
		e.Hint = "the HTTP proxy requires credentials: write them in http_config's proxy_url, " +
			"http://USER:PASSWORD@HOST:PORT"
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		e.Kind = KindDenied
		e.Hint = "give credentials that may query, in http_config (basic_auth, authorization, " +
			"oauth2, tls_config)"
	case exchange.WantsHTTPS(body):
		e.Kind = KindTLS
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case code == http.StatusNotFound:
		e.Kind = KindNotFound
		e.Hint = "no Prometheus API at this URL: check whether a path prefix is missing, such as " +
			"/prometheus"
	case code == http.StatusRequestEntityTooLarge || code == http.StatusRequestURITooLong:
		e.Kind = KindTooMuch
		e.Hint = "the proxy in front of Prometheus refuses such a long query: raise its limit " +
			"(nginx: client_max_body_size), or shorten the query"
	case code == http.StatusRequestHeaderFieldsTooLarge:
		e.Kind = KindTooMuch
		e.Hint = "the proxy in front of Prometheus refuses such long headers: send a shorter " +
			"token, or raise its limit"
	case code == http.StatusNotModified:
		e.Kind = KindBadAnswer
		e.Hint = "a cache in front of Prometheus answered instead: let it pass /api/v1 through"
	case code == http.StatusTooManyRequests:
		e.Kind, e.Again = KindBusy, true
		e.Hint = "the server or a proxy in front of it limits requests: lower concurrency or " +
			"query less often"
	case gaveUp(code, took):
		e.Kind, e.Took = KindGaveUp, took
		after := ""
		if took >= time.Second {
			after = fmt.Sprintf(" after %v", took.Round(time.Second))
		}
		e.Hint = "the proxy in front of Prometheus gave up" + after +
			": raise the proxy's timeout, or narrow the query, shorten its range or use a " +
			"recording rule"
	case code == http.StatusBadGateway || code == http.StatusServiceUnavailable ||
		code >= 520 && code <= 530:
		// Cloudflare's own
		e.Kind, e.Again = KindBusy, true
		e.Hint = "Prometheus or the proxy in front of it is not ready: check that its pod runs"
	case code/100 == 5:
		e.Kind = KindServer
		e.Hint = "the server's own log says more"
	default:
		e.Kind = KindBadAnswer
		e.Hint = "check the URL: this may not be a Prometheus server"
	}
}

// gaveUp reports whether a proxy answered because its own timeout expired: with 504, with 408
// (Envoy), with 524 (Cloudflare), or with a slow 502 (oauth2-proxy) or 503.
func gaveUp(code int, took time.Duration) bool {
	switch code {
	case http.StatusGatewayTimeout, http.StatusRequestTimeout, 524:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return took >= slowRefusal
	}
	return false
}

// hintLogin says what to do about a login page.
const hintLogin = "the login in front of Prometheus is for people: set credentials for programs " +
	"in http_config (authorization, basic_auth, oauth2), or use the URL of Prometheus behind the " +
	"login"

// isWebPage reports whether a body is HTML.
func isWebPage(contentType, body string) bool {
	return strings.Contains(contentType, "html") || strings.HasPrefix(strings.TrimSpace(body), "<")
}

// plainText returns the first line of a body that is not the API's JSON. Of a web page it returns
// nothing. It does not cut a long line, because a part of a secret would not be recognized:
// Client.explain removes secrets first and cuts then.
func plainText(contentType, body string) string {
	text := strings.TrimSpace(strings.ToValidUTF8(body, "\uFFFD"))
	if isWebPage(contentType, text) {
		return "a web page instead of JSON"
	}
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text)
}

// Parts of errors for which net/http has no types.
var (
	headersTooLong = []string{
		"server response headers exceeded", "response header list larger than advertised limit",
	}
	notHTTP = []string{
		"malformed HTTP ", "malformed MIME header", "bad Content-Length",
		"multiple Content-Length headers", "unsupported transfer encoding",
		"too many transfer encodings", "invalid header", "failed to parse Location header",
		"too many 1xx informational responses", "PROTOCOL_ERROR",
	}
)

// contains reports whether the text of an error contains one of the parts.
func contains(err error, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool {
		return strings.Contains(err.Error(), p)
	})
}

// goesAway reports whether the server closed an HTTP/2 connection with GOAWAY.
func goesAway(err error) bool {
	away, _ := exchange.GoesAway(err)
	return away
}

// networkError returns the *Error for a network error: there was no answer, or no complete one.
func networkError(err error) *Error {
	var (
		wrapped     *url.Error
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		hostname    x509.HostnameError
		authority   x509.UnknownAuthorityError
		invalid     x509.CertificateInvalidError
		record      tls.RecordHeaderError
		op          *net.OpError
	)
	for errors.As(err, &wrapped) {
		err = wrapped.Err // url.Error prints the URL with its parameters
	}
	e := &Error{Kind: KindNetwork, Message: err.Error(), Err: err, Again: true}
	switch {
	case goesAway(err):
		e.Kind = KindBusy
		e.Hint = "the server or a proxy in front of it restarts or limits requests: lower " +
			"concurrency, or set http_config: {enable_http2: false}"
	case contains(err, []string{"invalid header field"}): // of the request
		e.Kind, e.Again, e.Err = KindBadConfig, false, nil
		e.Message = "a header from http_config contains a line break or another control character"
		e.Hint = "correct the credentials or the header, or the file that holds them"
	case errors.Is(err, exchange.ErrSwitched):
		e.Kind, e.Again = KindBadAnswer, false
		e.Hint = "check host and port: this may not be a Prometheus server"
	case contains(err, headersTooLong):
		e.Kind, e.Again, e.Err = KindTooMuch, false, nil
		e.Message = fmt.Sprintf("the answer's headers are longer than %d KiB", maxHeader>>10)
		e.Hint = "those of Prometheus are short: a proxy may have answered instead"
	case contains(err, []string{`malformed HTTP response "\x15\x03`}): // a TLS alert
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case contains(err, notHTTP):
		e.Kind, e.Again = KindBadAnswer, false
		e.Hint = "the server there does not speak HTTP as Prometheus does: check the port"
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Hint = "the proxy cannot be reached: check http_config's proxy_url"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind = KindRefused
		e.Hint = "nothing listens there: check host and port, and that Prometheus runs; from " +
			"outside the cluster it needs a port-forward"
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout():
		e.Hint = "nothing answers at that address: check that Prometheus runs there, and that no " +
			"firewall or network policy blocks promsnap"
	case errors.As(err, &dns) && !dns.IsNotFound:
		e.Hint = "the name server gave no answer: check this machine's DNS"
	case errors.As(err, &dns):
		e.Kind, e.Again = KindNoHost, false
		e.Hint = "check the host name; names like prometheus-server.monitoring.svc are known " +
			"only inside the cluster"
	case errors.As(err, &authority):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "give the authority's certificate in http_config: tls_config: ca_file"
	case errors.As(err, &hostname) && exchange.Nameless(hostname.Certificate):
		e.Kind, e.Again, e.Hint = KindTLS, false, exchange.NamelessAdvice
	case errors.As(err, &hostname):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the certificate is for another host: use the name in it, or set that name in " +
			"http_config: tls_config: server_name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Kind, e.Again = KindTLS, false
		e.Hint = "renew the server's certificate, or set this machine's clock"
	case errors.As(err, &certificate):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server's certificate is not valid: replace it"
	case errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record):
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server does not speak HTTPS: write http:// in the URL"
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		e.Kind, e.Again = KindTLS, false
		e.Hint = handshakeHint(op.Err.Error())
	default:
		e.Hint = "the connection failed or broke off: check the network, and that Prometheus was " +
			"not killed"
	}
	return e
}

// handshakeHint returns what to do about the alert of a refused TLS handshake.
func handshakeHint(alert string) string {
	switch {
	case strings.Contains(alert, "protocol version"):
		return "the server refuses this version of TLS: set http_config: tls_config: min_version " +
			"and max_version to one that it supports"
	case strings.Contains(alert, "unrecognized name"):
		return "the server has no certificate for this name: use a name that it has, in the URL " +
			"or in http_config: tls_config: server_name"
	}
	return "the server refused the TLS handshake: it may require a client certificate " +
		"(http_config: tls_config: cert_file, key_file)"
}
