package config_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

func TestDocumentedExamplesLoad(t *testing.T) {
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Builtin = panels.All()
	loaded := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		if strings.HasPrefix(m[1], "#") {
			continue
		}
		if _, err := config.Load("promsnap.yaml", []byte(m[1]), o); err != nil {
			t.Errorf("%s\n%v", m[1], err)
		}
		loaded++
	}
	if loaded < 2 {
		t.Errorf("%d examples", loaded)
	}
}

// The built-in panels themselves go through what a file's panels go through, over every range that a report may have.
func TestBuiltinPanels(t *testing.T) {
	o := config.Options{Builtin: panels.All()}
	for _, rng := range []string{"1m", "10m", "1h", "24h", "7d", "30d", "400d"} {
		var text strings.Builder
		fmt.Fprintf(&text, "version: 1\nprometheus: {url: http://p}\nreports:\n  - {name: all, range: %s}\n  - name: one\n    range: %s\n    panels:\n", rng, rng)
		for _, p := range o.Builtin {
			fmt.Fprintf(&text, "      - {use: %s, query: %q", p.Name, strings.TrimSpace(p.Query))
			if p.Capacity != nil {
				fmt.Fprintf(&text, ", capacity: {query: %q, unit: %s}", p.Capacity.Query, p.Capacity.Unit)
			}
			fmt.Fprintf(&text, ", legend: %q, unit: %s}\n", p.Legend, p.Unit)
		}
		c, err := config.Load("promsnap.yaml", []byte(text.String()), o)
		if err != nil {
			t.Errorf("range %s: %v", rng, err)
			continue
		}
		for _, r := range c.Reports {
			if len(r.Panels) != len(o.Builtin) {
				t.Errorf("range %s: %d panels, not %d", rng, len(r.Panels), len(o.Builtin))
			}
			for i, p := range r.Panels {
				for _, rule := range p.Rules {
					if shown := max(p.Range, r.Range); rule.For > 0 && rule.For > shown-3*time.Minute {
						t.Errorf("range %s: %s shows %s, too little for %s of %s", rng, p.Name, shown, rule.For, rule.Name)
					}
				}
				if p.Name != o.Builtin[i].Name {
					t.Errorf("range %s: panel %d is %s", rng, i, p.Name)
				}
			}
		}
	}
}
