package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/teams"
)

func openTeams(ctx context.Context, t config.Teams) (opened, error) {
	to, idle, err := transportOf(ctx, t.HTTP)
	if err != nil {
		return opened{}, err
	}
	return opened{
		notifier: teams.New(teams.Options{WebhookURL: t.WebhookURL, Transport: to}), idle: idle,
	}, nil
}

// rehearseTeams passes on the card of each message. It needs no address.
func rehearseTeams(_ config.Teams, draft drafter) (notify.Notifier, error) {
	return rehearsed(func(d notify.Delivery) error {
		l, body, err := teams.Card(d)
		if err != nil {
			return err
		}
		var shown bytes.Buffer
		if err := json.Indent(&shown, body, "", "  "); err != nil {
			return fmt.Errorf("writing a card for Teams: %w", err)
		}
		draft(d.Message.Kind, "post", l.Text(), jsonType, shown.Bytes())
		return nil
	}), nil
}

// rehearsed is a stand-in for a receiver of people in a dry run: a function that passes on what a
// delivery would send.
type rehearsed func(d notify.Delivery) error

// Notify implements notify.Notifier.
func (pass rehearsed) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, pass(d)
}
