package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/pagerduty"
)

func openPagerDuty(ctx context.Context, p config.PagerDuty) (opened, error) {
	to, idle, err := transportOf(ctx, p.HTTP)
	if err != nil {
		return opened{}, err
	}
	o := pagerdutyOptions(p)
	o.Transport = to
	n, err := pagerduty.New(o)
	return opened{notifier: n, idle: idle}, err
}

func rehearsePagerDuty(p config.PagerDuty, draft drafter) (notify.Notifier, error) {
	return pagerdutyDrafts{pagerdutyOptions(p), draft}, nil
}

func pagerdutyOptions(p config.PagerDuty) pagerduty.Options {
	return pagerduty.Options{
		RoutingKey: p.RoutingKey, URL: p.URL, Severity: p.Severity, Client: p.Client,
		ClientURL: p.ClientURL,
	}
}

// pagerdutyDrafts passes on the events of each message, without the routing key.
type pagerdutyDrafts struct {
	o     pagerduty.Options
	draft drafter
}

// Notify implements notify.Notifier.
func (n pagerdutyDrafts) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	for _, e := range pagerduty.Events(d, n.o) {
		body, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			return notify.Receipt{}, fmt.Errorf("writing an event for PagerDuty: %w", err)
		}
		said := e.DedupKey
		if e.Payload != nil {
			said = e.Payload.Summary
		}
		n.draft(d.Message.Kind, e.Action, said, jsonType, body)
	}
	return notify.Receipt{}, nil
}
