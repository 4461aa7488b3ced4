package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/opsgenie"
)

func openOpsgenie(ctx context.Context, c config.Opsgenie) (opened, error) {
	to, idle, err := transportOf(ctx, c.HTTP)
	if err != nil {
		return opened{}, err
	}
	o := opsgenieOptions(c)
	o.Transport = to
	n, err := opsgenie.New(o)
	return opened{notifier: n, idle: idle}, err
}

func opsgenieOptions(c config.Opsgenie) opsgenie.Options {
	return opsgenie.Options{
		APIKey: c.APIKey, APIURL: c.APIURL, Priority: c.Priority, Tags: c.Tags, Update: c.Update,
	}
}

// rehearseOpsgenie passes on the requests of each message, without the API key.
func rehearseOpsgenie(c config.Opsgenie, draft drafter) (notify.Notifier, error) {
	return rehearsed(func(d notify.Delivery) error {
		for _, r := range opsgenie.Requests(d, opsgenieOptions(c)) {
			body, err := json.MarshalIndent(r.Body, "", "  ")
			if err != nil {
				return fmt.Errorf("writing an alert for Opsgenie: %w", err)
			}
			said := r.Method + " " + r.Path
			if a, ok := r.Body.(opsgenie.Alert); ok {
				said = a.Message
			}
			draft(d.Message.Kind, r.Step, said, jsonType, body)
		}
		return nil
	}), nil
}
