package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// WebhookOptions say which incoming webhook to use.
type WebhookOptions struct {
	URL       secret.String // the whole address is the secret; read at each use
	Mentions  map[rules.Severity][]Mention
	Transport http.RoundTripper // nil: http.DefaultTransport
}

// WebhookLimitation is what an incoming webhook cannot do, for people who check a configuration.
const WebhookLimitation = "an incoming webhook sends text and links only: no pictures and no " +
	"threads, and a message is not edited when the alert is resolved; a bot token does all of that"

// Webhook posts through an incoming webhook. It implements notify.Notifier. Its receipts are empty,
// because Slack does not return the message's ID: every message stands alone.
type Webhook struct {
	o    WebhookOptions
	http *http.Client
}

var _ notify.Notifier = (*Webhook)(nil)

// NewWebhook returns the receiver for an incoming webhook.
func NewWebhook(o WebhookOptions) *Webhook { return &Webhook{o, notify.NewClient(o.Transport)} }

// Notify sends d's message.
func (h *Webhook) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	link, err := h.o.URL.Reveal(ctx)
	if err == nil && !letter.IsLink(link) {
		err = errors.New("it is not a URL; it looks like https://hooks.slack.com/services/…")
	}
	if err != nil {
		return notify.Receipt{}, notify.Unread(fmt.Errorf("reading the webhook's address: %w", err))
	}
	m := webhookMessage(d, h.o)
	err = h.post(ctx, link, m, false)
	if isCode(err, codesBlocks) {
		err = h.post(ctx, link, m, true)
	}
	return notify.Receipt{}, err
}

// webhookMessage returns a delivery's message. It says when its link expires, as it has no thread.
func webhookMessage(d notify.Delivery, o WebhookOptions) message {
	m := messageOf(d, o.Mentions)
	m.Lines = append(m.Lines, letter.Expiry(d, limits)...)
	return m
}

// hookMessage is the body of a request to an incoming webhook. The type in slack-go cannot switch
// markup off.
type hookMessage struct {
	Text   string          `json:"text"`
	Blocks []slackgo.Block `json:"blocks,omitempty"`
	Markup bool            `json:"mrkdwn"`
	Links  bool            `json:"unfurl_links"`
	Media  bool            `json:"unfurl_media"`
}

func (h *Webhook) post(ctx context.Context, link string, of message, plain bool) error {
	m := hookMessage{Text: of.fallback(), Blocks: of.blocks()}
	if plain {
		m = hookMessage{Text: of.text()}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return &notify.RefusedError{Err: fmt.Errorf("writing a message for Slack: %w", err)}
	}
	a := &api{http: h.http}
	return a.call(ctx, "posting to Slack's webhook", func(ctx context.Context) error {
		rq, err := http.NewRequestWithContext(ctx, http.MethodPost, link, bytes.NewReader(body))
		if err != nil {
			return errStrange
		}
		rq.Header.Set("Content-Type", "application/json")
		res, err := bounded{h.http}.Do(rq)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		return hookAnswer(res)
	})
}

// hookAnswer returns the error of a webhook's answer. Unlike the API, a webhook answers with a
// status and a word.
func hookAnswer(res *http.Response) error {
	word, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	code := strings.TrimSpace(string(word))
	switch {
	case res.StatusCode == http.StatusOK && exchange.IsPage(code):
		return errPage
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After")) // 0 if there is none
		return &slackgo.RateLimitedError{RetryAfter: time.Duration(max(seconds, 0)) * time.Second}
	case res.StatusCode < http.StatusInternalServerError && codeSyntax.MatchString(code):
		return slackgo.SlackErrorResponse{Err: code}
	}
	return slackgo.StatusCodeError{Code: res.StatusCode}
}
