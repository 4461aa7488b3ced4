package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/promapi"
)

// Target is a Prometheus API in the cluster and the way to it.
type Target struct {
	Candidate
	// "its address in the cluster", "the API server's service proxy", "a port-forward to
	// monitoring/prometheus-0"
	Via       string
	URL       *url.URL          // for promapi.New, together with Transport
	Transport http.RoundTripper // carries the user's credentials where the API server wants them
	close     func()
}

// Close ends a port-forward.
func (t *Target) Close() { t.close() }

// String is what people are told: "monitoring/prometheus-server:80 (prometheus chart) through the
// API server's service proxy".
func (t *Target) String() string {
	if t.Product == "" {
		return fmt.Sprintf("%s through %s", t.Service, t.Via)
	}
	return fmt.Sprintf("%s (%s) through %s", t.Service, t.Product, t.Via)
}

// FindPrometheus finds the Service to ask, see Find, and the way to it, see Reach.
func (c *Cluster) FindPrometheus(ctx context.Context, want Service) (*Target, error) {
	found, err := c.Find(ctx, want)
	if err != nil {
		return nil, err
	}
	return c.Reach(ctx, found)
}

// Reach finds the way to a Service: from a Pod its own address, which takes no right at all; else
// the API server's service proxy; or a port-forward where the proxy is forbidden or has no way to
// the pods. It asks it one short question through each that may be one. An error that all have is
// the proxy's, a *promapi.Error, which also says why the address gave no answer, with the
// port-forward's beside it.
func (c *Cluster) Reach(ctx context.Context, s Candidate) (*Target, error) {
	var silent *silentError
	if c.inPod {
		t, err := direct(ctx, s)
		if err == nil {
			return t, nil
		}
		if !errors.As(err, &silent) {
			return nil, err
		}
	}
	t := &Target{
		Candidate: s, Via: "the API server's service proxy", URL: c.proxyURL(s.Service),
		Transport: &proxy{c, s.Service}, close: func() {},
	}
	err := t.probe(ctx)
	if err == nil {
		return t, nil
	}
	mention(silent, err)
	if !errors.Is(err, errDenied) && !errors.Is(err, errNoWay) {
		return nil, err
	}
	f, second := c.openForward(ctx, s.Service)
	if second == nil {
		t = &Target{
			Candidate: s, Via: "a port-forward to " + f.pod, URL: f.url(s.Service),
			Transport: f.transport(), close: f.close,
		}
		if second = t.probe(ctx); second == nil {
			return t, nil
		}
		f.close()
	}
	return nil, fmt.Errorf("%s: %w; a port-forward does not do either: %w", s.Service, err, second)
}

// directTime is how long a Service's own address has to answer: a NetworkPolicy may let nothing of
// the question through.
const directTime = 5 * time.Second

// silentError is why a Service's own address gave no answer.
type silentError struct {
	message string
	hint    string // what to do; "" where that is not known
	proxy   bool   // the API server's proxy is a way around it
}

func (e *silentError) Error() string { return e.message }

// direct is the way to a Service's own address, which Pods alone have. An address that gives no
// answer is a *silentError.
func direct(ctx context.Context, s Candidate) (*Target, error) {
	address := s.address()
	if address == nil {
		return nil, &silentError{
			fmt.Sprintf("%s has no address, as its port is named", s.Service),
			"write the port's number in kubernetes.service", true,
		}
	}
	transport, err := promapi.Transport(ctx, promconfig.DefaultHTTPClientConfig, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, directTime)
	defer cancel()
	t := &Target{
		Candidate: s, Via: "its address in the cluster", URL: address, Transport: transport,
		close: func() {},
	}
	if err := t.probe(ctx); err != nil {
		late := errors.Is(ctx.Err(), context.DeadlineExceeded)
		why := brief(err.Error())
		if late {
			why = fmt.Sprintf("nothing came in %s", directTime)
		}
		e := &silentError{message: fmt.Sprintf("%s gives no answer (%s)", address, why)}
		e.hint, e.proxy = s.silence(err, late)
		return nil, e
	}
	return t, nil
}

// silence tells by why a Service's address gave no answer what to do, and whether the API server's
// proxy is a way around it.
func (s Service) silence(err error, late bool) (hint string, proxy bool) {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		plain       tls.RecordHeaderError
		op          *net.OpError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("is there such a Service? Look at `kubectl -n %s get services`, and "+
			"correct kubernetes.service", s.Namespace), false
	case errors.As(err, &dns):
		return "does a NetworkPolicy keep promsnap's Pods from the cluster's DNS? Let them " +
			"through to its port 53", true
	case errors.As(err, &certificate):
		return fmt.Sprintf("give it as prometheus.url: %s, with http_config: {tls_config: "+
			"{ca_file: …}} for the authority of its certificate", s.address()), false
	case errors.As(err, &plain):
		return "the port does not speak HTTPS: take https: away from kubernetes.service", false
	case late, errors.As(err, &op) && op.Op == "dial":
		return "does a NetworkPolicy keep promsnap's Pods from that address? Let them through", true
	}
	return "", true
}

// mention puts why the address gave no answer into the error of the proxy, which is what reports
// and messages show. Where the proxy is forbidden, what the address takes goes before the right on
// the proxy, which is more than it looks like.
func mention(silent *silentError, err error) {
	var e *promapi.Error
	if silent == nil || !errors.As(err, &e) {
		return
	}
	e.Message = fmt.Sprintf("%v, and %s", silent, e.Message)
	if !errors.Is(err, errDenied) {
		return
	}
	if !silent.proxy {
		e.Hint = silent.hint
		return
	}
	through := "let promsnap ask through the API server, with rbac.serviceProxy=true of the chart: " + e.Hint
	if silent.hint != "" {
		through = silent.hint + ", or " + through
	}
	e.Hint = through
}

// probe asks who is there. Any answer of the server's own is good: not all of them know the
// question.
func (t *Target) probe(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		t.URL.JoinPath("api/v1/status/buildinfo").String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := t.Transport.RoundTrip(req)
	if err != nil {
		var known *promapi.Error
		if errors.As(err, &known) {
			known.Op = "reaching " + t.Service.String()
		}
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxStatus))
	return errors.Join(err, resp.Body.Close())
}
