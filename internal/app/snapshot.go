package app

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/targets"
)

// deliveryTime is how much of the timeout is kept back for drawing and delivering.
const deliveryTime = 30 * time.Second

// queryContext returns a context for the queries. It ends when Stop is closed, or early enough to
// deliver what there is.
func (o Options) queryContext(ctx context.Context) (context.Context, context.CancelFunc) {
	reserve := min(deliveryTime, o.Timeout/4)
	snap, cancel := context.WithTimeoutCause(ctx, o.Timeout-reserve, errTimeout)
	if o.Stop == nil {
		return snap, cancel
	}
	snap, stop := context.WithCancelCause(snap)
	finished := make(chan struct{})
	go func() {
		select {
		case <-o.Stop:
			stop(errStopped)
		case <-finished:
		}
	}()
	return snap, func() { close(finished); stop(nil); cancel() }
}

var (
	errTimeout = errors.New("the queries did not finish within the run's timeout; set a longer " +
		"--timeout")
	errStopped = errors.New("the run was stopped from outside")
)

// reportSnapshot is the snapshot of one report.
type reportSnapshot struct {
	config config.Report
	info   report.Info
	panels []snapshot.Panel
	// rulePanels are those of the report's alerting rules (info.Rules).
	rulePanels []snapshot.Panel
	// unknown says that there may be more alerting rules than those of panels, because a variable
	// of the dashboard has no value, or because PrometheusRules could not be read.
	unknown bool
	client  snapshot.Querier
	options snapshot.Options // of the panels
	source  snapshot.Querier // maps the labels that the source has
	events  changelog.Events // nil: must not be listed
	window  alerts.Window    // that was queried
}

// slotOf returns the time that a report is for.
func (o Options) slotOf(r config.Report) time.Time {
	if o.Scheduled && r.Schedule != nil {
		return r.Schedule.Last(o.Slot)
	}
	return o.Slot
}

// queryOptions returns how the panels of a report are queried.
func (s *Source) queryOptions(r config.Report) snapshot.Options {
	p := s.cfg.Prometheus
	return snapshot.Options{
		Slot: s.o.slotOf(r), Range: r.Range, QueryOffset: p.QueryOffset,
		ScrapeInterval: p.ScrapeInterval, MaxSeries: p.MaxSeries,
		Concurrency: p.Concurrency, Zone: r.Zone,
	}
}

// snapshot queries the panels of one report, and returns them with what the report is about.
func (s *Source) snapshot(ctx context.Context, r config.Report, server promapi.Server,
	k nodeList) reportSnapshot {
	p, o := s.cfg.Prometheus, s.queryOptions(r)
	if s.o.Progress != nil {
		o.Progress = func(e snapshot.Event) { s.o.Progress(r.Name, e) }
	}
	found := s.take(ctx, r, &o, k)
	info := report.Info{
		Cluster: s.cfg.Cluster, Name: r.Name, Title: r.Title, Slot: o.Slot, Range: r.Range,
		Zone: r.Zone, Language: r.Language, Version: s.o.Version,
		Server: server.Name(), ServerURL: s.at, ExternalURL: p.ExternalURL, Nodes: found.nodes,
		Scrape: p.ScrapeInterval, Notes: found.notes, Font: s.font, Board: found.board,
		ConfigFile: s.o.ConfigFile, Sizing: found.sizing, Rules: found.rules,
		Targets: found.targets,
		Fired:   found.fired, CSV: csvOf(r), PDF: pdfOf(r),
	}
	if s.o.Command != nil {
		info.Command = s.o.Command(r.Name, o.Slot)
	}
	if ctx.Err() != nil {
		info.Incomplete = whyIncomplete(context.Cause(ctx), found.panels)
	}
	var rulePanels []snapshot.Panel
	if found.rules != nil {
		rulePanels = found.rules.Panels()
	}
	return reportSnapshot{
		rulePanels: rulePanels, config: r, info: info, panels: found.panels, unknown: found.unknown,
		client: s.client, options: o, source: o.Mapping.Querier(s.client),
		events: s.events(),
		window: alerts.Window{End: o.End(), Range: r.Range, MaxSeries: p.MaxSeries},
	}
}

// historyTime is how long a report waits for what its panels showed over four weeks.
const historyTime = 2 * time.Minute

var errHistory = errors.New("the queries over four weeks took too long; set a longer --timeout, " +
	"or switch them off with trends: false in the report")

