package panels_test

import (
	"fmt"
	"maps"
	"testing"
)

// profile is the Helm chart whose labels a fixture has.
type profile string

const (
	community profile = "prometheus"
	stack     profile = "kube-prometheus-stack"
)

var profiles = []profile{community, stack}

// fixture is an hour of a small cluster with the traps of real clusters, under the labels of one
// chart. Every right answer can be computed in the head.
type fixture struct {
	store
	t     *testing.T
	chart profile
}

type set map[string]string

func newFixture(t *testing.T, chart profile) *fixture {
	f := &fixture{t: t, chart: chart}
	f.nodes()
	f.exporter("n1", "10.0.0.1", machine{
		available: 100, idle: 30, user: 24, avail: 20, inodes: 100,
	})
	f.exporter("n2", "10.0.0.2", machine{
		available: 400, idle: 12, user: 42, avail: 50, inodes: 250,
	})
	f.scraped("n4", "host-n4", func(d set) {
		// its instance is a name, so that only nodename names the node
		f.put("node_uname_info", d, set{"nodename": "n4"}, "1x60")
	})
	f.pods()
	f.cadvisor("n1", "10.0.0.1", "90")
	f.cadvisor("n2", "10.0.0.2", "30")
	f.volume("n1", "10.0.0.1", "15x60")
	f.volume("n2", "10.0.0.2", "60x60")
	f.put("up", set{"job": "flips", "instance": "10.0.9.9:80", "metrics_path": "/metrics"}, nil,
		"1x13 0x13 1x9 0x9 1x4 0x20")
	for i, up := range []string{"1x60", "1x60", "1x60", "0x60"} {
		f.put("up", set{"job": "app", "instance": fmt.Sprintf("10.0.9.%d:80", i)}, nil, up)
	}
	f.alerts()
	return f
}

// alerts adds what Prometheus writes about the alerts of its rules.
func (f *fixture) alerts() {
	for _, a := range []struct{ name, severity, state, object, values string }{
		{"Watchdog", "none", "firing", "", "1x60"},
		{"InfoInhibitor", "info", "firing", "n1", "1x60"},
		{"NodeDown", "critical", "pending", "n1", "_x30 1x9 stale _x20"},
		{"NodeDown", "critical", "firing", "n1", "_x40 1x20"},
		{"NodeDown", "critical", "pending", "n2", "_x50 1x10"},
		{"Paging", "page", "pending", "n1", "_x58 1x2"},
		{"DiskFull", "critical", "firing", "n1", "1x30 stale _x30"},
		{"BackupOld", "", "firing", "n1", "1x60"},
		{"CPUHigh", "warning", "pending", "n1", "_x50 1x10"},
	} {
		f.put("ALERTS", set{"alertname": a.name, "severity": a.severity, "alertstate": a.state,
			"node": a.object}, nil, a.values)
	}
}

// put adds one series. Labels in more override those in base; an empty value removes the label.
func (f *fixture) put(name string, base, more set, values string) {
	f.t.Helper()
	ls := maps.Clone(map[string]string(base))
	maps.Copy(ls, more)
	maps.DeleteFunc(ls, func(_, v string) bool { return v == "" })
	f.add(f.t, name, ls, scrape, values)
}

// ksm adds a series of kube-state-metrics twice, as after a restart, when both instances are within
// the lookback. Under the community chart, a series without a node label gets the node of the
// kube-state-metrics pod.
func (f *fixture) ksm(name string, ls set, values string) {
	f.t.Helper()
	base := set{
		"job": "kube-state-metrics", "service": "ksm", "endpoint": "http",
		"namespace": "monitoring", "pod": "ksm-0", "container": "kube-state-metrics",
	}
	if f.chart == community {
		base = set{
			"job": "kubernetes-service-endpoints", "service": "ksm", "node": "n1",
			"namespace": "monitoring",
		}
	}
	for _, instance := range []string{"10.244.0.9:8080", "10.244.0.77:8080"} {
		base["instance"] = instance
		f.put(name, base, ls, values)
	}
}

