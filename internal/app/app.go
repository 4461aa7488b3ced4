// Package app turns a configuration into the parts of promsnap and runs them in their one line: take the snapshot, advance the alerts,
// build the report, deliver it, remember what was told. The command and the Lambda function both call it, so that they cannot drift apart.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/state"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Options are what a run is told beside its configuration.
type Options struct {
	Version string    // promsnap's own
	Reports []string  // names of the reports to run; none: all
	Slot    time.Time // the time that the run is for
	// Scheduled lets each report that has a schedule be for the newest time at or before Slot at which it was due. Not of WriteFiles.
	Scheduled bool
	// Again says that a run for Slot was made before this one and failed, such as that of an earlier Pod of the same Job.
	Again     bool
	Timeout   time.Duration // of the whole run
	OutputDir string        // the reports are written under it; Deliver does not
	Mode      Mode
	Now       func() time.Time // the wall clock, for claims and AWS' signatures alone
	// Kubernetes is the API of the cluster, for a configuration without prometheus.url, for the nodes, and for a state in a ConfigMap. Nil:
	// there is none, or it is not to be used.
	Kubernetes Kubernetes
	// Command is how to run a slot of a report again, for the report's footer; no secrets. Nil: not known.
	Command func(report string, slot time.Time) string
	// Stop ends the snapshot early when it is closed: what is there by then is delivered, marked incomplete. Nil: never.
	Stop <-chan struct{}
	// Progress is told of each panel's begin and end, one event at a time. Nil: nobody listens.
	Progress func(report string, e snapshot.Event)
	// Started is told of each report before its first query, who answers, and at which URL or Service. Nil: nobody listens.
	Started func(r config.Report, server, at string)
}

// App is promsnap put together for one configuration.
type App struct {
	cfg       *config.Config
	source    source
	font      *chart.Font // nil: the embedded ones do
	local     *dir.Notifier
	receivers map[string]receiver // by name
	store     state.Store         // nil of WriteFiles
	run       string              // unlike every other run
	o         Options
}

// Result is what one report came to.
type Result struct {
	Report    *report.Report
	Receipt   notify.Receipt // where it was written
	Sent      []notify.Sent  // of Deliver
	Drafts    []Draft        // of DryRun
	StoodBack *notify.Claim  // another run is telling people, and this one left it at that
	Notes     []string       // what did not work and is no reason to call the run failed
	Err       error          // the report could not be rendered or delivered, or what was told could not be remembered
	blind     bool           // nothing, or only a part, could be seen, now or for so long that people are told
}

// Outcome is what a run came to, one Result for each report in their order.
type Outcome struct{ Results []Result }

// failed reports whether a query or a delivery failed, or not everything could be seen.
func (r *Result) failed() bool {
	return r.Err != nil || len(r.Report.Failures) > 0 || r.blind || r.Report.OnlyPart()
}

// Failed reports whether a query or a delivery failed, or not everything could be seen.
func (o Outcome) Failed() bool {
	return slices.ContainsFunc(o.Results, func(r Result) bool { return r.failed() })
}

// Worst returns the gravest severity that fires in any report.
func (o Outcome) Worst() rules.Severity {
	worst := rules.None
	for _, r := range o.Results {
		worst = max(worst, r.Report.Worst())
	}
	return worst
}

// UnknownReportError says that a report was asked for which the configuration does not have.
type UnknownReportError struct {
	Name string
	Have []string
}

func (e *UnknownReportError) Error() string {
	return fmt.Sprintf("no report %q in the configuration; it has %s", e.Name, strings.Join(e.Have, ", "))
}

// New puts the parts together. Its errors are errors of the configuration, and those of a search for Prometheus in the cluster that found
// none, or no way to it. A run that delivers goes on then, as one whose Prometheus is down does: people have to be told that nothing can be
// seen.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	a, err := assemble(ctx, cfg, o)
	if err == nil && a.source.lost != nil && o.Mode != Deliver {
		return nil, a.source.lost
	}
	return a, err
}

// assemble puts the parts together, whether there is a way to Prometheus or not.
func assemble(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if err := checkReports(cfg, o); err != nil {
		return nil, err
	}
	// Files are read here, and no file may take the time that people are told in.
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout/2, errOpening)
	defer cancel()
	from, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	var font *chart.Font
	if cfg.Font != nil {
		if font, err = chart.ParseFont(cfg.Font.Data); err != nil {
			return nil, fmt.Errorf("font: %s: %w", cfg.Font.Path, err)
		}
	}
	a := &App{cfg: cfg, source: from, font: font, local: dir.New(o.OutputDir), run: rand.Text(), o: o}
	if o.Mode == WriteFiles {
		return a, nil
	}
	store, err := OpenState(ctx, cfg.State, o.Kubernetes)
	if stalled(err) {
		store = lostStore{err}
	} else if err != nil {
		return nil, err
	}
	a.store = state.ByClock{Store: store, Now: o.Now}
	a.receivers, err = openReceivers(ctx, cfg.Receivers)
	return a, err
}

