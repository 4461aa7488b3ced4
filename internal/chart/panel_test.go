package chart

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

const gib = 1 << 30

// slotTime is the newest sample of the panels below.
var slotTime = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func seoul() *time.Location { return mustZone("Asia/Seoul") }

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// gridTo returns a grid of n samples step apart, the last one at end.
func gridTo(end time.Time, n int, step time.Duration) series.Grid {
	return series.Grid{Start: end.Add(-time.Duration(n-1) * step), Step: step, Len: n}
}

// panelOf makes a panel of series as a snapshot would: the first top series as lines, the others as
// a band.
func panelOf(title string, u units.Unit, g series.Grid, top int, names []string,
	values [][]float64) *snapshot.Panel {
	p := &snapshot.Panel{
		Spec: panel.Spec{Name: "test", Title: title, Queries: []panel.Query{{Unit: u}}}, Grid: g,
		Total: len(names), Data: snapshot.DataComplete,
	}
	for i, name := range names {
		row := snapshot.Row{
			Name: name, Stats: statsOf(values[i], g), Capacity: math.NaN(), Status: rules.OK,
		}
		p.Rows = append(p.Rows, row)
		if i < top {
			p.Lines = append(p.Lines, snapshot.Line{Row: row, Values: values[i]})
		}
	}
	if len(names) > top {
		p.Rest = bandOf(values[top:], g)
	}
	return p
}

