package snapshot_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func TestPartialAnswers(t *testing.T) {
	f := fake{
		answers: map[string][]series.Series{
			"warned": {constant(1)}, "moved": {constant(1)},
			"old": {{Labels: nil, Values: []float64{1, 1, 1, math.NaN()}}},
		},
		meta: map[string]promapi.Meta{
			"warned": {Partial: true, Warnings: []string{"a store is\ndown"}},
			"moved":  {Grid: series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61}},
		},
	}
	panels := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "warned"}},
	}, panel.Spec{Queries: []panel.Query{{Expr: "old"}}}, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}},
	})
	for i, want := range []string{
		"server_warns a store is down", "newest_is_old 15m0s", "samples_moved 1m0s",
	} {
		if notes := spelled(panels[i].Notes); !strings.Contains(notes, want) {
			t.Errorf("got notes %q, want %q among them", notes, want)
		}
	}
	if panels[0].Data != snapshot.DataPartial || panels[1].Data != snapshot.DataPartial ||
		panels[2].Data != snapshot.DataComplete {
		t.Errorf("got data %v, %v, %v; want partial, partial, complete", panels[0].Data,
			panels[1].Data, panels[2].Data)
	}
}

func TestMovedAnswerMovesItsTimes(t *testing.T) {
	start := slot.Add(-time.Hour - 90*time.Second)
	f := fake{
		answers: map[string][]series.Series{"moved": {constant(1)}},
		meta: map[string]promapi.Meta{
			"moved": {Grid: series.Grid{Start: start, Step: time.Minute, Len: 61}},
		},
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}}, Rules: []rules.Rule{
			{Name: "R", Critical: rules.At(0), For: 5 * time.Minute},
		},
	})[0]
	got := p.Findings[0]
	if !got.Streak.From.Equal(start) || !got.Newest.Equal(start.Add(time.Hour)) ||
		!p.Rows[0].Stats.MaxAt.Equal(start) {
		t.Errorf("got since %v, newest %v, highest at %v; want %v, an hour later and %[4]v",
			got.Streak.From, got.Newest, p.Rows[0].Stats.MaxAt, start)
	}
}

// The time of the newest event moves with the answer too.
func TestMovedAnswerMovesItsEvents(t *testing.T) {
	start := slot.Add(-time.Hour - 90*time.Second)
	counts := []float64{0, 0, 0, 1} // 1 from the 46th of 61 samples on
	f := fake{
		answers: map[string][]series.Series{
			"moved": {{Labels: series.FromPairs("pod", "a"), Values: counts}},
		},
		meta: map[string]promapi.Meta{
			"moved": {Grid: series.Grid{Start: start, Step: time.Minute, Len: 61}},
		},
	}
	p := take(f, panel.Spec{
		Queries: []panel.Query{{Expr: "moved"}}, Events: &panel.Events{Within: time.Hour},
		Rules: []rules.Rule{{Name: "R", Critical: rules.At(0)}},
	})[0]
	streak := p.Findings[0].Streak
	if want := start.Add(46 * time.Minute); !streak.From.Equal(want) || !streak.Event.Equal(want) {
		t.Errorf("got a streak from %v with its newest event at %v, want both at %v",
			streak.From, streak.Event, want)
	}
}

// Rules about missing data do not judge a partial answer.
func TestPartialDataIsNotJudged(t *testing.T) {
	part := promapi.Meta{Partial: true, Warnings: []string{"store a is down"}}
	f := fake{
		answers: map[string][]series.Series{
			"share": {constant(0.3, "job", "api")}, "there": {constant(1, "node", "n1")}, "has": {},
			"empty": {}, "high": {constant(9, "node", "n2")},
		},
		meta: map[string]promapi.Meta{"share": part, "has": part, "empty": part, "high": part},
	}
	low := rules.Rule{Name: "Low", Direction: rules.Below, Warning: rules.At(1), NeedsAll: true}
	high := rules.Rule{Name: "High", Warning: rules.At(0)}
	lacks := high
	lacks.NeedsAll = true
	for _, tc := range []struct {
		spec     panel.Spec
		findings int
		status   rules.Status
	}{
		{
			panel.Spec{Queries: []panel.Query{{Expr: "share"}}, Rules: []rules.Rule{low}}, 0,
			rules.Unknown,
		},
		{
			panel.Spec{
				Queries: []panel.Query{{Expr: "there"}}, Without: "has", Rules: []rules.Rule{lacks},
			}, 0, rules.Unknown,
		},
		{
			panel.Spec{Queries: []panel.Query{{Expr: "high"}}, Rules: []rules.Rule{high}}, 1,
			rules.Breach,
		},
		{
			panel.Spec{
				Queries: []panel.Query{{Expr: "high"}}, Rules: []rules.Rule{
					high, {Name: "Other", Warning: rules.At(1), NeedsAll: true},
				},
			}, 1, rules.Breach,
		},
		{
			panel.Spec{Queries: []panel.Query{{Expr: "empty"}}, Rules: []rules.Rule{high}}, 0,
			rules.Unknown,
		},
	} {
		p := take(f, tc.spec)[0]
		if p.Data != snapshot.DataPartial || p.Partial.Code != snapshot.NotePartSaid ||
			p.Partial.Args[0] != "store a is down" || len(p.Missing) != 0 {
			t.Errorf("%s: got data %v, partial %q, missing %v; want the server's words",
				tc.spec.Queries[0].Expr, p.Data, p.Partial, p.Missing)
		}
		if len(p.Findings) != tc.findings || p.OK != 0 {
			t.Errorf("%s: got findings %+v and %d OK; want %d and none", tc.spec.Queries[0].Expr,
				p.Findings, p.OK, tc.findings)
		}
		for _, r := range p.Rows {
			if r.Status != tc.status {
				t.Errorf("%s: status of %s: got %v, want %v", tc.spec.Queries[0].Expr, r.Name,
					r.Status, tc.status)
			}
		}
	}
}
