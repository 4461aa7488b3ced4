package rulefiles

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExpandedRules compares the alerts of rules whose recording rules are expanded with those of a
// server that evaluates the recording rules.
func TestExpandedRules(t *testing.T) {
	for _, s := range suites(t) {
		if s.slow && !*slow {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			groups := parse(t, s.rules)
			for _, tt := range s.tests {
				recorded, expanded := newServer(t, groups, tt, false), newServer(t, groups, tt, true)
				recorded.run(tt)
				expanded.run(tt)
				if diff := cmp.Diff(recorded.episodes(), expanded.episodes()); diff != "" {
					t.Errorf("%s (-recorded +expanded):\n%s", tt.Name, diff)
				}
			}
		})
	}
}
