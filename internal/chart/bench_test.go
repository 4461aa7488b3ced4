package chart

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// BenchmarkChart draws the same data with go-chart's own series and with ours in turn, and reports the ratio of the fastest of each: what
// else the machine is doing falls on both.
func BenchmarkChart(b *testing.B) {
	for _, c := range []struct{ series, top int }{{12, 12}, {200, 10}, {1000, 10}} {
		for _, scale := range []int{1, 2} {
			b.Run(fmt.Sprintf("%dx720@%dx", c.series, scale), func(b *testing.B) {
				data, values := benchPanel(c.series, c.top)
				inTurn(b, func() []byte {
					var out bytes.Buffer
					if err := stockChart(values, scale).Render(chart.PNG, &out); err != nil {
						b.Fatal(err)
					}
					return out.Bytes()
				}, func() []byte {
					file, err := PNG(data, Options{Scale: float64(scale)})
					if err != nil {
						b.Fatal(err)
					}
					return file
				})
			})
		}
	}
}

// inTurn draws stock and ours one after the other and reports the fastest of both and the size of ours.
func inTurn(b *testing.B, stock, ours func() []byte) {
	timed := func(draw func() []byte, fastest *time.Duration) []byte {
		begin := time.Now()
		file := draw()
		if took := time.Since(begin); *fastest == 0 || took < *fastest {
			*fastest = took
		}
		return file
	}
	var theirs, best time.Duration
	var file []byte
	for b.Loop() {
		timed(stock, &theirs)
		file = timed(ours, &best)
	}
	b.ReportMetric(float64(best)/float64(theirs), "ratio")
	b.ReportMetric(best.Seconds()*1000, "ms-ours")
	b.ReportMetric(theirs.Seconds()*1000, "ms-stock")
	b.ReportMetric(float64(len(file))/1000, "kB/file")
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
	inTurn(b, func() []byte {
		if err := stockChart(values, 1).Render(chart.PNG, new(bytes.Buffer)); err != nil {
			b.Fatal(err)
		}
		return nil
	}, func() []byte {
		file, err := SparkPNG(values[5], 0, 120, 24, Options{})
		if err != nil {
			b.Fatal(err)
		}
		return file
	})
}
