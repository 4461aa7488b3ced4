package app

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
)

// A receiver is named by its kind: only receivers in Slack are called Slack.
func TestDoctorNamesReceivers(t *testing.T) {
	for _, tc := range []struct {
		to   config.Receiver
		want string
	}{
		{
			config.Receiver{Name: "team", Kind: config.KindSlack, To: config.Slack{}},
			"Slack team not tried",
		},
		{
			config.Receiver{Name: "slack", Kind: config.KindSlack, To: config.Slack{}},
			"Slack not tried",
		},
		{
			config.Receiver{Name: "team", Kind: config.KindSlackWebhook, To: config.SlackWebhook{}},
			"Slack team not tried",
		},
		{
			config.Receiver{Name: "hook", Kind: config.KindWebhook, To: config.Webhook{}},
			"receiver hook not tried",
		},
		{
			config.Receiver{Name: "archive", Kind: config.KindS3, To: config.Archive{}},
			"S3 archive not tried",
		},
		{
			config.Receiver{Name: "archive", Kind: config.KindDir, To: config.Dir("reports")},
			"receiver archive not tried",
		},
	} {
		if got := tryReceiver(t.Context(), nil, tc.to, Options{}, false).Text; got != tc.want {
			t.Errorf("%+v: got %s, want %s", tc.to, got, tc.want)
		}
	}
}

// The error of a store that is down names it, the cause, and what to do.
func TestDoctorNamesStoresThatAreDown(t *testing.T) {
	got := checkStores([]promapi.Store{
		{Kind: "sidecar", Name: "10.0.0.1:10901"}, {
			Kind: "store", Name: "10.0.0.2:10901", Down: "connection refused",
		},
	})
	if got.Text != "1/2 stores up" || got.Err == nil ||
		!strings.Contains(got.Err.Error(),
			"the store at 10.0.0.2:10901 is down: connection refused; ") {
		t.Errorf("got %q, %v; want 1/2 stores up and the one that is down", got.Text, got.Err)
	}
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "--endpoint-strict") {
		t.Errorf("notes %q, want one of --endpoint-strict", got.Notes)
	}
	if got := checkStores(
		[]promapi.Store{{Kind: "sidecar", Name: "a"}}); got.Text != "1/1 stores up" ||
		got.Err != nil {
		t.Errorf("got %q, %v; want all stores up", got.Text, got.Err)
	}
}
