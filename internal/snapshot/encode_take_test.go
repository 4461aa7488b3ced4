package snapshot_test

import (
	"bytes"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestTakenSnapshotRoundTrip encodes and decodes results of Take and LoadNodes, including a
// failure.
func TestTakenSnapshotRoundTrip(t *testing.T) {
	f := twoClusters().answers(map[string][]series.Series{
		"up": {
			constant(1, "cluster", "eu", "instance", "10.0.0.1:9100"),
			constant(0, "cluster", "us", "instance", "10.0.0.1:9100"),
		},
	})
	nodes, notes, err := snapshot.LoadNodes(t.Context(), f, slot, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	rule := rules.Rule{
		Name: "Down", Direction: rules.Below, Critical: rules.At(1), For: 5 * time.Minute,
	}
	specs := []panel.Spec{
		{
			Name: "up", Builtin: true, Top: 1, Queries: []panel.Query{
				{Expr: "up", Legend: "{{node}}"},
			}, Rules: []rules.Rule{rule},
		},
		{Name: "down", Queries: []panel.Query{{Expr: "nothing"}}},
	}
	at := slot.In(time.FixedZone("KST", 9*3600))
	s := &snapshot.Snapshot{
		Cluster: "prod", Report: "daily", Slot: at, Range: time.Hour, Notes: notes, Nodes: nodes,
		Panels: snapshot.Take(t.Context(), f, specs, snapshot.Options{
			Slot: at, Range: time.Hour, Nodes: nodes, Part: "eu",
		}),
	}
	if p := s.Panels[0]; len(p.Findings) != 1 || p.Rest == nil || p.Kept == nil ||
		s.Panels[1].Failure == nil {
		t.Fatalf("got %+v, want a finding, a rest, kept data and a failure", s.Panels)
	}
	var file bytes.Buffer
	if err := s.Encode(&file); err != nil {
		t.Fatal(err)
	}
	back, err := snapshot.Decode(&file, snapshot.MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	instants := gocmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	if diff := gocmp.Diff(s, back, everything, cmpopts.EquateNaNs(), instants); diff != "" {
		t.Errorf("decoded snapshot (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(nodes.Objects(), back.Nodes.Objects()); diff != "" {
		t.Errorf("objects of the decoded snapshot (-want +got):\n%s", diff)
	}
}
