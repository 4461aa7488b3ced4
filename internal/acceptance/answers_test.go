//go:build acceptance

package acceptance

import (
	"math"

	"github.com/promsnap/promsnap/internal/series"
)

// answer is one series of a panel's answer over the fixture. It follows from the fixture's shapes
// by arithmetic alone, and from what Prometheus documents of rate, increase and staleness; nothing
// in it was taken from a run.
type answer struct {
	labels lbl    // those of the query; promsnap adds the node
	node   string // "" where nothing says it
	shape  shape
}

// answers returns what every built-in panel must answer over a chart's fixture, by the panel's
// name, at a step of a minute: a rate then looks back over four.
func answers(c chart) map[string][]answer {
	all := map[string][]answer{
		"node-conditions":   conditions(),
		"node-requests":     {byNode("n1", flat(0.95)), byNode("n2", flat(0.50))},
		"node-requests-cpu": {byNode("n1", flat(0.25/4)), byNode("n2", flat(1.2/4))},
		"scrape-health":     scrapeHealth(c),
		"coverage":          coverage(),
		"pod-waiting":       nil, // all pods start
		"target-flaps":      nil, // none flips
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

// nodeAnswers are those of node_exporter's metrics, by instance.
func nodeAnswers(all map[string][]answer) {
	busy := map[string]shape{
		"n1": flat(9.0 / 60), "n2": flat(59.0 / 60), "n3": flat(0.5), "n6": flat(0.1),
		// Three intervals of a minute lie in the rate's four: at the change of pace one, two, then
		// all of them are new.
		"n4": flat(0.10).then("23:21", (2*0.10+0.85)/3).then("23:22", (0.10+2*0.85)/3).then("23:23",
			0.85),
	}
	for _, n := range nodes() {
		add := func(panel string, s shape, nv ...string) {
			labels := lbl{"instance": n.ip + ":9100"}.with(nv...)
			all[panel] = append(all[panel], answer{labels, n.name, s})
		}
		used := func(free shape, of float64) shape { return n.seen(free.over(of, 1, -1)) }
		add("node-memory", used(n.available, 64*gib))
		add("node-disk", used(n.diskFree, 100e9), "mountpoint", "/")
		add("node-inodes", used(n.inodesFree, 1e6), "mountpoint", "/")
		add("node-readonly", n.seen(flat(0)))
		// A rate beside a hole sees too little of all modes alike, and their share is right.
		add("node-cpu", n.ratedShare(busy[n.name]))
		add("node-network", n.rated(flat(2e6)))
		add("node-pressure", n.rated(flat(n.stalled/60)))
		add("node-network-errors", n.ratedShare(flat(n.errors/100)))
	}
}

// over returns a + b·s/whole.
func (s shape) over(whole, a, b float64) shape {
	out := make(shape, len(s))
	for i, r := range s {
		out[i] = run{r.from, a + b*r.value/whole, b * r.slope / whole}
	}
	return out
}

// seen is what a plain selector sees of a gauge of the node's: the last sample, until it is five
// minutes old.
func (n node) seen(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	return s.hole(plus(n.downFrom, 4), n.downTo)
}

// ratedShare is what a quotient of two rates over four minutes sees: something while two samples
// are in them.
func (n node) ratedShare(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	if n.downTo == "" {
		return s.hole(plus(n.downFrom, 2), "")
	}
	return s.hole(plus(n.downFrom, 2), plus(n.downTo, 1))
}

// rated is what one rate over four minutes sees of a constant pace. Beside a hole it sees too
// little: it extrapolates from the samples that it has by no more than half an interval towards the
// hole.
func (n node) rated(s shape) shape {
	if n.downFrom == "" {
		return s
	}
	pace := s.at(clock(n.downFrom))
	out := n.ratedShare(s)
	// two samples: the minute before them, theirs, half of one
	before := run{clock(plus(n.downFrom, 1)), pace * 150 / 240, 0}
	out = out.before(before.from).join(shape{before}).join(out.after(clock(plus(n.downFrom, 2))))
	if n.downTo != "" {
		out = out.before(clock(plus(n.downTo, 1))).
			then(plus(n.downTo, 1), pace*90/240).  // two samples: half a minute, and theirs
			then(plus(n.downTo, 2), pace*150/240). // three
			then(plus(n.downTo, 3), pace)
	}
	return out
}

// containerAnswers are those of cAdvisor's and kube-state-metrics' metrics, by container.
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
	// an hour after the kill it is no event any more
	all["container-oom"] = []answer{
		worker(shape{}.then("23:50", 1)), executor(shape{}.then("22:00", 1).then("23:00", 0)),
	}
	all["container-restarts"] = []answer{
		api(flat(0).then("23:30", 3)), worker(flat(0).then("23:50", 1)), sidecar(flat(0)),
		idle(flat(0)), hostile(flat(0)), unlimited(flat(0)),
	}
	all["container-cpu"] = []answer{api(flat(2)), worker(flat(0.95)), hostile(flat(0.5))}
	all["container-cpu-limit"] = []answer{worker(flat(0.95))}
	// the others ran in no period: 0/0
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
		if n == "n2" { // of the others nothing is said, because they are well
			add(n, "MemoryPressure", flat(1))
		}
	}
	return out
}

// scrapeHealth counts five exporters, of which n3's and n6's were down; in the community chart one
// job has kube-state-metrics too.
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

// coverage is 1 where nothing is seen of a node's exporter.
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

// figures are what is told of a series over a window.
type figures struct {
	last, avg, min, max float64
	samples             int
}

// figures computes those of s on the grid g.
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
