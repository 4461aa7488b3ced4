package snapshot

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// TestUnlimited checks which series overrides leave without a limit. A rule that waits for a limit
// has none itself, but alone it does not take those of others away.
func TestUnlimited(t *testing.T) {
	high := rules.Rule{Name: "High", Warning: rules.At(0.8)}
	fills := rules.Rule{
		Name: "Fills", FullIn: true, Direction: rules.Below, Warning: rules.At(7 * 86400),
	}
	for _, c := range []struct {
		name  string
		rules []rules.Rule
		want  map[string]bool // by the name of a series
	}{
		{"a level", []rules.Rule{high}, map[string]bool{"n1": true, "n2": false}},
		{"a level and a time", []rules.Rule{high, fills}, map[string]bool{"n1": true, "n2": false}},
		{"a time", []rules.Rule{fills}, map[string]bool{"n1": true, "n2": false}},
		{"no rule", nil, map[string]bool{"n1": false, "n2": false}},
	} {
		spec := panel.Spec{
			Queries: []panel.Query{{Legend: "{{node}}"}}, Rules: c.rules,
			Overrides: []panel.Override{
				{Match: []panel.Matcher{{Label: "node", Op: "=", Value: "n1"}}},
			},
		}
		f, err := newFold(&spec, series.Grid{Step: time.Hour, Len: 1}, Nodes{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range c.want {
			s := identified{Series: series.Series{
				Labels: series.FromPairs("node", name), Values: []float64{0.5},
			}}
			if got := f.unlimited(s); got != want {
				t.Errorf("%s: %s: got unlimited %v, want %v", c.name, name, got, want)
			}
		}
	}
}
