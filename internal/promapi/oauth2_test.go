package promapi

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

const clientSecret = "MARKED-client-secret"

// oauth2Client returns a client of a Prometheus that accepts the tokens of the OAuth2 server at
// tokenURL, and a counter of the queries with a token.
func oauth2Client(t *testing.T, tokenURL, more string, o Options) (*Client, *atomic.Int32) {
	t.Helper()
	asked := new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer token-1" {
			t.Errorf("got a query with %q, want %q", got, "Bearer token-1")
		}
		asked.Add(1)
		_, _ = io.WriteString(w, one)
	}))
	t.Cleanup(srv.Close)
	var cfg config.HTTPClientConfig
	if err := yaml.UnmarshalStrict(fmt.Appendf(nil, "oauth2: {client_id: me, token_url: '%s', %s}",
		tokenURL, more), &cfg); err != nil {
		t.Fatal(err)
	}
	rt, err := Transport(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(base, rt, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c, asked
}

// An OAuth2 server that gives no token fails the query in time, and no other server gets the
// secret.
func TestHostileOAuth2(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("got request %s %s with %v, want none", r.Method, r.URL, r.Header)
	}))
	t.Cleanup(elsewhere.Close)
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", elsewhere.URL+"/?"+r.FormValue("client_secret"))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w,
				strings.ReplaceAll(body, "SECRET", r.FormValue("client_secret")))
		}
	}
	begins := func(head, again string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, err := io.WriteString(w, head)
			for again != "" && err == nil {
				_, err = io.WriteString(w, again)
			}
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		kind   Kind
		want   string
	}{
		{
			"redirect that keeps the body", says(307, ""), KindRedirect,
			"the OAuth2 server redirects: HTTP 307; client_secret is not sent to another " +
				"address: correct token_url",
		},
		{"redirect", says(302, ""), KindRedirect, "the OAuth2 server redirects: HTTP 302"},
		{"hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, KindTimeout,
			"the OAuth2 server gave no token: no complete answer after 200ms; check token_url in " +
				"http_config's oauth2, and that its server answers"},
		{
			"hang after headers", begins("{", ""), KindTimeout,
			"the OAuth2 server gave no token: no complete answer after 200ms",
		},
		{
			"for ever", begins("{", strings.Repeat(" ", 1<<16)), KindBadAnswer,
			"the answer of the OAuth2 server is not a token",
		},
		{
			"refused", says(401, `{"error":"invalid_client","error_description":"SECRET"}`),
			KindDenied, "the OAuth2 token was refused: HTTP 401",
		},
		{
			"refused with the secret for a reason", says(400, `{"error":"SECRET"}`), KindDenied,
			"the OAuth2 token was refused: HTTP 400; check client_id",
		},
		{
			"busy", says(503, "SECRET"), KindBusy, "the OAuth2 server gave no token: HTTP 503; " +
				"check the server of token_url",
		},
		{
			"no token", says(200, `{"SECRET":1}`), KindBadAnswer,
			"the answer of the OAuth2 server is not a token; check token_url",
		},
		{
			"a web page", says(200, "<html>SECRET"), KindBadAnswer,
			"the answer of the OAuth2 server is not a token; check token_url",
		},
		{
			"another protocol", says(101, ""), KindBadAnswer, "requesting an OAuth2 token: the " +
				"server is no HTTP API: it switched protocols; check token_url",
		},
		{"dropped", func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, KindNetwork, "requesting an OAuth2 token: EOF; check token_url"},
	} {
		for _, grant := range []string{
			"client_secret: " + clientSecret,
			"grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', " +
				"client_certificate_key_file: " + privateKey(t),
		} {
			t.Run(tt.name+" "+grant[:5], func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
					r *http.Request) {
					_ = r.ParseForm() // so that a client that goes away is noticed
					tt.answer(w, r)
				}))
				t.Cleanup(server.Close)
				o := Options{Attempts: 1}
				if tt.kind == KindTimeout {
					// the others get their answer before any timeout, however slow the machine is
					o.QueryTimeout = 100 * time.Millisecond
				}
				c, asked := oauth2Client(t, server.URL, grant, o)
				_, err := c.Range(t.Context(), Query{Expr: "up", Grid: grid}, none)
				var e *Error
				if !errors.As(err, &e) || e.Kind != tt.kind ||
					!strings.Contains(err.Error(), tt.want) {
					t.Errorf("got  %s\nwant %s: %s", describe(err), tt.kind, tt.want)
				}
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "MARKED") ||
					asked.Load() != 0 {
					t.Errorf("got %d requests to Prometheus and error %s, want none and no secret",
						asked.Load(), text)
				}
			})
		}
	}
}

// The end of the run ends every wait for a token. The error says why.
func TestOAuth2EndsWithTheRun(t *testing.T) {
	here := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // so that a client that goes away is noticed
		here <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c, _ := oauth2Client(t, server.URL, "client_secret: "+clientSecret, Options{})
	over := errors.New("the run's minute is over")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	for range 2 {
		go func() {
			_, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, none)
			ended <- err
		}()
	}
	<-here
	cancel(over)
	for range 2 {
		if err := <-ended; !errors.Is(err, over) || !errors.Is(err, context.Canceled) ||
			!strings.Contains(err.Error(), over.Error()) {
			t.Error(err)
		}
	}
}

// A token is requested as http_config says: once for all requests, and again if the secret changes.
func TestOAuth2Asks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(clientSecret)
	forms := make(chan url.Values, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		id, secret, _ := r.BasicAuth()
		r.Form.Set("by", id+":"+secret+" "+r.UserAgent())
		forms <- r.Form
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w,
			`{"access_token":"token-1","token_type":"Bearer","expires_in":3600}`)
	}))
	t.Cleanup(server.Close)
	ask := func(c *Client) {
		t.Helper()
		if _, err := c.Range(t.Context(), Query{Expr: "up", Grid: grid}, none); err != nil {
			t.Fatal(err)
		}
	}
	c, asked := oauth2Client(t, server.URL, "client_secret_file: "+path+", scopes: [a, b], "+
		"endpoint_params: {audience: x}", Options{UserAgent: "promsnap/test"})
	ask(c)
	ask(c)
	form := <-forms
	if got, want := form.Encode(), "audience=x&by=me%3A"+clientSecret+
		"+promsnap%2Ftest&grant_type=client_credentials&scope=a+b"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(forms) != 0 || asked.Load() != 2 {
		t.Errorf("got %d queries and %d more requests for a token, want 2 and 0", asked.Load(),
			len(forms))
	}
	write("another")
	ask(c)
	if form = <-forms; !strings.HasPrefix(form.Get("by"), "me:another ") {
		t.Errorf("got secret %s, want me:another", form.Get("by"))
	}
	c, _ = oauth2Client(t, server.URL,
		"grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', signature_algorithm: RS512, "+
			"client_certificate_key_file: "+privateKey(t), Options{})
	ask(c)
	if form = <-forms; form.Get("grant_type") != jwtBearer ||
		strings.Count(form.Get("assertion"), ".") != 2 {
		t.Errorf("got form %v, want the grant type and a JWT", form)
	}
}

// privateKey returns the path of a new key.
func privateKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path,
		pem.EncodeToMemory(&pem.Block{
			Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key),
		}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
