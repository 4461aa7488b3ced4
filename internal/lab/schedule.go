package lab

import (
	"fmt"
	"slices"
	"strings"
)

// schedule puts pods on the nodes until they are full: daemons, then the pods with incidents unless
// the cluster is calm, then the catalogue, repeated for one stage after the other.
func (c *cluster) schedule() {
	for _, w := range daemons() {
		c.workloads = append(c.workloads, w)
		for _, n := range c.nodes {
			if w.name != exporterName || n.exporter {
				c.run(w, n, 0, always(), always())
			}
		}
	}
	if c.calm {
		c.place(reporter())
	} else {
		for _, w := range troubled() {
			c.place(w)
		}
		c.breakPods()
	}
	for i, placed := 0, 1; placed > 0; i++ {
		placed = 0
		for _, w := range catalogue() {
			if i == 0 || w.perStage && (w.claim == 0 || i < 3) {
				w.namespace += stage(i)
				if c.calm || len(c.nodes) < storied {
					w.created = 0
				}
				if i > 0 { // the mesh and the past are only in production
					w.released, w.created = nil, 0
					w.containers = slices.DeleteFunc(w.containers, func(s spec) bool {
						return s.sidecar
					})
				}
				placed += c.place(w)
			}
		}
	}
	if !c.calm {
		c.pack()
	}
}

// stage returns the suffix of the i-th stage's namespaces. Production has none.
func stage(i int) string {
	switch i {
	case 0:
		return ""
	case 1:
		return "-staging"
	case 2:
		return "-dev"
	}
	return fmt.Sprintf("-preview-%d", i-2)
}

// place schedules the replicas of a workload, with their predecessors if it was rolled out. It
// returns the number of replicas that fit.
func (c *cluster) place(w workload) int {
	placed := 0
	for i := range w.replicas {
		n := c.room(w, i)
		if n == nil {
			continue
		}
		placed++
		if w.rolled == 0 {
			alive := always()
			switch {
			case w.scaled > 0 && i == w.replicas-1:
				alive = since(c.before(w.scaled))
				c.run(w, n, i, alive, alive)
				continue
			case w.created > 0:
				alive = since(c.before(w.created))
			}
			c.age(c.run(w, n, i, alive, alive), w)
			continue
		}
		at := c.before(w.rolled) + int64(i)*40*second
		c.run(w, n, i, since(at), since(at))
		if before := c.room(w, i+w.replicas); before != nil {
			gone := until(at + w.overlap)
			c.age(c.run(w, before, i+w.replicas, gone, gone), w)
		}
	}
	if placed > 0 {
		c.workloads = append(c.workloads, w)
	}
	return placed
}

// room returns a node for a replica, or nil. The search starts at a node that depends on the
// workload's name and the replica's number, so that replicas spread.
func (c *cluster) room(w workload, i int) *node {
	var mem, cpu float64
	for _, s := range w.containers {
		mem, cpu = mem+s.mem*mib, cpu+s.cpu
	}
	first := hash(c.seed, "place", w.namespace, w.name, fmt.Sprint(i))
	for j := range c.nodes {
		n := c.nodes[(first+uint64(j))%uint64(len(c.nodes))]
		if n.slots > 0 && n.requestedMem+mem <= .80*n.allocatableMemory() &&
			n.requestedCPU+cpu <= .85*n.allocatableCores() {
			return n
		}
	}
	return nil
}

// run makes the i-th pod of a workload on a node.
func (c *cluster) run(w workload, n *node, i int, object, running spans) *pod {
	id := hash(c.seed, "pod", w.namespace, w.name, n.name, fmt.Sprint(i))
	p := &pod{
		namespace: w.namespace, name: w.name, uid: uuid(id), node: n, seed: id, object: object,
		running: running, ownerKind: w.kind, owner: w.name,
	}
	switch w.kind {
	case "Deployment":
		template := hash(c.seed, "template", w.namespace, w.name,
			fmt.Sprint(object.first() == ever || w.rolled == 0))
		p.ownerKind, p.owner = "ReplicaSet", w.name+"-"+letters(template, replicaSetLetters)
		p.name = p.owner + "-" + letters(id, 5)
	case "StatefulSet":
		p.name = fmt.Sprintf("%s-%d", w.name, i)
	case "DaemonSet":
		p.name = w.name + "-" + letters(id, 5)
		p.hostNetwork = true
	}
	p.ip = n.ip
	if !p.hostNetwork {
		p.ip = podIP(id)
	}
	for _, s := range w.containers {
		p.containers = append(p.containers, c.newContainer(p, s, w.rolled > 0 && !object.ends()))
		if object.contains(c.anchor) && p.phase(c.anchor) == "Running" {
			n.requestedMem, n.requestedCPU = n.requestedMem+s.mem*mib, n.requestedCPU+s.cpu
		}
	}
	if w.claim > 0 {
		p.claim = c.newClaim(p, w)
	}
	n.slots--
	n.pods = append(n.pods, p)
	c.pods = append(c.pods, p)
	return p
}

