package chart

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// dayGraph returns a graph of a day with curves on the left axis, in percent.
func dayGraph(curves ...board.Curve) *board.View {
	g := &board.Graph{From: slotTime.Add(-24 * time.Hour), To: slotTime}
	g.Axes[0] = board.Axis{
		Used: true, Format: value.New("percent", slotTime), Low: math.Inf(1), High: math.Inf(-1),
	}
	for i, c := range curves {
		if c.Grid.Len == 0 {
			c.Grid = gridTo(slotTime, len(c.Values), 24*time.Hour/time.Duration(len(c.Values)-1))
		}
		for _, v := range slices.Concat(c.Values, c.Base) {
			if !math.IsNaN(v) {
				g.Axes[0].Low = min(g.Axes[0].Low, v)
				g.Axes[0].High = max(g.Axes[0].High, v)
			}
		}
		g.Curves, g.Legend.Order = append(g.Curves, c), append(g.Legend.Order, i)
	}
	return &board.View{Kind: board.GraphKind, Title: "CPU", Graph: g}
}

// wave returns a curve of n samples around middle.
func wave(name string, n int, middle float64) board.Curve {
	c := board.Curve{
		Name: name, Color: color.NRGBA{R: 0x73, G: 0xBF, B: 0x69, A: 255}, Draw: "line",
		Interpolation: "linear", Width: 1, Fill: 0.1, Dash: "solid", ShowPoints: "auto",
		PointSize: 5, Values: make([]float64, n),
	}
	for i := range c.Values {
		c.Values[i] = middle + 10*math.Sin(float64(i)/float64(n)*4*math.Pi)
	}
	return c
}

func TestViewGraph(t *testing.T) {
	v := dayGraph(wave("alpha", 721, 30), wave("beta", 721, 60))
	svg, _, err := ViewSVG(v, ViewOptions{})
	if err != nil {
		t.Fatalf("ViewSVG: got %v, want no error", err)
	}
	for _, want := range []string{"CPU", "alpha", "beta", ">20%<", ">60%<", ">12:00<"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("ViewSVG: got no %q in\n%.3000s", want, svg)
		}
	}
}
