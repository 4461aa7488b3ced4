package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// IsSlack reports whether a receiver posts to Slack.
func IsSlack(r config.Receiver) bool {
	return r.Kind == config.KindSlack || r.Kind == config.KindSlackWebhook
}

// TestSlack tries a receiver that posts to Slack: its token, its scopes, its channel and, with
// send, a message with a picture that is marked as a test. With "" it tries the only one. The
// returned error is one of the configuration or the name; what does not work is in the checks.
func TestSlack(ctx context.Context, cfg *config.Config, name string, o Options,
	send bool) ([]Check, error) {
	r, err := slackReceiver(cfg, name)
	if err != nil {
		return nil, err
	}
	keys, ok := r.To.(config.Slack)
	if !ok { // an incoming webhook has neither a token nor pictures
		return []Check{testMessage(ctx, cfg, r.Name, o, send, new(notify.Receipt))}, nil
	}
	options, err := slackOptions(keys)
	if err != nil {
		return nil, fmt.Errorf("receiver %s: %w", r.Name, err)
	}
	to := slack.New(options)
	checks := checkAccess(ctx, to, keys.Channel)
	for _, c := range checks {
		send = send && c.Err == nil
	}
	var sent notify.Receipt
	message := testMessage(ctx, cfg, r.Name, o, send, &sent)
	checks = append(checks, message)
	if message.Skipped || message.Err != nil {
		return append(checks, Check{Text: "picture not tried", Skipped: true}), nil
	}
	if err := to.Show(ctx, sent, testPicture(o.Slot)); err != nil {
		return append(checks, Check{Text: "picture failed", Err: err}), nil
	}
	return append(checks, Check{Text: "picture shown in the thread of the message"}), nil
}

// slackReceiver returns the receiver with a name, or the only one that posts to Slack.
func slackReceiver(cfg *config.Config, name string) (config.Receiver, error) {
	var found []config.Receiver
	var names []string
	for _, r := range cfg.Receivers {
		if !IsSlack(r) {
			continue
		}
		names = append(names, r.Name)
		if name == "" || name == r.Name {
			found = append(found, r)
		}
	}
	switch {
	case len(names) == 0:
		return config.Receiver{}, errors.New("the configuration has no receiver for Slack; add " +
			"one: receivers: [{name: team, slack: {channel: C0123456789}}]")
	case len(found) == 1:
		return found[0], nil
	case name == "":
		return config.Receiver{}, fmt.Errorf("the configuration has several receivers for Slack; "+
			"choose one: %s", strings.Join(names, ", "))
	}
	return config.Receiver{}, &UnknownReceiverError{name, names}
}

// checkAccess returns what Slack says about the token and the channel.
func checkAccess(ctx context.Context, to *slack.Notifier, channel string) []Check {
	access, err := to.Access(ctx)
	if err != nil {
		return []Check{{Text: "token failed", Err: err}}
	}
	checks := []Check{
		{Text: fmt.Sprintf("token of %s in the workspace %s", access.Bot, access.Team)},
		{Text: "scopes " + strings.Join(access.Scopes, ", ")},
	}
	scopes := &checks[1]
	switch missing := strings.Join(access.Missing(), " and "); {
	case access.Scopes == nil:
		*scopes = Check{Text: "scopes unknown: Slack does not say them", Skipped: true}
	case missing != "":
		scopes.Err = fmt.Errorf("the app lacks the scope %s; add it under OAuth & Permissions, and "+
			"install the app again", missing)
	case access.ShowsUnchecked():
		scopes.Notes = []string{"Without files:read, promsnap cannot check that Slack shows its " +
			"pictures."}
	}
	unknown := Check{
		Text: "channel " + channel + ": a message shows whether the app is in it", Skipped: true,
	}
	if !access.SeesChannel() {
		return append(checks, unknown)
	}
	switch name, known, err := to.Channel(ctx); {
	case err != nil:
		return append(checks, Check{Text: "channel " + channel + " failed", Err: err})
	case !known:
		return append(checks, unknown)
	default:
		return append(checks, Check{Text: fmt.Sprintf("channel %s (#%s)", channel, name)})
	}
}

// testMessage sends a message that is marked as a test, and stores its receipt.
func testMessage(ctx context.Context, cfg *config.Config, name string, o Options, send bool,
	sent *notify.Receipt) Check {
	if !send {
		return Check{Text: "message not sent", Skipped: true}
	}
	receipt, err := Test(ctx, cfg, name, o)
	if err != nil {
		return Check{Text: "message failed", Err: err}
	}
	*sent = receipt
	return Check{Text: "message sent"}
}

// testPicture returns a chart that shows nothing but that pictures arrive.
func testPicture(slot time.Time) letter.Picture {
	const name, samples = "promsnap-test", 61
	line := snapshot.Line{Row: snapshot.Row{Name: "a made-up curve"}}
	for i := range samples {
		line.Values = append(line.Values, 50+40*math.Sin(2*math.Pi*float64(i)/(samples-1)))
	}
	p := &snapshot.Panel{
		Spec: panel.Spec{
			Name: name, Title: "A test of promsnap",
			Queries: []panel.Query{{Expr: "vector(50)", Unit: units.Percent}},
		},
		Grid: series.Grid{
			Start: slot.Add(-(samples - 1) * time.Minute), Step: time.Minute, Len: samples,
		},
		Total: 1, Rows: []snapshot.Row{line.Row}, Lines: []snapshot.Line{line},
		Data: snapshot.DataComplete,
	}
	return letter.NewPicture(name+".png", "A chart of a made-up curve: a test of promsnap",
		func() ([]byte, error) {
			return chart.PNG(p, chart.Options{Phone: true, Scale: 2, Zone: time.UTC})
		})
}
