package lab

import (
	"fmt"
	"math"
	"slices"
)

// cgroup is what cAdvisor reports on: a container, a pod's sandbox, a whole pod, or a slice of the
// system.
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

// cgroups returns everything that cAdvisor sees on a node. kube-prometheus-stack drops the cgroups
// that belong to no pod.
func (n *node) cgroups(system bool) []cgroup {
	var all []cgroup
	if system {
		for _, s := range []struct {
			id    string
			share float64
		}{
			{"/", 1}, {"/kubepods.slice", .85}, {"/system.slice", .1}, {
				"/system.slice/kubelet.service", .03,
			},
		} {
			all = append(all,
				cgroup{labels: []string{"id", s.id}, alive: always(), seed: hash(n.seed, s.id),
					memory: func(t int64) float64 { return page(s.share * n.memory * n.usedAt(t)) },
					cpu: counted(&n.busy, 0, n.bootedAt, func(_, v float64) float64 {
						return round(s.share * float64(n.cores) * v)
					})})
		}
	}
	for _, p := range n.pods {
		id := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + p.uid + ".slice"
		named := []string{"namespace", p.namespace, "pod", p.name}
		of := func(id, container, image, name string) []string {
			return append([]string{"id", id, "container", container, "image", image, "name", name},
				named...)
		}
		all = append(all, cgroup{
			labels: append([]string{"id", id}, named...), alive: p.running, seed: p.seed, pod: p,
			memory: p.workingSet, cpu: p.cpu(),
		})
		sandbox := fmt.Sprintf("%016x%016x", mix(p.seed), mix(p.seed+9))
		all = append(all,
			cgroup{labels: of(id+"/cri-containerd-"+sandbox+".scope", "POD",
				"registry.k8s.io/pause:3.10", sandbox), alive: p.running, seed: p.seed, pod: p,
				pause:  true,
				memory: constant(712 * 1024), cpu: constant(.03)})
		for _, c := range p.containers {
			began := func(t int64) int64 { return c.began(p, t) }
			name := fmt.Sprintf("%016x%016x", mix(c.seed), mix(c.seed+9))
			all = append(all,
				cgroup{labels: of(id+"/cri-containerd-"+name+".scope", c.name, c.image,
					name), alive: p.running, seed: c.seed, pod: p, container: c,
					memory: c.workingSet, cpu: counted(&c.cpu, 0, began, seconds)})
		}
	}
	return all
}

// workingSet returns the memory of a pod's cgroup: that of its containers and a little more.
func (p *pod) workingSet(t int64) float64 {
	sum := 900. * 1024
	for _, c := range p.containers {
		sum += c.workingSet(t)
	}
	return page(sum)
}

// cpu returns the seconds that a pod's containers have used, including those before restarts.
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

// seconds rounds a counter of seconds.
func seconds(_, v float64) float64 { return round(v) }

// perGroup returns a metric of cAdvisor. expose emits the series of a cgroup, and perGroup adds the
// cgroup's own labels.
func perGroup(p Profile, kind, name, help string,
	expose func(g cgroup, emit func(v sampler, more ...string))) metric {
	return metric{name: name, kind: kind, help: help, from: cadvisor, expose: func(t *target,
		emit emitter) {
		for _, g := range t.node.cgroups(p == Community) {
			expose(g, func(v sampler, more ...string) {
				emit(g.alive, v, slices.Concat(g.labels, more)...)
			})
		}
	}}
}

// cadvisorMetrics returns what the kubelet's cAdvisor exposes. kube-prometheus-stack drops some of
// it (cadvisorMetricRelabelings in its chart: cfs_throttled_seconds, container_spec_*, and what has
// no pod).
func cadvisorMetrics(p Profile) []metric {
	perNode := func(name, help string, value func(n *node) float64) metric {
		return metric{name: name, kind: gauge, help: help, from: cadvisor, expose: func(t *target,
			emit emitter) {
			emit(always(), constant(value(t.node)), "boot_id", uuid(t.node.seed), "machine_id",
				uuid(t.node.seed+1), "system_uuid", uuid(t.node.seed+2))
		}}
	}
	all := append(cgroupMemory(p), cgroupCPU(p)...)
	all = append(all, cgroupTraffic(p, "container_network_receive_bytes_total",
		"Cumulative count of bytes received", 1),
		cgroupTraffic(p, "container_network_transmit_bytes_total",
			"Cumulative count of bytes transmitted", .8),
		perNode("machine_cpu_cores", "Number of logical CPU cores.", func(n *node) float64 {
			return float64(n.cores)
		}),
		perNode("machine_memory_bytes", "Amount of memory installed on the machine.",
			func(n *node) float64 { return n.memory }),
		perGroup(p, gauge, "container_start_time_seconds", "Start time of the container since "+
			"unix epoch in seconds.", func(g cgroup, emit func(sampler, ...string)) {
			if c := g.container; c != nil {
				emit(func(t int64) float64 { return float64(c.began(g.pod, t) / 1000) })
			}
		}))
	return all
}

