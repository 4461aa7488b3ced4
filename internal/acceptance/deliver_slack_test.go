//go:build acceptance

package acceptance

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// TestSlackFaults breaks each call of Slack in a run that sends an alert, and in one that sends its
// end. Messages must arrive whatever happens to pictures and edits, the program must say what to
// do, and the next run must send what is missing and repeat nothing without a mark.
func TestSlackFaults(t *testing.T) {
	t.Parallel() // it mostly waits
	const (
		post, edit, where, upload, complete, info = "chat.postMessage", "chat.update",
			"files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"
	)
	all := func(f slackdouble.Fault) slackdouble.Fault { f.Times = 99; return f }
	for _, tc := range []struct {
		fault    slackdouble.Fault
		ending   bool   // the fault is in the run that resolves the alert
		code     int    // of the run
		says     string // on standard error; "": nothing
		sent     int    // messages and replies after the run, including any before the fault
		pictures int
		again    int  // messages after the next run
		marked   bool // the last of them is marked as a possible duplicate
	}{
		{
			fault: slackdouble.Fault{Method: post, Status: 429, RetryAfter: 1}, sent: 1,
			pictures: 1, again: 1,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Status: 429, RetryAfter: 3600}), code: 1,
			says: "slack asks for fewer messages (asked to wait 1h0m0s)", again: 1,
		},
		{
			fault: slackdouble.Fault{Method: post, Drop: true}, sent: 1, pictures: 1, again: 1,
			marked: true,
		},
		{
			fault: slackdouble.Fault{Method: post, Lose: true}, sent: 2, pictures: 1, again: 2,
			marked: true,
		},
		{
			fault: slackdouble.Fault{Method: post, Hang: true}, code: 1, says: "posting to Slack",
			again: 1, marked: true,
		},
		{
			fault: slackdouble.Fault{Method: post, Status: 503}, sent: 1, pictures: 1, again: 1,
			marked: true,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Error: "invalid_auth"}), code: 1,
			says: "use the Bot User OAuth Token", again: 1,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Error: "token_revoked"}), code: 1,
			says: "install it again and store the new token", again: 1,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Error: "channel_not_found"}), code: 1,
			says: "use the channel's ID", again: 1,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Error: "not_in_channel"}), code: 1,
			says: "write /invite", again: 1,
		},
		{
			fault: all(slackdouble.Fault{Method: post, Error: "missing_scope"}), code: 1,
			says: "give the app the scope", again: 1,
		},
		{
			fault: slackdouble.Fault{Method: post, Error: "invalid_blocks"}, sent: 1, pictures: 1,
			says: "sent as plain text", again: 1,
		},

		{fault: slackdouble.Fault{Method: where, Status: 429}, sent: 1, pictures: 1, again: 1},
		{
			fault: slackdouble.Fault{Method: where, Error: "missing_scope"}, sent: 1,
			says: "files:write", again: 1,
		},
		{
			fault: slackdouble.Fault{Method: where, Hang: true}, sent: 1, says: "no pictures",
			again: 1,
		},
		{
			fault: slackdouble.Fault{Method: upload, Status: 500}, sent: 1, says: "answered 500",
			again: 1,
		},
		{
			fault: slackdouble.Fault{Method: upload, Lose: true}, sent: 1, says: "uploading",
			again: 1,
		},
		{
			fault: slackdouble.Fault{Method: upload, Hang: true}, sent: 1, says: "no pictures",
			again: 1,
		},
		{fault: slackdouble.Fault{Method: complete, Status: 429}, sent: 1, pictures: 1, again: 1},
		{
			fault: slackdouble.Fault{Method: complete, Drop: true}, sent: 1,
			says: "completing the upload", again: 1,
		},
		{
			fault: slackdouble.Fault{Method: complete, Lose: true}, sent: 1, pictures: 1,
			says: "completing the upload", again: 1,
		},
		{
			fault: slackdouble.Fault{Method: complete, Unshared: true}, sent: 1,
			says: "check that the app is in the channel", again: 1,
		},
		{fault: slackdouble.Fault{Method: info, Status: 503}, sent: 1, pictures: 1, again: 1},
		{
			fault: all(slackdouble.Fault{Method: info, Error: "missing_scope"}), sent: 1,
			pictures: 1, again: 1,
		},

		{
			ending: true, fault: slackdouble.Fault{Method: edit, Status: 429, RetryAfter: 1},
			sent:     2,
			pictures: 1, again: 2,
		},
		{
			ending: true, fault: slackdouble.Fault{Method: edit, Error: "edit_window_closed"},
			sent: 2, pictures: 1, says: "no longer allows editing this message", again: 2,
		},
		{
			ending: true, fault: slackdouble.Fault{Method: edit, Error: "message_not_found"},
			sent:     2,
			pictures: 1, says: "the message was deleted", again: 2,
		},
		{
			ending: true, fault: slackdouble.Fault{Method: edit, Lose: true}, sent: 2, pictures: 1,
			says: "could not be marked as resolved", again: 2,
		},
		{
			ending: true, fault: slackdouble.Fault{Method: post, Lose: true}, sent: 3, pictures: 1,
			again: 3, marked: true,
		},
		{
			ending: true, fault: slackdouble.Fault{Method: post, Error: "thread_not_found"},
			sent:     2,
			pictures: 1, again: 2,
		},
		{
			ending: true, fault: all(slackdouble.Fault{Method: post, Error: "is_archived"}),
			code: 1,
			sent: 1, pictures: 1, says: "bring it back", again: 2,
		},
	} {
		name := fmt.Sprintf("%s %+v ending %v", tc.fault.Method, tc.fault, tc.ending)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newSlackRun(t)
			slot := sweepSlot
			if tc.ending {
				b.run(t, slot).want(t, 0)
				slot = sweepSlot.Add(time.Hour)
			}
			b.slack.Fail(tc.fault)
			o := b.run(t, slot).want(t, tc.code)
			if tc.says == "" && o.stderr != "" || !strings.Contains(o.stderr, tc.says) {
				t.Errorf("standard error is %q, want %q", o.stderr, tc.says)
			}
			if sent := b.sent(); len(sent) != tc.sent {
				t.Errorf("%d messages, want %d", len(sent), tc.sent)
			}
			pictures := 0
			for _, f := range b.slack.Files() {
				if f.Channel != "" {
					pictures++
				}
			}
			if pictures != tc.pictures {
				t.Errorf("%d pictures, want %d", pictures, tc.pictures)
			}
			b.slack.Mend()
			b.run(t, slot).want(t, 0)
			sent := b.sent()
			if len(sent) != tc.again {
				t.Fatalf("%d messages after the next run, want %d", len(sent), tc.again)
			}
			if marked := strings.Contains(string(sent[len(sent)-1].Blocks),
				"Possible duplicate"); marked != tc.marked {
				t.Errorf("marked as a possible duplicate: %v, want %v", marked, tc.marked)
			}
		})
	}
}

