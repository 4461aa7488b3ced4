package panel

import "testing"

func TestSourceOf(t *testing.T) {
	for metric, want := range map[string]Source{
		"node_memory_MemAvailable_bytes":     NodeExporter,
		"kube_pod_owner":                     KubeStateMetrics,
		"container_memory_working_set_bytes": Kubelet,
		"kubelet_volume_stats_used_bytes":    Kubelet,
		"machine_cpu_cores":                  Kubelet,
		"up":                                 "",
		"kubernetes_build_info":              "",
		"node_namespace_pod:kube_pod_info:":  "",
	} {
		if got := SourceOf(metric); got != want {
			t.Errorf("%s: got %q, want %q", metric, got, want)
		}
	}
}
