// Package app builds the parts of promsnap from a configuration and runs them in one order: take
// the snapshot, evaluate the alerts, build the report, deliver it, record what was sent. The
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

// Options are the settings of a run that are not in its configuration.
type Options struct {
	Version string      // of promsnap
	Reports []string    // names of the reports to run; none: all
	Slot    time.Time   // the time that the run is for
	To      Destination // where the reports go; New needs it, Open does not
	// Scheduled moves the slot of each report that has a schedule back to the newest scheduled time
	// at or before Slot.
	Scheduled bool
	Timeout   time.Duration    // of the whole run
	Now       func() time.Time // the wall clock, only for claims and AWS signatures
	// Kubernetes is the API of the cluster. It finds Prometheus if prometheus.url is not set, lists
	// the nodes, and stores the state in a ConfigMap. Nil: no API, or it must not be used.
	Kubernetes Kubernetes
	// Clusters reaches the clusters of a fleet. Nil: only those with an address can be reached.
	Clusters Clusters
	// Command returns the command that runs a slot of a report again, for the report's footer. It
	// contains no secrets. Nil: unknown.
	Command func(report string, slot time.Time) string
	// ConfigFile is the name of the configuration, for the commands in messages. Empty: there is
	// none.
	ConfigFile string
	// Stop ends the snapshot early when it is closed. The run then delivers what it has, marked as
	// incomplete. Nil: never.
	Stop <-chan struct{}
	// Progress is called at the start and end of each panel, never concurrently. Nil: not called.
	Progress func(report string, e snapshot.Event)
	// Rules is called when an alerting rule of a report is done, never concurrently. Nil: not
	// called.
	Rules func(report string, done, of int)
	// Started is called for each report before its first query, with the name of the server and its
	// URL or Service. Nil: not called.
	Started func(r config.Report, server, at string)
}

// Destination is where the reports of a run go: Files, DryRun or Receivers.
type Destination interface {
	// check returns an error if the configuration does not allow a report to go there.
	check(cfg *config.Config, o Options) error
	// open prepares the destination. unreachable is why Prometheus cannot be reached; nil: it can.
	open(ctx context.Context, cfg *config.Config, o Options, unreachable error) (deliverer, error)
}

// deliverer delivers the reports of a run, one after the other.
type deliverer interface {
	// evaluate evaluates what the readers of the report need of a snapshot's alerts.
	evaluate(ctx context.Context, s reportSnapshot) judgedReport
	// deliver builds the report and sends it to its destination.
	deliver(ctx context.Context, r judgedReport) Result
	// finish does the work that can wait until every report is delivered.
	finish(ctx context.Context, reports []judgedReport, results []Result)
}

// App is promsnap built for one configuration.
type App struct {
	cfg    *config.Config
	o      Options
	source *Source
	to     deliverer
	// delivered is called with each report after its delivery. Nil: not called.
	delivered func(judgedReport, *Result)
}

var errOpening = errors.New("opening took more than half of the run's timeout")

// New builds an App from cfg. It fails if cfg is invalid or no Prometheus is found in the cluster.
// With Receivers as the destination, New also succeeds if Prometheus is not found or a file takes
// too long to read: the run must tell the receivers that it has no data.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if err := o.checkReports(cfg); err != nil {
		return nil, err
	}
	if err := o.To.check(cfg, o); err != nil {
		return nil, err
	}
	// Opening reads files. A file that hangs must not use up the time for sending messages.
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout/2, errOpening)
	defer cancel()
	source, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	to, err := o.To.open(ctx, cfg, o, source.unreachable)
	if err != nil {
		return nil, err
	}
	return &App{cfg: cfg, o: o, source: source, to: to}, nil
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

// Run takes and delivers every requested report, one after the other. Failures are in the Outcome.
// When ctx ends, the run ends at once; Options.Timeout and Options.Stop leave time to deliver what
// there is.
func (a *App) Run(ctx context.Context) Outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, a.o.Timeout,
		fmt.Errorf("the run took longer than its timeout of %s; set a longer one with --timeout",
			a.o.Timeout))
	defer cancel()
	queryCtx, done := a.o.queryContext(ctx)
	defer done()
	began := a.o.Now()

	// An error is ignored here: the server's name is only shown in the report, and the first query
	// reports what is wrong with the server.
	server, _ := a.source.client.Server(queryCtx)
	nodes := a.source.listNodes(queryCtx)
	var out Outcome
	var reports []judgedReport
	for _, r := range a.o.reports(a.cfg) {
		if a.o.Started != nil {
			a.o.Started(r, server.Name(), a.source.at)
		}
		taken := a.source.snapshot(queryCtx, r, server, nodes)
		taken.takeHistory(queryCtx, a.o.Timeout)
		report := a.to.evaluate(queryCtx, taken)
		report.options = snapshot.Options{} // free 2 KiB for each node before drawing
		report.began, report.until = began, began.Add(a.o.Timeout)
		result := a.to.deliver(ctx, report)
		if a.delivered != nil {
			a.delivered(report, &result)
		}
		out.Results, reports = append(out.Results, result), append(reports, report)
	}
	a.to.finish(ctx, reports, out.Results)
	return out
}