// slackRun runs the real program with a fleet and one channel. Reports and state are in
// directories.
type slackRun struct {
	slack  *slackdouble.Double
	config string
}

func newSlackRun(t *testing.T) *slackRun {
	b := &slackRun{slack: slackdouble.Start("xoxb-slack")}
	t.Cleanup(b.slack.Close)
	dir := t.TempDir()
	nodes := fleet{"ip-10-0-1-11": {{sweepSlot.Add(-30 * time.Minute), sweepSlot}}}
	b.config = configFile(t, fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [oncall, archive]
    panels: [{name: memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}]
receivers:
  - {name: oncall, slack: {channel: C0123456789, token: xoxb-slack, api_url: '%s'}}
  - {name: archive, dir: {path: '%s'}}
state: {dir: '%s'}
`, serve(t, nodes), fleetQuery, b.slack.APIURL(), filepath.Join(dir, "archive"),
		filepath.Join(dir, "state")))
	return b
}

func (b *slackRun) run(t *testing.T, slot time.Time) outcome {
	t.Helper()
	return promsnap(t, "run", "-c", b.config, "--deliver", "--time", slot.Format(time.RFC3339),
		"--timeout", "15s")
}

// sent returns the messages and the replies that an alert resolved, without the rest of the
// threads.
func (b *slackRun) sent() []slackdouble.Message {
	return slices.DeleteFunc(b.slack.Messages(), func(m slackdouble.Message) bool {
		return m.Thread != "" && !strings.HasPrefix(m.Text, "✅")
	})
}
