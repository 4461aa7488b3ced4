package slack

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/words"
)

func TestFollowUpFillsTheThread(t *testing.T) {
	slack, n := rig(t)
	w := notifytest.NewCluster(7, words.Korean)
	first := tell(t, n, inOwnPanels(w.Delivery(t, notify.KindNew)))
	if calls := slack.Calls(); !slices.Equal(calls, []string{"chat.postMessage"}) {
		t.Fatalf("got the calls %q from Notify, want only the text", calls)
	}
	if err := n.FollowUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	said := slack.Messages()
	if len(said) != 2 || said[1].Thread != first.ID || said[1].Broadcast {
		t.Fatalf("got the thread %+v, want one reply", said)
	}
	files := slack.Files()
	const most = 4 // of a thread
	if len(files) != most {
		t.Fatalf("%d pictures, want %d", len(files), most)
	}
	for i, f := range files {
		if f.Channel != channel || f.Thread != first.ID {
			t.Errorf("got %s in %q, %q; want it in the thread", f.Name, f.Channel, f.Thread)
		}
		if !strings.Contains(f.Alt, w.Nodes[i]) || f.Title == "" {
			t.Errorf("%s: got the description %q, title %q; want %s in the first, and a title",
				f.Name, f.Alt, f.Title, w.Nodes[i])
		}
		if c, err := png.DecodeConfig(bytes.NewReader(f.Body)); err != nil || c.Width != 1600 {
			t.Errorf("%s: got a width of %d, %v; want 1600", f.Name, c.Width, err)
		}
	}
	before := len(slack.Calls())
	if err := n.FollowUp(t.Context()); err != nil || len(slack.Calls()) != before {
		t.Errorf("a second FollowUp: got %d calls, %v; want none", len(slack.Calls())-before, err)
	}
}

// inOwnPanels moves each alert into a panel of its own, because the alerts of a panel share a
// picture.
func inOwnPanels(d notify.Delivery) notify.Delivery {
	for i := range d.Message.Items {
		p := d.Report.Panels[0]
		p.Spec.Name = fmt.Sprint(p.Spec.Name, "-", i)
		d.Report.Panels = append(d.Report.Panels, p)
		d.Message.Items[i].Alert.Panel = p.Spec.Name
	}
	return d
}

// withBoard adds a dashboard and its pictures to a delivery.
func withBoard(d notify.Delivery) notify.Delivery {
	d.Report.Info.Board = &board.Board{Title: "Node <Exporter> Full"}
	for _, name := range []string{
		report.BoardPicture, report.BoardLargePicture, report.BoardPhonePicture,
	} {
		d.Files = append(d.Files, report.File{Name: name, Body: []byte("body of " + name)})
	}
	return d
}

