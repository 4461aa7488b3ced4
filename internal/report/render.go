package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
)

// The sizes of a chart in CSS pixels: of the picture, which has its own title and table and chartScale pixels for each of these; of the
// plot in the page, which has them around it; and of the plot on a phone, where the wide one's words would be too small to read.
const (
	chartWidth, chartHeight = 1000, 400
	chartScale              = 2
	wideWidth, wideHeight   = 1176, 320
	phoneWidth, phoneHeight = 380, 220
)

// drawnAtOnce is how many charts are drawn at a time: it is work for a processor.
const drawnAtOnce = 2

// drawing is one panel's chart, or why there is none.
type drawing struct {
	png         []byte // the file
	wide, phone template.HTML
	err         error
}

// Render writes the report as files: index.html, report.json and a PNG for each panel. A chart that cannot be drawn is said so in the
// page and has no PNG. The error is ctx's, or that of a template, which is a defect.
func (r *Report) Render(ctx context.Context) ([]File, error) {
	return r.render(ctx, r.draw)
}

// render is Render with another hand that draws.
func (r *Report) render(ctx context.Context, draw func(*snapshot.Panel) drawing) ([]File, error) {
	drawings, err := drawAll(ctx, r.Panels, draw)
	if err != nil {
		return nil, err
	}
	page, err := r.html(drawings)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(r.Document())
	if err != nil {
		return nil, fmt.Errorf("writing report.json: %w", err)
	}
	files := []File{
		{Name: "index.html", ContentType: "text/html; charset=utf-8", Body: page},
		{Name: "report.json", ContentType: "application/json", Body: append(doc, '\n')},
	}
	for i, d := range drawings {
		if d.png != nil {
			files = append(files, File{Name: pictureName(r.Panels[i].Spec.Name), ContentType: "image/png", Body: d.png})
		}
	}
	return files, nil
}

// drawAll draws a few panels at a time and returns the drawings in the panels' order.
func drawAll(ctx context.Context, panels []snapshot.Panel, draw func(*snapshot.Panel) drawing) ([]drawing, error) {
	drawings := make([]drawing, len(panels))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(drawnAtOnce)
	for i := range panels {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("drawing stopped at panel %s: %w", panels[i].Spec.Name, err)
			}
			drawings[i] = draw(&panels[i])
			return nil
		})
	}
	return drawings, group.Wait()
}

// draw draws one panel as a file and for the page.
func (r *Report) draw(p *snapshot.Panel) (d drawing) {
	o := chart.Options{Width: chartWidth, Height: chartHeight, Scale: chartScale, Zone: r.Info.Zone, Language: r.Info.Language, Font: r.Info.Font}
	if d.png, d.err = chart.PNG(p, o); d.err != nil {
		return d
	}
	o.Width, o.Height, o.Bare = wideWidth, wideHeight, true
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
	d.wide, d.phone = template.HTML(wide), template.HTML(phone) //nolint:gosec // chart escapes every word in it
	return d
}

// html writes the page.
func (r *Report) html(drawings []drawing) ([]byte, error) {
	t, err := template.New("report").Parse(templates.ReportHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	var page bytes.Buffer
	if err := t.Execute(&page, r.page(drawings)); err != nil {
		return nil, fmt.Errorf("writing index.html: %w", err)
	}
	return page.Bytes(), nil
}
