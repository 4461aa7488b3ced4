package slack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
)

// rig returns a double of Slack and a receiver for it.
func rig(t *testing.T) (*slackdouble.Double, *Notifier) {
	t.Helper()
	d := slackdouble.Start(token)
	t.Cleanup(d.Close)
	o := options(t)
	o.APIURL, o.Transport = d.APIURL(), &http.Transport{}
	n := New(o)
	n.api.pause, n.api.pace = time.Millisecond, time.Millisecond
	return d, n
}

// tell sends a delivery, and fails the test on an error.
func tell(t *testing.T, n *Notifier, d notify.Delivery) notify.Receipt {
	t.Helper()
	r, err := n.Notify(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnAlertsLife(t *testing.T) {
	slack, n := rig(t)
	w := notifytest.NewCluster(1, words.English)
	first := tell(t, n, w.Delivery(t, notify.KindNew))
	if first.Channel != channel || first.ID == "" {
		t.Fatalf("got the receipt %+v, want a channel and an ID", first)
	}
	at := func(k notify.Kind) notify.Delivery {
		d := w.Delivery(t, k)
		d.Message.Thread = first
		return d
	}
	for _, k := range []notify.Kind{
		notify.KindWorse, notify.KindNoData, notify.KindBetter, notify.KindStillFiring,
		notify.KindResolved,
	} {
		if got := tell(t, n, at(k)); got != first {
			t.Errorf("%v: the receipt is %+v, want that of the first message", k, got)
		}
	}
	tell(t, n, w.Delivery(t, notify.KindAllClear))

	said := slack.Messages()
	want := []struct {
		thread    string
		broadcast bool
		begins    string
	}{
		{"", false, "✅ prod-seoul ip-10-0-1-12 memory resolved"}, // edited
		{first.ID, true, "🔴 prod-seoul worse: ip-10-0-1-12 memory 94.4 % &gt; 90 %"},
		{first.ID, false, "⚪ prod-seoul ip-10-0-1-12 memory: no data"},
		{first.ID, false, "🟠 prod-seoul better: ip-10-0-1-12 memory 87 % &gt; 80 %"},
		{first.ID, true, "🔴 prod-seoul still: ip-10-0-1-12 memory 94.4 % &gt; 90 %"},
		{first.ID, false, "✅ prod-seoul ip-10-0-1-12 memory resolved"},
		{"", false, "✅ prod-seoul all clear: no alert is firing"},
	}
	if len(said) != len(want) {
		t.Fatalf("%d messages, want %d", len(said), len(want))
	}
	for i, m := range said {
		if m.Thread != want[i].thread || m.Broadcast != want[i].broadcast ||
			m.Text != want[i].begins {
			t.Errorf("message %d is %q in %q, broadcast %v; want %+v", i, m.Text, m.Thread,
				m.Broadcast, want[i])
		}
	}
	if said[0].Edits != 1 {
		t.Errorf("got %d edits of the first message, want 1", said[0].Edits)
	}
	if refused := slack.Refused(); len(refused) > 0 {
		t.Errorf("got requests that Slack refuses: %q, want none", refused)
	}
}

func TestADeletedThread(t *testing.T) {
	slack, n := rig(t)
	w := notifytest.NewCluster(1, words.English)
	d := w.Delivery(t, notify.KindResolved)
	d.Message.Thread = tell(t, n, w.Delivery(t, notify.KindNew))
	slack.Delete(d.Message.Thread.ID)
	tell(t, n, d)
	said := slack.Messages()
	if len(said) != 1 || said[0].Thread != "" || !strings.Contains(said[0].Text, "resolved") {
		t.Errorf("got the messages %+v, want one of its own", said)
	}
	if err := n.FollowUp(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "could not be marked as resolved") ||
		!strings.Contains(err.Error(), "the message was deleted") {
		t.Errorf("got the note %v, want that the message was deleted", err)
	}

	slack.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "thread_not_found"})
	d = w.Delivery(t, notify.KindWorse)
	got := tell(t, n, d)
	if got.ID == d.Message.Thread.ID || got.ID == "" {
		t.Errorf("got the receipt %+v of a deleted thread, want a new one", got)
	}
}

func TestAThreadInAChannelThatWasLeft(t *testing.T) {
	slack, n := rig(t)
	slack.Put(slackdouble.Channel{ID: "C0000000OLD", Archived: true})
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindWorse)
	d.Message.Thread.Channel = "C0000000OLD"
	if got := tell(t, n, d); got.Channel != channel || slack.Messages()[0].Thread != "" {
		t.Errorf("got the receipt %+v, want one in the configured channel", got)
	}
}

func TestAlertsOfAnotherReceiverStartAThread(t *testing.T) {
	slack, n := rig(t)
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindResolved)
	d.Message.Thread = notify.Receipt{Location: "/var/somewhere"}
	tell(t, n, d)
	if calls := slack.Calls(); !slices.Equal(calls, []string{"chat.postMessage"}) {
		t.Errorf("got the calls %q, want one message", calls)
	}
}

