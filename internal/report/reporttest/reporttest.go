// Package reporttest has a made-up cluster and reports about it, for tests of reports and their
// formats.
package reporttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Slot is a Sunday, nine in the morning in Seoul.
var Slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// Seoul returns the zone of the reports.
func Seoul(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Answers is a Prometheus with prepared answers: for each query, series as functions of the time
// since the window began.
type Answers map[string][]Answer

// Answer is one series of an answer.
type Answer struct {
	Labels series.Labels
	At     func(h float64) float64 // hours since the window began
}

// Range implements snapshot.Querier.
func (a Answers) Range(_ context.Context, q promapi.Query,
	each func(series.Series) error) (promapi.Meta, error) {
	list, ok := a[q.Expr]
	if !ok {
		return promapi.Meta{}, errors.New("prometheus answered 503: query timed out in " +
			"expression evaluation")
	}
	for _, s := range list {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = s.At(q.Grid.At(i).Sub(Slot.Add(-24 * time.Hour)).Hours())
		}
		if err := each(series.Series{Labels: s.Labels.Clone(), Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := promapi.Meta{Expr: q.Expr, Grid: q.Grid, Series: len(list)}
	if q.Expr == "network_errors" {
		m.Partial, m.Warnings = true, []string{"PromQL warning: 1 store did not answer"}
	}
	return m, nil
}

// Present implements snapshot.Querier.
func (a Answers) Present(_ context.Context, names []string, _,
	_ time.Time) (map[string]bool, error) {
	present := map[string]bool{}
	for _, n := range names {
		present[n] = n == "oom_quiet"
	}
	return present, nil
}

// Wave returns a daily rhythm around mid, with noise that is the same in every run.
func Wave(mid, swing, phase float64) func(float64) float64 {
	return func(h float64) float64 {
		noise := math.Sin(h*7.3+phase*3)*math.Sin(h*2.9+phase*11) + 0.5*math.Sin(h*23.1+phase)
		return mid + swing*math.Sin((h+phase)*math.Pi/12) + swing*0.15*noise
	}
}

// Constant returns a function that is always v.
func Constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// leak rises, and stays above 0.9 from 02:15 on.
func leak(h float64) float64 {
	return 0.55 + 0.39*math.Min(1, math.Pow(h/24, 0.9)) + 0.004*math.Sin(h*9) +
		0.025*math.Exp(-(h-17)*(h-17)/81)
}

// NodeName returns the name of the i-th node.
func NodeName(i int) string { return fmt.Sprintf("ip-10-0-%d-%d", i/20+1, 10+i%20) }

// Fleet returns the answers and the nodes of a cluster in which there is something to find. One
// node in twenty has no exporter.
func Fleet(nodes int) (Answers, []snapshot.Node) {
	a := Answers{
		"kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes": {},
		"oom_quiet": {}, "psi": {},
	}
	var known []snapshot.Node
	for i := range nodes {
		name := NodeName(i)
		known = append(known, snapshot.Node{
			Name: name, InternalIP: fmt.Sprintf("10.0.%d.%d", i/20+1, 10+i%20),
			Exporter: i%20 != 17,
		})
		if i%20 == 17 {
			continue
		}
		f := float64(i)
		node, disk := series.FromPairs("node", name), series.FromPairs("node", name, "device",
			"/dev/nvme0n1p1")
		memory, cpu := Wave(0.42+0.004*float64(i%23), 0.06, f), Wave(0.28+0.008*float64(i%17), 0.12,
			f)
		full := Constant(0.3 + 0.011*float64(i%19))
		switch i {
		case 2:
			memory = leak
		case 5:
			memory = Wave(0.79, 0.035, -9)
		case 7:
			cpu = Wave(0.93, 0.01, 3)
		case 9:
			full = func(h float64) float64 { return 0.62 + 0.24*h/24 }
		case 11:
			memory = func(h float64) float64 {
				if h > 19.4 {
					return math.NaN()
				}
				return Wave(0.5, 0.05, 1)(h)
			}
			cpu = memory
		case 13:
			cpu = func(h float64) float64 {
				if h > 10 && h < 11.5 {
					return 0.96
				}
				return Wave(0.4, 0.1, 2)(h)
			}
		}
		a.Add("memory", node, memory)
		a.Add("memory_total", node, Constant(64<<30))
		a.Add("cpu", node, cpu)
		a.Add("cores", node, Constant(16))
		a.Add("disk", disk, full)
		a.Add("disk_size", disk, Constant(200<<30))
		a.Add("requests", node, Constant(0.6+0.01*float64(i%28)))
		a.Add("network", node, func(h float64) float64 { return 4e6 * (1 + 3*Wave(1, 0.5, f)(h)) })
		a.Add("network_errors", node, Constant(0))
	}
	a.Add("oom", series.FromPairs("namespace", "spark", "pod", "exec-7", "container", "executor"),
		func(h float64) float64 {
			if h < 23.2 {
				return math.NaN()
			}
			return 3
		})
	for i := range 60 {
		pod := series.FromPairs("namespace", "shop", "pod",
			fmt.Sprintf("checkout-6b7d9c5f4-%05d", i*7919%99991), "container", "app")
		use := Wave(0.5+0.004*float64(i), 0.05, float64(i))
		if i == 4 {
			use = Wave(0.955, 0.004, 2)
		}
		a.Add("container_memory", pod, use)
		a.Add("container_limit", pod, Constant(2<<30))
	}
	return a, known
}

// Add adds a series to the answer of a query.
func (a Answers) Add(query string, ls series.Labels, at func(float64) float64) {
	a[query] = append(a[query], Answer{ls, at})
}

// Specs returns panels like the built-in ones, with queries that Fleet answers.
func Specs() []panel.Spec { return append(nodeSpecs(), otherSpecs()...) }

// limits returns one rule with a warning and, if critical is above 0, a critical limit.
func limits(name string, warning, critical float64, d time.Duration) []rules.Rule {
	r := rules.Rule{Name: name, Warning: rules.At(warning), For: d}
	if critical > 0 {
		r.Critical = rules.At(critical)
	}
	return []rules.Rule{r}
}

// nodeSpecs returns the panels of the section Nodes.
func nodeSpecs() []panel.Spec {
	return []panel.Spec{
		{
			Measure: panel.NodeMemory,
			Name:    "node-memory", Title: "Node memory", Section: "Nodes",
			Queries: []panel.Query{{Expr: "memory", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject: "memory",
			Why: "Memory in use is the total minus MemAvailable, the kernel's own estimate of " +
				"what it can hand out without swapping. MemFree and Active count page cache as " +
				"used, although the kernel gives it back on demand: by them, a healthy node " +
				"looks full.",
			Capacity: &panel.Capacity{Query: "memory_total", Unit: units.Bytes},
			Rules: append(limits("NodeMemoryHigh", 0.8, 0.9, 15*time.Minute), rules.Rule{
				Name: "p95", Reduce: rules.P95, Warning: rules.At(0.85),
			}),
		},
		{
			Measure: panel.NodeCPU,
			Name:    "node-cpu", Title: "Node CPU", Section: "Nodes",
			Queries: []panel.Query{{Expr: "cpu", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject: "CPU",
			Why: "The share of CPU time that the cores spent on this machine's work. iowait and " +
				"steal do not count.",
			Capacity: &panel.Capacity{Query: "cores", Unit: units.Cores},
			Rules:    limits("NodeCPUHigh", 0.8, 0.95, 30*time.Minute),
		},
		{
			Measure: panel.NodeDisk,
			Name:    "node-disk", Title: "Node disks", Section: "Nodes",
			Queries: []panel.Query{
				{Expr: "disk", Unit: units.PercentUnit, Legend: "{{node}} {{device}}"},
			},
			Subject:  "disk",
			Why:      "One row for each device: some systems mount one disk five times.",
			Capacity: &panel.Capacity{Query: "disk_size", Unit: units.Bytes},
			Rules:    limits("NodeDiskHigh", 0.8, 0.88, 15*time.Minute),
		},
		{
			Name: "node-network", Title: "Node network traffic", Section: "Nodes",
			Queries: []panel.Query{
				{Expr: "network", Unit: units.BytesPerSecond, Legend: "{{node}}"},
			},
			Subject: "network traffic", Why: "No limit: a virtual NIC's reported speed is not " +
				"your cloud bandwidth.",
		},
		{
			Name: "node-network-errors", Title: "Node network errors", Section: "Nodes",
			Queries: []panel.Query{
				{Expr: "network_errors", Unit: units.PercentUnit, Legend: "{{node}}"},
			},
			Subject: "network errors", Rules: limits("NodeNetworkErrors", 0.01, 0, 30*time.Minute),
		},
		{
			Name: "node-pressure", Title: "Node memory pressure", Section: "Nodes",
			Queries:  []panel.Query{{Expr: "psi", Unit: units.PercentUnit}},
			Optional: true,
		},
		{
			Measure: panel.NodeMemoryRequests,
			Name:    "node-requests", Title: "Node memory requests", Section: "Nodes",
			Queries: []panel.Query{{Expr: "requests", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject: "memory requests", Rules: limits("NodeMemoryRequestsHigh", 0.9, 0,
				30*time.Minute),
		},
	}
}

// otherSpecs returns the panels of the other sections.
func otherSpecs() []panel.Spec {
	return []panel.Spec{
		{
			Name: "container-memory", Title: "Container memory (% of limit)",
			Section: "Containers",
			Queries: []panel.Query{{
				Expr:   "container_memory",
				Unit:   units.PercentUnit,
				Legend: "{{namespace}}/{{pod}}/{{container}}",
			}},
			Subject:  "memory",
			Why:      "The working set is what the OOM killer counts. Usage includes page cache.",
			Capacity: &panel.Capacity{Query: "container_limit", Unit: units.Bytes},
			Rules:    limits("ContainerMemoryNearLimit", 0.85, 0.95, 15*time.Minute),
		},
		{
			Name: "container-oom", Title: "Containers OOM-killed", Section: "Containers",
			Queries: []panel.Query{{
				Expr:   "oom",
				Unit:   units.Short,
				Legend: "{{namespace}}/{{pod}}/{{container}}",
			}},
			Subject: "OOM kills", EmptyIsOK: true,
			Events: &panel.Events{
				Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"},
			},
			Rules: []rules.Rule{
				{
					Name: "ContainerOOMKilled", Critical: rules.At(0),
					NoData: rules.ResolveOnNoData, RunbookURL: "https://runbooks.example.com/oom",
				},
			},
		},
		{
			Name: "container-quiet", Title: "Containers never OOM-killed", Section: "Containers",
			Queries:   []panel.Query{{Expr: "oom_quiet", Unit: units.Short}},
			Subject:   "kills",
			EmptyIsOK: true, Rules: []rules.Rule{{Name: "Quiet", Critical: rules.At(0)}},
		},
		{
			Name: "container-throttling", Title: "Container CPU throttling",
			Section: "Containers",
			Queries: []panel.Query{{Expr: "throttling", Unit: units.PercentUnit}},
			Subject: "throttling", Rules: limits("ContainerCPUThrottled", 0.25, 0, 30*time.Minute),
		},
		{
			Name: "pvc", Title: "Persistent volumes", Section: "Storage",
			Queries: []panel.Query{{
				Unit: units.PercentUnit,
				Expr: "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes",
			}},
			Subject: "volume",
			Hint:    "The kubelet's own /metrics provides these metrics.",
			Rules:   limits("VolumeHigh", 0.8, 0.9, 15*time.Minute),
		},
	}
}

// Take queries the answers as a run does.
func Take(a Answers, specs []panel.Spec) []snapshot.Panel {
	return snapshot.Take(context.Background(), a, specs, snapshot.Options{
		Slot: Slot, Range: 24 * time.Hour, QueryOffset: time.Minute,
	})
}

// Info returns the Info of the daily report.
func Info(t testing.TB, nodes []snapshot.Node) report.Info {
	t.Helper()
	return report.Info{
		Cluster: "prod-seoul", Name: "daily", Title: "Daily capacity", Slot: Slot,
		Range: 24 * time.Hour, Zone: Seoul(t), Version: "v0.1.0",
		Server: "Prometheus 3.15.0", ServerURL: "http://prometheus-server.monitoring.svc",
		ExternalURL: "https://prometheus.example.com/prom",
		Command:     "promsnap run daily -c promsnap.yaml --time 2026-11-22T00:00:00Z",
		Nodes:       nodes, Scrape: time.Minute,
	}
}

// Daily returns the report of a cluster of 42 nodes.
func Daily(t testing.TB) *report.Report {
	t.Helper()
	a, nodes := Fleet(42)
	return report.Build(Info(t, nodes), Take(a, Specs()))
}

// Machines returns nodes as the Kubernetes API reports them: in three pools and zones, three of
// them with an old kubelet, some in trouble.
func Machines(nodes []snapshot.Node) []snapshot.Node {
	out := slices.Clone(nodes)
	for i := range out {
		n := &out[i]
		n.Known, n.Kubelet, n.Created = true, "v1.36.3",
			Slot.Add(-time.Duration(34*24+i*7)*time.Hour-17*time.Minute)
		n.InstanceType, n.Pool = []string{
			"m5.2xlarge", "r6i.4xlarge", "c7g.xlarge",
		}[i%3], []string{"general", "spark", "kafka"}[i%3]
		n.Zone = "ap-northeast-2" + string("abc"[i%3])
		n.Capacity = snapshot.Resources{CPU: 8, Memory: 32 << 30, Storage: 80 << 30, Pods: 58}
		n.Allocatable = snapshot.Resources{CPU: 7.91, Memory: 31 << 30, Pods: 58}
		if i%3 == 2 {
			n.Taints = []string{"dedicated=kafka:NoSchedule"}
		}
		switch i {
		case 2:
			n.Conditions = []string{"MemoryPressure"}
		case 4, 20:
			n.Cordoned, n.Taints = true, append(n.Taints,
				"node.kubernetes.io/unschedulable:NoSchedule")
			n.Kubelet = "v1.35.2"
		case 11:
			n.Conditions, n.Kubelet = []string{"NotReady"}, "v1.35.2"
			n.Taints = append(n.Taints, "node.kubernetes.io/unreachable:NoSchedule",
				"node.kubernetes.io/unreachable:NoExecute")
		}
	}
	return out
}

// WithMachines returns the daily report of a promsnap that can ask the Kubernetes API.
func WithMachines(t testing.TB) *report.Report {
	t.Helper()
	a, nodes := Fleet(42)
	return report.Build(Info(t, Machines(nodes)), Take(a, Specs()))
}
