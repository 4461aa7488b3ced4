package rulefiles

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	server.expandRecorded()
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
// fired and ended, and its newest value. The annotations follow if the alert is not seen yet. In
// brief there is a line for each rule, with the times of its first episode.
func (s *server) episodes(name string, brief bool, seen map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "== %s\n", name)
	for _, g := range s.groups {
		for _, r := range g.rules {
			all := r.result.Episodes
			if brief && len(all) > 0 {
				fmt.Fprintf(&b, "%s: %d, first %s\n", r.Alert, len(all), times(all[0]))
				continue
			}
			for _, e := range all {
				fmt.Fprintf(&b, "%s %s", e.Labels, times(e))
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

// times returns the times of an episode, and its value.
func times(e rulefile.Episode) string {
	out := fmt.Sprintf("active %s", e.ActiveSince.Sub(epoch))
	if e.Fired() {
		out += fmt.Sprintf(", fired %s", e.FiredAt.Sub(epoch))
	}
	if !e.Ended.IsZero() {
		out += fmt.Sprintf(", ended %s", e.Ended.Sub(epoch))
	}
	return out + fmt.Sprintf(", value %v", e.Value)
}
