package chart

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

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

// gridTo is n samples step apart, the last one at end.
func gridTo(end time.Time, n int, step time.Duration) series.Grid {
	return series.Grid{Start: end.Add(-time.Duration(n-1) * step), Step: step, Len: n}
}

// panelOf makes a panel of series as a snapshot would: the first top as lines, the others as a band.
func panelOf(title string, u units.Unit, g series.Grid, top int, names []string, values [][]float64) *snapshot.Panel {
	p := &snapshot.Panel{
		Spec: snapshot.Spec{Name: "test", Title: title, Unit: u}, Grid: g, Total: len(names), Data: snapshot.DataComplete,
	}
	for i, name := range names {
		row := snapshot.Row{Name: name, Stats: statsOf(values[i], g), Capacity: math.NaN(), Status: rules.OK}
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
		b.Min, b.P05, b.P95, b.Max = append(b.Min, quantile(0)), append(b.P05, quantile(0.05)), append(b.P95, quantile(0.95)), append(b.Max, quantile(1))
		b.Sum, b.Count = append(b.Sum, sum), append(b.Count, len(at))
	}
	return b
}

// wander is a load with a daily rhythm, noise and a mean.
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

// nodeMemory is twelve nodes' memory as a ratio: one in breach, one with a gap, one that is killed in a saw-tooth.
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
	p.Spec.Rules = []rules.Rule{{Name: "NodeMemory", Warning: rules.At(0.8), Critical: rules.At(0.9), For: 15 * time.Minute}}
	p.Spec.Capacity = &snapshot.Capacity{Unit: units.Bytes}
	for i := range p.Lines {
		p.Rows[i].Node, p.Lines[i].Node = p.Rows[i].Name, p.Rows[i].Name
		p.Lines[i].Capacity = 64 * gib
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
			Rule: name, Status: rules.Breach, Severity: s, Value: l.Stats.Last, Limit: limit, Newest: p.Grid.End(),
			Streak: &rules.Streak{From: since, To: p.Grid.End(), Limit: limit, Severity: s},
		},
	})
}

// fleetCPU is many nodes' CPU: the busiest ten as lines, the others as a band.
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
		values = append(values, wander(uint64(100+i), n, mean+0.1*math.Sin(float64(i)), swing, 0.05))
	}
	return values
}