func statsOf(values []float64, g series.Grid) snapshot.Stats {
	s := snapshot.Stats{Last: math.NaN(), Avg: math.NaN(), Min: math.NaN(), Max: math.NaN()}
	sum := 0.0
	for i, v := range values {
		if !math.IsNaN(v) {
			s.Last = v
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if s.Samples == 0 {
			s.Min, s.Max = v, v
		}
		s.Samples++
		sum += v
		s.Min = min(s.Min, v)
		if v >= s.Max {
			s.Max, s.MaxAt = v, g.At(i)
		}
	}
	if s.Samples > 0 {
		s.Avg = sum / float64(s.Samples)
	}
	return s
}

func bandOf(values [][]float64, g series.Grid) *snapshot.Band {
	b := &snapshot.Band{Series: len(values), Sampled: len(values)}
	for i := range g.Len {
		var at []float64
		sum := 0.0
		for _, v := range values {
			if !math.IsNaN(v[i]) {
				at = append(at, v[i])
				sum += v[i]
			}
		}
		slices.Sort(at)
		quantile := func(q float64) float64 {
			if len(at) == 0 {
				return math.NaN()
			}
			return at[int(q*float64(len(at)-1)+0.5)]
		}
		b.Min, b.P05, b.P95, b.Max = append(b.Min, quantile(0)), append(b.P05, quantile(0.05)),
			append(b.P95, quantile(0.95)), append(b.Max, quantile(1))
		if len(at) == 0 {
			sum = math.NaN()
		}
		b.Sum, b.Count = append(b.Sum, sum), append(b.Count, len(at))
	}
	return b
}

// wander returns a load with a daily rhythm, noise and a mean.
func wander(seed uint64, n int, mean, swing, noise float64) []float64 {
	rnd := rand.New(rand.NewPCG(seed, 7))
	out := make([]float64, n)
	drift := 0.0
	for i := range out {
		drift = drift*0.97 + (rnd.Float64()-0.5)*noise
		out[i] = max(mean+swing*math.Sin(float64(i)/float64(n)*2*math.Pi-1)+drift, 0)
	}
	return out
}

// nodeMemory is the memory of twelve nodes as a ratio: one in breach, one with a gap, one with a
// saw-tooth that ends in kills.
func nodeMemory(n int, step time.Duration) *snapshot.Panel {
	g := gridTo(slotTime, n, step)
	var names []string
	var values [][]float64
	for i := range 12 {
		names = append(names, fmt.Sprintf("ip-10-0-%d-%d", 1+i/8, 11+i))
		v := wander(uint64(i), n, 0.72-0.04*float64(i), 0.09, 0.012)
		switch i {
		case 0: // leaks
			for j := range v {
				v[j] = 0.55 + 0.39*float64(j)/float64(n) + (v[j]-0.72)*0.12
			}
		case 2: // was down
			for j := n * 5 / 10; j < n*6/10; j++ {
				v[j] = math.NaN()
			}
		case 5: // saw-tooth
			for j := range v {
				v[j] = 0.2 + 0.55*math.Mod(float64(j)/float64(n)*2.7, 1)
			}
		}
		values = append(values, v)
	}
	p := panelOf("Node memory used", units.PercentUnit, g, 12, names, values)
	p.Spec.Rules = []rules.Rule{
		{
			Name: "NodeMemory", Warning: rules.At(0.8), Critical: rules.At(0.9),
			For: 15 * time.Minute,
		},
	}
	p.Spec.Capacity = &panel.Capacity{Unit: units.Bytes}
	for i := range p.Lines {
		p.Rows[i].Node, p.Lines[i].Node = p.Rows[i].Name, p.Rows[i].Name
		p.Rows[i].Capacity = []float64{64, 64, 128}[i%3] * gib
		p.Lines[i].Capacity = p.Rows[i].Capacity
	}
	breach(p, 0, rules.Critical, 0.9, slotTime.Add(-90*time.Minute))
	return p
}

// breach marks line i as in breach of a limit.
func breach(p *snapshot.Panel, i int, s rules.Severity, limit float64, since time.Time) {
	l := &p.Lines[i]
	l.Status, l.Severity = rules.Breach, s
	name := ""
	if len(p.Spec.Rules) > 0 {
		name = p.Spec.Rules[0].Name
	}
	p.Findings = append(p.Findings, snapshot.Finding{
		Name: l.Name, Node: l.Node,
		Finding: rules.Finding{
			Rule: name, Status: rules.Breach, Severity: s, Value: l.Stats.Last, Limit: limit,
			Newest: p.Grid.End(),
			Streak: &rules.Streak{From: since, To: p.Grid.End(), Limit: limit, Severity: s},
		},
	})
}

// fleetCPU is the CPU of many nodes: the busiest ten as lines, the others as a band.
func fleetCPU(nodes, n int) *snapshot.Panel {
	g := gridTo(slotTime, n, 2*time.Minute)
	var names []string
	for i := range nodes {
		names = append(names, fmt.Sprintf("worker-%03d.kr-seoul-1", i))
	}
	p := panelOf("Node CPU busy", units.PercentUnit, g, 10, names, fleetValues(nodes, n))
	for i := range p.Rows {
		p.Rows[i].Node = p.Rows[i].Name
	}
	p.Spec.Rules = []rules.Rule{{Name: "NodeCPU", Warning: rules.At(0.8), Critical: rules.At(0.95)}}
	return p
}

func fleetValues(nodes, n int) [][]float64 {
	var values [][]float64
	for i := range nodes {
		mean, swing := 0.12, 0.05
		if i < 10 {
			mean, swing = 0.6-0.025*float64(i), 0.12
		}
		values = append(values, wander(uint64(100+i), n, mean+0.1*math.Sin(float64(i)), swing,
			0.05))
	}
	return values
}

func limitRules(warning, critical float64) []rules.Rule {
	return []rules.Rule{{Name: "r", Warning: rules.At(warning), Critical: rules.At(critical)}}
}

// podMemory is the memory of containers with long names, more of them than hues. The first was
// killed and restarted.
func podMemory() *snapshot.Panel {
	workloads := []string{"recommendation-feature-store-online", "istio-ingressgateway-external",
		"checkout-api", "auth-session-gateway",
		"search-indexer-elasticsearch-data", "kafka-mirrormaker2-cluster-a",
		"notification-push-dispatcher", "ml-inference-triton-server-a100"}
	g := gridTo(slotTime, 361, time.Minute)
	var names []string
	var values [][]float64
	for i := range 60 {
		names = append(names, fmt.Sprintf("prod-%02d/%s-%x-%05x", i%7, workloads[i*5%8],
			0x9e3779b9*(i+1)%0xffffff, 0x85ebca6b*(i+3)%0xfffff))
		v := wander(uint64(300+i), 361, (9.5-float64(i)*0.45)*gib, gib/2, gib/3)
		if i > 14 {
			v = wander(uint64(300+i), 361, 2*gib, gib/3, gib/3)
		}
		if i == 0 {
			for j := range v {
				v[j] = (5 + 7*math.Mod(float64(j)/130, 1)) * gib
			}
		}
		values = append(values, v)
	}
	p := panelOf("Container memory", units.Bytes, g, 15, names, values)
	p.Spec.Rules = []rules.Rule{{Name: "m", Warning: rules.At(10 * gib)}}
	breach(p, 0, rules.Warning, 10*gib, slotTime.Add(-7*time.Minute))
	return p
}

func hangul() *snapshot.Panel {
	p := nodeMemory(361, 4*time.Minute)
	p.Spec.Title = "노드 메모리 사용량 (최근 24시간)"
	for i := range p.Lines {
		p.Lines[i].Name = fmt.Sprintf("서울-노드-%02d", i+1)
		p.Rows[i].Name = p.Lines[i].Name
	}
	p.Findings[0].Name = p.Lines[0].Name
	return p
}

// korean has every kind of word in a chart of lines: a finding, a band, capacities in cores, limits
// on the axis and beyond it.
func korean() *snapshot.Panel {
	p := fleetCPU(60, 361)
	p.Spec.Title = "노드 CPU"
	p.Spec.Rules = limitRules(0.5, 0.7)
	p.Spec.Capacity = &panel.Capacity{Unit: units.Cores}
	for i := range p.Lines {
		p.Lines[i].Capacity = float64(int(16) << (i % 3))
	}
	breach(p, 1, rules.Warning, 0.5, p.Grid.At(20))
	breach(p, 2, rules.Warning, 0.5, p.Grid.At(320))
	return p
}

func clocksGoBack() *snapshot.Panel {
	g := gridTo(time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC), 181, 3*time.Minute)
	return panelOf("Clocks go back: 01:00 comes twice", units.Cores, g, 3, []string{"a", "b", "c"},
		[][]float64{
			wander(1, 181, 3, 1, 0.3), wander(2, 181, 2, 1, 0.3), wander(3, 181, 1, 0.5, 0.3),
		})
}