// flags adds one series for each value of a Kubernetes enumeration: 1 for the current one, else 0.
func (f *fixture) flags(name string, ls set, label, holds string, all ...string) {
	for _, v := range all {
		value := "0x60"
		if v == holds {
			value = "1x60"
		}
		with := maps.Clone(ls)
		with[label] = v
		f.ksm(name, with, value)
	}
}

// nodes adds the nodes. n3 has no exporter and does not answer; a virtual node has its address.
func (f *fixture) nodes() {
	for n, ip := range map[string]string{
		"n1": "10.0.0.1", "n2": "10.0.0.2", "n3": "10.0.0.3", "n4": "10.0.0.4",
		"virtual-1": "10.0.0.3",
	} {
		version := "v1.34.1"
		if n == "virtual-1" {
			version = "v1.34.1-vk-azure-aci-1.6.2"
		}
		f.ksm("kube_node_info", set{"node": n, "internal_ip": ip, "kubelet_version": version},
			"1x60")
	}
	status := []string{"true", "false", "unknown"}
	for _, n := range []string{"n1", "n2", "n3"} {
		f.ksm("kube_node_status_allocatable", set{"node": n, "resource": "memory", "unit": "byte"},
			"64000x60")
		f.ksm("kube_node_status_allocatable", set{"node": n, "resource": "cpu", "unit": "core"},
			"4x60")
		ready, pressure := "true", "false"
		if n == "n3" {
			ready = "unknown"
		}
		if n == "n2" {
			pressure = "true"
		}
		f.flags("kube_node_status_condition", set{"node": n, "condition": "Ready"}, "status", ready,
			status...)
		f.flags("kube_node_status_condition", set{"node": n, "condition": "MemoryPressure"},
			"status", pressure, status...)
	}
	f.flags("kube_node_status_condition", set{"node": "n1", "condition": "KernelReady"}, "status",
		"true", status...)
}

// scraped calls each with the labels of each target of a node's exporter. Under the community chart
// two jobs scrape it, and one of them has no node label.
func (f *fixture) scraped(node, host string, each func(set)) {
	d := set{"instance": host + ":9100", "namespace": "monitoring", "service": "ne"}
	if f.chart == stack {
		maps.Copy(d, set{
			"job": "node-exporter", "pod": "ne-" + node, "container": "node-exporter",
			"endpoint": "http-metrics",
		})
		each(d)
		return
	}
	maps.Copy(d, set{"job": "kubernetes-service-endpoints", "node": node})
	each(d)
	d = maps.Clone(d)
	d["job"] = "kubernetes-pods"
	delete(d, "node")
	each(d)
}

// machine is what node_exporter reports: available memory in bytes of 1000, CPU seconds of a core
// in a minute, and on the root disk the available GB of 100 and the free inodes of 1000.
type machine struct{ available, idle, user, avail, inodes int }

