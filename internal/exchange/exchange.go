// Package exchange is what every HTTP client of promsnap's holds of an answer, whoever asks and whatever for. It is a leaf.
package exchange

import (
	"errors"
	"net/http"
)

// ErrSwitched is the error of an answer 101. Nobody here asks for it, and its body is the connection itself, which no context ends.
var ErrSwitched = errors.New("what answers is no HTTP API: it switched protocols")

// Plain lets nothing through but answers whose body ends with the request's context.
type Plain struct{ Next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p Plain) RoundTrip(rq *http.Request) (*http.Response, error) {
	res, err := p.Next.RoundTrip(rq)
	if err != nil || res.StatusCode >= http.StatusOK {
		return res, err
	}
	_ = res.Body.Close() // the connection is of no use to anybody
	return nil, ErrSwitched
}

// CloseIdleConnections is for http.Client's.
func (p Plain) CloseIdleConnections() { (&http.Client{Transport: p.Next}).CloseIdleConnections() }
