// Package exchange has the rules about addresses and answers that all HTTP clients of promsnap
// share. It is a leaf.
package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// ErrSwitched is the error of an answer 101. No client asks for it, and its body is the connection
// itself, which no context ends.
var ErrSwitched = errors.New("the server is no HTTP API: it switched protocols")

// ErrGoAway is the error of a server that closes each HTTP/2 connection before it answers. With
// GOAWAY it says that it has not processed the request.
var ErrGoAway = errors.New("the server closes each HTTP/2 connection before it answers (GOAWAY)")

// maxConnections is how many HTTP/2 connections one request may use. net/http opens a new one after
// each GOAWAY, without a pause and without a limit.
const maxConnections = 5

// Plain passes on only answers whose body ends with the request's context.
type Plain struct{ Next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p Plain) RoundTrip(rq *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(rq.Context())
	var used atomic.Int32
	trace := httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		c, ok := got.Conn.(*tls.Conn)
		if ok && c.ConnectionState().NegotiatedProtocol == "h2" && used.Add(1) > maxConnections {
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
		_ = res.Body.Close() // nobody can use the connection
		cancel(nil)
		return nil, ErrSwitched
	}
	res.Body = &body{res.Body, cancel}
	return res, nil
}

// body is an answer's body. Closing it ends the request's context.
type body struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}

// CloseIdleConnections lets http.Client close the connections of Next.
func (p Plain) CloseIdleConnections() { (&http.Client{Transport: p.Next}).CloseIdleConnections() }

// NamelessAdvice is what to do about a Nameless certificate.
const NamelessAdvice = "the server needs a certificate that names it (subjectAltName)"

// Nameless reports whether a server's certificate names no host. Its Common Name does not count:
// https://www.rfc-editor.org/rfc/rfc9525#section-2
func Nameless(c *x509.Certificate) bool { return len(c.DNSNames)+len(c.IPAddresses) == 0 }
