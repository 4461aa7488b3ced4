package rulefiles

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/rulefile"
)

// TestComparisons evaluates rules that compare with a number, and what Compare splits them into:
// both have the same series and values.
func TestComparisons(t *testing.T) {
	split := 0
	for _, s := range suites(t) {
		if s.name != "own_series" {
			continue
		}
		groups := parse(t, s.rules)
		for _, tt := range s.tests {
			server := newServer(t, groups, tt, false)
			server.run(tt) // for the recorded series
			for _, g := range groups {
				for _, r := range g.Rules {
					if c, ok := rulefile.Compare(r.Expr); ok {
						split++
						server.compare(r.Expr, c, tt)
					}
				}
			}
		}
	}
	if split < 90 {
		t.Errorf("got %d comparisons, want 30 in each of three tests", split)
	}
}

// compare compares an expression with its parts.
func (s *server) compare(expr string, c rulefile.Comparison, tt test) {
	level := strconv.FormatFloat(c.Level, 'g', -1, 64)
	for i := 0; i < tt.evaluations; i += 3 {
		ts := epoch.Add(time.Duration(i) * tt.step)
		want := s.lines(expr, ts)
		got := s.lines(fmt.Sprintf("(%s) %s %s", c.Left, c.Op, level), ts)
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Errorf("%s at %v (-whole +%+v):\n%s", expr, ts, c, diff)
		}
	}
}

// lines returns the answer to an expression, sorted.
func (s *server) lines(expr string, ts time.Time) []string {
	var out []string
	for _, sample := range s.query(expr, ts) {
		out = append(out, fmt.Sprint(sample.Metric, " ", sample.F))
	}
	slices.Sort(out)
	return out
}
