package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// The kinds of Slack: an app with a bot token, and an incoming webhook.
const (
	KindSlack        Kind = "slack"
	KindSlackWebhook Kind = "slack_webhook"
)

// Slack is a channel and the app that posts there.
type Slack struct {
	Channel  string // its ID
	Token    secret.String
	Mentions map[rules.Severity][]string // "@here", U…, S…
	APIURL   string                      // "" for Slack's own
}

// SlackWebhook is an incoming webhook of Slack.
type SlackWebhook struct {
	URL      secret.String
	Mentions map[rules.Severity][]string
}

// defaultTokenEnv is the environment variable of Slack's token if the file has no key for it.
const defaultTokenEnv = "SLACK_BOT_TOKEN"

func (*slack) role() Role { return RolePeople }

func (s *slack) build(b *builder, path string) any {
	token := b.secretOf(path, "token", sources{s.Token, s.TokenFile, s.TokenEnv, s.TokenFrom})
	if token.IsZero() {
		token = b.variableOf(defaultTokenEnv)
	}
	s.checkToken(b, path)
	return Slack{
		Channel: string(s.Channel), Token: token, Mentions: s.Mentions.bySeverity(),
		APIURL: string(s.APIURL),
	}
}

func (*slackWebhook) role() Role { return RolePeople }

func (w *slackWebhook) build(b *builder, path string) any {
	return SlackWebhook{
		URL: b.addressOf(path, "the webhook's", w.secretAddress), Mentions: w.Mentions.bySeverity(),
	}
}

// checkToken checks the kind of the token, if the configuration, a file or the environment has it
// now.
func (s *slack) checkToken(b *builder, path string) {
	at, token := b.firstOf(path, "token", "token_file", "token_env"), s.Token
	switch {
	case token != "" || s.TokenFrom != "":
	case s.TokenFile != "":
		token = peek(b.beside(s.TokenFile))
	case s.TokenEnv == "":
		token = b.env(defaultTokenEnv)
	case variableSyntax.MatchString(s.TokenEnv):
		token = b.env(s.TokenEnv)
	}
	const write = "write the Bot User OAuth Token of the app's page OAuth & Permissions, xoxb-…"
	switch token = strings.TrimSpace(token); {
	case strings.HasPrefix(token, "xoxe.xox"):
		b.note(at, "this token expires after 12 hours, because its app uses token rotation, and "+
			"then no alert is sent; create an app without token rotation, and "+write)
	case strings.HasPrefix(token, "xoxe-"):
		b.problem(at, "this is a refresh token (xoxe-…), which cannot post; create an app "+
			"without token rotation, and "+write)
	case strings.HasPrefix(token, "xapp-"):
		b.problem(at, "this is an app-level token (xapp-…), which cannot post; "+write)
	case strings.HasPrefix(token, "https://"), strings.HasPrefix(token, "http://"):
		b.problem(at, "this is an address, not a token; write slack_webhook: {url_env: NAME} for "+
			"an incoming webhook")
	}
}

// The limits of peek. The timeout is there because a file system may block.
const (
	peekBytes   = 16
	peekTimeout = time.Second
)

// peek returns the first bytes of a file, which show the kind of a token but not the token. It
// returns "" if the file cannot be read now: it may exist only where promsnap runs.
func peek(path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), peekTimeout)
	defer cancel()
	begin, _ := disk.Within(ctx, path, func() ([]byte, error) {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			// reading a pipe now would leave nothing for the run
			return nil, err
		}
		return disk.Read(ctx, path, peekBytes-1)
	})
	return string(begin)
}

// bySeverity returns whom to mention for each severity.
func (m mentions) bySeverity() map[rules.Severity][]string {
	out := map[rules.Severity][]string{}
	for severity, of := range map[rules.Severity][]mention{
		rules.Warning: m.Warning, rules.Critical: m.Critical,
	} {
		for _, who := range of {
			out[severity] = append(out[severity], string(who))
		}
	}
	return out
}

// slack is a Slack channel and the app that posts there.
type slack struct {
	// The channel's ID: C0123456789
	Channel channel `yaml:"channel" jsonschema:"required"`
	// The bot's token: xoxb-…. Without any key for the token, promsnap uses the environment
	// variable SLACK_BOT_TOKEN.
	Token string `yaml:"token"`
	// The file that holds the token.
	TokenFile string `yaml:"token_file"`
	// The name of the environment variable that holds the token.
	TokenEnv string `yaml:"token_env"`
	// The place of the token in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	TokenFrom string `yaml:"token_from"`
	// Whom to mention in a message, by the severity of its alerts.
	Mentions mentions `yaml:"mentions"`
	// The address of Slack's API, if you reach it through another one.
	APIURL base `yaml:"api_url"`
}

// slackWebhook is an incoming webhook of Slack. Its whole address is a secret.
type slackWebhook struct {
	secretAddress `yaml:",inline"`
	// Whom to mention in a message, by the severity of its alerts.
	Mentions mentions `yaml:"mentions"`
}

// mentions is the list of whom to mention in a message, by severity.
type mentions struct {
	// For warnings.
	Warning []mention `yaml:"warning"`
	// For critical alerts.
	Critical []mention `yaml:"critical"`
}

// channel is the ID of a channel.
type channel string

// CheckChannel returns an error if id is not the ID of a Slack channel.
func CheckChannel(id string) error { return new(channel).UnmarshalText([]byte(id)) }

var channelSyntax = regexp.MustCompile(`^[CGD][A-Z0-9]{2,30}$`)

// UnmarshalText accepts only an ID: uploads to Slack need it, and a name may move to another
// channel.
func (c *channel) UnmarshalText(b []byte) error {
	if !channelSyntax.Match(b) {
		return errors.New("not a channel ID; write one such as C0123456789, which Slack shows at " +
			"the end of the channel details")
	}
	*c = channel(b)
	return nil
}

// mention is somebody whom Slack can mention.
type mention string

var mentionSyntax = regexp.MustCompile(`^(@?(here|channel|everyone)|[UWS][A-Z0-9]{2,20})$`)

// UnmarshalText accepts the IDs that Slack uses for people and groups, not their names.
func (m *mention) UnmarshalText(b []byte) error {
	if !mentionSyntax.Match(b) {
		return fmt.Errorf("Slack cannot mention %q; write \"@here\", \"@channel\", "+
			"\"@everyone\", or the ID of a member (U…) or of a user group (S…)", shorten(string(b)))
	}
	*m = mention(b)
	return nil
}
