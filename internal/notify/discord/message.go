package discord

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/rules"
)

// The limits of Discord, in UTF-16 code units:
// https://docs.discord.com/developers/resources/message#embed-object-embed-limits. All embeds of a
// message together have at most 6000, which one description does not reach.
const (
	maxContent     = 2000
	maxDescription = 4096
	maxPictures    = 10 // one in each embed
)

// limits are the sizes of a message's parts.
var limits = letter.Limits{
	Title: 200, Line: 300, Place: 500, Body: 2800, Code: 700, URL: 1800, Alt: 1000, Width: width,
}

// special are the characters that mean something in Discord's Markdown, wherever they are.
const special = "\\*_~`|[]<"

// width returns the size of a character after escape.
func width(r rune) int {
	if strings.ContainsRune(special, r) {
		return 2
	}
	return utf16.RuneLen(r)
}

// Message is a delivery's message.
type Message struct {
	Letter   letter.Letter
	Pictures []letter.Picture // are added later
	Payload  Payload          // without pictures
}

// Payload is the body of a request to a webhook.
type Payload struct {
	Content     string          `json:"content"` // what a phone shows
	Embeds      []Embed         `json:"embeds"`
	Attachments []Attachment    `json:"attachments,omitempty"`
	Mentions    AllowedMentions `json:"allowed_mentions"`
}

// AllowedMentions say who may be mentioned.
type AllowedMentions struct {
	Parse []string `json:"parse"` // empty: nobody
}

// Embed is a box below the content.
type Embed struct {
	Description string `json:"description,omitempty"`
	Color       int    `json:"color,omitempty"`
	Image       *Image `json:"image,omitempty"`
}

// Image is the picture of an embed.
type Image struct {
	URL string `json:"url"`
}

// Attachment describes a file of the request.
type Attachment struct {
	ID          int    `json:"id"`
	FileName    string `json:"filename"`
	Description string `json:"description,omitempty"`
}

// The colours of an embed.
const (
	red    = 0xD92D20
	orange = 0xF79009
	green  = 0x12B76A
	grey   = 0x98A2B3
)

// MessageOf returns a delivery's message.
func MessageOf(d notify.Delivery) Message {
	l := letter.Alone(d, limits, func(l letter.Letter) bool {
		return size(description(l)) <= maxDescription && size(escape(l.Title)) <= maxContent
	})
	m := Message{Letter: l, Payload: Payload{
		Content: line(escape(l.Title)), Embeds: []Embed{},
		Mentions: AllowedMentions{Parse: []string{}},
	}}
	if text := description(l); text != "" {
		m.Payload.Embeds = append(m.Payload.Embeds, Embed{text, color(d.Message), nil})
	}
	if letter.HasDetails(d.Message.Kind) {
		m.Pictures = letter.Details(d, limits).Pictures
	}
	return m
}

// size returns the length of a text as Discord counts it.
func size(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// color returns the colour of a message's first embed.
func color(m *notify.Message) int {
	switch worst := m.Severity(); {
	case worst >= rules.Critical:
		return red
	case worst == rules.Warning:
		return orange
	case m.Kind == notify.KindTest:
		return grey
	}
	return green
}

// description returns a letter below its title as Markdown.
func description(l letter.Letter) string {
	var out []string
	for _, ln := range l.Lines {
		var b strings.Builder
		for _, p := range ln {
			if text := escape(p.Text); p.Bold && text != "" {
				b.WriteString("**" + text + "**")
			} else {
				b.WriteString(text)
			}
		}
		out = append(out, line(b.String()))
	}
	for _, c := range l.Commands {
		lines := slices.Clone(c.Lines)
		for i, ln := range lines {
			lines[i] = fence.Replace(ln)
		}
		out = append(out, "**"+escape(c.Words)+"**", "```", strings.Join(lines, "\n"), "```")
	}
	var links []string
	for _, to := range l.Links {
		links = append(links, "["+escape(to.Words)+"]("+brackets.Replace(to.URL)+")")
	}
	if len(links) > 0 {
		out = append(out, strings.Join(links, " · "))
	}
	return strings.Join(out, "\n")
}

var (
	// fence breaks what would end a block of code.
	fence = strings.NewReplacer("``", "` `")
	// brackets make an address safe between the brackets of a link.
	brackets = strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", " ", "%20",
		"\\", "%5C")
	specials = regexp.MustCompile("[" + regexp.QuoteMeta(special) + "]")
	address  = regexp.MustCompile(`:(//)`)
	atStart  = regexp.MustCompile(`^(\s*)([-+#>]|[0-9]+\. )`)
)

// escape makes a text literal: no emphasis, links, mentions, emoji or times.
func escape(s string) string {
	return address.ReplaceAllString(specials.ReplaceAllString(s, `\$0`), `\:$1`)
}

// line makes a line literal that is escaped: no heading, list or quotation.
func line(s string) string {
	return atStart.ReplaceAllStringFunc(s, func(mark string) string {
		mark, dot := strings.CutSuffix(mark, ". ")
		if dot {
			return mark + `\. `
		}
		return mark[:len(mark)-1] + `\` + mark[len(mark)-1:]
	})
}
