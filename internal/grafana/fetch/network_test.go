package fetch_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/fetch"
)

// roundTrip answers requests.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(rq *http.Request) (*http.Response, error) { return f(rq) }

// Without a network, and on a server that never answers, the error says what to do.
func TestGetWithoutNetwork(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{
			"no name server", &net.OpError{Op: "dial", Err: &net.DNSError{
				Err: "no such host", Name: "grafana.com", IsNotFound: true,
			}},
			"check the host name, and that this machine has a network (HTTPS_PROXY names a proxy)",
		},
		{"refused", refused, "connection refused; check the address and the network"},
		{
			"a proxy", &net.OpError{Op: "proxyconnect", Err: refused},
			"check HTTPS_PROXY and HTTP_PROXY",
		},
		{"plain HTTP", http.ErrSchemeMismatch, "write http:// in its address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := fetch.New(fetch.Options{
				Transport: roundTrip(func(rq *http.Request) (*http.Response, error) {
					if rq.URL.String() != "https://grafana.com/api/dashboards/1860" {
						t.Errorf("got a request to %s, want dashboard 1860 of grafana.com", rq.URL)
					}
					return nil, tt.err
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = get(t, c, "1860")
			if err == nil || !strings.Contains(err.Error(), "calling grafana.com: ") ||
				!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(),
				"; or download the dashboard in a browser and give the file") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, err := fetch.New(fetch.Options{
			Transport: roundTrip(func(rq *http.Request) (*http.Response, error) {
				<-rq.Context().Done()
				return nil, rq.Context().Err()
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = c.Get(t.Context(), fetch.Ref{Number: 1860})
		if waited := time.Since(begin); err == nil || waited != 30*time.Second ||
			!strings.Contains(err.Error(), "no complete answer within 30s; check the network") {
			t.Errorf("got %v after %s, want an error after 30s", err, waited)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("interrupted"))
		if _, err := c.Get(ctx, fetch.Ref{Number: 1860}); err == nil ||
			!strings.Contains(err.Error(), "interrupted") {
			t.Errorf("got %v, want that it was interrupted", err)
		}
	})
}

// Certificates are verified.
func TestGetVerifiesCertificates(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the refused handshake
	srv.StartTLS()
	t.Cleanup(srv.Close)
	_, err := get(t, newClient(t, srv.URL, "", ""), "1860")
	if err == nil || !strings.Contains(err.Error(), "its certificate is not valid here") {
		t.Errorf("got %v, want that the certificate is not valid", err)
	}
}
