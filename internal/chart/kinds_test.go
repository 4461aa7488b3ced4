package chart

import (
	"fmt"
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// as returns a panel as another kind.
func as(k panel.Kind, p *snapshot.Panel) *snapshot.Panel {
	of := *p
	of.Spec.Kind = k
	return &of
}

// states are conditions of nodes, 0 or 1. Most are never 1, and one was not scraped for a while.
func states() *snapshot.Panel {
	g := gridTo(slotTime, 289, 5*time.Minute)
	var names []string
	var values [][]float64
	for i := range 30 {
		names = append(names, fmt.Sprintf("ip-10-0-%d-%d %s", 1+i%3, 11+i, []string{
			"NotReady", "DiskPressure", "PIDPressure",
		}[i%3]))
		v := make([]float64, g.Len)
		for j := range v {
			switch {
			case i == 0 && j > 240, i == 1 && j > 100 && j < 140, i == 2 && (j == 30 || j == 200),
				i == 4 && j%12 == 0 && j < 120:
				v[j] = 1
			case i == 3 && j > 180 && j < 230, i == 11 && j < 60:
				v[j] = math.NaN()
			}
		}
		values = append(values, v)
	}
	p := panelOf("Conditions of nodes", units.Short, g, 24, names, values)
	p.Spec.Kind = panel.Heatmap
	p.Spec.Rules = []rules.Rule{
		{Name: "NodeCondition", Critical: rules.At(0), For: 5 * time.Minute, Condition: true},
	}
	breach(p, 0, rules.Critical, 0, g.At(241))
	return p
}

// traffic can be stacked: a node that was not scraped for a while, one that appears, one that
// disappears, and a time without any scrape.
func traffic() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	var names []string
	var values [][]float64
	for i := range 40 {
		names = append(names, fmt.Sprintf("ip-10-0-%d-%d", 1+i%3, 11+i))
		v := wander(uint64(500+i), g.Len, (34-float64(i)*0.6)*1e6, 9e6, 2e6)
		for j := range v {
			if i == 1 && j > 90 && j < 130 || i == 3 && j < 60 || i == 4 && j > 300 ||
				j > 200 && j < 212 {
				v[j] = math.NaN()
			}
		}
		values = append(values, v)
	}
	p := panelOf("Network traffic of nodes", units.BytesPerSecond, g, 8, names, values)
	p.Spec.Kind = panel.Area
	for i := range p.Rows {
		p.Rows[i].Node = p.Rows[i].Name
	}
	p.References = []snapshot.ReferenceLine{{Name: "uplink", Values: constantly(1.25e9, g.Len)}}
	return p
}

func constantly(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// overcommitted is CPU as a share of requests: some above 1, one without a sample.
func overcommitted() *snapshot.Panel {
	g := gridTo(slotTime, 61, time.Minute)
	var names []string
	var values [][]float64
	for i := range 60 {
		names = append(names, fmt.Sprintf("prod-%02d/recommendation-feature-store-%x/worker", i%7,
			0x9e37*(i+1)%0xffff))
		values = append(values, constantly(1.9*math.Exp(-float64(i)/9), g.Len))
	}
	values[3][60] = math.NaN()
	values[5] = constantly(math.NaN(), g.Len)
	p := panelOf("CPU of containers, of their requests", units.PercentUnit, g, 20, names, values)
	p.Spec.Kind, p.Spec.Top = panel.Bars, 12
	p.Spec.Capacity = &panel.Capacity{Unit: units.Cores}
	p.Spec.Rules = limitRules(1.5, 1.8)
	for i := range p.Rows {
		p.Rows[i].Capacity = []float64{0.5, 2, 0.25}[i%3]
	}
	breach(p, 0, rules.Critical, 1.8, g.At(20))
	return p
}

// totals are figures of a fleet, one in breach and one missing for a while.
func totals() *snapshot.Panel {
	g := gridTo(slotTime, 289, 5*time.Minute)
	names := []string{"memory", "CPU", "disk", "requests of memory", "requests of CPU"}
	var values [][]float64
	for i := range names {
		values = append(values, wander(uint64(800+i), g.Len, 0.93-0.17*float64(i), 0.05, 0.01))
	}
	for j := 250; j < g.Len; j++ {
		values[3][j] = math.NaN()
	}
	p := panelOf("The fleet", units.PercentUnit, g, 8, names, values)
	p.Spec.Kind = panel.Stat
	p.Spec.Capacity = &panel.Capacity{Unit: units.Bytes}
	p.Spec.Rules = limitRules(0.8, 0.9)
	for i := range p.Lines {
		p.Lines[i].Stats = statsOf(values[i], g)
		if i%2 == 0 {
			p.Lines[i].Capacity = 2.5 * 1024 * gib
		}
	}
	p.Lines[0].Stats.Last = 0.9312
	breach(p, 0, rules.Critical, 0.9, g.At(200))
	return p
}

// alone keeps the first series of a panel.
func alone(p *snapshot.Panel) *snapshot.Panel {
	p.Lines, p.Rows, p.Total = p.Lines[:1], p.Rows[:1], 1
	return p
}

// referenced is memory of containers against their limits, with a breach that ended and one that
// goes on.
func referenced() *snapshot.Panel {
	g := gridTo(slotTime, 361, 4*time.Minute)
	var values [][]float64
	for i := range 4 {
		values = append(values, wander(uint64(900+i), g.Len, (5-float64(i))*gib, gib/2, gib/8))
	}
	request := constantly(3*gib, g.Len)
	for j := range g.Len {
		if j > 60 && j < 130 {
			values[1][j] += 2.4 * gib
		}
		if j > 280 {
			values[0][j] += 1.6 * gib
		}
		if j > 200 {
			request[j] = 4 * gib
		}
	}
	p := panelOf("Memory of checkout", units.Bytes, g, 4, []string{
		"shop/checkout-7d9c/app", "shop/checkout-7d9d/app", "shop/cart-5f/app", "shop/cart-5e/app",
	}, values)
	p.Spec.Rules = []rules.Rule{{Name: "m", Warning: rules.At(6 * gib), For: 15 * time.Minute}}
	p.References = []snapshot.ReferenceLine{
		{Name: "limit", Values: constantly(8*gib, g.Len)}, {Name: "request", Values: request},
	}
	breach(p, 0, rules.Warning, 6*gib, g.At(281))
	p.Findings = append(p.Findings, snapshot.Finding{Name: p.Lines[1].Name, Finding: rules.Finding{
		Rule: "m", Status: rules.OK, Earlier: &rules.Streak{
			From: g.At(61), To: g.At(129), Limit: 6 * gib, Severity: rules.Warning,
		},
	}})
	return p
}

// farReference is a panel whose limits and reference are beyond its axis.
func farReference() *snapshot.Panel {
	p := quiet()
	p.References = []snapshot.ReferenceLine{{Name: "capacity", Values: constantly(1, p.Grid.Len)}}
	return p
}
