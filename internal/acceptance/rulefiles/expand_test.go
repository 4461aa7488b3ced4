package rulefiles

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/series"
)

// nameless compares labels without the metric's name: an expanded series has none.
var nameless = cmp.Comparer(func(a, b series.Labels) bool {
	return a.With(model.MetricNameLabel, "").Compare(b.With(model.MetricNameLabel, "")) == 0
})

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
