package kube

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/promapi"
)

const (
	// longestGet is the longest query in a URL, in bytes. Load balancers in front of an API server
	// accept request lines of 8 KiB.
	longestGet   = 6 << 10
	longestQuery = 1 << 20  // the longest query at all
	maxStatus    = 64 << 10 // the number of bytes that are read of an error's body
)

// proxy sends requests for Prometheus through the API server's service proxy, with the user's
// credentials. It sends a short query as a GET, which needs the verb get on services/proxy, and a
// long one as a POST, which needs create.
//
// If the API server itself refuses a request, and not Prometheus behind it, the error is a
// *promapi.Error that says what to do.
type proxy struct {
	cluster *Cluster
	service Service
}

var _ http.RoundTripper = (*proxy)(nil)

// proxyURL returns the URL of the Prometheus API of s at the service proxy.
func (c *Cluster) proxyURL(s Service) *url.URL {
	return c.base.JoinPath("api/v1/namespaces", s.Namespace, "services", s.id(), "proxy", s.Path)
}

// RoundTrip implements http.RoundTripper.
func (p *proxy) RoundTrip(req *http.Request) (*http.Response, error) {
	req, err := shorten(req)
	if err != nil {
		return nil, err
	}
	resp, err := p.cluster.transport.RoundTrip(req)
	if err != nil {
		if req.Context().Err() != nil {
			return nil, err
		}
		t := p.cluster.unreachable(err)
		return nil, &promapi.Error{
			Kind: t.kind, Message: t.err.Error(), Hint: t.hint, Err: t.err,
			Again: t.kind == promapi.KindNetwork || t.kind == promapi.KindRefused,
		}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return p.judge(req, resp)
	}
	resp.Body = &proxied{resp.Body, req}
	return resp, nil
}

// shorten turns a POST into a GET if its form fits into a URL.
func shorten(req *http.Request) (*http.Request, error) {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if req.Method != http.MethodPost || req.Body == nil ||
		kind != "application/x-www-form-urlencoded" {
		return req, nil
	}
	form, err := io.ReadAll(io.LimitReader(req.Body, longestQuery+1))
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	if len(form) > longestQuery {
		return nil, &promapi.Error{
			Kind: promapi.KindTooMuch, Message: fmt.Sprintf("the query is longer than %d KiB",
				longestQuery>>10), Hint: "shorten the query",
		}
	}
	again := req.Clone(req.Context())
	if len(form)+len(req.URL.RawQuery) > longestGet {
		again.Body = io.NopCloser(bytes.NewReader(form))
		again.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(form)), nil
		}
		return again, nil
	}
	again.Method, again.Body, again.GetBody, again.ContentLength = http.MethodGet, nil, nil, 0
	again.Header.Del("Content-Type")
	if again.URL.RawQuery != "" {
		again.URL.RawQuery += "&"
	}
	again.URL.RawQuery += string(form)
	return again, nil
}

// judge returns an error if the API server itself refused the request. Otherwise it returns the
// answer of Prometheus.
func (p *proxy) judge(req *http.Request, resp *http.Response) (*http.Response, error) {
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err := errors.Join(err, resp.Body.Close()); err != nil && len(head) == 0 {
		return nil, err
	}
	var answer metav1.Status
	if json.Unmarshal(head, &answer) == nil && answer.Kind == "Status" &&
		answer.APIVersion == "v1" {
		return nil, p.refusal(req, resp.StatusCode, answer)
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return nil, &promapi.Error{
			Kind: promapi.KindDenied, Status: resp.StatusCode,
			Message: fmt.Sprintf("%s requires credentials", p.service),
			Hint: "the API server's proxy does not pass credentials on: use its own URL, with " +
				"prometheus.url and http_config",
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(head))
	return resp, nil
}

// refusal returns the error of a request that the API server refused.
func (p *proxy) refusal(req *http.Request, status int, answer metav1.Status) *promapi.Error {
	a := access{
		verb: "get", resource: "services/proxy", namespace: p.service.Namespace,
		name: p.service.id(),
	}
	if req.Method != http.MethodGet {
		a.verb = "create"
	}
	e := &promapi.Error{
		Kind: promapi.KindServer, Message: fmt.Sprintf("the API server says: %s (%d)",
			brief(answer.Message), status),
	}
	switch {
	case answer.Reason == metav1.StatusReasonUnauthorized:
		e.Kind, e.Message, e.Hint = promapi.KindDenied, "unauthorized (401)",
			p.cluster.loginHint()
	case answer.Reason == metav1.StatusReasonForbidden:
		e.Kind, e.Message = promapi.KindDenied, fmt.Sprintf(
			"you are not allowed to %s (403)", a)
		e.Hint = "grant the RBAC rule " + a.rule() + ", or set prometheus.url"
		if a.verb == "create" {
			e.Message += fmt.Sprintf(", which a query of %d bytes needs, because it is too long "+
				"for a GET", req.ContentLength)
		}
		e.Err = errDenied
	case status == http.StatusNotFound:
		e.Kind = promapi.KindNotFound
		e.Hint = fmt.Sprintf("check `kubectl -n %s get services`, and correct the service",
			p.service.Namespace)
	case status == http.StatusGatewayTimeout && !strings.Contains(answer.Message, "dial"):
		e.Kind = promapi.KindGaveUp
		e.Hint = "the API server or a proxy in front of it gave up: narrow the query, shorten " +
			"its range, or use prometheus.url"
	case status == http.StatusServiceUnavailable || status == http.StatusBadGateway ||
		status == http.StatusGatewayTimeout:
		e.Kind, e.Again, e.Err = promapi.KindBusy, true, errNoWay
		e.Hint = fmt.Sprintf("check that a pod of %s is ready and listens on that port, and that "+
			"the control plane can reach it", p.service)
	case status == http.StatusTooManyRequests:
		e.Kind, e.Again = promapi.KindBusy, true
		e.Hint = "the API server limits requests: lower prometheus.concurrency"
	}
	return e
}

var (
	errDenied = errors.New("denied") // by the API server
	errNoWay  = errors.New("the API server could not reach the service")
)

// A proxied body explains why an answer was cut off.
type proxied struct {
	io.ReadCloser
	req *http.Request
}

// Read implements io.Reader.
func (b *proxied) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil || errors.Is(err, io.EOF) || b.req.Context().Err() != nil {
		return n, err
	}
	return n, &promapi.Error{
		Kind: promapi.KindNetwork, Message: "the API server's proxy cut off the answer", Err: err,
		Again: true,
		Hint: "Prometheus may have been killed, or a load balancer in front of the API server " +
			"cuts off long answers: narrow the query, or use prometheus.url",
	}
}
