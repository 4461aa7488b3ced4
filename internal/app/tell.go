package app

import (
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

// teller knows whom reports are for and what they were told: what a delivery and its rehearsal have in common.
type teller struct {
	cfg       *config.Config
	o         Options
	receivers map[string]receiver // by name
	store     state.Store
	run       string // unlike every other run
	again     bool   // see Receivers
}

// openTeller opens the state and the receivers. A file that does not answer is no error of the configuration: the run says so.
func openTeller(ctx context.Context, cfg *config.Config, o Options) (teller, error) {
	store, err := OpenState(ctx, cfg.State, o.Kubernetes)
	if stalled(err) {
		store = lostStore{err}
	} else if err != nil {
		return teller{}, err
	}
	receivers, err := openReceivers(ctx, cfg.Receivers)
	return teller{cfg: cfg, o: o, receivers: receivers, store: state.ByClock{Store: store, Now: o.Now}, run: rand.Text()}, err
}

// checkReceivers returns an error if a requested report has nobody to be told.
func checkReceivers(cfg *config.Config, o Options) error {
	for _, r := range o.reports(cfg) {
		if len(r.Receivers) == 0 {
			return fmt.Errorf("report %s has no receivers; write them into the configuration, or run it without --deliver and --dry-run", r.Name)
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
	r.details = alerts.Details(s.panels, now, func(p *snapshot.Panel, f *snapshot.Finding) []string {
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

// remember opens what is remembered of a report, with the alerts of this slot, and builds the report, which says how old they are. Where
// memory is lost it does not: everything would look new.
func (t *teller) remember(ctx context.Context, store state.Store, r judgedReport) (*state.Session, Result) {
	ctx, cancel := t.stateTime(ctx)
	defer cancel()
	in, res := r.info, Result{Notes: slices.Clone(r.notes)}
	s := state.Open(ctx, store, state.Key{Cluster: t.cfg.Cluster, Report: r.config.Name}, t.run, r.now, in.Slot)
	if s.Lost() == nil {
		in.Known = &report.Known{Memory: s.Page().Memory, Now: r.now}
		if a, blind := s.Page().Memory.Alerts[rules.BlindKey]; blind && a.Fires() {
			res.blind = true
			res.Notes = append(res.Notes, fmt.Sprintf("%s fires since %s, so this run counts as failed", rules.BlindName, a.Now().Since.UTC().Format(time.RFC3339)))
		}
	}
	res.Report = report.Build(in, r.panels)
	return s, res
}

// request is what is asked of notify. What is not known is among the result's errors and notes.
func (t *teller) request(ctx context.Context, r judgedReport, session *state.Session, res *Result) notify.Request {
	rq := notify.Request{
		Report: res.Report, Run: t.run, Until: r.until, Now: t.o.Now, Began: r.began, Details: r.details,
		Unrecorded: t.unrecorded(r, session), For: forOf(r.panels),
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
