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

// maxErrorBody is how much of an error's body is read, in bytes.
const maxErrorBody = 64 << 10

// statusError reads an answer that is none of the API's successes, and came after took. Of its
// words what was sent is taken out.
func statusError(resp *http.Response, sent *secret.Sent, took time.Duration) *Error {
	// a body that breaks off still says something
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

// longestReason is the longest web page whose words are the reason of an error, in bytes: a proxy's
// own are short.
const longestReason = 4 << 10

// slowRefusal is after how long a 502 or 503 is the end of a proxy's patience and not of a server
// that does not run.
const slowRefusal = 20 * time.Second

// explainStatus says what an answer means whose words say nothing that is known.
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

// gaveUp reports whether a proxy answered because it had waited long enough: with 504, with 408 as
// Envoy does, with 524 as Cloudflare does, or, as oauth2-proxy does, with a 502 that took long.
func gaveUp(code int, took time.Duration) bool {
	switch code {
	case http.StatusGatewayTimeout, http.StatusRequestTimeout, 524:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return took >= slowRefusal
	}
	return false
}

// hintLogin is what to do about a login for people.
const hintLogin = "the login in front of Prometheus is for people: set credentials for programs " +
	"in http_config (authorization, basic_auth, oauth2), or use the URL of Prometheus behind the " +
	"login"

// isWebPage reports whether a body is HTML.
func isWebPage(contentType, body string) bool {
	return strings.Contains(contentType, "html") || strings.HasPrefix(strings.TrimSpace(body), "<")
}

// plainText is what a body without the API's JSON says: its first line, nothing of a web page. It
// is not cut here: only a whole secret is known as one, so that Client.explain takes them out first
// and cuts then.
func plainText(contentType, body string) string {
	text := strings.TrimSpace(strings.ToValidUTF8(body, "\uFFFD"))
	if isWebPage(contentType, text) {
		return "a web page instead of JSON"
	}
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text)
}

// What net/http says, for which it has no types.
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

// says tells whether an error has any of the words in it.
func says(err error, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(err.Error(), w)
	})
}

func goesAway(err error) bool {
	away, _ := exchange.GoesAway(err)
	return away
}

// networkError says in plain words why there was no answer, or no whole one.
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
	case says(err, []string{"invalid header field"}): // of what we send
		e.Kind, e.Again, e.Err = KindBadConfig, false, nil
		e.Message = "a header from http_config contains a line break or another control character"
		e.Hint = "correct the credentials or the header, or the file that holds them"
	case errors.Is(err, exchange.ErrSwitched):
		e.Kind, e.Again = KindBadAnswer, false
		e.Hint = "check host and port: this may not be a Prometheus server"
	case says(err, headersTooLong):
		e.Kind, e.Again, e.Err = KindTooMuch, false, nil
		e.Message = fmt.Sprintf("the answer's headers are longer than %d KiB", maxHeader>>10)
		e.Hint = "those of Prometheus are short: a proxy may have answered instead"
	case says(err, []string{`malformed HTTP response "\x15\x03`}): // a TLS alert
		e.Kind, e.Again = KindTLS, false
		e.Hint = "the server speaks HTTPS: write https:// in the URL"
	case says(err, notHTTP):
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

// handshakeHint says what to do about the alert with which a server refuses a TLS handshake.
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
