package lab

import "fmt"

// history is how far the past goes back.
const history = 35 * day

// storied is the size of a fleet from which on its machines have a past.
const storied = 40

// Nodes with a past. Their numbers are none of spread.
const (
	growing       = 20
	cleanedDaily  = 9
	cleanedWeekly = 30
	cleanedOnce   = 26
	stepped       = 33
)

var (
	peaking = [...]int{1, 4, 8, 12, 16, 19, 22, 27}
	leaked  = [...]struct {
		node int
		ago  int64
	}{{2, 8*day + 7*hour}, {18, 16*day + 3*hour}, {36, 23*day + 11*hour}}
)

// peak is a time in which the memory of a node is at least as high as top.
type peak struct {
	span
	top float64
}

// at returns the height of the peak, which is reached in ten minutes.
func (p peak) at(t int64) float64 {
	const slope = 10 * minute
	return p.top * clamp(float64(min(t-p.from, p.to-t))/float64(slope), 0, 1)
}

// ageNodes adds the past of machines.
func (c *cluster) ageNodes() {
	if len(c.nodes) < storied {
		return
	}
	// nights begin at midnight in Seoul
	night := floorDiv(c.anchor+9*hour, day)*day - 9*hour
	const peaks = 30
	for i := range int64(peaks) {
		h := hash(c.seed, "peak", fmt.Sprint(i))
		// every night from the second before the anchor's, and two on the first two of them
		from := night - (2+i%28)*day + 3*hour + int64(between(h, 0, float64(90*minute)))
		length := 25*minute + int64(between(mix(h), 0, float64(25*minute))) + 20*minute
		n := c.nodes[peaking[(i+i/28)%int64(len(peaking))]]
		n.peaks = append(n.peaks, peak{
			span{from, from + length}, .805 + .033*float64(i*7%peaks)/(peaks-1),
		})
	}
	for _, l := range leaked {
		from := c.before(l.ago)
		n := c.nodes[l.node]
		n.peaks = append(n.peaks, peak{span{from, from + 5*hour + 20*minute}, .95})
	}

	for _, i := range []int{growing, cleanedDaily, cleanedWeekly, cleanedOnce, stepped} {
		c.nodes[i].full = signal{jitter: .002, seed: c.nodes[i].seed}
	}
	c.nodes[growing].fullBy = c.grows(.785, .013)
	c.nodes[cleanedDaily].fullBy = func(t int64) float64 {
		at := t + 9*hour - 2*hour // since 02:00 in Seoul
		return .57 + .12*float64(at-floorDiv(at, day)*day)/float64(day)
	}
	c.nodes[cleanedWeekly].fullBy = func(t int64) float64 {
		const every = 9 * day
		at := t - c.before(4*day)
		return .56 + .23*float64(at-floorDiv(at, every)*every)/float64(every)
	}
	cleaned, grown, grows := c.before(10*day), c.grows(.92, .009), c.grows(.69, .009)
	c.nodes[cleanedOnce].fullBy = func(t int64) float64 {
		if t < cleaned {
			return grown(t)
		}
		return grows(t)
	}
	at := c.before(3*day + 2*hour)
	c.nodes[stepped].fullBy = (path{{at, .60}, {at + 40*minute, .73}}).at
}

// wanders returns a path that varies around a level by up to by, until a time at which it is level.
func (c *cluster) wanders(seed uint64, level, by float64, until int64) path {
	const every = 31 * hour
	var p path
	at := level
	for t := until; t > c.before(history); t -= every {
		p = append(path{{t, at}}, p...)
		seed = mix(seed)
		at = level + by*(2*unit(seed)-1)
	}
	return p
}

// grows returns what fills by a share a day, at the rhythm of a week, and is at level now at the
// anchor.
func (c *cluster) grows(now, perDay float64) func(t int64) float64 {
	aDay := 3600 * c.week.sum[168] / 7
	return func(t int64) float64 {
		t = max(t, c.before(history))
		return now + perDay*(c.week.integral(t)-c.week.integral(c.anchor))/aDay
	}
}

// ageClaims adds the past of volumes.
func (c *cluster) ageClaims() {
	if len(c.nodes) < storied {
		return
	}
	for _, x := range c.claims {
		if x.namespace == "search" && x.name == "data-opensearch-1" {
			x.full, x.fullBy = signal{jitter: .002, seed: x.full.seed}, c.grows(.775, .012)
		}
	}
}

// release is a rollout of a Deployment before the newest one. Until then, the pods had other names
// and an older image, and used mem and cpu times as much; 0 is as much as now.
type release struct {
	ago      int64
	mem, cpu float64
}

// aged is a pod with the releases before it, the newest first.
type aged struct {
	pod      *pod
	releases []release
}

// age lets a pod begin with the newest of the releases of its workload, if it has any.
func (c *cluster) age(p *pod, w workload) {
	if len(w.released) == 0 {
		return
	}
	begin := since(c.before(w.released[0].ago))
	p.object, p.running = p.object.and(begin), p.running.and(begin)
	for _, x := range p.containers {
		x.restarts = 0 // a pod that begins has none
	}
	c.aged = append(c.aged, aged{p, w.released})
}

// agePods adds the predecessors of pods, on the same nodes. They are added last, so that they take
// the place of no other pod.
func (c *cluster) agePods() {
	for _, a := range c.aged {
		p := a.pod
		for i, r := range a.releases {
			const overlap = 30 * second
			alive := until(c.before(r.ago) + overlap)
			if i+1 < len(a.releases) {
				alive = alive.and(since(c.before(a.releases[i+1].ago)))
			}
			p = p.before(i, alive)
			for _, x := range p.containers {
				x.grow(r)
				if r.mem > 0 {
					x.climb = c.wanders(c.seed, 0, .02*x.limit, c.before(r.ago))
				}
			}
			p.node.pods = append(p.node.pods, p)
			c.pods = append(c.pods, p)
		}
	}
}

// versions are those of the images before the first release of a container, the newest first.
var versions = [...]string{"1.4.0", "1.3.8"}

// before returns a copy of a pod of the revision before; n is the number of revisions in between.
func (p *pod) before(n int, alive spans) *pod {
	old := *p
	id := hash(p.seed, "before")
	deployment := p.owner[:len(p.owner)-len("-")-replicaSetLetters]
	old.owner = deployment + "-" + letters(hash(0, p.owner, "before"), replicaSetLetters)
	old.name = old.owner + "-" + letters(id, 5)
	old.seed, old.uid, old.ip = id, uuid(id), podIP(id)
	old.object, old.running = alive, alive
	old.containers = nil
	for _, x := range p.containers {
		was := *x
		was.seed = hash(x.seed, "before")
		if !x.sidecar {
			was.image = image(p.namespace, x.name, versions[n])
		}
		old.containers = append(old.containers, &was)
	}
	return &old
}

// grow changes the use of a container to that before a release.
func (x *container) grow(r release) {
	scale := func(s *signal, by float64) {
		if by > 0 {
			s.level, s.swing, s.jitter = by*s.level, by*s.swing, by*s.jitter
		}
	}
	if !x.sidecar {
		scale(&x.memory, r.mem)
		scale(&x.cpu, r.cpu)
	}
}
