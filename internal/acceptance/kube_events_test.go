//go:build acceptance

package acceptance

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// TestKubernetesEvents lists events of a real API server, which applies the selectors, first
// without the right that the chart grants and then with it.
func TestKubernetesEvents(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	event := func(namespace, name, kind, object, severity string) {
		about := map[string]any{"kind": kind, "name": object}
		if kind != "Node" {
			about["namespace"] = namespace
		}
		p.must(t, http.MethodPost, "/api/v1/namespaces/"+namespace+"/events", map[string]any{
			"metadata":       map[string]any{"name": name, "namespace": namespace},
			"involvedObject": about,
			"reason":         name, "message": "message", "type": severity, "count": 3,
			"lastTimestamp": "2026-11-22T00:00:00Z",
		})
	}
	event("default", "pod-warns", "Pod", "web-0", "Warning")
	event("default", "pod-runs", "Pod", "web-0", "Normal")
	event("default", "node-warns", "Node", "n1", "Warning")
	event("default", "other-warns", "Node", "n2", "Warning")

	kim := openCluster(t, p.user(t, "kim"))
	_, err := kim.Events(t.Context(), "default", "")
	rule := `{apiGroups: [""], resources: [events], verbs: [list]}`
	wantWords(t, err, "list events in namespace default: forbidden (403)",
		"grant the RBAC rule "+rule)
	p.allow(t, "kim", "", rule)
	await(t, "the right to list events, by the rule in the error", func() error {
		_, err := kim.Events(t.Context(), "default", "")
		return err
	})
	for _, c := range []struct {
		namespace, node string
		want            []string
	}{
		{"default", "", []string{"node-warns 3", "other-warns 3", "pod-warns 3"}},
		{"", "n1", []string{"node-warns 3"}},
	} {
		events, err := kim.Events(t.Context(), c.namespace, c.node)
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s %d", e.Reason, e.Count))
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("events of %q, node %q: got %q, %v, want %q", c.namespace, c.node, got, err,
				c.want)
		}
	}
}
