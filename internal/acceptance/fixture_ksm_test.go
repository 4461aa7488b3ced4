//go:build acceptance

package acceptance

import (
	"fmt"
	"math"
)

// ksm adds a series of kube-state-metrics, which was rolled at the time rolled. Two instances
// report the same object one after the other, and the first stays visible for five more minutes.
func (f *fixture) ksm(name string, s shape, nv ...string) {
	target := lbl{
		"job": "kubernetes-service-endpoints", "service": "ksm", "node": "n1",
		"namespace": "monitoring",
	}
	if f.chart == stack {
		target = lbl{
			"job": "kube-state-metrics", "service": "ksm", "endpoint": "http",
			"namespace": "monitoring", "pod": "ksm-0", "container": "kube-state-metrics",
		}
	}
	at := clock(rolled)
	if first := s[0].from; first.Before(at) {
		f.add(name, target.with("instance", "10.244.0.9:8080").with(nv...),
			s.before(at).then(rolled, math.NaN()))
	}
	f.add(name, target.with("instance", "10.244.0.77:8080").with(nv...), s.after(at))
}

func (f *fixture) kubeStateMetrics() {
	for i := 1; i <= 6; i++ { // n5 has no exporter
		f.nodeObject(fmt.Sprintf("n%d", i), fmt.Sprintf("10.0.0.%d", i))
	}
	seen := map[string]bool{}
	for _, c := range containers() {
		if !seen[c.pod] {
			seen[c.pod] = true
			f.podObject(c)
		}
		f.containerObject(c)
	}
	f.finishedPods()
	for claim, ns := range map[string]string{
		"data-exact": "shop", hostileClaim: "shop", "data-silent": "shop",
	} {
		f.ksm("kube_persistentvolumeclaim_info", flat(1), "namespace", ns, "persistentvolumeclaim",
			claim, "storageclass", "standard", "volumename", "pv")
	}
}

func (f *fixture) nodeObject(name, ip string) {
	f.ksm("kube_node_info", flat(1), "node", name, "internal_ip", ip, "kernel_version", "6.1.0")
	f.ksm("kube_node_status_allocatable", flat(64e9), "node", name, "resource", "memory", "unit",
		"byte")
	f.ksm("kube_node_status_allocatable", flat(4), "node", name, "resource", "cpu", "unit", "core")
	ready, unknown, pressure := flat(1), flat(0), flat(0)
	if name == "n4" {
		ready, unknown = ready.then("23:50", 0), unknown.then("23:50", 1)
	}
	if name == "n2" {
		pressure = flat(1)
	}
	not := func(s shape) shape {
		out := shape{}
		for _, r := range s {
			out = append(out, run{r.from, 1 - r.value, 0})
		}
		return out
	}
	for status, s := range map[string]shape{"true": ready, "false": flat(0), "unknown": unknown} {
		f.ksm("kube_node_status_condition", s, "node", name, "condition", "Ready", "status", status)
	}
	for status, s := range map[string]shape{
		"true": pressure, "false": not(pressure), "unknown": flat(0),
	} {
		f.ksm("kube_node_status_condition", s, "node", name, "condition", "MemoryPressure",
			"status", status)
	}
}

func (f *fixture) podObject(c container) {
	pod := []string{"namespace", c.namespace, "pod", c.pod, "uid", "uid-" + c.pod}
	f.phase("Running", pod)
	kind, owner := "StatefulSet", "worker"
	if c.pod == apiPod {
		kind, owner = "ReplicaSet", "api-6c8d7f9b54"
	}
	f.ksm("kube_pod_owner", flat(1), append(pod, "owner_kind", kind, "owner_name", owner,
		"owner_is_controller", "true")...)
	f.ksm("kube_pod_info", flat(1), append(pod, "node", c.node, "created_by_kind", kind,
		"created_by_name", owner)...)
}

