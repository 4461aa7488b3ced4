package slack

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// The manifest is one of Slack's, and the address carries it.
func TestManifest(t *testing.T) {
	var m slackgo.Manifest
	d := yaml.NewDecoder(strings.NewReader(Manifest()))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	if want := []string{"chat:write", "files:write", "files:read"}; !slices.Equal(
		m.OAuthConfig.Scopes.Bot, want) {
		t.Errorf("got the scopes %q, want %q", m.OAuthConfig.Scopes.Bot, want)
	}
	if m.Display.Name != "promsnap" || m.Features.BotUser.DisplayName != "promsnap" {
		t.Errorf("got the names %q and %q, want promsnap", m.Display.Name,
			m.Features.BotUser.DisplayName)
	}
	u, err := url.Parse(CreateURL())
	if err != nil || u.Host != "api.slack.com" || u.Query().Get("manifest_yaml") != Manifest() {
		t.Errorf("got the address %s (%v), want one with the manifest", CreateURL(), err)
	}
}

func TestAccess(t *testing.T) {
	slack, n := rig(t)
	got, err := n.Access(t.Context())
	want := Access{
		Team: "Acme", Bot: "promsnap", Scopes: []string{"chat:write", "files:write", "files:read"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got.Missing() != nil || got.ShowsUnchecked() {
		t.Errorf("got the missing scopes %q, want none", got.Missing())
	}
	slack.Grant("chat:write")
	got, err = n.Access(t.Context())
	if err != nil || !slices.Equal(got.Missing(), []string{"files:write"}) || !got.ShowsUnchecked() {
		t.Errorf("got the missing scopes %q (%v), want files:write", got.Missing(), err)
	}
	slack.Fail(slackdouble.Fault{Method: "auth.test", Error: "account_inactive"})
	if _, err := n.Access(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "install it again") {
		t.Errorf("got error %v, want advice", err)
	}
}

func TestChannel(t *testing.T) {
	slack, n := rig(t)
	if _, known, err := n.Channel(t.Context()); known || err != nil {
		t.Errorf("without the scope: got known %v, %v; want unknown", known, err)
	}
	slack.Grant("chat:write", "channels:read")
	for _, tc := range []struct {
		channel slackdouble.Channel
		name    string
		err     string
	}{
		{slackdouble.Channel{Member: true}, "oncall", ""},
		{slackdouble.Channel{}, "", "not_in_channel: the app is not in channel C0123456789; write " +
			"/invite"},
		{slackdouble.Channel{Archived: true, Member: true}, "", "is_archived"},
		{slackdouble.Channel{Private: true}, "", "channel_not_found"},
	} {
		tc.channel.ID, tc.channel.Name = "C0123456789", "oncall"
		slack.Put(tc.channel)
		name, known, err := n.Channel(t.Context())
		if name != tc.name || !known || (err == nil) != (tc.err == "") ||
			err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%+v: got %q, known %v, %v; want %q, %q", tc.channel, name, known, err,
				tc.name, tc.err)
		}
	}
	if m := slack.Messages(); len(m) > 0 {
		t.Errorf("got the messages %+v, want none", m)
	}
}
