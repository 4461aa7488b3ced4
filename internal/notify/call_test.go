package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/secret"
)

const marked = "s3cr3t-hunter2"

// ask makes a request to a server with an answer, and checks that nothing shows the address.
func ask(t *testing.T, quotes bool, answer http.HandlerFunc) error {
	t.Helper()
	server := httptest.NewServer(answer)
	defer server.Close()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+marked,
		strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCaller("the other side", &http.Transport{DisableKeepAlives: true})
	c.Quotes = quotes
	err = c.Call(rq)
	if text := fmt.Sprintf("%v %+v %#v", err, err, c); strings.Contains(text, marked) {
		t.Errorf("got error and caller %s, want both without the address", text)
	}
	return err
}

const answerDate = "Sun, 22 Nov 2026 00:10:00 GMT"

// answersOfACall are answers of a server, and the errors that they become.
var answersOfACall = []struct {
	name    string
	status  int
	headers map[string]string
	body    string
	want    string // the type of the error: retry, refused, unknown
	says    string // the text of the error
	after   time.Duration
}{
	{name: "ok", status: 200},
	{name: "accepted", status: 202},
	{
		name: "busy", status: 429, headers: map[string]string{"Retry-After": "9"},
		want: "retry", says: "429 Too Many Requests (asked to wait 9s)", after: 9 * time.Second,
	},
	{name: "busy without an end", status: 429, want: "retry", says: "429 Too Many Requests"},
	{
		name: "busy for a century", status: 429, headers: map[string]string{
			"Retry-After": "9999999999999",
		}, want: "retry", after: exchange.MaxWait,
	},
	{
		name: "busy by nonsense", status: 429, headers: map[string]string{"Retry-After": "-3"},
		want: "retry",
	},
	{
		name: "down until", status: 503, headers: map[string]string{
			"Retry-After": "Sun, 22 Nov 2026 00:10:40 GMT", "Date": answerDate,
		},
		want: "retry", says: "503 Service Unavailable", after: 40 * time.Second,
	},
	{
		name: "down until before", status: 503, headers: map[string]string{
			"Retry-After": "Sun, 22 Nov 2026 00:09:40 GMT", "Date": answerDate,
		}, want: "retry",
	},
	{
		name: "down", status: 503, body: "no quorum", want: "unknown",
		says: "503 Service Unavailable: no quorum",
	},
	{name: "broken", status: 500, want: "unknown", says: "500 Internal Server Error"},
	{
		name: "unauthorized", status: 401, body: marked, want: "refused",
		says: "401 Unauthorized; check its credentials",
	},
	{name: "forbidden", status: 403, want: "refused", says: "check its credentials"},
	{
		name: "not there", status: 404, body: "page not found", want: "refused",
		says: "404 Not Found; check its address",
	},
	{
		name: "redirect", status: 302, headers: map[string]string{
			"Location": "/elsewhere/" + marked,
		}, want: "refused", says: "redirects are not followed",
	},
	{
		name: "redirect to a login", status: 302, headers: map[string]string{
			"Location": "https://sso.example.com/login?rd=" + marked,
		},
		want: "refused", says: "it leads to a login for people: check its credentials",
	},
	{
		name: "redirect to another place", status: 308, headers: map[string]string{
			"Location": "https://elsewhere.example.com/" + marked,
		},
		want: "refused", says: "redirects are not followed: check its address",
	},
	{
		name: "redirect to nowhere", status: 301, headers: map[string]string{
			"Location": "http://%zz",
		}, want: "refused", says: "redirects are not followed",
	},
	{
		name: "login page", status: 200, headers: map[string]string{
			"Content-Type": "text/html",
		}, body: "\n<!DOCTYPE html><title>Sign in</title>" + marked,
		want: "refused", says: "200 OK with a login page for people, so nothing was " +
			"delivered; check its credentials",
	},
	{
		name: "login page, forbidden", status: 403, body: `<html><input type="password">`,
		want: "refused", says: "login page for people",
	},
	{
		name: "another page", status: 202, headers: map[string]string{
			"Content-Type": "application/json",
		}, body: "<html><body>Welcome to nginx!</body></html>",
		want: "refused", says: "202 Accepted with a web page, so nothing was delivered; " +
			"check its address",
	},
	{
		name: "a word as HTML", status: 200, headers: map[string]string{
			"Content-Type": "text/html; charset=utf-8",
		}, body: "<p>ok</p>",
	},
	{
		name: "nothing as HTML", status: 200, headers: map[string]string{
			"Content-Type": "text/html; charset=utf-8",
		},
	},
	{
		name: "HTTPS asked in HTTP", status: 400, body: "Client sent an HTTP request to an " +
			"HTTPS server.\n", want: "refused", says: "write https:// in the address",
	},
	{
		name: "tenant", status: 401, body: "no org id\n", want: "refused",
		says: "X-Scope-OrgID: {values: [TENANT]}",
	},
	{
		name: "proxy", status: 407, want: "refused",
		says: "the HTTP proxy on the way wants credentials",
	},
	{
		name: "no POST", status: 405, want: "refused",
		says: "405 Method Not Allowed; check its address",
	},
	{name: "gone", status: 410, want: "refused", says: "410 Gone; check its address"},
	{
		name: "wrong", status: 400, body: "start time\n missing\x1b[31m\u202e", want: "refused",
		says: "the other side answered 400 Bad Request: start time missing[31m",
	},
	{
		name: "page", status: 400, headers: map[string]string{
			"Content-Type": "text/html; charset=utf-8",
		}, body: "<html>", want: "refused", says: "400 Bad Request",
	},
	{
		name: "long", status: 413, body: strings.Repeat("긴", 5000), want: "refused",
		says: "413 Request Entity Too Large: 긴긴",
	},
}