// checkReports tells whether the reports that are asked for are there, with what is asked of them.
func checkReports(cfg *config.Config, o Options) error {
	for _, name := range o.Reports {
		if !slices.ContainsFunc(cfg.Reports, func(r config.Report) bool { return r.Name == name }) {
			e := &UnknownReportError{Name: name}
			for _, r := range cfg.Reports {
				e.Have = append(e.Have, r.Name)
			}
			return e
		}
	}
	for _, r := range cfg.Reports {
		if o.Mode != WriteFiles && o.asks(r) && len(r.Receivers) == 0 {
			return fmt.Errorf("report %s has no receivers; write them into the configuration, or run it without --deliver and --dry-run", r.Name)
		}
	}
	return nil
}

// asks tells whether a report is asked for.
func (o Options) asks(r config.Report) bool {
	return len(o.Reports) == 0 || slices.Contains(o.Reports, r.Name)
}

// Run does every report that was asked for, one after the other; what failed is in the Outcome. ctx ends everything at once, while
// Options.Timeout and Options.Stop leave time to deliver what is there.
func (a *App) Run(ctx context.Context) Outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, a.o.Timeout, fmt.Errorf("the run's timeout of %s is over; a longer one is set by --timeout", a.o.Timeout))
	defer cancel()
	snap, done := a.snapshotContext(ctx)
	defer done()
	var began, until time.Time
	if a.o.Mode != WriteFiles {
		began = a.o.Now()
		until = began.Add(a.o.Timeout)
	}

	// Who answers is only a name in the report: what is wrong with the server shows at the first query.
	server, _ := a.source.client.Server(snap)
	nodes := a.listNodes(snap)
	var out Outcome
	var handed []due // of Deliver: what out's results are of
	for _, r := range a.cfg.Reports {
		if !a.o.asks(r) {
			continue
		}
		if a.o.Started != nil {
			a.o.Started(r, serverName(server), a.source.at)
		}
		taken := a.snapshot(snap, r, server, nodes)
		if a.o.Mode == WriteFiles {
			alerts.Settle(snap, taken.source, taken.panels, taken.nodes, taken.window)
			out.Results = append(out.Results, a.write(ctx, report.Build(taken.info, taken.panels)))
			continue
		}
		now, err := alerts.Evaluate(snap, taken.source, taken.panels, taken.nodes, taken.window)
		d := due{
			config: r, taken: taken, now: now, details: alerts.Details(taken.panels, now), began: began, until: until,
		}
		if err != nil {
			d.notes = append(d.notes, err.Error())
		}
		if a.o.Mode == DryRun {
			out.Results = append(out.Results, a.rehearse(ctx, d))
			continue
		}
		out.Results, handed = append(out.Results, a.deliver(ctx, d)), append(handed, d)
	}
	a.conclude(ctx, handed, out.Results)
	return out
}

// deliveryTime is what the snapshot leaves of the timeout for drawing and delivering.
const deliveryTime = 30 * time.Second

// snapshotContext is ctx for the queries alone: it ends early enough that what is there can be delivered, or when Stop is closed.
func (a *App) snapshotContext(ctx context.Context) (context.Context, context.CancelFunc) {
	reserve := min(deliveryTime, a.o.Timeout/4)
	snap, cancel := context.WithTimeoutCause(ctx, a.o.Timeout-reserve, errTimeout)
	if a.o.Stop == nil {
		return snap, cancel
	}
	snap, stop := context.WithCancelCause(snap)
	finished := make(chan struct{})
	go func() {
		select {
		case <-a.o.Stop:
			stop(errStopped)
		case <-finished:
		}
	}()
	return snap, func() { close(finished); stop(nil); cancel() }
}

var (
	errTimeout = errors.New("the queries did not end within the run's timeout; set a longer --timeout")
	errStopped = errors.New("the run was stopped from outside")
	errOpening = errors.New("half of the run's timeout is over")
)

// taken is the snapshot of one report.
type taken struct {
	info   report.Info
	panels []snapshot.Panel
	nodes  snapshot.Nodes
	source snapshot.Querier // asks by the labels that the source has
	window alerts.Window    // that was asked for
}

