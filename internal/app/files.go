package app

import (
	"context"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/html"
	"github.com/promsnap/promsnap/internal/report/json"
)

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
