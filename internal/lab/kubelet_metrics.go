package lab

import "math"

// kubeletMetrics returns the metrics of the kubelet itself.
func kubeletMetrics() []metric {
	volume := func(name, help string, value func(c *claim, t int64) float64) metric {
		return metric{name: "kubelet_volume_stats_" + name, kind: gauge, help: help, from: kubelet,
			expose: func(t *target, emit emitter) {
				for _, p := range t.node.pods {
					if c := p.claim; c != nil && c.reports {
						emit(p.running, func(at int64) float64 {
							return value(c, at)
						}, "namespace", c.namespace, "persistentvolumeclaim", c.name)
					}
				}
			}}
	}
	files := func(c *claim) float64 { return math.Floor(c.size / 16384) }
	used := func(c *claim, t int64) float64 { return math.Floor(files(c) * .1 * c.fullAt(t)) }
	return []metric{
		volume("capacity_bytes", "Capacity in bytes of the volume",
			func(c *claim, _ int64) float64 { return c.size }),
		volume("available_bytes", "Number of available bytes in the volume",
			func(c *claim, t int64) float64 { return page(c.size * (1 - c.fullAt(t))) }),
		volume("used_bytes", "Number of used bytes in the volume", func(c *claim, t int64) float64 {
			return page(c.size * .98 * c.fullAt(t))
		}),
		volume("inodes", "Maximum number of inodes in the volume", func(c *claim, _ int64) float64 {
			return files(c)
		}),
		volume("inodes_free", "Number of free inodes in the volume",
			func(c *claim, t int64) float64 { return files(c) - used(c, t) }),
		volume("inodes_used", "Number of used inodes in the volume", used),
		{name: "kubelet_running_pods", kind: gauge, from: kubelet, help: "Number of pods that " +
			"have a running pod sandbox", expose: func(t *target, emit emitter) {
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
		{name: "kubelet_node_name", kind: gauge, from: kubelet, help: "The node's name. The " +
			"count is always 1.", expose: func(t *target, emit emitter) {
			emit(always(), constant(1), "node", t.node.name)
		}},
	}
}
