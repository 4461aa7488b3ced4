package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/slack"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// Mode is what a run does with its reports.
type Mode uint8

// The modes.
const (
	WriteFiles Mode = iota // under Options.OutputDir, and nothing else
	DryRun                 // under Options.OutputDir, with what people would be told; nothing is sent or remembered
	Deliver                // to the configuration's receivers, and remember what they were told
)

// Draft is a message that a dry run did not send.
type Draft struct {
	Receiver string
	Kind     notify.Kind
	Step     string // how it would go out: post, reply, broadcast, edit, thread
	Text     string // as a person reads it
	File     string // beside the report, its blocks for Slack's Block Kit Builder
}

// stateTime is how long the state may take to be read.
const stateTime = 15 * time.Second

// deliver hands the report to its receivers, under a claim, as far as they do not know what it says.
func (a *App) deliver(ctx context.Context, r config.Report, rep *report.Report, now rules.Evaluation, until time.Time) Result {
	res := Result{Report: rep}
	session := a.remember(ctx, a.store, rep, now)
	rq := notify.Request{
		Report: rep, Receivers: a.receiversOf(r), Render: rep.Render, Run: a.run, Until: until, Now: a.o.Now,
	}
	if lost := session.Lost(); lost != nil {
		rq.MemoryLost, res.Err = lost.Error(), lost
	}
	out, err := notify.Deliver(ctx, session, rq)
	res.StoodBack, res.Sent, res.Err = out.StoodBack, out.Sent, errors.Join(res.Err, err)
	res.Receipt = location(out.Sent)
	for _, c := range a.cfg.Receivers { // also those that were told as another's fallback
		if app := a.receivers[c.Name].slack; app != nil {
			if err := app.FollowUp(ctx); err != nil {
				res.Notes = append(res.Notes, fmt.Sprintf("%s: %v", c.Name, err))
			}
		}
	}
	return res
}

// rehearse does everything that deliver does, but for sending and remembering: the report and Slack's blocks are written under
// Options.OutputDir.
func (a *App) rehearse(ctx context.Context, r config.Report, rep *report.Report, now rules.Evaluation, until time.Time) Result {
	res := Result{Report: rep}
	files, err := rep.Render(ctx)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", r.Name, err)
		return res
	}
	session := a.remember(ctx, forgetful{a.store}, rep, now)
	rq := notify.Request{
		Report: rep, Run: a.run, Until: until, Now: a.o.Now, Render: func(context.Context) ([]report.File, error) { return files, nil },
	}
	if lost := session.Lost(); lost != nil {
		rq.MemoryLost, res.Err = lost.Error(), lost
	}
	for _, n := range a.receiversOf(r) {
		c := a.receivers[n.Name].config
		if c.Archives() {
			continue
		}
		o, err := slackOptions(c)
		if err != nil {
			res.Err = errors.Join(res.Err, err)
			continue
		}
		n.Fallback, n.Notifier = nil, slack.NewDryRun(o, func(d notify.Delivery, drafts []slack.Draft) error {
			for _, draft := range drafts {
				blocks, err := draft.Blocks()
				if err != nil {
					return err
				}
				name := fmt.Sprintf("message-%02d-%s-%s.json", len(res.Drafts)+1, n.Name, draft.Step)
				files = append(files, report.File{Name: name, ContentType: "application/json", Body: blocks})
				res.Drafts = append(res.Drafts, Draft{n.Name, d.Message.Kind, draft.Step, draft.Text, name})
			}
			return nil
		})
		rq.Receivers = append(rq.Receivers, n)
	}
	out, err := notify.Deliver(ctx, session, rq)
	res.StoodBack, res.Err = out.StoodBack, errors.Join(res.Err, err)
	res.Receipt, err = a.local.Notify(ctx, notify.Delivery{Report: rep, Files: files})
	if err != nil {
		res.Err = errors.Join(res.Err, fmt.Errorf("writing report %s: %w", r.Name, err))
	}
	return res
}

// remember opens what is remembered of a report, with the alerts of this slot.
func (a *App) remember(ctx context.Context, store state.Store, rep *report.Report, now rules.Evaluation) *state.Session {
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	return state.Open(ctx, store, state.Key{Cluster: a.cfg.Cluster, Report: rep.Info.Name}, a.run, now, rep.Info.Slot)
}

// forgetful is a store that reads and writes nothing.
type forgetful struct{ state.Store }

// Save implements state.Store.
func (forgetful) Save(_ context.Context, _ state.Key, _ state.Doc, v state.Version) (state.Version, error) {
	return v, nil
}
