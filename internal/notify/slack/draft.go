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
	Step   string
	Text   string // the whole message as a person reads it
	Push   string // the text beside the blocks, which a phone shows
	blocks []slackgo.Block
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

// Drafts returns what Notify and FollowUp would send for d, in their order, without pictures.
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
	if l := letter.Details(d, limits); len(l.Lines) > 0 {
		out = append(out, draftOf("thread", message{Letter: l}))
	}
	return out
}

func draftOf(step string, m message) Draft {
	var text []string
	if m.Title != "" {
		text = append(text, m.Title)
	}
	for _, ln := range m.Lines {
		text = append(text, ln.String())
	}
	if m.Code != "" {
		text = append(text, m.Code)
	}
	if calls := m.calls(); calls != "" {
		text = append(text, calls)
	}
	var buttons []string
	for _, b := range m.Links {
		buttons = append(buttons, "["+b.Words+"]")
	}
	if len(buttons) > 0 {
		text = append(text, strings.Join(buttons, " "))
	}
	return Draft{step, strings.Join(text, "\n"), m.fallback(), m.blocks()}
}

// DryRun sends nothing, and passes what it would have sent to a function. It implements
// notify.Notifier.
type DryRun struct {
	o    Options
	take func(d notify.Delivery, drafts []Draft) error
}

var _ notify.Notifier = (*DryRun)(nil)

// NewDryRun returns a stand-in for the receiver of New, and for that of NewWebhook. It needs no
// token.
func NewDryRun(o Options, take func(d notify.Delivery, drafts []Draft) error) *DryRun {
	return &DryRun{o, take}
}

// Notify passes on what would be sent.
func (r *DryRun) Notify(_ context.Context, d notify.Delivery) (notify.Receipt, error) {
	return notify.Receipt{}, r.take(d, Drafts(r.o, d))
}
