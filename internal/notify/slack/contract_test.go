package slack

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/secret"
)

// nowhere is an address without a server.
const nowhere = "http://127.0.0.1:1/"

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		slack := slackdouble.Start(notifytest.Secret)
		t.Cleanup(slack.Close)
		o := Options{
			Channel: channel, Token: secret.Inline(notifytest.Secret), APIURL: slack.APIURL(),
			Transport: &http.Transport{},
		}
		away := o
		away.APIURL = nowhere
		return tested(slack, "chat.postMessage", "token_revoked", New(o), New(away))
	})
}

func TestContractOfTheWebhook(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		slack := slackdouble.Start(notifytest.Secret)
		t.Cleanup(slack.Close)
		hook := func(link string) *Webhook {
			return NewWebhook(WebhookOptions{
				URL: secret.Inline(link), Transport: &http.Transport{},
			})
		}
		return tested(slack, "webhook", "no_service", hook(slack.WebhookURL()),
			hook(nowhere+notifytest.Secret))
	})
}

func tested(slack *slackdouble.Double, method, revoked string, n,
	away notify.Notifier) notifytest.Tested {
	fail := func(f slackdouble.Fault) { f.Method = method; slack.Fail(f) }
	return notifytest.Tested{
		Notifier: n, Role: notify.RoleChanges, Unreachable: away,
		Arrived: func() string {
			if said := slack.Messages(); len(said) > 0 {
				return fmt.Sprintf("%+v", said)
			}
			return ""
		},
		Busy: func(after time.Duration) {
			fail(slackdouble.Fault{Status: 429, RetryAfter: int(after.Seconds())})
		},
		Refuse: func() { fail(slackdouble.Fault{Error: revoked}) },
		Hang:   func() { fail(slackdouble.Fault{Hang: true}) },
	}
}
