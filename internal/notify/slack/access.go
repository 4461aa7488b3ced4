package slack

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
)

// The scopes of promsnap's app.
const (
	scopeMessages = "chat:write"
	scopePictures = "files:write"
	scopeShown    = "files:read" // optional: to check that Slack shows the pictures
)

// Manifest returns the description of promsnap's app in YAML, as Slack reads it when an app is
// created. Token rotation is off, because promsnap does not renew tokens.
func Manifest() string {
	return `display_information:
  name: promsnap
  description: Alerts and reports about Kubernetes, from Prometheus
features:
  bot_user:
    display_name: promsnap
    always_online: false
oauth_config:
  scopes:
    bot:
      - ` + scopeMessages + `
      - ` + scopePictures + `
      - ` + scopeShown + `
settings:
  org_deploy_enabled: false
  socket_mode_enabled: false
  token_rotation_enabled: false
`
}

// CreateURL returns the address of the page that creates an app from Manifest.
func CreateURL() string {
	// a query with + in place of blanks is not read everywhere
	return "https://api.slack.com/apps?new_app=1&manifest_yaml=" +
		strings.ReplaceAll(url.QueryEscape(Manifest()), "+", "%20")
}

// Access is what Slack says about a token.
type Access struct {
	Team, Bot string   // their names
	Scopes    []string // nil: Slack does not say them
}

// Missing returns the scopes that the token lacks for messages with pictures.
func (a Access) Missing() []string {
	var missing []string
	for _, scope := range []string{scopeMessages, scopePictures} {
		if a.Scopes != nil && !slices.Contains(a.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}

// ShowsUnchecked reports whether the token lacks the optional scope with which promsnap checks that
// Slack shows its pictures.
func (a Access) ShowsUnchecked() bool {
	return a.Scopes != nil && !slices.Contains(a.Scopes, scopeShown)
}

// SeesChannel reports whether the token may have a scope with which Channel can answer.
func (a Access) SeesChannel() bool {
	return a.Scopes == nil || slices.Contains(a.Scopes, "channels:read") ||
		slices.Contains(a.Scopes, "groups:read")
}

// maxName is the longest name of a workspace, an app or a channel that is shown.
const maxName = 60

// Access asks Slack whose token it is and what it may do. It posts nothing.
func (n *Notifier) Access(ctx context.Context) (Access, error) {
	s, err := n.api.session(ctx)
	if err != nil {
		return Access{}, err
	}
	var answer *slackgo.AuthTestResponse
	err = s.call(ctx, "asking Slack whose token it is", func(ctx context.Context) (err error) {
		answer, err = s.client.AuthTestContext(ctx)
		return err
	})
	if err != nil {
		return Access{}, err
	}
	a := Access{
		Team: outside.Said(answer.Team, maxName), Bot: outside.Said(answer.User, maxName),
	}
	for scope := range strings.SplitSeq(answer.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scopesSyntax.MatchString(scope) {
			a.Scopes = append(a.Scopes, scope)
		}
	}
	return a, nil
}

// Channel asks Slack for the channel's name, and returns an error if the app cannot post there. It
// posts nothing. known is false if the token lacks the scope for that, as promsnap's app does: then
// only a message shows it.
func (n *Notifier) Channel(ctx context.Context) (name string, known bool, err error) {
	const doing = "looking for the channel in Slack"
	s, err := n.api.session(ctx)
	if err != nil {
		return "", false, err
	}
	var channel *slackgo.Channel
	err = s.call(ctx, doing, func(ctx context.Context) (err error) {
		channel, err = s.client.GetConversationInfoContext(ctx,
			&slackgo.GetConversationInfoInput{ChannelID: n.o.Channel})
		return err
	})
	switch {
	case isCode(err, []string{"missing_scope"}):
		return "", false, nil
	case err != nil:
		return "", true, err
	case channel == nil:
		return "", true, errors.New(doing + ": " + errStrange.Error())
	case channel.IsArchived:
		return "", true, refused(doing, n.o.Channel, slackgo.SlackErrorResponse{Err: "is_archived"})
	case !channel.IsMember:
		return "", true, refused(doing, n.o.Channel, slackgo.SlackErrorResponse{Err: "not_in_channel"})
	}
	return outside.Said(channel.Name, maxName), true, nil
}

// Show adds a picture to the thread of a message.
func (n *Notifier) Show(ctx context.Context, at notify.Receipt, p letter.Picture) error {
	s, err := n.api.session(ctx)
	if err != nil {
		return err
	}
	return s.show(ctx, at, []letter.Picture{p})
}
