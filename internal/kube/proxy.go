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
	// longestGet is the longest query in a URL, in bytes: load balancers before an API server take
	// request lines of 8 KiB.
	longestGet = 6 << 10
	longestAsk = 1 << 20  // the longest query at all
	maxStatus  = 64 << 10 // how much of an error's body is read
)

// proxy sends requests for Prometheus through the API server's service proxy, with the user's
// credentials. A query that is short enough goes as a GET, which takes the verb get on
// services/proxy; a longer one as the POST that it is, which takes create.
//
// What the API server itself refuses, as opposed to Prometheus behind it, comes back as a
// *promapi.Error that says what to do.
type proxy struct {
	cluster *Cluster
	service Service
}

var _ http.RoundTripper = (*proxy)(nil)

// proxyURL is where the service proxy shows the Prometheus API of s.
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

// shorten makes a GET of a POST whose form fits into a URL.
func shorten(req *http.Request) (*http.Request, error) {
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if req.Method != http.MethodPost || req.Body == nil ||
		kind != "application/x-www-form-urlencoded" {
		return req, nil
	}
	form, err := io.ReadAll(io.LimitReader(req.Body, longestAsk+1))
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	if len(form) > longestAsk {
		return nil, &promapi.Error{
			Kind: promapi.KindTooMuch, Message: fmt.Sprintf("the query is longer than %d KiB",
				longestAsk>>10), Hint: "write it shorter",
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

// judge tells the API server's own refusals from Prometheus' answers, which it hands on.
func (p *proxy) judge(req *http.Request, resp *http.Response) (*http.Response, error) {
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err := errors.Join(err, resp.Body.Close()); err != nil && len(head) == 0 {
		return nil, err
	}
	var said metav1.Status
	if json.Unmarshal(head, &said) == nil && said.Kind == "Status" && said.APIVersion == "v1" {
		return nil, p.refusal(req, resp.StatusCode, said)
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return nil, &promapi.Error{
			Kind: promapi.KindDenied, Status: resp.StatusCode,
			Message: fmt.Sprintf("%s itself wants credentials", p.service),
			Hint: "the API server's proxy hands none on: reach it by its own URL, with " +
				"prometheus.url and http_config",
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(head))
	return resp, nil
}

// refusal is what the API server said instead of asking Prometheus.
func (p *proxy) refusal(req *http.Request, status int, said metav1.Status) *promapi.Error {
	a := access{
		verb: "get", resource: "services/proxy", namespace: p.service.Namespace,
		name: p.service.id(),
	}
	if req.Method != http.MethodGet {
		a.verb = "create"
	}
	e := &promapi.Error{
		Kind: promapi.KindServer, Message: fmt.Sprintf("the API server says: %s (%d)",
			brief(said.Message), status),
	}
	switch {
	case said.Reason == metav1.StatusReasonUnauthorized:
		e.Kind, e.Message, e.Hint = promapi.KindDenied, "the API server does not know who asks "+
			"(401)", p.cluster.loginHint()
	case said.Reason == metav1.StatusReasonForbidden:
		e.Kind, e.Message = promapi.KindDenied, fmt.Sprintf("you may not %s (403)", a)
		e.Hint = "it takes the rule " + a.rule() + ", or prometheus.url"
		if a.verb == "create" {
			e.Message += fmt.Sprintf(", which a query of %d bytes takes, as it is too long for a "+
				"GET", req.ContentLength)
		}
		e.Err = errDenied
	case status == http.StatusNotFound:
		e.Kind = promapi.KindNotFound
		e.Hint = fmt.Sprintf("look at `kubectl -n %s get services`, and correct the service",
			p.service.Namespace)
	case status == http.StatusGatewayTimeout && !strings.Contains(said.Message, "dial"):
		e.Kind = promapi.KindGaveUp
		e.Hint = "the API server, or what stands before it, waits no longer: narrow the query, " +
			"shorten its range, or reach Prometheus by prometheus.url"
	case status == http.StatusServiceUnavailable || status == http.StatusBadGateway ||
		status == http.StatusGatewayTimeout:
		e.Kind, e.Again, e.Err = promapi.KindBusy, true, errNoWay
		e.Hint = fmt.Sprintf("is a pod of %s running and ready, does it listen on that port, and "+
			"may the control plane reach it?", p.service)
	case status == http.StatusTooManyRequests:
		e.Kind, e.Again = promapi.KindBusy, true
		e.Hint = "the API server limits requests: lower prometheus.concurrency"
	}
	return e
}

var (
	errDenied = errors.New("denied") // by the API server
	// the proxy's own fault, or that of what is behind it
	errNoWay = errors.New("the API server could not reach the service")
)

// A proxied body says who cut it off.
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
		Kind: promapi.KindNetwork, Message: "the API server's proxy cut the answer off", Err: err,
		Again: true,
		Hint: "Prometheus may have been killed in the middle, or a load balancer before the API " +
			"server ends long answers: narrow the query, or reach Prometheus by prometheus.url",
	}
}
