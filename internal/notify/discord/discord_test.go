package discord

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at them")

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := start(t)
		return notifytest.Tested{
			Notifier: open(d.URL), Role: notify.RoleChanges,
			Unreachable: open("http://127.0.0.1:1"), Arrived: d.Arrived,
			Busy: func(after time.Duration) {
				d.Answer(http.StatusTooManyRequests, fmt.Sprintf(
					`{"message":"You are being rate limited.","retry_after":%.2f,"global":false}`,
					after.Seconds()))
			},
			Refuse: func() {
				d.Answer(http.StatusNotFound, `{"message":"Unknown Webhook","code":10015}`)
			},
			Hang: d.Hang,
		}
	})
}

func TestAnswers(t *testing.T) {
	notifytest.TestAnswers(t, func(t *testing.T) (notify.Notifier, *notifytest.Double) {
		d := start(t)
		return open(d.URL), d.Double
	},
		notifytest.Answer{
			Status: 400, Body: `{"message":"Invalid Form Body ` + hook + `","code":50035}`,
			Kind: notifytest.Refused, Says: "Invalid Form Body",
		},
		notifytest.Answer{
			Status: 401, Body: `{"message":"Invalid Webhook Token","code":50027}`,
			Kind: notifytest.Refused, Says: "copy the webhook's address again",
		},
		notifytest.Answer{
			Status: 404, Body: `{"message":"Unknown Webhook","code":10015}`,
			Kind: notifytest.Refused, Says: "the webhook is deleted",
		},
		notifytest.Answer{Status: 410, Kind: notifytest.Refused, Says: "copy the webhook's"},
		notifytest.Answer{
			Status: 429, Body: `{"message":"You are being rate limited.","retry_after":0.651}`,
			Kind: notifytest.Retry, Says: "asked to wait 651ms",
		},
		notifytest.Answer{
			Status: 200, Body: `ok ` + notifytest.Secret, Kind: notifytest.Unknown,
			Says: "the answer does not come from Discord",
		},
		notifytest.Answer{
			Status: 200, Body: `{"id":"../` + notifytest.Secret + `"}`, Kind: notifytest.Unknown,
			Says: "the answer does not come from Discord",
		},
	)
}

func TestAddress(t *testing.T) {
	for _, s := range []secret.String{
		{}, secret.Inline(notifytest.Secret),
		secret.Env("HOOK", func(string) (string, bool) { return "", false }),
	} {
		_, err := New(Options{WebhookURL: s}).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindNew))
		if got := notifytest.Outcome(err); got != notifytest.Refused ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("got %s (%v), want a refusal without the address", got, err)
		}
	}
}

