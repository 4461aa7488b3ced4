package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// usualIntervals are common scrape intervals.
var usualIntervals = []time.Duration{
	5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
}

// ScrapeInterval returns the usual interval nearest to this many samples of a target in a window, 0
// if there are none.
func ScrapeInterval(window time.Duration, samples float64) time.Duration {
	if !(samples >= 1) {
		return 0
	}
	mean := window / time.Duration(math.Round(samples))
	return slices.MinFunc(usualIntervals, func(a, b time.Duration) int {
		return cmp.Compare(math.Abs(math.Log(a.Seconds()/mean.Seconds())),
			math.Abs(math.Log(b.Seconds()/mean.Seconds())))
	})
}

// sparse returns how often the metrics of the query's rates are scraped if $__rate_interval is too
// short to hold two samples, else 0. It checks the first of the metrics that has samples.
func (p *Panel) sparse(ctx context.Context, q Querier, v panel.Vars) (time.Duration, error) {
	if !slices.ContainsFunc(p.Spec.Queries, func(q panel.Query) bool {
		return strings.Contains(q.Expr, "__rate_interval")
	}) {
		return 0, nil
	}
	var names []string
	for _, expr := range p.Exprs {
		names = addOnce(names, panel.RangedNames(expr, v.RateInterval()))
	}
	const window = time.Hour
	for _, name := range names {
		samples := 0.0
		expr := fmt.Sprintf("max(count_over_time({__name__=%q}[%s]))", name, model.Duration(window))
		_, err := q.Range(ctx, promapi.Query{
			Expr: expr, Grid: series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1},
		}, func(s series.Series) error {
			samples = s.Values[0]
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("checking how often %s is scraped: %w", name, err)
		}
		if every := ScrapeInterval(window, samples); every > 0 {
			if every < v.RateInterval() {
				return 0, nil
			}
			return every, nil
		}
	}
	return 0, nil
}
