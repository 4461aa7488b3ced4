package promapi

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

// TestStatusErrors checks the error of each kind of refusal.
func TestStatusErrors(t *testing.T) {
	said := func(errorType, message string) string {
		return fmt.Sprintf(`{"status":"error","errorType":%q,"error":%q}`, errorType, message)
	}
	const url = "range query at http://prometheus.test:9090: "
	tests := []struct {
		status      int
		body        string
		contentType string
		kind        Kind
		want        []string
	}{
		{400, said("bad_data",
			`invalid parameter "query": 1:5: parse error: unclosed left parenthesis`),
			"application/json", KindQuery,
			[]string{
				url + "HTTP 400: bad_data: ", "1:5: parse error: unclosed left parenthesis",
				"correct the query",
			}},
		{400, said("bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try "+
			"decreasing the query resolution (?step=XX)"), "application/json", KindTooMuch,
			[]string{"11,000 points", "larger step or a shorter range"}},
		{
			422, said("execution", "found duplicate series for the match group"),
			"application/json", KindQuery, []string{
				"HTTP 422: execution: found duplicate", "name more labels in on (…)",
			},
		},
		{
			422, said("execution", "query processing would load too many samples into memory in "+
				"query execution"), "application/json", KindTooMuch,
			[]string{"narrow the selectors"},
		},
		{
			422,
			said("422", "cannot select more than -search.maxSamplesPerQuery=1000000000 samples"),
			"application/json", KindTooMuch, []string{"narrow the selectors"},
		},
		{
			422, said("execution", "expanding series: context deadline exceeded"),
			"application/json", KindTimeout, []string{"gave up after the query's time limit"},
		},
		{
			503, said("timeout", "query timed out in expression evaluation"), "application/json",
			KindTimeout, []string{
				"HTTP 503: timeout: query timed out", "gave up after the query's time limit",
			},
		},
		{
			499, said("canceled", "query was canceled in expression evaluation"),
			"application/json", KindCanceled, []string{"ended the query"},
		},
		{
			500, said("internal", "boom"), "application/json", KindServer, []string{
				"HTTP 500: internal: boom", "the server's own log",
			},
		},
		{
			401, "Unauthorized\nmore", "text/plain", KindDenied, []string{
				"HTTP 401: Unauthorized; give credentials",
			},
		},
		{
			403, "<html><h1>Forbidden</h1>", "text/html", KindDenied, []string{
				"HTTP 403: a web page instead of JSON; give credentials",
			},
		},
		{
			404, "404 page not found\n", "text/plain", KindNotFound, []string{
				"HTTP 404: 404 page not found; no Prometheus API at this URL: check whether a " +
					"path prefix is missing, such as /prometheus",
			},
		},
		{
			429, "slow down", "text/plain", KindBusy, []string{
				"HTTP 429: slow down", "lower concurrency",
			},
		},
		{502, "<html>", "text/html", KindBusy, []string{"check that its pod runs"}},
		{
			503, "", "", KindBusy, []string{
				"HTTP 503; Prometheus or the proxy in front of it is not ready",
			},
		},
		{
			400, "Client sent an HTTP request to an HTTPS server.\n", "", KindTLS, []string{
				"write https:// in the URL",
			},
		},
		{
			418, strings.Repeat("é", 2000), "text/plain", KindBadAnswer, []string{
				"ééé…", "check the URL: this may not be a Prometheus server",
			},
		},
		{304, "", "", KindBadAnswer, []string{"HTTP 304; a cache in front of Prometheus"}},
		{
			200, "<!DOCTYPE html><title>Log in</title>", "text/html; charset=utf-8", KindDenied,
			[]string{url + "a login page for people instead of JSON", "behind the login"},
		},
		{
			200, "<!DOCTYPE html><title>Shop</title>", "text/html; charset=utf-8", KindNotFound,
			[]string{url + "a web page instead of JSON", "there is a login in front of it"},
		},
		{
			200, "<!DOCTYPE html><title>Log in</title>", "", KindNotFound, []string{
				url + "a web page instead of JSON", "there is a login in front of it",
			},
		},
		{
			200, `{"status":"success","data":{"resultType":"matrix","result":[`, "application/json",
			KindBadAnswer, []string{
				"the answer ends at byte 60: expected an element or ']'; the answer was cut off: " +
					"check the time and size limits",
			},
		},
		{
			200, `Nothing`, "text/plain", KindBadAnswer, []string{
				"byte 0 of the answer: expected a JSON object, found 'N'; this is not an answer " +
					"of the Prometheus API",
			},
		},
		{204, "", "", KindBadAnswer, []string{"the answer ends at byte 0"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d %.40s", tt.status, tt.body), func(t *testing.T) {
			c := tripClient(t, Options{Attempts: 1}, func(r *http.Request) (*http.Response, error) {
				return answer(r, tt.status, tt.body, "Content-Type", tt.contentType), nil
			})
			_, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
			var e *Error
			if !errors.As(err, &e) || e.Kind != tt.kind ||
				e.Status != tt.status && tt.status != 200 && tt.status != 204 {
				t.Fatalf("got %s, want %s", describe(err), tt.kind)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got  %s\nwant %s", err, want)
				}
			}
		})
	}
}

