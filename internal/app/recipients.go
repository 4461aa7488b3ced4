package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
)

// recipients holds what a delivery and a dry run share: the receivers, and the state that says what
// they were sent.
type recipients struct {
	cfg       *config.Config
	o         Options
	receivers map[string]receiver // by name
	store     state.Store
	run       string // different from every other run
	again     bool   // see Receivers
}

// openRecipients opens the state and the receivers. A file that does not answer is not an error in
// the configuration: the run reports it.
func openRecipients(ctx context.Context, cfg *config.Config, o Options) (recipients, error) {
	store, err := OpenState(ctx, cfg.State, o.Kubernetes)
	if stalled(err) {
		store = failingStore{err}
	} else if err != nil {
		return recipients{}, err
	}
	receivers, err := openReceivers(ctx, cfg.Receivers)
	return recipients{
		cfg: cfg, o: o, receivers: receivers, store: state.ByClock{Store: store, Now: o.Now},
		run: rand.Text(),
	}, err
}

// checkReceivers returns an error if a requested report has no receivers.
func checkReceivers(cfg *config.Config, o Options) error {
	for _, r := range o.reports(cfg) {
		if len(r.Receivers) == 0 {
			return fmt.Errorf("report %s has no receivers; write them into the configuration, or "+
				"run it without --deliver and --dry-run", r.Name)
		}
	}
	return nil
}

// judgedReport is the snapshot of a report with the evaluation of its alerts.
type judgedReport struct {
	reportSnapshot
	began, until time.Time // of the run
	now          rules.Evaluation
	details      map[rules.Key][]string // see notify.Delivery
	notes        []string               // see Result
}

func (t *recipients) evaluate(ctx context.Context, s reportSnapshot) judgedReport {
	now, err := alerts.Evaluate(ctx, s.source, s.panels, s.options.Nodes, s.window)
	known := t.lookBack(ctx, s, now)
	now = s.withRules(now)
	if s.unknown {
		now.Configured = nil // an alert of an unknown rule must not end
	}
	s.findChanges(ctx, alerts.Begins(now, known))
	r := judgedReport{reportSnapshot: s, now: now}
	r.details = alerts.Lines(s.all(), now,
		func(p *snapshot.Panel, f *snapshot.Finding) []string {
			return report.SayDetails(s.info.Language, p, f)
		})
	if err != nil {
		r.notes = append(r.notes, err.Error())
	}
	return r
}

// lookBack finds out since when alerts fire if neither the window nor the state shows it. It reads
// the state only if the window does not show it. The pictures of a summary need the time before the
// window too, so a summary always looks back. lookBack returns what it read of the state.
func (t *recipients) lookBack(ctx context.Context, s reportSnapshot,
	now rules.Evaluation) rules.Memory {
	if !slices.ContainsFunc(s.panels, func(p snapshot.Panel) bool { return p.BeginsBefore() }) {
		return rules.Memory{}
	}
	var known rules.Memory
	if s.config.Send != config.SendSummary {
		reading, cancel := t.stateTime(ctx)
		defer cancel()
		// After an error nothing is known. The delivery reads the state again and reports the
		// error.
		doc, _, _ := t.store.Load(reading, state.Key{Cluster: t.cfg.Cluster, Report: s.config.Name})
		known = doc.Memory
	}
	alerts.LookBack(ctx, s.client, s.panels, now, known, s.options)
	return known
}

// maxStateTime is how long reading the state may take.
const maxStateTime = 15 * time.Second

// stateTime returns a context for reading the state. A short run keeps most of its time for
// sending.
func (t *recipients) stateTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(maxStateTime, t.o.Timeout/4))
}

// openSession opens the state of a report, advances its alerts to this slot, and builds the report
// with the age of each alert. If the state is lost, the report shows no ages: everything would look
// new.
func (t *recipients) openSession(ctx context.Context, store state.Store,
	r judgedReport) (*state.Session, Result) {
	ctx, cancel := t.stateTime(ctx)
	defer cancel()
	in, res := r.info, Result{Notes: slices.Clone(r.notes)}
	in.Known = &report.Known{Now: r.now}
	s := state.Open(ctx, store, state.Key{Cluster: t.cfg.Cluster, Report: r.config.Name}, t.run,
		r.now, in.Slot)
	if s.Lost() == nil {
		in.Known.Memory = s.Page().Memory
		if a, blind := s.Page().Memory.Alerts[rules.BlindKey]; blind && a.Fires() {
			res.blind, res.blindSince = true, a.Now().Since
			res.Notes = append(res.Notes,
				fmt.Sprintf("%s has been firing since %s, so this run counts as failed",
					rules.BlindName, a.Now().Since.UTC().Format(time.RFC3339)))
		}
	}
	res.Report = report.Build(in, r.all())
	return s, res
}

// request builds the request for notify. What is unknown becomes an error or note of the result.
func (t *recipients) request(ctx context.Context, r judgedReport, session *state.Session,
	res *Result) notify.Request {
	rq := notify.Request{
		Report: res.Report, Run: t.run, Until: r.until, Now: t.o.Now, Began: r.began,
		Details: r.details,
		Changes: alerts.Lines(r.panels, r.now,
			func(p *snapshot.Panel, f *snapshot.Finding) []string {
				return res.Report.ChangesOf(changelog.KeyOf(p, f))
			}),
		Unrecorded: session.Unrecorded(t.runs(r)), Lasts: alerts.Lasts(r.all()),
	}
	if err := session.Lost(); err != nil {
		rq.MemoryLost, res.Err = err.Error(), err
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

// runs returns the schedule of a report's runs; nil: unknown.
func (t *recipients) runs(r judgedReport) notify.Schedule {
	switch {
	case t.again: // the run before was for the same slot
		return func(_, slot time.Time) []time.Time { return []time.Time{slot} }
	case r.config.Schedule != nil:
		return r.config.Schedule.Between
	}
	return nil
}

// receiversOf returns the receivers of a report, with what they want to receive.
func (t *recipients) receiversOf(r config.Report) []notify.Receiver {
	var out []notify.Receiver
	for _, name := range r.Receivers {
		c := t.receivers[name].config
		n := notify.Receiver{
			Name: name, Notifier: t.receivers[name].notifier, Role: roleOf(r, c),
			MinSeverity: c.MinSeverity, SendResolved: c.SendResolved,
			AllClear: c.AllClear, RepeatInterval: r.RepeatInterval,
			GroupBy: slices.Clone(c.GroupBy), Muted: c.Muted, Matchers: c.Matchers,
			Limits: t.receivers[name].limits(), Attaches: t.receivers[name].attaches,
		}
		if c.Fallback != "" {
			n.Fallback = &notify.Fallback{
				Name: c.Fallback, Notifier: t.receivers[c.Fallback].notifier,
				Limits: t.receivers[c.Fallback].limits(),
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

// location returns where a person finds the report: in the first archive that has it.
func (t *recipients) location(sent []notify.Sent) notify.Receipt {
	for _, s := range sent {
		if to := t.receivers[s.Receiver].config; to.Role == config.RoleArchive && s.Err == nil {
			return notify.Receipt{
				Location: cmp.Or(s.Receipt.Location, s.Receiver), Expires: s.Receipt.Expires,
			}
		}
	}
	return notify.Receipt{}
}
