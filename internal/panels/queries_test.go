package panels_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// eval is the time within the fixture's hour at which queries run.
const eval = 59 * time.Minute

// answer is the expected result of a panel's query and of its capacity query on the fixture, by the
// labels in by. The numbers are computed by hand from fixture_test.go.
type answer struct {
	by       string
	want     values
	capacity values
	stack    values // under kube-prometheus-stack, where that differs
}

var answers = map[string]answer{
	// 1 − 100/1000 and 1 − 400/1000.
	"node-memory": {by: "instance",
		want:     values{"10.0.0.1:9100": 0.9, "10.0.0.2:9100": 0.6},
		capacity: values{"10.0.0.1:9100": 1000, "10.0.0.2:9100": 1000}},
	// 1 − (30+3+3)/60 and 1 − (12+3+3)/60, on each of two cores.
	"node-cpu": {by: "instance",
		want:     values{"10.0.0.1:9100": 0.4, "10.0.0.2:9100": 0.7},
		capacity: values{"10.0.0.1:9100": 2, "10.0.0.2:9100": 2}},
	// 1 − 20/100, 1 − 50/100, 1 − 90/100; once for the disk that is mounted twice.
	"node-disk": {by: "instance mountpoint",
		want: values{
			"10.0.0.1:9100 /": 0.8, "10.0.0.2:9100 /": 0.5, "10.0.0.1:9100 /data": 0.1,
			"10.0.0.2:9100 /data": 0.1,
		},
		capacity: values{
			"/dev/sda1 10.0.0.1:9100 /": 100e9, "/dev/sda1 10.0.0.2:9100 /": 100e9,
			"/dev/sdc 10.0.0.1:9100 /data": 100e9, "/dev/sdc 10.0.0.2:9100 /data": 100e9,
			"/dev/dm-0 10.0.0.1:9100 /cos": 100e9, "/dev/dm-0 10.0.0.2:9100 /cos": 100e9,
		}},
	// 1 − 100/1000, 1 − 250/1000; btrfs on sdc has no inodes to run out of.
	"node-inodes": {by: "instance mountpoint",
		want: values{"10.0.0.1:9100 /": 0.9, "10.0.0.2:9100 /": 0.75},
		capacity: values{"/dev/sda1 10.0.0.1:9100 /": 1000, "/dev/sda1 10.0.0.2:9100 /": 1000,
			"/dev/dm-0 10.0.0.1:9100 /cos": 50, "/dev/dm-0 10.0.0.2:9100 /cos": 50}},
	// Nothing turned read-only, and /cos always was.
	"node-readonly": {by: "instance", want: values{"10.0.0.1:9100": 0, "10.0.0.2:9100": 0}},
	"node-conditions": {by: "condition node", want: values{
		"NotReady n1": 0, "NotReady n2": 0, "MemoryPressure n2": 1, "NotReady n3": 1,
	}},
	// (6000+3000)/60, on eth0 alone.
	"node-network": {by: "instance", want: values{"10.0.0.1:9100": 150, "10.0.0.2:9100": 150}},
	// (2+2)/(100+100).
	"node-network-errors": {
		by: "instance", want: values{"10.0.0.1:9100": 0.02, "10.0.0.2:9100": 0.02},
	},
	// 6 seconds of 60.
	"node-pressure": {by: "instance", want: values{"10.0.0.1:9100": 0.1, "10.0.0.2:9100": 0.1}},
	// 32000/64000 without the 30000 of the finished pod, 48000/64000; n3 has no pods.
	"node-requests": {by: "node",
		want:     values{"n1": 0.5, "n2": 0.75},
		capacity: values{"n1": 64000, "n2": 64000, "n3": 64000}},
	// 0.25/4.
	"node-requests-cpu": {by: "node",
		want:     values{"n1": 0.0625, "n2": 0.0625},
		capacity: values{"n1": 4, "n2": 4, "n3": 4}},
	// 90/100 and 30/100; the native sidecars 90/180.
	"container-memory": {by: "container namespace pod",
		want: values{
			"app shop api-n1": 0.9, "app shop api-n2": 0.3, "sidecar shop api-n1": 0.5,
			"sidecar shop api-n2": 0.5,
		},
		capacity: values{
			"app shop api-n1": 100, "app shop api-n2": 100, "sidecar shop api-n1": 180,
			"sidecar shop api-n2": 180, "setup shop api-n1": 500, "setup shop api-n2": 500,
		}},
	// api-n1 was killed at minute 51, api-n2 long ago, and exec-1 was killed and is gone since
	// minute 21.
	"container-oom": {
		by: "container namespace pod", want: values{
			"app shop api-n1": 1, "app shop api-n2": 0, "executor spark exec-1": 1,
		},
	},
	// 3 → 4, 7 → 7, 0 → 5; the native sidecars 1 → 3.
	"container-restarts": {by: "container namespace pod", want: values{
		"app shop api-n1": 1, "app shop api-n2": 0, "bad shop loop": 5, "sidecar shop api-n1": 2,
		"sidecar shop api-n2": 2}},
	// wait has no node yet.
	"pod-waiting": {by: "namespace pod reason", want: values{"shop wait Pending": 1}},
	// Half a core of 0.25; the sidecars half a core of 0.5.
	"container-cpu": {by: "container namespace pod",
		want: values{
			"app shop api-n1": 2, "app shop api-n2": 2, "sidecar shop api-n1": 1,
			"sidecar shop api-n2": 1,
		},
		capacity: values{
			"app shop api-n1": 0.25, "app shop api-n2": 0.25, "sidecar shop api-n1": 0.5,
			"sidecar shop api-n2": 0.5,
		}},
	// Half a core of 1; the sidecars have no limit.
	"container-cpu-limit": {by: "container namespace pod",
		want:     values{"app shop api-n1": 0.5, "app shop api-n2": 0.5},
		capacity: values{"app shop api-n1": 1, "app shop api-n2": 1}},
	// 300 of 600 periods; the sidecars none of none, which is a gap and not a NaN.
	"container-throttling": {
		by: "container namespace pod", want: values{"app shop api-n1": 0.5, "app shop api-n2": 0.5},
	},
	// 1 − 15/100 and 1 − 60/100.
	"pvc": {by: "namespace persistentvolumeclaim",
		want:     values{"shop data-n1": 0.85, "shop data-n2": 0.4},
		capacity: values{"shop data-n1": 100, "shop data-n2": 100}},
	// 1 − 25/100.
	"pvc-inodes": {by: "namespace persistentvolumeclaim",
		want:     values{"shop data-n1": 0.75, "shop data-n2": 0.75},
		capacity: values{"shop data-n1": 100, "shop data-n2": 100}},
	// Three of app's four.
	"scrape-health": {by: "job",
		want: values{
			"app": 0.75, "flips": 0, "kubernetes-service-endpoints": 1, "kubernetes-pods": 1,
		},
		stack: values{"app": 0.75, "flips": 0, "node-exporter": 1}},
	// Up, down, up, down, up, down; app's that is always down is none.
	"target-flaps": {
		by: "instance job metrics_path", want: values{"10.0.9.9:80 flips /metrics": 1},
	},
	// n3 has no exporter; n4's is known by its host's name; virtual-1 needs none.
	"coverage": {by: "node", want: values{"n1": 0, "n2": 0, "n3": 1, "n4": 0}},
	// NodeDown fires for n1 and is pending for n2. Paging is pending, and DiskFull fired earlier.
	"alerts": {by: "alertname severity", want: values{
		"NodeDown critical": 2, "Paging page": 1, "DiskFull critical": 0,
	}},
}

