package rules

import (
	"testing"

	"github.com/promsnap/promsnap/internal/series"
)

func TestPresence(t *testing.T) {
	known := func(others Presence, existing ...Object) Known {
		k := Known{
			Objects: map[Object]Presence{}, Clusters: map[string]Presence{"b": PresenceUnknown},
			Others: others,
		}
		for _, o := range existing {
			k.Objects[o] = Present
		}
		return k
	}
	objects := Objects{
		ClusterLabels: []string{"cluster", "k8s"},
		Workloads:     known(Absent, Object{"a", "shop", "web"}),
		Claims:        known(PresenceUntracked, Object{"a", "shop", "data"}),
		Nodes:         known(Absent, Object{"a", "", "n1"}),
		Hosts: known(PresenceUntracked, Object{"a", "", "10.0.0.1"},
			Object{"a", "", "10.0.0.2:9100"}, Object{"a", "", "fd00::1"}),
	}
	for _, tt := range []struct {
		identity series.Labels
		want     Presence
	}{
		{
			series.FromPairs("cluster", "a", "namespace", "shop", "workload", "web", "container",
				"app"), Present,
		},
		{series.FromPairs("k8s", "a", "namespace", "shop", "workload", "web"), Present},
		{
			series.FromPairs("cluster", "b", "k8s", "a", "namespace", "shop", "workload", "web"),
			PresenceUnknown,
		},
		{series.FromPairs("cluster", "a", "namespace", "shop", "workload", "db"), Absent},
		{series.FromPairs("namespace", "shop", "workload", "web"), Absent},
		{
			series.FromPairs("cluster", "a", "namespace", "shop", "persistentvolumeclaim", "data"),
			Present,
		},
		{
			series.FromPairs("cluster", "a", "namespace", "shop", "persistentvolumeclaim", "old"),
			PresenceUntracked,
		},
		// without a namespace
		{series.FromPairs("cluster", "a", "persistentvolumeclaim", "data"), PresenceUntracked},
		{
			series.FromPairs("cluster", "a", "namespace", "shop", "persistentvolumeclaim", "data",
				"workload", "db"), Absent,
		},
		{series.FromPairs("cluster", "a", "node", "n1", "namespace", "shop"), Present},
		// the node's name counts
		{series.FromPairs("cluster", "a", "node", "n2", "instance", "10.0.0.1:9100"), Absent},
		{series.FromPairs("cluster", "b", "node", "n1"), PresenceUnknown},
		{series.FromPairs("cluster", "a", "instance", "10.0.0.1:9999"), Present},
		{series.FromPairs("cluster", "a", "instance", "10.0.0.2:9100"), Present},
		{series.FromPairs("cluster", "a", "instance", "10.0.0.2:9999"), PresenceUntracked},
		{series.FromPairs("cluster", "a", "instance", "[FD00:0::1]:9100"), Present},
		{series.FromPairs("cluster", "a", "topic", "orders"), PresenceUntracked},
	} {
		if got := objects.Presence(tt.identity); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.identity, got, tt.want)
		}
	}
	if got := (&Objects{}).Presence(series.FromPairs("node", "n1")); got != PresenceUntracked {
		t.Errorf("without known objects: got %v, want %v", got, PresenceUntracked)
	}
}
