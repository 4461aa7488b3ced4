package app

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/discord"
	"github.com/promsnap/promsnap/internal/notify/email"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/opsgenie"
	"github.com/promsnap/promsnap/internal/notify/pagerduty"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/notify/teams"
	"github.com/promsnap/promsnap/internal/notify/telegram"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// kind is what promsnap knows about one kind of receiver.
type kind struct {
	title  string        // what doctor calls it
	limits notify.Limits // of a run
	// limitation is what people do not get from this kind that they get from another; "": nothing.
	limitation string
	open       func(ctx context.Context, r config.Receiver) (opened, error)
	// rehearse returns a stand-in for a dry run. It sends nothing, needs no secret, and passes on
	// what would be sent. Nil for receivers that keep reports.
	rehearse func(r config.Receiver, draft drafter) (notify.Notifier, error)
	// archive opens the archive to read and to prune it. Nil for receivers that keep no reports.
	archive func(ctx context.Context, r config.Receiver) (archive.Store, error)
}

// drafter is called with one thing that a receiver would be sent, and the pictures that are
// uploaded with it.
type drafter func(of notify.Kind, step, text, contentType string, body []byte,
	pictures ...report.File)

// opened is a receiver that is ready to be used.
type opened struct {
	notifier notify.Notifier
	// followUp does work that messages do not wait for, such as a thread's pictures; nil: none.
	followUp func(ctx context.Context) error
	idle     idler // its own connections; nil if it uses http.DefaultTransport
	// attaches reports whether messages of a kind have files of the report; nil: none.
	attaches func(notify.Kind) bool
}

// kinds lists every kind of receiver. A new kind is added here.
var kinds = map[config.Kind]kind{
	config.KindDir: {
		title: "receiver", open: opener(openDir), archive: opener(readDir),
	},
	config.KindS3: {title: "S3", open: opener(openS3), archive: opener(readS3)},
	config.KindSlack: {
		title: "Slack", limits: slack.Limits(), open: opener(openSlack),
		rehearse: rehearser(rehearseSlack),
	},
	config.KindSlackWebhook: {
		title: "Slack", limits: slack.Limits(), limitation: slack.WebhookLimitation,
		open: opener(openSlackWebhook), rehearse: rehearser(rehearseSlackWebhook),
	},
	config.KindEmail: {
		title: "e-mail", limits: email.Limits(), open: opener(openEmail),
		rehearse: rehearser(rehearseEmail),
	},
	config.KindPagerDuty: {
		title: "PagerDuty", limitation: pagerduty.Limitation, open: opener(openPagerDuty),
		rehearse: rehearser(rehearsePagerDuty),
	},
	config.KindOpsgenie: {
		title: "Opsgenie", limitation: opsgenie.Limitation, open: opener(openOpsgenie),
		rehearse: rehearser(rehearseOpsgenie),
	},
	config.KindTeams: {
		title: "Teams", limits: teams.Limits(), limitation: teams.Limitation,
		open: opener(openTeams), rehearse: rehearser(rehearseTeams),
	},
	config.KindDiscord: {
		title: "Discord", limits: discord.Limits(), limitation: discord.Limitation,
		open: opener(openDiscord), rehearse: rehearser(rehearseDiscord),
	},
	config.KindTelegram: {
		title: "Telegram", limits: telegram.Limits(), limitation: telegram.Limitation,
		open: opener(openTelegram), rehearse: rehearser(rehearseTelegram),
	},
	config.KindWebhook: {
		title: "receiver", open: opener(openWebhook), rehearse: rehearser(rehearseWebhook),
	},
	config.KindAlertmanager: {
		title: "receiver", open: opener(openAlertmanager),
		rehearse: rehearser(rehearseAlertmanager),
	},
	config.KindPushgateway: {
		title: "receiver", open: opener(openPushgateway), rehearse: rehearser(rehearsePushgateway),
	},
}

// opener adapts a function that opens receivers of a kind whose keys are a T.
func opener[T, O any](open func(context.Context, T) (O,
	error)) func(context.Context, config.Receiver) (O, error) {
	return func(ctx context.Context, r config.Receiver) (O, error) {
		to, ok := r.To.(T)
		if !ok {
			var none O
			return none, keysError[T](r)
		}
		return open(ctx, to)
	}
}

// rehearser adapts the rehearse function of a kind whose keys are a T.
func rehearser[T any](rehearse func(T, drafter) (notify.Notifier,
	error)) func(config.Receiver, drafter) (notify.Notifier, error) {
	return func(r config.Receiver, draft drafter) (notify.Notifier, error) {
		to, ok := r.To.(T)
		if !ok {
			return nil, keysError[T](r)
		}
		return rehearse(to, draft)
	}
}