// A summary shows the pictures of its dashboard once, before those of its findings. A message about
// an alert shows only the picture of its own panel.
func TestPicturesOfADashboard(t *testing.T) {
	for _, tc := range []struct {
		kind     notify.Kind
		found    int
		files    bool
		language words.Language
		want     []string
	}{
		{kind: notify.KindSummary, files: true, language: words.English, want: []string{
			"dashboard.png: Node <Exporter> Full, the whole dashboard",
			"dashboard-phone.png: Node <Exporter> Full, the first screen",
		}},
		{kind: notify.KindSummary, files: true, language: words.Korean, want: []string{
			"dashboard.png: Node <Exporter> Full, 대시보드 전체",
			"dashboard-phone.png: Node <Exporter> Full, 첫 화면",
		}},
		{kind: notify.KindSummary, found: 1, files: true, language: words.English, want: []string{
			"dashboard.png: Node <Exporter> Full, the whole dashboard",
			"dashboard-phone.png: Node <Exporter> Full, the first screen",
			"node-memory-ip-10-0-1-12.png: ip-10-0-1-12 memory 94.4 % (60.4 of 64 GiB) " +
				"since 02:52",
		}},
		{kind: notify.KindNew, found: 1, files: true, language: words.English, want: []string{
			"node-memory-ip-10-0-1-12.png: 🔴 ip-10-0-1-12 memory 94.4 %, since 02:52 (18 min)",
		}},
		{kind: notify.KindSummary, language: words.English, want: []string{ // without an archive
			"dashboard.png: Node <Exporter> Full, the whole dashboard",
			"dashboard-phone.png: Node <Exporter> Full, the first screen",
		}},
	} {
		name := fmt.Sprintf("%s of %d in %s, files: %t", tc.kind, tc.found, tc.language, tc.files)
		slack, n := rig(t)
		d := notifytest.NewCluster(tc.found, tc.language).Delivery(t, tc.kind)
		if with := withBoard(d); tc.files {
			d = with
		}
		tell(t, n, d)
		if err := n.FollowUp(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, f := range slack.Files() {
			got = append(got, f.Name+": "+f.Title)
			_, drawn := png.DecodeConfig(bytes.NewReader(f.Body))
			if strings.HasPrefix(f.Name, "dashboard") && tc.files != (string(f.Body) ==
				"body of "+f.Name) || !tc.files && drawn != nil {
				t.Errorf("%s: got %.60q in %s, want the report's file, or a picture if it has "+
					"none", name, f.Body, f.Name)
			}
			if f.Alt != f.Title {
				t.Errorf("%s: got the description %q of %s, want %q", name, f.Alt, f.Name, f.Title)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
		names := []string(nil)
		for _, draft := range Drafts(n.o, d) {
			for _, p := range draft.Pictures {
				names = append(names, p.Name)
			}
		}
		want := []string(nil)
		for _, f := range slack.Files() {
			want = append(want, f.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: got the pictures %q in the drafts, want %q", name, names, want)
		}
	}
}

func TestRepliesHaveNoThreadOfTheirOwn(t *testing.T) {
	slack, n := rig(t)
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindWorse)
	d.Message.Thread = tell(t, n, notifytest.NewCluster(1, words.English).Delivery(t, notify.KindTest))
	tell(t, n, d)
	if err := n.FollowUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if said := slack.Messages(); len(said) != 2 {
		t.Errorf("%d messages, want 2", len(said))
	}
}

// TestEveryFaultOfPictures breaks each request of FollowUp. The message was already sent, and the
// note says what is missing.
func TestEveryFaultOfPictures(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fault  slackdouble.Fault
		found  int
		shown  int
		thread int
		want   string // in the note; "": there is none
	}{
		{
			"the text is too many", slackdouble.Fault{
				Method: "chat.postMessage", Skip: 1, Status: 429,
			}, 1, 1, 1, "",
		},
		{
			"the text is to wait for an hour", slackdouble.Fault{
				Method: "chat.postMessage", Skip: 1, Status: 429, RetryAfter: 3600,
			}, 1, 1, 0, "asked to wait 1h0m0s",
		},
		{
			"the text is refused", slackdouble.Fault{
				Method: "chat.postMessage", Skip: 1, Error: "restricted_action",
			}, 1, 1, 0, "administrator",
		},
		{
			"one address is lost", slackdouble.Fault{
				Method: "files.getUploadURLExternal", Drop: true,
			}, 2, 1, 1, "asking Slack where to upload",
		},
		{
			"a scope", slackdouble.Fault{
				Method: "files.getUploadURLExternal", Error: "missing_scope", Times: 9,
			}, 1, 0, 1, "files:write",
		},
		{
			"one upload fails", slackdouble.Fault{Method: "upload", Status: 500}, 2, 1, 1,
			"answered 500",
		},
		{"an upload is too many", slackdouble.Fault{Method: "upload", Status: 429}, 1, 1, 1, ""},
		{
			"completing is lost", slackdouble.Fault{
				Method: "files.completeUploadExternal", Drop: true,
			}, 1, 0, 1, "completing the upload",
		},
		{
			"completing is too many", slackdouble.Fault{
				Method: "files.completeUploadExternal", Status: 429,
			}, 1, 1, 1, "",
		},
		{
			"ok, and not shared", slackdouble.Fault{
				Method: "files.completeUploadExternal", Unshared: true,
			}, 1, 0, 1, "does not show 1 of them; check that the app is in the channel",
		},
		{
			"nobody may look", slackdouble.Fault{
				Method: "files.info", Error: "missing_scope", Times: 9,
			}, 1, 1, 1, "",
		},
		{"looking fails once", slackdouble.Fault{Method: "files.info", Status: 503}, 1, 1, 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			slack, n := rig(t)
			slack.Fail(tc.fault)
			tell(t, n, inOwnPanels(notifytest.NewCluster(tc.found, words.English).Delivery(t, notify.KindNew)))
			err := n.FollowUp(t.Context())
			if tc.want == "" && err != nil ||
				tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("the note is %v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "MARKED") {
				t.Errorf("got the note %v, want it without the token", err)
			}
			shown := 0
			for _, f := range slack.Files() {
				if f.Channel != "" {
					shown++
				}
			}
			if said := len(slack.Messages()) - 1; shown != tc.shown || said != tc.thread {
				t.Errorf("%d pictures and %d replies, want %d and %d", shown, said, tc.shown,
					tc.thread)
			}
		})
	}
}

func TestPicturesEndWithTheirTime(t *testing.T) {
	slack, n := rig(t)
	slack.Fail(slackdouble.Fault{Method: "upload", Hang: true, Times: 9})
	tell(t, n, inOwnPanels(notifytest.NewCluster(3, words.English).Delivery(t, notify.KindNew)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		asked(ctx, slack, "upload")
		cancel()
	}()
	if err := n.FollowUp(ctx); err == nil {
		t.Error("got no note, want one about missing pictures")
	}
	if said := slack.Messages(); len(said) != 2 {
		t.Errorf("%d messages, want the alert and its thread", len(said))
	}
}

// The answers of a detail query are a list of the largest, or one fact if the legend names no
// label.
func TestDetailIsAListOrAFact(t *testing.T) {
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)
	d.Details = map[rules.Key][]string{d.Message.Items[0].Key: {"limit 28 GiB"}}
	for legend, want := range map[string]string{
		"{{pod}}": "\nTop memory: limit 28 GiB\n", "limit": " · limit 28 GiB\n",
	} {
		for i := range d.Report.Panels {
			d.Report.Panels[i].Spec.Detail = &panel.Detail{Legend: legend}
		}
		if got := Drafts(options(t), d)[0].Text; !strings.Contains(got, want) {
			t.Errorf("legend %q: no %q in %s", legend, want, got)
		}
	}
}
