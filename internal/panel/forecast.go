package panel

import (
	"slices"
	"strings"
	"time"
)

// Forecast is what is forecast of a panel's series.
type Forecast struct {
	Limit   float64       // in the panel's unit
	Below   bool          // a value below the limit is the event
	For     time.Duration // how long a value must stay beyond the limit
	Horizon time.Duration // how far away a limit may be
}

// DefaultHorizon is how far away a limit may be.
const DefaultHorizon = 30 * 24 * time.Hour

// Change is the least change of a panel's series that is news.
type Change struct {
	By     float64 // in the panel's unit
	Factor float64 // least factor between two levels; 0: any
}

// memoryUse are the beginnings of the names of metrics about memory in use.
var memoryUse = []string{
	"node_memory_", "container_memory_", "windows_memory_", "windows_os_physical_memory_",
	"process_resident_memory_", "process_virtual_memory_", "process_working_set_", "go_memstats_",
	"jvm_memory_",
}

// IsMemoryUse reports whether the series of the panel's first query are memory in use. That cannot
// be forecast: measured on real machines, nearly every alarm was false. Memory that is requested
// can.
func (s *Spec) IsMemoryUse() bool {
	if s.Measure == NodeMemory {
		return true
	}
	names, err := MetricNames(Expand(s.Query("").Expr, Vars{Step: time.Minute, Range: time.Hour}))
	if err != nil || slices.ContainsFunc(names, func(name string) bool {
		return strings.Contains(name, "request")
	}) {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(memoryUse, func(start string) bool {
			return strings.HasPrefix(name, start)
		})
	})
}

// HasFullIn reports whether a rule of the panel judges when its series reach the limit of its
// forecast.
func (s *Spec) HasFullIn() bool {
	for _, r := range s.Rules {
		if r.FullIn {
			return true
		}
	}
	return false
}
