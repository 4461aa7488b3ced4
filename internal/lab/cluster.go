package lab

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// cluster is what the exporters look at. It is made once from the seed and does not change. The
// signals and spans in it describe the changes over time.
type cluster struct {
	seed   uint64
	anchor int64 // the time before which incidents are placed
	calm   bool  // whether there are none
	week   *rhythm
	nodes  []*node
	pods   []*pod
	claims []*claim
	aged   []aged

	workloads []workload // those with a pod, each with the namespace of its stage
}

// node is a machine.
type node struct {
	name, ip, zone, machine string
	seed                    uint64
	cores                   int
	memory                  float64 // bytes
	disk                    float64 // bytes, of the root device
	// its system mounts one disk five times and has a read-only root
	many     bool
	exporter bool // node_exporter runs on it
	twice    bool // and is scraped by two jobs (community chart)

	used     signal // memory in use as a ratio, without reclaimable memory
	usedPath path   // added by an incident
	busy     signal // CPU, as a ratio
	peaks    []peak
	full     signal                // root device, as a ratio
	fullPath path                  // added
	fullBy   func(t int64) float64 // added, if set
	traffic  signal                // bytes/s
	squeezed signal                // share of time with something waiting for memory

	up       spans // times in which its exporters and kubelet answer
	exports  spans // times in which its node_exporter answers, while it is up
	notReady spans // times in which the kubelet reports that it is not ready
	cordoned spans // times in which it accepts no pods
	boots    []int64

	pods                       []*pod
	slots                      int     // free slots for pods
	requestedMem, requestedCPU float64 // bytes and cores requested by its pods
}

func (n *node) allocatableMemory() float64 { return math.Floor(n.memory*0.955/1024) * 1024 }
func (n *node) allocatableCores() float64  { return float64(n.cores) - 0.08 }

// usedAt returns the share of memory that the kernel cannot reclaim.
func (n *node) usedAt(t int64) float64 {
	v := n.used.at(t) + n.usedPath.at(t)
	for _, p := range n.peaks {
		if p.contains(t) {
			v = max(v, p.at(t))
		}
	}
	return clamp(v, 0.03, 0.985)
}

// fullAt returns the share of the root device that is in use.
func (n *node) fullAt(t int64) float64 {
	v := n.full.at(t) + n.fullPath.at(t)
	if n.fullBy != nil {
		v += n.fullBy(t)
	}
	return clamp(v, 0.02, 0.995)
}

// lifetime is how long a machine or container runs by default. Counters restart with it, so that
// every time has a start before it.
const lifetime = 45 * day

// bootedAt returns when a node last started before t.
func (n *node) bootedAt(t int64) int64 {
	last := startOf(n.seed, t)
	for _, b := range n.boots {
		if b <= t {
			last = max(last, b)
		}
	}
	return last
}

// startOf returns the regular start before t, according to the seed.
func startOf(seed uint64, t int64) int64 {
	phase := int64(seed % uint64(lifetime))
	return floorDiv(t-phase, lifetime)*lifetime + phase
}

// pod is a pod, from its creation to its deletion in the API.
type pod struct {
	namespace, name, uid, ip string
	ownerKind, owner         string
	node                     *node
	seed                     uint64
	object                   spans  // times in which it is an object of the API
	running                  spans  // times in which its containers run
	ended                    string // its phase after that: Succeeded or Failed
	containers               []*container
	claim                    *claim
	hostNetwork              bool
}

// phase returns the pod's phase as kube-state-metrics reports it.
func (p *pod) phase(t int64) string {
	if p.ended != "" && t >= p.running[len(p.running)-1].to {
		return p.ended
	}
	return "Running"
}

// container is a container of a pod. Requests and limits of zero are not set.
type container struct {
	name, image       string
	seed              uint64
	sidecar           bool    // a native sidecar: an init container that keeps running
	requestMem, limit float64 // bytes
	requestCPU, quota float64 // cores
	memory            signal  // working set, bytes
	saw               *saw    // or a repeated climb to the limit
	climb             path    // or a single climb, added to memory
	cpu               signal  // cores
	throttled         signal  // share of its CPU periods in which it is throttled
	restarts          float64 // old restarts
	killed            string  // the reason of its end, if its pod ended
}

// saw is a container that climbs to its limit, is killed and starts again.
type saw struct{ first, period int64 }

// began returns when the container that runs at t was started.
func (c *container) began(p *pod, t int64) int64 {
	switch begin := p.running.first(); {
	case c.saw != nil && t >= c.saw.first:
		return max(c.saw.first+(t-c.saw.first)/c.saw.period*c.saw.period, begin)
	case begin != ever:
		return begin
	}
	return startOf(c.seed, t)
}

// restartsAt returns the number of restarts until t.
func (c *container) restartsAt(t int64) float64 {
	if c.saw == nil || t < c.saw.first {
		return c.restarts
	}
	return c.restarts + float64((t-c.saw.first)/c.saw.period)
}

