//go:build unix

package chart

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	chart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// share is the bound of our processor time as a share of go-chart's, and the goal.
type share struct{ most, stretch float64 }

// BenchmarkChart draws the same data in turn with go-chart's own series and with ours, and compares
// the least processor times, because other load affects both.
func BenchmarkChart(b *testing.B) {
	for _, c := range []struct {
		series, top int
		shares      [2]share // at 1x and 2x
	}{
		{12, 12, [2]share{{0.28, 0.2}, {0.22, 0.16}}},
		{200, 10, [2]share{{0.1, 0.05}, {0.1, 0.05}}},
		{1000, 10, [2]share{{0.03, 0.015}, {0.03, 0.015}}},
	} {
		for i, bound := range c.shares {
			scale := i + 1
			b.Run(fmt.Sprintf("%dx720@%dx", c.series, scale), func(b *testing.B) {
				panel, values := benchPanel(c.series, c.top)
				inTurn(b, bound, func() []byte {
					var out bytes.Buffer
					if err := stockChart(values, scale).Render(chart.PNG, &out); err != nil {
						b.Fatal(err)
					}
					return out.Bytes()
				}, func() []byte {
					file, err := PNG(panel, Options{Scale: float64(scale)})
					if err != nil {
						b.Fatal(err)
					}
					return file
				})
			})
		}
	}
}

// inTurn draws stock and ours in turn. It fails if the least time of ours exceeds its share of
// stock's.
func inTurn(b *testing.B, bound share, stock, ours func() []byte) {
	timed := func(draw func() []byte, least *time.Duration) []byte {
		begin := processorTime(b)
		file := draw()
		if took := processorTime(b) - begin; *least == 0 || took < *least {
			*least = took
		}
		return file
	}
	var theirs, best time.Duration
	var file []byte
	for b.Loop() {
		timed(stock, &theirs)
		for range 3 { // each takes little time
			file = timed(ours, &best)
		}
	}
	ratio := float64(best) / float64(theirs)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratio, "of-go-chart")
	b.ReportMetric(best.Seconds()*1000, "ms-ours")
	b.ReportMetric(theirs.Seconds()*1000, "ms-stock")
	b.ReportMetric(float64(len(file))/1000, "kB/file")
	b.Logf("%.3f of go-chart's processor time; the bound is %g, the goal %g", ratio, bound.most,
		bound.stretch)
	if !(ratio <= bound.most) {
		b.Errorf("got %.3f of go-chart's processor time, want at most %g", ratio, bound.most)
	}
}

// processorTime returns the processor time that the process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time here: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchPanel returns a panel of n series of 720 samples, and the same as plain numbers.
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

// stockChart is go-chart's own chart: time series, axes and a legend.
func stockChart(values [][]float64, scale int) chart.Chart {
	g := gridTo(slotTime, len(values[0]), 2*time.Minute)
	times := make([]time.Time, g.Len)
	for i := range times {
		times[i] = g.At(i)
	}
	c := chart.Chart{Title: "Node memory used", Width: 1000 * scale, Height: 400 * scale}
	for i, v := range values {
		c.Series = append(c.Series, chart.TimeSeries{
			Name: fmt.Sprintf("series %d", i), XValues: times, YValues: v,
		})
	}
	return c
}

// BenchmarkSpark compares a sparkline with go-chart's plainest chart of the same series.
func BenchmarkSpark(b *testing.B) {
	_, values := benchPanel(12, 12)
	inTurn(b, share{0.02, 0.01}, func() []byte {
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
