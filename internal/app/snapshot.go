package app

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
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
	nodes  snapshot.Nodes
	source snapshot.Querier // maps the labels that the source has
	window alerts.Window    // that was queried
}

// slotOf returns the time that a report is for.
func (o Options) slotOf(r config.Report) time.Time {
	if o.Scheduled && r.Schedule != nil {
		return r.Schedule.Last(o.Slot)
	}
	return o.Slot
}

// snapshot queries the panels of one report, and returns them with what the report is about.
func (s *Source) snapshot(ctx context.Context, r config.Report, server promapi.Server,
	k nodeList) reportSnapshot {
	p := s.cfg.Prometheus
	o := snapshot.Options{
		Slot: s.o.slotOf(r), Range: r.Range, QueryOffset: p.QueryOffset,
		ScrapeInterval: p.ScrapeInterval, MaxSeries: p.MaxSeries,
		Concurrency: p.Concurrency,
	}
	if s.o.Progress != nil {
		o.Progress = func(e snapshot.Event) { s.o.Progress(r.Name, e) }
	}
	panels, notes := s.takePanels(ctx, r, &o, k)
	info := report.Info{
		Cluster: s.cfg.Cluster, Name: r.Name, Title: r.Title, Slot: o.Slot, Range: r.Range,
		Zone: r.Zone, Language: r.Language, Version: s.o.Version,
		Server: server.Name(), ServerURL: s.at, ExternalURL: p.ExternalURL, Nodes: o.Nodes.All(),
		Scrape: p.ScrapeInterval, Notes: notes, Font: s.font,
	}
	if s.o.Command != nil {
		info.Command = s.o.Command(r.Name, o.Slot)
	}
	if ctx.Err() != nil {
		info.Incomplete = whyIncomplete(context.Cause(ctx), panels)
	}
	return reportSnapshot{
		config: r, info: info, panels: panels, nodes: o.Nodes, source: o.Mapping.Querier(s.client),
		window: alerts.Window{End: o.End(), Range: r.Range, MaxSeries: p.MaxSeries},
	}
}

// takePanels finds the labels and the nodes, adds them to o, and queries the panels. If Prometheus
// is unreachable, every panel fails without a query of its own.
func (s *Source) takePanels(ctx context.Context, r config.Report, o *snapshot.Options,
	k nodeList) ([]snapshot.Panel, []snapshot.Note) {
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
	if down := promapi.Unreachable(err); down != nil {
		return snapshot.Failed(r.Panels, down), notes
	}
	if err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteNodesByAddress, err))
	}
	return snapshot.Take(ctx, s.client, r.Panels, *o), notes
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
