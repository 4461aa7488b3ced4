package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/discord"
)

func openDiscord(ctx context.Context, c config.Discord) (opened, error) {
	transport, idle, err := transportOf(ctx, c.HTTP)
	if err != nil {
		return opened{}, err
	}
	to := discord.New(discord.Options{WebhookURL: c.WebhookURL, Transport: transport})
	return opened{notifier: to, followUp: to.FollowUp, idle: idle}, nil
}

// rehearseDiscord passes on each message and its pictures. It needs no address.
func rehearseDiscord(_ config.Discord, draft drafter) (notify.Notifier, error) {
	return rehearsed(func(d notify.Delivery) error {
		m := discord.MessageOf(d)
		body, err := json.MarshalIndent(m.Payload, "", "  ")
		if err != nil {
			return fmt.Errorf("writing a message for Discord: %w", err)
		}
		pictures, without := drawn(m.Pictures)
		draft(d.Message.Kind, "post", m.Letter.Text()+without, jsonType, body, pictures...)
		return nil
	}), nil
}