// cgroupMemory returns container_memory_*: the working set, and metrics that are often mistaken for
// it.
func cgroupMemory(p Profile) []metric {
	memory := func(name, help string, value func(g cgroup, t int64) float64) metric {
		return perGroup(p, gauge, name, help, func(g cgroup, emit func(sampler, ...string)) {
			emit(func(t int64) float64 { return page(value(g, t)) })
		})
	}
	cached := func(g cgroup) float64 { return .25 + .9*unit(mix(g.seed+1)) }
	all := []metric{
		memory("container_memory_working_set_bytes", "Current working set in bytes.",
			func(g cgroup, t int64) float64 { return g.memory(t) }),
		memory("container_memory_usage_bytes", "Current memory usage in bytes, including all "+
			"memory regardless of when it was accessed", func(g cgroup, t int64) float64 {
			return g.memory(t) * (.95 + cached(g) + .04*noise(g.seed+1, t))
		}),
		memory("container_memory_rss", "Size of RSS in bytes.", func(g cgroup, t int64) float64 {
			return g.memory(t) * (.7 + .25*unit(mix(g.seed+2)))
		}),
		memory("container_memory_cache", "Number of bytes of page cache memory.",
			func(g cgroup, t int64) float64 { return g.memory(t) * cached(g) }),
		perGroup(p, counterKind, "container_oom_events_total", "Count of out of memory events "+
			"observed for the container", func(g cgroup, emit func(sampler, ...string)) {
			if g.container != nil {
				// the cgroup is deleted with the container, so the counter hardly ever rises
				emit(constant(0))
			}
		}),
	}
	if p == Community {
		all = append(all, perGroup(p, gauge, "container_spec_memory_limit_bytes",
			"Memory limit for the container.", func(g cgroup, emit func(sampler, ...string)) {
				if g.container == nil {
					emit(constant(0))
					return
				}
				emit(constant(g.container.limit))
			}))
	}
	return all
}

// cgroupCPU returns container_cpu_*. Periods are the intervals of 100 ms in which a container with
// a CPU quota wanted to run. In some of them it was throttled.
func cgroupCPU(p Profile) []metric {
	periods := func(name, help string, scale func(seconds, throttled float64) float64) metric {
		return perGroup(p, counterKind, name, help, func(g cgroup, emit func(sampler, ...string)) {
			c := g.container
			switch {
			case c == nil || c.quota == 0:
			case c.cpu.level == 0:
				emit(constant(41)) // it ran once and is idle
			default:
				emit(counted(&c.throttled, 0, func(t int64) int64 {
					return c.began(g.pod, t)
				}, scale))
			}
		})
	}
	all := []metric{
		perGroup(p, counterKind, "container_cpu_usage_seconds_total", "Cumulative cpu time "+
			"consumed in seconds.", func(g cgroup, emit func(sampler, ...string)) {
			emit(g.cpu, "cpu", "total")
		}),
		periods("container_cpu_cfs_periods_total",
			"Number of elapsed enforcement period intervals.", func(seconds, _ float64) float64 {
				return math.Floor(9 * seconds)
			}),
		periods("container_cpu_cfs_throttled_periods_total",
			"Number of throttled period intervals.", func(_, throttled float64) float64 {
				return math.Floor(9 * throttled)
			}),
	}
	if p == Community {
		all = append(all, periods("container_cpu_cfs_throttled_seconds_total",
			"Total time duration the container has been throttled.",
			func(_, throttled float64) float64 { return round(.4 * throttled) }))
	}
	return all
}

// cgroupTraffic returns container_network_*. It is counted in a pod's sandbox, unless the pod uses
// its node's network.
func cgroupTraffic(p Profile, name, help string, share float64) metric {
	return perGroup(p, counterKind, name, help, func(g cgroup, emit func(sampler, ...string)) {
		if !g.pause || g.pod.hostNetwork {
			return
		}
		n, begin := g.pod.node, g.pod.running.first()
		began := func(t int64) int64 { return max(begin, n.bootedAt(t)) }
		emit(counted(&n.traffic, int64(g.seed%uint64(hour)), began, scaled(share*unit(g.seed)/20)),
			"interface", "eth0")
	})
}
