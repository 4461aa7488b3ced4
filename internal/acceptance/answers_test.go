//go:build acceptance

package acceptance

import (
	"math"

	"github.com/promsnap/promsnap/internal/series"
)

// answer is one series of a panel's answer over the fixture. It follows by arithmetic from the
// fixture's shapes and from the documented behaviour of rate, increase and staleness. Nothing in it
// comes from a run.
type answer struct {
	labels lbl    // those of the query; promsnap adds the node
	node   string // "" if unknown
	shape  shape
}

// answers returns what every built-in panel must answer for a chart's fixture, by panel name. The
// step is a minute, so a rate covers four minutes.
func answers(c chart) map[string][]answer {
	all := map[string][]answer{
		"node-conditions":   conditions(),
		"node-requests":     {byNode("n1", flat(0.95)), byNode("n2", flat(0.50))},
		"node-requests-cpu": {byNode("n1", flat(0.25/4)), byNode("n2", flat(1.2/4))},
		"scrape-health":     scrapeHealth(c),
		"coverage":          coverage(),
		"pod-waiting":       nil, // all pods start
		"target-flaps":      nil, // none flips
		"alerts":            nil, // no rule is loaded
		"pvc-inodes":        nil, // its kubelets have none
		"pvc":               {byClaim("data-exact", flat(0.81)), byClaim(hostileClaim, flat(0.95))},
	}
	nodeAnswers(all)
	containerAnswers(all)
	if c == stack {
		all["node-pressure"] = nil // its kernels have none
		for _, as := range all {
			for _, a := range as {
				a.labels["cluster"] = "kps"
			}
		}
	}
	return all
}

func byNode(node string, s shape) answer { return answer{lbl{"node": node}, node, s} }

func byClaim(claim string, s shape) answer {
	return answer{labels: lbl{"namespace": "shop", "persistentvolumeclaim": claim}, shape: s}
}

// nodeAnswers adds the answers from node_exporter's metrics, by instance.
func nodeAnswers(all map[string][]answer) {
	busy := map[string]shape{
		"n1": flat(9.0 / 60), "n2": flat(59.0 / 60), "n3": flat(0.5), "n6": flat(0.1),
		// A rate of four minutes covers three one-minute intervals. After the pace changes, one,
		// two and then all of them are new.
		"n4": flat(0.10).then("23:21", (2*0.10+0.85)/3).then("23:22", (0.10+2*0.85)/3).then("23:23",
			0.85),
	}
	for _, n := range nodes() {
		add := func(panel string, s shape, nv ...string) {
			labels := lbl{"instance": n.ip + ":9100"}.with(nv...)
			all[panel] = append(all[panel], answer{labels, n.name, s})
		}
		used := func(free shape, of float64) shape { return n.seen(free.scaled(of, 1, -1)) }
		add("node-memory", used(n.available, 64*gib))
		add("node-disk", used(n.diskFree, 100e9), "mountpoint", "/")
		add("node-inodes", used(n.inodesFree, 1e6), "mountpoint", "/")
		add("node-readonly", n.seen(flat(0)))
		// Next to a gap a rate is too low for all modes alike, so their share is still right.
		add("node-cpu", n.ratedShare(busy[n.name]))
		add("node-network", n.rated(flat(2e6)))
		add("node-pressure", n.rated(flat(n.stalled/60)))
		add("node-network-errors", n.ratedShare(flat(n.errors/100)))
	}
}

// scaled returns a + b·s/total.
func (s shape) scaled(total, a, b float64) shape {
	out := make(shape, len(s))
	for i, r := range s {
		out[i] = run{r.from, a + b*r.value/total, b * r.slope / total}
	}
	return out
}

// seen is what a plain selector returns for a gauge of the node: the last sample, until it is five
// minutes old.
func (n node) seen(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	return s.hole(plus(n.downFrom, 4), n.downTo)
}

// ratedShare is what a quotient of two four-minute rates returns: a value while the range holds two
// samples.
func (n node) ratedShare(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	if n.downTo == "" {
		return s.hole(plus(n.downFrom, 2), "")
	}
	return s.hole(plus(n.downFrom, 2), plus(n.downTo, 1))
}

// rated is what one four-minute rate returns for a constant pace. Next to a gap it is too low,
// because rate extrapolates towards the gap by at most half an interval.
func (n node) rated(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	pace := s.at(clock(n.downFrom))
	out := n.ratedShare(s)
	// Two samples: the interval before them, the one between them and half of one after them.
	before := run{clock(plus(n.downFrom, 1)), pace * 150 / 240, 0}
	out = out.before(before.from).join(shape{before}).join(out.after(clock(plus(n.downFrom, 2))))
	if n.downTo != "" {
		out = out.before(clock(plus(n.downTo, 1))).
			// Two samples: half an interval before them and the one between them.
			then(plus(n.downTo, 1), pace*90/240).
			// Three samples.
			then(plus(n.downTo, 2), pace*150/240).
			then(plus(n.downTo, 3), pace)
	}
	return out
}

