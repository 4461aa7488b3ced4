package pagerduty

import (
	"errors"
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
			Unreachable: open(t, "http://127.0.0.1:1"), Arrived: d.all,
			Busy: func(after time.Duration) {
				d.answer(http.StatusTooManyRequests, "", after)
			},
			Refuse: func() { d.answer(http.StatusForbidden, "", 0) },
			Hang:   func() { d.hang = make(chan struct{}) },
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
	const refusal, retry, unknown = "refusal", "retry", "unknown"
	invalid := `{"status":"invalid event","message":"Event object is invalid","errors":[` +
		`"Length of 'routing_key' is incorrect (should be 32 characters): ` + notifytest.Secret +
		`"]}` + strings.Repeat(" very long", 1000)
	for _, tc := range []struct {
		status     int
		text, kind string
		says       string
		asked      int
	}{
		{400, invalid, refusal, "2 of 2 events: PagerDuty answered 400 Bad Request: {", 2},
		{400, invalid, refusal, "should be 32 characters", 2},
		{401, "", refusal, "check pagerduty.routing_key", 2},
		{403, "", refusal, "check pagerduty.routing_key", 2},
		{404, "", refusal, "check pagerduty.url", 2},
		{429, "", retry, "PagerDuty answered 429", 1},
		{500, "", unknown, "PagerDuty answered 500", 1},
		{503, "", unknown, "PagerDuty answered 503", 1},
	} {
		d := start(t)
		d.answer(tc.status, tc.text, 0)
		_, err := open(t, d.URL).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindNew))
		if err == nil {
			t.Errorf("%d: got no error, want one", tc.status)
			continue
		}
		got := unknown
		if refused := new(notify.RefusedError); errors.As(err, &refused) {
			got = refusal
		} else if wait := new(notify.RetryError); errors.As(err, &wait) {
			got = retry
		}
		if got != tc.kind || !strings.Contains(err.Error(), tc.says) || d.asked != tc.asked {
			t.Errorf("%d: got a %s after %d requests: %v, want a %s after %d that says %q",
				tc.status, got, d.asked, err, tc.kind, tc.asked, tc.says)
		}
		if strings.Contains(err.Error(), notifytest.Secret) || len(err.Error()) > 600 {
			t.Errorf("%d: got %d bytes: %.700s, want at most 600 without the routing key",
				tc.status, len(err.Error()), err)
		}
	}
}

// If an answer is lost, the message is sent again. PagerDuty then still has one alert for each.
func TestLostAnswer(t *testing.T) {
	d := start(t)
	d.lose = true
	n := open(t, d.URL)
	message := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	_, err := n.Notify(t.Context(), message)
	var refused *notify.RefusedError
	var retry *notify.RetryError
	if err == nil || errors.As(err, &refused) || errors.As(err, &retry) {
		t.Fatalf("got %v, want an error that does not say that nothing was delivered", err)
	}
	message.Message.PossibleDuplicate = true
	if _, err := n.Notify(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if len(d.lines) != 3 || len(d.open) != 2 {
		t.Errorf("got %d events and %d open alerts, want 3 and 2", len(d.lines), len(d.open))
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
		len(d.lines) != 1 {
		t.Errorf("got %d events and %v, want the other one and a refusal", len(d.lines), err)
	}
}

func TestSummaryIsRefused(t *testing.T) {
	d := start(t)
	_, err := open(t, d.URL).Notify(t.Context(),
		notifytest.Delivery(notify.RoleSummary, notify.KindSummary))
	var refused *notify.RefusedError
	if !errors.As(err, &refused) || d.asked != 0 {
		t.Errorf("got %v after %d requests, want a refusal without any", err, d.asked)
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
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "KEY") || d.asked != 0 {
		t.Errorf("got %v after %d requests, want a refusal that names the variable", err, d.asked)
	}
}