func TestQueriesGiveTheRightAnswersUnderBothCharts(t *testing.T) {
	for _, chart := range profiles {
		f := newFixture(t, chart)
		for _, spec := range panels.All() {
			t.Run(string(chart)+"/"+spec.Name, func(t *testing.T) {
				a, ok := answers[spec.Name]
				if !ok {
					t.Fatal("the panel has no expected answer")
				}
				if chart == stack && a.stack != nil {
					a.want = a.stack
				}
				if spec.Without != "" {
					f.expectRows(t, spec, a.want)
					return
				}
				f.expect(t, spec.Queries[0].Expr, a.by, a.want)
				if (spec.Capacity == nil) != (a.capacity == nil) {
					t.Fatalf("has a Capacity: got %v, want %v", spec.Capacity != nil,
						a.capacity != nil)
				}
				if spec.Capacity != nil {
					by := append(strings.Fields(a.by), spec.Capacity.Aside...)
					by = slices.DeleteFunc(by, func(label string) bool {
						// marks that no series here has
						return label == "cache" || label == "shared"
					})
					slices.Sort(by)
					f.expect(t, spec.Capacity.Query, strings.Join(by, " "), a.capacity)
				}
			})
		}
	}
}

// TestAlertsThatAreNotCritical checks the second query of the panel: an alert without a severity is
// a warning, and those that always fire are left out.
func TestAlertsThatAreNotCritical(t *testing.T) {
	f := newFixture(t, community)
	f.expect(t, builtin(t, "alerts").Queries[1].Expr, "alertname severity",
		values{"BackupOld": 2, "CPUHigh warning": 1})
	for name, want := range map[string]bool{"Watchdog": true, "BackupOld": false} {
		if got := panels.AlwaysFires(name); got != want {
			t.Errorf("AlwaysFires(%s): got %v, want %v", name, got, want)
		}
	}
	f.expect(t, "count by (alertname) ("+panels.Firing()+")", "alertname",
		values{"BackupOld": 1, "NodeDown": 1})
}

