package rulefiles

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/rulefile"
)

var update = flag.Bool("update", false, "rewrite the goldens; then run the acceptance test")

// replay evaluates the rules over a test. The alerts of expanded rules are the same.
func (s suite) replay(t *testing.T, groups []rulefile.Group, tt test) *server {
	t.Helper()
	server := newServer(t, groups, tt, s.whole)
	server.run()
	server.expand()
	return server
}

// compare compares the episodes of a suite with its golden.
func (s suite) compare(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", s.name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if diff := cmp.Diff(string(want), got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

// episodes returns a line for each episode of a test: the alert, since when it was active, when it
// fired and ended, and its newest value. The annotations follow if the alert is not seen yet.
func (s *server) episodes(name string, seen map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "== %s\n", name)
	for _, g := range s.groups {
		for _, r := range g.rules {
			for _, e := range r.result.Episodes {
				fmt.Fprintf(&b, "%s active %s", e.Labels, since(e.ActiveSince))
				if e.Fired() {
					fmt.Fprintf(&b, ", fired %s", since(e.FiredAt))
				}
				if !e.Ended.IsZero() {
					fmt.Fprintf(&b, ", ended %s", since(e.Ended))
				}
				fmt.Fprintf(&b, ", value %v", e.Value)
				if key := g.Name + "/" + r.Alert; !seen[key] {
					seen[key] = true
					as, _ := r.templates.Annotations(e.Source, e.Value, e.LastHeld)
					fmt.Fprintf(&b, ", %s", as)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}

func since(at time.Time) time.Duration { return at.Sub(epoch) }
