package snapshot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
)

func TestMappingRewrites(t *testing.T) {
	exported := map[string][]string{"kube": {"namespace", "pod"}, "node": {"instance"}}
	for _, tt := range []struct {
		name string
		m    Mapping
		in   string
		want string
	}{
		{
			name: "nothing to map", m: Mapping{},
			in:   `max by (cluster, node) (kube_node_info)`,
			want: `max by (cluster, node) (kube_node_info)`,
		},
		{
			name: "the cluster label, everywhere",
			m:    Mapping{Cluster: "k8s_cluster"},
			in: `label_replace(max by (cluster, pod) (kube_pod_info{cluster="a"}), ` +
				`"cluster", "x", "cluster", "") * on (pod) group_left (cluster) up`,
			want: `label_replace(max by (k8s_cluster, pod) (kube_pod_info{k8s_cluster="a"}), ` +
				`"k8s_cluster", "x", "k8s_cluster", "")` +
				` * on (pod) group_left (k8s_cluster) up`,
		},
		{
			name: "a selector with exported labels", m: Mapping{exported: exported},
			in: `max by (instance) (node_load1) / on (pod) container_cpu_cores{pod="a"}`,
			want: `max by (instance) (label_replace(label_replace(node_load1, ` +
				`"scraped_instance", "$1", "instance", "(.+)"),` +
				` "instance", "$1", "exported_instance", "(.+)"))` +
				` / on (pod) container_cpu_cores{pod="a"}`,
		},
		{
			name: "a range vector, inside its function", m: Mapping{
				exported: map[string][]string{"kube": {"pod"}},
			},
			in: `sum by (pod) (increase(kube_restarts{pod="a"}[1h]))`,
			want: `sum by (pod) (label_replace(label_replace(` +
				`increase(kube_restarts{exported_pod="a"}[1h]),` +
				` "scraped_pod", "$1", "pod", "(.+)"), "pod", "$1", "exported_pod", "(.+)"))`,
		},
	} {
		got, err := tt.m.rewrite(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", tt.name, got, err, tt.want)
		}
	}
}

// Without honor_labels a narrowed query is longer at the source.
func TestBatchesFitTheSource(t *testing.T) {
	expr := "max by (pod) (kube_a)" + strings.Repeat(" + max by (pod) (kube_a)", 16)
	p := Panel{Spec: panel.Spec{Builtin: true, Narrow: "pod"}, Exprs: []string{expr}}
	m := Mapping{exported: map[string][]string{"kube": {"namespace", "pod", "container"}}}
	chosen := map[string]map[uint64]bool{}
	for i := range 100 {
		chosen[fmt.Sprintf("pod-%036d", i)] = nil
	}
	names := 0
	for _, batch := range p.batches(chosen, m) {
		names += len(batch)
		narrowed, err := narrowedTo(expr, "pod", batch)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := m.rewrite(narrowed)
		if err != nil || len(sent) > longestQuery {
			t.Errorf("%d names: the source gets %d bytes (%v), want at most %d", len(batch),
				len(sent), err, longestQuery)
		}
	}
	if names != len(chosen) {
		t.Errorf("got %d names in the batches, want %d", names, len(chosen))
	}
}
