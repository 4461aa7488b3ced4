//go:build acceptance

package acceptance

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/fixture")

// chart is a Helm chart with Prometheus and its exporters. Each chart labels the same metrics in
// its own way.
type chart string

const (
	// prometheus-community/prometheus: its own Prometheus, without a cluster label
	community chart = "community"
	// behind a server that collects several clusters, hence with a cluster label
	stack chart = "kube-prometheus-stack"
)

// file returns the path of the chart's fixture. It is in the notation of promtool's unit tests,
// because as OpenMetrics it would have 20 MB.
func (c chart) file() string {
	return filepath.Join("..", "..", "testdata", "fixture", string(c)+".series")
}

// Names that could break a page, a message or a chart.
const (
	hostileNamespace = `ns"quote'&<b>`
	hostilePod       = `파드-<script>alert(1)</script>`
	hostileContainer = `<!channel>`
	hostileClaim     = `data-"><img src=x onerror=alert(1)>`
)

const (
	gib    = 1 << 30
	apiPod = "api-6c8d7f9b54-x2x9k"
	rolled = "21:01" // the time at which another instance of kube-state-metrics took over
)

// lbl is a label set under construction.
type lbl map[string]string

func (l lbl) with(nv ...string) lbl {
	out := lbl{}
	for n, v := range l {
		out[n] = v
	}
	for i := 0; i < len(nv); i += 2 {
		out[nv[i]] = nv[i+1]
	}
	return out
}