// containerAnswers adds the answers from cAdvisor's and kube-state-metrics' metrics, by container.
func containerAnswers(all map[string][]answer) {
	of := func(namespace, pod, container, node string) func(shape) answer {
		return func(s shape) answer {
			return answer{lbl{"namespace": namespace, "pod": pod, "container": container}, "", s}
		}
	}
	api := of("shop", apiPod, "app", "n1")
	sidecar := of("shop", apiPod, "sidecar", "n1")
	worker := of("shop", "worker-0", "worker", "n2")
	idle := of("shop", "idle-0", "idle", "n2")
	unlimited := of("shop", "nolimit-0", "app", "n1")
	hostile := of(hostileNamespace, hostilePod, hostileContainer, "n2")
	executor := of("spark", "exec-1", "executor", "")

	all["container-memory"] = []answer{
		api(flat(math.Floor(gib*0.9) / gib)), sidecar(flat(0.5)), worker(flat(0.25)),
		idle(flat(0.125)),
		hostile(flat(math.Floor(gib*0.4)/gib).then("23:30", math.Floor(gib*0.97)/gib)),
	}
	// An hour after the kill it is no longer counted.
	all["container-oom"] = []answer{
		worker(shape{}.then("23:50", 1)), executor(shape{}.then("22:00", 1).then("23:00", 0)),
	}
	all["container-restarts"] = []answer{
		api(flat(0).then("23:30", 3)), worker(flat(0).then("23:50", 1)), sidecar(flat(0)),
		idle(flat(0)), hostile(flat(0)), unlimited(flat(0)),
	}
	all["container-cpu"] = []answer{api(flat(2)), worker(flat(0.95)), hostile(flat(0.5))}
	all["container-cpu-limit"] = []answer{worker(flat(0.95))}
	// The other containers ran in no period: 0/0.
	all["container-throttling"] = []answer{api(flat(0.5)), worker(flat(0.1))}
}

func conditions() []answer {
	var out []answer
	add := func(node, condition string, s shape) {
		out = append(out, answer{lbl{"node": node, "condition": condition}, node, s})
	}
	for _, n := range []string{"n1", "n2", "n3", "n4", "n5", "n6"} {
		ready := flat(0)
		if n == "n4" {
			ready = ready.then("23:50", 1)
		}
		add(n, "NotReady", ready)
		if n == "n2" { // the other nodes have no pressure and so no series
			add(n, "MemoryPressure", flat(1))
		}
	}
	return out
}

// scrapeHealth counts five exporters, of which those of n3 and n6 were down. In the community chart
// one job includes kube-state-metrics.
func scrapeHealth(c chart) []answer {
	job := func(name string, s shape) answer { return answer{labels: lbl{"job": name}, shape: s} }
	oneDown := func(of float64) shape {
		return flat(1).then("19:01", 1-1/of).then("21:00", 1).then("22:31", 1-1/of)
	}
	out := []answer{job("spark-history", flat(1).then("23:45", 0))}
	if c == stack {
		return append(out, job("node-exporter", oneDown(5)), job("kubelet", flat(1)),
			job("kube-state-metrics", flat(1)))
	}
	return append(out, job("kubernetes-service-endpoints", oneDown(6)),
		job("kubernetes-pods", oneDown(5)),
		job("kubernetes-nodes", flat(1)), job("kubernetes-nodes-cadvisor", flat(1)))
}

// coverage is 1 while nothing is seen of a node's exporter.
func coverage() []answer {
	out := []answer{byNode("n5", flat(1))}
	for _, n := range nodes() {
		s := flat(0)
		if n.downFrom != "" {
			s = s.then(plus(n.downFrom, 4), 1)
		}
		if n.downTo != "" {
			s = s.then(n.downTo, 0)
		}
		out = append(out, byNode(n.name, s))
	}
	return out
}

// figures are the numbers that a report gives for a series over a window.
type figures struct {
	last, avg, min, max float64
	samples             int
}

// figures computes the figures of s on the grid g.
func (s shape) figures(g series.Grid) figures {
	f := figures{last: math.NaN(), avg: math.NaN(), min: math.NaN(), max: math.NaN()}
	var sum float64
	for i := range g.Len {
		v := s.at(g.At(i))
		if math.IsNaN(v) {
			continue
		}
		if f.samples == 0 {
			f.min, f.max = v, v
		}
		f.samples++
		sum += v
		f.last, f.min, f.max = v, min(f.min, v), max(f.max, v)
	}
	if f.samples > 0 {
		f.avg = sum / float64(f.samples)
	}
	return f
}