// noHost has an invalid host name, so that no DNS server is queried: not every test machine has
// one.
const noHost = "http://prometheus..invalid"

func TestNetworkErrors(t *testing.T) {
	quiet := log.New(io.Discard, "", 0) // the servers tell of the handshakes that are to fail
	ok := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, one)
	})
	plain := httptest.NewServer(ok)
	defer plain.Close()
	secure := httptest.NewUnstartedServer(ok)
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	mutual := httptest.NewUnstartedServer(ok)
	mutual.Config.ErrorLog = quiet
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	mutual.StartTLS()
	defer mutual.Close()
	drops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer drops.Close()

	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}),
		0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, url string
		tls       config.TLSConfig
		kind      Kind // "" for success
		hint      string
	}{
		{"refused", "http://127.0.0.1:1", config.TLSConfig{}, KindRefused, "port-forward"},
		{"no host", noHost + ":9090", config.TLSConfig{}, KindNoHost, "check the host name"},
		{"unknown authority", secure.URL, config.TLSConfig{}, KindTLS, "ca_file"},
		{"known authority", secure.URL, config.TLSConfig{CAFile: ca}, "", ""},
		{
			"another host's certificate", secure.URL,
			config.TLSConfig{CAFile: ca, ServerName: "prometheus.test"}, KindTLS, "server_name",
		},
		{"not verified", secure.URL, config.TLSConfig{InsecureSkipVerify: true}, "", ""},
		{
			"no client certificate", mutual.URL, config.TLSConfig{InsecureSkipVerify: true},
			KindTLS, "cert_file",
		},
		{
			"https to http", "https://" + plain.Listener.Addr().String(), config.TLSConfig{},
			KindTLS, "write http:// in the URL",
		},
		{
			"http to https", "http://" + secure.Listener.Addr().String(), config.TLSConfig{},
			KindTLS, "write https:// in the URL",
		},
		{"dropped", drops.URL, config.TLSConfig{}, KindNetwork, "broke off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config.DefaultHTTPClientConfig
			cfg.TLSConfig = tt.tls
			err := rangeOver(t, cfg, tt.url, Options{Attempts: 1})
			var e *Error
			switch {
			case tt.kind == "" && err != nil:
				t.Errorf("got error %v, want none", err)
			case tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind ||
				!strings.Contains(e.Hint, tt.hint)):
				t.Errorf("got %s, want %s with %q", describe(err), tt.kind, tt.hint)
			}
		})
	}
}

func TestProxyErrors(t *testing.T) {
	var cfg config.HTTPClientConfig
	if err := yaml.UnmarshalStrict([]byte("proxy_url: http://127.0.0.1:1"), &cfg); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if err := rangeOver(t, cfg, noHost, Options{Attempts: 1}); !errors.As(err, &e) ||
		e.Kind != KindNetwork || !strings.Contains(e.Hint, "proxy_url") {
		t.Errorf("got %s, want %s and a hint about proxy_url", describe(err), KindNetwork)
	}
}

