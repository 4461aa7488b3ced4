//go:build unix

package html

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The limit and the goal for the processor time of a report of 20 panels, in charts of go-chart.
const mostCharts, mostChartsStretch = 20, 15

// BenchmarkTwentyPanels builds and renders a report of 20 panels of 12 series: the page,
// report.json and 20 pictures. In turn with it, go-chart draws one chart of the same 12 series by
// itself. The metric is the number of such charts that take as much processor time as the report.
// It compares the fastest runs of both, so that other load on the machine hardly matters. Two
// processors take about half of that time.
func BenchmarkTwentyPanels(b *testing.B) {
	const step, samples = 2 * time.Minute, 720
	a := reporttest.Answers{}
	for i := range 12 {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)),
			reporttest.Wave(0.4+0.03*float64(i), 0.1, float64(i)))
		a.Add("cores", series.FromPairs("node", reporttest.NodeName(i)), reporttest.Constant(16))
	}
	spec := reporttest.Specs()[1]
	spec.Top, spec.Step, spec.Range = 12, step, samples*step
	one := reporttest.Take(a, []panel.Spec{spec})[0]
	if len(one.Lines) != 12 || one.Grid.Len < samples {
		b.Fatalf("got %d lines of %d samples (%v), want 12 of %d", len(one.Lines), one.Grid.Len,
			one.Failure, samples)
	}
	var panels []snapshot.Panel
	for i := range 20 {
		p := one
		p.Spec.Name = fmt.Sprintf("panel-%d", i)
		panels = append(panels, p)
	}
	var whole, stock time.Duration
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
		timed(&whole, func() error {
			r := report.Build(reporttest.Info(b, nil), panels)
			if _, _, err := Render(b.Context(), r); err != nil {
				return err
			}
			_, err := reportjson.Render(r)
			return err
		})
		timed(&stock, func() error { return stockChart(&one).Render(chart.PNG, new(bytes.Buffer)) })
	}
	ratio := float64(whole) / float64(stock)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratio, "stock-charts")
	b.ReportMetric(whole.Seconds()*1000, "ms-report")
	b.ReportMetric(stock.Seconds()*1000, "ms-stock")
	b.Logf("a report of 20 panels takes as much as %.1f charts of go-chart; the bound is %d, "+
		"strive for %d", ratio, mostCharts, mostChartsStretch)
	if !(ratio <= mostCharts) {
		b.Errorf("a report of 20 panels takes as much as %.1f charts of go-chart, want at most %d",
			ratio, mostCharts)
	}
}

// processorTime returns the time that the process has used on all processors.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time here: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stockChart returns the chart that go-chart draws of a panel's lines.
func stockChart(p *snapshot.Panel) *chart.Chart {
	times := make([]time.Time, p.Grid.Len)
	for i := range times {
		times[i] = p.Grid.At(i)
	}
	c := &chart.Chart{Title: p.Spec.Title, Width: 1000, Height: 400}
	for _, l := range p.Lines {
		c.Series = append(c.Series, chart.TimeSeries{
			Name: l.Name, XValues: times, YValues: l.Values,
		})
	}
	return c
}

// BenchmarkRender writes the page and report.json of 20 panels with 5,000 series each, without the
// drawing.
func BenchmarkRender(b *testing.B) {
	a := reporttest.Answers{}
	for i := range 5000 {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)),
			reporttest.Wave(0.4+0.0001*float64(i), 0.1, float64(i)))
		a.Add("cores", series.FromPairs("node", reporttest.NodeName(i)), reporttest.Constant(16))
	}
	one := reporttest.Take(a, reporttest.Specs()[1:2])[0]
	var panels []snapshot.Panel
	for i := range 20 {
		p := one
		p.Spec.Name = fmt.Sprintf("panel-%d", i)
		panels = append(panels, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := report.Build(reporttest.Info(b, nil), panels)
		if _, _, err := render(b.Context(), r, hand{panel: pixel}); err != nil {
			b.Fatal(err)
		}
		if _, err := reportjson.Render(r); err != nil {
			b.Fatal(err)
		}
	}
}
