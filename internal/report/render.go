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

// The size of a chart in CSS pixels, how many pixels a PNG has for each of them, and how many charts are drawn at a time: drawing is
// work for a processor and keeps a picture in memory.
const (
	chartWidth  = 1000
	chartHeight = 400
	chartScale  = 2
	drawnAtOnce = 2

	// pagePictures is how many bytes of PNG stand in one page, which then stays below 3 MiB. Where there would be more, all of them
	// are drawn coarser for the page; the files beside it stay as they are.
	pagePictures = 2_100_000
)

// drawing is one panel's chart, or why there is none.
type drawing struct {
	png   []byte
	scale int // pixels of png for a CSS pixel
	svg   template.HTML
	err   error
}

// drawer draws a panel with so many pixels for a CSS pixel.
type drawer func(p *snapshot.Panel, scale int) drawing

// Render writes the report as files: index.html, report.json and a PNG for each panel. A chart that cannot be drawn is said so in the
// page and has no PNG. The error is ctx's, or that of a template, which is a defect.
func (r *Report) Render(ctx context.Context) ([]File, error) {
	return r.render(ctx, r.draw)
}

// render is Render with another hand that draws.
func (r *Report) render(ctx context.Context, draw drawer) ([]File, error) {
	drawings, err := drawAll(ctx, r.Panels, chartScale, draw)
	if err != nil {
		return nil, err
	}
	inPage := drawings
	if size(drawings) > pagePictures {
		if inPage, err = drawAll(ctx, r.Panels, 1, draw); err != nil {
			return nil, err
		}
	}
	page, err := r.html(inPage)
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
			files = append(files, File{Name: Slug(r.Panels[i].Spec.Name) + ".png", ContentType: "image/png", Body: d.png})
		}
	}
	return files, nil
}

// drawAll draws a few panels at a time and returns the drawings in the panels' order.
func drawAll(ctx context.Context, panels []snapshot.Panel, scale int, draw drawer) ([]drawing, error) {
	drawings := make([]drawing, len(panels))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(drawnAtOnce)
	for i := range panels {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("drawing stopped at panel %s: %w", panels[i].Spec.Name, err)
			}
			drawings[i] = draw(&panels[i], scale)
			return nil
		})
	}
	return drawings, group.Wait()
}

func size(drawings []drawing) (bytes int) {
	for _, d := range drawings {
		bytes += len(d.png)
	}
	return bytes
}

// draw draws one panel.
func (r *Report) draw(p *snapshot.Panel, scale int) drawing {
	o := chart.Options{Width: chartWidth, Height: chartHeight, Scale: float64(scale), Zone: r.Info.Zone}
	png, err := chart.PNG(p, o)
	if err != nil {
		return drawing{err: fmt.Errorf("drawing the chart of panel %s: %w", p.Spec.Name, err)}
	}
	return drawing{png: png, scale: scale}
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