// workingSet returns the memory that the OOM killer counts.
func (c *container) workingSet(t int64) float64 {
	v := c.memory.at(t) + c.climb.at(t)
	if c.saw != nil && t >= c.saw.first {
		age := float64((t-c.saw.first)%c.saw.period) / float64(c.saw.period)
		v = c.limit * (0.28 + 0.72*math.Pow(age, 0.8))
	}
	if c.limit > 0 {
		v = min(v, c.limit*0.998)
	}
	return page(max(v, 1<<20))
}

// claim is a PersistentVolumeClaim.
type claim struct {
	namespace, name, volume string
	pod                     *pod
	size                    float64 // bytes
	full                    signal
	fullPath                path                  // added
	fullBy                  func(t int64) float64 // added, if set
	reports                 bool                  // the volume's driver reports statistics
}

func (c *claim) fullAt(t int64) float64 {
	v := c.full.at(t) + c.fullPath.at(t)
	if c.fullBy != nil {
		v += c.fullBy(t)
	}
	return clamp(v, 0.01, 0.995)
}

func clamp(v, low, high float64) float64 { return min(max(v, low), high) }

// page rounds bytes down to memory pages, in which the kernel counts.
func page(v float64) float64 { return math.Floor(v/4096) * 4096 }

const (
	mib = 1 << 20
	gib = 1 << 30
)

// newCluster makes the machines, schedules pods on them, and adds the incidents.
func newCluster(o Options) *cluster {
	c := &cluster{
		seed: o.Seed, anchor: o.Now.UnixMilli(), calm: o.Calm, week: newRhythm(),
	}
	for i := range o.Nodes {
		c.nodes = append(c.nodes, c.newNode(i, o.Nodes))
	}
	if !c.calm {
		c.breakNodes()
		c.ageNodes()
	}
	c.plantOnNodes(o.Incidents)
	c.schedule()
	c.plantPods(o.Incidents)
	if !c.calm {
		c.agePods()
		c.ageClaims()
	}
	if o.Tame { // drop them last, so that everything else stays the same
		hurts := func(p *pod) bool { return p.namespace == hostileNamespace }
		c.pods = slices.DeleteFunc(c.pods, hurts)
		for _, n := range c.nodes {
			n.pods = slices.DeleteFunc(n.pods, hurts)
		}
	}
	slices.SortFunc(c.pods, func(a, b *pod) int {
		return cmp.Or(strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
	})
	return c
}

// before returns the time that is ago before the anchor.
func (c *cluster) before(ago int64) int64 { return c.anchor - ago }

// newNode makes the i-th machine of a fleet, healthy.
func (c *cluster) newNode(i, fleet int) *node {
	n := &node{
		name:     NodeName(i),
		ip:       fmt.Sprintf("10.0.%d.%d", subnetOf(i), hostOf(i)),
		zone:     "ap-northeast-2" + string("abc"[i%3]),
		machine:  "r5.2xlarge",
		cores:    8,
		memory:   64*gib - 37*mib,
		disk:     100 * gib,
		many:     i%10 == 4,
		exporter: true,
		twice:    i%8 == 5,
		up:       always(),
		exports:  always(),
	}
	n.seed = hash(c.seed, "node", n.name)
	per := 12 // pods on 64 GiB
	if fleet > 100 {
		per = 10
	}
	switch {
	case fleet > 1000:
		// Small machines, as in fleets of this size. They also keep a query for all cores within
		// query.max-samples.
		n.machine, n.cores, n.memory = "r5.xlarge", 4, 32*gib-37*mib
	case i%11 == 3:
		n.machine, n.cores, n.memory = "r5.4xlarge", 16, 128*gib-37*mib
		per *= 2
	case i%9 == 5:
		n.machine, n.cores, n.memory = "r5.xlarge", 4, 32*gib-37*mib
		per /= 2
	}
	n.slots = per
	h := func(what string) uint64 { return hash(n.seed, what) }
	n.used = signal{
		level: between(h("used"), .34, .60), swing: between(h("used swing"), .02, .08),
		jitter: between(h("used jitter"), .008, .035), seed: h("used noise"), week: c.week,
	}
	n.busy = signal{
		level: between(h("busy"), .12, .38), swing: between(h("busy swing"), .06, .24),
		jitter: between(h("busy jitter"), .03, .09), seed: h("busy noise"), week: c.week,
	}
	n.full = signal{
		level: between(h("full"), .32, .66), swing: .01,
		jitter: between(h("full jitter"), .002, .02), seed: h("full noise"), week: c.week,
	}
	n.traffic = signal{
		level: between(h("traffic"), 2e6, 12e6), swing: between(h("traffic swing"), 5e6, 40e6),
		jitter: 1.8e6, seed: h("traffic noise"), week: c.week,
	}
	n.squeezed = signal{
		level: between(h("squeezed"), 1e-4, 2e-3), jitter: 1e-4, seed: h("squeezed noise"),
	}
	return n
}