// String writes l as both OpenMetrics and PromQL read it.
func (l lbl) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(l)) {
		parts = append(parts, fmt.Sprintf("%s=%q", name, l[name]))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// fixture collects the series of one chart.
type fixture struct {
	chart chart
	lines []string
}

func (f *fixture) add(name string, l lbl, s shape) {
	if f.chart == stack && l["cluster"] == "" {
		l = l.with("cluster", "kps")
	}
	f.lines = append(f.lines, name+l.String()+" "+s.notation())
}

// TestFixtureIsCommitted compares the committed files with the shapes below, from which the answers
// are computed.
func TestFixtureIsCommitted(t *testing.T) {
	for _, c := range []chart{community, stack} {
		made := makeFixture(c)
		if *update {
			if err := os.WriteFile(c.file(), made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(c.file())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(committed), string(made)); diff != "" {
			t.Errorf(
				"%s differs from its shapes; -update rewrites it (-got committed +want made):\n%s",
				c.file(), diff)
		}
	}
}

func makeFixture(c chart) []byte {
	f := &fixture{chart: c}
	f.nodeExporters()
	f.containers()
	f.volumes()
	f.kubeStateMetrics()
	f.scrapes()
	if c == stack {
		f.foreignCluster()
	}
	slices.Sort(f.lines)
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The labels of the Helm chart %s, one sample a minute from %s, as "+
		"promtool's unit tests write series.\n", c, fixtureStart.Format("2006-01-02T15:04Z"))
	fmt.Fprintf(&b, "# Made by internal/acceptance: go test -tags acceptance -run "+
		"TestFixtureIsCommitted ./internal/acceptance -update\n")
	b.WriteString(strings.Join(f.lines, "\n") + "\n")
	return b.Bytes()
}

// node is a node with node_exporter. The rates of counters are per minute.
type node struct {
	name, ip         string
	available        shape // bytes of 64 GiB
	idle, user, wait shape // seconds of each of two CPUs; wait is iowait and steal each
	diskFree         shape // of 100 GB
	inodesFree       shape // of a million
	errors           float64
	stalled          float64
	// when the exporter did not answer; downTo is "" if it stayed down
	downFrom, downTo string
}

// up returns the series up of the node's exporter.
func (n node) up() shape {
	switch {
	case n.downFrom == "":
		return flat(1)
	case n.downTo == "":
		return flat(1).then(n.downFrom, 0)
	}
	return flat(1).then(n.downFrom, 0).then(n.downTo, 1)
}

// scraped returns the part of a series that was scraped from the node's exporter.
func (n node) scraped(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	return s.hole(n.downFrom, n.downTo)
}

func nodes() []node {
	share := func(percent float64) float64 { return float64(int64(64 * gib * percent / 100)) }
	return []node{
		{name: "n1", ip: "10.0.0.1", available: flat(share(50)).then("23:40",
			share(6)), idle: line(1e6, 45), user: line(1e6, 9), wait: line(1e6, 3),
			diskFree: flat(40e9), inodesFree: flat(500e3), errors: 2, stalled: 6},
		{name: "n2", ip: "10.0.0.2", available: flat(share(18)), idle: line(1e6, 1), user: line(1e6,
			59), wait: line(1e6, 0),
			diskFree: line(33.975e9, -5e7), inodesFree: flat(500e3)},
		// Its counters restart at 22:00, as after a reboot.
		{name: "n3", ip: "10.0.0.3", available: flat(share(60)), idle: line(1e6,
			30).thenLine("22:00", 30, 30), user: line(1e6, 30).thenLine("22:00", 30, 30),
			wait: line(1e6, 0).thenLine("22:00", 0, 0), diskFree: flat(70e9),
			inodesFree: flat(600e3), downFrom: "19:01", downTo: "21:00"},
		{name: "n4", ip: "10.0.0.4", available: flat(share(40)).then("20:00",
			share(14)).then("20:10", share(12)).then("20:11", share(14)).then("20:30", share(40)),
			idle: line(1e6, 54).thenLine("23:20", 1e6+440*54, 9),
			user: line(1e6, 6).thenLine("23:20", 1e6+440*6, 51), wait: line(1e6, 0),
			diskFree: flat(70e9), inodesFree: flat(500e3).then("23:30", 70e3)},
		// Silent to the end. It is the last node with an exporter.
		{name: "n6", ip: "10.0.0.6", available: flat(share(70)), idle: line(1e6,
			54), user: line(1e6, 6), wait: line(1e6, 0),
			diskFree: flat(70e9), inodesFree: flat(500e3), downFrom: "22:31"},
	}
}

// exporterTargets returns the label sets of one node_exporter. The community chart finds it through
// its Service and through its Pod, and only the first knows the node.
func (f *fixture) exporterTargets(n node) []lbl {
	if f.chart == stack {
		return []lbl{{"job": "node-exporter", "instance": n.ip + ":9100", "namespace": "monitoring",
			"pod":       "ne-" + n.name,
			"container": "node-exporter", "endpoint": "http-metrics", "service": "ne"}}
	}
	return []lbl{
		{
			"job": "kubernetes-service-endpoints", "instance": n.ip + ":9100", "node": n.name,
			"namespace": "monitoring", "service": "ne",
		},
		{
			"job": "kubernetes-pods", "instance": n.ip + ":9100", "namespace": "monitoring",
			"service": "ne",
		},
	}
}

func (f *fixture) nodeExporters() {
	for _, n := range nodes() {
		for _, target := range f.exporterTargets(n) {
			add := func(name string, s shape, nv ...string) {
				f.add(name, target.with(nv...), n.scraped(s))
			}
			f.add("up", target, n.up())
			add("node_uname_info", flat(1), "nodename", n.name+".corp")
			add("node_memory_MemTotal_bytes", flat(64*gib))
			add("node_memory_MemAvailable_bytes", n.available)
			for _, cpu := range []string{"0", "1"} {
				for mode, s := range map[string]shape{
					"idle": n.idle, "user": n.user, "iowait": n.wait, "steal": n.wait,
				} {
					add("node_cpu_seconds_total", s, "cpu", cpu, "mode", mode)
				}
			}
			f.filesystems(n, add)
			f.network(n, add)
			if f.chart == community { // PSI is absent on some kernels
				add("node_pressure_memory_waiting_seconds_total", line(1e6, n.stalled))
			}
		}
	}
}

func (f *fixture) filesystems(n node, add func(string, shape, ...string)) {
	for _, fs := range []struct {
		device, mountpoint, fstype string
		free                       shape
		readonly                   float64
	}{
		{"/dev/sda1", "/", "ext4", n.diskFree, 0},
		{"/dev/sda1", "/home", "ext4", n.diskFree, 0}, // one disk, mounted twice
		{"tmpfs", "/run", "tmpfs", flat(0), 0},
		{"/dev/dm-0", "/cos", "ext2", flat(0), 1},
		{"/dev/sdb", "/var/lib/kubelet/pods/x/volumes/y", "ext4", flat(1e9), 0},
	} {
		at := []string{"device", fs.device, "mountpoint", fs.mountpoint, "fstype", fs.fstype}
		add("node_filesystem_avail_bytes", fs.free, at...)
		add("node_filesystem_size_bytes", flat(100e9), at...)
		add("node_filesystem_readonly", flat(fs.readonly), at...)
		add("node_filesystem_files", flat(1e6), at...)
		add("node_filesystem_files_free", n.inodesFree, at...)
	}
}

func (f *fixture) network(n node, add func(string, shape, ...string)) {
	for _, way := range []string{"receive", "transmit"} {
		add("node_network_"+way+"_bytes_total", line(1e12, 60e6), "device", "eth0")
		add("node_network_"+way+"_bytes_total", line(1e12, 60e9), "device", "lo")
		add("node_network_"+way+"_bytes_total", line(1e12, 60e9), "device", "veth12ab")
		add("node_network_"+way+"_packets_total", line(1e6, 100), "device", "eth0")
		add("node_network_"+way+"_errs_total", line(1e6, n.errors), "device", "eth0")
	}
}

// kubeletTargets returns the label sets of one kubelet. The Service of kube-prometheus-stack exists
// twice after the release was renamed.
func (f *fixture) kubeletTargets(n node, path, communityJob string) []lbl {
	if f.chart == community {
		return []lbl{{"job": communityJob, "instance": n.name, "kubernetes_io_hostname": n.name}}
	}
	target := lbl{
		"job": "kubelet", "instance": n.ip + ":10250", "node": n.name, "metrics_path": path,
		"endpoint": "https-metrics",
	}
	return []lbl{target.with("service", "kps-kubelet"), target.with("service", "old-kubelet")}
}

// container is what cAdvisor and kube-state-metrics report of one container. Empty shapes and zeros
// are not reported.
type container struct {
	node, namespace, pod, name string
	workingSet                 shape
	limit                      float64 // memory, bytes
	// a native sidecar: kube-state-metrics lists it under init containers
	native             bool
	cpu                float64 // seconds a minute
	request, cpuLimit  float64 // cores
	memoryRequest      float64
	periods, throttled float64 // a minute
}

func containers() []container {
	return []container{
		{node: "n1", namespace: "shop", pod: apiPod, name: "app", workingSet: flat(
			gib * 9 / 10), limit: gib,
			cpu: 30, request: 0.25, memoryRequest: 32e9, periods: 600, throttled: 300},
		{
			node: "n1", namespace: "shop", pod: apiPod, name: "sidecar", workingSet: flat(gib / 2),
			limit: gib, native: true,
		},
		{
			node: "n1", namespace: "shop", pod: "nolimit-0", name: "app", workingSet: flat(5 * gib),
			memoryRequest: 28.8e9,
		},
		{node: "n2", namespace: hostileNamespace, pod: hostilePod, name: hostileContainer,
			workingSet: flat(gib*4/10).then("23:30", float64(gib*97/100)), limit: gib, cpu: 6,
			request: 0.2},
		{node: "n2", namespace: "shop", pod: "worker-0", name: "worker", workingSet: flat(
			gib / 4), limit: gib,
			cpu: 57, request: 1, cpuLimit: 1, memoryRequest: 32e9, periods: 600, throttled: 60},
		{
			node: "n2", namespace: "shop", pod: "idle-0", name: "idle", workingSet: flat(gib / 8),
			limit: gib,
		},
	}
}

func (f *fixture) containers() {
	for _, n := range nodes()[:2] {
		for _, target := range f.kubeletTargets(n, "/metrics/cadvisor",
			"kubernetes-nodes-cadvisor") {
			f.add("machine_cpu_cores", target, flat(4))
			for _, c := range containers() {
				if c.node != n.name {
					continue
				}
				pod := target.with("namespace", c.namespace, "pod", c.pod)
				f.cgroup(pod.with("container", c.name, "image", "registry/image", "name",
					"id-"+c.name, "id", "/kubepods/"+c.pod+"/"+c.name), c.workingSet, c.cpu,
					c.periods, c.throttled)
				if c.native {
					continue // the pod's own cgroups are added once, with its first container
				}
				f.cgroup(pod.with("container", "POD", "image", "registry/pause", "name", "id-pause",
					"id", "/kubepods/"+c.pod+"/pause"), flat(1<<20), 0, 0, 0)
				f.cgroup(pod.with("id", "/kubepods/"+c.pod), flat(20*gib), 600, 600, 600)
			}
		}
	}
}

func (f *fixture) cgroup(l lbl, workingSet shape, cpu, periods, throttled float64) {
	f.add("container_memory_working_set_bytes", l, workingSet)
	f.add("container_cpu_usage_seconds_total", l.with("cpu", "total"), line(1e6, cpu))
	f.add("container_cpu_cfs_periods_total", l, line(1e6, periods))
	f.add("container_cpu_cfs_throttled_periods_total", l, line(1e6, throttled))
}

func (f *fixture) volumes() {
	for _, target := range f.kubeletTargets(nodes()[0], "/metrics", "kubernetes-nodes") {
		for claim, available := range map[string]float64{"data-exact": 19, hostileClaim: 5} {
			at := target.with("namespace", "shop", "persistentvolumeclaim", claim)
			f.add("kubelet_volume_stats_available_bytes", at, flat(available*gib))
			f.add("kubelet_volume_stats_capacity_bytes", at, flat(100*gib))
		}
	}
}
