// Package html writes a report as one self-contained page, and a picture of each panel.
package html

import (
	"bytes"
	"context"
	"fmt"
	"html/template"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
)

// The sizes of a chart in CSS pixels. The picture has its own title and table, and chartScale
// pixels for each CSS pixel. In the page, the title and table are outside the chart. A panel that
// is folded has its words beside its chart, which is therefore smaller. The phone has a chart of
// its own, because the text of the wide one would be too small there.
const (
	chartWidth, chartHeight   = 1000, 400
	chartScale                = 2
	wideWidth, wideHeight     = 1176, 320
	foldedWidth, foldedHeight = 780, 280
	phoneWidth, phoneHeight   = 380, 220
)

// drawnAtOnce is how many charts are drawn at the same time. Each keeps a processor busy.
const drawnAtOnce = 2

// drawing is the chart of one panel, or the error that prevented it.
type drawing struct {
	png         []byte // the file
	wide, phone template.HTML
	err         error
}

// Render returns index.html and a PNG for each panel. If a chart cannot be drawn, the page says so
// and there is no PNG. The error is that of ctx, or of a template, which is a bug.
func Render(ctx context.Context,
	r *report.Report) (page report.File, pictures []report.File, err error) {
	return render(ctx, r, handOf(r))
}

// hand draws the panels of a report and of its dashboard.
type hand struct {
	panel func(*snapshot.Panel) drawing
	view  func(*board.Panel, sizes) viewDrawing
}

// handOf returns the hand that draws.
func handOf(r *report.Report) hand {
	in := r.Info
	return hand{
		panel: func(p *snapshot.Panel) drawing { return draw(in, p, r.Open(p)) },
		view:  func(p *board.Panel, s sizes) viewDrawing { return drawView(in, p, s) },
	}
}

// render is Render with a hand for tests.
func render(ctx context.Context, r *report.Report,
	h hand) (page report.File, pictures []report.File, err error) {
	drawings := make([]drawing, len(r.Panels))
	err = drawAll(ctx, len(r.Panels), func(i int) string { return r.Panels[i].Spec.Name },
		func(i int) {
			if !r.Listed(&r.Panels[i]) {
				drawings[i] = h.panel(&r.Panels[i])
			}
		})
	if err != nil {
		return page, nil, err
	}
	views, err := drawBoard(ctx, r.Info.Board, h.view)
	if err != nil {
		return page, nil, err
	}
	body, err := write(layoutOf(r).page(drawings, views))
	if err != nil {
		return page, nil, err
	}
	for i, d := range drawings {
		if d.png != nil {
			pictures = append(pictures, picture(report.PictureName(r.Panels[i].Spec.Name), d.png))
		}
	}
	for i, d := range views {
		if d.png != nil {
			name := report.BoardPanelPicture(r.Info.Board.Panels[i].Name)
			pictures = append(pictures, picture(name, d.png))
		}
	}
	return report.File{
		Name: "index.html", ContentType: "text/html; charset=utf-8", Body: body,
	}, pictures, nil
}

func picture(name string, body []byte) report.File {
	return report.File{Name: name, ContentType: "image/png", Body: body}
}

// drawAll draws n panels, a few at a time.
func drawAll(ctx context.Context, n int, name func(int) string, draw func(int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(drawnAtOnce)
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("drawing stopped at panel %s: %w", name(i), err)
			}
			draw(i)
			return nil
		})
	}
	return group.Wait()
}

// draw draws one panel, as a file and for the page, where it is open or folded.
func draw(in report.Info, p *snapshot.Panel, open bool) (d drawing) {
	o := chart.Options{
		Width: chartWidth, Height: chartHeight, Scale: chartScale, Zone: in.Zone,
		Language: in.Language, Font: in.Font,
	}
	if d.png, d.err = chart.PNG(p, o); d.err != nil {
		return d
	}
	o.Width, o.Height, o.Bare = foldedWidth, foldedHeight, true
	if open {
		o.Width, o.Height = wideWidth, wideHeight
	}
	wide, err := chart.SVG(p, o)
	if err != nil {
		d.err = err
		return d
	}
	o.Width, o.Height = phoneWidth, phoneHeight
	phone, err := chart.SVG(p, o)
	if err != nil {
		d.err = err
		return d
	}
	d.wide = template.HTML(wide)   //nolint:gosec // chart escapes all text in it
	d.phone = template.HTML(phone) //nolint:gosec // as above
	return d
}

// write executes the page's template.
func write(p page) ([]byte, error) {
	t, err := template.New("report").Parse(templates.ReportHTML)
	for _, more := range []string{
		templates.SizingHTML, templates.TargetsHTML, templates.RulesHTML, templates.FiredHTML,
		templates.DashboardHTML, templates.FleetHTML,
	} {
		if err == nil {
			t, err = t.Parse(more)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("writing index.html: %w", err)
	}
	return out.Bytes(), nil
}
