package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/csv"
	"github.com/promsnap/promsnap/internal/report/html"
	"github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/pdf"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Files writes the reports into a directory. It sends and records nothing.
type Files struct{ Dir string }

func (f Files) check(*config.Config, Options) error { return nil }

func (f Files) open(_ context.Context, _ *config.Config, _ Options,
	unreachable error) (deliverer, error) {
	return writer{dir.New(f.Dir)}, unreachable
}

// writer writes reports into a directory.
type writer struct{ local *dir.Notifier }

// evaluate only finds out what the report needs: which silent series ended because their object is
// gone, since when alerts fire, and what changed before they began. It evaluates no alerts.
func (w writer) evaluate(ctx context.Context, s reportSnapshot) judgedReport {
	alerts.Settle(ctx, s.source, s.panels, s.options.Nodes, s.window)
	snapshot.LookBack(ctx, s.client, s.panels, s.options, nil)
	s.findChanges(ctx, nil)
	return judgedReport{reportSnapshot: s}
}

func (w writer) deliver(ctx context.Context, r judgedReport) Result {
	res := Result{Report: report.Build(r.info, r.all())}
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

// filesOf draws a report in every form that is kept: the page, report.json, the pictures, and the
// CSV files and the PDF if it has them.
func filesOf(ctx context.Context, r *report.Report) ([]report.File, error) {
	page, pictures, err := html.Render(ctx, r)
	if err != nil {
		return nil, err
	}
	doc, err := json.Render(r)
	if err != nil {
		return nil, err
	}
	tables, err := csv.Render(r)
	if err != nil {
		return nil, err
	}
	document, err := pdf.Render(ctx, r)
	if err != nil {
		return nil, err
	}
	whole, err := boardPictures(ctx, r)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]report.File{page, doc}, document, tables, pictures, whole), nil
}

// pdfOf returns how the PDF of a report looks, nil if it has none.
func pdfOf(r config.Report) *report.PDF {
	if r.PDF == nil {
		return nil
	}
	return &report.PDF{Letter: r.PDF.Letter, Full: r.PDF.Full}
}

// csvOf returns which CSV files a report has, nil if it has none.
func csvOf(r config.Report) *report.CSV {
	if r.CSV == nil {
		return nil
	}
	return &report.CSV{Panels: r.CSV.Panels, All: r.CSV.All}
}

// boardPictures draws the whole dashboard of a report, if it has one.
func boardPictures(ctx context.Context, r *report.Report) ([]report.File, error) {
	if r.Info.Board == nil {
		return nil, nil
	}
	in := chart.BoardOptions{Zone: r.Info.Zone, Language: r.Info.Language, Font: r.Info.Font}
	large, phone := in, in
	large.Scale, phone.Scale, phone.Phone = 2, 2, true
	var files []report.File
	for _, f := range []struct {
		name string
		o    chart.BoardOptions
	}{
		{report.BoardPicture, in}, {report.BoardLargePicture, large},
		{report.BoardPhonePicture, phone},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		body, err := chart.BoardPNG(r.Info.Board, f.o)
		if err != nil {
			return nil, err
		}
		files = append(files, report.File{Name: f.name, ContentType: "image/png", Body: body})
	}
	return files, nil
}
