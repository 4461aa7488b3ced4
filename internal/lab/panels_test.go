package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/testdata/race"
)

// panelQueries are the queries of the built-in panels, for both charts' labels.
func panelQueries() map[string]string {
	const (
		fs = `fstype!~"tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|iso9660|nsfs|autofs|fuse.*|nfs.*|cifs|9p",mountpoint!~"/(boot|run|snap|etc|dev|proc|sys)(/.*)?|/var/lib/(docker|containerd|containers|kubelet)/.+"`
		k  = `cluster,namespace,pod,container`
		c  = `container!="",container!="POD"`
	)
	r := strings.NewReplacer("FS", fs, "(K)", "("+k+")", "{C}", "{"+c+"}", "[R]", "[5m]")
	queries := map[string]string{
		"node-memory":           `1 - max by (cluster,instance)(node_memory_MemAvailable_bytes) / max by (cluster,instance)(node_memory_MemTotal_bytes)`,
		"node-cpu":              `1 - avg by (cluster,instance)(sum without(mode)(rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[R])))`,
		"node-disk":             `max by (cluster,instance,device)((1 - node_filesystem_avail_bytes{FS} / node_filesystem_size_bytes{FS}) unless node_filesystem_readonly == 1)`,
		"node-inodes":           `max by (cluster,instance,device)(1 - node_filesystem_files_free{FS} / (node_filesystem_files{FS} > 0))`,
		"node-conditions":       `max by (cluster,node,condition)(kube_node_status_condition{condition="Ready",status=~"false|unknown"} or kube_node_status_condition{condition!="Ready",status="true"})`,
		"node-network":          `sum by (cluster,instance)(rate(node_network_receive_bytes_total{device!~"lo|veth.*|eni.+"}[R]))`,
		"node-network-errors":   `sum by (cluster,instance)(rate(node_network_receive_errs_total[R]) + rate(node_network_transmit_errs_total[R])) / sum by (cluster,instance)(rate(node_network_receive_packets_total[R]) + rate(node_network_transmit_packets_total[R]))`,
		"node-pressure":         `max by (cluster,instance)(rate(node_pressure_memory_waiting_seconds_total[R]))`,
		"container-memory":      `max by (K)(container_memory_working_set_bytes{C}) / max by (K)(kube_pod_container_resource_limits{resource="memory"} or kube_pod_init_container_resource_limits{resource="memory"})`,
		"container-oom":         `(max by (K)(increase(kube_pod_container_status_restarts_total[15m])) > 0 and max by (K)(kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) == 1) or max by (K)(kube_pod_container_status_terminated_reason{reason="OOMKilled"}) == 1`,
		"container-restarts":    `max by (K)(increase(kube_pod_container_status_restarts_total[1h]))`,
		"container-cpu":         `max by (K)(rate(container_cpu_usage_seconds_total{C}[R])) / max by (K)(kube_pod_container_resource_requests{resource="cpu"} or kube_pod_init_container_resource_requests{resource="cpu"})`,
		"container-cpu-limit":   `max by (K)(rate(container_cpu_usage_seconds_total{C}[R])) / max by (K)(kube_pod_container_resource_limits{resource="cpu"} or kube_pod_init_container_resource_limits{resource="cpu"})`,
		"container-throttling":  `sum by (K)(rate(container_cpu_cfs_throttled_periods_total{C}[R])) / sum by (K)(rate(container_cpu_cfs_periods_total{C}[R]))`,
		"node-requests":         `sum by (cluster,node)(max by (cluster,node,namespace,pod,container)(kube_pod_container_resource_requests{resource="memory",node!=""}) * on (cluster,namespace,pod) group_left max by (cluster,namespace,pod)(kube_pod_status_phase{phase=~"Pending|Running"} == 1)) / max by (cluster,node)(kube_node_status_allocatable{resource="memory"})`,
		"pvc":                   `max by (cluster,namespace,persistentvolumeclaim)(1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)`,
		"scrape-health":         `avg by (cluster,job)(up)`,
		"coverage":              `group by (cluster,node)(kube_node_info{node!~"fargate-.*|virtual-.*"}) unless on (cluster,node) group by (cluster,node)(node_uname_info{node!=""} or label_replace(node_uname_info{node=""},"internal_ip","$1","instance","\\[?(.+?)\\]?:\\d+") * on (cluster,internal_ip) group_left(node) group by (cluster,internal_ip,node)(kube_node_info))`,
		"workload":              `max by (cluster,namespace,pod,workload)(label_replace(kube_pod_owner{owner_kind="ReplicaSet"}, "workload", "$1", "owner_name", "(.+)-[a-z0-9]+"))`,
		"coverage-by-cadvisor":  `group by (cluster,node)(kube_node_info) unless on (cluster,node) group by (cluster,node)(machine_cpu_cores{node!=""} or label_replace(machine_cpu_cores{node=""}, "node", "$1", "instance", "(.+?)(:\\d+)?"))`,
		"claims-that-report-no": `count(kube_persistentvolumeclaim_info unless on (namespace,persistentvolumeclaim) kubelet_volume_stats_capacity_bytes)`,
	}
	for name, q := range queries {
		queries[name] = r.Replace(q)
	}
	return queries
}

