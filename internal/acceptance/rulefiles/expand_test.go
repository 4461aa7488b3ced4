package rulefiles

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/series"
)

// nameless compares labels without the metric's name: an expanded series has none.
var nameless = cmp.Comparer(func(a, b series.Labels) bool {
	return a.With(model.MetricNameLabel, "").Compare(b.With(model.MetricNameLabel, "")) == 0
})

// uses are how rules use a recorded metric.
var uses = []string{
	`%s{job!="none"}`, "sum_over_time(%s[10m])", "%s offset 3m > 0", `absent(%s{job="none"})`,
}

// expandRecorded compares each recorded metric with its expansion.
func (s *server) expandRecorded() {
	exists := func(metric string) bool { return s.store.loaded[metric] }
	for _, name := range slices.Sorted(maps.Keys(s.recordings)) {
		if exists(name) || s.store.byName[name] == nil {
			continue
		}
		s.recorded++
		for _, use := range uses {
			use = fmt.Sprintf(use, name)
			expr, err := s.recordings.Expand(use, exists)
			if err != nil {
				s.t.Fatalf("%s: %v", use, err)
			}
			want, got := s.unnamed(s.query(use, 0)), s.unnamed(s.query(expr, 0))
			if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
				s.t.Errorf("%s (-recorded +expanded):\n%s\nexpanded: %s", use, diff, expr)
			}
		}
	}
}

// unnamed removes the metric's name from series, and the first 10 minutes: nothing is recorded
// before the first evaluation.
func (s *server) unnamed(all []series.Series) []series.Series {
	first := int((10*time.Minute + s.grid.Step - 1) / s.grid.Step)
	for i := range all {
		all[i].Labels = all[i].Labels.With(model.MetricNameLabel, "")
		all[i].Values = all[i].Values[min(first, s.grid.Len):]
	}
	all = slices.DeleteFunc(all, func(one series.Series) bool { return series.Newest(one.Values) < 0 })
	slices.SortFunc(all, func(a, b series.Series) int { return a.Labels.Compare(b.Labels) })
	return all
}

// expand compares the alerts of rules whose recording rules are expanded with those that read the
// recorded metrics. A metric that the test has series of is not expanded.
func (s *server) expand() {
	exists := func(metric string) bool { return s.store.loaded[metric] }
	for _, g := range s.groups {
		for _, r := range g.rules {
			if r.Record != "" {
				continue
			}
			expr, err := s.recordings.Expand(r.Expr, exists)
			if err != nil {
				s.t.Fatalf("%s: %v", r.Alert, err)
			}
			if expr == r.Expr {
				continue
			}
			s.expanded++
			got := s.evaluate(r, s.query(expr, r.offset))
			if diff := cmp.Diff(r.result, got, nameless, cmpopts.EquateNaNs()); diff != "" {
				s.t.Errorf("%s (-recorded +expanded):\n%s\nexpanded: %s", r.Alert, diff, expr)
			}
		}
	}
}
