package app

import (
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// If a variable of the dashboard has no value, a rule that is not among the panels may still be
// configured, so its alerts must not end.
func TestUnknownRules(t *testing.T) {
	s := reportSnapshot{panels: []snapshot.Panel{{Spec: panel.Spec{
		Name: "cpu-1-alerts", Rules: []rules.Rule{{Name: "High", Warning: rules.At(1)}},
	}}}}
	for _, unknown := range []bool{false, true} {
		s.unknown = unknown
		got := (&recipients{}).evaluate(t.Context(), s).now.Configured
		if (got == nil) != unknown {
			t.Errorf("unknown %v: got configured rules %v, want nil %v", unknown, got, unknown)
		}
	}
}
