package telegram

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
)

// maxText is Telegram's limit for a text without its tags, in UTF-16 code units.
const maxText = 4096

// limits are the sizes of a message's parts. The addresses of links do not count.
var limits = letter.Limits{
	Title: 120, Line: 300, Place: 500, Body: 2800, Code: 700, URL: 2048, Alt: 1000,
	Width: utf16.RuneLen,
}

// Message is a delivery's message.
type Message struct {
	Letter   letter.Letter
	Pictures []letter.Picture // are sent later
	Payload  Payload
}

// Payload is the body of a request to sendMessage.
type Payload struct {
	ChatID    int64       `json:"chat_id"`
	ThreadID  int64       `json:"message_thread_id,omitempty"`
	Text      string      `json:"text"`
	ParseMode string      `json:"parse_mode"`
	Silent    bool        `json:"disable_notification,omitempty"`
	Previews  LinkPreview `json:"link_preview_options"`
	Reply     *Reply      `json:"reply_parameters,omitempty"`
}

// LinkPreview says whether Telegram loads the pages of links.
type LinkPreview struct {
	Disabled bool `json:"is_disabled"`
}

// Reply is the message that another one replies to.
type Reply struct {
	MessageID int64 `json:"message_id"`
	Anyway    bool  `json:"allow_sending_without_reply"` // if the message is gone
}

// MessageOf returns a delivery's message. One that pages nobody makes no sound.
func MessageOf(d notify.Delivery, o Options) Message {
	l := letter.Alone(d, limits, func(l letter.Letter) bool {
		return limits.Size(l.Text()) <= maxText
	})
	m := Message{Letter: l, Payload: Payload{
		ChatID: o.ChatID, ThreadID: o.ThreadID, Text: html(l), ParseMode: "HTML",
		Silent:   o.Silent || !d.Message.Pages() && d.Message.Kind != notify.KindTest,
		Previews: LinkPreview{Disabled: true}, Reply: replyOf(d.Message, o.ChatID),
	}}
	if letter.HasDetails(d.Message.Kind) {
		m.Pictures = letter.Details(d, limits).Pictures
	}
	return m
}

// replyOf returns the message that this one replies to; nil if there is none in the chat.
func replyOf(m *notify.Message, chat int64) *Reply {
	switch m.Kind {
	case notify.KindSummary, notify.KindTest, notify.KindAllClear:
		return nil
	}
	id, err := strconv.ParseInt(m.Thread.ID, 10, 64)
	if err != nil || m.Thread.Channel != strconv.FormatInt(chat, 10) {
		return nil
	}
	return &Reply{id, true}
}

// escape makes a text literal: no tags, and no mentions of users, which Telegram also finds in
// plain text.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "@", "＠").
	Replace

// html returns a letter in Telegram's HTML.
func html(l letter.Letter) string {
	out := []string{"<b>" + escape(l.Title) + "</b>"}
	for _, ln := range l.Lines {
		var b strings.Builder
		for _, p := range ln {
			if p.Bold {
				b.WriteString("<b>" + escape(p.Text) + "</b>")
			} else {
				b.WriteString(escape(p.Text))
			}
		}
		out = append(out, b.String())
	}
	for _, c := range l.Commands {
		out = append(out, "<b>"+escape(c.Words)+"</b>",
			"<pre>"+code(strings.Join(c.Lines, "\n"))+"</pre>")
	}
	var links []string
	for _, to := range l.Links {
		links = append(links, `<a href="`+code(to.URL)+`">`+escape(to.Words)+"</a>")
	}
	if len(links) > 0 {
		out = append(out, strings.Join(links, " · "))
	}
	return strings.Join(out, "\n")
}

// code makes a text literal where Telegram finds no mentions: in code and in addresses.
var code = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace
