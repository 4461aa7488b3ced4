package lab

import (
	"fmt"
	"math"
)

// cgroup is what cAdvisor reports on: a container, a pod's sandbox, a pod as a whole, or a slice of the system.
type cgroup struct {
	labels    []string
	alive     spans
	seed      uint64
	pod       *pod
	container *container // nil: not one of the pod's containers
	memory    sampler
	cpu       sampler // seconds so far
	pause     bool
}

// cgroups is all that cAdvisor sees on a node. kube-prometheus-stack drops those that belong to no pod.
func (n *node) cgroups(slices bool) []cgroup {
	var all []cgroup
	if slices {
		for _, s := range []struct {
			id    string
			share float64
		}{{"/", 1}, {"/kubepods.slice", .85}, {"/system.slice", .1}, {"/system.slice/kubelet.service", .03}} {
			all = append(all, cgroup{labels: []string{"id", s.id}, alive: always(), seed: hash(n.seed, s.id),
				memory: func(t int64) float64 { return page(s.share * n.memory * n.usedAt(t)) },
				cpu:    counted(&n.busy, 0, n.bootedAt, func(_, v float64) float64 { return round(s.share * float64(n.cores) * v) })})
		}
	}
	for _, p := range n.pods {
		id := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + p.uid + ".slice"
		named := []string{"namespace", p.namespace, "pod", p.name}
		of := func(id, container, image, name string) []string {
			return append([]string{"id", id, "container", container, "image", image, "name", name}, named...)
		}
		all = append(all, cgroup{labels: append([]string{"id", id}, named...), alive: p.running, seed: p.seed, pod: p, memory: p.workingSet, cpu: p.cpu()})
		sandbox := fmt.Sprintf("%016x%016x", mix(p.seed), mix(p.seed+9))
		all = append(all, cgroup{labels: of(id+"/cri-containerd-"+sandbox+".scope", "POD", "registry.k8s.io/pause:3.10", sandbox), alive: p.running, seed: p.seed, pod: p, pause: true,
			memory: constant(712 * 1024), cpu: constant(.03)})
		for _, c := range p.containers {
			began := func(t int64) int64 { return c.began(p, t) }
			name := fmt.Sprintf("%016x%016x", mix(c.seed), mix(c.seed+9))
			all = append(all, cgroup{labels: of(id+"/cri-containerd-"+name+".scope", c.name, c.image, name), alive: p.running, seed: c.seed, pod: p, container: c,
				memory: c.workingSet, cpu: counted(&c.cpu, 0, began, seconds)})
		}
	}
	return all
}

// workingSet is that of a pod's cgroup: its containers' and a little of its own.
func (p *pod) workingSet(t int64) float64 {
	sum := 900. * 1024
	for _, c := range p.containers {
		sum += c.workingSet(t)
	}
	return page(sum)
}

// cpu is the seconds that a pod's containers have used, over their restarts.
func (p *pod) cpu() sampler {
	began := func(t int64) int64 { return max(startOf(p.seed, t), p.running.first()) }
	var parts []sampler
	for _, c := range p.containers {
		parts = append(parts, counted(&c.cpu, 0, began, seconds))
	}
	return func(t int64) float64 {
		sum := .03
		for _, used := range parts {
			sum += used(t)
		}
		return round(sum)
	}
}

// seconds leaves a counter of seconds as it is.
func seconds(_, v float64) float64 { return round(v) }

