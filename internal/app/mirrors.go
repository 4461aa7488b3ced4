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

func openWebhook(_ context.Context, w config.Webhook) (opened, error) {
	return opened{notifier: webhook.New(webhook.Options{URL: w.URL, Token: w.Token})}, nil
}

// rehearseWebhook needs neither the address nor the token: both may be secrets that this machine
// does not have.
func rehearseWebhook(_ config.Webhook, draft drafter) (notify.Notifier, error) {
	return webhook.New(webhook.Options{
		URL: secret.Inline("http://webhook.invalid"), Transport: rehearsal(draft),
	}), nil
}

func openAlertmanager(ctx context.Context, a config.Alertmanager) (opened, error) {
	to, idle, err := transportOf(ctx, a.HTTP)
	if err != nil {
		return opened{}, err
	}
	n, err := alertmanager.New(alertmanager.Options{URL: a.URL, Transport: to})
	return opened{notifier: n, idle: idle}, err
}

func rehearseAlertmanager(a config.Alertmanager, draft drafter) (notify.Notifier, error) {
	return alertmanager.New(alertmanager.Options{URL: a.URL, Transport: rehearsal(draft)})
}

func openPushgateway(ctx context.Context, p config.Pushgateway) (opened, error) {
	to, idle, err := transportOf(ctx, p.HTTP)
	if err != nil {
		return opened{}, err
	}
	n, err := pushgateway.New(pushgateway.Options{URL: p.URL, Job: p.Job, Transport: to})
	return opened{notifier: n, idle: idle}, err
}

func rehearsePushgateway(p config.Pushgateway, draft drafter) (notify.Notifier, error) {
	return pushgateway.New(pushgateway.Options{URL: p.URL, Job: p.Job, Transport: rehearsal(draft)})
}

// transportOf returns the transport of a receiver that has an http_config, and what closes its idle
// connections.
func transportOf(ctx context.Context, h config.HTTP) (http.RoundTripper, idler, error) {
	to, err := promapi.Transport(ctx, h.Client(), h)
	if err != nil {
		return nil, nil, err
	}
	return to, &http.Client{Transport: to}, nil
}

// rehearsal is a transport that sends nothing. It passes on each body and answers every request
// with success.
type rehearsal drafter

// RoundTrip implements http.RoundTripper.
func (draft rehearsal) RoundTrip(rq *http.Request) (*http.Response, error) {
	if rq.Body != nil {
		body, err := io.ReadAll(rq.Body)
		_ = rq.Body.Close()
		if err != nil {
			return nil, err
		}
		contentType, _, _ := strings.Cut(rq.Header.Get("Content-Type"), ";")
		draft(notify.KindNone, "post", "", contentType, body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: rq,
	}, nil
}
