//go:build unix

package report

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// BenchmarkTwentyPanels builds and renders a report of 20 panels of 12 series: the page, report.json and 20 pictures. In turn with it,
// go-chart draws one chart of the same 12 series by itself; the metric is how many of those the whole report takes in processor time, least
// against least, so that what else the machine is doing hardly counts. Two processors do it in about half of that.
func BenchmarkTwentyPanels(b *testing.B) {
	const step, samples = 2 * time.Minute, 720
	a := answers{}
	for i := range 12 {
		a.add("cpu", series.FromPairs("node", nodeName(i)), wave(0.4+0.03*float64(i), 0.1, float64(i)))
		a.add("cores", series.FromPairs("node", nodeName(i)), constant(16))
	}
	spec := specs()[1]
	spec.Top, spec.Step, spec.Range = 12, step, samples*step
	one := take(a, []panel.Spec{spec})[0]
	if len(one.Lines) != 12 || one.Grid.Len < samples {
		b.Fatalf("%d lines of %d samples: %v", len(one.Lines), one.Grid.Len, one.Err)
	}
	var panels []snapshot.Panel
	for i := range 20 {
		p := one
		p.Spec.Name = fmt.Sprintf("panel-%d", i)
		panels = append(panels, p)
	}
	var report, stock time.Duration
	timed := func(least *time.Duration, work func() error) {
		begin := processorTime(b)
		if err := work(); err != nil {
			b.Fatal(err)
		}
		if took := processorTime(b) - begin; *least == 0 || took < *least {
			*least = took
		}
	}
	for b.Loop() {
		timed(&report, func() error {
			_, err := Build(info(b, nil), panels).Render(b.Context())
			return err
		})
		timed(&stock, func() error { return stockChart(&one).Render(chart.PNG, new(bytes.Buffer)) })
	}
	b.ReportMetric(float64(report)/float64(stock), "stock-charts")
	b.ReportMetric(report.Seconds()*1000, "ms-report")
	b.ReportMetric(stock.Seconds()*1000, "ms-stock")
}

// processorTime is what the process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time here: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stockChart is what go-chart makes of a panel's lines by itself.
func stockChart(p *snapshot.Panel) *chart.Chart {
	times := make([]time.Time, p.Grid.Len)
	for i := range times {
		times[i] = p.Grid.At(i)
	}
	c := &chart.Chart{Title: p.Spec.Title, Width: 1000, Height: 400}
	for _, l := range p.Lines {
		c.Series = append(c.Series, chart.TimeSeries{Name: l.Name, XValues: times, YValues: l.Values})
	}
	return c
}
