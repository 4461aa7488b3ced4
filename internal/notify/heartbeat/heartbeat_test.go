package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

func TestPing(t *testing.T) {
	for _, tc := range []struct {
		path string
		ok   bool
		want string
	}{
		{"/" + notifytest.Secret, true, "GET /" + notifytest.Secret},
		{"/" + notifytest.Secret, false, "GET /" + notifytest.Secret + "/fail"},
		{"/" + notifytest.Secret + "/", false, "GET /" + notifytest.Secret + "/fail"},
		{
			"/ping?key=" + notifytest.Secret + "&create=1", false, "GET /ping/fail?key=" +
				notifytest.Secret + "&create=1",
		},
		{"/a%2Fb", false, "GET /a%2Fb/fail"},
		{"", true, "GET /"},
		{"", false, "GET /fail"},
	} {
		var asked []string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method+" "+r.URL.RequestURI())
		}))
		err := Ping(t.Context(), Options{
			URL: secret.Inline(server.URL + tc.path), Transport: &http.Transport{},
		}, tc.ok)
		server.Close()
		if err != nil || len(asked) != 1 || asked[0] != tc.want {
			t.Errorf("%q: got %q and error %v, want only %q", tc.path, asked, err, tc.want)
		}
	}
}

func TestErrors(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("got a request to the target of a redirect, want none")
	}))
	defer elsewhere.Close()
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Location", elsewhere.URL+r.URL.Path)
		http.Error(rw, "no "+r.URL.Path, status)
	}))
	defer server.Close()
	for code, says := range map[int]string{
		302: "redirects are not followed", 401: "check its address, which is",
		404: "the heartbeat answered 404 Not Found; check its address",
		429: "429 Too Many Requests",
		500: "the heartbeat answered 500",
	} {
		status = code
		err := Ping(t.Context(), Options{URL: secret.Inline(server.URL + "/" + notifytest.Secret)},
			true)
		if err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(fmt.Sprintf("%+v", err), notifytest.Secret) {
			t.Errorf("%d: got %v, want the status without the address", code, err)
		}
	}
	for _, link := range []string{
		"", notifytest.Secret, "ftp://h/" + notifytest.Secret, "http://127.0.0.1:1/" +
			notifytest.Secret,
	} {
		if err := Ping(t.Context(), Options{URL: secret.Inline(link)}, false); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the address", link, err)
		}
	}
}

// A service may answer 200 OK and report an error in the body.
func TestDenials(t *testing.T) {
	said := ""
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(said))
	}))
	defer server.Close()
	for text, want := range map[string]string{
		"OK": "", "OK\n": "", "not found": "",
		"OK (not found)":      "it does not know this check: check its address",
		"OK (rate limited)\n": "called too often",
	} {
		said = text
		err := Ping(t.Context(), Options{URL: secret.Inline(server.URL + "/" + notifytest.Secret)},
			true)
		if want == "" && err != nil ||
			want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// never is a service that does not answer.
type never struct{}

func (never) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestPingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := Ping(t.Context(), Options{
			URL: secret.Inline("https://hc.example.com/" + notifytest.Secret), Transport: never{},
		}, true)
		if err == nil || !strings.Contains(err.Error(), "no answer within 15s") {
			t.Errorf("got %v, want no answer within 15s", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Ping(ctx,
			Options{URL: secret.Inline("https://hc.example.com/"), Transport: never{}},
			true); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}