func (f *fixture) expect(t *testing.T, query, by string, want values) {
	t.Helper()
	got, names, err := f.at(t, query, eval)
	if err != nil {
		t.Fatalf("%v\nin %s", err, query)
	}
	if !got.equal(want) {
		t.Errorf("got %v\nwant %v\nfrom %s", got, want, query)
	}
	if names != by {
		t.Errorf("got labels %q, want %q", names, by)
	}
}

// expectRows checks the rows of a panel that needs the identity table.
func (f *fixture) expectRows(t *testing.T, spec panel.Spec, want values) {
	t.Helper()
	at := time.UnixMilli(eval.Milliseconds())
	nodes, notes, err := snapshot.LoadNodes(t.Context(), f, at, time.Hour)
	if err != nil || len(notes) > 0 {
		t.Fatalf("got notes %v and error %v, want neither", notes, err)
	}
	p := snapshot.Take(t.Context(), f, []panel.Spec{spec}, snapshot.Options{
		Slot: at, Range: 30 * time.Minute, Nodes: nodes,
	})[0]
	if p.Failure != nil {
		t.Fatalf("got failure %v, want none", p.Failure)
	}
	got := values{}
	for _, r := range p.Rows {
		got[r.Name] = r.Stats.Last
	}
	if !got.equal(want) {
		t.Errorf("got %v\nwant %v\nfrom %s", got, want, p.Exprs[0])
	}
}