func TestAnswersOfACall(t *testing.T) {
	for _, tc := range answersOfACall {
		t.Run(tc.name, func(t *testing.T) {
			err := ask(t, true, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tc.headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			})
			var retry *RetryError
			var refused *RefusedError
			kind := ""
			switch {
			case errors.As(err, &retry):
				kind = "retry"
				if retry.After != tc.after {
					t.Errorf("got a wait of %s, want %s", retry.After, tc.after)
				}
			case errors.As(err, &refused):
				kind = "refused"
			case err != nil:
				kind = "unknown"
			}
			if kind != tc.want || err != nil && !strings.Contains(err.Error(), tc.says) ||
				err != nil && utf8.RuneCountInString(err.Error()) > 500 {
				t.Errorf("got %s: %v, want %s: %s", kind, err, tc.want, tc.says)
			}
		})
	}
}

func TestCallQuotesOnlyIfAsked(t *testing.T) {
	err := ask(t, false, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "your token is "+marked, http.StatusBadRequest)
	})
	if err == nil || err.Error() != "the other side answered 400 Bad Request" {
		t.Errorf("got %v, want the status only", err)
	}
}

// Credentials that a transport adds to a request are in no error, even if the other side repeats
// them or the error cuts them.
func TestCallRepeatsNoCredentials(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"said": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "bad: "+r.Header.Get("X-Key"), http.StatusBadRequest)
		},
		"cut": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, strings.Repeat("x", quotedSize-8)+r.Header.Get("X-Key"),
				http.StatusInternalServerError)
		},
		"cut where reading ends": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, strings.Repeat(" ", answerSize-len(marked)+1)+
				r.Header.Get("X-Key"))
		},
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://x.invalid/%zz"+r.Header.Get("X-Key")+r.URL.Path)
			w.WriteHeader(http.StatusFound)
		},
	} {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/"+marked,
			strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("X-Key", marked)
		c := NewCaller("the other side", &http.Transport{DisableKeepAlives: true})
		c.Quotes = true
		if err := c.Call(rq); err == nil || strings.Contains(err.Error(), marked[:6]) {
			t.Errorf("%s: got %v, want an error without the key", name, err)
		}
	}
}

func TestCallIsCutOff(t *testing.T) {
	err := ask(t, true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	var retry *RetryError
	var refused *RefusedError
	if err == nil || errors.As(err, &retry) || errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "calling the other side: EOF") {
		t.Errorf("got %v, want an error that does not say whether it was delivered", err)
	}
}

// switches answers with a switch of protocols, and then says nothing until the connection is
// closed.
func switches(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: "+
		"Upgrade\r\nUpgrade: x\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

// The error of a redirect to the same address in HTTPS says what to write.
func TestCallKnowsARedirectToHTTPS(t *testing.T) {
	err := ask(t, true, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	})
	var refused *RefusedError
	if !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "write https:// in the address") {
		t.Errorf("got %v, want advice to write https://", err)
	}
}

