package sizing

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

// strict is a server that refuses some queries, or answers them in part.
type strict struct {
	snapshot.Querier
	refuse  func(promapi.Query) error
	partial func(promapi.Query) bool
	asked   int
}

func (s *strict) Range(ctx context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	s.asked++
	if s.refuse != nil {
		if err := s.refuse(q); err != nil {
			return promapi.Meta{}, err
		}
	}
	meta, err := s.Querier.Range(ctx, q, each)
	if s.partial != nil && s.partial(q) {
		meta.Partial, meta.Warnings = true, []string{"a store is down"}
	}
	return meta, err
}

// several is a fixture with some namespaces of one workload each.
func several() *fixture {
	f := newFixture(4)
	for i := range 3 {
		f.container(fmt.Sprintf("team.%d", i), "web-7d9f8c6b5d-x2x4z", "web", "ReplicaSet",
			"web-7d9f8c6b5d", requests{cpu: 2, memory: gib},
			usage{constant(.1), constant(100 * mib), always})
	}
	return f
}

func ofCPU(q promapi.Query) bool { return strings.Contains(q.Expr, "container_cpu_usage") }

// TestMeasureAsksLess checks that queries shrink until the server accepts them, and that the advice
// does not change.
func TestMeasureAsksLess(t *testing.T) {
	race.SkipSerial(t)
	f := several()
	tooMuch := &promapi.Error{Kind: promapi.KindTooMuch, Message: "too many samples"}
	for _, tt := range []struct {
		name   string
		refuse func(promapi.Query) error
		step   time.Duration
	}{
		{"nothing refused", nil, 5 * time.Minute},
		{"one namespace at a time", func(q promapi.Query) error {
			if strings.Count(q.Expr, `team\\.`) > strings.Count(q.Expr, "namespace=~") {
				return tooMuch
			}
			return nil
		}, 5 * time.Minute},
		{"longer steps", func(q promapi.Query) error {
			if ofCPU(q) && q.Grid.Step < 15*time.Minute && q.Grid.Len > 1 {
				return tooMuch
			}
			return nil
		}, 15 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &strict{Querier: f.querier(t), refuse: tt.refuse}
			a, notes, err := Measure(t.Context(), s, f.options(Options{Window: 4 * day}))
			if err != nil || len(notes) > 0 {
				t.Fatalf("got notes %v and error %v, want neither", notes, err)
			}
			if a.Step != tt.step || len(a.Rows) != 3 {
				t.Errorf("got steps of %v and %d rows, want %v and 3", a.Step, len(a.Rows), tt.step)
			}
			for _, r := range a.Rows {
				if !near(r.CPU.Advised, .15, 1e-9) || !near(r.Memory.Advised, 128*mib, 1e-9) {
					t.Errorf("%s: got %v cores and %v, want 0.15 and 128Mi", r.Namespace,
						r.CPU.Advised, r.Memory.Advised)
				}
			}
			if s.asked > 40 {
				t.Errorf("got %d queries, want fewer", s.asked)
			}
		})
	}
}

// TestMeasureKeepsWhatItKnows checks that one namespace that cannot be measured has no advice, and
// that the others keep theirs.
func TestMeasureKeepsWhatItKnows(t *testing.T) {
	f := several()
	s := &strict{Querier: f.querier(t), refuse: func(q promapi.Query) error {
		if strings.Contains(q.Expr, `team\\.1`) {
			return &promapi.Error{Kind: promapi.KindTimeout, Message: "query timed out"}
		}
		return nil
	}}
	a, notes, err := Measure(t.Context(), s, f.options(Options{Window: 4 * day}))
	if err != nil || len(notes) != 1 || notes[0].Code != snapshot.NoteSizingPart {
		t.Fatalf("got notes %v and error %v, want one note about a part", notes, err)
	}
	for _, r := range a.Rows {
		want := Reason("")
		if r.Namespace == "team.1" {
			want = NoPeak
		}
		if r.CPU.Withheld != want || r.Memory.Withheld != want {
			t.Errorf("%s: got %q and %q, want %q", r.Namespace, r.CPU.Withheld, r.Memory.Withheld,
				want)
		}
	}
}

// TestMeasureWantsWholeAnswers checks that an incomplete answer gives no advice: it may lack the
// peaks, or a kill.
func TestMeasureWantsWholeAnswers(t *testing.T) {
	race.SkipSerial(t)
	f := several()
	for name, of := range map[string]func(promapi.Query) bool{
		"kills":    func(q promapi.Query) bool { return strings.Contains(q.Expr, "OOMKilled") },
		"requests": func(q promapi.Query) bool { return strings.Contains(q.Expr, "_requests") },
		"all":      func(promapi.Query) bool { return true },
	} {
		s := &strict{Querier: f.querier(t), partial: of}
		_, _, err := Measure(t.Context(), s, f.options(Options{Window: 4 * day}))
		if err == nil || !strings.Contains(err.Error(), "incomplete: a store is down") {
			t.Errorf("%s: got error %v, want that the answer is incomplete", name, err)
		}
	}
	s := &strict{Querier: f.querier(t), partial: ofCPU}
	a, notes, err := Measure(t.Context(), s, f.options(Options{Window: 4 * day}))
	if err != nil || len(notes) != 1 || len(a.Items(false)) > 0 {
		t.Errorf("CPU: got notes %v, error %v and advice %v, want one note and no advice", notes,
			err, a)
	}
	f.days = 4
	limited := f.options(Options{Window: 4 * day, MaxSeries: 2})
	if _, _, err := Measure(t.Context(), f.querier(t), limited); err == nil ||
		!strings.Contains(err.Error(), "raise prometheus.max_series") {
		t.Errorf("got error %v, want advice about max_series", err)
	}
}

// TestMeasureOfHostileNames checks names that a query or a pattern could misread.
func TestMeasureOfHostileNames(t *testing.T) {
	race.SkipSerial(t)
	f := newFixture(4)
	for i, name := range []string{`a"b`, `.*`, `x|y`, "a b", `\d`, "$1", "new\nline", "한국어"} {
		f.container(name, fmt.Sprintf("w%s-%d", name, i), name, "StatefulSet", "w"+name,
			requests{cpu: 2, memory: gib}, usage{constant(.1), constant(100 * mib), always})
	}
	a, _, err := Measure(t.Context(), f.querier(t), f.options(Options{Window: 4 * day}))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Rows) != 8 {
		t.Errorf("got %d rows, want 8", len(a.Rows))
	}
	for _, r := range a.Rows {
		if !near(r.CPU.Advised, .15, 1e-9) || r.Name != "w"+r.Namespace {
			t.Errorf("%q: got %v cores of %q, want 0.15 of %q", r.Namespace, r.CPU.Advised, r.Name,
				"w"+r.Namespace)
		}
	}
}