// keysError says that kinds or the code that built the receiver is wrong.
func keysError[T any](r config.Receiver) error {
	return fmt.Errorf("internal error (please report it): the keys of %s are a %T, not a %s",
		r.Kind, r.To, reflect.TypeFor[T]())
}

// Limitation returns what a receiver of this kind cannot send to people although others can; "" if
// nothing is missing.
func Limitation(k config.Kind) string { return kinds[k].limitation }

// receiver is an opened receiver of the configuration.
type receiver struct {
	config config.Receiver
	kind   kind
	opened
}

// limits returns what the receiver gets in one run.
func (r receiver) limits() notify.Limits {
	l := r.kind.limits
	l.Separate = r.config.MaxMessages
	return l
}

// openReceivers opens the receivers of the configuration. It contacts none of them.
func openReceivers(ctx context.Context, from []config.Receiver) (map[string]receiver, error) {
	out := make(map[string]receiver, len(from))
	for _, r := range from {
		to, err := openReceiver(ctx, r)
		if stalled(err) {
			to.notifier = failingReceiver{err}
		} else if err != nil {
			return nil, fmt.Errorf("receiver %s: %w", r.Name, err)
		}
		out[r.Name] = to
	}
	return out, nil
}

func openReceiver(ctx context.Context, r config.Receiver) (receiver, error) {
	k, ok := kinds[r.Kind]
	if !ok {
		return receiver{config: r}, fmt.Errorf("unknown kind of receiver %q", r.Kind)
	}
	to, err := k.open(ctx, r)
	return receiver{r, k, to}, err
}

func openSlack(_ context.Context, s config.Slack) (opened, error) {
	o, err := slackOptions(s)
	if err != nil {
		return opened{}, err
	}
	to := slack.New(o)
	return opened{notifier: to, followUp: to.FollowUp}, nil
}

func openSlackWebhook(_ context.Context, w config.SlackWebhook) (opened, error) {
	mentions, err := mentionsOf(w.Mentions)
	if err != nil {
		return opened{}, err
	}
	return opened{
		notifier: slack.NewWebhook(slack.WebhookOptions{URL: w.URL, Mentions: mentions}),
	}, nil
}

// rehearseSlack passes on the blocks of each message.
func rehearseSlack(s config.Slack, draft drafter) (notify.Notifier, error) {
	o, err := slackOptions(s)
	if err != nil {
		return nil, err
	}
	return slack.NewDryRun(o, passOn(draft)), nil
}

// rehearseSlackWebhook passes on the blocks of each message.
func rehearseSlackWebhook(w config.SlackWebhook, draft drafter) (notify.Notifier, error) {
	mentions, err := mentionsOf(w.Mentions)
	if err != nil {
		return nil, err
	}
	return slack.NewWebhookDryRun(slack.WebhookOptions{Mentions: mentions}, passOn(draft)), nil
}

// passOn returns a function that passes on the blocks, the text and the pictures of each message. A
// picture that cannot be drawn is named in the text, because it would not stop the message.
func passOn(draft drafter) func(d notify.Delivery, drafts []slack.Draft) error {
	return func(d notify.Delivery, drafts []slack.Draft) error {
		for _, one := range drafts {
			blocks, err := one.Blocks()
			if err != nil {
				return err
			}
			pictures, without := drawn(one.Pictures)
			draft(d.Message.Kind, one.Step, strings.TrimPrefix(one.Text+without, "\n"), jsonType, blocks,
				pictures...)
		}
		return nil
	}
}

// drawn draws the pictures of a message, and returns what to say about those that cannot be drawn.
func drawn(pictures []letter.Picture) (files []report.File, without string) {
	all, failed := letter.Draw(pictures)
	for _, p := range all {
		files = append(files, report.File{Name: p.Name, ContentType: "image/png", Body: p.Body})
	}
	if failed != nil {
		without = fmt.Sprintf("\n[no picture: %v]", failed)
	}
	return files, without
}

func slackOptions(s config.Slack) (slack.Options, error) {
	mentions, err := mentionsOf(s.Mentions)
	return slack.Options{
		Channel: s.Channel, Token: s.Token, APIURL: s.APIURL, Mentions: mentions,
	}, err
}

func mentionsOf(from map[rules.Severity][]string) (map[rules.Severity][]slack.Mention, error) {
	out := make(map[rules.Severity][]slack.Mention, len(from))
	for severity, names := range from {
		for _, name := range names {
			m, err := slack.ParseMention(name)
			if err != nil {
				return nil, err
			}
			out[severity] = append(out[severity], m)
		}
	}
	return out, nil
}
