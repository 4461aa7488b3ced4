package rulefiles

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/series"
)

var (
	update = flag.Bool("update", false, "rewrite the goldens; then run the acceptance test")
	slow   = flag.Bool("slow", false, "also the suites that take minutes")
)

// TestGoldens compares the alerts of all suites with those that promtool has confirmed.
func TestGoldens(t *testing.T) {
	for _, s := range suites(t) {
		if s.slow && !*slow && !*update {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			groups := parse(t, s.rules)
			var got strings.Builder
			for _, tt := range s.tests {
				fmt.Fprintf(&got, "== %s\n%s", tt.Name, replay(t, groups, tt).episodes())
			}
			s.compare(t, got.String())
		})
	}
}

// replay evaluates the rules over a test.
func replay(t *testing.T, groups []rulefile.Group, tt test) *server {
	t.Helper()
	s := newServer(t, groups, tt, false)
	s.run(tt)
	s.inOnePiece()
	return s
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

// episodes returns a line for each episode: the alert, since when it was active, fired and ended,
// its newest value, and its annotations.
func (s *server) episodes() string {
	var b strings.Builder
	for _, g := range s.groups {
		for _, r := range g.rules {
			for _, e := range r.evaluator.Result().Episodes {
				fmt.Fprintf(&b, "%s active %s", e.Labels, since(e.ActiveSince))
				if e.Fired() {
					fmt.Fprintf(&b, ", fired %s", since(e.FiredAt))
				}
				if !e.Ended.IsZero() {
					fmt.Fprintf(&b, ", ended %s", since(e.Ended))
				}
				as, _ := r.templates.Annotations(e.Source, e.Value, e.LastHeld)
				fmt.Fprintf(&b, ", value %v, %s\n", e.Value, as)
			}
		}
	}
	return b.String()
}

func since(at time.Time) time.Duration { return at.Sub(epoch) }

// inOnePiece checks that the answers of all evaluations at once give the same result.
func (s *server) inOnePiece() {
	for _, g := range s.groups {
		for _, r := range g.rules {
			if r.Alert == "" {
				continue
			}
			whole := rulefile.NewEvaluator(r.Rule, r.options)
			var answer []series.Series
			for _, key := range slices.Sorted(maps.Keys(r.answer)) {
				answer = append(answer, *r.answer[key])
			}
			if err := whole.Add(r.grid, answer); err != nil {
				s.t.Fatal(err)
			}
			if diff := cmp.Diff(r.evaluator.Result(), whole.Result()); diff != "" {
				s.t.Errorf("%s: (-one by one +all):\n%s", r.Alert, diff)
			}
		}
	}
}
