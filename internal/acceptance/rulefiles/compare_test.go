package rulefiles

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
			server := newServer(t, groups, tt, true)
			server.run() // for the recorded series
			for _, g := range groups {
				for _, r := range g.Rules {
					if c, ok := rulefile.Compare(r.Expr); ok {
						split++
						server.compare(r.Expr, c)
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
func (s *server) compare(expr string, c rulefile.Comparison) {
	level := strconv.FormatFloat(c.Level, 'g', -1, 64)
	want, got := s.query(expr, 0), s.query(fmt.Sprintf("(%s) %s %s", c.Left, c.Op, level), 0)
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		s.t.Errorf("%s (-whole +%+v):\n%s", expr, c, diff)
	}
}
