package chart

import (
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
)

// BenchmarkFullViews draws the largest heatmap and the most states that a panel can have.
func BenchmarkFullViews(b *testing.B) {
	heat := latency(board.MaxPoints)
	for len(heat.Heat.Buckets) < 100 {
		heat.Heat.Buckets = append(heat.Heat.Buckets, heat.Heat.Buckets...)
	}
	states := health(false)
	s := states.States
	first := s.Rows[0]
	s.Rows = nil
	for range 20 {
		row := board.StateRow{Name: first.Name}
		step := s.To.Sub(s.From) / (board.MaxRuns / 20)
		for i := range board.MaxRuns / 20 {
			from := s.From.Add(time.Duration(i) * step)
			row.Runs = append(row.Runs, board.Run{
				From: from, To: from.Add(step), State: s.Legend[i%7%len(s.Legend)],
			})
		}
		s.Rows = append(s.Rows, row)
	}
	for name, v := range map[string]*board.View{"heat": heat, "states": states} {
		b.Run(name+"-png", func(b *testing.B) {
			for b.Loop() {
				file, err := ViewPNG(v, ViewOptions{Width: board.PageWidth, Scale: 2})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(file))/1000, "kB/file")
			}
		})
		b.Run(name+"-svg", func(b *testing.B) {
			for b.Loop() {
				file, _, err := ViewSVG(v, ViewOptions{Width: board.PageWidth})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(file))/1000, "kB/file")
			}
		})
	}
}
