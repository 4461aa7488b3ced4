package app

import (
	"context"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Explain says what becomes of the dashboard of the configuration's first report. It queries no
// Prometheus, so variables that get their values there are pending.
func Explain(ctx context.Context, cfg *config.Config, o Options) (grafana.Explanation, error) {
	return explain(ctx, cfg, o, func(grafana.Window) grafana.Source { return nil })
}

// Explain says what becomes of the dashboard of the configuration's first report, with the values
// that Prometheus has for its variables.
func (s *Source) Explain(ctx context.Context) (grafana.Explanation, error) {
	_, err := s.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return grafana.Explanation{}, down
	}
	return explain(ctx, s.cfg, s.o, func(w grafana.Window) grafana.Source {
		return ask.New(s.client, w)
	})
}

func explain(ctx context.Context, cfg *config.Config, o Options,
	source func(grafana.Window) grafana.Source) (grafana.Explanation, error) {
	r, p := cfg.Reports[0], cfg.Prometheus
	end := (&snapshot.Options{Slot: o.Slot, QueryOffset: p.QueryOffset}).End()
	w := grafana.Window{From: end.Add(-r.Range), To: end}
	b := r.Dashboard.Board
	values, err := b.Resolve(ctx, source(w), r.Dashboard.Variables, w)
	if err != nil {
		return grafana.Explanation{}, err
	}
	return b.Plan(values, grafana.Request{
		Scrape: p.ScrapeInterval, Width: board.PageWidth,
	}).Explain(), nil
}
