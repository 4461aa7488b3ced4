package teams

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
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
				d.Answer(http.StatusTooManyRequests, "", "Retry-After",
					fmt.Sprint(int(after.Seconds())))
			},
			Refuse: func() { d.Answer(http.StatusForbidden, "") },
			Hang:   d.Hang,
		}
	})
}

func TestAnswers(t *testing.T) {
	failed := func(code, message string) string {
		return `{"error":{"code":"` + code + `","message":"` + message + `"}}`
	}
	notifytest.TestAnswers(t, func(t *testing.T) (notify.Notifier, *notifytest.Double) {
		d := start(t)
		return open(d.URL), d
	},
		notifytest.Answer{
			Status: 400, Body: failed("WorkflowTriggerIsNotEnabled", "Could not execute workflow "+
				"with sig="+notifytest.Secret), Kind: notifytest.Refused, Says: "turn it on",
		},
		notifytest.Answer{
			Status: 400, Body: failed("TriggerInputSchemaMismatch", "The input body for trigger "+
				"'manual' of "+link("https://prod-00.example.com")+" is not of the schema."),
			Kind: notifytest.Refused, Says: "is not of the schema",
		},
		notifytest.Answer{
			Status: 401, Body: failed("DirectApiAuthorizationRequired", ""),
			Kind: notifytest.Refused, Says: "its trigger must accept requests from anyone",
		},
		notifytest.Answer{
			Status: 404, Body: failed("WorkflowNotFound", ""), Kind: notifytest.Refused,
			Says: "the workflow is deleted",
		},
		notifytest.Answer{
			Status: 410, Kind: notifytest.Refused, Says: "check teams.webhook_url",
		},
		notifytest.Answer{
			Status: 413, Kind: notifytest.Refused, Says: "raise the size of a request",
		},
		notifytest.Answer{Status: 429, Kind: notifytest.Retry, Says: "429 Too Many Requests"},
	)
}

func TestAddress(t *testing.T) {
	for _, s := range []secret.String{
		{}, secret.Inline(notifytest.Secret), secret.Inline("ftp://" + notifytest.Secret),
		secret.Env("TEAMS", func(string) (string, bool) { return "", false }),
	} {
		_, err := New(Options{WebhookURL: s}).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindNew))
		if got := notifytest.Outcome(err); got != notifytest.Refused ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("got %s (%v), want a refusal without the address", got, err)
		}
	}
}

// pictures are links as those of an archive in a bucket.
var pictures = map[string]string{
	"node-memory.png": "https://reports.example.com/prod/check/node-memory.png?X-Amz-Signature=9",
}

func TestGoldens(t *testing.T) {
	for _, l := range words.Languages() {
		for _, tc := range []struct {
			kind  notify.Kind
			found int
		}{
			{notify.KindNew, 1}, {notify.KindNew, 7}, {notify.KindResolved, 1},
			{notify.KindSummary, 7}, {notify.KindTest, 0},
		} {
			d := notifytest.NewCluster(tc.found, l).Delivery(t, tc.kind)
			d.Pictures = pictures
			said, body, err := Card(d)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := checked(body); len(wrong) > 0 {
				t.Errorf("%s: got %v, want a valid card", tc.kind, wrong)
			}
			var shown bytes.Buffer
			if err := json.Indent(&shown, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s-%d-%s", tc.kind, tc.found, l)
			notifytest.Golden(t, *update, name+".json", shown.String()+"\n")
			notifytest.Golden(t, *update, name+".txt", said.Text()+"\n")
		}
	}
}

// A card that would be too large lacks pictures first, then commands and lines, and says so. What
// it says about itself and the link to the report stay.
func TestTooLarge(t *testing.T) {
	race.SkipSerial(t)
	for _, l := range words.Languages() {
		d := notifytest.NewCluster(500, l).Delivery(t, notify.KindSummary)
		long := strings.Repeat("🔥", 900)
		for i := range d.Message.Items {
			d.Message.Items[i].Alert.Name = fmt.Sprintf("%s-%d", long, i)
		}
		d.Message.PossibleDuplicate = true
		signed := "?X-Amz-Security-Token=" + strings.Repeat("x", 1900)
		d.Archived[0].Location = "https://reports.example.com/index.html" + signed
		d.Pictures = map[string]string{
			"node-memory.png": "https://reports.example.com/p.png" + signed,
		}
		for range 40 {
			d.Unarchived = append(d.Unarchived, strings.Repeat("bucket: AccessDenied ", 40))
		}
		said, body, err := Card(d)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := checked(body); len(wrong) > 0 {
			t.Errorf("got %v, want a valid card", wrong)
		}
		if len(said.Links) == 0 || said.Links[0].URL != d.Archived[0].Location {
			t.Errorf("got the links %v, want that to the report", said.Links)
		}
	}
}

// Whatever the texts are, a card is valid, and no text is interpreted.
func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	for _, w := range append(hostile.Words(), hostile.Word{Name: "mention", Text: "<at>Everyone</at> @all"},
		hostile.Word{Name: "markdown", Text: "[x](javascript:alert(1)) **b** ![i](https://e.example)"}) {
		d := notifytest.NewCluster(3, words.English).Delivery(t, notify.KindNew)
		d.Report.Info.Cluster, d.Pictures = w.Text, pictures
		for i := range d.Message.Items {
			d.Message.Items[i].Alert.Name, d.Message.Items[i].Alert.Rule = w.Text, w.Text
		}
		_, body, err := Card(d)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := checked(body); len(wrong) > 0 {
			t.Errorf("%s: got %v, want a valid card", w.Name, wrong)
		}
		if c, bad := hostile.Unprintable(string(body)); bad {
			t.Errorf("%s: got %U in the card, want none", w.Name, c)
		}
	}
}
