package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/telegram"
)

func openTelegram(ctx context.Context, c config.Telegram) (opened, error) {
	transport, idle, err := transportOf(ctx, c.HTTP)
	if err != nil {
		return opened{}, err
	}
	o := telegramOptions(c)
	o.Transport = transport
	to, err := telegram.New(o)
	if err != nil {
		return opened{idle: idle}, err
	}
	return opened{notifier: to, followUp: to.FollowUp, idle: idle}, nil
}

func telegramOptions(c config.Telegram) telegram.Options {
	return telegram.Options{
		BotToken: c.BotToken, ChatID: c.ChatID, ThreadID: c.ThreadID, Silent: c.Silent,
		APIURL: c.APIURL,
	}
}

// rehearseTelegram passes on each message and its pictures. It needs no token.
func rehearseTelegram(c config.Telegram, draft drafter) (notify.Notifier, error) {
	return rehearsed(func(d notify.Delivery) error {
		m := telegram.MessageOf(d, telegramOptions(c))
		body, err := json.MarshalIndent(m.Payload, "", "  ")
		if err != nil {
			return fmt.Errorf("writing a message for Telegram: %w", err)
		}
		step := "post"
		if m.Payload.Reply != nil {
			step = "reply"
		}
		pictures, without := drawn(m.Pictures)
		draft(d.Message.Kind, step, m.Letter.Text()+without, jsonType, body, pictures...)
		return nil
	}), nil
}
