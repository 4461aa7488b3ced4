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

// errStrange says that the answer does not come from Slack.
var errStrange = errors.New("the answer does not come from Slack; is there a proxy in between?")

// errPage says that a web page came instead of Slack's ok: nothing was delivered.
var errPage = errors.New("the answer is a web page and does not come from Slack; check the " +
	"webhook's address, and whether there is a proxy or a login in front of it")

// The codes of Slack that promsnap handles.
var (
	codesBlocks   = []string{"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
	codesNoThread = []string{
		"message_not_found", "thread_not_found", "cannot_reply_to_message",
		"restricted_action_thread_locked",
	}
	codesNoChannel = []string{"channel_not_found", "not_in_channel", "is_archived"}
	codesLater     = []string{"ratelimited", "rate_limited", "request_timeout", "team_added_to_org"}
	// after these, the request may have had an effect
	codesUnknown = []string{"internal_error", "fatal_error", "service_unavailable"}
)

// The syntax of Slack's codes and scopes. Errors quote nothing else: a server that answers instead
// of Slack may have copied it from the request.
var (
	codeSyntax   = regexp.MustCompile(`^[a-z][a-z0-9_]{1,59}$`)
	scopesSyntax = regexp.MustCompile(`^[a-z.]+(:[a-z.]+)*(,[a-z.]+(:[a-z.]+)*){0,4}$`)
)

// codeError is an error code of Slack, with advice.
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

// isCode reports whether err is an answer of Slack with one of the codes, or with any code if codes
// is nil.
func isCode(err error, codes []string) bool {
	var e *codeError
	return errors.As(err, &e) && (codes == nil || slices.Contains(codes, e.code))
}

// failure returns the error of a request in the terms of notify.Notifier: whether something was
// delivered, and whether a retry may help. It quotes no text that may hold an address or a token.
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
		err = fmt.Errorf("%w; Slack, or a proxy in front of it, restarts or limits requests", err)
	}
	if !connected || unseen {
		return &notify.RetryError{Err: err}
	}
	return err
}

// refused returns the error of an answer that is not ok.
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

// refusedStatus returns the error of an answer that has only an HTTP status.
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

// harmless returns err without an address, which may be a secret, and without the text of an
// unknown server.
func harmless(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return errStrange
}

// The advice about a token of the wrong kind.
const (
	botToken = "use the Bot User OAuth Token (xoxb-…) that the app's page shows under " +
		"OAuth & Permissions"
	withoutRotation = "make an app without token rotation, and " + botToken
)

// errRotates is the note about a token that works, but expires.
var errRotates = errors.New("this token (xoxe.xoxb-…) belongs to an app with token rotation and " +
	"expires after 12 hours; alerts then stop; " + withoutRotation)

// usable returns an error if a token is of a kind that can never post. Its prefix shows the kind.
func usable(token string) error {
	switch {
	case strings.HasPrefix(token, "xoxe-"):
		return errors.New("it is a refresh token (xoxe-…), which can never post; " +
			withoutRotation)
	case strings.HasPrefix(token, "xapp-"):
		return errors.New("it is an app-level token (xapp-…), which can never post; " + botToken)
	case letter.IsLink(token):
		return errors.New("it is an address, not a token; write slack_webhook for an incoming " +
			"webhook")
	}
	return nil
}

// advice returns what to do about a code of Slack; "" if the code is clear.
func advice(code, channel, needed string) string {
	switch code {
	case "invalid_auth", "not_authed":
		return botToken
	case "token_expired":
		return "the app has token rotation, so its tokens (xoxe.xoxb-…) expire after 12 hours, " +
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
			"About in its details), and /invite the app if the channel is private",
			limits.Clip(outside.Line(channel), 40))
	case "not_in_channel":
		return fmt.Sprintf("the app is not in channel %s; write /invite and its name there",
			limits.Clip(outside.Line(channel), 40))
	case "is_archived":
		return "the channel is archived; bring it back, or configure another one"
	case "message_not_found":
		return "the message was deleted"
	case "edit_window_closed", "cant_update_message":
		return "the workspace no longer allows editing this message"
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
