//go:build !acceptance

package rulefiles

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/testdata/race"
)

// TestGoldens compares the alerts of all suites with those that promtool has confirmed. In an
// acceptance test, TestPromtoolAgrees does.
func TestGoldens(t *testing.T) {
	race.SkipSerial(t)
	for _, s := range suites(t) {
		t.Run(s.name, func(t *testing.T) {
			groups := parse(t, s.rules)
			var got strings.Builder
			seen := map[string]bool{}
			for _, tt := range s.tests {
				got.WriteString(s.replay(t, groups, tt).episodes(tt.Name, s.brief, seen))
			}
			s.compare(t, got.String())
		})
	}
}
