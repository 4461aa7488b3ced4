package panel

import "testing"

func TestSourceOf(t *testing.T) {
	for metric, want := range map[string]struct {
		source Source
		pod    bool
	}{
		"node_memory_MemAvailable_bytes":     {NodeExporter, false},
		"kube_pod_owner":                     {KubeStateMetrics, true},
		"kube_node_info":                     {KubeStateMetrics, false},
		"container_memory_working_set_bytes": {Kubelet, true},
		"kubelet_volume_stats_used_bytes":    {Kubelet, true},
		"machine_cpu_cores":                  {Kubelet, true},
		"up":                                 {"", true},
		"kubernetes_build_info":              {"", true},
		"node_namespace_pod:kube_pod_info:":  {"", true},
	} {
		if got := SourceOf(metric); got != want.source {
			t.Errorf("%s: got the source %q, want %q", metric, got, want.source)
		}
		if got := NamesPod(metric); got != want.pod {
			t.Errorf("%s: its pod is what it is about: got %v, want %v", metric, got, want.pod)
		}
	}
}