func TestBlocksThatSlackDoesNotLikeBecomeText(t *testing.T) {
	slack, n := rig(t)
	slack.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "invalid_blocks"})
	tell(t, n, notifytest.NewCluster(7, words.English).Delivery(t, notify.KindNew))
	said := slack.Messages()
	if len(said) != 1 || said[0].Blocks != nil || said[0].Markup {
		t.Fatalf("got the messages %+v, want plain text without markup", said)
	}
	for _, want := range []string{
		"🔴 prod-seoul memory &gt; 80 % on 7 of 42 nodes\n",
		"since <!date^1795283280^{time}|02:48 KST> (22 min)", "and 2 more", "<!subteam^S0123456789>",
		"<https://reports.example.com/prod/daily/index.html?X-Amz-Signature=5f3a&amp;b=1|Open " +
			"report>",
	} {
		if !strings.Contains(said[0].Text, want) {
			t.Errorf("the text has no %q:\n%s", want, said[0].Text)
		}
	}
	if err := n.FollowUp(t.Context()); err == nil || !strings.Contains(err.Error(), "plain text") {
		t.Errorf("got the note %v, want plain text named", err)
	}
	slack.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "invalid_blocks", Times: 2})
	if _, err := n.Notify(t.Context(),
		notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)); !refusedError(err) {
		t.Errorf("twice: got %v, want a refusal", err)
	}
}

func refusedError(err error) bool { var e *notify.RefusedError; return errors.As(err, &e) }

func retryError(err error) *notify.RetryError {
	var e *notify.RetryError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		setup func(*slackdouble.Double, *Notifier)
		want  string
	}{
		{"another token", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.Inline("xoxb-MARKED-old")
		}, "Bot User OAuth Token"},
		{"a refresh token", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.Inline("xoxe-1-MARKED")
		}, "without token rotation"},
		{"an app-level token", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.Inline("xapp-1-MARKED")
		}, "app-level token"},
		{"a webhook as a token", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.Inline("https://hooks.slack.com/services/MARKED")
		}, "slack_webhook"},
		{"a token that rotates", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "token_expired"})
		}, "12 hours"},
		{"no token", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.File("/nowhere/token")
		}, "/nowhere/token"},
		{"a token of two lines", func(_ *slackdouble.Double, n *Notifier) {
			n.api.o.Token = secret.Inline("MARKED\nMARKED")
		}, "one line"},
		{"revoked", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "token_revoked"})
		}, "install it again"},
		{"a scope", func(s *slackdouble.Double, _ *Notifier) {
			s.Grant("files:write")
		}, "the scope chat:write"},
		{"not in the channel", func(s *slackdouble.Double, _ *Notifier) {
			s.Put(slackdouble.Channel{ID: channel})
		}, "/invite"},
		{"a private channel", func(s *slackdouble.Double, _ *Notifier) {
			s.Put(slackdouble.Channel{ID: channel, Private: true})
		}, "no channel " + channel},
		{"an archived channel", func(s *slackdouble.Double, _ *Notifier) {
			s.Put(slackdouble.Channel{ID: channel, Member: true, Archived: true})
		}, "bring it back"},
		{"a channel's name", func(_ *slackdouble.Double, n *Notifier) {
			n.o.Channel, n.api.o.Channel = "#oncall", "#oncall"
		}, "use the channel's ID"},
		{"a policy", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{
				Method: "chat.postMessage", Error: "restricted_action_read_only_channel",
			})
		}, "ask its administrator"},
		{"a code nobody knows", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{Method: "chat.postMessage", Error: "new_code"})
		}, "slack says new_code"},
		{"a proxy", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{Method: "chat.postMessage", Status: 403})
		}, "is there a proxy"},
		{"a redirect", func(s *slackdouble.Double, _ *Notifier) {
			s.Fail(slackdouble.Fault{Method: "chat.postMessage", Status: 302})
		}, "answered 302"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			slack, n := rig(t)
			tc.setup(slack, n)
			_, err := n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
			if !refusedError(err) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "MARKED") {
				t.Errorf("got error %v, want it without the token", err)
			}
			if said := slack.Messages(); len(said) != 0 {
				t.Errorf("got the messages %+v after a refusal, want none", said)
			}
		})
	}
}

// If a server closes connections before it processes a request, the error names it, and the message
// is retried.
func TestSlackGoesAway(t *testing.T) {
	_, n := rig(t)
	n.api.http.Transport = goesAway{}
	_, err := n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
	if retryError(err) == nil || !strings.Contains(err.Error(), "restarts or limits requests") {
		t.Errorf("got %v, want that Slack restarts or limits requests, and another try", err)
	}
}

type goesAway struct{}

func (goesAway) RoundTrip(rq *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(rq.Context()).GotConn(httptrace.GotConnInfo{})
	return nil, exchange.ErrGoAway
}