func (f *fixture) phase(now string, pod []string) {
	for _, phase := range []string{"Pending", "Running", "Succeeded", "Failed", "Unknown"} {
		v := 0.0
		if phase == now {
			v = 1
		}
		f.ksm("kube_pod_status_phase", flat(v), append(pod, "phase", phase)...)
	}
}

func (f *fixture) containerObject(c container) {
	id := []string{
		"namespace", c.namespace, "pod", c.pod, "uid", "uid-" + c.pod, "container", c.name,
	}
	kind := "kube_pod_container"
	if c.native {
		kind = "kube_pod_init_container"
	}
	f.ksm(kind+"_info", flat(1), append(id, "image", "registry/image")...)
	for _, r := range []struct {
		metric, resource, unit string
		value                  float64
	}{
		{"_resource_limits", "memory", "byte", c.limit},
		{"_resource_limits", "cpu", "core", c.cpuLimit},
		{"_resource_requests", "memory", "byte", c.memoryRequest},
		{"_resource_requests", "cpu", "core", c.request},
	} {
		if r.value != 0 {
			f.ksm(kind+r.metric, flat(r.value), append(id, "node", c.node, "resource", r.resource,
				"unit", r.unit)...)
		}
	}
	switch {
	case c.name == "worker": // killed at 23:50
		f.ksm(kind+"_status_restarts_total", flat(7).then("23:50", 8), id...)
		f.ksm(kind+"_status_last_terminated_reason", shape{}.then("23:50", 1),
			append(id, "reason", "OOMKilled")...)
	case c.pod == apiPod && c.name == "app": // three crashes, none of them for memory
		f.ksm(kind+"_status_restarts_total", flat(2).then("23:30", 5), id...)
		f.ksm(kind+"_status_last_terminated_reason", flat(1), append(id, "reason", "Error")...)
	default:
		f.ksm(kind+"_status_restarts_total", flat(0), id...)
	}
}

// finishedPods adds a Job's pod that still reports its requests and a Spark executor that was
// killed once and never restarts.
func (f *fixture) finishedPods() {
	done := []string{"namespace", "shop", "pod", "done-x7k2p", "uid", "uid-done"}
	f.phase("Succeeded", done)
	f.ksm("kube_pod_container_resource_requests", flat(30e9),
		append(done, "container", "job", "node", "n1", "resource", "memory", "unit", "byte")...)
	executor := []string{"namespace", "spark", "pod", "exec-1", "uid", "uid-exec"}
	f.phase("Failed", executor)
	f.ksm("kube_pod_container_status_terminated_reason", shape{}.then("22:00", 1),
		append(executor, "container", "executor", "reason", "OOMKilled")...)
}

// scrapes adds the targets' own series except those of node_exporter.
func (f *fixture) scrapes() {
	f.ksm("up", flat(1))
	f.add("up", lbl{"job": "spark-history", "instance": "10.244.3.3:18080", "namespace": "spark"},
		flat(1).then("23:45", 0))
	for _, n := range nodes()[:2] {
		for _, target := range f.kubeletTargets(n, "/metrics/cadvisor",
			"kubernetes-nodes-cadvisor") {
			f.add("up", target, flat(1))
		}
		for _, target := range f.kubeletTargets(n, "/metrics", "kubernetes-nodes") {
			f.add("up", target, flat(1))
		}
	}
}

// foreignCluster adds another cluster with the same addresses. Matchers that name the first cluster
// must hide all of it.
func (f *fixture) foreignCluster() {
	target := lbl{
		"cluster": "other", "job": "node-exporter", "instance": "10.0.0.1:9100",
		"namespace": "monitoring",
	}
	f.add("up", target, flat(0))
	f.add("node_memory_MemTotal_bytes", target, flat(64*gib))
	f.add("node_memory_MemAvailable_bytes", target, flat(gib))
	f.add("kube_node_info", lbl{
		"cluster": "other", "job": "kube-state-metrics", "node": "stranger",
		"internal_ip": "10.0.0.1",
	}, flat(1))
}
