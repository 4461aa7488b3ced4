package app

import (
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

// A receiver is named by what it is: only those that tell people are Slack.
func TestDoctorNamesReceivers(t *testing.T) {
	for _, tc := range []struct {
		to   config.Receiver
		want string
	}{
		{config.Receiver{Name: "team", Slack: &config.Slack{}}, "Slack team not tried"},
		{config.Receiver{Name: "slack", Slack: &config.Slack{}}, "Slack not tried"},
		{config.Receiver{Name: "team", SlackWebhook: &config.SlackWebhook{}}, "Slack team not tried"},
		{config.Receiver{Name: "hook", Webhook: &config.Webhook{}}, "receiver hook not tried"},
		{config.Receiver{Name: "archive", S3: &config.Archive{}}, "S3 archive not tried"},
		{config.Receiver{Name: "archive", Dir: "reports"}, "receiver archive not tried"},
	} {
		if got := tryReceiver(t.Context(), nil, tc.to, Options{}, false).Text; got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.to, got, tc.want)
		}
	}
}