// takeHistory queries what the panels showed over four weeks, for forecasts and for what changed. A
// report without trends only asks for the forecasts of panels with a rule that needs them. It also
// queries the lines that a panel compares with. A run has this timeout.
func (s *reportSnapshot) takeHistory(ctx context.Context, timeout time.Duration) {
	ctx, cancel := context.WithTimeoutCause(ctx, min(historyTime, timeout/4), errHistory)
	defer cancel()
	var wants func(*snapshot.Panel) bool
	if !s.config.Trends {
		wants = func(p *snapshot.Panel) bool { return p.Spec.HasFullIn() }
		for i := range s.panels {
			s.panels[i].Spec.Change = nil
		}
	}
	snapshot.TakeHistory(ctx, s.client, s.panels, s.options, wants)
}

// taken is what the queries of a report found.
type taken struct {
	panels  []snapshot.Panel
	board   *board.Board
	nodes   []snapshot.Node
	notes   []snapshot.Note
	sizing  *sizing.Advice
	rules   *ruleset.Result
	targets *targets.List
	fired   *fired.Fired
	unknown bool // see reportSnapshot
}

// take queries the panels and the dashboard of a report. If Prometheus is unreachable, every panel
// fails without a query of its own.
func (s *Source) take(ctx context.Context, r config.Report, o *snapshot.Options,
	k nodeList) (found taken) {
	var down error
	if len(r.Panels) > 0 {
		found.notes, down = s.findNodes(ctx, r, o, k)
		found.nodes = o.Nodes.All()
	}
	plan := s.planDashboard(ctx, r, *o, down)
	specs, problems := withJudged(r.Panels, plan)
	if len(r.Panels) == 0 && len(specs) > 0 {
		// Alerts are identified by their nodes. A dashboard need not be about the cluster, so its
		// report has neither the nodes nor what is to be known of them.
		_, down = s.findNodes(ctx, r, o, k)
	}
	if down != nil {
		found.panels = snapshot.Failed(specs, down)
	} else {
		found.panels = s.takeSome(ctx, specs, problems, *o)
		var notes []snapshot.Note
		found.sizing, notes = s.sizing(ctx, r, *o)
		found.notes = append(found.notes, notes...)
		found.targets, notes = s.targets(ctx, r, *o)
		found.notes = append(found.notes, notes...)
		found.fired, notes = s.fired(ctx, r, *o)
		found.notes = append(found.notes, notes...)
	}
	found.board = runDashboard(ctx, plan, len(specs), o.Progress)
	ran, notes, whole := s.takeRules(ctx, r, *o, specs, down)
	found.rules, found.notes = ran, append(found.notes, notes...)
	found.unknown = plan != nil && !plan.KnowsJudged() || !whole
	return found
}

// findNodes finds the labels and the nodes, and adds them to o. down is why Prometheus is
// unreachable; nil: it is not.
func (s *Source) findNodes(ctx context.Context, r config.Report, o *snapshot.Options,
	k nodeList) (notes []snapshot.Note, down error) {
	mapping, notes, err := snapshot.FindMapping(ctx, s.client, o.End(), r.Range,
		s.cfg.Prometheus.ClusterLabel)
	o.Mapping = mapping
	if promapi.Unreachable(err) == nil {
		if err != nil {
			notes = append(notes, snapshot.NoteOf(snapshot.NoteLabelsUnknown, err))
		}
		var more []snapshot.Note
		o.Nodes, more, err = snapshot.LoadNodes(ctx, mapping.Querier(s.client), o.End(), r.Range,
			k.nodes...)
		notes = append(notes, more...)
	}
	notes = append(notes, k.notes...)
	if down = promapi.Unreachable(err); err != nil && down == nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteNodesByAddress, err))
	}
	return notes, down
}

// whyIncomplete returns why the queries ended early. If a proxy kept them waiting until it gave up,
// a longer timeout would not help.
func whyIncomplete(cause error, panels []snapshot.Panel) snapshot.Note {
	for i := range panels {
		if f := panels[i].Failure; errors.Is(cause, errTimeout) && f != nil &&
			f.GaveUp >= time.Second {
			return snapshot.NoteOf(snapshot.NoteProxyGaveUp, f.GaveUp)
		}
	}
	switch {
	case errors.Is(cause, errTimeout):
		return snapshot.NoteOf(snapshot.NoteTimedOut)
	case errors.Is(cause, errStopped):
		return snapshot.NoteOf(snapshot.NoteStopped)
	}
	return snapshot.NoteOf(snapshot.NoteCutShort, cause)
}