// scrapeHealth breaches downward, and ends before the window does.
func scrapeHealth() *snapshot.Panel {
	g := gridTo(slotTime, 121, time.Minute)
	up, part, gone := make([]float64, 121), make([]float64, 121), make([]float64, 121)
	for i := range up {
		up[i], part[i], gone[i] = 1, 1, 0.99
		if i > 40 && i < 55 || i > 100 {
			part[i] = 0.4
		}
		if i > 80 {
			gone[i] = math.NaN()
		}
	}
	p := panelOf("Targets that answer", units.PercentUnit, g, 3, []string{
		"node-exporter", "kubelet", "kube-state-metrics",
	}, [][]float64{part, gone, up})
	p.Spec.Rules = []rules.Rule{
		{
			Name: "ScrapeHealth", Direction: rules.Below, Warning: rules.At(0.9),
			Critical: rules.At(0.5), For: 10 * time.Minute,
		},
	}
	breach(p, 0, rules.Critical, 0.5, g.At(101))
	return p
}

// quiet is a ratio far below its limits.
func quiet() *snapshot.Panel {
	p := nodeMemory(361, 4*time.Minute)
	p.Spec.Title, p.Findings = "Inodes used", nil
	for i := range p.Lines {
		p.Lines[i].Status = rules.OK
		for j := range p.Lines[i].Values {
			p.Lines[i].Values[j] *= 0.07
		}
		p.Lines[i].Stats = statsOf(p.Lines[i].Values, p.Grid)
	}
	p.Lines = p.Lines[:4]
	p.Rows, p.Total = p.Rows[:4], 4
	return p
}

func thirtyDays() *snapshot.Panel {
	g := gridTo(slotTime, 8641, 5*time.Minute)
	disk, other := wander(5, 8641, 0.5, 0.02, 0.004), wander(6, 8641, 0.3, 0.1, 0.03)
	for i := range disk {
		disk[i] += 0.36 * float64(i) / 8641
		other[i] += 0.05 * math.Sin(float64(i)/288*2*math.Pi)
	}
	other[4000] = 0.97 // one sample
	p := panelOf("Disk used", units.PercentUnit, g, 2, []string{
		"ip-10-0-1-11 /dev/nvme1n1", "ip-10-0-1-12 /dev/nvme0n1p1",
	}, [][]float64{disk, other})
	p.Spec.Rules = limitRules(0.8, 0.88)
	p.Data = snapshot.DataPartial
	breach(p, 0, rules.Warning, 0.8, slotTime.Add(-70*time.Hour))
	return p
}

// sparse has as few data as possible: single samples, a short stretch, infinities.
func sparse() *snapshot.Panel {
	g := gridTo(slotTime, 61, time.Minute)
	values := make([][]float64, 3)
	for i := range values {
		values[i] = make([]float64, 61)
		for j := range values[i] {
			values[i][j] = math.NaN()
		}
	}
	values[0][30], values[0][60] = 3, 4
	for j := 10; j < 25; j++ {
		values[1][j] = 2
	}
	for j := range values[2] {
		values[2][j] = 1
		if j%20 < 3 {
			values[2][j] = math.Inf(1)
		}
	}
	return panelOf("Restarts", units.Short, g, 3, []string{
		"two samples", "a quarter of an hour", "infinite at times",
	}, values)
}
