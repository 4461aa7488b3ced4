package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
)

// openTransport returns the transport for a Prometheus that has a URL.
func openTransport(ctx context.Context, p config.Prometheus, o Options) (http.RoundTripper, error) {
	transport, err := promapi.Transport(ctx, p.HTTP.Client(), p.HTTP)
	if err != nil {
		return nil, fmt.Errorf("prometheus.http_config: %w", err)
	}
	if p.SigV4 != nil {
		if transport, err = signed(ctx, p.SigV4, transport, o); err != nil {
			return nil, fmt.Errorf("prometheus.sigv4: %w", err)
		}
	}
	return awsTransport{transport}, nil
}

// newClient returns the client of a Prometheus. It sends no request yet.
func newClient(p config.Prometheus, base *url.URL, transport http.RoundTripper,
	o Options) (*promapi.Client, error) {
	return promapi.New(base, transport, promapi.Options{
		Matchers: p.Matchers, Params: p.Params, Concurrency: p.Concurrency, QueryTimeout: p.Timeout,
		FollowRedirects: p.HTTP.Client().FollowRedirects, UserAgent: "promsnap/" + o.Version,
		Now: o.Now,
	})
}

// signed returns a transport that signs requests for AWS before next sends them.
func signed(ctx context.Context, s *config.SigV4, next http.RoundTripper,
	o Options) (http.RoundTripper, error) {
	account, err := cloud.Open(ctx, cloud.Identity{
		Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey, Role: s.RoleARN,
		ExternalID: s.ExternalID,
	})
	if err != nil {
		return nil, err
	}
	return account.Signed(s.Service, next, o.Now)
}

// awsTransport turns errors of AWS, such as a refused signature or secret, into promapi errors. An
// error that lasts becomes KindDenied, so that not every panel tries again.
type awsTransport struct{ next http.RoundTripper }

// CloseIdleConnections lets http.Client close the connections of the transport below.
func (a awsTransport) CloseIdleConnections() {
	(&http.Client{Transport: a.next}).CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (a awsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(req)
	var e *cloud.Error
	if !errors.As(err, &e) {
		return resp, err
	}
	kind := promapi.KindNetwork
	if e.Trouble == cloud.Lasting {
		kind = promapi.KindDenied
	}
	return nil, &promapi.Error{
		Kind: kind, Status: e.Status(), Message: fmt.Sprintf("%s: %v", e.Doing, e.Err),
		Hint: e.Hint, Err: e,
	}
}