// After a server ends a connection without processing the request, Deliver may retry.
func TestCallBacksOffFromAServerThatGoesAway(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		retry bool
	}{
		"unseen":     {exchange.ErrGoAway, true},
		"never open": {errors.New("http2: client conn could not be established"), true},
		"maybe seen": {
			errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, " +
				"ErrCode=NO_ERROR"), false,
		},
	} {
		c := NewCaller("the other side", failing{tc.err})
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/"+marked,
			strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		err = c.Call(rq)
		var retry *RetryError
		if errors.As(err, &retry) != tc.retry ||
			!strings.Contains(err.Error(), "restarts or limits requests") ||
			strings.Contains(err.Error(), marked) {
			t.Errorf("%s: got %v, want retry %t", name, err, tc.retry)
		}
	}
}

// failing is a transport that connects and then fails.
type failing struct{ err error }

func (f failing) RoundTrip(rq *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(rq.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return nil, f.err
}

// After a switch of protocols, no context ends the connection.
func TestCallDoesNotWaitForAnotherProtocol(t *testing.T) {
	err := ask(t, true, switches)
	var refused *RefusedError
	if !errors.As(err, &refused) || err.Error() != "calling the other side: the server is no "+
		"HTTP API: it switched protocols; check its address" {
		t.Errorf("got %v, want a refusal that names the switch of protocols", err)
	}
}

func TestAddresses(t *testing.T) {
	c := NewCaller("the webhook", nil)
	for _, link := range []string{
		"", "hooks", "ftp://x/" + marked, "https://", "http://\x7f/" + marked,
		"https://u:" + marked + "@ /",
	} {
		_, err := c.SecretURL(context.Background(), secret.Inline(link))
		var refused *RefusedError
		if !errors.As(err, &refused) ||
			!strings.Contains(err.Error(), "reading the address of the webhook") ||
			strings.Contains(err.Error(), marked) {
			t.Errorf("%q: got %v, want a refusal without the address", link, err)
		}
	}
	if u, err := c.SecretURL(context.Background(),
		secret.Inline("https://hooks.example.com/x?k=1")); err != nil || u.RawQuery != "k=1" {
		t.Errorf("got %v, %v; want the address", u, err)
	}
}

// What of an address may be a secret is hidden where an answer repeats it.
func TestAddressSecrets(t *testing.T) {
	for link, answer := range map[string]string{
		"/" + marked + "/x": "no /" + marked + "/x", "/x?sig=" + marked: "no " + marked,
		"/x?sig=" + marked + "&a=1":      "no x?sig=" + marked + "&amp;a=1",
		"/bot123:" + marked + "/message": "no bot123:" + marked,
		"/0/abcdefghijklmnopqrstuvwxyz":  "no abcdefghijklmnopqrstuvwxyz",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request) {
			http.Error(w, answer, http.StatusBadRequest)
		}))
		t.Cleanup(server.Close)
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCaller("the other side", &http.Transport{DisableKeepAlives: true})
		c.Quotes = true
		err = c.Call(rq, AddressSecrets(rq.URL)...)
		if err == nil || strings.Contains(err.Error(), marked) ||
			strings.Contains(err.Error(), "lmnop") || !strings.Contains(err.Error(), ": no ") {
			t.Errorf("%s: got %v, want the answer without the secret", link, err)
		}
	}
}

// An answer that says what is wrong has its own advice.
func TestRefusals(t *testing.T) {
	for status, want := range map[int]string{
		400: "turn it on", 403: "turn it on", 404: "turn it on", 500: ": off",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request) {
			http.Error(w, "it is off", status)
		}))
		t.Cleanup(server.Close)
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCaller("the other side", &http.Transport{DisableKeepAlives: true})
		c.Quotes, c.Refusals = true, []Refusal{{"is off", "turn it on"}, {"off", "no"}}
		if err := c.Call(rq); err == nil || !strings.Contains(err.Error(),
			strings.Replace(want, ": off", ": it is off", 1)) {
			t.Errorf("%d: got %v, want %q", status, err, want)
		}
	}
}
