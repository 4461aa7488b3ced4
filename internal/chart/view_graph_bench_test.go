//go:build unix

package chart

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// noisyGraph returns a graph of curves of 720 samples, as busy as those of a node.
func noisyGraph(curves int) *board.View {
	r := rand.New(rand.NewPCG(1, 2))
	colours := value.Palette(value.Dark)
	var list []board.Curve
	for i := range curves {
		c := wave(fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250), 720, 20+r.Float64()*60)
		c.Color = colours[i%len(colours)]
		walk := 0.0
		for k := range c.Values {
			walk = walk*0.95 + (r.Float64()-0.5)*4
			c.Values[k] += walk
		}
		list = append(list, c)
	}
	return dayGraph(list...)
}

// BenchmarkViewGraph draws a panel of half the page's width. It reports processor time, because
// other load affects the elapsed time.
func BenchmarkViewGraph(b *testing.B) {
	wide := ViewOptions{Width: 584, Height: 296}
	for _, curves := range []int{8, 100, 1000} {
		v := noisyGraph(curves)
		for _, as := range []struct {
			name string
			draw func() ([]byte, error)
		}{
			{"png", func() ([]byte, error) { return ViewPNG(v, wide) }},
			{"svg", func() ([]byte, error) { return firstOf(ViewSVG(v, wide)) }},
			{"phone", func() ([]byte, error) {
				return firstOf(ViewSVG(v, ViewOptions{Width: 360, Height: 240}))
			}},
		} {
			b.Run(fmt.Sprintf("%d/%s", curves, as.name), func(b *testing.B) {
				size, best := 0, time.Hour
				for b.Loop() {
					begin := processorTime(b)
					file, err := as.draw()
					if err != nil {
						b.Fatal(err)
					}
					size, best = len(file), min(best, processorTime(b)-begin)
				}
				b.ReportMetric(float64(size)/1000, "kB/file")
				b.ReportMetric(best.Seconds()*1000, "ms-cpu")
			})
		}
	}
}

func firstOf(file []byte, _ Colours, err error) ([]byte, error) { return file, err }
