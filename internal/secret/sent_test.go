package secret

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// What is sent is taken out of what comes back, in whatever form.
func TestSentIsNotRepeated(t *testing.T) {
	const secret = `m+/&MARKED"%=ü`
	echo := func(w http.ResponseWriter, r *http.Request) {
		words := []string{
			r.Header.Get("X-Key"), r.Header.Get("Authorization"),
			r.Header.Get("Proxy-Authorization"),
		}
		if _, password, ok := r.BasicAuth(); ok {
			words = append(words, password, url.QueryEscape(password),
				hex.EncodeToString([]byte(password)))
		}
		_, _ = io.WriteString(w, "it was: "+strings.Join(words, " | "))
	}
	server := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(server.Close)
	through := func(_ *http.Request) (*url.URL, error) {
		u, err := url.Parse(server.URL)
		if err == nil {
			u.User = url.UserPassword("me", secret)
		}
		return u, err
	}
	for name, tc := range map[string]struct {
		address   string
		transport http.RoundTripper
		header    http.Header
	}{
		"a header": {server.URL, &http.Transport{}, http.Header{"X-Key": {"MARKED-key"}}},
		"a token": {
			server.URL, &http.Transport{}, http.Header{"Authorization": {"Bearer MARKED-token"}},
		},
		"a password": {
			strings.Replace(server.URL, "//", "//me:"+url.QueryEscape(secret)+"@", 1),
			&http.Transport{}, http.Header{},
		},
		"a proxy's": {"http://elsewhere.invalid", &http.Transport{Proxy: through}, http.Header{}},
	} {
		t.Run(name, func(t *testing.T) {
			var sent Sent
			rq, err := http.NewRequestWithContext(sent.Trace(context.Background()), http.MethodGet,
				tc.address, nil)
			if err != nil {
				t.Fatal(err)
			}
			rq.Header = tc.header
			res, err := tc.transport.RoundTrip(rq)
			if name == "a password" { // which the client puts into a header, not the transport
				res, err = (&http.Client{Transport: tc.transport}).Do(rq)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			words, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			got := sent.Scrub(string(words))
			for _, form := range []string{
				"MARKED", hex.EncodeToString([]byte("MARKED")),
				base64.StdEncoding.EncodeToString([]byte("me:" + secret)),
			} {
				if strings.Contains(got, form) {
					t.Errorf("got %q, want it without %q", got, form)
				}
			}
			if !strings.HasPrefix(got, "it was: ") || !strings.Contains(got, redacted) {
				t.Errorf("got %q, want the rest of the text", got)
			}
		})
	}
}

// An address that a client was led from is no secret, and errors name where it leads.
func TestRefererIsNoSecret(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	var sent Sent
	rq, err := http.NewRequestWithContext(sent.Trace(context.Background()), http.MethodGet,
		server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := sent.Scrub(server.URL); got != server.URL {
		t.Errorf("got %q, want %q", got, server.URL)
	}
}

// A secret in the body of a request is hidden in all forms, too.
func TestHide(t *testing.T) {
	var sent Sent
	sent.Hide("marked+key")
	sent.Hide("")
	if got := sent.Scrub("no marked+key, no marked%2Bkey"); strings.Contains(got, "marked") {
		t.Errorf("got %q, want no form of the key", got)
	}
}

// Of what was cut within a secret, no part is left.
func TestWhole(t *testing.T) {
	for _, tc := range []struct{ read, most, want int }{
		{100, 8192, 100}, {8191, 8192, 8191}, {8192, 8192, 4096}, {10, 10, 0},
	} {
		if got := Whole(make([]byte, tc.read), tc.most); len(got) != tc.want {
			t.Errorf("%d bytes of at most %d: got %d bytes, want %d", tc.read, tc.most, len(got),
				tc.want)
		}
	}
}

func TestShortWordsAreNoSecret(t *testing.T) {
	var sent Sent
	sent.header("abc")
	if got := sent.Scrub("abcdef abc"); got != "abcdef abc" {
		t.Errorf("got %q, want it unchanged", got)
	}
	for range 2 * mostSent {
		sent.header("token-" + strings.Repeat("x", len(sent.known)))
	}
	if len(sent.known) != mostSent {
		t.Errorf("got %d values, want %d", len(sent.known), mostSent)
	}
}
