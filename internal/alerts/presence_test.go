package alerts

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// answers is a Prometheus that answers queries containing a key with its series, and others with
// none.
type answers struct {
	by      map[string][]series.Series
	partial bool
	err     error
}

// Range implements snapshot.Querier.
func (a answers) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	if a.err != nil {
		return promapi.Meta{}, a.err
	}
	for part, all := range a.by {
		if !strings.Contains(q.Expr, part) {
			continue
		}
		for _, s := range all {
			values := make([]float64, q.Grid.Len)
			for i := range values {
				values[i] = 1
			}
			if err := each(series.Series{Labels: s.Labels, Values: values}); err != nil {
				return promapi.Meta{}, err
			}
		}
	}
	return promapi.Meta{Grid: q.Grid, Partial: a.partial}, nil
}

// Present implements snapshot.Querier.
func (a answers) Present(context.Context, []string, time.Time, time.Time) (map[string]bool, error) {
	return nil, a.err
}

// A claim is gone only if kube-state-metrics reports claims in its cluster and its answer is
// complete.
func TestPresenceOfClaims(t *testing.T) {
	end := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	node := []series.Series{{Labels: series.FromPairs("cluster", "a", "node", "n1")}}
	load := func(by map[string][]series.Series) snapshot.Nodes {
		nodes, _, err := snapshot.LoadNodes(t.Context(), answers{by: by}, end, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return nodes
	}
	current := load(map[string][]series.Series{"max by (cluster, node, internal_ip) (": node})
	silent := load(map[string][]series.Series{
		"max by (cluster, node, internal_ip) (last_over_time": node,
	})
	if !current.Current("a") || !silent.Silent("a") {
		t.Fatalf("got current %v and silent %v, want both true", current.Current("a"),
			silent.Silent("a"))
	}
	data := map[string][]series.Series{"kube_persistentvolumeclaim_info": {
		{
			Labels: series.FromPairs("cluster", "a", "namespace", "shop", "persistentvolumeclaim",
				"data"),
		},
	}}
	for name, tt := range map[string]struct {
		source answers
		nodes  snapshot.Nodes
		// a claim in the answer, one not in it, and one of another cluster
		listed, unlisted, elsewhere rules.Presence
	}{
		"reports claims": {
			answers{by: data}, current, rules.Present, rules.Absent, rules.PresenceUntracked,
		},
		"reports no claims": {
			answers{}, current, rules.PresenceUntracked, rules.PresenceUntracked,
			rules.PresenceUntracked,
		},
		"is silent": {
			answers{by: data}, silent, rules.Present, rules.PresenceUnknown,
			rules.PresenceUntracked,
		},
		"answers in part": {
			answers{by: data, partial: true}, current, rules.Present, rules.PresenceUnknown,
			rules.PresenceUnknown,
		},
		"does not answer": {
			answers{err: errors.New("timeout")}, current, rules.PresenceUnknown,
			rules.PresenceUnknown, rules.PresenceUnknown,
		},
		"without nodes": {
			answers{by: data}, snapshot.Nodes{}, rules.Present, rules.Absent,
			rules.PresenceUntracked,
		},
	} {
		t.Run(name, func(t *testing.T) {
			own := owners{nodes: tt.nodes}
			own.loadClaims(t.Context(), tt.source, Window{End: end, Range: time.Hour})
			objects := own.objects()
			for claim, want := range map[[2]string]rules.Presence{
				{"a", "data"}: tt.listed, {"a", "old"}: tt.unlisted,
				{"b", "data"}: tt.elsewhere,
			} {
				got := objects.Presence(series.FromPairs("cluster", claim[0], "namespace", "shop",
					"persistentvolumeclaim", claim[1]))
				if got != want {
					t.Errorf("claim %v: got %v, want %v", claim, got, want)
				}
			}
		})
	}
}

// An evaluation is plain data: one process can make it and another can advance the alerts with it.
func TestEvaluationIsData(t *testing.T) {
	end := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	source := simulated(t, end)
	nodes, _, err := snapshot.LoadNodes(t.Context(), source, end, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	spec := panel.Spec{
		Name: "memory", Title: "Memory",
		Queries: []panel.Query{{
			Legend: "{{pod}}",
			Expr:   `container_memory_working_set_bytes{container!=""}`,
		}},
		Rules: []rules.Rule{{Name: "High", Warning: rules.At(1)}},
	}
	panels := snapshot.Take(t.Context(), source, []panel.Spec{spec}, snapshot.Options{
		Slot: end, Range: time.Hour, Nodes: nodes,
	})
	now, err := Evaluate(t.Context(), source, panels, nodes, Window{End: end, Range: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if len(now.Objects.Workloads.Objects) == 0 || len(now.Objects.Nodes.Objects) == 0 ||
		len(now.Objects.Hosts.Objects) == 0 {
		t.Fatalf("got %d workloads, %d nodes and %d hosts, want some of each",
			len(now.Objects.Workloads.Objects), len(now.Objects.Nodes.Objects),
			len(now.Objects.Hosts.Objects))
	}
	var stored bytes.Buffer
	if err := gob.NewEncoder(&stored).Encode(now); err != nil {
		t.Fatal(err)
	}
	var got rules.Evaluation
	if err := gob.NewDecoder(&stored).Decode(&got); err != nil {
		t.Fatal(err)
	}
	before, later := rules.Advance(rules.Memory{}, now, end), end.Add(time.Hour)
	// The answer of the next slot is empty: the objects decide which alerts end.
	for _, e := range []*rules.Evaluation{&now, &got} {
		for i := range e.Rules {
			e.Rules[i].Findings, e.Rules[i].Series = nil, nil
		}
		delete(e.Objects.Workloads.Objects, rules.Object{Namespace: "shop", Name: "recommend"})
	}
	want := rules.Advance(before, now, later)
	ended := 0
	for _, a := range want.Alerts {
		if !a.Fires() {
			ended++
		}
	}
	if ended == 0 || ended == len(want.Alerts) {
		t.Fatalf("got %d of %d alerts ended, want some but not all", ended, len(want.Alerts))
	}
	if diff := cmp.Diff(encoded(t, want),
		encoded(t, rules.Advance(before, got, later))); diff != "" {
		t.Errorf("alerts of the decoded evaluation: diff (-want as the original, +got):\n%s", diff)
	}
}

func encoded(t *testing.T, m rules.Memory) string {
	t.Helper()
	b, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
