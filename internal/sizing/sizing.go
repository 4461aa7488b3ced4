// Package sizing compares what workloads request with what they use, and says what they should
// request. Its package of words is report.
package sizing

import "time"

// Advice is what the containers of a cluster should request.
type Advice struct {
	Window   time.Duration // how far back the use was measured
	Headroom float64       // that is added to the use: 0.25
	// Rows are the containers of workloads, the largest saving first. Withheld ones come last.
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

	Pods        float64 // how many there are now
	CPU, Memory Resource
}

// Resource is one resource of a container.
type Resource struct {
	Request, Limit float64
	Used           float64 // CPU: the 95th percentile of the busiest pod; memory: its maximum
	Advised        float64 // the request that is advised, NaN if it is withheld
	AdvisedLimit   float64 // NaN: none is advised
	Withheld       Reason  // why nothing is advised, "" if something is
}

// Reason says why nothing is advised.
type Reason string

// The reasons.
const (
	Short     Reason = "short"      // the history is short
	NoPeak    Reason = "no_peak"    // the peak is not known
	OOMKilled Reason = "oom_killed" // it was killed for its memory, so less is never advised
	NoRequest Reason = "no_request" // nothing is requested
)
