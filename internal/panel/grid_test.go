package panel_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

// A short alert over a long range has finer steps than a chart needs, as far as Prometheus allows.
func TestStepFor(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name        string
		rng, scrape time.Duration
		hold        []time.Duration
		want        time.Duration
	}{
		{"no alert", 7 * day, time.Minute, nil, 0},
		{"at once", 7 * day, time.Minute, []time.Duration{0}, 0},
		{"fine enough", day, time.Minute, []time.Duration{15 * time.Minute}, 0},
		{"a week", 7 * day, time.Minute, []time.Duration{time.Hour, 15 * time.Minute}, 5 * time.Minute},
		{"between two steps", 7 * day, time.Minute, []time.Duration{10 * time.Minute}, 2 * time.Minute},
		{"not finer than the scrapes", 7 * day, 5 * time.Minute, []time.Duration{10 * time.Minute}, 0},
		{"too many samples", 30 * day, time.Minute, []time.Duration{5 * time.Minute}, 0},
		{"no range", 0, time.Minute, []time.Duration{time.Minute}, 0},
	} {
		var all []rules.Rule
		for _, hold := range tc.hold {
			all = append(all, rules.Rule{For: hold})
		}
		if got := panel.StepFor(tc.rng, tc.scrape, all); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestStep(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		name                string
		rng, pinned, scrape time.Duration
		want                time.Duration
		err                 string
	}{
		{"a day", day, 0, time.Minute, 2 * time.Minute, ""},
		{"an hour is not finer than the scrapes", time.Hour, 0, time.Minute, time.Minute, ""},
		{"an hour of quick scrapes", time.Hour, 0, 15 * time.Second, 15 * time.Second, ""},
		{"six hours", 6 * time.Hour, 0, 15 * time.Second, 30 * time.Second, ""},
		{"a week", 7 * day, 0, time.Minute, 15 * time.Minute, ""},
		{"thirty days", 30 * day, 0, time.Minute, time.Hour, ""},
		{"ten years", 3650 * day, 0, time.Minute, 4 * day, ""},
		{"pinned", day, 5 * time.Minute, time.Minute, 5 * time.Minute, ""},
		{
			"pinned too fine", 30 * day, 15 * time.Second, time.Minute, 0,
			"use a step of at least 5m",
		},
		{"no range", 0, 0, time.Minute, 0, "not positive"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := panel.Step(tc.rng, tc.pinned, tc.scrape)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Fatalf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestPlanGridIsAligned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "end"), 0)
		step := time.Duration(rapid.IntRange(1, 86400).Draw(t, "step")) * time.Second
		rng := time.Duration(rapid.IntRange(1, 500).Draw(t, "steps")) * step
		g := panel.PlanGrid(end, rng, step)
		if g.Start.Unix()%int64(step/time.Second) != 0 {
			t.Fatalf("got start %v, want a multiple of %v", g.Start, step)
		}
		if g.End().After(end) || end.Sub(g.End()) >= step {
			t.Fatalf("got end %v, want less than a step of %[3]v before %[2]v", g.End(), end, step)
		}
		if g.Range() != rng || g.Len != int(rng/step)+1 {
			t.Fatalf("got range %v in %d samples, want %v", g.Range(), g.Len, rng)
		}
	})
}

func TestPlanGridCoversTheRange(t *testing.T) {
	g := panel.PlanGrid(time.Date(2026, 11, 22, 0, 0, 30, 0, time.UTC), 7*time.Minute,
		5*time.Minute)
	if g.Range() < 7*time.Minute || g.Len != 3 {
		t.Fatalf("got %d samples over %v, want 3 over at least 7m", g.Len, g.Range())
	}
}

func TestStepWithin(t *testing.T) {
	for _, tc := range []struct {
		least time.Duration
		most  int
		want  time.Duration
	}{
		{2 * time.Minute, 10_000, 2 * time.Minute},
		{2 * time.Minute, 721, 2 * time.Minute},
		{2 * time.Minute, 720, 5 * time.Minute},
		{45 * time.Second, 10_000, time.Minute},
		{time.Minute, 50, 30 * time.Minute},
		{time.Minute, 1, 24 * time.Hour},
	} {
		if got := panel.StepWithin(24*time.Hour, tc.least, tc.most); got != tc.want {
			t.Errorf("at least %s, at most %d samples: got %s, want %s", tc.least, tc.most, got,
				tc.want)
		}
	}
}
