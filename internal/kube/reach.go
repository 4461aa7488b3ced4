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

// Target is a Prometheus API in the cluster and how to reach it.
type Target struct {
	Candidate
	// "its address in the cluster", "the API server's service proxy", "a port-forward to
	// monitoring/prometheus-0"
	Via       string
	URL       *url.URL          // for promapi.New, together with Transport
	Transport http.RoundTripper // adds the user's credentials if the API server needs them
	close     func()
}

// Close ends a port-forward.
func (t *Target) Close() { t.close() }

// String describes the target for messages: "monitoring/prometheus-server:80 (prometheus chart)
// through the API server's service proxy".
func (t *Target) String() string {
	if t.Product == "" {
		return fmt.Sprintf("%s through %s", t.Service, t.Via)
	}
	return fmt.Sprintf("%s (%s) through %s", t.Service, t.Product, t.Via)
}

// FindPrometheus finds the Service (see Find) and how to reach it (see Reach).
func (c *Cluster) FindPrometheus(ctx context.Context, want Service) (*Target, error) {
	found, err := c.Find(ctx, want)
	if err != nil {
		return nil, err
	}
	return c.Reach(ctx, found)
}

// Reach finds a way to reach a Service. In a Pod it first tries the Service's own address, which
// needs no permission. Then it tries the API server's service proxy and, if the proxy is forbidden
// or cannot reach the pods, a port-forward. It tests each way with one short request. If all fail,
// the error wraps the *promapi.Error of the proxy, which also says why the address did not answer,
// and the error of the port-forward.
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
	return nil, fmt.Errorf("%s: %w; a port-forward failed, too: %w", s.Service, err, second)
}

// directTimeout bounds the request to a Service's own address. A NetworkPolicy may drop all its
// packets.
const directTimeout = 5 * time.Second

// silentError is why a Service's own address did not answer.
type silentError struct {
	message string
	hint    string // what to do; "" if unknown
	proxy   bool   // the API server's proxy avoids the problem
}

func (e *silentError) Error() string { return e.message }

// direct reaches a Service by its own address, which works only in a Pod. If the address does not
// answer, the error is a *silentError.
func direct(ctx context.Context, s Candidate) (*Target, error) {
	address := s.address()
	if address == nil {
		return nil, &silentError{
			fmt.Sprintf("%s has no address, because its port is a name", s.Service),
			"write the port's number in kubernetes.service", true,
		}
	}
	transport, err := promapi.Transport(ctx, promconfig.DefaultHTTPClientConfig, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, directTimeout)
	defer cancel()
	t := &Target{
		Candidate: s, Via: "its address in the cluster", URL: address, Transport: transport,
		close: func() {},
	}
	if err := t.probe(ctx); err != nil {
		late := errors.Is(ctx.Err(), context.DeadlineExceeded)
		why := brief(err.Error())
		if late {
			why = fmt.Sprintf("no answer within %s", directTimeout)
		}
		e := &silentError{message: fmt.Sprintf("%s does not answer (%s)", address, why)}
		e.hint, e.proxy = s.silence(err, late)
		return nil, e
	}
	return t, nil
}

// silence returns what to do if a Service's address did not answer, and whether the API server's
// proxy avoids the problem.
func (s Service) silence(err error, late bool) (hint string, proxy bool) {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		plain       tls.RecordHeaderError
		op          *net.OpError
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("check `kubectl -n %s get services`, and correct "+
			"kubernetes.service", s.Namespace), false
	case errors.As(err, &dns):
		return "check that no NetworkPolicy blocks promsnap's Pods from port 53 of the cluster's " +
			"DNS", true
	case errors.As(err, &certificate):
		return fmt.Sprintf("set prometheus.url: %s, with http_config: {tls_config: {ca_file: …}} "+
			"for the authority of its certificate", s.address()), false
	case errors.As(err, &plain):
		return "the port does not speak HTTPS: remove https: from kubernetes.service", false
	case late, errors.As(err, &op) && op.Op == "dial":
		return "check that no NetworkPolicy blocks promsnap's Pods from that address", true
	}
	return "", true
}

// mention adds the reason why the address did not answer to the error of the proxy, which reports
// and messages show. If the proxy is forbidden, the hint about the address comes first, because the
// permission for the proxy allows more than it seems to.
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
	through := "let promsnap use the API server's proxy, with rbac.serviceProxy=true of the " +
		"chart: " + e.Hint
	if silent.hint != "" {
		through = silent.hint + ", or " + through
	}
	e.Hint = through
}

// probe sends one request. Any answer of the server itself is a success, because not all servers
// have this endpoint.
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
