package metrics_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/metrics"
)

// server returns a server with all metrics of the guide and some others.
func server(g *metrics.Guide) map[string]string {
	help := map[string]string{
		"shop_cache_memory_bytes": "Memory of the cache.", "shop_orders_total": "Orders placed.",
		"shop_heap": "Memory that the shop holds.", "node_memory_Slab_bytes": "",
	}
	for _, m := range g.Metrics {
		help[m.Name] = ""
	}
	return help
}

// first returns the names of the first n hits.
func first(hits []metrics.Hit, n int) []string {
	var names []string
	for _, h := range hits[:min(n, len(hits))] {
		names = append(names, h.Name)
	}
	return names
}

// TestSearch has the questions that people ask, and the metric that must come first.
func TestSearch(t *testing.T) {
	g := load(t)
	for _, tt := range []struct {
		question string
		want     []string
	}{
		{"memory", []string{"node_memory_MemAvailable_bytes", "container_memory_working_set_bytes"}},
		{"which memory metric?", []string{"node_memory_MemAvailable_bytes"}},
		{"ram", []string{"node_memory_MemAvailable_bytes", "container_memory_working_set_bytes"}},
		{"container memory", []string{"container_memory_working_set_bytes"}},
		{"pod memory", []string{"container_memory_working_set_bytes"}},
		{"free memory", []string{"node_memory_MemAvailable_bytes"}},
		{"disk space", []string{"node_filesystem_avail_bytes"}},
		{"throttling", []string{"container_cpu_cfs_throttled_periods_total"}},
		{"oom", []string{
			"node_vmstat_oom_kill", "kube_pod_container_status_last_terminated_reason",
		}},
		{"OOMKilled", []string{"kube_pod_container_status_last_terminated_reason"}},
		{"restarts", []string{"kube_pod_container_status_restarts_total"}},
		{"requests", []string{"kube_pod_container_resource_requests"}},
		{"cpu limits", []string{"kube_pod_container_resource_limits"}},
		{"pvc", []string{"kubelet_volume_stats_available_bytes"}},
		{"inodes", []string{"node_filesystem_files_free"}},
		{"cpu usage", []string{"node_cpu_seconds_total", "container_cpu_usage_seconds_total"}},
		{"traffic", []string{"node_network_receive_bytes_total"}},
		{"load", []string{"node_pressure_cpu_waiting_seconds_total"}},
		{"load1", []string{"node_load1"}},
		{"crash", []string{"kube_pod_container_status_restarts_total"}},
		{"crashloopbackoff", []string{"kube_pod_container_status_waiting_reason"}},
		{"imagepullbackoff", []string{"kube_pod_container_status_waiting_reason"}},
		{"pending", []string{"kube_pod_status_phase"}},
		{"target down", []string{"up"}},
		{"orders", []string{"shop_orders_total"}},
		{"slab", []string{"node_memory_Slab_bytes"}},
		{"node_memory_Mem", []string{"node_memory_MemAvailable_bytes"}},
		{"", []string{"node_memory_MemAvailable_bytes"}},
		{"quux", nil},
	} {
		got := first(g.Search(strings.Fields(tt.question), server(g)), len(tt.want))
		if tt.want == nil {
			got = first(g.Search(strings.Fields(tt.question), server(g)), 1)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.question, diff)
		}
	}
}

// TestSearchRanks checks that metrics with a verdict come first, then names, then help texts, and
// then what the server does not have.
func TestSearchRanks(t *testing.T) {
	g := load(t)
	help := map[string]string{
		"shop_heap": "Memory of the heap.", "shop_memory": "",
		"container_memory_rss": "", "container_memory_cache": "",
		"container_memory_working_set_bytes": "",
	}
	hits := g.Search([]string{"memory"}, help)
	want := []string{
		"container_memory_working_set_bytes", "container_memory_rss", "container_memory_cache",
		"shop_memory", "shop_heap", "node_memory_MemAvailable_bytes",
	}
	if diff := cmp.Diff(want, first(hits, len(want))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, h := range hits {
		if _, there := help[h.Name]; there == h.Absent {
			t.Errorf("%s: got absent %v, want the opposite", h.Name, h.Absent)
		}
	}
}

func TestParts(t *testing.T) {
	for text, want := range map[string][]string{
		"node_memory_MemAvailable_bytes": {"node", "memory", "mem", "available", "bytes"},
		"job:up:rate5m":                  {"job", "up", "rate5m"}, "HTTPServer": {"httpserver"},
		"메모리 RAM": {"메모리", "ram"}, "": nil, "__": nil,
	} {
		if diff := cmp.Diff(want, metrics.Parts(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestNearest(t *testing.T) {
	g := load(t)
	var names []string
	for _, m := range g.Metrics {
		names = append(names, m.Name)
	}
	for _, tt := range []struct{ name, want string }{
		{"node_memory_MemAvailble_bytes", "node_memory_MemAvailable_bytes"},
		{"node_memory_memavailable_bytes", "node_memory_MemAvailable_bytes"},
		{"container_memory_working_set", "container_memory_working_set_bytes"},
		{"container_cpu_usage_seconds", "container_cpu_usage_seconds_total"},
		{"container_memory_workingset_bytes", "container_memory_working_set_bytes"},
		{"node_filesystem_available_bytes", "node_filesystem_avail_bytes"},
		{"kube_pod_container_restarts_total", "kube_pod_container_status_restarts_total"},
		{"zzz", ""}, {"", ""},
	} {
		got := metrics.Nearest(tt.name, names, 3)
		if (tt.want == "") != (len(got) == 0) || tt.want != "" && got[0] != tt.want {
			t.Errorf("%s: got %q, want %q first", tt.name, got, tt.want)
		}
	}
}

// TestNearestFindsTypos checks that a name with one wrong letter finds the right one.
func TestNearestFindsTypos(t *testing.T) {
	g := load(t)
	var names []string
	for _, m := range g.Metrics {
		names = append(names, m.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Filter(func(n string) bool {
			return len(n) > 12
		}).Draw(t, "name")
		at := rapid.IntRange(0, len(name)-1).Draw(t, "at")
		typo := name[:at] + "#" + name[at+1:]
		if got := metrics.Nearest(typo, names, 5); !slices.Contains(got, name) {
			t.Errorf("%s: got %q, want %s among them", typo, got, name)
		}
	})
}