// TestNaiveQueriesFallIntoTheTraps proves that the traps of the fixture work: the obvious query
// gives a wrong answer, or fails.
func TestNaiveQueriesFallIntoTheTraps(t *testing.T) {
	both := profiles
	fixtures := map[profile]*fixture{
		community: newFixture(t, community), stack: newFixture(t, stack),
	}
	for _, trap := range []struct {
		name  string
		in    []profile
		panel string // the panel whose answer the query misses
		query string
		want  values // the wrong answer; nil: the query fails
	}{
		{"a join with a rolled kube-state-metrics", both, "container-memory",
			`max by (namespace, pod, container) ` +
				`(container_memory_working_set_bytes{container!=""}) / on (namespace, pod, ` +
				`container) kube_pod_container_resource_limits{resource="memory"}`, nil},
		{"a sum over a rolled kube-state-metrics and finished pods", both, "node-requests",
			`sum by (node) (kube_pod_container_resource_requests{resource="memory",node!=""}) / ` +
				`max by (node) (kube_node_status_allocatable{resource="memory"})`,
			values{"n1": 1.9375, "n2": 1.5}},
		{"finished pods", both, "node-requests",
			`sum by (node) (max by (node, namespace, pod, container) ` +
				`(kube_pod_container_resource_requests{resource="memory",node!=""})) / max by ` +
				`(node) (kube_node_status_allocatable{resource="memory"})`,
			values{"n1": 0.96875, "n2": 0.75}},
		{"the node of kube-state-metrics' own pod", []profile{community}, "node-requests",
			`sum by (node) (max by (node, pod) (kube_pod_status_phase{phase="Running"}))`,
			values{"n1": 2}},
		{"a sum over a doubled kubelet Service", []profile{stack}, "container-memory",
			`sum by (namespace, pod, container) ` +
				`(container_memory_working_set_bytes{container!="",container!="POD"}) / max by ` +
				`(namespace, pod, container) ` +
				`(kube_pod_container_resource_limits{resource="memory"})`,
			values{"app shop api-n1": 1.8, "app shop api-n2": 0.6}},
		{"a sum over an exporter that is scraped twice", []profile{community}, "node-network",
			`sum by (instance) (rate(node_network_receive_bytes_total{device="eth0"}[4m]) + ` +
				`rate(node_network_transmit_bytes_total{device="eth0"}[4m]))`,
			values{"10.0.0.1:9100": 300, "10.0.0.2:9100": 300}},
		{"bonds and VLANs beside their card", []profile{stack}, "node-network",
			`sum by (instance) (rate(node_network_receive_bytes_total{device!~"lo|veth.*"}[4m]) ` +
				`+ rate(node_network_transmit_bytes_total{device!~"lo|veth.*"}[4m]))`,
			values{"10.0.0.1:9100": 450, "10.0.0.2:9100": 450}},
		{"packets of the pods' devices", both, "node-network-errors",
			`sum by (instance) (rate(node_network_receive_errs_total[4m])) / sum by (instance) ` +
				`(rate(node_network_receive_packets_total[4m]))`,
			values{"10.0.0.1:9100": 6.0 / 10300, "10.0.0.2:9100": 6.0 / 10300}},
		{"pause containers", both, "container-memory",
			`max by (namespace, pod, container) (container_memory_working_set_bytes{image!=""}) ` +
				`<= 1`,
			values{"POD shop api-n1": 1, "POD shop api-n2": 1}},
		{"the whole pod's cgroup", both, "container-memory",
			`max by (namespace, pod) (container_memory_working_set_bytes) / max by (namespace, ` +
				`pod) (kube_pod_container_resource_limits{resource="memory"})`,
			values{"shop api-n1": 1.91, "shop api-n2": 1.91}},
		{"native sidecars", both, "container-memory",
			`max by (namespace, pod, container) (container_memory_working_set_bytes) / max by ` +
				`(namespace, pod, container) ` +
				`(kube_pod_container_resource_limits{resource="memory"})`,
			values{"app shop api-n1": 0.9, "app shop api-n2": 0.3}},
		{"restarts of native sidecars", both, "container-restarts",
			`round(max by (container, namespace, pod) ` +
				`(increase(kube_pod_container_status_restarts_total[1h])))`,
			values{"app shop api-n1": 1, "app shop api-n2": 0, "bad shop loop": 5}},
		{"a total of restarts", both, "container-restarts",
			`max by (container, namespace, pod) (kube_pod_container_status_restarts_total)`,
			values{"app shop api-n1": 4, "app shop api-n2": 7, "bad shop loop": 5}},
		{"usage and page cache", both, "container-memory",
			`max by (namespace, pod, container) (container_memory_usage_bytes) / max by ` +
				`(namespace, pod, container) ` +
				`(kube_pod_container_resource_limits{resource="memory"})`,
			values{"app shop api-n1": 1, "app shop api-n2": 1}},
		{"MemFree", both, "node-memory",
			`1 - max by (instance) (node_memory_MemFree_bytes) / max by (instance) ` +
				`(node_memory_MemTotal_bytes)`,
			values{"10.0.0.1:9100": 0.98, "10.0.0.2:9100": 0.98}},
		{"Active", both, "node-memory",
			`max by (instance) (node_memory_Active_bytes) / max by (instance) ` +
				`(node_memory_MemTotal_bytes)`,
			values{"10.0.0.1:9100": 0.85, "10.0.0.2:9100": 0.85}},
		{"iowait and steal", both, "node-cpu",
			`1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[4m]))`,
			values{"10.0.0.1:9100": 0.5, "10.0.0.2:9100": 0.8}},
		{"a read-only root, and one disk under two mount points", both, "node-disk",
			`max by (instance, device, mountpoint) (1 - ` +
				`node_filesystem_avail_bytes{fstype=~"ext.*"} / node_filesystem_size_bytes) > 0.7`,
			values{
				"/dev/sda1 10.0.0.1:9100 /": 0.8, "/dev/sda1 10.0.0.1:9100 /home": 0.8,
				"/dev/dm-0 10.0.0.1:9100 /cos": 1, "/dev/dm-0 10.0.0.2:9100 /cos": 1,
				"/dev/sdb 10.0.0.1:9100 /var/lib/kubelet/pods/x/volumes/y": 0.99,
				"/dev/sdb 10.0.0.2:9100 /var/lib/kubelet/pods/x/volumes/y": 0.99,
			}},
		{"space reserved for root", both, "node-disk",
			`max by (instance, device) (1 - node_filesystem_free_bytes{mountpoint="/"} / ` +
				`node_filesystem_size_bytes)`,
			values{"/dev/sda1 10.0.0.1:9100": 0.75, "/dev/sda1 10.0.0.2:9100": 0.45}},
		{"a filesystem without inodes", both, "node-inodes",
			`max by (instance, device) (1 - node_filesystem_files_free{fstype="btrfs"} / ` +
				`node_filesystem_files)`,
			values{"/dev/sdc 10.0.0.1:9100": math.NaN(), "/dev/sdc 10.0.0.2:9100": math.NaN()}},
		{"conditions that are good when true", both, "node-conditions",
			`max by (node, condition) (kube_node_status_condition{condition!="Ready",` +
				`status="true"}) == 1`,
			values{"KernelReady n1": 1, "MemoryPressure n2": 1}},
		{"a kill of last month", both, "container-oom",
			`max by (namespace, pod, container) ` +
				`(kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) == 1`,
			values{"app shop api-n1": 1, "app shop api-n2": 1}},
		{"a killed container that is never started again", both, "container-oom",
			`max by (namespace, pod, container) ` +
				`(increase(kube_pod_container_status_restarts_total[1h])) > 0 and max by ` +
				`(namespace, pod, container) ` +
				`(kube_pod_container_status_last_terminated_reason{reason="OOMKilled"})`,
			values{"app shop api-n1": 60.0 / 59}},
		{"a volume's used bytes", both, "pvc",
			`max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes / ` +
				`kubelet_volume_stats_capacity_bytes)`,
			values{"shop data-n1": 0.1, "shop data-n2": 0.1}},
		{"a host name that is not the node's name", both, "coverage",
			`group by (node) (kube_node_info) unless on (node) label_replace(node_uname_info, ` +
				`"node", "$1", "nodename", "(.+)")`,
			values{"n1": 1, "n2": 1, "n3": 1, "virtual-1": 1}},
		{"nodes that share an address", both, "coverage",
			`label_replace(node_uname_info{node=""}, "internal_ip", "$1", "instance", ` +
				`"(.+):.+") * on (internal_ip) group_left (node) group by (internal_ip, node) ` +
				`(kube_node_info)`, nil},
	} {
		for _, chart := range trap.in {
			t.Run(trap.name+"/"+string(chart), func(t *testing.T) {
				got, _, err := fixtures[chart].at(t, trap.query, eval)
				switch {
				case trap.want == nil && err == nil:
					t.Errorf("got %v, want the query to fail", got)
				case trap.want == nil && !strings.Contains(err.Error(), "found duplicate series") &&
					!strings.Contains(err.Error(), "many-to-many"):
					t.Errorf("got error %v, want one of a failed join", err)
				case trap.want != nil && err != nil:
					t.Error(err)
				case trap.want != nil && !got.equal(trap.want):
					t.Errorf("got %v, want %v", got, trap.want)
				case trap.want != nil && got.equal(answers[trap.panel].want):
					t.Errorf("got %v, the right answer of %s: want the trap to catch the query",
						got, trap.panel)
				}
			})
		}
	}
}

