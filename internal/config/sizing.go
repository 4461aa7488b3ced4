package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/units"
)

// sizingKeys compares what workloads request with what they use.
type sizingKeys struct {
	// Whether the report has the section. Without the key sizing, a report has it if it is no
	// report of send: changes and has a panel of the CPU or memory of containers.
	Enabled bool `yaml:"enabled" jsonschema:"default=true"`
	// How far back the use counts.
	Window duration `yaml:"window" jsonschema:"default=7d" limits:"1d..4w"`
	// How much more than the use a workload should request: 25% or 0.25.
	Headroom quantity `yaml:"headroom" jsonschema:"default=25%"`
	// What the resources cost, in any currency. The section then has the money too.
	Cost *costKeys `yaml:"cost"`
}

// costKeys are prices.
type costKeys struct {
	// What a core costs in an hour.
	CPUHour quantity `yaml:"cpu_hour"`
	// What a GiB of memory costs in an hour.
	MemoryGiBHour quantity `yaml:"memory_gib_hour"`
}

// Sizing says how a report compares what workloads request with what they use.
type Sizing struct {
	Window                 time.Duration
	Headroom               float64 // 0.25 is a quarter more
	CPUHour, MemoryGiBHour float64 // prices; 0: unknown
}

// DefaultSizing is that of a report without the key.
func DefaultSizing() Sizing { return Sizing{Window: 7 * 24 * time.Hour, Headroom: 0.25} }

// The limits of the numbers.
const (
	maxHeadroom = 10
	maxPrice    = 1e6
)

// SizingWindow reads a window, such as 7d. It returns an error if it is no duration or outside the
// limits of the key.
func SizingWindow(text string) (time.Duration, error) {
	key := fieldsOf(reflect.TypeFor[sizingKeys]())["window"]
	d, err := model.ParseDuration(text)
	if err != nil || duration(d) < key.least || duration(d) > key.most {
		return 0, fmt.Errorf("%q is no duration of %s to %s; write it like 7d", shorten(text),
			key.least, key.most)
	}
	return time.Duration(d), nil
}

// SizingHeadroom reads a headroom, such as 25%. It returns an error if it is no number or outside
// the limits of the key.
func SizingHeadroom(text string) (float64, error) {
	v, err := units.PercentUnit.ParseValue(text)
	if err != nil || !(v >= 0 && v <= maxHeadroom) {
		return 0, fmt.Errorf("%q is no share of 0 to %s; write it like 25%%", shorten(text),
			units.PercentUnit.Text(maxHeadroom))
	}
	return v, nil
}

// sizing builds the comparison of requests with use, nil if the report has none.
func (b *builder) sizing(r *report, path string, out *Report) *Sizing {
	s := DefaultSizing()
	if r.Sizing == nil {
		if out.Send == SendChanges || !readsContainers(out.Panels) {
			return nil
		}
		return &s
	}
	path = key(path, "sizing")
	s.Window = time.Duration(r.Sizing.Window)
	s.Headroom = b.number(r.Sizing.Headroom, key(path, "headroom"), units.PercentUnit, maxHeadroom)
	if c := r.Sizing.Cost; c != nil {
		at := key(path, "cost")
		s.CPUHour = b.number(c.CPUHour, key(at, "cpu_hour"), units.None, maxPrice)
		s.MemoryGiBHour = b.number(c.MemoryGiBHour, key(at, "memory_gib_hour"), units.None,
			maxPrice)
	}
	if !r.Sizing.Enabled {
		return nil
	}
	return &s
}

// number reads a number from 0 to most. Without any it is 0.
func (b *builder) number(q quantity, path string, u units.Unit, most float64) float64 {
	if q == "" {
		return 0
	}
	v, err := u.ParseValue(string(q))
	switch {
	case err != nil:
		b.problem(path, "%v", err)
	case !(v >= 0 && v <= most):
		b.problem(path, "%s is out of bounds; write 0 to %s", shorten(string(q)), u.Text(most))
	default:
		return v
	}
	return 0
}

// readsContainers reports whether a panel is about the CPU or memory of containers.
func readsContainers(panels []panel.Spec) bool {
	for _, p := range panels {
		for _, q := range p.Queries {
			if strings.Contains(q.Expr, "container_cpu_usage_seconds_total") ||
				strings.Contains(q.Expr, "container_memory_working_set_bytes") {
				return true
			}
		}
	}
	return false
}
