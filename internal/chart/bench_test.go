package chart

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// BenchmarkChart draws the same data with go-chart's own series and with ours, one after the other, so that the two figures of a run can
// be compared whatever the machine is doing.
func BenchmarkChart(b *testing.B) {
	for _, c := range []struct{ series, top int }{{12, 12}, {200, 10}, {1000, 10}} {
		for _, scale := range []int{1, 2} {
			panel, values := benchPanel(c.series, c.top)
			name := fmt.Sprintf("%dx720@%dx", c.series, scale)
			b.Run(name+"/stock", func(b *testing.B) {
				b.ReportAllocs()
				var out bytes.Buffer
				for b.Loop() {
					out.Reset()
					if err := stockChart(values, scale).Render(chart.PNG, &out); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(out.Len())/1000, "kB/file")
			})
			b.Run(name+"/ours", func(b *testing.B) {
				b.ReportAllocs()
				var size int
				for b.Loop() {
					file, err := PNG(panel, Options{Scale: float64(scale)})
					if err != nil {
						b.Fatal(err)
					}
					size = len(file)
				}
				b.ReportMetric(float64(size)/1000, "kB/file")
			})
		}
	}
}

// benchPanel is a panel of n series of 720 samples and the same as plain numbers.
func benchPanel(n, top int) (*snapshot.Panel, [][]float64) {
	if n == 12 {
		p := nodeMemory(720, 2*time.Minute)
		var values [][]float64
		for i := range p.Lines {
			v := append([]float64(nil), p.Lines[i].Values...)
			for j := range v {
				if v[j] != v[j] {
					v[j] = 0 // go-chart's series have no gaps
				}
			}
			values = append(values, v)
		}
		return p, values
	}
	p := fleetCPU(n, 720)
	values := fleetValues(n, 720)
	return p, values
}

// stockChart is what go-chart draws by itself: time series, axes and a legend.
func stockChart(values [][]float64, scale int) chart.Chart {
	g := gridTo(slotTime, len(values[0]), 2*time.Minute)
	times := make([]time.Time, g.Len)
	for i := range times {
		times[i] = g.At(i)
	}
	c := chart.Chart{Title: "Node memory used", Width: 1000 * scale, Height: 400 * scale}
	for i, v := range values {
		c.Series = append(c.Series, chart.TimeSeries{Name: fmt.Sprintf("series %d", i), XValues: times, YValues: v})
	}
	return c
}

// BenchmarkSpark compares a sparkline with the plainest chart that go-chart draws of the same series.
func BenchmarkSpark(b *testing.B) {
	_, values := benchPanel(12, 12)
	b.Run("stock", func(b *testing.B) {
		for b.Loop() {
			if err := stockChart(values, 1).Render(chart.PNG, new(bytes.Buffer)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := SparkPNG(values[5], 0, 120, 24, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
