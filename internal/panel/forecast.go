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

// DefaultHorizon is how far away a limit may be, which is also the most: a forecast is no longer
// than the history behind it.
const DefaultHorizon = 28 * 24 * time.Hour

// Change is the least change of a panel's series that is news.
type Change struct {
	By     float64 // in the panel's unit
	Factor float64 // least factor between two levels; 0: any
}

// IsMemoryUse reports whether a metric of the panel's first query is memory in use. That cannot be
// forecast: measured on real machines, nearly every alarm was false. Memory that is requested can.
func (s *Spec) IsMemoryUse() bool {
	if s.Measure == NodeMemory {
		return true
	}
	names, err := MetricNames(Expand(s.Query("").Expr, Vars{Step: time.Minute, Range: time.Hour}))
	return err == nil && slices.ContainsFunc(names, isMemoryUse)
}

// isMemoryUse reports whether a metric is memory in use, and not a request, a limit or the size of
// memory.
func isMemoryUse(name string) bool {
	name = strings.ToLower(name)
	has := func(word string) bool { return strings.Contains(name, word) }
	switch {
	case !slices.ContainsFunc([]string{"memory", "memstats", "working_set", "heap", "_rss"}, has):
		return false
	case slices.ContainsFunc([]string{"used", "usage", "utili", "working_set", "_rss"}, has):
		return true
	}
	return !slices.ContainsFunc([]string{
		"request", "allocatable", "capacity", "limit", "total", "max", "machine_memory_bytes",
	}, has)
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
