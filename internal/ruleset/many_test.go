package ruleset

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// many returns the text of n rules. Rule i is R<i> with the expression m<i>.
func many(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "  - {alert: R%d, expr: m%d, annotations: {summary: '{{ $value }}'}}\n",
			i, i)
	}
	return text.String()
}

// TestTooManyRules runs one rule more than a report may have.
func TestTooManyRules(t *testing.T) {
	f := &fake{answers: map[string][]held{"m4999": {{pod, 30, 0}}, "m5000": {{pod, 30, 0}}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	res := f.run(t, end, many(MostRules+1))
	runtime.ReadMemStats(&after)
	t.Logf("%s, %d MiB allocated", time.Since(began).Round(time.Millisecond),
		(after.TotalAlloc-before.TotalAlloc)>>20)
	if len(res.Rules) != MostRules || res.TooMany != 1 || len(f.asked) != MostRules+1 {
		t.Fatalf("got %d rules, %d too many, %d queries; want 5000, 1 and 5001", len(res.Rules),
			res.TooMany, len(f.asked))
	}
	if last := res.Rules[MostRules-1]; last.Outcome() != Fires {
		t.Errorf("got %+v, want the rule R4999, firing", last)
	}
}

// TestTooManyAlerts leaves out the alerts of the rules at the end, whichever rule is done first.
func TestTooManyAlerts(t *testing.T) {
	each := MostAlerts / 4
	f := &fake{answers: map[string][]held{"m6": {{pod, 5, 0}}}}
	for i := range each + 1 {
		one := held{series.FromPairs("pod", fmt.Sprint(i)), 5, 0}
		for _, expr := range []string{"m0", "m1", "m3", "m4"} {
			f.answers[expr] = append(f.answers[expr], one)
		}
	}
	for range 2 {
		res := Run(t.Context(), f, parse(t, many(7)), nil,
			Options{End: end, Range: 10 * time.Minute, Concurrency: 4})
		var got []int
		failed := ""
		for _, r := range res.Rules {
			got = append(got, len(r.Alerts))
			if r.Failure != nil {
				failed += r.Alert + " "
			}
		}
		want := []int{each + 1, each + 1, 0, each + 1, 0, 0, 0}
		if !slices.Equal(got, want) || failed != "R4 R6 " {
			t.Errorf("got the alerts %v, and %q failed; want %v, and R4 R6", got, failed, want)
		}
	}
}
