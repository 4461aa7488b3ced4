package panel_test

import (
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
)

func TestIsMemoryUse(t *testing.T) {
	for query, want := range map[string]bool{
		`1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes`:                  true,
		`max_over_time(container_memory_working_set_bytes[$__rate_interval])`:              true,
		`go_memstats_heap_inuse_bytes`:                                                     true,
		`sum(kube_pod_container_resource_requests{resource="memory"})`:                     false,
		`sum(kube_pod_container_resource_requests) / sum(node_memory_MemTotal_bytes)`:      false,
		`1 - node_filesystem_avail_bytes / node_filesystem_size_bytes`:                     false,
		`redis_memory_used_bytes / redis_memory_max_bytes`:                                 true,
		`something in another dialect(`:                                                    false,
		`instance:node_memory_utilisation:ratio`:                                           true,
		`container_memory_working_set_bytes / kube_pod_container_resource_requests`:        true,
		`container_memory_max_usage_bytes`:                                                 true,
		`windows_memory_available_bytes`:                                                   true,
		`sum(namespace_memory:kube_pod_container_resource_requests:sum)`:                   false,
		`kube_pod_container_resource_requests / machine_memory_bytes`:                      false,
		`sum(kube_pod_container_resource_limits) / sum(container_spec_memory_limit_bytes)`: false,
		`http_requests_total`: false,
	} {
		s := panel.Spec{Queries: []panel.Query{{Expr: query}}}
		if got := s.IsMemoryUse(); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	s := panel.Spec{Measure: panel.NodeMemory, Queries: []panel.Query{{Expr: "x"}}}
	if !s.IsMemoryUse() {
		t.Error("the measure node_memory: got false, want true")
	}
}