func (f *fixture) exporter(node, ip string, m machine) {
	always := func(v int) string { return fmt.Sprintf("%dx60", v) }
	f.scraped(node, ip, func(d set) {
		f.put("up", d, nil, "1x60")
		f.put("node_uname_info", d, set{"nodename": node + ".corp"}, "1x60")
		f.put("node_memory_MemTotal_bytes", d, nil, "1000x60")
		f.put("node_memory_MemAvailable_bytes", d, nil, always(m.available))
		f.put("node_memory_MemFree_bytes", d, nil, "20x60")
		f.put("node_memory_Active_bytes", d, nil, "850x60")
		for cpu, more := range map[string]int{"0": 6, "1": -6} {
			// one core is busier than the other
			for mode, rate := range map[string]int{
				"idle": m.idle - more, "user": m.user + more, "iowait": 3, "steal": 3,
			} {
				f.put("node_cpu_seconds_total", d, set{"cpu": cpu, "mode": mode},
					fmt.Sprintf("0+%dx60", rate))
			}
		}
		f.filesystem(d, set{"device": "/dev/sda1", "mountpoint": "/", "fstype": "ext4"}, 0, m.avail,
			1000, m.inodes)
		f.filesystem(d, set{"device": "/dev/sda1", "mountpoint": "/home", "fstype": "ext4"}, 0,
			m.avail, 1000, m.inodes)
		f.filesystem(d, set{"device": "/dev/sdc", "mountpoint": "/data", "fstype": "btrfs"}, 0, 90,
			0, 0)
		f.filesystem(d, set{"device": "tmpfs", "mountpoint": "/run", "fstype": "tmpfs"}, 0, 0, 10,
			0)
		f.filesystem(d, set{"device": "/dev/dm-0", "mountpoint": "/cos", "fstype": "ext2"}, 1, 0,
			50, 0)
		f.filesystem(d, set{
			"device": "/dev/sdb", "mountpoint": "/var/lib/kubelet/pods/x/volumes/y",
			"fstype": "ext4",
		}, 0, 1, 10, 1)
		f.card(d, "eth0", 6000, 3000, 2, 100)
		f.card(d, "bond0", 6000, 3000, 2, 100)
		f.card(d, "eth0.100", 6000, 3000, 2, 100)
		f.card(d, "veth1a2b", 600000, 300000, 0, 10000)
		f.put("node_pressure_memory_waiting_seconds_total", d, nil, "0+6x60")
	})
}

func (f *fixture) filesystem(d, fs set, readonly, avail, files, filesFree int) {
	d = maps.Clone(d)
	maps.Copy(d, fs)
	for name, v := range map[string]int{
		"size_bytes": 100e9, "avail_bytes": avail * 1e9, "free_bytes": min(avail+5, 100) * 1e9,
		"readonly": readonly, "files": files, "files_free": filesFree,
	} {
		f.put("node_filesystem_"+name, d, nil, fmt.Sprintf("%dx60", v))
	}
}

// card adds a network device with what it receives and sends in a minute.
func (f *fixture) card(d set, device string, in, out, errs, packets int) {
	for name, rate := range map[string]int{
		"receive_bytes": in, "transmit_bytes": out, "receive_errs": errs, "transmit_errs": errs,
		"receive_packets": packets, "transmit_packets": packets,
	} {
		f.put("node_network_"+name+"_total", d, set{"device": device}, fmt.Sprintf("0+%dx60", rate))
	}
}

// pods adds api-n1 and api-n2, each with a native sidecar and a finished init container, a finished
// Job, a pod that waits for a node, and a Spark executor that was killed and deleted.
func (f *fixture) pods() {
	phases := []string{"Pending", "Running", "Succeeded"}
	requests := map[string]string{"n1": "32000x60", "n2": "48000x60"}
	restarts := map[string]string{"n1": "3x50 4x8", "n2": "7x60"}
	for node, asked := range requests {
		p := set{"namespace": "shop", "pod": "api-" + node, "uid": "u" + node}
		resource := func(metric, container, kind, value string) {
			ls := maps.Clone(p)
			maps.Copy(ls, set{"container": container, "node": node, "resource": kind})
			f.ksm(metric, ls, value)
		}
		resource("kube_pod_container_resource_limits", "app", "memory", "100x60")
		resource("kube_pod_init_container_resource_limits", "sidecar", "memory", "180x60")
		resource("kube_pod_init_container_resource_limits", "setup", "memory", "500x60")
		resource("kube_pod_container_resource_limits", "app", "cpu", "1x60")
		resource("kube_pod_container_resource_requests", "app", "cpu", "0.25x60")
		resource("kube_pod_init_container_resource_requests", "sidecar", "cpu", "0.5x60")
		resource("kube_pod_container_resource_requests", "app", "memory", asked)
		f.flags("kube_pod_status_phase", p, "phase", "Running", phases...)
		sidecar := maps.Clone(p)
		sidecar["container"] = "sidecar"
		f.ksm("kube_pod_init_container_status_restarts_total", sidecar, "1x40 2x9 3x9")
		app := maps.Clone(p)
		app["container"] = "app"
		f.ksm("kube_pod_container_status_restarts_total", app, restarts[node])
		app["reason"] = "OOMKilled"
		f.ksm("kube_pod_container_status_last_terminated_reason", app, "1x60")
	}
	done := set{"namespace": "shop", "pod": "done"}
	f.flags("kube_pod_status_phase", done, "phase", "Succeeded", phases...)
	f.ksm("kube_pod_container_resource_requests", set{
		"namespace": "shop", "pod": "done", "container": "j", "node": "n1", "resource": "memory",
	}, "30000x60")
	f.flags("kube_pod_status_phase", set{"namespace": "shop", "pod": "wait"}, "phase", "Pending",
		phases...)
	f.ksm("kube_pod_container_resource_requests", set{
		"namespace": "shop", "pod": "wait", "container": "w", "node": "", "resource": "memory",
	}, "50000x60")
	loop := set{"namespace": "shop", "pod": "loop", "container": "bad"}
	f.ksm("kube_pod_container_status_restarts_total", loop, "0x9 1x9 2x9 3x9 4x9 5x9")
	f.flags("kube_pod_container_status_last_terminated_reason", loop, "reason", "Error", "Error")
	f.ksm("kube_pod_container_status_terminated_reason", set{
		"namespace": "spark", "pod": "exec-1", "container": "executor", "reason": "OOMKilled",
	}, "1x20 _x40")
}