// above returns the names whose value is above a threshold, with their values in percent.
func above(v map[string]float64, threshold float64) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if v[name] > threshold {
			found = append(found, fmt.Sprintf("%s %.0f", name, 100*v[name]))
		}
	}
	return found
}

// TestWhatThePanelsFind checks with each chart's labels exactly what is above its threshold one
// minute before the end.
func TestWhatThePanelsFind(t *testing.T) {
	for _, p := range profiles() {
		t.Run(string(p), func(t *testing.T) {
			l := newLab(t, Options{Profile: p})
			for _, c := range []struct {
				panel, by string
				series    int
				threshold float64
				found     []string
			}{
				{
					"node-memory", "instance", 41, .80, []string{
						"10.0.1.12:9100 94", "10.0.2.14:9100 84",
					},
				},
				{"node-cpu", "instance", 41, .80, []string{"10.0.3.15:9100 97"}},
				{"node-disk", "instance", 41, .80, []string{"10.0.3.17:9100 86"}},
				{"node-network-errors", "instance", 41, .01, nil},
				{"node-pressure", "instance", 41, .05, []string{"10.0.1.12:9100 6"}},
				{"node-requests", "node", 42, .85, []string{"ip-10-0-2-19 93"}},
				{
					"container-memory", "pod", 0, .85, []string{
						"<!channel> <@U012AB3CD> *bold* <https://example.com|click> 88",
					},
				},
				{"pvc", "persistentvolumeclaim", 0, .80, []string{"주문-데이터-0 83"}},
				{"coverage", "node", 1, 0, []string{"ip-10-0-3-22 100"}},
				{"coverage-by-cadvisor", "node", 0, 0, nil},
			} {
				got := instant(t, l, panelQueries()[c.panel], time.Minute)
				if c.series > 0 && len(got) != c.series {
					t.Errorf("%s: %d series, want %d", c.panel, len(got), c.series)
				}
				worst := map[string]float64{}
				for _, x := range got {
					worst[x.Metric[c.by]] = max(worst[x.Metric[c.by]], number(t, x.Value[1]))
				}
				if found := above(worst, c.threshold); !slices.Equal(found, c.found) {
					t.Errorf("%s above %v: %q, want %q", c.panel, c.threshold, found, c.found)
				}
			}
		})
	}
}

func TestContainersInTrouble(t *testing.T) {
	for _, p := range profiles() {
		t.Run(string(p), func(t *testing.T) {
			l := newLab(t, Options{Profile: p})
			by := func(panel, label string) map[string]float64 {
				found := map[string]float64{}
				for _, x := range instant(t, l, panelQueries()[panel], time.Minute) {
					v, _, _ := strings.Cut(x.Metric[label], "-")
					found[v] = max(found[v], number(t, x.Value[1]))
				}
				return found
			}
			if got := slices.Sorted(maps.Keys(by("container-oom", "pod"))); !slices.Equal(got,
				[]string{"daily", "recommend"}) {
				t.Errorf("killed for memory: %q, want daily and recommend", got)
			}
			if got := above(by("container-throttling", "pod"), .25); len(got) != 1 ||
				!strings.HasPrefix(got[0], "risk ") {
				t.Errorf("throttled: %q, want risk", got)
			}
			if got := above(by("container-cpu-limit", "pod"), .9); len(got) != 1 ||
				!strings.HasPrefix(got[0], "risk ") {
				t.Errorf("at its CPU limit: %q, want risk", got)
			}
			if got := by("container-restarts", "pod"); got["recommend"] < 1 ||
				got["recommend"] > 2.4 || len(above(got, .5)) != 1 {
				t.Errorf("restarts in an hour: %v, want only recommend, about once", above(got, .5))
			}
			if got := instant(t, l,
				`rate(container_cpu_cfs_periods_total{container="license-server"}[5m]) / rate(container_cpu_cfs_periods_total{container="license-server"}[5m])`, time.Minute); len(got) == 0 || got[0].Value[1] != "NaN" {
				t.Errorf("an idle container's share of throttled periods: %v, want 0/0", got)
			}
			if got := instant(t, l,
				`stddev_over_time(container_memory_working_set_bytes{container="license-server"}[1d])`, time.Minute); len(got) == 0 || got[0].Value[1] != "0" {
				t.Errorf("the standard deviation of the flat series: %v, want 0", got)
			}
			// No other container of a healthy fleet is at its limit all day.
			for _, x := range queryRange(t, l, panelQueries()["container-memory"]+" > 0.85",
				24*time.Hour,
				45*time.Minute) {
				if pod := x.Metric["pod"]; !strings.HasPrefix(pod, "recommend-") &&
					!strings.HasPrefix(pod, "daily-") && !strings.HasPrefix(pod, "<!channel>") {
					t.Errorf("%s is above .85, want only the pods with an incident", pod)
				}
			}
		})
	}
}