// TestShortEventsAreSeenAtLargeSteps checks that the step of a week's report, 15 minutes, hides no
// event between two samples.
func TestShortEventsAreSeenAtLargeSteps(t *testing.T) {
	const step = 15 * time.Minute
	var st store
	container := set{"namespace": "shop", "pod": "p", "container": "c"}
	with := func(k, v string) set {
		return set{"namespace": "shop", "pod": "p", "container": "c", k: v}
	}
	// Not ready for the minutes 36 to 39, over the limit for 50 to 52.
	st.add(t, "kube_node_status_condition", set{
		"node": "n1", "condition": "Ready", "status": "unknown",
	}, scrape, "0x35 1x3 0x79")
	st.add(t, "container_memory_working_set_bytes", container, scrape, "10x49 99x2 10x66")
	st.add(t, "kube_pod_container_resource_limits", with("resource", "memory"), scrape, "100x119")
	// Killed and restarted between the minutes 45 and 46: between the last sample of one step's
	// window and the first of the next.
	st.add(t, "kube_pod_container_status_restarts_total", container, scrape, "1x45 2x73")
	st.add(t, "kube_pod_container_status_last_terminated_reason", with("reason", "OOMKilled"),
		scrape, "_x46 1x73")
	// An executor that was killed in minute 63 and deleted in minute 65.
	st.add(t, "kube_pod_container_status_terminated_reason", set{
		"namespace": "spark", "pod": "exec-1", "container": "executor", "reason": "OOMKilled",
	}, scrape, "_x63 1x2 _x50")

	for _, tt := range []struct {
		name, query string
		key         string
		at          time.Duration
		want        float64
	}{
		{
			"not ready", builtin(t, "node-conditions").Queries[0].Expr, "NotReady n1",
			45 * time.Minute, 1,
		},
		{
			"not ready, naive", `kube_node_status_condition`,
			"kube_node_status_condition Ready n1 unknown", 45 * time.Minute, 0,
		},
		{
			"memory", builtin(t, "container-memory").Queries[0].Expr, "c shop p", 60 * time.Minute,
			0.99,
		},
		{
			"memory, naive",
			`sum by (container, namespace, pod) (container_memory_working_set_bytes)`, "c shop p",
			60 * time.Minute, 10,
		},
		{"kill", builtin(t, "container-oom").Queries[0].Expr, "c shop p", 60 * time.Minute, 1},
		{
			"kill, naive", `increase(kube_pod_container_status_restarts_total[$__interval])`,
			"c shop p", 60 * time.Minute, 0,
		},
		{
			"kill, within the hour", builtin(t, "container-oom").Queries[0].Expr, "c shop p",
			105 * time.Minute, 1,
		},
		{
			"kill, an hour later", builtin(t, "container-oom").Queries[0].Expr, "c shop p",
			120 * time.Minute, 0,
		},
		{
			"restart", builtin(t, "container-restarts").Queries[0].Expr, "c shop p",
			60 * time.Minute, 1,
		},
		{
			"executor", builtin(t, "container-oom").Queries[0].Expr, "executor spark exec-1",
			75 * time.Minute, 1,
		},
		{
			"executor, naive",
			`max by (container, namespace, pod) (kube_pod_container_status_terminated_reason)`,
			"executor spark exec-1", 75 * time.Minute, math.NaN(),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := query(&st, tt.query, 0, 2*time.Hour, step)
			if err != nil {
				t.Fatal(err)
			}
			got := math.NaN()
			for _, s := range m {
				for _, p := range s.Floats {
					if key, _ := keyOf(s.Metric); key == tt.key && p.T == tt.at.Milliseconds() {
						got = p.F
					}
				}
			}
			if got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
				t.Errorf("%s at %s: got %v, want %v", tt.key, tt.at, got, tt.want)
			}
		})
	}
}

