package slack

import (
	"strconv"
	"strings"
	"unicode/utf16"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/notify/letter"
)

// limits is what is used of what Slack takes, which is 150 of a header, 3000 of a text, 50 blocks,
// and about 12,000 in all. https://docs.slack.dev/reference/block-kit/blocks
var limits = letter.Limits{
	Title: 60, // what a phone shows of a message
	Line:  140,
	Place: 500,
	Body:  3000,
	Code:  2000,
	URL:   3000,
	Alt:   1000,
	Width: width,
}

// buttonLimit is Slack's, of a button's words.
const buttonLimit = 75

// width is how much room a character takes in the strictest way that Slack may count in: escaped,
// in UTF-16 code units.
func width(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	}
	return utf16.RuneLen(r)
}

// message is a letter with whom it disturbs.
type message struct {
	letter.Letter
	mentions []Mention
}

// escape makes a text harmless in a message without blocks:
// https://docs.slack.dev/messaging/formatting-message-text#escaping.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace

// blocks writes the message as blocks. Words from outside stand in elements of plain text and of
// rich text alone, in which Slack looks for no markup: they can neither mention anybody nor break
// out.
func (m *message) blocks() []slackgo.Block {
	var blocks []slackgo.Block
	if m.Title != "" {
		title := slackgo.NewTextBlockObject(slackgo.PlainTextType, m.Title, false, false)
		title.Emoji = new(bool) // :fire: in a name is no fire
		blocks = append(blocks, slackgo.NewHeaderBlock(title))
	}
	var rich []slackgo.RichTextElement
	if len(m.Lines) > 0 {
		rich = append(rich, slackgo.NewRichTextSection(richLines(m.Lines)...))
	}
	if m.Code != "" {
		rich = append(rich, &slackgo.RichTextPreformatted{
			Type: slackgo.RTEPreformatted,
			Elements: []slackgo.RichTextSectionElement{
				slackgo.NewRichTextSectionTextElement(m.Code, nil),
			},
		})
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

// richLines writes lines as the elements of one section of rich text.
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

// calls is the mentions, as Slack writes them.
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

// fallback is what a phone and a screen reader say of the message: its first line, escaped.
func (m *message) fallback() string {
	if m.Title != "" {
		return escape(m.Title)
	}
	if len(m.Lines) > 0 {
		return escape(m.Lines[0].String())
	}
	return "promsnap"
}

// text is the whole message for a message without blocks. It is sent with markup switched off; what
// is left of markup is in angle brackets, of which words from outside have none.
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
	if m.Code != "" {
		out = append(out, escape(m.Code))
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

// dateFormat is a moment's in Slack's tokens.
func dateFormat(p letter.Part) string {
	if p.Day {
		return "{date_short} {time}"
	}
	return "{time}"
}

// moment is a time in the syntax of messages without blocks.
func moment(p letter.Part) string {
	return "<!date^" + strconv.FormatInt(p.At.Unix(), 10) + "^" + dateFormat(p) + "|" +
		strings.ReplaceAll(escape(p.Text), "|", "/") + ">"
}

// bracketed is a link as it may stand between < and |.
func bracketed(link string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(link)
}
