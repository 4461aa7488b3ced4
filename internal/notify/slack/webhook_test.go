package slack

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
)

func hook(t *testing.T) (*slackdouble.Double, *Webhook) {
	t.Helper()
	d := slackdouble.Start(token)
	t.Cleanup(d.Close)
	return d, NewWebhook(WebhookOptions{
		URL: secret.Inline(d.WebhookURL()), Mentions: options(t).Mentions,
		Transport: &http.Transport{},
	})
}

func TestWebhookSendsEveryKind(t *testing.T) {
	slack, h := hook(t)
	for _, k := range kinds() {
		r, err := h.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, k))
		if err != nil || r != (notify.Receipt{}) {
			t.Errorf("%v: got %+v, %v; want an empty receipt", k, r, err)
		}
	}
	said := slack.Messages()
	if len(said) != len(kinds()) {
		t.Fatalf("%d messages, want %d", len(said), len(kinds()))
	}
	for _, m := range said {
		if m.Thread != "" || m.Blocks == nil {
			t.Errorf("got the message %+v, want blocks and no thread", m)
		}
	}
}

func TestWebhookFallsBackToText(t *testing.T) {
	slack, h := hook(t)
	slack.Fail(slackdouble.Fault{Method: "webhook", Error: "invalid_blocks"})
	if _, err := h.Notify(t.Context(),
		notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew)); err != nil {
		t.Fatal(err)
	}
	if m := slack.Messages()[0]; m.Blocks != nil || m.Markup ||
		!strings.Contains(m.Text, "<!subteam^S0123456789>") {
		t.Errorf("got the message %+v, want plain text", m)
	}
}

func TestWebhookRefusals(t *testing.T) {
	for _, tc := range []struct {
		name          string
		fault         slackdouble.Fault
		link          string
		refused, soon bool
		want          string
	}{
		{
			name: "a webhook that is gone", fault: slackdouble.Fault{Error: "no_service"},
			refused: true, want: "make a new one",
		},
		{name: "another secret", link: "MARKED-old", refused: true, want: "invalid_token"},
		{
			name: "no address", link: "-", refused: true,
			want: "it looks like https://hooks.slack.com/services/",
		},
		{
			name: "too many", fault: slackdouble.Fault{Status: 429, RetryAfter: 3}, soon: true,
			want: "asked to wait 3s",
		},
		{
			name: "too many, no word how long", fault: slackdouble.Fault{Status: 429}, soon: true,
			want: "fewer messages",
		},
		{name: "a proxy", fault: slackdouble.Fault{Status: 407}, refused: true, want: "407"},
		{name: "a gateway", fault: slackdouble.Fault{Status: 503}, want: "answered 503"},
		{name: "a lost answer", fault: slackdouble.Fault{Lose: true}, want: "EOF"},
		{
			name: "a login page", fault: slackdouble.Fault{
				Body: "<!DOCTYPE html><title>Sign in</title>",
			}, refused: true, want: "a web page",
		},
		{name: "a redirect", fault: slackdouble.Fault{Status: 307}, refused: true, want: "307"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			slack, h := hook(t)
			switch tc.link {
			case "":
			case "-":
				h.o.URL = secret.Inline("MARKED no address")
			default:
				h.o.URL = secret.Inline(strings.Replace(slack.WebhookURL(), token, tc.link, 1))
			}
			if tc.fault != (slackdouble.Fault{}) {
				tc.fault.Method = "webhook"
				slack.Fail(tc.fault)
			}
			_, err := h.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
			if err == nil || !strings.Contains(err.Error(), tc.want) ||
				refusedError(err) != tc.refused || (retryError(err) != nil) != tc.soon {
				t.Errorf("got %v (%T), want %q", err, err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "MARKED") ||
				strings.Contains(err.Error(), "services/T")) {
				t.Errorf("got error %v, want it without the address of the webhook", err)
			}
		})
	}
}

func TestWebhookUnreachable(t *testing.T) {
	slack, h := hook(t)
	slack.Close()
	_, err := h.Notify(t.Context(), notifytest.NewCluster(1, words.English).Delivery(t, notify.KindNew))
	if retryError(err) == nil || strings.Contains(err.Error(), "MARKED") ||
		retryError(err).After != time.Duration(0) {
		t.Errorf("got %v, want a RetryError", err)
	}
}
