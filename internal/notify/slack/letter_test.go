package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

// hostileWords are texts that a label, an error or a configuration may contain, beside the corpus.
var hostileWords = append([]string{
	"<!channel>", "<!here|here>", "<@U0123456789>", "<!subteam^S0123456789>",
	"<https://evil.example.com|Open report>", "@channel", "#general",
	"*bold* _italic_ ~struck~ `code` ```block```", "> quote", "&gt; quote", "&lt;!channel&gt;",
	"&amp;lt;!channel&amp;gt;", ":fire: :rotating_light:",
	"a\nb\r\nc\td", "\x00\x1b[31m\u202egnp.exe\u2066", "\xff\xfe",
	`"}],"text":"<!channel>","blocks":[{"type":"header"`, "https://evil.example.com",
	"https://evil.example.com/|x>", strings.Repeat("&", 800), strings.Repeat("<!channel>", 80),
	strings.Repeat("한", 800), strings.Repeat("😀", 800),
	"%[1]s %[2]s %s %d %[9]s", "{{.}}", "", " ",
}, corpus()...)

func corpus() []string {
	var out []string
	for _, w := range hostile.Words() {
		out = append(out, w.Text)
	}
	return out
}

// soil puts a text from outside into every place that can hold one.
func soil(d *notify.Delivery, word string) {
	in := &d.Report.Info
	in.Cluster, in.Title, in.Name, in.Command = word, word, word, word
	in.Incomplete = snapshot.NoteOf(snapshot.NoteCutShort, word)
	for i := range d.Report.Findings {
		f := &d.Report.Findings[i]
		f.Name, f.Title, f.Sentence = word, word, word
	}
	for i := range d.Report.Failures {
		d.Report.Failures[i].Title, d.Report.Failures[i].Error = word, word
	}
	d.Report.Blind = []string{word, word, word, word, word}
	d.Report.Headline = word
	for i := range d.Report.Groups {
		d.Report.Groups[i].Sentence = word
	}
	for i := range d.Report.Panels {
		p := &d.Report.Panels[i]
		p.Spec.Title, p.Spec.Subject = word, word
		for j := range p.Spec.Rules {
			p.Spec.Rules[j].RunbookURL = word
		}
	}
	d.MemoryLost, d.Message.InsteadOf, d.Message.PossibleDuplicate, d.Unarchived = word, word, true,
		[]string{word, word}
	d.Details, d.Changes = map[rules.Key][]string{}, map[rules.Key][]string{}
	for i := range d.Message.Items {
		item := &d.Message.Items[i]
		item.Alert.Name = word
		item.Alert.Labels = map[string]string{"node": word}
		item.Alert.Cause = rules.Cause{
			Kind: []rules.CauseKind{
				rules.CauseNode, rules.CauseSource, rules.CauseWorkload, rules.CauseRule, "",
			}[i%5], Namespace: word, Name: word,
		}
		if i%2 == 1 {
			item.Alert.Rule, item.Alert.Panel = word, word
		}
		d.Details[item.Key] = []string{word, word, word, word}
		d.Changes[item.Key] = []string{word, word + " again", word + " and again"}
	}
	d.Archived = append(d.Archived, notify.Receipt{Location: word}, notify.Receipt{
		Location: "https://reports.example.com/" + strings.Repeat("a", 5000),
	})
}

// sent returns all messages of a delivery.
func sent(o Options, d notify.Delivery) []message {
	p := planOf(d, o)
	ms := []message{p.message, {Letter: letter.Details(d, limits)}}
	if p.edit != nil {
		ms = append(ms, *p.edit)
	}
	return ms
}

// mrkdwn returns every text of blocks in which Slack interprets markup.
func mrkdwn(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, mrkdwn(e)...)
		}
	case map[string]any:
		if v["type"] == "mrkdwn" {
			out = append(out, v["text"].(string))
		}
		for _, e := range v {
			out = append(out, mrkdwn(e)...)
		}
	}
	return out
}

// check checks a message: Slack accepts it, and it mentions nobody who is not configured.
func check(t interface{ Errorf(string, ...any) }, l message) {
	if len(l.Lines) == 0 && l.Title == "" {
		return // nothing is sent
	}
	raw, err := json.Marshal(l.blocks())
	if err != nil {
		t.Errorf("encoding the blocks: got error %v, want none", err)
		return
	}
	if code, why := slackdouble.CheckBlocks(raw); code != "" {
		t.Errorf("got %s from Slack's rules: %s; want acceptance", code, why)
	}
	if limits.Size(l.Title) > limits.Title {
		t.Errorf("got a first line of length %d: %q; want it within the limit",
			limits.Size(l.Title), l.Title)
	}
	if l.fallback() == "" || limits.Size(l.text()) > 40000 {
		t.Errorf("got fallback %q and a text of length %d, want both within the limits",
			l.fallback(), limits.Size(l.text()))
	}
	var blocks any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Errorf("decoding the blocks: got error %v, want none", err)
	}
	for _, text := range mrkdwn(blocks) {
		if text != l.calls() {
			t.Errorf("got markup in %q, want only mentions", text)
		}
	}
	for _, text := range []string{l.fallback(), l.text()} {
		if !utf8.ValidString(text) {
			t.Errorf("got %q, want valid UTF-8", text)
		}
		text = strings.ReplaceAll(text, l.calls(), "")
		for i, r := range text {
			if r == '<' && !strings.HasPrefix(text[i:], "<!date^") &&
				!strings.HasPrefix(text[i:], "<https://reports.example.com/") &&
				!strings.HasPrefix(text[i:], "<https://prometheus.example.com/") &&
				!strings.HasPrefix(text[i:], "<https://runbooks.example.com/") &&
				!strings.HasPrefix(text[i:], "<https://evil.example.com") {
				t.Errorf("got a stray angle bracket in %.200q, want only links and dates", text[i:])
			}
		}
	}
	whole := 0
	for _, ln := range l.Lines {
		whole += limits.Size(ln.String()) + 1
	}
	if n := len(l.Lines); n > 0 && l.Lines[n-1].String() == "…" &&
		whole > limits.Body-limits.Place {
		t.Errorf("got lines cut after %d characters without a count of the rest, want the count",
			whole)
	}
}

