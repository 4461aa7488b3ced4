package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// errNotAsked is why an explanation without Prometheus has no values from there.
var errNotAsked = errors.New("Prometheus is not asked")

// Explain says what becomes of the dashboard of a report of the configuration. It queries no
// Prometheus, so variables that get their values there are pending.
func Explain(ctx context.Context, cfg *config.Config, report string,
	o Options) (grafana.Explanation, error) {
	s := &Source{cfg: cfg, o: o}
	e, err := s.explain(ctx, report, errNotAsked)
	if errors.Is(err, errNotAsked) {
		err = nil
	}
	return e, err
}

// Explain says what becomes of the dashboard of a report, with the values that Prometheus has for
// its variables. It fails if Prometheus cannot be queried.
func (s *Source) Explain(ctx context.Context, report string) (grafana.Explanation, error) {
	_, err := s.client.Server(ctx)
	if down := promapi.Unreachable(err); down != nil {
		return grafana.Explanation{}, down
	}
	return s.explain(ctx, report, nil)
}

// explain plans the dashboard as a run does. down is why Prometheus must not be asked.
func (s *Source) explain(ctx context.Context, report string,
	down error) (grafana.Explanation, error) {
	o := s.o
	o.Reports = []string{report}
	if err := o.checkReports(s.cfg); err != nil {
		return grafana.Explanation{}, err
	}
	r, p := o.reports(s.cfg)[0], s.cfg.Prometheus
	plan := s.planDashboard(ctx, r, snapshot.Options{
		Slot: o.slotOf(r), QueryOffset: p.QueryOffset, ScrapeInterval: p.ScrapeInterval,
		Concurrency: p.Concurrency,
	}, down)
	if plan == nil {
		return grafana.Explanation{}, fmt.Errorf("report %s shows no dashboard; add dashboard: "+
			"{file: dashboards/1860.json} to it, or explain another one", report)
	}
	if err := ctx.Err(); err != nil {
		return grafana.Explanation{}, context.Cause(ctx)
	}
	return plan.Explain()
}
