package slack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

func TestDryRunSendsNothing(t *testing.T) {
	slack, n := rig(t)
	var got []Draft
	dry := NewDryRun(n.o, func(_ notify.Delivery, ds []Draft) error { got = ds; return nil })
	d := notifytest.NewCluster(7, words.English).Delivery(t, notify.KindResolved)
	if r, err := dry.Notify(t.Context(), d); err != nil || r != (notify.Receipt{}) {
		t.Errorf("got %+v, %v; want an empty receipt", r, err)
	}
	if len(got) != 2 || got[0].Step != "edit" || got[1].Step != "reply" {
		t.Errorf("got the drafts %+v, want edit and reply", got)
	}
	if calls := slack.Calls(); len(calls) > 0 {
		t.Errorf("got the calls %q, want none", calls)
	}
}

// What joins an open message is a reply without details: these are in the thread already.
func TestAReplyHasNoDetails(t *testing.T) {
	for kind, quiet := range map[notify.Kind]bool{
		notify.KindJoined: false, notify.KindSeenLate: true, notify.KindNew: true,
	} {
		for _, inThread := range []bool{true, false} {
			d := notifytest.NewCluster(1, words.English).Delivery(t, kind)
			d.Message.Thread = notify.Receipt{}
			want := "post"
			if inThread {
				d.Message.Thread = notify.Receipt{Channel: channel, ID: parent}
				want = map[bool]string{true: "reply", false: "broadcast"}[quiet]
			} else if kind != notify.KindJoined {
				want = "post thread"
			}
			if kind == notify.KindNew && inThread {
				continue // it is never in a thread
			}
			var got []string
			for _, one := range Drafts(options(t), d) {
				got = append(got, one.Step)
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s, in a thread: %v: got %s, want %s", kind, inThread, s, want)
			}
		}
	}
}

// An incoming webhook has no threads and no pictures, and so has its dry run.
func TestDryRunOfAWebhook(t *testing.T) {
	var got []Draft
	dry := NewWebhookDryRun(WebhookOptions{},
		func(_ notify.Delivery, ds []Draft) error { got = ds; return nil })
	d := withBoard(notifytest.NewCluster(7, words.English).Delivery(t, notify.KindSummary))
	if _, err := dry.Notify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Step != "post" || len(got[0].Pictures) > 0 ||
		!strings.Contains(got[0].Text, "The link to the report works until") {
		t.Errorf("got the drafts %+v, want one post that says when its link expires", got)
	}
}

func ExampleDrafts() {
	d := notify.Delivery{
		Report: report.Build(report.Info{
			Cluster: "prod-seoul", Name: "check",
			Slot: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		}, nil),
		Message: &notify.Message{Kind: notify.KindAllClear},
	}
	for _, draft := range Drafts(Options{Channel: "C0123456789"}, d) {
		fmt.Println(draft.Step + ": " + draft.Text)
		blocks, err := draft.Blocks()
		fmt.Println(string(blocks), err)
	}
	// Output:
	// post: ✅ prod-seoul all clear: no alert is firing
	// {
	//   "blocks": [
	//     {
	//       "type": "header",
	//       "text": {
	//         "type": "plain_text",
	//         "text": "✅ prod-seoul all clear: no alert is firing",
	//         "emoji": false
	//       }
	//     }
	//   ]
	// }
	//  <nil>
}
