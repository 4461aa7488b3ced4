package snapshot

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// BenchmarkFold folds an answer of 5,000 series with 720 samples, like the memory of 5,000 nodes
// over a day.
func BenchmarkFold(b *testing.B) {
	g := series.Grid{Start: time.Unix(1_760_000_040, 0), Step: 2 * time.Minute, Len: 720}
	values := make([][]float64, 50)
	for i := range values {
		values[i] = make([]float64, g.Len)
		for j := range values[i] {
			values[i][j] = .5 + .3*math.Sin(float64(i)+float64(j)/100)
		}
	}
	labels := make([]series.Labels, 5000)
	for i := range labels {
		labels[i] = series.FromPairs("cluster", "prod", "instance",
			fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250))
	}
	spec := panel.Spec{
		Queries: []panel.Query{{Legend: "{{node}}"}}, Top: 8, Rules: []rules.Rule{
			{Name: "High", Warning: rules.At(.8), Critical: rules.At(.9), For: 15 * time.Minute},
		},
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := newFold(&spec, g, Nodes{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		for i, ls := range labels {
			f.add(series.Series{Labels: ls, Values: values[i%len(values)]})
		}
		var p Panel
		f.into(&p)
	}
}

// BenchmarkHistory forecasts and compares 5,000 series over four weeks, and judges half of them by
// their forecasts too.
func BenchmarkHistory(b *testing.B) {
	const hours = 672 + 49
	g := series.Grid{Start: time.Unix(1_760_000_400, 0), Step: time.Hour, Len: hours}
	values := make([][]float64, 50)
	for i := range values {
		values[i] = make([]float64, g.Len)
		for j := range values[i] {
			values[i][j] = .3 + .0005*float64(j*(i%3)) + .05*math.Sin(float64(i)+float64(j)/4)
		}
	}
	labels := make([]series.Labels, 5000)
	for i := range labels {
		labels[i] = series.FromPairs("cluster", "prod", "node", fmt.Sprintf("n%d", i))
	}
	for _, fullIn := range []bool{false, true} {
		b.Run(fmt.Sprintf("full_in=%v", fullIn), func(b *testing.B) {
			p := Panel{Spec: panel.Spec{
				Queries: []panel.Query{{Legend: "{{node}}"}}, Change: &panel.Change{By: .05},
				Forecast: &panel.Forecast{Limit: .85, Horizon: panel.DefaultHorizon},
			}}
			if fullIn {
				p.Spec.Rules = []rules.Rule{{
					Name: "Fills", FullIn: true, Direction: rules.Below, For: 24 * time.Hour,
					Warning: rules.At(7 * 86400),
				}}
			}
			for _, ls := range labels {
				p.Rows = append(p.Rows, Row{Name: ls.Get("node"), Labels: ls})
			}
			b.ReportAllocs()
			for b.Loop() {
				h := &historyFold{p: &p, forecasts: true, changes: true}
				h.fullIn, h.hours = p.fullIn()
				h.begin(g)
				f, err := newFold(&p.Spec, g, Nodes{}, nil)
				if err != nil {
					b.Fatal(err)
				}
				f.take = func(s identified) { h.add(f, s) }
				for i, ls := range labels {
					f.add(series.Series{Labels: ls, Values: values[i%len(values)]})
				}
				h.into(&p)
			}
		})
	}
}

// BenchmarkMerge merges the answers of ten clusters of 5,000 nodes over a day.
func BenchmarkMerge(b *testing.B) {
	g := series.Grid{Start: time.Unix(1_760_000_040, 0), Step: 2 * time.Minute, Len: 720}
	spec := panel.Spec{
		Queries: []panel.Query{{Legend: "{{node}}"}}, Top: 8, Rules: []rules.Rule{
			{Name: "High", Warning: rules.At(.8), Critical: rules.At(.9), For: 15 * time.Minute},
		},
	}
	parts := make([]Panel, 10)
	values := make([]float64, g.Len)
	for c := range parts {
		p := &parts[c]
		*p = Panel{
			Spec: spec, Grid: g, Data: DataComplete, Kept: &Kept{Part: fmt.Sprint("cluster-", c)},
		}
		f, err := newFold(&p.Spec, g, Nodes{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 5000 {
			for j := range values {
				values[j] = .5 + .32*math.Sin(float64(i*(c+1))+float64(j)/100)
			}
			labels := series.FromPairs("cluster", p.Kept.Part, "instance",
				fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250), "node", fmt.Sprint("node-", i))
			f.add(series.Series{Labels: labels, Values: values})
		}
		f.into(p)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Merge(parts...); err != nil {
			b.Fatal(err)
		}
	}
}