// The text comes first. The pictures are added to the same message.
func TestPictures(t *testing.T) {
	d := start(t)
	n := open(d.URL)
	of := notifytest.NewCluster(2, words.English).Delivery(t, notify.KindNew)
	if _, err := n.Notify(t.Context(), of); err != nil || len(d.files) != 0 {
		t.Fatalf("got %d files with the text (%v), want none", len(d.files), err)
	}
	if err := n.FollowUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := d.messages["1500"]
	if len(d.messages) != 1 || len(d.files) != 1 || got.Embeds[0].Image == nil ||
		got.Embeds[0].Description == "" || got.Attachments[0].Description == "" {
		t.Errorf("got %d messages, the first %+v; want one with a picture and its text",
			len(d.messages), got)
	}
	if err := n.FollowUp(t.Context()); err != nil || d.Asked() != 2 {
		t.Errorf("again: got %d requests (%v), want no more than 2", d.Asked(), err)
	}
	// a picture that Discord refuses does not undo the message
	if _, err := n.Notify(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	d.Answer(http.StatusRequestEntityTooLarge, `{"message":"Request entity too large `+hook+`"}`)
	if err := n.FollowUp(t.Context()); err == nil || !strings.Contains(err.Error(),
		"the pictures of") || strings.Contains(err.Error(), notifytest.Secret) {
		t.Errorf("got %v, want an error about the pictures without the address", err)
	}
	if len(d.messages) != 2 {
		t.Errorf("got %d messages, want 2", len(d.messages))
	}
}

// What does not fit or cannot be drawn is left out.
func TestPicturesThatAreTooLarge(t *testing.T) {
	picture := func(name string, size int) letter.Picture {
		return letter.NewPicture(name, "a chart", func() ([]byte, error) {
			if size < 0 {
				return nil, fmt.Errorf("no font")
			}
			return make([]byte, size), nil
		})
	}
	d := start(t)
	n := open(d.URL)
	m := MessageOf(notifytest.Delivery(notify.RoleChanges, notify.KindNew))
	id, err := n.call(t.Context(), http.MethodPost, "", m, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Pictures = []letter.Picture{
		picture("a.png", 5<<20), picture("b.png", -1), picture("c.png", 4<<20),
		picture("d.png", 10),
	}
	err = n.show(t.Context(), id, m)
	if err == nil || !strings.Contains(err.Error(), "2 of 3 pictures are too large") ||
		!strings.Contains(err.Error(), "drawing b.png: no font") || len(d.files) != 1 {
		t.Errorf("got the files %v and %v; want the first picture, and an error about the others",
			d.files, err)
	}
}

func TestGoldens(t *testing.T) {
	for _, l := range words.Languages() {
		for _, tc := range []struct {
			kind  notify.Kind
			found int
		}{
			{notify.KindNew, 1}, {notify.KindNew, 7}, {notify.KindResolved, 1},
			{notify.KindSummary, 7}, {notify.KindAllClear, 0}, {notify.KindTest, 0},
		} {
			d := notifytest.NewCluster(tc.found, l).Delivery(t, tc.kind)
			m := MessageOf(d)
			var out strings.Builder
			fmt.Fprintf(&out, "%s\n", m.Payload.Content)
			for _, e := range m.Payload.Embeds {
				fmt.Fprintf(&out, "== #%06x\n%s\n", e.Color, e.Description)
			}
			for _, p := range m.Pictures {
				fmt.Fprintf(&out, "== %s: %s\n", p.Name, p.Alt)
			}
			if err := m.Payload.check(nil); err != nil {
				t.Errorf("%s: got %v, want a valid message", tc.kind, err)
			}
			notifytest.Golden(t, *update, fmt.Sprintf("%s-%d-%s.txt", tc.kind, tc.found, l),
				out.String())
		}
	}
}

// Whatever the texts are, a message is valid and mentions nobody, and its text is literal.
func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	all := append(hostile.Words(), hostile.Word{Name: "mention", Text: "@everyone <@&1> <#2> @here"},
		hostile.Word{Name: "emoji", Text: "<a:x:123456789012345678> <t:0:R>"},
		hostile.Word{Name: "link", Text: "[x](https://e.example) https://e.example"},
		hostile.Word{Name: "fence", Text: "````` ``` `a` ``"})
	for _, w := range all {
		for _, k := range []notify.Kind{notify.KindNew, notify.KindSummary} {
			d := notifytest.NewCluster(3, words.English).Delivery(t, k)
			d.Report.Info.Cluster, d.Message.InsteadOf = w.Text, w.Text
			for i := range d.Message.Items {
				a := &d.Message.Items[i].Alert
				a.Name, a.Rule, a.Labels = w.Text, w.Text, map[string]string{"node": w.Text}
			}
			p := MessageOf(d).Payload
			if err := p.check(nil); err != nil {
				t.Errorf("%s: got %v, want a valid message", w.Name, err)
			}
			body, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var back Payload
			if err := json.Unmarshal(body, &back); err != nil {
				t.Fatal(err)
			}
			for _, s := range append(strings.Split(p.Embeds[0].Description, "\n"), p.Content) {
				if c, bad := hostile.Unprintable(s); bad {
					t.Errorf("%s: got %U in %.200q, want none", w.Name, c, s)
				}
			}
			if got := strings.Count(p.Embeds[0].Description, "```"); got%2 != 0 || got > 2 {
				t.Errorf("%s: got %d fences in %q, want those of one block of code", w.Name, got,
					p.Embeds[0].Description)
			}
		}
	}
}

// Each special character of a text has a backslash, and each text reads the same without them.
func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"node_memory *x* ~~y~~": `node\_memory \*x\* \~\~y\~\~`, "<@123>": `\<@123>`,
		"[x](https://e.example)": `\[x\](https\://e.example)`, "# a > b": `# a > b`,
		`a\b`: `a\\b`, "02:10 ip-10": "02:10 ip-10",
	} {
		if got := escape(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"- a": `\- a`, "1. a": `1\. a`, "ip-1.2": "ip-1.2", "94.4 %": "94.4 %", " + a": ` \+ a`,
		"> a > b": `\> a > b`, "## a": `\## a`, "12. ": `12\. `, "": "",
	} {
		if got := line(in); got != want {
			t.Errorf("a line %q: got %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		got := escape(s)
		if limits.Size(s) < size(got)-strings.Count(s, "://") {
			t.Fatalf("%q: got a size of %d, want at least that of %q", s, limits.Size(s), got)
		}
		var plain strings.Builder
		for i := 0; i < len(got); i++ {
			if got[i] == '\\' && i+1 < len(got) {
				i++
			}
			plain.WriteByte(got[i])
		}
		if plain.String() != s {
			t.Fatalf("%q: got %q, which reads as %q", s, got, plain.String())
		}
	})
}
