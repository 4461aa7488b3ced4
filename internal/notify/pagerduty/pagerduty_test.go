package pagerduty

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := start(t)
		return notifytest.Tested{
			Notifier: open(t, d.URL), Role: notify.RoleChanges,
			Skips:       []notify.Kind{notify.KindSummary, notify.KindAllClear},
			Unreachable: open(t, "http://127.0.0.1:1"), Arrived: d.Arrived,
			Busy: func(after time.Duration) {
				d.Answer(http.StatusTooManyRequests, "", "Retry-After",
					fmt.Sprint(int(after.Seconds())))
			},
			Refuse: func() { d.Answer(http.StatusForbidden, "") },
			Hang:   d.Hang,
		}
	})
}

func TestAddress(t *testing.T) {
	for _, link := range []string{
		"", "events.pagerduty.com", "https://u:" + notifytest.Secret + "@events.pagerduty.com",
	} {
		if _, err := New(Options{URL: link}); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	invalid := `{"status":"invalid event","message":"Event object is invalid","errors":[` +
		`"Length of 'routing_key' is incorrect (should be 32 characters): ` + notifytest.Secret +
		`"]}` + strings.Repeat(" very long", 1000)
	refused := func(status int, body, says string) notifytest.Answer {
		return notifytest.Answer{
			Status: status, Body: body, Kind: notifytest.Refused, Says: says,
		}
	}
	notifytest.TestAnswers(t, func(t *testing.T) (notify.Notifier, *notifytest.Double) {
		d := start(t)
		return open(t, d.URL), d.Double
	},
		refused(400, invalid, "2 of 2 events: PagerDuty answered 400 Bad Request: {"),
		refused(400, invalid, "should be 32 characters"),
		refused(401, "", "check pagerduty.routing_key"),
		refused(403, "", "check pagerduty.routing_key"),
		refused(404, "", "check pagerduty.url"),
		notifytest.Answer{Status: 429, Kind: notifytest.Retry, Says: "PagerDuty answered 429"},
	)
}

// If an answer is lost, the message is sent again. PagerDuty then still has one alert for each.
func TestLostAnswer(t *testing.T) {
	d := start(t)
	d.Lose()
	n := open(t, d.URL)
	message := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	_, err := n.Notify(t.Context(), message)
	if notifytest.Outcome(err) != notifytest.Unknown {
		t.Fatalf("got %v, want an error that does not say that nothing was delivered", err)
	}
	message.Message.PossibleDuplicate = true
	if _, err := n.Notify(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if d.Asked() != 3 || len(d.open) != 2 {
		t.Errorf("got %d events and %d open alerts, want 3 and 2", d.Asked(), len(d.open))
	}
	for k, a := range message.Memory.Alerts {
		a.Episodes[0].Ended, a.Episodes[0].End = notifytest.Slot, rules.Recovered
		message.Memory.Alerts[k] = a
	}
	resolved := notifytest.Delivery(notify.RoleChanges, notify.KindResolved)
	if _, err := n.Notify(t.Context(), resolved); err != nil || len(d.open) != 0 {
		t.Errorf("got %d open alerts (%v) after the end, want none", len(d.open), err)
	}
}

// A wrong event does not stop the others.
func TestOneRefusedEvent(t *testing.T) {
	d := start(t)
	o := options(d.URL)
	o.Severity = "page" // which PagerDuty does not know
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	message := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	ended := &message.Message.Items[1]
	ended.Alert.Episodes = []rules.Episode{ended.Episode}
	ended.Alert.Episodes[0].Ended = notifytest.Slot
	_, err = n.Notify(t.Context(), message)
	var refused *notify.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "'payload.severity' is wrong") ||
		strings.Count(d.Arrived(), "\n") != 0 || d.Arrived() == "" {
		t.Errorf("got the events %s and %v, want the other one and a refusal", d.Arrived(), err)
	}
}

func TestSummaryIsRefused(t *testing.T) {
	d := start(t)
	_, err := open(t, d.URL).Notify(t.Context(),
		notifytest.Delivery(notify.RoleSummary, notify.KindSummary))
	var refused *notify.RefusedError
	if !errors.As(err, &refused) || d.Asked() != 0 {
		t.Errorf("got %v after %d requests, want a refusal without any", err, d.Asked())
	}
}

func TestRoutingKeyThatCannotBeRead(t *testing.T) {
	d := start(t)
	o := options(d.URL)
	o.RoutingKey = secret.Env("KEY", func(string) (string, bool) { return "", false })
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Notify(t.Context(), notifytest.Delivery(notify.RoleChanges, notify.KindNew))
	var refused *notify.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "KEY") || d.Asked() != 0 {
		t.Errorf("got %v after %d requests, want a refusal that names the variable", err, d.Asked())
	}
}
