// Package app turns a configuration into the parts of promsnap and runs them in their one line:
// take the snapshot, evaluate the alerts, build the report, deliver it, remember what was told. The
// command and the Lambda function both call it, so that they cannot drift apart.
package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Options are what a run is told beside its configuration.
type Options struct {
	Version string      // promsnap's own
	Reports []string    // names of the reports to run; none: all
	Slot    time.Time   // the time that the run is for
	To      Destination // where the reports go; New needs it, Open does not
	// Scheduled lets each report that has a schedule be for the newest time at or before Slot at
	// which it was due.
	Scheduled bool
	Timeout   time.Duration    // of the whole run
	Now       func() time.Time // the wall clock, for claims and AWS' signatures alone
	// Kubernetes is the API of the cluster, for a configuration without prometheus.url, for the
	// nodes, and for a state in a ConfigMap. Nil: there is none, or it is not to be used.
	Kubernetes Kubernetes
	// Command is how to run a slot of a report again, for the report's footer; no secrets. Nil: not
	// known.
	Command func(report string, slot time.Time) string
	// Stop ends the snapshot early when it is closed: what is there by then is delivered, marked
	// incomplete. Nil: never.
	Stop <-chan struct{}
	// Progress is told of each panel's begin and end, one event at a time. Nil: nobody listens.
	Progress func(report string, e snapshot.Event)
	// Started is told of each report before its first query, who answers, and at which URL or
	// Service. Nil: nobody listens.
	Started func(r config.Report, server, at string)
}

// Destination is where the reports of a run go: Files, DryRun or Receivers.
type Destination interface {
	// check returns an error if a report cannot go there by its configuration.
	check(cfg *config.Config, o Options) error
	// open opens the way there. lost is why there is no way to Prometheus; nil: there is one.
	open(ctx context.Context, cfg *config.Config, o Options, lost error) (deliverer, error)
}

// deliverer takes the reports of a run, one after the other.
type deliverer interface {
	// evaluate asks what the alerts of a snapshot come to, as far as it matters to the reports'
	// readers.
	evaluate(ctx context.Context, s reportSnapshot) judgedReport
	// deliver builds the report and brings it to its destination.
	deliver(ctx context.Context, r judgedReport) Result
	// finish does what no report waits for, when every one was delivered.
	finish(ctx context.Context, reports []judgedReport, results []Result)
}

// App is promsnap put together for one configuration.
type App struct {
	cfg    *config.Config
	o      Options
	source *Source
	to     deliverer
}

var errOpening = errors.New("half of the run's timeout is over")

// New puts the parts together. It fails if cfg is invalid, or if no Prometheus is found in the
// cluster. To Receivers a Prometheus that is not found is no error, and neither is a file that does
// not answer: people have to be told that nothing can be seen.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if err := o.checkReports(cfg); err != nil {
		return nil, err
	}
	if err := o.To.check(cfg, o); err != nil {
		return nil, err
	}
	// Files are read here, and no file may take the time that people are told in.
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout/2, errOpening)
	defer cancel()
	source, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	to, err := o.To.open(ctx, cfg, o, source.lost)
	if err != nil {
		return nil, err
	}
	return &App{cfg, o, source, to}, nil
}

// checkReports returns an error if a requested report is not in the configuration.
func (o Options) checkReports(cfg *config.Config) error {
	for _, name := range o.Reports {
		if !slices.ContainsFunc(cfg.Reports, func(r config.Report) bool { return r.Name == name }) {
			e := &UnknownReportError{Name: name}
			for _, r := range cfg.Reports {
				e.Have = append(e.Have, r.Name)
			}
			return e
		}
	}
	return nil
}

// reports returns the requested reports of the configuration.
func (o Options) reports(cfg *config.Config) []config.Report {
	if len(o.Reports) == 0 {
		return cfg.Reports
	}
	return slices.DeleteFunc(slices.Clone(cfg.Reports), func(r config.Report) bool {
		return !slices.Contains(o.Reports, r.Name)
	})
}

// Run does every report that was asked for, one after the other; what failed is in the Outcome. ctx
// ends everything at once, while Options.Timeout and Options.Stop leave time to deliver what is
// there.
func (a *App) Run(ctx context.Context) Outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, a.o.Timeout,
		fmt.Errorf("the run's timeout of %s is over; a longer one is set by --timeout",
			a.o.Timeout))
	defer cancel()
	asking, done := a.o.askingContext(ctx)
	defer done()
	began := a.o.Now()

	// Who answers is only a name in the report: what is wrong with the server shows at the first
	// query.
	server, _ := a.source.client.Server(asking)
	nodes := a.source.listNodes(asking)
	var out Outcome
	var reports []judgedReport
	for _, r := range a.o.reports(a.cfg) {
		if a.o.Started != nil {
			a.o.Started(r, server.Name(), a.source.at)
		}
		report := a.to.evaluate(asking, a.source.snapshot(asking, r, server, nodes))
		report.nodes = snapshot.Nodes{} // 2 KiB a node that drawing has a better use for
		report.began, report.until = began, began.Add(a.o.Timeout)
		out.Results, reports = append(out.Results, a.to.deliver(ctx, report)), append(reports,
			report)
	}
	a.to.finish(ctx, reports, out.Results)
	return out
}
