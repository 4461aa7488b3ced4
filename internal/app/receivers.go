package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/notify/s3"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// receiver is a receiver of the configuration, put together.
type receiver struct {
	config   config.Receiver
	notifier notify.Notifier
	slack    *slack.Notifier // the notifier of a Slack app, whose threads are filled later; nil of every other
	idle     idler           // its own connections; nil where they are http.DefaultTransport's
}

// openReceivers puts the receivers of the configuration together. None is asked for anything yet.
func openReceivers(ctx context.Context, from []config.Receiver) (map[string]receiver, error) {
	out := make(map[string]receiver, len(from))
	for _, r := range from {
		opened, err := openReceiver(ctx, r)
		if stalled(err) {
			opened.notifier = lostReceiver{err}
		} else if err != nil {
			return nil, fmt.Errorf("receiver %s: %w", r.Name, err)
		}
		out[r.Name] = opened
	}
	return out, nil
}

func openReceiver(ctx context.Context, r config.Receiver) (receiver, error) {
	out := receiver{config: r}
	switch {
	case r.Dir != "":
		out.notifier = dir.NewArchive(r.Dir)
	case r.S3 != nil:
		bucket, err := openBucket(ctx, r.S3.Bucket, 1) // notify.Deliver tries again
		if err != nil {
			return out, err
		}
		out.idle = bucket
		out.notifier, err = s3.New(bucket, s3.Options{Prefix: r.S3.Prefix, PublicURL: r.S3.PublicURL, LinkLife: r.S3.LinkExpiry})
		if err != nil {
			return out, err
		}
	case r.Slack != nil:
		o, err := slackOptions(r)
		if err != nil {
			return out, err
		}
		out.slack = slack.New(o)
		out.notifier = out.slack
	case r.SlackWebhook != nil:
		o, err := slackOptions(r)
		if err != nil {
			return out, err
		}
		out.notifier = slack.NewWebhook(slack.WebhookOptions{URL: r.SlackWebhook.URL, Mentions: o.Mentions})
	case r.Mirrors():
		to, err := mirrorTransport(ctx, r)
		if err != nil {
			return out, err
		}
		if to != nil {
			out.idle = &http.Client{Transport: to}
		}
		out.notifier, err = openMirror(r, to)
		return out, err
	}
	return out, nil
}

// slackOptions are those of an app; of a webhook's they are what a dry run goes by.
func slackOptions(r config.Receiver) (slack.Options, error) {
	var o slack.Options
	var mentions map[rules.Severity][]string
	if r.Slack != nil {
		o, mentions = slack.Options{Channel: r.Slack.Channel, Token: r.Slack.Token, APIURL: r.Slack.APIURL}, r.Slack.Mentions
	} else {
		mentions = r.SlackWebhook.Mentions
	}
	o.Mentions = make(map[rules.Severity][]slack.Mention, len(mentions))
	for severity, names := range mentions {
		for _, name := range names {
			m, err := slack.ParseMention(name)
			if err != nil {
				return o, err
			}
			o.Mentions[severity] = append(o.Mentions[severity], m)
		}
	}
	return o, nil
}

// stateAttempts is how often the state is asked for where trouble may pass: nobody else tries again.
const stateAttempts = 3

// OpenState returns the store of the configuration's state; k is only for one in a ConfigMap. It is not asked for anything yet.
func OpenState(ctx context.Context, s *config.State, k Kubernetes) (state.Store, error) {
	switch {
	case s.ConfigMap != nil && k == nil:
		return nil, errors.New("state.configmap: there is no cluster here to remember in; write state: {s3: {bucket: NAME}}, or run promsnap where there is a kubeconfig")
	case s.ConfigMap != nil:
		return k.ConfigMap(s.ConfigMap.Namespace, s.ConfigMap.Name), nil
	case s.S3 == nil:
		return state.NewDir(s.Dir), nil
	}
	bucket, err := openBucket(ctx, *s.S3, stateAttempts)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return pooled{state.NewS3(bucket, s.S3.Prefix), bucket}, nil
}

// pooled is a store with connections of its own.
type pooled struct {
	state.Store
	idler
}

func openBucket(ctx context.Context, b config.Bucket, attempts int) (*cloud.Bucket, error) {
	account, err := cloud.Open(ctx, cloud.Identity{
		Region: b.Region, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Role: b.RoleARN, ExternalID: b.ExternalID,
	})
	if err != nil {
		return nil, err
	}
	return account.Bucket(cloud.BucketOptions{
		Name: b.Name, Endpoint: b.Endpoint, PathStyle: b.PathStyle, Encryption: cloud.Encryption(b.SSE), KMSKey: b.KMSKey, Attempts: attempts,
		Checksum: cloud.Checksum(b.Checksum),
	})
}

// receiversOf returns the receivers of a report, with what they want to be told.
func (a *App) receiversOf(r config.Report) []notify.Receiver {
	var out []notify.Receiver
	for _, name := range r.Receivers {
		c := a.receivers[name].config
		n := notify.Receiver{
			Name: name, Notifier: a.receivers[name].notifier, Role: roleOf(r, c), MinSeverity: c.MinSeverity, SendResolved: c.SendResolved,
			AllClear: c.AllClear, RepeatInterval: r.RepeatInterval, GroupBy: slices.Clone(c.GroupBy), Muted: c.Muted,
			Limits: limitsOf(c),
		}
		if c.Fallback != "" {
			n.Fallback = &notify.Fallback{Name: c.Fallback, Notifier: a.receivers[c.Fallback].notifier, Limits: limitsOf(a.receivers[c.Fallback].config)}
		}
		out = append(out, n)
	}
	return out
}

// limitsOf are what a receiver takes in one run.
func limitsOf(c config.Receiver) notify.Limits {
	if c.Slack != nil || c.SlackWebhook != nil {
		return slack.Limits()
	}
	return notify.Limits{}
}

func roleOf(r config.Report, c config.Receiver) notify.Role {
	switch {
	case c.Archives() && r.ArchiveOnChange:
		return notify.RoleArchiveOnChange
	case c.Archives():
		return notify.RoleArchive
	case c.Mirrors():
		return notify.RoleMirror
	case r.Send == config.SendSummary:
		return notify.RoleSummary
	}
	return notify.RoleChanges
}

// location is where a person finds the report: at the first archive that has it.
func (a *App) location(sent []notify.Sent) notify.Receipt {
	for _, s := range sent {
		if to := a.receivers[s.Receiver].config; to.Archives() && s.Err == nil {
			return notify.Receipt{Location: cmp.Or(s.Receipt.Location, s.Receiver), Expires: s.Receipt.Expires}
		}
	}
	return notify.Receipt{}
}