// TestHistory checks the incidents of the last day, hour by hour.
func TestHistory(t *testing.T) {
	for _, p := range profiles() {
		t.Run(string(p), func(t *testing.T) {
			l := newLab(t, Options{Profile: p})
			at := func(q string, ago time.Duration) float64 {
				t.Helper()
				got := instant(t, l, q, ago)
				if len(got) != 1 {
					t.Errorf("%s %s ago: %d series, want 1", q, ago, len(got))
					return -1
				}
				return number(t, got[0].Value[1])
			}
			used := `max(1 - node_memory_MemAvailable_bytes{instance="10.0.1.12:9100"} / node_memory_MemTotal_bytes)`
			if a, b, c := at(used, 7*time.Hour), at(used, 5*time.Hour), at(used,
				time.Minute); a >= .9 || b <= .9 || c <= b {
				t.Errorf("the leak: %v seven hours ago, %v five hours ago, %v now; want it to "+
					"cross .9 and rise", a, b, c)
			}
			for i := range 18 {
				if v := at(strings.Replace(panelQueries()["node-cpu"], "node_cpu_seconds_total{",
					`node_cpu_seconds_total{instance="10.0.3.15:9100",`, 1),
					time.Duration(i)*5*time.Minute); (v > .95) != (i < 14) {
					t.Errorf("the busy node: %v %d minutes ago, want above .95 only in the last 70",
						v, i*5)
				}
			}
			down := `count(node_memory_MemTotal_bytes{instance="10.0.2.20:9100"}) or vector(0)`
			if a, b, c := at(down, 10*time.Hour), at(down, 8*time.Hour), at(down,
				6*time.Hour); a == 0 || b != 0 || c == 0 {
				t.Errorf("the node that was down: %v, %v, %v series; want some, none and some", a,
					b, c)
			}
			if v := at(`max(up{instance="10.0.2.20:9100"})`, 8*time.Hour); v != 0 {
				t.Errorf("up of the node that was down: %v, want 0", v)
			}
			unready := `sum(max by (node) (kube_node_status_condition{condition="Ready",status=~"false|unknown"}))`
			if a, b, c := at(unready, 8*time.Hour), at(unready, 5*time.Hour-10*time.Minute),
				at(unready, time.Minute); a != 1 || b != 1 || c != 0 {
				t.Errorf("nodes that are not ready: %v, %v, %v, want 1, 1, 0", a, b, c)
			}
			if v := at(`max(resets(node_context_switches_total{instance="10.0.2.13:9100"}[6h]))`,
				time.Minute); v != 1 {
				t.Errorf("counter resets of the node that was rebooted: %v, want 1", v)
			}
			if v := at(`count(count by (instance) (kube_node_info))`,
				3*time.Hour-3*time.Minute); v != 2 {
				t.Errorf("instances of kube-state-metrics while it is rolled out: %v, want 2", v)
			}
			if v := at(`count(count by (instance) (kube_node_info))`, time.Minute); v != 1 {
				t.Errorf("instances of kube-state-metrics now: %v, want 1", v)
			}
			pods := `count(kube_pod_info{namespace="shop",pod=~"checkout-.*"})`
			if a, b := at(pods, 5*time.Hour), at(pods, time.Hour); a != 5 || b != 5 {
				t.Errorf("pods of the Deployment that was rolled out: %v before, %v after, want 5",
					a, b)
			}
			both := `count(kube_pod_info{namespace="shop",pod=~"checkout-.*"} and on (pod) (kube_pod_info offset 4h))`
			if got := instant(t, l, both, time.Hour); len(got) != 0 {
				t.Errorf("pods before and after the rollout: %v, want none", got[0].Value[1])
			}
			spark := `count(container_memory_working_set_bytes{namespace="spark",pod=~".*-exec-3",container="spark-kubernetes-executor"}) or vector(0)`
			if a, b := at(spark, 3*time.Hour), at(spark, time.Hour); a == 0 || b != 0 {
				t.Errorf("the executor's memory: %v series before it was killed and %v after, "+
					"want some and none", a, b)
			}
			if v := at(
				`max by (phase) (kube_pod_status_phase{namespace="spark",pod=~".*-exec-3"} == 1)`,
				time.Hour); v != 1 {
				t.Errorf("the executor's phase: %v, want 1", v)
			}
		})
	}
}

