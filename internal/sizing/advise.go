package sizing

import "math"

const (
	mib = 1 << 20
	gib = 1 << 30
)

// quantity is how an advised amount of a resource is rounded, and which changes are worth it.
type quantity struct {
	parts float64 // of which the unit has so many: 1000 millicores
	least float64 // that is advised
	small float64 // a smaller change of all pods together is no advice
	steps []step  // the coarsest first
}

// step rounds amounts from some size on up to a multiple of so many parts.
type step struct{ from, to float64 }

var (
	cpuQuantity = quantity{1000, .01, .05, []step{{4, 250}, {.1, 50}, {0, 10}}}
	memQuantity = quantity{
		1, 32 * mib, 64 * mib, []step{{8 * gib, 256 * mib}, {2 * gib, 64 * mib}, {0, 16 * mib}},
	}
)

// worthwhile is the smallest change that is advised, as a share of what is requested.
const worthwhile = 0.10

// up rounds an amount up.
func (q quantity) up(v float64) float64 {
	v = max(v, q.least)
	for _, s := range q.steps {
		if v >= s.from {
			// a sum that is a multiple but for rounding errors is not one step more
			return math.Ceil(v*q.parts/s.to*(1-1e-12)) * s.to / q.parts
		}
	}
	return v
}

// fits reports whether a request need not change. What is advised is what is needed, rounded up: a
// change that only the rounding makes large is none.
func (q quantity) fits(request, need, advised, pods float64) bool {
	d := math.Abs(advised - request)
	return math.Min(d, math.Abs(need-request)) < worthwhile*request || d*pods < q.small
}

// advise decides what the container should request. unknown is why its use is not known well
// enough, "" if it is.
func (r *Row) advise(headroom float64, unknown Reason) {
	r.CPU.Advised, r.CPU.AdvisedLimit = math.NaN(), math.NaN()
	r.Memory.Advised, r.Memory.AdvisedLimit = math.NaN(), math.NaN()
	r.CPU.Withheld = r.adviseCPU(1+headroom, unknown)
	r.Memory.Withheld = r.adviseMemory(1+headroom, unknown)
}

// adviseCPU follows the 95th percentile: a container that lacks CPU is slow for a while. No limit
// is advised where none is set, and none is lowered, because a limit reserves nothing; but it is
// raised where the peak would not fit with the headroom. A request that equals its limit stays
// equal, which keeps the pod's class of service, so it follows the peak.
func (r *Row) adviseCPU(factor float64, unknown Reason) Reason {
	x := &r.CPU
	switch {
	case !(x.Request > 0):
		return NoRequest
	case r.scaled[0]:
		return Autoscaled
	case unknown != "":
		return unknown
	case math.IsNaN(x.Used) || math.IsNaN(x.Peak):
		return NoPeak
	}
	equal := x.Request == x.Limit
	need, top := x.Used*factor, x.Peak*factor
	if equal {
		need = top
	}
	advised := cpuQuantity.up(need)
	switch {
	case cpuQuantity.fits(x.Request, need, advised, r.Pods):
		return Fits
	case r.Killed && advised < x.Request:
		return OOMKilled // it ran less than it would have
	case r.Restarted && advised < x.Request:
		return Restarted
	}
	x.Advised = advised
	switch limit := cpuQuantity.up(max(top, advised)); {
	case equal:
		x.AdvisedLimit = advised
	case limit > x.Limit: // false without a limit
		x.AdvisedLimit = limit
	}
	return ""
}

// adviseMemory follows the maximum: a container that lacks memory is killed. As for CPU, no limit
// is advised where none is set, a limit is only raised, and a request that equals its limit stays
// equal. A kill proves that the limit of that time is too low. It proves nothing about the request,
// which reserves memory that the container may never use.
func (r *Row) adviseMemory(factor float64, unknown Reason) Reason {
	x := &r.Memory
	need, killed := x.Used*factor, r.KilledAt*factor
	switch {
	case !(x.Request > 0):
		return NoRequest
	case r.Killed && !math.IsNaN(killed) && x.Limit > 0: // a short history is enough to know this
	case r.Killed && (unknown != "" || math.IsNaN(need)):
		return OOMKilled
	case r.scaled[1] && !r.Killed:
		return Autoscaled
	case unknown != "":
		return unknown
	case math.IsNaN(need):
		return NoPeak
	}
	if !(need > 0) {
		need = 0
	}
	top := need
	if killed > top {
		top = killed
	}
	if x.Request == x.Limit {
		need = top
	}
	advised := memQuantity.up(need)
	fits := memQuantity.fits(x.Request, need, advised, r.Pods)
	less := advised < x.Request
	if r.Killed && (fits || less) {
		limit := max(memQuantity.up(top), x.Request)
		if !(top > x.Limit) || memQuantity.fits(x.Limit, top, limit, r.Pods) {
			return OOMKilled
		}
		x.Advised, x.AdvisedLimit = x.Request, limit
		return ""
	}
	switch {
	case fits:
		return Fits
	case less && r.Restarted:
		return Restarted
	case less && x.Request == x.Limit && r.history < minCut:
		return ShortCut
	}
	x.Advised = advised
	limit := advised
	if r.Killed {
		limit = max(limit, memQuantity.up(top))
	}
	if x.Request == x.Limit || limit > x.Limit {
		x.AdvisedLimit = limit
	}
	return ""
}