// A token with rotation works for now. The note about its end appears once.
func TestATokenThatRotatesIsNoted(t *testing.T) {
	_, n := rig(t)
	n.api.o.Token = secret.Inline("xoxe.xoxb-1-MARKED")
	for range 2 { // refused, because the double has another token
		_, _ = n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
	}
	err := n.FollowUp(t.Context())
	if err == nil || strings.Count(err.Error(), "12 hours") != 1 ||
		strings.Contains(err.Error(), "MARKED") {
		t.Errorf("got the note %v, want one of the 12 hours", err)
	}
}

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault slackdouble.Fault
		after time.Duration
		sent  int
		retry bool
	}{
		{"too many", slackdouble.Fault{Status: 429, RetryAfter: 7}, 7 * time.Second, 0, true},
		{"too many, and no word how long", slackdouble.Fault{Status: 429}, 0, 0, true},
		{"too many, as a code", slackdouble.Fault{Error: "ratelimited"}, 0, 0, true},
		{"a lost request", slackdouble.Fault{Drop: true}, 0, 0, false},
		{"a lost answer", slackdouble.Fault{Lose: true}, 0, 1, false},
		{"an error inside", slackdouble.Fault{Error: "internal_error"}, 0, 0, false},
		{"a gateway", slackdouble.Fault{Status: 502}, 0, 0, false},
		{"no JSON", slackdouble.Fault{Body: "<html>MARKED"}, 0, 0, false},
		{"no message", slackdouble.Fault{Body: `{"ok": true}`}, 0, 0, false},
		{"no code", slackdouble.Fault{Body: `{"ok": false}`}, 0, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			slack, n := rig(t)
			tc.fault.Method = "chat.postMessage"
			slack.Fail(tc.fault)
			_, err := n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
			if err == nil || refusedError(err) || strings.Contains(err.Error(), "MARKED") {
				t.Fatalf("got %v, want an error without the token that is no refusal", err)
			}
			if e := retryError(err); (e != nil) != tc.retry || e != nil && e.After != tc.after {
				t.Errorf("got %v, want another try %v after %s", err, tc.retry, tc.after)
			}
			if said := slack.Messages(); len(said) != tc.sent {
				t.Errorf("%d messages, want %d", len(said), tc.sent)
			}
			tell(t, n, notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
		})
	}
}

func TestUnreachable(t *testing.T) {
	slack, n := rig(t)
	slack.Close()
	_, err := n.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
	if retryError(err) == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want a RetryError", err)
	}
}

// asked returns after a request to Slack, or when the test ends.
func asked(ctx context.Context, d *slackdouble.Double, method string) {
	for !slices.Contains(d.Calls(), method) && ctx.Err() == nil {
		runtime.Gosched()
	}
}

func TestAnAnswerThatDoesNotCome(t *testing.T) {
	slack, n := rig(t)
	slack.Fail(slackdouble.Fault{Method: "chat.postMessage", Hang: true})
	d := notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	go func() {
		asked(ctx, slack, "chat.postMessage")
		cancel(errors.New("the run is over"))
	}()
	_, err := n.Notify(ctx, d)
	if err == nil || retryError(err) != nil || refusedError(err) ||
		!strings.Contains(err.Error(), "the run is over") {
		t.Errorf("got %v, want the end of the run as the cause", err)
	}
}

// TestEveryFaultOfResolving breaks each request of a message that edits and replies.
func TestEveryFaultOfResolving(t *testing.T) {
	w := notifytest.NewCluster(1, words.English)
	for _, tc := range []struct {
		name    string
		fault   slackdouble.Fault
		replies int
		edits   int
		again   bool // Deliver is to try again
	}{
		{
			"the edit is refused", slackdouble.Fault{
				Method: "chat.update", Error: "edit_window_closed",
			}, 1, 0, false,
		},
		{
			"the edit is too many", slackdouble.Fault{
				Method: "chat.update", Status: 429, RetryAfter: 1,
			}, 0, 0, true,
		},
		{
			"the edit's answer is lost", slackdouble.Fault{Method: "chat.update", Lose: true}, 1,
			1, false,
		},
		{
			"the edit's blocks", slackdouble.Fault{Method: "chat.update", Error: "invalid_blocks"},
			1, 1, false,
		},
		{
			"the reply is too many", slackdouble.Fault{
				Method: "chat.postMessage", Skip: 1, Status: 429,
			}, 0, 1, true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			slack, n := rig(t)
			slack.Fail(tc.fault)
			d := w.Delivery(t, notify.KindResolved)
			d.Message.Thread = tell(t, n, w.Delivery(t, notify.KindNew))
			_, err := n.Notify(t.Context(), d)
			if (retryError(err) != nil) != tc.again || err != nil && !tc.again {
				t.Errorf("got %v, want another kind of error", err)
			}
			said := slack.Messages()
			if len(said)-1 != tc.replies || said[0].Edits != tc.edits {
				t.Errorf("%d replies, %d edits, want %d, %d", len(said)-1, said[0].Edits,
					tc.replies, tc.edits)
			}
			if tc.again {
				tell(t, n, d)
				if said = slack.Messages(); len(said) != 2 {
					t.Errorf("got %d messages after a retry, want 2", len(said))
				}
			}
		})
	}
}