// TestPeaksDoNotStretchShortEventsAtSmallSteps checks that a node that was not ready for two
// minutes does not reach the five minutes of an alert.
func TestPeaksDoNotStretchShortEventsAtSmallSteps(t *testing.T) {
	var st store
	st.add(t, "kube_node_status_condition", set{
		"node": "n1", "condition": "Ready", "status": "unknown",
	}, scrape, "0x29 1x1 0x30")
	m, err := query(&st, builtin(t, "node-conditions").Queries[0].Expr, 0, time.Hour, scrape)
	if err != nil {
		t.Fatal(err)
	}
	var bad []int64
	for _, p := range m[0].Floats {
		if p.F > 0 {
			bad = append(bad, p.T/scrape.Milliseconds())
		}
	}
	if len(bad) != 2 || bad[0] != 30 || bad[1] != 31 {
		t.Errorf("minutes not ready: got %v, want 30 and 31", bad)
	}
}

// TestContainerMemoryHasNoGapsWhereCAdvisorIsLate has samples that are 45 or 75 seconds apart:
// cAdvisor stamps its samples itself.
func TestContainerMemoryHasNoGapsWhereCAdvisorIsLate(t *testing.T) {
	var st store
	container := set{"namespace": "shop", "pod": "p", "container": "c"}
	st.add(t, "container_memory_working_set_bytes", container, 15*time.Second,
		strings.Repeat("90 _x5 90 _x2 ", 26))
	st.add(t, "kube_pod_container_resource_limits", set{
		"namespace": "shop", "pod": "p", "container": "c", "resource": "memory",
	}, scrape, "100x60")
	samples := func(expr string) int {
		m, err := query(&st, expr, 4*time.Minute, 55*time.Minute, scrape)
		if err != nil || len(m) != 1 {
			t.Fatalf("got %d series and error %v, want 1 series", len(m), err)
		}
		return len(m[0].Floats)
	}
	if n := samples(builtin(t, "container-memory").Queries[0].Expr); n != 52 {
		t.Errorf("got %d samples, want 52", n)
	}
	if n := samples(`max_over_time(container_memory_working_set_bytes[$__interval])`); n == 52 {
		t.Errorf("windows of one scrape interval: got %d samples, want fewer", n)
	}
}
