package lab

import (
	"math"
	"sync/atomic"
)

// metric is a metric family: its metadata, the exporter that exposes it, and its series.
type metric struct {
	name, kind, help string
	from             source
	expose           func(t *target, emit emitter)
	synthetic        bool // written by Prometheus for every target, even after a failed scrape
	anySource        bool // exposed by every exporter
	bare             bool // written by Prometheus from its rules: without the labels of a target
}

// emitter receives one series of an exporter: the times in which it exists, its value, and its
// labels as alternating names and values.
type emitter func(alive spans, value sampler, labels ...string)

const (
	gauge       = "gauge"
	counterKind = "counter"
)

// constant always samples the same value.
func constant(v float64) sampler { return func(int64) float64 { return v } }

// flag samples 1 while holds is true, else 0.
func flag(holds func(t int64) bool) sampler {
	return func(t int64) float64 {
		if holds(t) {
			return 1
		}
		return 0
	}
}

// counted samples a counter: a signal integrated since the last start, in the signal's unit times
// seconds, and transformed by scale. Its noise is delayed by lag.
func counted(s *signal, lag int64, began func(t int64) int64,
	scale func(seconds, v float64) float64) sampler {
	// The integral at the start is nearly always that of the sample before.
	type origin struct {
		begin int64
		v     float64
	}
	var last atomic.Pointer[origin]
	return func(t int64) float64 {
		begin := began(t)
		o := last.Load()
		if o == nil || o.begin != begin {
			o = &origin{begin, s.integral(begin, lag)}
			last.Store(o)
		}
		return scale(float64(t-begin)/1000, max(0, s.integral(t, lag)-o.v))
	}
}

// scaled multiplies and rounds down: counters of bytes, packets and periods are whole numbers.
func scaled(factor float64) func(seconds, v float64) float64 {
	return func(_, v float64) float64 { return math.Floor(factor * v) }
}

// round rounds a counter of seconds as exporters print it.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// newMetrics returns everything that the exporters of a cluster expose, and what Prometheus adds.
func newMetrics(c *cluster, p Profile) []metric {
	all := synthetic()
	all = append(all, nodeMetrics()...)
	all = append(all, nodeFilesystem()...)
	all = append(all, nodeNetwork()...)
	all = append(all, cadvisorMetrics(p)...)
	all = append(all, kubeletMetrics()...)
	all = append(all, stateOfNodes(c)...)
	all = append(all, stateOfPods(c)...)
	all = append(all, stateOfContainers(c)...)
	all = append(all, stateOfOwners(c)...)
	all = append(all, stateOfWorkloads(c)...)
	return all
}

// synthetic returns what Prometheus writes about each scrape and about itself.
func synthetic() []metric {
	return []metric{
		{name: "up", kind: gauge, synthetic: true, expose: func(t *target, emit emitter) {
			emit(always(), flag(t.up.contains))
		}},
		{name: "scrape_duration_seconds", kind: gauge, synthetic: true, expose: func(t *target,
			emit emitter) {
			seed := uint64(t.offset)
			emit(always(), func(at int64) float64 {
				return math.Round(1e6*(0.02+0.015*noise(seed, at))) / 1e6
			})
		}},
		{name: "scrape_samples_scraped", kind: gauge, synthetic: true, expose: func(t *target,
			emit emitter) {
			samples := float64(400 + uint64(t.offset)%800)
			emit(always(), func(at int64) float64 {
				if !t.up.contains(at) {
					return 0
				}
				return samples
			})
		}},
		{name: "process_start_time_seconds", kind: gauge, anySource: true,
			help: "Start time of the process since unix epoch in seconds.",
			expose: func(t *target, emit emitter) {
				emit(always(), func(at int64) float64 { return float64(t.startedAt(at)) / 1000 })
			}},
		{name: "prometheus_build_info", kind: gauge, from: prometheusItself,
			help: "A metric with a constant '1' value labeled by version, revision, branch, " +
				"goversion from which prometheus was built, and the goos and goarch for the build.",
			expose: func(_ *target, emit emitter) {
				emit(always(), constant(1), "version", buildVersion, "branch", "HEAD", "goversion",
					"go1.26", "goos", "linux", "goarch", "amd64", "revision", "promlab")
			}},
	}
}
