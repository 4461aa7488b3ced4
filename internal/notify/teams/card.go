package teams

import (
	"bytes"
	"encoding/json"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
)

// maxCard is the largest message, in UTF-16 code units. Teams accepts 28 KB, and does not say of
// which encoding: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors
const maxCard = 28_000 / 2

const maxImages = 2

// limits are the sizes of a card's parts. Three links and two pictures with signed addresses leave
// room for the lines.
var limits = letter.Limits{
	Title: 80, Line: 200, Place: 500, Body: 4000, Code: 1500, URL: 2048, Alt: 200,
	Width: utf16.RuneLen,
}

// message is the body of a request to a workflow.
type message struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

// card is an Adaptive Card: https://adaptivecards.io/explorer. Text from outside is only in text
// runs, in which Teams interprets no markup, and whose characters name nobody.
type card struct {
	Schema  string    `json:"$schema"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	Teams   settings  `json:"msteams"`
	Body    []element `json:"body"`
	Actions []action  `json:"actions,omitempty"`
}

// settings are Teams' own.
type settings struct {
	Width  string `json:"width,omitempty"`       // of a card: Full
	Expand bool   `json:"allowExpand,omitempty"` // an image opens in full size
}

// element is a RichTextBlock or an Image.
type element struct {
	Type    string    `json:"type"`
	Spacing string    `json:"spacing,omitempty"`
	Inlines []run     `json:"inlines,omitempty"`
	URL     string    `json:"url,omitempty"`
	AltText string    `json:"altText,omitempty"`
	Teams   *settings `json:"msteams,omitempty"`
}

// run is a TextRun.
type run struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Size     string `json:"size,omitempty"`
	Weight   string `json:"weight,omitempty"`
	FontType string `json:"fontType,omitempty"`
}

// action is a button that opens a link.
type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Card returns a delivery's message: the letter, and the body of the request. Its pictures are
// links, because a workflow accepts no files. A picture that does not fit is left out.
func Card(d notify.Delivery) (letter.Letter, []byte, error) {
	l := letter.Alone(d, limits, func(l letter.Letter) bool {
		body, err := encode(l, nil)
		return err == nil && fits(body)
	})
	images := letter.Images(d, limits, maxImages)
	for {
		body, err := encode(l, images)
		if err != nil {
			return l, nil, writing(err)
		}
		if len(images) == 0 || fits(body) {
			return l, body, nil
		}
		images = images[:len(images)-1]
	}
}

// fits reports whether Teams accepts a message of this size.
func fits(body []byte) bool {
	n := 0
	for _, r := range string(body) {
		n += utf16.RuneLen(r)
	}
	return n <= maxCard
}

// encode returns the body of the request for a letter.
func encode(l letter.Letter, images []letter.Image) ([]byte, error) {
	c := card{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard",
		Version: "1.4", Teams: settings{Width: "Full"},
		Body: []element{text("", run{Text: l.Title, Size: "Large", Weight: "Bolder"})},
	}
	for _, ln := range l.Lines {
		if runs := runsOf(ln); len(runs) > 0 {
			c.Body = append(c.Body, text("Small", runs...))
		}
	}
	for _, i := range images {
		c.Body = append(c.Body, element{
			Type: "Image", URL: i.URL, AltText: i.Alt, Teams: &settings{Expand: true},
		})
	}
	for _, command := range l.Commands {
		c.Body = append(c.Body, text("", run{Text: command.Words, Weight: "Bolder"}))
		for _, ln := range command.Lines {
			c.Body = append(c.Body, text("None", run{Text: ln, FontType: "Monospace"}))
		}
	}
	for _, to := range l.Links {
		c.Actions = append(c.Actions, action{"Action.OpenUrl", to.Words, to.URL})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // & in links would take six characters
	err := e.Encode(message{"message", []attachment{{
		"application/vnd.microsoft.card.adaptive", c,
	}}})
	return bytes.TrimSpace(out.Bytes()), err
}

// text returns a line of text without markup.
func text(spacing string, runs ...run) element {
	for i := range runs {
		runs[i].Type = "TextRun"
	}
	return element{Type: "RichTextBlock", Spacing: spacing, Inlines: runs}
}

// runsOf returns the parts of a line, joined where they look the same.
func runsOf(ln letter.Line) []run {
	var out []run
	for _, p := range ln {
		next := run{Text: p.Text}
		if p.Bold {
			next.Weight = "Bolder"
		}
		switch last := len(out) - 1; {
		case p.Text == "":
		case last >= 0 && out[last].Weight == next.Weight:
			out[last].Text += next.Text
		default:
			out = append(out, next)
		}
	}
	return out
}
