package app

import (
	"context"
	"fmt"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/html"
	"github.com/promsnap/promsnap/internal/report/json"
)

// Files are reports in a directory. Nobody is told of them, and nothing is remembered.
type Files struct{ Dir string }

func (f Files) check(*config.Config, Options) error { return nil }

func (f Files) open(_ context.Context, _ *config.Config, _ Options, lost error) (deliverer, error) {
	return writer{dir.New(f.Dir)}, lost
}

// writer writes reports into a directory.
type writer struct{ local *dir.Notifier }

// evaluate asks no more than what a report needs to call nothing silent that has gone: nobody is
// alerted.
func (w writer) evaluate(ctx context.Context, s reportSnapshot) judgedReport {
	alerts.Settle(ctx, s.source, s.panels, s.nodes, s.window)
	return judgedReport{reportSnapshot: s}
}

func (w writer) deliver(ctx context.Context, r judgedReport) Result {
	res := Result{Report: report.Build(r.info, r.panels)}
	files, err := filesOf(ctx, res.Report)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", r.config.Name, err)
		return res
	}
	if res.Receipt, err = w.local.Notify(ctx,
		notify.Delivery{Report: res.Report, Files: files}); err != nil {
		res.Err = fmt.Errorf("writing report %s: %w", r.config.Name, err)
	}
	return res
}

func (w writer) finish(context.Context, []judgedReport, []Result) {}

// filesOf writes a report in every form that is kept: the page, report.json and the pictures.
func filesOf(ctx context.Context, r *report.Report) ([]report.File, error) {
	page, pictures, err := html.Render(ctx, r)
	if err != nil {
		return nil, err
	}
	doc, err := json.Render(r)
	if err != nil {
		return nil, err
	}
	return append([]report.File{page, doc}, pictures...), nil
}
