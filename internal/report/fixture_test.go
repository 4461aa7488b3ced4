package report

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
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// slot is a Sunday, nine in the morning in Seoul.
var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func seoul(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// answers is a Prometheus that gives prepared answers: by query, the series as functions of the time since the window's begin.
type answers map[string][]answer

type answer struct {
	labels series.Labels
	at     func(h float64) float64 // hours since the window began
}

func (a answers) Range(_ context.Context, q promapi.Query, each func(series.Series) error) (promapi.Meta, error) {
	list, ok := a[q.Expr]
	if !ok {
		return promapi.Meta{}, errors.New("prometheus answered 503: query timed out in expression evaluation")
	}
	for _, s := range list {
		values := make([]float64, q.Grid.Len)
		for i := range values {
			values[i] = s.at(q.Grid.At(i).Sub(slot.Add(-24 * time.Hour)).Hours())
		}
		if err := each(series.Series{Labels: s.labels.Clone(), Values: values}); err != nil {
			return promapi.Meta{}, err
		}
	}
	m := promapi.Meta{Expr: q.Expr, Grid: q.Grid, Series: len(list)}
	if q.Expr == "network_errors" {
		m.Partial, m.Warnings = true, []string{"PromQL warning: 1 store did not answer"}
	}
	return m, nil
}

func (a answers) Present(_ context.Context, names []string, _, _ time.Time) (map[string]bool, error) {
	present := map[string]bool{}
	for _, n := range names {
		present[n] = n == "oom_quiet"
	}
	return present, nil
}

// wave is a daily rhythm around mid with some noise that is the same in every run.
func wave(mid, swing, phase float64) func(float64) float64 {
	return func(h float64) float64 {
		noise := math.Sin(h*7.3+phase*3)*math.Sin(h*2.9+phase*11) + 0.5*math.Sin(h*23.1+phase)
		return mid + swing*math.Sin((h+phase)*math.Pi/12) + swing*0.15*noise
	}
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// leak climbs to top and stays beyond .9 from a quarter past two in the night.
func leak(h float64) float64 {
	return 0.55 + 0.39*math.Min(1, math.Pow(h/24, 0.9)) + 0.004*math.Sin(h*9) + 0.025*math.Exp(-(h-17)*(h-17)/81)
}

// nodeName is the name of the i-th node.
func nodeName(i int) string { return fmt.Sprintf("ip-10-0-%d-%d", i/20+1, 10+i%20) }

// fleetOf answers for a cluster of so many nodes, two of them without an exporter, with things to find.
func fleetOf(nodes int) (answers, []snapshot.Node) {
	a := answers{
		"kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes": {}, "oom_quiet": {}, "psi": {},
	}
	var known []snapshot.Node
	for i := range nodes {
		name := nodeName(i)
		known = append(known, snapshot.Node{Name: name, InternalIP: fmt.Sprintf("10.0.%d.%d", i/20+1, 10+i%20), Exporter: i%20 != 17})
		if i%20 == 17 {
			continue
		}
		f := float64(i)
		node, disk := series.FromPairs("node", name), series.FromPairs("node", name, "device", "/dev/nvme0n1p1")
		memory, cpu := wave(0.42+0.004*float64(i%23), 0.06, f), wave(0.28+0.008*float64(i%17), 0.12, f)
		full := constant(0.3 + 0.011*float64(i%19))
		switch i {
		case 2:
			memory = leak
		case 5:
			memory = wave(0.79, 0.035, -9)
		case 7:
			cpu = wave(0.93, 0.01, 3)
		case 9:
			full = func(h float64) float64 { return 0.62 + 0.24*h/24 }
		case 11:
			memory = func(h float64) float64 {
				if h > 19.4 {
					return math.NaN()
				}
				return wave(0.5, 0.05, 1)(h)
			}
			cpu = memory
		case 13:
			cpu = func(h float64) float64 {
				if h > 10 && h < 11.5 {
					return 0.96
				}
				return wave(0.4, 0.1, 2)(h)
			}
		}
		a.add("memory", node, memory)
		a.add("memory_total", node, constant(64<<30))
		a.add("cpu", node, cpu)
		a.add("cores", node, constant(16))
		a.add("disk", disk, full)
		a.add("disk_size", disk, constant(200<<30))
		a.add("requests", node, constant(0.6+0.01*float64(i%28)))
		a.add("network", node, func(h float64) float64 { return 4e6 * (1 + 3*wave(1, 0.5, f)(h)) })
		a.add("network_errors", node, constant(0))
	}
	a.add("oom", series.FromPairs("namespace", "spark", "pod", "exec-7", "container", "executor"), func(h float64) float64 {
		if h < 23.2 {
			return math.NaN()
		}
		return 3
	})
	for i := range 60 {
		pod := series.FromPairs("namespace", "shop", "pod", fmt.Sprintf("checkout-6b7d9c5f4-%05d", i*7919%99991), "container", "app")
		use := wave(0.5+0.004*float64(i), 0.05, float64(i))
		if i == 4 {
			use = wave(0.955, 0.004, 2)
		}
		a.add("container_memory", pod, use)
		a.add("container_limit", pod, constant(2<<30))
	}
	return a, known
}

func (a answers) add(query string, ls series.Labels, at func(float64) float64) {
	a[query] = append(a[query], answer{ls, at})
}

// specs are panels in the built-in panels' shape over fleetOf's answers.
func specs() []panel.Spec {
	limits := func(name string, warning, critical float64, d time.Duration) []rules.Rule {
		r := rules.Rule{Name: name, Warning: rules.At(warning), For: d}
		if critical > 0 {
			r.Critical = rules.At(critical)
		}
		return []rules.Rule{r}
	}
	return []panel.Spec{
		{
			Measure: panel.NodeMemory,
			Name:    "node-memory", Title: "Memory of nodes", Section: "Nodes",
			Queries:  []panel.Query{{Expr: "memory", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject:  "memory",
			Why:      "MemAvailable is the kernel's own estimate of what it can still give without swapping; the rest is in use. MemFree and Active are no measure of that: page cache, which the kernel gives back when it is asked, makes a healthy node look full.",
			Capacity: &panel.Capacity{Query: "memory_total", Unit: units.Bytes},
			Rules:    append(limits("NodeMemoryHigh", 0.8, 0.9, 15*time.Minute), rules.Rule{Name: "p95", Reduce: rules.P95, Warning: rules.At(0.85)}),
		},
		{
			Measure: panel.NodeCPU,
			Name:    "node-cpu", Title: "CPU of nodes", Section: "Nodes",
			Queries:  []panel.Query{{Expr: "cpu", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject:  "CPU",
			Why:      "The share of CPU time in which the cores did work of this machine; iowait and steal are not busy.",
			Capacity: &panel.Capacity{Query: "cores", Unit: units.Cores}, Rules: limits("NodeCPUHigh", 0.8, 0.95, 30*time.Minute),
		},
		{
			Measure: panel.NodeDisk,
			Name:    "node-disk", Title: "Disks of nodes", Section: "Nodes",
			Queries:  []panel.Query{{Expr: "disk", Unit: units.PercentUnit, Legend: "{{node}} {{device}}"}},
			Subject:  "disk",
			Why:      "By device, because some systems mount one disk five times.",
			Capacity: &panel.Capacity{Query: "disk_size", Unit: units.Bytes}, Rules: limits("NodeDiskHigh", 0.8, 0.88, 15*time.Minute),
		},
		{
			Name: "node-network", Title: "Network traffic of nodes", Section: "Nodes",
			Queries: []panel.Query{{Expr: "network", Unit: units.BytesPerSecond, Legend: "{{node}}"}},
			Subject: "network traffic", Why: "Drawn without a limit: cloud network cards lie about their speed.",
		},
		{
			Name: "node-network-errors", Title: "Network errors of nodes", Section: "Nodes",
			Queries: []panel.Query{{Expr: "network_errors", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject: "network errors", Rules: limits("NodeNetworkErrors", 0.01, 0, 30*time.Minute),
		},
		{
			Name: "node-pressure", Title: "Memory pressure of nodes", Section: "Nodes",
			Queries:  []panel.Query{{Expr: "psi", Unit: units.PercentUnit}},
			Optional: true,
		},
		{
			Measure: panel.NodeMemoryRequests,
			Name:    "node-requests", Title: "Memory requested on nodes", Section: "Nodes",
			Queries: []panel.Query{{Expr: "requests", Unit: units.PercentUnit, Legend: "{{node}}"}},
			Subject: "memory requests", Rules: limits("NodeMemoryRequestsHigh", 0.9, 0, 30*time.Minute),
		},
		{
			Name: "container-memory", Title: "Memory of containers, of their limits", Section: "Containers",
			Queries: []panel.Query{{
				Expr:   "container_memory",
				Unit:   units.PercentUnit,
				Legend: "{{namespace}}/{{pod}}/{{container}}",
			}},
			Subject: "memory", Why: "Working set is what the OOM killer counts; usage includes page cache.",
			Capacity: &panel.Capacity{Query: "container_limit", Unit: units.Bytes}, Rules: limits("ContainerMemoryNearLimit", 0.85, 0.95, 15*time.Minute),
		},
		{
			Name: "container-oom", Title: "Containers killed for memory", Section: "Containers",
			Queries: []panel.Query{{
				Expr:   "oom",
				Unit:   units.Short,
				Legend: "{{namespace}}/{{pod}}/{{container}}",
			}},
			Subject: "OOM kills", EmptyIsOK: true,
			Events: &panel.Events{Within: time.Hour, Said: words.Counted{One: "%s OOM kill", Many: "%s OOM kills"}},
			Rules:  []rules.Rule{{Name: "ContainerOOMKilled", Critical: rules.At(0), NoData: rules.ResolveOnNoData, RunbookURL: "https://runbooks.example.com/oom"}},
		},
		{
			Name: "container-quiet", Title: "Containers that nobody killed", Section: "Containers",
			Queries:   []panel.Query{{Expr: "oom_quiet", Unit: units.Short}},
			Subject:   "kills",
			EmptyIsOK: true, Rules: []rules.Rule{{Name: "Quiet", Critical: rules.At(0)}},
		},
		{
			Name: "container-throttling", Title: "CPU throttling of containers", Section: "Containers",
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
			Hint:    "The kubelet's own /metrics brings it.", Rules: limits("VolumeHigh", 0.8, 0.9, 15*time.Minute),
		},
	}
}

// take runs the specs over the answers as the line does.
func take(a answers, specs []panel.Spec) []snapshot.Panel {
	return snapshot.Take(context.Background(), a, specs, snapshot.Options{Slot: slot, Range: 24 * time.Hour, QueryOffset: time.Minute})
}

func info(t testing.TB, nodes []snapshot.Node) Info {
	t.Helper()
	return Info{
		Cluster: "prod-seoul", Name: "daily", Title: "Daily capacity", Slot: slot, Range: 24 * time.Hour, Zone: seoul(t), Version: "v0.1.0",
		Server: "Prometheus 3.15.0", ServerURL: "http://prometheus-server.monitoring.svc", ExternalURL: "https://prometheus.example.com/prom",
		Command: "promsnap run daily -c promsnap.yaml --time 2026-11-22T00:00:00Z", Nodes: nodes, Scrape: time.Minute,
	}
}

// daily is the report of a cluster of 42 nodes.
func daily(t testing.TB) *Report {
	t.Helper()
	a, nodes := fleetOf(42)
	return Build(info(t, nodes), take(a, specs()))
}

// files returns the rendered files by name.
func files(t testing.TB, r *Report) map[string][]byte {
	t.Helper()
	list, err := r.Render(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, f := range list {
		if _, twice := byName[f.Name]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		byName[f.Name] = f.Body
	}
	return byName
}

func names(m map[string][]byte) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