// kubelet calls each with the labels of each target of a node's kubelet. Under
// kube-prometheus-stack two Services select it.
func (f *fixture) kubelet(node, ip, path, job string, each func(set)) {
	if f.chart == community {
		each(set{"job": job, "instance": node, "kubernetes_io_hostname": node})
		return
	}
	for _, service := range []string{"kps-kubelet", "old-kubelet"} {
		each(set{
			"job": "kubelet", "instance": ip + ":10250", "node": node, "metrics_path": path,
			"endpoint": "https-metrics", "service": service,
		})
	}
}

// cadvisor adds the containers of api-<node>, and the cgroups of its pause container and of the
// whole pod. The container free has no limit; the sidecar does not run and is never throttled.
func (f *fixture) cadvisor(node, ip, working string) {
	pod := "api-" + node
	f.kubelet(node, ip, "/metrics/cadvisor", "kubernetes-nodes-cadvisor", func(d set) {
		for _, c := range []struct{ name, working, usage, cpu, periods, throttled string }{
			{"app", working, "100", "30", "600", "300"},
			{"sidecar", "90", "95", "30", "0", "0"},
			{"free", "10", "10", "1", "0", "0"},
			{"POD", "1", "1", "1", "0", "0"},
			{"", "191", "206", "62", "600", "300"},
		} {
			e := maps.Clone(d)
			maps.Copy(e, set{
				"namespace": "shop", "pod": pod, "id": "/kubepods/" + pod + "/" + c.name,
			})
			if c.name != "" {
				maps.Copy(e, set{"container": c.name, "image": "img", "name": "h1" + c.name})
			}
			f.put("container_memory_working_set_bytes", e, nil, c.working+"x60")
			f.put("container_memory_usage_bytes", e, nil, c.usage+"x60")
			f.put("container_cpu_usage_seconds_total", e, set{"cpu": "total"}, "0+"+c.cpu+"x60")
			f.put("container_cpu_cfs_periods_total", e, nil, "0+"+c.periods+"x60")
			f.put("container_cpu_cfs_throttled_periods_total", e, nil, "0+"+c.throttled+"x60")
		}
	})
}

func (f *fixture) volume(node, ip, available string) {
	f.kubelet(node, ip, "/metrics", "kubernetes-nodes", func(d set) {
		ls := set{"namespace": "shop", "persistentvolumeclaim": "data-" + node}
		f.put("kubelet_volume_stats_available_bytes", d, ls, available)
		f.put("kubelet_volume_stats_capacity_bytes", d, ls, "100x60")
		f.put("kubelet_volume_stats_used_bytes", d, ls, "10x60")
		f.put("kubelet_volume_stats_inodes", d, ls, "100x60")
		f.put("kubelet_volume_stats_inodes_free", d, ls, "25x60")
	})
}
