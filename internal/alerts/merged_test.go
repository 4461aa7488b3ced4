package alerts

import (
	"errors"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// A part of a merged panel without a complete answer ends no alert, neither its own nor those of
// the other parts.
func TestIncompletePartEndsNoAlert(t *testing.T) {
	begin := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	spec := panel.Spec{
		Name: "lag", EmptyIsOK: true, Rules: []rules.Rule{
			{Name: "Lag", Warning: rules.At(0), NoData: rules.ResolveOnNoData},
		},
	}
	grid := func(slot time.Time) series.Grid {
		return series.Grid{Start: slot.Add(-time.Hour), Step: time.Minute, Len: 61}
	}
	fires := func(cluster string) snapshot.Panel {
		ls := series.FromPairs("cluster", cluster, "topic", "orders")
		return snapshot.Panel{
			Spec: spec, Grid: grid(begin), Data: snapshot.DataComplete, Total: 1,
			Kept: &snapshot.Kept{Part: cluster},
			Rows: []snapshot.Row{{Name: "orders", Labels: ls}}, Lines: []snapshot.Line{
				{Row: snapshot.Row{Name: "orders", Labels: ls}, Values: make([]float64, 61)},
			},
			Findings: []snapshot.Finding{{Name: "orders", Finding: rules.Finding{
				Rule: "Lag", Labels: ls, Status: rules.Breach, Severity: rules.Warning, Value: 1,
				Streak: &rules.Streak{
					From: begin.Add(-time.Minute), To: begin, Severity: rules.Warning, Seen: 2,
					Expected: 2,
				},
			}}},
		}
	}
	later := begin.Add(2 * time.Hour)
	empty := snapshot.Panel{
		Spec: spec, Grid: grid(later), Data: snapshot.DataComplete,
		Kept: &snapshot.Kept{Part: "us"},
	}
	for _, tc := range []struct {
		name   string
		eu     snapshot.Panel // two hours later
		firing int
	}{
		{"answers in full", snapshot.Panel{Data: snapshot.DataComplete}, 0},
		{
			"failed", snapshot.Panel{
				Data:    snapshot.DataFailed,
				Failure: snapshot.FailureOf(errors.New("connection refused")),
			}, 2,
		},
		{"is partial", snapshot.Panel{Data: snapshot.DataPartial}, 2},
		{"is old", snapshot.Panel{Data: snapshot.DataPartial, Old: true}, 2},
		{
			"lacks its metrics", snapshot.Panel{
				Data: snapshot.DataAbsent, Missing: []string{"kafka_lag"},
			}, 2,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at := func(m rules.Memory, slot time.Time, parts ...snapshot.Panel) rules.Memory {
				p, err := snapshot.Merge(parts...)
				if err != nil {
					t.Fatal(err)
				}
				return rules.Advance(m, evaluate([]snapshot.Panel{p}, &owners{}), slot)
			}
			tc.eu.Spec, tc.eu.Grid, tc.eu.Kept = spec, grid(later), &snapshot.Kept{Part: "eu"}
			m := at(at(rules.Memory{}, begin, fires("eu"), fires("us")), later, tc.eu, empty)
			firing := 0
			for k, a := range m.Alerts {
				if k != rules.BlindKey && a.Fires() {
					firing++
				}
			}
			if firing != tc.firing {
				t.Errorf("got %d of 2 alerts firing, want %d", firing, tc.firing)
			}
		})
	}
}