// rangeOver queries the server at rawURL with the transport of an http_config.
func rangeOver(t *testing.T, cfg config.HTTPClientConfig, rawURL string, o Options) error {
	t.Helper()
	rt, err := Transport(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(base, rt, o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
	return err
}

// TestRedirects checks that no query and no credentials go to another address, and that the error
// names the address.
func TestRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("got request %s %s with %v, want none", r.Method, r.URL, r.Header)
	}))
	defer elsewhere.Close()
	tests := []struct {
		name, to string
		status   int
		follow   bool
		kind     Kind // "" for success
		hint     string
	}{
		{
			"another host", elsewhere.URL + "/elsewhere?token=hush", 302, true, KindRedirect,
			"not sent to another address",
		},
		{
			"another host, body kept", elsewhere.URL + "/x", 307, true, KindRedirect,
			"not sent to another address",
		},
		{
			"another scheme", "https://HOST/x", 308, true, KindRedirect,
			"not sent to another address",
		},
		{"the same host", "/new/api/v1/query_range", 307, true, "", ""},
		{
			"the same host, switched off", "/new/api/v1/query_range", 307, false, KindRedirect,
			"follow_redirects is off",
		},
		{
			"the same host, body lost", "/new/api/v1/query_range", 301, true, KindRedirect,
			"this kind of redirect loses the query",
		},
		{"for ever", "/api/v1/query_range", 307, true, KindRedirect, "too many redirects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/new/") {
					if r.FormValue("query") != "up" ||
						r.Header.Get("Authorization") != "Bearer hush" ||
						r.Header.Get("X-Key") != "hush" {
						t.Errorf("got %v with %v, want the query and the credentials", r.Form,
							r.Header)
					}
					_, _ = io.WriteString(w, one)
					return
				}
				w.Header().Set("Location", strings.Replace(tt.to, "HOST", r.Host, 1))
				w.WriteHeader(tt.status)
			}))
			defer srv.Close()
			var cfg config.HTTPClientConfig
			if err := yaml.UnmarshalStrict([]byte("authorization: {credentials: "+
				"hush}\nhttp_headers: {X-Key: {secrets: [hush]}}"), &cfg); err != nil {
				t.Fatal(err)
			}
			err := rangeOver(t, cfg, srv.URL, Options{FollowRedirects: tt.follow})
			var e *Error
			switch {
			case tt.kind == "" && err != nil:
				t.Errorf("got error %v, want none", err)
			case tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind ||
				!strings.Contains(e.Hint, tt.hint) || e.Status != tt.status ||
				strings.Contains(e.Error(), "hush") ||
				!strings.Contains(e.Message, "redirects to http") ||
				strings.Contains(e.Message, "redacted")):
				t.Errorf("got %s, want %s with %q", describe(err), tt.kind, tt.hint)
			}
		})
	}
}