// slotOf is the time that a report is for.
func (a *App) slotOf(r config.Report) time.Time {
	if a.o.Scheduled && a.o.Mode != WriteFiles && r.Schedule != nil {
		return r.Schedule.Last(a.o.Slot)
	}
	return a.o.Slot
}

// snapshot asks for the panels of one report. A Prometheus that cannot be reached fails each panel without being asked again for every
// one.
func (a *App) snapshot(ctx context.Context, r config.Report, server promapi.Server, k nodeList) taken {
	p := a.cfg.Prometheus
	o := snapshot.Options{
		Slot: a.slotOf(r), Range: r.Range, QueryOffset: p.QueryOffset, ScrapeInterval: p.ScrapeInterval, MaxSeries: p.MaxSeries,
		Concurrency: p.Concurrency, Language: r.Language,
	}
	if a.o.Progress != nil {
		o.Progress = func(e snapshot.Event) { a.o.Progress(r.Name, e) }
	}
	var panels []snapshot.Panel
	w := words.In(r.Language)
	mapping, notes, err := snapshot.FindMapping(ctx, a.source.client, o.End(), r.Range, p.ClusterLabel, w)
	o.Mapping = mapping
	source := mapping.Querier(a.source.client)
	var nodes snapshot.Nodes
	if unreachable(err) == nil {
		if err != nil {
			notes = append(notes, fmt.Sprintf(w.LabelsUnknown, err))
		}
		var more []string
		nodes, more, err = snapshot.LoadNodes(ctx, source, o.End(), r.Range, k.nodes...)
		notes = append(notes, more...)
	}
	notes = append(notes, k.notes...)
	if down := unreachable(err); down != nil {
		panels = snapshot.Failed(r.Panels, down)
	} else {
		if err != nil {
			notes = append(notes, fmt.Sprintf(w.NodesByAddress, err))
		}
		o.Nodes = nodes
		panels = snapshot.Take(ctx, a.source.client, r.Panels, o)
	}
	info := report.Info{
		Cluster: a.cfg.Cluster, Name: r.Name, Title: r.Title, Slot: o.Slot, Range: r.Range, Zone: r.Zone, Language: r.Language, Version: a.o.Version,
		Server: serverName(server), ServerURL: a.source.at, ExternalURL: p.ExternalURL, Nodes: nodes.All(),
		Scrape: p.ScrapeInterval, Notes: notes, Font: a.font,
	}
	if a.o.Command != nil {
		info.Command = a.o.Command(r.Name, o.Slot)
	}
	if ctx.Err() != nil {
		info.Incomplete = whyIncomplete(context.Cause(ctx), panels, w)
	}
	window := alerts.Window{End: o.End(), Range: r.Range, MaxSeries: p.MaxSeries}
	return taken{info: info, panels: panels, nodes: nodes, source: source, window: window}
}

// whyIncomplete says why the queries were cut short. Where a proxy let them wait until it gave up, a longer run would not help.
func whyIncomplete(cause error, panels []snapshot.Panel, w *words.Words) string {
	for i := range panels {
		var e *promapi.Error
		if errors.Is(cause, errTimeout) && errors.As(panels[i].Err, &e) && e.Kind == promapi.KindGaveUp && e.Took >= time.Second {
			return fmt.Sprintf(w.ProxyGaveUp, w.Figure(units.Span(e.Took)))
		}
	}
	switch {
	case errors.Is(cause, errTimeout):
		return w.TimedOut
	case errors.Is(cause, errStopped):
		return w.Stopped
	}
	return cause.Error()
}

// unreachable returns the error that every further query would have too, nil where err is none of that kind.
func unreachable(err error) error {
	var e *promapi.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Kind {
	case promapi.KindRefused, promapi.KindNoHost, promapi.KindTLS, promapi.KindDenied, promapi.KindNotFound, promapi.KindRedirect,
		promapi.KindBadConfig:
		return e
	}
	return nil
}

// serverName is how the report names who answered.
func serverName(s promapi.Server) string {
	if s.Version == "" {
		return "Prometheus"
	}
	return "Prometheus " + s.Version
}

// write draws the report and writes it under Options.OutputDir.
func (a *App) write(ctx context.Context, rep *report.Report) Result {
	res := Result{Report: rep}
	files, err := filesOf(ctx, rep)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", rep.Info.Name, err)
		return res
	}
	if res.Receipt, err = a.local.Notify(ctx, notify.Delivery{Report: rep, Files: files}); err != nil {
		res.Err = fmt.Errorf("writing report %s: %w", rep.Info.Name, err)
	}
	return res
}