// TestTraps checks for the things that make queries wrong in real clusters.
func TestTraps(t *testing.T) {
	race.SkipSerial(t)
	labs := map[Profile]*Lab{}
	for _, p := range profiles() {
		labs[p] = newLab(t, Options{Profile: p, Nodes: 16})
	}
	for _, c := range []struct {
		name, query string
		community   bool
		kps         bool
	}{
		{
			"an exporter that is scraped twice",
			`count by (instance) (up{instance=~".+:9100"}) > 1`, true, false,
		},
		{
			"two Services for one kubelet",
			`count by (instance, metrics_path) (up{job="kubelet"}) > 1`, false, true,
		},
		{"node_exporter with the node's name", `node_uname_info{node!=""}`, true, false},
		{
			"cAdvisor with the node's name as instance", `machine_cpu_cores{instance=~"ip-.+"}`,
			true, false,
		},
		{"the slices of the system", `container_memory_working_set_bytes{id="/"}`, true, false},
		{
			"what kube-prometheus-stack drops",
			`container_spec_memory_limit_bytes or container_cpu_cfs_throttled_seconds_total`, true,
			false,
		},
		{
			"pods' own cgroups", `container_memory_working_set_bytes{container="",pod!=""}`, true,
			true,
		},
		{"pause containers", `container_memory_working_set_bytes{container="POD"}`, true, true},
		{
			"native sidecars",
			`kube_pod_init_container_resource_limits{container="istio-proxy",resource="memory"}`,
			true, true,
		},
		{"a read-only root", `node_filesystem_readonly{mountpoint="/"} == 1`, true, true},
		{
			"one disk mounted five times",
			`count by (job, instance, device) (node_filesystem_size_bytes{fstype="ext4"}) == 5`,
			true, true,
		},
		{"tmpfs", `node_filesystem_size_bytes{fstype="tmpfs"}`, true, true},
		{
			"volumes of pods among the filesystems",
			`node_filesystem_size_bytes{mountpoint=~"/var/lib/kubelet/pods/.+"}`, true, true,
		},
		{
			"finished pods that still ask for memory",
			`kube_pod_container_resource_requests{namespace="batch",resource="memory"}`, true, true,
		},
		{
			"containers without a limit",
			`kube_pod_container_info unless on (namespace,pod,container) kube_pod_container_resource_limits{resource="memory"}`, true, true,
		},
		{
			"a volume that reports nothing",
			`kube_persistentvolumeclaim_info{namespace="data"} unless on (namespace,persistentvolumeclaim) kubelet_volume_stats_capacity_bytes`, true, true,
		},
		{
			"series of kube-state-metrics with its own pod's labels",
			`kube_node_info{pod=~"kube-state-metrics-.+",namespace="monitoring"}`, false, true,
		},
		{"a target that is down", `up == 0`, true, true},
		{
			"names that hurt", `kube_pod_info{namespace="hostile",pod="<script>alert(1)</script>"}`,
			true, true,
		},
		{"names in Hangul", `kube_pod_info{namespace="정산"}`, true, true},
		{
			"what people take for MemAvailable",
			`node_memory_MemFree_bytes and node_memory_Cached_bytes and node_memory_Buffers_bytes and node_memory_Active_bytes`, true, true,
		},
		{
			"what is mistaken for the working set",
			`container_memory_usage_bytes and on (namespace, pod, container) container_memory_rss and on (namespace, pod, container) container_memory_cache`, true, true,
		},
		{
			"labels of kube-state-metrics that were pushed aside", `{exported_namespace!=""}`,
			false, false,
		},
	} {
		for _, p := range profiles() {
			want := c.community
			if p == KPS {
				want = c.kps
			}
			if got := len(instant(t, labs[p], c.query, time.Minute)) > 0; got != want {
				t.Errorf("%s, %s: has series: %v, want %v", p, c.name, got, want)
			}
		}
	}
}