// TestErrorsKeepSecrets checks that no error shows credentials, even if the server repeats them.
func TestErrorsKeepSecrets(t *testing.T) {
	const secret = "s3cr3t-t0k3n"
	var echo func(w http.ResponseWriter, words string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		echo(w, r.Header.Get("Authorization")+" "+r.Header.Get("Proxy-Authorization")+" "+
			r.Header.Get("X-Key")+" "+password)
	}))
	defer srv.Close()
	token := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`,
			r.FormValue("client_secret")+r.Header.Get("Authorization"))
	}))
	defer token.Close()
	withUser := strings.Replace(srv.URL, "://", "://me:"+secret+"@", 1)
	configs := map[string][2]string{
		"password": {srv.URL, "basic_auth: {username: me, password: " + secret + "}"},
		"bearer":   {srv.URL, "authorization: {credentials: " + secret + "}"},
		"header":   {srv.URL, "http_headers: {X-Key: {secrets: [" + secret + "]}}"},
		"refused": {
			"http://127.0.0.1:1/", "basic_auth: {username: me, password: " + secret + "}",
		},
		"bad host":  {noHost + "/", "basic_auth: {username: me, password: " + secret + "}"},
		"bad proxy": {srv.URL, "proxy_url: http://me:" + secret + "@127.0.0.1:1"},
		"proxy":     {noHost, "proxy_url: " + withUser},
		"OAuth2": {
			srv.URL, "oauth2: {client_id: me, client_secret: " + secret + ", token_url: '" +
				token.URL + "'}",
		},
		"no OAuth2": {
			srv.URL, "oauth2: {client_id: me, client_secret: " + secret +
				", token_url: 'http://me:" + secret + "@127.0.0.1:1/?x=" + secret + "'}",
		},
		"no CA file": {srv.URL, "basic_auth: {username: me, password: " + secret + "}"},
	}
	echoes := map[string]func(http.ResponseWriter, string){
		"401": func(w http.ResponseWriter, words string) {
			http.Error(w, "bad credentials: "+words, http.StatusUnauthorized)
		},
		"400": func(w http.ResponseWriter, words string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":%q}`, words)
		},
		"200": func(w http.ResponseWriter, words string) {
			_, _ = fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":%q}`, words)
		},
		"type": func(w http.ResponseWriter, words string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"status":"error","errorType":%q,"error":"no"}`, words)
		},
		"cut at a message's end": func(w http.ResponseWriter, words string) {
			for _, n := range []int{maxMessage, maxType} {
				words = strings.Replace(words, secret, strings.Repeat("x", max(n-len(words), 0))+
					secret, 1)
			}
			_, _ = fmt.Fprintf(w, `{"status":"error","errorType":"execution","error":%q}`, words)
		},
		"cut in a coding": func(w http.ResponseWriter, _ string) {
			w.Header().Set("Content-Encoding", strings.Repeat("x", 22)+secret+
				strings.Repeat("y", 60))
			_, _ = io.WriteString(w, "{}")
		},
		"cut in a label": func(w http.ResponseWriter, _ string) {
			_, _ = fmt.Fprintf(w,
				`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":%q},"values":[1]}]}}`,
				strings.Repeat("x", 108)+secret+strings.Repeat("y", 200))
		},
		"cut at a line's end": func(w http.ResponseWriter, words string) {
			http.Error(w, strings.Repeat("x", max(200-len(words)-5, 0))+words,
				http.StatusBadRequest)
		},
		"cut at the body's end": func(w http.ResponseWriter, words string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w,
				strings.Repeat(" ", maxErrorBody-strings.Index(words, secret)-len(secret)+1)+words)
		},
		"redirect to nowhere": func(w http.ResponseWriter, words string) {
			w.Header().Set("Location", "http://x.invalid/%zz"+words)
			w.WriteHeader(http.StatusFound)
		},
		"redirect below": func(w http.ResponseWriter, words string) {
			w.Header().Set("Location", "http://x.invalid/"+url.PathEscape(words))
			w.WriteHeader(http.StatusFound)
		},
		"JSON": func(w http.ResponseWriter, words string) { _, _ = io.WriteString(w, words) },
		"redirect": func(w http.ResponseWriter, words string) {
			w.Header().Set("Location", "http://me:"+secret+"@x.invalid/?a="+secret)
			w.WriteHeader(http.StatusFound)
		},
	}
	for name, c := range configs {
		for how, e := range echoes {
			var cfg config.HTTPClientConfig
			if err := yaml.UnmarshalStrict([]byte(c[1]), &cfg); err != nil {
				t.Fatal(err)
			}
			echo = e
			err := rangeOver(t, cfg, c[0], Options{Attempts: 1})
			if err == nil {
				t.Fatalf("%s, %s: got no error, want one", name, how)
			}
			for _, text := range []string{
				err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%q", err),
			} {
				if strings.Contains(text, secret[:6]) ||
					strings.Contains(text,
						base64.StdEncoding.EncodeToString([]byte("me:"+secret))) {
					t.Errorf("%s, %s: got %s, want it without the secret", name, how, text)
				}
			}
		}
	}
}

// The version of a server shows no secret that it repeats, and is not long.
func TestVersionKeepsSecrets(t *testing.T) {
	const secret = "s3cr3t-t0k3n"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"version":%q}}`,
			r.Header.Get("Authorization")+strings.Repeat("x", 1000))
	}))
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := Transport(t.Context(), config.HTTPClientConfig{
		Authorization: &config.Authorization{Credentials: secret},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(base, rt, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Server(context.Background()); err != nil ||
		strings.Contains(got.Version, secret[:6]) ||
		!strings.HasPrefix(got.Version, "<redacted>") || len(got.Version) > 60 {
		t.Errorf("got %+v, %v, want at most 60 bytes without the secret", got, err)
	}
}
