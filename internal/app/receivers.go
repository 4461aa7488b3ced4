package app

import (
	"context"
	"fmt"
	"reflect"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/rules"
)

// kind is what promsnap knows of one kind of receiver.
type kind struct {
	title  string        // what doctor calls it
	limits notify.Limits // of a run
	// what people do not get by it that they get by another kind; "" where there is no such thing
	loses string
	open  func(ctx context.Context, r config.Receiver) (opened, error)
	// rehearse returns what stands in for a receiver in a dry run: it sends nothing, needs no
	// secret, and hands over what would be sent. Nil of what keeps reports.
	rehearse func(r config.Receiver, take drafter) (notify.Notifier, error)
}

// drafter takes one thing that a receiver would be sent.
type drafter func(of notify.Kind, step, text, contentType string, body []byte)

// opened is a receiver that can be told.
type opened struct {
	notifier notify.Notifier
	// what no message waits for, such as a thread's pictures; nil: nothing
	followUp func(ctx context.Context) error
	idle     idler // its own connections; nil where they are http.DefaultTransport's
}

// kinds are the receivers that there are. Whoever adds one adds it here.
var kinds = map[config.Kind]kind{
	config.KindDir: {title: "receiver", open: opener(openDir)},
	config.KindS3:  {title: "S3", open: opener(openS3)},
	config.KindSlack: {
		title: "Slack", limits: slack.Limits(), open: opener(openSlack),
		rehearse: rehearser(rehearseSlack),
	},
	config.KindSlackWebhook: {
		title: "Slack", limits: slack.Limits(), loses: slack.WebhookLoses,
		open: opener(openSlackWebhook), rehearse: rehearser(rehearseSlackWebhook),
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

// opener is a kind's open whose keys come to a T.
func opener[T any](open func(context.Context, T) (opened,
	error)) func(context.Context, config.Receiver) (opened, error) {
	return func(ctx context.Context, r config.Receiver) (opened, error) {
		to, ok := r.To.(T)
		if !ok {
			return opened{}, keysError[T](r)
		}
		return open(ctx, to)
	}
}

// rehearser is a kind's rehearse whose keys come to a T.
func rehearser[T any](rehearse func(T, drafter) (notify.Notifier,
	error)) func(config.Receiver, drafter) (notify.Notifier, error) {
	return func(r config.Receiver, take drafter) (notify.Notifier, error) {
		to, ok := r.To.(T)
		if !ok {
			return nil, keysError[T](r)
		}
		return rehearse(to, take)
	}
}

// keysError says that the table is wrong, or who made the receiver.
func keysError[T any](r config.Receiver) error {
	return fmt.Errorf("internal error (please report it): the keys of %s come to %T, not to %s",
		r.Kind, r.To, reflect.TypeFor[T]())
}

// Loses returns what people do not get by a receiver of this kind that they get by another; ""
// where there is no such thing.
func Loses(k config.Kind) string { return kinds[k].loses }

// receiver is a receiver of the configuration, put together.
type receiver struct {
	config config.Receiver
	kind   kind
	opened
}

// openReceivers puts the receivers of the configuration together. None is asked for anything yet.
func openReceivers(ctx context.Context, from []config.Receiver) (map[string]receiver, error) {
	out := make(map[string]receiver, len(from))
	for _, r := range from {
		to, err := openReceiver(ctx, r)
		if stalled(err) {
			to.notifier = lostReceiver{err}
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
		return receiver{config: r}, fmt.Errorf("promsnap knows no receiver of the kind %q", r.Kind)
	}
	to, err := k.open(ctx, r)
	return receiver{r, k, to}, err
}

func openDir(_ context.Context, d config.Dir) (opened, error) {
	return opened{notifier: dir.NewArchive(string(d))}, nil
}

func openS3(ctx context.Context, a config.Archive) (opened, error) {
	bucket, err := openBucket(ctx, a.Bucket, 1) // notify.Deliver tries again
	if err != nil {
		return opened{}, err
	}
	to, err := s3.New(bucket, s3.Options{
		Prefix: a.Prefix, PublicURL: a.PublicURL, LinkLife: a.LinkExpiry,
	})
	return opened{notifier: to, idle: bucket}, err
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

// rehearseSlack hands over the blocks of each message.
func rehearseSlack(s config.Slack, take drafter) (notify.Notifier, error) {
	o, err := slackOptions(s)
	if err != nil {
		return nil, err
	}
	return slack.NewDryRun(o, func(d notify.Delivery, drafts []slack.Draft) error {
		for _, one := range drafts {
			blocks, err := one.Blocks()
			if err != nil {
				return err
			}
			take(d.Message.Kind, one.Step, one.Text, jsonType, blocks)
		}
		return nil
	}), nil
}

// rehearseSlackWebhook rehearses an app without a channel.
func rehearseSlackWebhook(w config.SlackWebhook, take drafter) (notify.Notifier, error) {
	return rehearseSlack(config.Slack{Mentions: w.Mentions}, take)
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