// cadvisorMetrics is what the kubelet's cAdvisor exposes. kube-prometheus-stack drops some of it (its chart's
// cAdvisorMetricRelabelings: cfs_throttled_seconds, container_spec_*, and what has no pod).
func cadvisorMetrics(p Profile) []metric {
	perGroup := func(kind, name, help string, expose func(g cgroup, emit emitter)) metric {
		return metric{name: name, kind: kind, help: help, from: cadvisor, expose: func(t *target, emit emitter) {
			for _, g := range t.node.cgroups(p == Community) {
				expose(g, func(_ spans, v sampler, more ...string) {
					emit(g.alive, v, append(g.labels[:len(g.labels):len(g.labels)], more...)...)
				})
			}
		}}
	}
	memory := func(name, help string, value func(g cgroup, t int64) float64) metric {
		return perGroup(gauge, name, help, func(g cgroup, emit emitter) {
			emit(nil, func(t int64) float64 { return page(value(g, t)) })
		})
	}
	// A container's CPU quota is counted in periods of 100 ms in which it wanted to run; in some it was throttled.
	periods := func(name, help string, scale func(seconds, throttled float64) float64) metric {
		return perGroup(counterKind, name, help, func(g cgroup, emit emitter) {
			c := g.container
			switch {
			case c == nil || c.quota == 0:
			case c.cpu.level == 0:
				emit(nil, constant(41)) // it ran once, and is idle since
			default:
				emit(nil, counted(&c.throttled, 0, func(t int64) int64 { return c.began(g.pod, t) }, scale))
			}
		})
	}
	traffic := func(name, help string, share float64) metric {
		return perGroup(counterKind, name, help, func(g cgroup, emit emitter) {
			if !g.pause || g.pod.hostNetwork {
				return
			}
			n, begin := g.pod.node, g.pod.running.first()
			began := func(t int64) int64 { return max(begin, n.bootedAt(t)) }
			emit(nil, counted(&n.traffic, int64(g.seed%uint64(hour)), began, scaled(share*unit(g.seed)/20)), "interface", "eth0")
		})
	}
	perNode := func(name, help string, value func(n *node) float64) metric {
		return metric{name: name, kind: gauge, help: help, from: cadvisor, expose: func(t *target, emit emitter) {
			emit(always(), constant(value(t.node)), "boot_id", uuid(t.node.seed), "machine_id", uuid(t.node.seed+1), "system_uuid", uuid(t.node.seed+2))
		}}
	}
	all := []metric{
		memory("container_memory_working_set_bytes", "Current working set in bytes.", func(g cgroup, t int64) float64 { return g.memory(t) }),
		memory("container_memory_usage_bytes", "Current memory usage in bytes, including all memory regardless of when it was accessed", func(g cgroup, t int64) float64 {
			return g.memory(t) * (1.18 + .9*unit(mix(g.seed+1)) + .04*noise(g.seed+1, t))
		}),
		memory("container_memory_rss", "Size of RSS in bytes.", func(g cgroup, t int64) float64 { return g.memory(t) * (.7 + .25*unit(mix(g.seed+2))) }),
		memory("container_memory_cache", "Number of bytes of page cache memory.", func(g cgroup, t int64) float64 { return g.memory(t) * (.25 + .9*unit(mix(g.seed+1))) }),
		perGroup(counterKind, "container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds.", func(g cgroup, emit emitter) {
			emit(nil, g.cpu, "cpu", "total")
		}),
		periods("container_cpu_cfs_periods_total", "Number of elapsed enforcement period intervals.", func(seconds, _ float64) float64 { return math.Floor(9 * seconds) }),
		periods("container_cpu_cfs_throttled_periods_total", "Number of throttled period intervals.", func(_, throttled float64) float64 { return math.Floor(9 * throttled) }),
		perGroup(gauge, "container_start_time_seconds", "Start time of the container since unix epoch in seconds.", func(g cgroup, emit emitter) {
			if c := g.container; c != nil {
				emit(nil, func(t int64) float64 { return float64(c.began(g.pod, t) / 1000) })
			}
		}),
		perGroup(counterKind, "container_oom_events_total", "Count of out of memory events observed for the container", func(g cgroup, emit emitter) {
			if g.container != nil {
				emit(nil, constant(0)) // counted in a cgroup that is gone with the container: it hardly ever shows
			}
		}),
		traffic("container_network_receive_bytes_total", "Cumulative count of bytes received", 1),
		traffic("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted", .8),
		perNode("machine_cpu_cores", "Number of logical CPU cores.", func(n *node) float64 { return float64(n.cores) }),
		perNode("machine_memory_bytes", "Amount of memory installed on the machine.", func(n *node) float64 { return n.memory }),
	}
	if p == Community {
		all = append(all,
			periods("container_cpu_cfs_throttled_seconds_total", "Total time duration the container has been throttled.", func(_, throttled float64) float64 { return round(.4 * throttled) }),
			perGroup(gauge, "container_spec_memory_limit_bytes", "Memory limit for the container.", func(g cgroup, emit emitter) {
				limit := 0.
				if g.container != nil {
					limit = g.container.limit
				}
				emit(nil, constant(limit))
			}))
	}
	return all
}

// kubeletMetrics is what the kubelet itself exposes.
func kubeletMetrics() []metric {
	volume := func(name, help string, value func(c *claim, t int64) float64) metric {
		return metric{name: "kubelet_volume_stats_" + name, kind: gauge, help: help, from: kubelet, expose: func(t *target, emit emitter) {
			for _, p := range t.node.pods {
				if c := p.claim; c != nil && c.reports {
					emit(p.running, func(at int64) float64 { return value(c, at) }, "namespace", c.namespace, "persistentvolumeclaim", c.name)
				}
			}
		}}
	}
	files := func(c *claim) float64 { return math.Floor(c.size / 16384) }
	used := func(c *claim, t int64) float64 { return math.Floor(files(c) * .1 * c.fullAt(t)) }
	return []metric{
		volume("capacity_bytes", "Capacity in bytes of the volume", func(c *claim, _ int64) float64 { return c.size }),
		volume("available_bytes", "Number of available bytes in the volume", func(c *claim, t int64) float64 { return page(c.size * (1 - c.fullAt(t))) }),
		volume("used_bytes", "Number of used bytes in the volume", func(c *claim, t int64) float64 { return page(c.size * .98 * c.fullAt(t)) }),
		volume("inodes", "Maximum number of inodes in the volume", func(c *claim, _ int64) float64 { return files(c) }),
		volume("inodes_free", "Number of free inodes in the volume", func(c *claim, t int64) float64 { return files(c) - used(c, t) }),
		volume("inodes_used", "Number of used inodes in the volume", used),
		{name: "kubelet_running_pods", kind: gauge, from: kubelet, help: "Number of pods that have a running pod sandbox", expose: func(t *target, emit emitter) {
			emit(always(), func(at int64) float64 {
				running := 0.
				for _, p := range t.node.pods {
					if p.running.contains(at) {
						running++
					}
				}
				return running
			})
		}},
		{name: "kubelet_node_name", kind: gauge, from: kubelet, help: "The node's name. The count is always 1.", expose: func(t *target, emit emitter) {
			emit(always(), constant(1), "node", t.node.name)
		}},
	}
}
