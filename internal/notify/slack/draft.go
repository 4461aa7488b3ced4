package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
)

// Draft is one message as it would be sent.
type Draft struct {
	// Step is "post", "reply", "broadcast" (a reply that the channel sees too), "edit" or "thread".
	Step string
	Text string // the whole message as a person reads it
	Push string // the text beside the blocks, which a phone shows
	// Pictures are uploaded with the message.
	Pictures []letter.Picture
	blocks   []slackgo.Block
}

// Blocks returns the message in the format of Block Kit Builder: {"blocks": […]}.
func (d Draft) Blocks() ([]byte, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(struct {
		Blocks []slackgo.Block `json:"blocks"`
	}{d.blocks}); err != nil {
		return nil, fmt.Errorf("writing Slack's blocks: %w", err)
	}
	return []byte(out.String()), nil
}

// Drafts returns what Notify and FollowUp would send for d, in their order. It draws no picture.
func Drafts(o Options, d notify.Delivery) []Draft {
	p := planOf(d, o)
	var out []Draft
	if p.edit != nil {
		out = append(out, draftOf("edit", *p.edit))
	}
	step := "post"
	if p.broadcast {
		step = "broadcast"
	} else if p.thread.ID != "" {
		step = "reply"
	}
	out = append(out, draftOf(step, p.message))
	if l := letter.Details(d, limits); p.thread.ID == "" &&
		(l.HasText() || len(l.Pictures) > 0) {
		out = append(out, draftOf("thread", message{Letter: l}))
	}
	return out
}

// WebhookDrafts returns what Notify of a Webhook would send for d.
func WebhookDrafts(o WebhookOptions, d notify.Delivery) []Draft {
	return []Draft{draftOf("post", webhookMessage(d, o))}
}

func draftOf(step string, m message) Draft {
	var calls []string
	if m.calls() != "" {
		calls = append(calls, m.calls())
	}
	return Draft{
		Step: step, Text: m.Text(calls...), Push: m.fallback(), Pictures: m.Pictures,
		blocks: m.blocks(),
	}
}

// DryRun sends nothing, and passes what it would have sent to a function. It implements
// notify.Notifier.
type DryRun struct {
	drafts func(d notify.Delivery) []Draft
	take   func(d notify.Delivery, drafts []Draft) error
}

var _ notify.Notifier = (*DryRun)(nil)

// NewDryRun returns a stand-in for the receiver of New. It needs no token.
func NewDryRun(o Options, take func(d notify.Delivery, drafts []Draft) error) *DryRun {
	return &DryRun{func(d notify.Delivery) []Draft { return Drafts(o, d) }, take}
}

// NewWebhookDryRun returns a stand-in for the receiver of NewWebhook. It needs no address.
func NewWebhookDryRun(o WebhookOptions,
	take func(d notify.Delivery, drafts []Draft) error) *DryRun {
	return &DryRun{func(d notify.Delivery) []Draft { return WebhookDrafts(o, d) }, take}
}

// Notify passes on what would be sent.
func (r *DryRun) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, r.take(d, r.drafts(d))
}
