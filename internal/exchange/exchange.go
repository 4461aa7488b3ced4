// Package exchange is what every HTTP client of promsnap holds of an address and of an answer,
// whoever asks and whatever for. It is a leaf.
package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// ErrSwitched is the error of an answer 101. Nobody here asks for it, and its body is the
// connection itself, which no context ends.
var ErrSwitched = errors.New("what answers is no HTTP API: it switched protocols")

// ErrGoAway is the error of a server that ends one HTTP/2 connection after the other before it
// answers. It says of each that it has not looked at the request.
var ErrGoAway = errors.New("the server ends each HTTP/2 connection before it answers (GOAWAY)")

// mostConnections is how many HTTP/2 connections one request may use up.
// net/http makes a new one as often as the server sends GOAWAY, without a pause and without an end.
const mostConnections = 5

// Plain lets nothing through but answers whose body ends with the request's context.
type Plain struct{ Next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p Plain) RoundTrip(rq *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(rq.Context())
	var used atomic.Int32
	trace := httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		c, ok := got.Conn.(*tls.Conn)
		if ok && c.ConnectionState().NegotiatedProtocol == "h2" && used.Add(1) > mostConnections {
			cancel(ErrGoAway)
		}
	}}
	res, err := p.Next.RoundTrip(rq.WithContext(httptrace.WithClientTrace(ctx, &trace)))
	if err != nil {
		if errors.Is(context.Cause(ctx), ErrGoAway) {
			err = ErrGoAway
		}
		cancel(nil)
		return nil, err
	}
	if res.StatusCode < http.StatusOK {
		_ = res.Body.Close() // the connection is of no use to anybody
		cancel(nil)
		return nil, ErrSwitched
	}
	res.Body = &body{res.Body, cancel}
	return res, nil
}

// body is an answer's body, which gives up the request's context when it is closed.
type body struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}

// CloseIdleConnections is for http.Client's.
func (p Plain) CloseIdleConnections() { (&http.Client{Transport: p.Next}).CloseIdleConnections() }
