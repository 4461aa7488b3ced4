package changelog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/change"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// movedAt returns a series of a panel whose level changed at a minute.
func movedAt(begin int, expr string, labels ...string) Move {
	return Move{
		&snapshot.Panel{Spec: panel.Spec{Name: "panel", Queries: []panel.Query{{Expr: expr}}}},
		&snapshot.Moved{
			Labels: series.FromPairs(labels...), Change: change.Change{Begin: minute(begin)},
		},
	}
}

func TestFindMoves(t *testing.T) {
	workload := []string{"namespace", "shop", "workload", "checkout", "container", "app"}
	for _, tc := range []struct {
		name   string
		series []string
		of     Move
		want   []string
	}{
		{
			"an image of a Deployment", rollout("checkout:1.41", "checkout:1.42"),
			movedAt(200, "container_memory_working_set_bytes", workload...),
			[]string{"14m0s: image of shop/checkout 1.41 → 1.42"},
		},
		{
			"a rollout of the same image", rollout("checkout:1.41", "checkout:1.41"),
			movedAt(200, "container_memory_working_set_bytes", workload...), nil,
		},
		{
			"an image of a StatefulSet",
			append(owned("checkout-0", "StatefulSet", "checkout", `image_spec="checkout:1"`, "a",
				"1x185 stale"), owned("checkout-0", "StatefulSet", "checkout",
				`image_spec="checkout:2"`, "b", "_x186 1x53")...),
			movedAt(200, "container_memory_working_set_bytes", workload...),
			[]string{"14m0s: image of shop/checkout 1 → 2"},
		},
		{
			"replicas", []string{"kube_deployment_spec_replicas" + deployment + "3x149 5x90"},
			movedAt(200, "container_memory_working_set_bytes", workload...),
			[]string{"50m0s: replicas of shop/checkout 3 → 5"},
		},
		{
			"long before", []string{"kube_deployment_spec_replicas" + deployment + "3x59 5x180"},
			movedAt(200, "container_memory_working_set_bytes", workload...), nil,
		},
		{
			"a node", []string{`kube_node_spec_unschedulable{node="n1"} 0x189 1x50`},
			movedAt(200, "node_memory_MemAvailable_bytes", "node", "n1"),
			[]string{"10m0s: cordoned of n1"},
		},
		{
			"more than a week ago", rollout("checkout:1.41", "checkout:1.42"),
			movedAt(240-8*24*60, "container_memory_working_set_bytes", workload...), nil,
		},
		{"nothing that has a name", nil, movedAt(200, "x", "a", "b"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := recorded(t, append(tc.series, `up{job="x"} 1x240`)...)
			found, notes := FindMoves(t.Context(), q, []Move{tc.of}, snapshot.Nodes{},
				Options{End: minute(240)})
			if len(notes) > 0 {
				t.Fatalf("notes: got %v, want none", notes)
			}
			var got []string
			b := found[KeyOfMove(tc.of.Panel, tc.of.Moved)]
			for _, c := range b.Changes {
				line := fmt.Sprintf("%s: %s of %s", b.Begin.Sub(c.At), c.Kind, c.Object)
				if c.From+c.To != "" {
					line += " " + c.From + " → " + c.To
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFindMovesIsBounded checks how much is asked, however many series moved.
func TestFindMovesIsBounded(t *testing.T) {
	var moves []Move
	for i := range 100 {
		m := movedAt(200, "container_memory_working_set_bytes", "namespace", "shop", "workload",
			fmt.Sprintf("app-%d", i))
		m.Begin = m.Begin.Add(-time.Duration(i) * time.Hour)
		moves = append(moves, m)
	}
	q := &counting{Querier: recorded(t, `up{job="x"} 1x240`)}
	if _, notes := FindMoves(t.Context(), q, moves, snapshot.Nodes{},
		Options{End: minute(240)}); len(notes) > 0 {
		t.Fatalf("notes: got %v, want none", notes)
	}
	if len(q.queries) == 0 || len(q.queries) > 6 {
		t.Errorf("got %d queries, want 1 to 6", len(q.queries))
	}
}
