package email

import (
	"fmt"
	"html/template"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/templates"
)

// content is what a message says, before it is text or HTML.
type content struct {
	language words.Language
	colour   string
	title    string
	lines    []letter.Line
	links    []letter.Link
	pictures []part
	details  []letter.Line
	commands []letter.Commands
	footer   string
}

// The colours of the bar above a message, as in the report.
const (
	critical = "#c53030"
	warning  = "#d69e2e"
	ok       = "#2a6f47"
	neutral  = "#7f97a8"
)

// contentOf returns the content of a delivery's message: the letter, and below it what a thread
// would have.
func contentOf(d notify.Delivery, l, details letter.Letter) content {
	in := &d.Report.Info
	footer := []string{"promsnap"}
	if in.Version != "" {
		footer[0] += " " + outside.Line(in.Version)
	}
	at := in.Slot
	if in.Zone != nil {
		at = at.In(in.Zone)
	}
	w := words.In(in.Language)
	for _, s := range []string{
		outside.Line(in.Cluster), outside.Line(in.Name),
		w.Date(at) + " " + w.Clock(at) + " " + words.Zone(at),
	} {
		if s != "" {
			footer = append(footer, s)
		}
	}
	return content{
		language: in.Language, colour: colourOf(d.Message), title: l.Title, lines: l.Lines,
		links: l.Links, details: details.Lines,
		commands: append(append([]letter.Commands{}, l.Commands...), details.Commands...),
		footer:   strings.Join(footer, " · "),
	}
}

// colourOf returns the colour of a message's bar: that of the worst alert that fires.
func colourOf(m *notify.Message) string {
	worst := m.Severity()
	for _, i := range m.Rest {
		worst = max(worst, i.Alert.Severity)
	}
	switch {
	case m.Kind == notify.KindTest:
		return neutral
	case worst == rules.Critical:
		return critical
	case worst == rules.Warning:
		return warning
	}
	return ok
}

// text returns the text part.
func (c *content) text() string {
	var b strings.Builder
	block := func(lines ...string) {
		if len(lines) > 0 {
			b.WriteString(strings.Join(lines, "\n") + "\n\n")
		}
	}
	block(c.title)
	block(textLines(c.lines)...)
	var links []string
	for _, l := range c.links {
		links = append(links, l.Words+": "+l.URL)
	}
	block(links...)
	block(textLines(c.details)...)
	for _, cs := range c.commands {
		block(append([]string{cs.Words + ":"}, cs.Lines...)...)
	}
	b.WriteString("-- \n" + c.footer + "\n")
	return b.String()
}

func textLines(lines []letter.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.String())
	}
	return out
}

// page returns the template of the HTML part. It is parsed when an e-mail is written, because it
// takes a third of a MiB, also in runs that send none.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("email").Parse(templates.EmailHTML))
})

// font is the font of all text but commands. Korean lines break between words.
const font template.CSS = "font-family:-apple-system,'Segoe UI',Roboto,'Apple SD Gothic Neo'," +
	"'Malgun Gothic','Noto Sans KR',Arial,sans-serif"

// firstEmoji is the lowest of the wide marks.
const firstEmoji = '☀'

// styleOf returns the style of a line: a heading has room above it, and what follows a mark such
// as 🔴 is indented.
func styleOf(l letter.Line, first bool) template.CSS {
	mark, size := utf8.DecodeRuneInString(l.String())
	switch {
	case len(l) == 1 && l[0].Bold && !first:
		return "padding:10px 0 4px 0"
	case !unicode.In(mark, unicode.Letter, unicode.Number) &&
		strings.HasPrefix(l.String()[size:], " "):
		if mark < firstEmoji { // a bullet or an arrow
			return "padding:0 0 4px 14px;text-indent:-14px"
		}
		return "padding:0 0 4px 22px;text-indent:-22px"
	}
	return "padding:0 0 4px 0"
}

// html returns the HTML part.
func (c *content) html() (string, error) {
	type link struct {
		Words, URL string
		Fill, Ink  template.CSS
	}
	type line struct {
		Parts letter.Line
		Style template.CSS
	}
	styled := func(lines []letter.Line) []line {
		out := make([]line, len(lines))
		for i, l := range lines {
			out[i] = line{l, styleOf(l, i == 0)}
		}
		return out
	}
	type picture struct {
		Source template.URL
		Alt    string
	}
	data := struct {
		Lang, Title    string
		Colour, Font   template.CSS
		Lines, Details []line
		Links          []link
		Pictures       []picture
		Commands       []letter.Commands
		Footer         string
	}{
		Lang: string(c.language), Title: strings.ReplaceAll(c.title, " %", "\u00a0%"),
		Colour: template.CSS(c.colour), Font: font,
		Lines: styled(c.lines), Details: styled(c.details), Commands: c.commands,
		Footer: c.footer,
	}
	for i, l := range c.links {
		one := link{l.Words, l.URL, "#ffffff", "#0b5c8f"}
		if i == 0 {
			one.Fill, one.Ink = one.Ink, one.Fill // the most important one
		}
		data.Links = append(data.Links, one)
	}
	for _, p := range c.pictures {
		data.Pictures = append(data.Pictures, picture{template.URL("cid:" + p.cid), p.alt})
	}
	var b strings.Builder
	if err := page().Execute(&b, data); err != nil {
		return "", fmt.Errorf("writing the HTML of an e-mail: %w", err)
	}
	return b.String(), nil
}
