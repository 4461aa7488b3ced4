package telegram

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at them")

// failed returns an answer of Telegram.
func failed(code int, description, parameters string) string {
	return fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q,"parameters":{%s}}`, code,
		description, parameters)
}

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := start(t)
		return notifytest.Tested{
			Notifier: open(t, options(d.URL)), Role: notify.RoleChanges,
			Unreachable: open(t, options("http://127.0.0.1:1")), Arrived: d.Arrived,
			Busy: func(after time.Duration) {
				d.Answer(http.StatusTooManyRequests, failed(429, "Too Many Requests",
					fmt.Sprintf(`"retry_after":%d`, int(after.Seconds()))))
			},
			Refuse: func() { d.Answer(http.StatusUnauthorized, failed(401, "Unauthorized", "")) },
			Hang:   d.Hang,
		}
	})
}

func TestAnswers(t *testing.T) {
	refused := func(code int, description, says string) notifytest.Answer {
		return notifytest.Answer{
			Status: code, Body: failed(code, description, ""), Kind: notifytest.Refused, Says: says,
		}
	}
	notifytest.TestAnswers(t, func(t *testing.T) (notify.Notifier, *notifytest.Double) {
		d := start(t)
		return open(t, options(d.URL)), d.Double
	},
		refused(400, "Bad Request: chat not found", "check telegram.chat_id"),
		refused(400, "Bad Request: message thread not found", "check telegram.message_thread_id"),
		refused(400, "Bad Request: not enough rights to send text messages to the chat",
			"allow the bot to send messages"),
		refused(400, "Bad Request: can't parse entities of /bot"+token+"/sendMessage",
			"can't parse entities"),
		notifytest.Answer{
			Status: 400, Body: failed(400, "Bad Request: group chat was upgraded to a supergroup "+
				"chat", `"migrate_to_chat_id":-1009876543210`), Kind: notifytest.Refused,
			Says: `"migrate_to_chat_id":-1009876543210`,
		},
		refused(401, "Unauthorized", "check telegram.bot_token"),
		refused(403, "Forbidden: bot was kicked from the supergroup chat", "add the bot to the chat"),
		refused(403, "Forbidden: bot was blocked by the user", "has blocked the bot"),
		refused(403, "Forbidden: bot can't initiate conversation with a user", "send /start"),
		refused(404, "Not Found", "check telegram.bot_token"),
		notifytest.Answer{
			Status: 429, Body: failed(429, "Too Many Requests: retry after 7", `"retry_after":7`),
			Kind: notifytest.Retry, Says: "asked to wait 7s",
		},
		notifytest.Answer{
			Status: 200, Body: "ok " + notifytest.Secret, Kind: notifytest.Unknown,
			Says: "the answer does not come from Telegram",
		},
		notifytest.Answer{
			Status: 200, Body: `{"ok":true,"result":{}}`, Kind: notifytest.Unknown,
			Says: "the answer does not come from Telegram",
		},
		notifytest.Answer{
			Status: 200, Body: `{"ok":false,"result":{"message_id":1}}`, Kind: notifytest.Unknown,
			Says: "the answer does not come from Telegram",
		},
	)
}

func TestTokenAndAddress(t *testing.T) {
	for _, s := range []secret.String{
		secret.Inline(notifytest.Secret), secret.Inline("1:/" + notifytest.Secret),
		secret.Env("TOKEN", func(string) (string, bool) { return "", false }),
	} {
		o := options("http://127.0.0.1:1")
		o.BotToken = s
		_, err := open(t, o).Notify(t.Context(), notifytest.Delivery(notify.RoleChanges,
			notify.KindNew))
		if got := notifytest.Outcome(err); got != notifytest.Refused ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("got %s (%v), want a refusal without the token", got, err)
		}
	}
	for _, link := range []string{"", "api.telegram.org", "https://u:" + notifytest.Secret + "@t"} {
		if _, err := New(Options{APIURL: link}); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
}

// The text comes first and the charts reply to it. What follows replies to the first message, as
// long as that exists and is in this chat.
func TestReplies(t *testing.T) {
	d := start(t)
	n := open(t, options(d.URL))
	first, err := n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t,
		notify.KindNew))
	want := notify.Receipt{Channel: fmt.Sprint(chat), ID: "100"}
	if err != nil || first != want {
		t.Fatalf("got %+v (%v), want %+v", first, err, want)
	}
	if err := n.FollowUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	deliver := func(kind notify.Kind, thread notify.Receipt) notify.Receipt {
		t.Helper()
		of := notifytest.NewCluster(1, words.English).Delivery(t, kind)
		of.Message.Thread = thread
		got, err := n.Notify(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := deliver(notify.KindResolved, first); got != first {
		t.Errorf("a reply: got the receipt %+v, want that of the first message", got)
	}
	for _, thread := range []notify.Receipt{
		{Channel: "-5", ID: "100"}, {Channel: first.Channel, ID: "x"}, {},
	} {
		if got := deliver(notify.KindResolved, thread); got == thread || got.ID == "" {
			t.Errorf("%+v: got the receipt %+v, want that of a message of its own", thread, got)
		}
	}
	deliver(notify.KindSummary, first)
	d.gone = true
	if got := deliver(notify.KindResolved, first); got == first {
		t.Error("got the receipt of a message that is gone, want that of the new one")
	}
	sent := []string{
		"sendMessage", "sendPhoto 100", "sendMessage 100", "sendMessage", "sendMessage",
		"sendMessage", "sendMessage", "sendMessage",
	}
	if diff := cmp.Diff(sent, d.sent); diff != "" {
		t.Errorf("the messages differ (-want +got):\n%s", diff)
	}
}

// Several charts are one album. What is no photo for Telegram is a file, and what cannot be drawn
// stops nothing.
func TestPictures(t *testing.T) {
	picture := func(name string, width, height int) letter.Picture {
		return letter.NewPicture(name, "a chart @all", func() ([]byte, error) {
			if width == 0 {
				return nil, errors.New("no font")
			}
			var b bytes.Buffer
			err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)))
			return b.Bytes(), err
		})
	}
	d := start(t)
	o := options(d.URL)
	o.ThreadID = 7
	err := open(t, o).show(t.Context(), 100, []letter.Picture{
		picture("a.png", 800, 400), picture("b.png", 0, 0), picture("c.png", 20, 9990),
		picture("d.png", 400, 400),
	})
	if err == nil || err.Error() != "drawing b.png: no font" {
		t.Errorf("got %v, want the error of b.png", err)
	}
	if diff := cmp.Diff([]string{"sendDocument 100", "sendMediaGroup 100"}, d.sent); diff != "" {
		t.Errorf("the messages differ (-want +got):\n%s", diff)
	}
	d.Answer(http.StatusForbidden, failed(403, "Forbidden: "+token, ""))
	err = open(t, o).show(t.Context(), 100, []letter.Picture{picture("a.png", 8, 4)})
	if err == nil || strings.Contains(err.Error(), notifytest.Secret) {
		t.Errorf("got %v, want an error without the token", err)
	}
}

// Only what pages makes a sound.
func TestSound(t *testing.T) {
	for kind, silent := range map[notify.Kind]bool{
		notify.KindNew: false, notify.KindWorse: false, notify.KindTest: false,
		notify.KindStillFiring: false, notify.KindResolved: true, notify.KindSummary: true,
		notify.KindAllClear: true, notify.KindBetter: true,
	} {
		d := notifytest.NewCluster(1, words.English).Delivery(t, kind)
		if got := MessageOf(d, Options{}).Payload.Silent; got != silent {
			t.Errorf("%s: got silent %v, want %v", kind, got, silent)
		}
		if !MessageOf(d, Options{Silent: true}).Payload.Silent {
			t.Errorf("%s: got a sound, want none", kind)
		}
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
			m := MessageOf(notifytest.NewCluster(tc.found, l).Delivery(t, tc.kind), Options{})
			if err := checkText(m.Payload.Text); err != nil {
				t.Errorf("%s: got %v, want a valid text", tc.kind, err)
			}
			got := m.Payload.Text + "\n"
			for _, p := range m.Pictures {
				got += fmt.Sprintf("== %s: %s\n", p.Name, p.Alt)
			}
			notifytest.Golden(t, *update, fmt.Sprintf("%s-%d-%s.txt", tc.kind, tc.found, l), got)
		}
	}
}

// Whatever the texts are, a message is valid and mentions nobody.
func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	all := append(hostile.Words(), hostile.Word{Name: "mention", Text: "@durov /start #tag"},
		hostile.Word{Name: "tag", Text: `</pre></b><a href="https://e.example">x</a> &lt; &bogus;`})
	for _, w := range all {
		for _, k := range []notify.Kind{notify.KindNew, notify.KindSummary} {
			d := notifytest.NewCluster(3, words.English).Delivery(t, k)
			d.Report.Info.Cluster, d.Message.InsteadOf = w.Text, w.Text
			for i := range d.Message.Items {
				a := &d.Message.Items[i].Alert
				a.Name, a.Rule, a.Labels = w.Text, w.Text, map[string]string{"node": w.Text}
			}
			text := MessageOf(d, Options{}).Payload.Text
			if err := checkText(text); err != nil {
				t.Errorf("%s: got %v, want a valid message", w.Name, err)
			}
			if c, bad := hostile.Unprintable(strings.ReplaceAll(text, "\n", " ")); bad {
				t.Errorf("%s: got %U in %.200q, want none", w.Name, c, text)
			}
			if strings.Contains(text, `href="https://e.example"`) {
				t.Errorf("%s: got a link of the name in %.200q, want none", w.Name, text)
			}
		}
	}
}

// A message that would be too long says so, and keeps the link to the report.
func TestTooLong(t *testing.T) {
	race.SkipSerial(t)
	d := notifytest.NewCluster(500, words.English).Delivery(t, notify.KindNew)
	for i := range d.Message.Items {
		d.Message.Items[i].Alert.Name = fmt.Sprint(strings.Repeat("🔥", 900), i)
	}
	for range 40 {
		d.Unarchived = append(d.Unarchived, strings.Repeat("bucket: AccessDenied ", 40))
	}
	m := MessageOf(d, Options{})
	if err := checkText(m.Payload.Text); err != nil || len(m.Letter.Links) == 0 {
		t.Errorf("got the links %v and %v, want that to the report in a valid text",
			m.Letter.Links, err)
	}
}
