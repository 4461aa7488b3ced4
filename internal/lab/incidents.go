package lab

import "math"

// Roles of nodes, in the order in which a small fleet gets them.
const (
	leaking = iota
	cpuBound
	filling
	warm
	wentDown
	unwatched
	packed
	rebooted
	wasNotReady
	roles
)

// spread maps roles to nodes in a fleet of usual size, so that they are not the first nine in a
// row.
var spread = [roles]int{
	leaking: 6, cpuBound: 17, filling: 23, warm: 13, wentDown: 31, unwatched: 38, packed: 28,
	rebooted: 10, wasNotReady: 35,
}

// in returns the node with a role, or nil if the fleet is too small for it. One node stays healthy.
func (c *cluster) in(role int) *node {
	switch {
	case len(c.nodes) >= 40:
		return c.nodes[spread[role]]
	case role < len(c.nodes)-1:
		return c.nodes[role]
	}
	return nil
}

// breakNodes adds the incidents of machines: two that are critical at the anchor, three that
// deserve a warning (schedule makes the third, packed), and a few in the past.
func (c *cluster) breakNodes() {
	if n := c.in(leaking); n != nil {
		// Crosses 90 % six hours before the anchor and ends at about 94.5 %.
		n.used = signal{level: .0, jitter: .004, seed: n.seed}
		n.usedPath = append(c.wanders(n.seed, .61, .015, c.before(30*hour)), path{
			{c.before(20 * hour), .66}, {c.before(6 * hour), .903}, {c.before(0), .945},
			{c.before(-24 * hour), .97},
		}...)
		n.squeezed.during = []stretch{
			{span{c.before(6 * hour), c.before(2 * hour)}, .012}, {
				span{c.before(2 * hour), forever}, .06,
			},
		}
	}
	if n := c.in(cpuBound); n != nil {
		n.busy.jitter = .008
		n.busy.during = []stretch{{span{c.before(70 * minute), forever}, .972}}
	}
	if n := c.in(filling); n != nil {
		n.full = signal{jitter: .0008, seed: n.seed}
		n.fullPath = path{
			{c.before(40 * hour), .58}, {c.before(26 * hour), .64}, {c.before(0), .862}, {
				c.before(-5 * hour), .875,
			},
		}
		n.many = false
	}
	if n := c.in(warm); n != nil {
		n.used = signal{swing: .01, jitter: .006, seed: n.seed, week: c.week}
		n.usedPath = append(c.wanders(n.seed, .70, .015, c.before(26*hour)), path{
			{c.before(22 * hour), .70}, {c.before(9 * hour), .835},
		}...)
	}
	if n := c.in(wentDown); n != nil {
		n.up = n.up.without(span{c.before(9 * hour), c.before(7 * hour)})
		n.boots = append(n.boots, c.before(7*hour+minute))
	}
	if n := c.in(unwatched); n != nil {
		n.exporter = false
	}
	if n := c.in(rebooted); n != nil {
		n.up = n.up.without(span{c.before(3*hour + 4*minute), c.before(3 * hour)})
		n.boots = append(n.boots, c.before(3*hour+minute))
		n.cordoned = spans{{c.before(3*hour + 14*minute), c.before(3*hour - 2*minute)}}
	}
	if n := c.in(wasNotReady); n != nil {
		n.notReady = spans{{c.before(5 * hour), c.before(5*hour - 20*minute)}}
	}
}

// breakPods makes the pods that ended and those with hostile names.
func (c *cluster) breakPods() {
	executor := workload{
		namespace: "spark", kind: "Pod", containers: []spec{
			{
				name: "spark-kubernetes-executor", mem: 3072, limit: 4096, cpu: .8, fill: .62,
				busy: .9,
			},
		},
	}
	for i := range 4 {
		executor.name = "daily-etl-" + letters(c.seed, 6) + "-exec-" + string(rune('1'+i))
		began := c.before(6 * hour)
		if i != 2 {
			c.runSomewhere(executor, since(began), since(began))
			continue
		}
		killed := c.before(2*hour + 10*minute)
		if p := c.runSomewhere(executor, since(began), spans{{began, killed}}); p != nil {
			x := p.containers[0]
			p.ended, x.killed = "Failed", "OOMKilled"
			x.memory = signal{level: x.limit * .45, jitter: x.limit * .02, seed: x.seed}
			x.climb = path{{began, 0}, {killed - 50*minute, x.limit * .15}, {killed, x.limit * .55}}
		}
	}
	job := workload{
		namespace: "batch", kind: "Job", containers: []spec{
			{name: "export", mem: 4096, limit: 6144, cpu: .5, fill: .5, busy: 1.2},
		},
	}
	for i := range 5 {
		began := c.before(int64(4+24*i) * hour)
		job.name = "nightly-export-" + letters(hash(c.seed, "job")+uint64(i), 8)
		if p := c.runSomewhere(job, since(began), spans{{began, began + 25*minute}}); p != nil {
			p.ended, p.containers[0].killed = "Succeeded", "Completed"
		}
	}
	for i, name := range hostile() {
		w := workload{
			namespace: hostileNamespace, name: name, kind: "Pod", containers: []spec{
				{name: "app", mem: 64, limit: 128, cpu: .02, quota: .1, fill: .7, busy: .5},
			},
		}
		if p := c.runSomewhere(w, always(), always()); p != nil && i == 1 {
			// Close enough to its limit for a warning, so that messages hold its name.
			x := p.containers[0]
			x.memory = signal{level: x.limit * .885, jitter: x.limit * .008, seed: x.seed}
		}
	}
}

// runSomewhere schedules a pod without replicas.
func (c *cluster) runSomewhere(w workload, object, running spans) *pod {
	n := c.room(w, 0)
	if n == nil {
		return nil
	}
	return c.run(w, n, 0, object, running)
}

// pack requests nearly all the free memory of a node.
func (c *cluster) pack() {
	n := c.in(packed)
	if n == nil {
		return
	}
	left := math.Floor((.934*n.allocatableMemory() - n.requestedMem) / mib)
	c.run(workload{
		namespace: "ml", name: "notebook", kind: "StatefulSet", containers: []spec{
			{name: "jupyter", mem: left, limit: left, cpu: .2, fill: .2, busy: .3},
		},
	}, n, 0, always(), always())
}