// replicaSetLetters is the length of the random end of a ReplicaSet's name.
const replicaSetLetters = 9

// podIP returns an address in the network of pods.
func podIP(id uint64) string {
	return fmt.Sprintf("10.%d.%d.%d", 64+id%32, id>>8%256, 1+id>>16%254)
}

// A container that leaks is killed every sawPeriod, the first time firstKill before the anchor and
// the last time eight minutes before it.
const (
	sawPeriod = 47 * minute
	firstKill = 8*minute + 2*sawPeriod
)

// newContainer makes a container, with the new version if its workload was rolled out since.
func (c *cluster) newContainer(p *pod, s spec, rolled bool) *container {
	version := "1.4.1"
	if rolled && !s.sidecar {
		version = "1.4.2"
	}
	x := &container{
		name: s.name, image: image(p.namespace, s.name, version),
		seed: hash(p.seed, "container", s.name), sidecar: s.sidecar,
		requestMem: s.mem * mib, limit: s.limit * mib, requestCPU: s.cpu, quota: s.quota,
	}
	h := func(what string) uint64 { return hash(x.seed, what) }
	size := x.limit
	if size == 0 {
		size = max(x.requestMem, 64*mib)
	}
	rare := between(h("throttled"), .0005, .02)
	x.throttled = signal{
		level: rare, swing: rare, jitter: rare, seed: h("throttled noise"), week: c.week,
	}
	level := size * s.fill * between(h("fill"), .85, 1.06)
	cores := s.cpu * s.busy * between(h("busy"), .6, 1.2)
	switch {
	case s.flat:
		x.memory = signal{level: size * s.fill}
	case s.throttled > 0:
		x.memory = signal{level: level, jitter: level * .02, seed: h("memory")}
		x.throttled = signal{
			level: s.throttled, swing: .18, jitter: .07, seed: h("throttled noise"), week: c.week,
		}
		x.cpu = signal{level: s.quota * .94, jitter: s.quota * .03, seed: h("cpu")}
	default:
		x.memory = signal{
			level: level, swing: level * .09, jitter: level * between(h("jitter"), .01, .06),
			seed: h("memory"), week: c.week,
		}
		x.cpu = signal{
			level: cores * .6, swing: cores * .6, jitter: cores * .3, seed: h("cpu"), week: c.week,
		}
	}
	if s.saw && rolled {
		x.saw = &saw{first: c.before(firstKill + sawPeriod), period: sawPeriod}
	}
	if h("restarts")%23 == 0 {
		x.restarts = float64(1 + h("restarts")>>8%3)
	}
	return x
}

func image(namespace, name, version string) string {
	return "registry.example.com/" + namespace + "/" + name + ":" + version
}

func (c *cluster) newClaim(p *pod, w workload) *claim {
	x := &claim{
		namespace: p.namespace, name: "data-" + p.name, volume: "pvc-" +
			uuid(hash(p.seed, "volume")), pod: p, size: w.claim * gib, reports: !w.noStats,
	}
	if w.claimName != "" {
		x.name = w.claimName
	}
	h := hash(p.seed, "claim")
	x.full = signal{level: between(h, .22, .66), jitter: .01, seed: h}
	if w.claimFills {
		x.full = signal{jitter: .0006, seed: h}
		x.fullPath = path{
			{c.before(history), .40}, {c.before(30 * hour), .774}, {c.before(0), .829},
			{c.before(-20 * hour), .86},
		}
	}
	c.claims = append(c.claims, x)
	return x
}

// letters makes the random end of a name from the letters and digits that Kubernetes uses, which
// cannot form a word.
func letters(h uint64, n int) string {
	const safe = "bcdfghjklmnpqrstvwxz2456789"
	var b strings.Builder
	for range n {
		h = mix(h)
		b.WriteByte(safe[h%uint64(len(safe))])
	}
	return b.String()
}

// uuid makes an object's identity.
func uuid(h uint64) string {
	a, b := mix(h), mix(h+1)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), a>>48&0xfff,
		b&0xfff, b>>16)
}
