// Package telegram is the receiver that posts to a chat of Telegram as a bot:
// https://core.telegram.org/bots/api. Notify sends the text; later messages about the same alerts
// are replies. FollowUp sends the charts as a reply, after all receivers were notified.
package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// DefaultURL is the address of the Bot API.
const DefaultURL = "https://api.telegram.org"

// Limitation is what Telegram does not show, for people who check a configuration.
const Limitation = "Telegram gets the charts as a reply; a message is not edited when the alert is " +
	"resolved"

// Options say where a bot posts.
type Options struct {
	BotToken secret.String // 123456:ABC…; read at each use
	ChatID   int64         // negative for groups and channels
	ThreadID int64         // of a topic in a group; 0: none
	Silent   bool          // no message makes a sound
	APIURL   string
	// Transport is used for all requests. Nil: http.DefaultTransport.
	Transport http.RoundTripper
}

// Notifier posts as a bot. It implements notify.Notifier, for RoleChanges and RoleSummary, and may
// be used by several goroutines.
type Notifier struct {
	o      Options
	caller *notify.Caller
	notify.Later
}

var _ notify.Notifier = (*Notifier)(nil)

// Limits returns what a chat accepts in one run: about one message a second, and 20 in a minute in
// a group.
func Limits() notify.Limits {
	return notify.Limits{Messages: 10, Burst: 4, Pace: time.Second}
}

// New returns the receiver for a chat. It sends nothing yet. It fails if the address is invalid.
func New(o Options) (*Notifier, error) {
	u, err := exchange.BaseURL(o.APIURL)
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	o.APIURL = strings.TrimSuffix(u.String(), "/")
	caller := notify.NewCaller("Telegram", o.Transport)
	caller.Quotes = true
	const token = "check telegram.bot_token; BotFather shows it: /mybots, API Token"
	caller.Advice = notify.Advice{
		Address: token + "; and check telegram.api_url, if it is set", Login: token,
	}
	for _, r := range [][2]string{ // what Telegram says, and what to do
		{"chat not found", "check telegram.chat_id (those of groups and channels are negative), " +
			"and add the bot to the chat, or send it /start from your own account"},
		{"message thread not found", "check telegram.message_thread_id: the chat has no such " +
			"topic"},
		{"bot was kicked", "add the bot to the chat again"},
		{"bot is not a member", "add the bot to the channel, as an administrator who may post"},
		{"bot was blocked", "the user has blocked the bot: open the chat with it, and restart it"},
		{"initiate conversation", "send /start to the bot from your own account first"},
		{"not enough rights", "allow the bot to send messages and photos in the chat"},
		{"administrator rights", "make the bot an administrator who may post"},
	} {
		caller.Refusals = append(caller.Refusals, notify.Refusal{Says: r[0], Advice: r[1]})
	}
	return &Notifier{o: o, caller: caller}, nil
}

// Notify sends the text of d's message. The receipt holds the chat's ID and the message's ID. The
// receipt of a reply is that of the message that it replies to, unless that is gone.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	m := MessageOf(d, n.o)
	body, err := json.Marshal(m.Payload)
	if err != nil {
		return notify.Receipt{}, writing(err)
	}
	var sent result
	if err := n.call(ctx, "sendMessage", body, "application/json", &sent); err != nil {
		return notify.Receipt{}, err
	}
	if sent.ID <= 0 {
		return notify.Receipt{}, errStrange
	}
	if len(m.Pictures) > 0 {
		n.Add(fmt.Sprintf("the pictures of %q", m.Letter.Title), func(ctx context.Context) error {
			return n.show(ctx, sent.ID, m.Pictures)
		})
	}
	if m.Payload.Reply != nil && sent.ReplyTo != nil {
		return d.Message.Thread, nil
	}
	return notify.Receipt{
		Channel: strconv.FormatInt(n.o.ChatID, 10), ID: strconv.FormatInt(sent.ID, 10),
	}, nil
}

// writing returns the error of a message that cannot be written.
func writing(err error) error {
	return &notify.RefusedError{Err: fmt.Errorf("writing a message for Telegram: %w", err)}
}

// result is a message that was sent.
type result struct {
	ID      int64     `json:"message_id"`
	ReplyTo *struct{} `json:"reply_to_message"` // nil: the message that it replies to is gone
}

// tokenSyntax is the syntax of a bot's token.
var tokenSyntax = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)

// errStrange says that the answer does not come from Telegram.
var errStrange = errors.New("posting to Telegram: the answer does not come from Telegram; is there " +
	"a proxy in between?")

// call makes one request, and decodes its result into result.
func (n *Notifier) call(ctx context.Context, method string, body []byte, contentType string,
	into any) error {
	token, err := n.o.BotToken.Reveal(ctx)
	if err != nil {
		return notify.Unread(fmt.Errorf("reading Telegram's bot token: %w", err))
	}
	if !tokenSyntax.MatchString(token) {
		return &notify.RefusedError{Err: errors.New("reading Telegram's bot token: it does not " +
			"look like 123456:ABC-DEF; BotFather shows it: /mybots, API Token")}
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost,
		n.o.APIURL+"/bot"+token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return &notify.RefusedError{Err: errors.New("calling Telegram: the address is not valid")}
	}
	rq.Header.Set("Content-Type", contentType)
	_, key, _ := strings.Cut(token, ":")
	said, err := n.caller.Exchange(rq, append(notify.AddressSecrets(rq.URL), token, key)...)
	if err != nil {
		return err
	}
	answer := struct {
		OK     bool `json:"ok"`
		Result any  `json:"result"`
	}{Result: into}
	if err := json.Unmarshal(said, &answer); err != nil || !answer.OK {
		return errStrange
	}
	return nil
}
