package slack

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/notify/letter"
)

// limits stays below the limits of Slack: 150 for a header, 3000 for a text, 50 blocks, and about
// 12,000 in total. https://docs.slack.dev/reference/block-kit/blocks
var limits = letter.Limits{
	Title: 60, // what a phone shows
	Line:  140,
	Place: 500,
	Body:  3000,
	Code:  2000,
	URL:   3000,
	Alt:   1000,
	Width: width,
}

// buttonLimit is Slack's limit for the text of a button.
const buttonLimit = 75

// width returns the size of a character by the strictest way in which Slack may count: escaped, in
// UTF-16 code units.
func width(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	}
	return utf16.RuneLen(r)
}

// message is a letter with the people that it mentions.
type message struct {
	letter.Letter
	mentions []Mention
}

// escape makes a text safe in a message without blocks:
// https://docs.slack.dev/messaging/formatting-message-text#escaping.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// blocks returns the message as blocks. Text from outside is only in elements of plain text and
// rich text, in which Slack interprets no markup. It can neither mention anybody nor break out.
func (m *message) blocks() []slackgo.Block {
	var blocks []slackgo.Block
	if m.Title != "" {
		title := slackgo.NewTextBlockObject(slackgo.PlainTextType, m.Title, false, false)
		title.Emoji = new(bool) // no emoji for :fire: in a name
		blocks = append(blocks, slackgo.NewHeaderBlock(title))
	}
	var rich []slackgo.RichTextElement
	lines := m.Lines
	for _, c := range m.Commands {
		lines = append(slices.Clone(lines), letter.Line{{Text: c.Words, Bold: true}})
		rich = append(rich, slackgo.NewRichTextSection(richLines(lines)...),
			&slackgo.RichTextPreformatted{
				Type: slackgo.RTEPreformatted,
				Elements: []slackgo.RichTextSectionElement{
					slackgo.NewRichTextSectionTextElement(strings.Join(c.Lines, "\n"), nil),
				},
			})
		lines = nil
	}
	if len(lines) > 0 {
		rich = append(rich, slackgo.NewRichTextSection(richLines(lines)...))
	}
	if len(rich) > 0 {
		blocks = append(blocks, slackgo.NewRichTextBlock("", rich...))
	}
	if calls := m.calls(); calls != "" {
		blocks = append(blocks,
			slackgo.NewSectionBlock(slackgo.NewTextBlockObject(slackgo.MarkdownType, calls, false,
				true), nil, nil))
	}
	if bs := m.buttonElements(); len(bs) > 0 {
		blocks = append(blocks, slackgo.NewActionBlock("", bs...))
	}
	return blocks
}

// richLines returns lines as the elements of one section of rich text.
func richLines(lines []letter.Line) []slackgo.RichTextSectionElement {
	var out []slackgo.RichTextSectionElement
	plain := ""
	flush := func() {
		if plain != "" {
			out, plain = append(out, slackgo.NewRichTextSectionTextElement(plain, nil)), ""
		}
	}
	for i, ln := range lines {
		if i > 0 {
			plain += "\n"
		}
		for _, p := range ln {
			switch {
			case p.Text == "":
			case !p.At.IsZero():
				flush()
				out = append(out, slackgo.NewRichTextSectionDateElement(p.At.Unix(), dateFormat(p),
					nil, &p.Text))
			case p.Bold:
				flush()
				out = append(out, slackgo.NewRichTextSectionTextElement(p.Text,
					&slackgo.RichTextSectionTextStyle{Bold: true}))
			default:
				plain += p.Text
			}
		}
	}
	flush()
	return out
}

// calls returns the mentions in Slack's syntax.
func (m *message) calls() string {
	var all []string
	for _, who := range m.mentions {
		all = append(all, string(who))
	}
	return strings.Join(all, " ")
}

func (m *message) buttonElements() []slackgo.BlockElement {
	var out []slackgo.BlockElement
	for _, b := range m.Links {
		e := slackgo.NewButtonBlockElement(b.ID, "",
			slackgo.NewTextBlockObject(slackgo.PlainTextType, limits.Clip(b.Words, buttonLimit),
				false, false))
		e.URL = b.URL
		out = append(out, e)
	}
	return out
}

// fallback returns the escaped first line. Phones and screen readers show it.
func (m *message) fallback() string {
	if m.Title != "" {
		return escape(m.Title)
	}
	if len(m.Lines) > 0 {
		return escape(m.Lines[0].String())
	}
	if len(m.Commands) > 0 {
		return escape(m.Commands[0].Words)
	}
	return "promsnap"
}

// text returns the whole message for sending without blocks. It is sent with markup switched off.
// Slack still interprets angle brackets, which are escaped in text from outside.
func (m *message) text() string {
	var out []string
	if m.Title != "" {
		out = append(out, escape(m.Title))
	}
	for _, ln := range m.Lines {
		var b strings.Builder
		for _, p := range ln {
			if p.At.IsZero() {
				b.WriteString(escape(p.Text))
			} else {
				b.WriteString(moment(p))
			}
		}
		out = append(out, b.String())
	}
	for _, c := range m.Commands {
		out = append(out, escape(c.Words))
		for _, line := range c.Lines {
			out = append(out, escape(line))
		}
	}
	if calls := m.calls(); calls != "" {
		out = append(out, calls)
	}
	var links []string
	for _, b := range m.Links {
		links = append(links, "<"+bracketed(b.URL)+"|"+
			escape(strings.ReplaceAll(limits.Clip(b.Words, buttonLimit), "|", "/"))+">")
	}
	if len(links) > 0 {
		out = append(out, strings.Join(links, "  "))
	}
	return strings.Join(out, "\n")
}

// dateFormat returns Slack's format of a time.
func dateFormat(p letter.Part) string {
	if p.Day {
		return "{date_short} {time}"
	}
	return "{time}"
}

// moment returns a time in the syntax of messages without blocks.
func moment(p letter.Part) string {
	return "<!date^" + strconv.FormatInt(p.At.Unix(), 10) + "^" + dateFormat(p) + "|" +
		strings.ReplaceAll(escape(p.Text), "|", "/") + ">"
}

// bracketed returns a link so that it can be written between < and |.
func bracketed(link string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(link)
}
