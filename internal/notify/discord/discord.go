// Package discord is the receiver that posts to a channel of Discord, through a webhook of the
// channel. Notify sends the text. FollowUp adds the pictures to the message, after all receivers
// were notified. A webhook cannot reply, so each message stands alone.
package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/secret"
)

// Limitation is what Discord does not show, for people who check a configuration.
const Limitation = "a webhook of Discord cannot reply: each message stands alone"

// maxUpload is how many bytes of pictures one message gets. Discord accepts 10 MB.
const maxUpload = 8 << 20

// Options say where to post.
type Options struct {
	WebhookURL secret.String     // the whole address is the secret; read at each use
	Transport  http.RoundTripper // nil: http.DefaultTransport
}

// Notifier posts to Discord. It implements notify.Notifier, for RoleChanges and RoleSummary, and
// may be used by several goroutines. Its receipts are empty.
type Notifier struct {
	o      Options
	caller *notify.Caller
	notify.Later
}

var _ notify.Notifier = (*Notifier)(nil)

// Limits returns what a channel accepts in one run. Discord accepts 5 messages in 2 seconds and 30
// in a minute; each message is edited once for its pictures.
func Limits() notify.Limits {
	return notify.Limits{Messages: 10, Burst: 4, Pace: time.Second}
}

// New returns the receiver for a webhook. It sends nothing yet.
func New(o Options) *Notifier {
	caller := notify.NewCaller("Discord", o.Transport)
	caller.Quotes = true
	const again = "copy the webhook's address again into discord.webhook_url: Server Settings, " +
		"Integrations, Webhooks"
	caller.Advice = notify.Advice{Address: again, Login: again}
	caller.Refusals = []notify.Refusal{{
		Says:   "Unknown Webhook",
		Advice: "the webhook is deleted: create one, and write its address into discord.webhook_url",
	}}
	return &Notifier{o: o, caller: caller}
}

// Notify posts the text of d's message.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	m := MessageOf(d)
	id, err := n.call(ctx, http.MethodPost, "", m, nil)
	if err != nil {
		return notify.Receipt{}, err
	}
	if len(m.Pictures) > 0 {
		n.Add(fmt.Sprintf("the pictures of %q", m.Letter.Title), func(ctx context.Context) error {
			return n.show(ctx, id, m)
		})
	}
	return notify.Receipt{}, nil
}

// show adds its pictures to a message.
func (n *Notifier) show(ctx context.Context, id string, m Message) error {
	drawn, failed := letter.Draw(m.Pictures)
	size := 0
	for i, p := range drawn {
		if size += len(p.Body); size > maxUpload || i == maxPictures {
			failed = errors.Join(failed, fmt.Errorf("%d of %d pictures are too large for Discord",
				len(drawn)-i, len(drawn)))
			drawn = drawn[:i]
			break
		}
	}
	if len(drawn) == 0 {
		return failed
	}
	return errors.Join(failed, notify.Again(ctx, func() error {
		_, err := n.call(ctx, http.MethodPatch, "/messages/"+id, m, drawn)
		return err
	}))
}

// idSyntax is the syntax of Discord's IDs.
var idSyntax = regexp.MustCompile(`^[0-9]{1,20}$`)

// errStrange says that the answer does not come from Discord.
var errStrange = errors.New("posting to Discord: the answer does not come from Discord; is there " +
	"a proxy in between?")

// call posts a message or edits it, and returns its ID.
func (n *Notifier) call(ctx context.Context, method, path string, m Message,
	pictures []letter.Drawn) (id string, err error) {
	u, err := n.caller.SecretURL(ctx, n.o.WebhookURL)
	if err != nil {
		return "", err
	}
	body, contentType, err := encoded(m, pictures)
	if err != nil {
		return "", &notify.RefusedError{Err: fmt.Errorf("writing a message for Discord: %w", err)}
	}
	rq, err := http.NewRequestWithContext(ctx, method, target(u, path), bytes.NewReader(body))
	if err != nil {
		return "", &notify.RefusedError{
			Err: errors.New("reading the address of Discord: it is not a valid URL"),
		}
	}
	rq.Header.Set("Content-Type", contentType)
	// Discord asks for a name: https://docs.discord.com/developers/reference#user-agent
	rq.Header.Set("User-Agent", "DiscordBot (https://github.com/promsnap/promsnap, 1)")
	said, err := n.caller.Exchange(rq, notify.AddressSecrets(u)...)
	if err != nil {
		return "", err
	}
	var message struct{ ID string }
	if err := json.Unmarshal(said, &message); err != nil || !idSyntax.MatchString(message.ID) {
		return "", errStrange
	}
	return message.ID, nil
}

// target returns the address for a request. With wait, Discord answers with the message.
func target(hook *url.URL, path string) string {
	u := *hook
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+path, ""
	if path == "" {
		q := u.Query()
		q.Set("wait", "true")
		u.RawQuery = q.Encode()
	}
	return u.String()
}

// encoded returns the body of a request and its type: JSON, or a form if there are pictures.
func encoded(m Message, pictures []letter.Drawn) (body []byte, contentType string, err error) {
	with := m.Payload
	with.Embeds = append([]Embed(nil), m.Payload.Embeds...)
	parts := make([]notify.FormPart, 1, 1+len(pictures))
	for i, p := range pictures {
		name := fmt.Sprintf("%d-%s", i+1, p.Name)
		at := &Image{"attachment://" + name}
		if i == 0 && len(with.Embeds) > 0 {
			with.Embeds[0].Image = at
		} else {
			with.Embeds = append(with.Embeds, Embed{Image: at})
		}
		with.Attachments = append(with.Attachments, Attachment{i, name, p.Alt})
		parts = append(parts, notify.FormPart{
			Name: fmt.Sprintf("files[%d]", i), FileName: name, ContentType: "image/png",
			Body: p.Body,
		})
	}
	if body, err = json.Marshal(with); err != nil || len(pictures) == 0 {
		return body, "application/json", err
	}
	parts[0] = notify.FormPart{Name: "payload_json", ContentType: "application/json", Body: body}
	return notify.Form(parts)
}