func TestWordsFromOutsideAreHarmless(t *testing.T) {
	race.SkipSerial(t)
	for _, word := range hostileWords {
		for _, k := range kinds() {
			for _, n := range []int{1, 12} {
				w := notifytest.NewCluster(n, words.English)
				w.Nodes, w.Failed = w.Nodes[:12], true
				d := w.Delivery(t, k)
				soil(&d, word)
				for _, l := range sent(options(t), d) {
					check(t, l)
					for _, b := range l.Links {
						if !letter.IsLink(b.URL) {
							t.Errorf("got a button with the address %.80q, want a link", b.URL)
						}
					}
					for _, ln := range l.Lines {
						if strings.ContainsAny(ln.String(), "\n\r\x00\x1b\u202e\u2066") {
							t.Errorf("%v: got the line %.100q, want no control character", k,
								ln.String())
						}
					}
				}
				if t.Failed() {
					t.Fatalf("failed with the text %.60q in %v of %d", word, k, n)
				}
			}
		}
	}
}

func TestAnyDeliveryIsWithinSlacksLimits(t *testing.T) {
	type made struct {
		kind  notify.Kind
		found int
		lang  words.Language
	}
	sizes := []int{1, 2, 7, 26, 60}
	known := map[made]func() notify.Delivery{}
	for _, k := range kinds() {
		for _, n := range sizes {
			for _, l := range words.Languages() {
				known[made{k, n, l}] = func() notify.Delivery {
					w := notifytest.NewCluster(n, l)
					w.Failed = n%2 == 0
					return w.Delivery(t, k)
				}
			}
		}
	}
	o := options(t)
	rapid.Check(t, func(t *rapid.T) {
		m := made{
			rapid.SampledFrom(kinds()).Draw(t, "kind"), rapid.SampledFrom(sizes).Draw(t, "found"),
			rapid.SampledFrom(words.Languages()).Draw(t, "language"),
		}
		d := known[m]()
		word := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostileWords),
			rapid.StringN(0, 500, 2000)).Draw(t, "word")
		if rapid.Bool().Draw(t, "soiled") {
			soil(&d, word)
		}
		d.Message.Rest = notifytest.NewCluster(7, m.lang).Rest(rapid.IntRange(0, 1000).Draw(t, "remaining"))
		for i := range d.Message.Items {
			a := &d.Message.Items[i].Alert
			a.Value = rules.Number(rapid.Float64().Draw(t, "value"))
			if i > 3 {
				break
			}
		}
		for _, l := range sent(o, d) {
			check(t, l)
		}
	})
}

func TestRichTextIsTextAndTimes(t *testing.T) {
	m := message{Letter: letter.Letter{
		Title: "push", Lines: []letter.Line{
			{{Text: "a", Bold: true}, {Text: "b"}}, {{Text: "02:52", At: time.Unix(1795283520, 0)}},
		}, Commands: []letter.Commands{{Words: "c", Lines: []string{"x"}}},
	}}
	rich := m.blocks()[1].(*slackgo.RichTextBlock)
	var got []string
	for _, e := range rich.Elements[0].(*slackgo.RichTextSection).Elements {
		switch e := e.(type) {
		case *slackgo.RichTextSectionTextElement:
			got = append(got, fmt.Sprintf("%q %v", e.Text, e.Style != nil && e.Style.Bold))
		case *slackgo.RichTextSectionDateElement:
			got = append(got, fmt.Sprintf("%d %s %s", e.Timestamp, e.Format, *e.Fallback))
		}
	}
	if want := `"a" true; "b\n" false; 1795283520 {time} 02:52; "\n" false; "c" true`; strings.Join(got, "; ") != want {
		t.Errorf("%s, want %s", strings.Join(got, "; "), want)
	}
}

func TestParseMention(t *testing.T) {
	for in, want := range map[string]Mention{
		"here": "<!here>", "@channel": "<!channel>", "@everyone": "<!everyone>",
		"U0123456789": "<@U0123456789>", "W012ABC": "<@W012ABC>",
		"S0123456789": "<!subteam^S0123456789>",
	} {
		if got, err := ParseMention(in); err != nil || got != want {
			t.Errorf("%s: got %q and error %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "@", "@oncall", "jane", "U01 <!channel>", "<!channel>", "u0123456789", "S",
		"C0123456789", strings.Repeat("U", 100),
	} {
		if got, err := ParseMention(in); err == nil || got != "" {
			t.Errorf("%q: got %q, want an error", in, got)
		}
	}
}

// A command is complete, or the message says that it is too long.
func TestACommandIsNotCut(t *testing.T) {
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)
	d.Report.Info.Command = "promsnap run " + strings.Repeat("--verbose ", 300) + "--dry-run"
	l := message{Letter: letter.Details(d, limits)}
	if said := l.text(); len(l.Commands) > 0 || strings.Contains(said, "promsnap run") ||
		!strings.Contains(said, "The command is too long for a message.") {
		t.Errorf("got %q and the commands %q, want that it is too long", said, l.Commands)
	}
}
