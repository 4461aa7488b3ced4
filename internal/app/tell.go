package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// teller knows whom reports are for and what they were told: what a delivery and its rehearsal have
// in common.
type teller struct {
	cfg       *config.Config
	o         Options
	receivers map[string]receiver // by name
	store     state.Store
	run       string // unlike every other run
	again     bool   // see Receivers
}

// openTeller opens the state and the receivers. A file that does not answer is no error of the
// configuration: the run says so.
func openTeller(ctx context.Context, cfg *config.Config, o Options) (teller, error) {
	store, err := OpenState(ctx, cfg.State, o.Kubernetes)
	if stalled(err) {
		store = lostStore{err}
	} else if err != nil {
		return teller{}, err
	}
	receivers, err := openReceivers(ctx, cfg.Receivers)
	return teller{
		cfg: cfg, o: o, receivers: receivers, store: state.ByClock{Store: store, Now: o.Now},
		run: rand.Text(),
	}, err
}

// checkReceivers returns an error if a requested report has nobody to be told.
func checkReceivers(cfg *config.Config, o Options) error {
	for _, r := range o.reports(cfg) {
		if len(r.Receivers) == 0 {
			return fmt.Errorf("report %s has no receivers; write them into the configuration, or "+
				"run it without --deliver and --dry-run", r.Name)
		}
	}
	return nil
}

// judgedReport is the snapshot of a report with what its alerts came to.
type judgedReport struct {
	reportSnapshot
	began, until time.Time // of the run
	now          rules.Evaluation
	details      map[rules.Key][]string // see notify.Delivery
	notes        []string               // see Result
}

func (t *teller) evaluate(ctx context.Context, s reportSnapshot) judgedReport {
	now, err := alerts.Evaluate(ctx, s.source, s.panels, s.nodes, s.window)
	r := judgedReport{reportSnapshot: s, now: now}
	r.details = alerts.Details(s.panels, now,
		func(p *snapshot.Panel, f *snapshot.Finding) []string {
			return report.SayDetails(s.info.Language, p, f)
		})
	if err != nil {
		r.notes = append(r.notes, err.Error())
	}
	return r
}

// mostStateTime is how long the state may take to be read.
const mostStateTime = 15 * time.Second

// stateTime is ctx for reading the state. A short run keeps most of its time for telling people.
func (t *teller) stateTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(mostStateTime, t.o.Timeout/4))
}

// remember opens what is remembered of a report, with the alerts of this slot, and builds the
// report, which says how old they are. Where memory is lost it does not: everything would look new.
func (t *teller) remember(ctx context.Context, store state.Store,
	r judgedReport) (*state.Session, Result) {
	ctx, cancel := t.stateTime(ctx)
	defer cancel()
	in, res := r.info, Result{Notes: slices.Clone(r.notes)}
	s := state.Open(ctx, store, state.Key{Cluster: t.cfg.Cluster, Report: r.config.Name}, t.run,
		r.now, in.Slot)
	if s.Lost() == nil {
		in.Known = &report.Known{Memory: s.Page().Memory, Now: r.now}
		if a, blind := s.Page().Memory.Alerts[rules.BlindKey]; blind && a.Fires() {
			res.blind = true
			res.Notes = append(res.Notes,
				fmt.Sprintf("%s fires since %s, so this run counts as failed", rules.BlindName,
					a.Now().Since.UTC().Format(time.RFC3339)))
		}
	}
	res.Report = report.Build(in, r.panels)
	return s, res
}

// request is what is asked of notify. What is not known is among the result's errors and notes.
func (t *teller) request(ctx context.Context, r judgedReport, session *state.Session,
	res *Result) notify.Request {
	rq := notify.Request{
		Report: res.Report, Run: t.run, Until: r.until, Now: t.o.Now, Began: r.began,
		Details:    r.details,
		Unrecorded: session.Unrecorded(t.runs(r)), Lasts: alerts.Lasts(r.panels),
	}
	if lost := session.Lost(); lost != nil {
		rq.MemoryLost, res.Err = lost.Error(), lost
	}
	if s := r.config.Schedule; s != nil {
		rq.Interval = s.Interval(r.info.Slot)
	}
	var err error
	if rq.History, err = t.history(ctx, r.config, r.info.Slot, session.Page()); err != nil {
		res.Notes = append(res.Notes, err.Error())
	}
	return rq
}

// runs is when runs of a report are due; nil: that is not known.
func (t *teller) runs(r judgedReport) notify.Schedule {
	switch {
	case t.again: // the run before was for this very slot
		return func(_, slot time.Time) []time.Time { return []time.Time{slot} }
	case r.config.Schedule != nil:
		return r.config.Schedule.Between
	}
	return nil
}

// receiversOf returns the receivers of a report, with what they want to be told.
func (t *teller) receiversOf(r config.Report) []notify.Receiver {
	var out []notify.Receiver
	for _, name := range r.Receivers {
		c := t.receivers[name].config
		n := notify.Receiver{
			Name: name, Notifier: t.receivers[name].notifier, Role: roleOf(r, c),
			MinSeverity: c.MinSeverity, SendResolved: c.SendResolved,
			AllClear: c.AllClear, RepeatInterval: r.RepeatInterval,
			GroupBy: slices.Clone(c.GroupBy), Muted: c.Muted,
			Limits: t.receivers[name].kind.limits,
		}
		if c.Fallback != "" {
			n.Fallback = &notify.Fallback{
				Name: c.Fallback, Notifier: t.receivers[c.Fallback].notifier,
				Limits: t.receivers[c.Fallback].kind.limits,
			}
		}
		out = append(out, n)
	}
	return out
}

func roleOf(r config.Report, c config.Receiver) notify.Role {
	switch {
	case c.Role == config.RoleArchive && r.ArchiveOnChange:
		return notify.RoleArchiveOnChange
	case c.Role == config.RoleArchive:
		return notify.RoleArchive
	case c.Role == config.RoleProgram:
		return notify.RoleMirror
	case r.Send == config.SendSummary:
		return notify.RoleSummary
	}
	return notify.RoleChanges
}

// location is where a person finds the report: at the first archive that has it.
func (t *teller) location(sent []notify.Sent) notify.Receipt {
	for _, s := range sent {
		if to := t.receivers[s.Receiver].config; to.Role == config.RoleArchive && s.Err == nil {
			return notify.Receipt{
				Location: cmp.Or(s.Receipt.Location, s.Receiver), Expires: s.Receipt.Expires,
			}
		}
	}
	return notify.Receipt{}
}
