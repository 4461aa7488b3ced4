package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
)

// errStrange says that whoever answered is not Slack.
var errStrange = errors.New("the answer is not one of Slack's; is there a proxy in between?")

// errPage says that a web page came where Slack says ok: nothing was delivered.
var errPage = errors.New("the answer is a web page and none of Slack's; see the webhook's " +
	"address, and whether a proxy or a login stands before it")

// The codes of Slack that something is done about.
var (
	codesBlocks   = []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
	codesNoThread = []string{
		"message_not_found", "thread_not_found", "cannot_reply_to_message",
		"restricted_action_thread_locked",
	}
	codesNoChannel = []string{"channel_not_found", "not_in_channel", "is_archived"}
	codesLater     = []string{"ratelimited", "rate_limited", "request_timeout", "team_added_to_org"}
	// of which Slack says that something may have happened
	codesUnknown = []string{"internal_error", "fatal_error", "service_unavailable"}
)

// What Slack's codes and scopes look like. Anything else is not repeated: who answers instead of
// Slack may have it from the request.
var (
	codeSyntax   = regexp.MustCompile(`^[a-z][a-z0-9_]{1,59}$`)
	scopesSyntax = regexp.MustCompile(`^[a-z.]+(:[a-z.]+)*(,[a-z.]+(:[a-z.]+)*){0,4}$`)
)

// codeError is a code that Slack answered with, and what to do about it.
type codeError struct {
	doing, code, advice string
}

func (e *codeError) Error() string {
	s := fmt.Sprintf("%s: slack says %s", e.doing, e.code)
	if e.advice != "" {
		s += ": " + e.advice
	}
	return s
}

// isCode tells whether err is an answer of Slack with one of the codes, or with any where none is
// named.
func isCode(err error, codes []string) bool {
	var e *codeError
	return errors.As(err, &e) && (codes == nil || slices.Contains(codes, e.code))
}

// failure says what went wrong with a call, in the terms of notify.Notifier: whether something was
// delivered, and whether to try again. It takes over no text that may hold an address or a token.
func failure(ctx context.Context, doing, channel string, connected bool, err error) error {
	var limited *slackgo.RateLimitedError
	var answered slackgo.SlackErrorResponse
	var status slackgo.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return &notify.RetryError{
			After: limited.RetryAfter, Err: fmt.Errorf("%s: slack asks for fewer messages", doing),
		}
	case errors.As(err, &answered):
		return refused(doing, channel, answered)
	case errors.Is(err, errPage):
		return &notify.RefusedError{Err: fmt.Errorf("%s: %w", doing, errPage)}
	case errors.As(err, &status):
		return refusedStatus(doing, status.Code)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	default:
		err = harmless(err)
	}
	away, unseen := exchange.GoesAway(err)
	if err = fmt.Errorf("%s: %w", doing, err); away {
		err = fmt.Errorf("%w; Slack, or a proxy before it, restarts or limits requests", err)
	}
	if !connected || unseen {
		return &notify.RetryError{Err: err}
	}
	return err
}

// refused is the error of an answer that is not ok.
func refused(doing, channel string, answer slackgo.SlackErrorResponse) error {
	if !codeSyntax.MatchString(answer.Err) {
		return fmt.Errorf("%s: %w", doing, errStrange)
	}
	e := &codeError{doing, answer.Err, ""}
	needed := answer.Needed
	if !scopesSyntax.MatchString(needed) {
		needed = ""
	}
	e.advice = advice(e.code, channel, needed)
	switch {
	case slices.Contains(codesLater, e.code):
		return &notify.RetryError{Err: e}
	case slices.Contains(codesUnknown, e.code):
		return e
	}
	return &notify.RefusedError{Err: e}
}

// refusedStatus is the error of an answer by its HTTP status alone.
func refusedStatus(doing string, code int) error {
	err := fmt.Errorf("%s: answered %d %s", doing, code, http.StatusText(code))
	switch {
	case code == http.StatusTooManyRequests:
		return &notify.RetryError{Err: err}
	case code >= http.StatusInternalServerError:
		return err
	}
	return &notify.RefusedError{Err: fmt.Errorf("%w; is there a proxy in between?", err)}
}

// harmless is err without the address that it names, which may be a secret, and without words of a
// stranger's answer.
func harmless(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return errStrange
}

// What to do about a token of another kind than promsnap needs.
const (
	botToken = "use the Bot User OAuth Token (xoxb-…) that the app's page shows under " +
		"OAuth & Permissions"
	withoutRotation = "make an app without token rotation, and " + botToken
)

// errRotates is the note of a token that works, but not for long.
var errRotates = errors.New("this token (xoxe.xoxb-…) belongs to an app with token rotation and " +
	"ends after 12 hours, so that alerts go silent by night; " + withoutRotation)

// usable is an error where the kind of a token, which its first letters tell, can never post.
func usable(token string) error {
	switch {
	case strings.HasPrefix(token, "xoxe-"):
		return errors.New("it is a refresh token (xoxe-…), which can never post; " +
			withoutRotation)
	case strings.HasPrefix(token, "xapp-"):
		return errors.New("it is an app-level token (xapp-…), which can never post; " + botToken)
	case letter.IsLink(token):
		return errors.New("it is an address and no token; write slack_webhook for an incoming " +
			"webhook")
	}
	return nil
}

// advice says what to do about a code of Slack, "" where the code says it.
func advice(code, channel, needed string) string {
	switch code {
	case "invalid_auth", "not_authed":
		return botToken
	case "token_expired":
		return "the app has token rotation, so that its tokens (xoxe.xoxb-…) end after 12 hours, " +
			"and promsnap does not renew them; " + withoutRotation
	case "token_revoked", "account_inactive":
		return "the app was removed from the workspace, or its token replaced; install it again " +
			"and store the new token"
	case "not_allowed_token_type":
		return "this kind of token may not post; " + botToken
	case "missing_scope":
		if needed == "" {
			needed = "chat:write and files:write"
		}
		return "give the app the scope " + needed +
			" under OAuth & Permissions, and install it again"
	case "channel_not_found":
		return fmt.Sprintf("the app knows no channel %s; use the channel's ID (C…: at the end of "+
			"About in its details), and /invite the app where the channel is private",
			limits.Clip(outside.Line(channel), 40))
	case "not_in_channel":
		return fmt.Sprintf("the app is not in channel %s; write /invite and its name there",
			limits.Clip(outside.Line(channel), 40))
	case "is_archived":
		return "the channel is archived; bring it back, or configure another one"
	case "message_not_found":
		return "the message was deleted"
	case "edit_window_closed", "cant_update_message":
		return "the workspace lets nobody edit this message any more"
	case "no_service", "no_service_id", "no_team", "team_disabled", "invalid_token",
		"no_active_hooks":
		return "the webhook is gone; make a new one on the app's page under Incoming Webhooks"
	case "channel_is_archived":
		return "the webhook's channel is archived; bring it back, or make a webhook for another one"
	case "posting_to_general_channel_denied", "ekm_access_denied", "access_denied",
		"enterprise_is_restricted", "action_prohibited":
		return "a rule of the workspace forbids it; ask its administrator"
	}
	if strings.HasPrefix(code, "restricted_action") {
		return "a rule of the workspace forbids it; ask its administrator"
	}
	return ""
}
