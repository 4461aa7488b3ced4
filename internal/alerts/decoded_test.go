package alerts

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// A decoded snapshot gives the same evaluation as the original.
func TestEvaluateDecodedSnapshot(t *testing.T) {
	end := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	source := simulated(t, end)
	nodes, _, err := snapshot.LoadNodes(t.Context(), source, end, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	specs := []panel.Spec{{
		Name: "memory", Queries: []panel.Query{
			{Expr: `container_memory_working_set_bytes{container!=""}`, Legend: "{{pod}}"},
		},
		Rules: []rules.Rule{{Name: "High", Warning: rules.At(1)}},
	}}
	original := snapshot.Snapshot{
		Slot: end, Range: time.Hour, End: end, Nodes: nodes,
		Panels: snapshot.Take(t.Context(), source, specs, snapshot.Options{
			Slot: end, Range: time.Hour, Nodes: nodes,
		}),
	}
	var file bytes.Buffer
	if err := original.Encode(&file); err != nil {
		t.Fatal(err)
	}
	read, err := snapshot.Decode(&file, snapshot.MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	var got [2]rules.Evaluation
	for i, s := range []*snapshot.Snapshot{&original, read} {
		got[i], err = Evaluate(t.Context(), source, s.Panels, s.Nodes, Window{
			End: s.End, Range: s.Range,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(got[0].Rules) != 1 || len(got[0].Rules[0].Findings) == 0 ||
		len(got[0].Objects.Nodes.Objects) == 0 {
		t.Fatalf("got %d rules and %d nodes, want one rule with findings and some nodes",
			len(got[0].Rules), len(got[0].Objects.Nodes.Objects))
	}
	instants := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	if diff := cmp.Diff(got[0], got[1], cmpopts.EquateNaNs(), instants); diff != "" {
		t.Errorf("decoded snapshot: diff (-want as the original, +got):\n%s", diff)
	}
}
