package app

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/alertmanager"
	"github.com/promsnap/promsnap/internal/notify/pushgateway"
	"github.com/promsnap/promsnap/internal/notify/webhook"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/secret"
)

// openMirror puts a receiver together that is a program. Its requests go to a transport; nil: http.DefaultTransport.
func openMirror(r config.Receiver, to http.RoundTripper) (notify.Notifier, error) {
	switch {
	case r.Alertmanager != nil:
		return alertmanager.New(alertmanager.Options{URL: r.Alertmanager.URL, Transport: to})
	case r.Pushgateway != nil:
		return pushgateway.New(pushgateway.Options{URL: r.Pushgateway.URL, Job: r.Pushgateway.Job, Transport: to})
	}
	return webhook.New(webhook.Options{URL: r.Webhook.URL, Token: r.Webhook.Token, Transport: to}), nil
}

// mirrorTransport is how the requests of a receiver that is a program go out: as its http_config says. Nil: it has none.
func mirrorTransport(ctx context.Context, r config.Receiver) (http.RoundTripper, error) {
	switch {
	case r.Alertmanager != nil:
		return promapi.Transport(ctx, r.Alertmanager.HTTP.Client(), r.Alertmanager.HTTP)
	case r.Pushgateway != nil:
		return promapi.Transport(ctx, r.Pushgateway.HTTP.Client(), r.Pushgateway.HTTP)
	}
	return nil, nil // http.DefaultTransport does
}

// rehearsedMirror is openMirror for a dry run: it needs no secret, and each body that it would post goes to a function.
func rehearsedMirror(r config.Receiver, take func(contentType string, body []byte)) (notify.Notifier, error) {
	if r.Webhook != nil {
		r.Webhook = &config.Webhook{URL: secret.Inline("http://webhook.invalid")}
	}
	return openMirror(r, rehearsal(take))
}

// rehearsal is a transport that sends nothing: a function gets the bodies, and every answer is that all is well.
type rehearsal func(contentType string, body []byte)

// RoundTrip implements http.RoundTripper.
func (take rehearsal) RoundTrip(rq *http.Request) (*http.Response, error) {
	if rq.Body != nil {
		body, err := io.ReadAll(rq.Body)
		_ = rq.Body.Close()
		if err != nil {
			return nil, err
		}
		contentType, _, _ := strings.Cut(rq.Header.Get("Content-Type"), ";")
		take(contentType, body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: rq,
	}, nil
}
