package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

func TestAdvanceIsBounded(t *testing.T) {
	w := watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts + 40 {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("8", 60)
	}
	w.advance(10)
	known := w.memory
	w.series["worst"] = strings.Repeat("9", 60)
	w.advance(15, 20)
	if len(w.memory.Alerts) != maxAlerts || w.memory.Overflow != 41 {
		t.Errorf("got %d alerts and an overflow of %d, want %d and 41", len(w.memory.Alerts),
			w.memory.Overflow, maxAlerts)
	}
	for k := range known.Alerts {
		if _, ok := w.memory.Alerts[k]; !ok {
			t.Fatalf("%s is gone, want every known firing alert: people would be notified again", k)
		}
	}
	warning := Rule{Name: "NodeMemoryHigh", Warning: At(80), For: 2 * time.Minute}
	// the name that comes last
	w = watch{rule: warning, window: 60, series: map[string]string{"zz": strings.Repeat("9", 60)}}
	for i := range maxAlerts + 40 {
		w.series[fmt.Sprintf("n%04d", i)] = strings.Repeat("8", 60)
	}
	w.advance(10)
	if !slices.ContainsFunc(slices.Collect(maps.Values(w.memory.Alerts)), func(a Alert) bool {
		return a.Name == "zz"
	}) {
		t.Error("the worst alert zz was dropped, want a less severe one dropped")
	}
	long := strings.Repeat("ü", 1000)
	w = watch{rule: memoryHigh, window: 60, series: map[string]string{}}
	for i := range maxAlerts {
		w.series[fmt.Sprintf("%03d%s", i, long)] = strings.Repeat("9", 60)
	}
	w.advance(10)
	bytes := 0
	for k, a := range w.memory.Alerts {
		if bytes += a.size(); len(k) > maxKey {
			t.Errorf("got a key of %d bytes, want at most %d", len(k), maxKey)
		}
	}
	if len(w.memory.Alerts) < 100 || bytes > maxBytes {
		t.Errorf("got %d alerts of %d bytes, want at least 100 of at most %d bytes",
			len(w.memory.Alerts), bytes, maxBytes)
	}
}

// A cause has names from outside, which must not fill the state.
func TestCauseIsBounded(t *testing.T) {
	long := strings.Repeat("ü", 1000)
	end := minute(10)
	finding := Finding{
		Labels: series.FromPairs("node", "a"), Status: Breach, Severity: Critical,
		Streak: &Streak{From: minute(1), To: end, Severity: Critical},
		Cause:  Cause{Kind: CauseSource, Cluster: long, Namespace: long, Name: long},
	}
	m := Advance(Memory{}, Evaluation{Rules: []RuleResult{{
		ID: RuleID{"memory", "High"}, Data: DataComplete, From: minute(0), Through: end,
		Findings: []Judged{{Finding: finding, Identity: finding.Labels}},
	}}}, end)
	if len(m.Alerts) != 1 {
		t.Fatalf("got %d alerts, want 1", len(m.Alerts))
	}
	for _, a := range m.Alerts {
		c := a.Cause
		if c.Kind != CauseSource {
			t.Errorf("got the kind %q, want %q", c.Kind, CauseSource)
		}
		total := 0
		for _, text := range []string{c.Cluster, c.Namespace, c.Name} {
			if total += len(text); text == "" || len(text) > maxText {
				t.Errorf("got %d bytes of a cause's text, want 1 to %d", len(text), maxText)
			}
		}
		without := a
		without.Cause = Cause{}
		if got := a.size() - without.size(); got < total {
			t.Errorf("got %d bytes for the cause in the size, want at least %d", got, total)
		}
	}
}
