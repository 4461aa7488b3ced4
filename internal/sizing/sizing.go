// Package sizing compares what workloads request with what they use, and says what they should
// request. Its package of words is report.
package sizing

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Advice is what the containers of a cluster should request.
type Advice struct {
	Window   time.Duration // how far back the use was asked for
	History  time.Duration // how far back the use of any container is known
	Step     time.Duration // CPU use is known as averages of this long
	Headroom float64       // that is added to the use: 0.25
	// Rows are the containers of workloads, the largest saving first, then the largest lack. Those
	// without advice come last.
	Rows []Row
	// Cost is what the resources cost, zero if unknown.
	Cost Cost
}

// Cost is the price of resources, in any currency.
type Cost struct{ CPUHour, MemoryGiBHour float64 }

// Row is a container of a workload. Figures are those of one pod: cores for CPU, bytes for memory,
// NaN if unknown or not set.
type Row struct {
	Cluster, Namespace, Workload, Container string

	Kind    string  // of the workload: Deployment, StatefulSet; "" if unknown
	Name    string  // of the workload, if Kind is known; Workload may be a part of it
	Sidecar bool    // it is an init container that keeps running
	Pods    float64 // how many there are now

	Killed    bool    // it was OOM-killed within the window
	KilledAt  float64 // the highest memory limit at which it was killed, NaN if unknown
	Restarted bool    // it restarted within the window, and nothing says why

	CPU, Memory Resource

	history time.Duration // how far back the memory use is known
	scaled  [2]bool       // by CPU, and by memory
}

// Resource is one resource of a container.
type Resource struct {
	Request, Limit float64
	Used           float64 // CPU: the 95th percentile of the busiest pod; memory: its maximum
	Peak           float64 // the maximum
	Advised        float64 // the request, which may stay as it is; NaN if there is no advice
	AdvisedLimit   float64 // NaN: the limit stays as it is
	Withheld       Reason  // why nothing is advised, "" if something is
}

// Reason says why nothing is advised.
type Reason string

// The reasons.
const (
	Fits      Reason = "fits"       // the request is about right
	Short     Reason = "short"      // the history is short
	NoPeak    Reason = "no_peak"    // the peak is not known
	ShortCut  Reason = "short_cut"  // the history is too short to lower a memory limit
	OOMKilled Reason = "oom_killed" // it was killed for its memory, so less is never advised
	Restarted Reason = "restarted"  // it may have been killed for its memory
	NoRequest Reason = "no_request" // nothing is requested
	// Autoscaled: the number of pods follows the use as a share of the request, so another request
	// would change it.
	Autoscaled Reason = "autoscaled"
)

// AllFit reports whether the use of each row that requests a resource is known, and the request of
// at least one fits it.
func (a *Advice) AllFit(w Which) bool {
	for _, unknown := range []Reason{Short, ShortCut, NoPeak, Autoscaled} {
		if a.Withheld(w, unknown) > 0 {
			return false
		}
	}
	return a.Withheld(w, Fits) > 0
}

// Which chooses a resource.
type Which bool

// The resources.
const (
	CPU    Which = false
	Memory Which = true
)

// Of returns a resource of the row.
func (r *Row) Of(w Which) *Resource {
	if w == Memory {
		return &r.Memory
	}
	return &r.CPU
}

// Change returns how much more all pods should request, NaN if there is no advice.
func (r *Row) Change(w Which) float64 {
	x := r.Of(w)
	return (x.Advised - x.Request) * r.Pods
}

// workload identifies one.
type workload struct{ cluster, namespace, name string }

// Sum is what the advice in one direction comes to.
type Sum struct {
	Workloads int     // that it is about
	Amount    float64 // of all their pods: cores or bytes
	Monthly   float64 // what that costs in a month; 0 if no price is known
}

// Sum adds up the advice to request less of a resource, or more.
func (a *Advice) Sum(w Which, more bool) Sum {
	var s Sum
	seen := map[workload]bool{}
	for i := range a.Rows {
		r := &a.Rows[i]
		change := r.Change(w)
		if !(change > 0 && more || change < 0 && !more) {
			continue
		}
		seen[workload{r.Cluster, r.Namespace, r.Workload}] = true
		s.Amount += math.Abs(change)
	}
	s.Workloads, s.Monthly = len(seen), a.Cost.Monthly(w, s.Amount)
	return s
}

// Limits returns in how many workloads only the limit of a resource is too low.
func (a *Advice) Limits(w Which) int {
	seen := map[workload]bool{}
	for i := range a.Rows {
		if r := &a.Rows[i]; r.Change(w) == 0 {
			seen[workload{r.Cluster, r.Namespace, r.Workload}] = true
		}
	}
	return len(seen)
}

// month is the hours of a month, as clouds count them.
const month = 730

// Monthly returns what an amount of a resource costs in a month.
func (c Cost) Monthly(w Which, amount float64) float64 {
	if w == Memory {
		return amount / gib * c.MemoryGiBHour * month
	}
	return amount * c.CPUHour * month
}

// Item is the advice about one resource of a row.
type Item struct {
	*Row
	Which
	Change float64 // of all pods, in cores or bytes; 0 if only the limit is too low
}

// gibPerCore is how much memory weighs as much as a core where no price is known. On the machines
// of the large clouds a core costs as much as 6 to 9 GiB.
const gibPerCore = 8

// weight makes CPU and memory comparable: by price, if both are known.
func (a *Advice) weight(i Item) float64 {
	c := a.Cost
	if c.CPUHour <= 0 || c.MemoryGiBHour <= 0 {
		c = Cost{CPUHour: gibPerCore, MemoryGiBHour: 1}
	}
	return c.Monthly(i.Which, math.Abs(i.Change))
}

// Items returns the advice to request less, or more, the largest first. Limits that are too low
// come last.
func (a *Advice) Items(more bool) []Item {
	var out []Item
	for i := range a.Rows {
		for _, w := range []Which{CPU, Memory} {
			item := Item{&a.Rows[i], w, a.Rows[i].Change(w)}
			if item.Change >= 0 && more || item.Change < 0 && !more {
				out = append(out, item)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Item) int { return cmp.Compare(a.weight(y), a.weight(x)) })
	return out
}

// Reasons returns all of them, in the order in which they are said.
func Reasons() []Reason {
	return []Reason{Fits, Short, ShortCut, NoPeak, OOMKilled, Restarted, Autoscaled,
		NoRequest}
}

// Withheld returns for how many rows a reason is why nothing is advised about a resource.
func (a *Advice) Withheld(w Which, reason Reason) int {
	n := 0
	for i := range a.Rows {
		if a.Rows[i].Of(w).Withheld == reason {
			n++
		}
	}
	return n
}

// sort orders the rows as Advice.Rows says.
func (a *Advice) sort() {
	rank := func(r *Row) (saving, lack float64) {
		for _, w := range []Which{CPU, Memory} {
			item := Item{r, w, r.Change(w)}
			switch {
			case item.Change < 0:
				saving += a.weight(item)
			case item.Change > 0:
				lack += a.weight(item)
			}
		}
		return saving, lack
	}
	slices.SortFunc(a.Rows, func(x, y Row) int {
		xs, xl := rank(&x)
		ys, yl := rank(&y)
		return cmp.Or(cmp.Compare(ys, xs), cmp.Compare(yl, xl), cmp.Compare(x.Cluster, y.Cluster),
			cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Workload, y.Workload),
			cmp.Compare(x.Container, y.Container))
	})
}
