package chart

import (
	"cmp"
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

// A panel without data says what the dashboard has for it.
func TestViewOfNoValue(t *testing.T) {
	for _, noValue := range []string{"", "no errors"} {
		v := &board.View{Kind: board.GraphKind, Empty: true, NoValue: noValue}
		svg, _, err := ViewSVG(v, ViewOptions{})
		if want := cmp.Or(noValue, "no data"); err != nil ||
			!strings.Contains(string(svg), ">"+want+"<") {
			t.Errorf("ViewSVG: got no %q, error %v, in\n%s", want, err, svg)
		}
	}
}

// The ticks of an axis are at round numbers of its unit, and its ends where Grafana has them.
func TestGraphAxis(t *testing.T) {
	num := func(v float64) *float64 { return &v }
	whole := func(n int) *int { return &n }
	for _, c := range []struct {
		name      string
		unit      string
		axis      board.Axis
		data      bounds
		low, high float64
		labels    string
	}{
		{
			name: "room of a tenth", unit: "percent", data: bounds{10, 90, true}, low: 2, high: 98,
			labels: "20% 40% 60% 80%",
		},
		{
			name: "not beyond zero", unit: "short", data: bounds{1, 4000, true}, low: 0, high: 4400,
			labels: "0 1 K 2 K 3 K 4 K",
		},
		{
			name: "binary", unit: "bytes", data: bounds{0, 3 << 30, true}, low: 0, high: 3.6e9,
			labels: "0 B 1 GiB 2 GiB 3 GiB",
		},
		{
			name: "minutes", unit: "s", data: bounds{0, 3600, true}, low: 0, high: 4000,
			labels: "0 s 15 mins 30 mins 45 mins 1 hour",
		},
		{
			name: "digits that tell ticks apart", unit: "none", data: bounds{1000, 1002, true},
			low: 999.8, high: 1002.2, labels: "1000 1000.5 1001 1001.5 1002",
		},
		{
			name: "yes and no", unit: "bool_on_off", data: bounds{0, 1, true}, low: 0, high: 1.1,
			labels: "Off On",
		},
		{
			name: "decimals of the distance", unit: "short", data: bounds{0, 1, true}, low: 0,
			high: 1.1, labels: "0 0.2 0.4 0.6 0.8 1",
		},
		{
			name: "decimals of a larger unit", unit: "s", data: bounds{0, 1, true}, low: 0,
			high: 1.1, labels: "0 s 200 ms 400 ms 600 ms 800 ms 1 s",
		},
		{
			name: "decimals of money", unit: "currencyUSD", data: bounds{0, 1, true}, low: 0,
			high: 1.1, labels: "$0.0 $0.2 $0.4 $0.6 $0.8 $1.0",
		},
		{
			name: "decimals of the dashboard", unit: "short", data: bounds{0, 1, true}, low: 0,
			axis: board.Axis{Decimals: whole(2)}, high: 1.1,
			labels: "0.00 0.20 0.40 0.60 0.80 1.00",
		},
		{
			name: "one value", unit: "none", data: bounds{5, 5, true}, low: 0, high: 10,
			labels: "0 2 4 6 8 10",
		},
		{name: "zeros", unit: "percentunit", data: bounds{0, 0, true}, low: 0, high: 1},
		{name: "no data", unit: "none", low: 0, high: 100},
		{
			name: "fixed ends", unit: "none", data: bounds{10, 90, true},
			axis: board.Axis{Min: num(0), Max: num(50)}, low: 0, high: 50,
		},
		{
			name: "an end beyond all data", unit: "none", data: bounds{1, 2, true},
			axis: board.Axis{Min: num(7)}, low: 0.9, high: 2.1,
		},
		{
			name: "soft ends", unit: "none", data: bounds{10, 90, true},
			axis: board.Axis{SoftMin: num(0), SoftMax: num(50)}, low: 0, high: 98,
		},
		{
			name: "zero in the middle", unit: "none", data: bounds{-2, 10, true},
			axis: board.Axis{CenteredZero: true}, low: -12, high: 12,
		},
		{
			name: "percent", unit: "percentunit", data: bounds{0, 0.4, true},
			axis: board.Axis{Percent: true}, low: 0, high: 1,
		},
		{
			name: "powers", unit: "none", data: bounds{0.02, 900, true},
			axis: board.Axis{LogBase: 10}, low: -2, high: 3, labels: "0.0100 0.100 1 10 100 1000",
		},
	} {
		c.axis.Format = value.New(c.unit, slotTime)
		a := newGraphAxis(&c.axis, c.data, 6)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }
		if !near(a.low, c.low) || !near(a.high, c.high) {
			t.Errorf("%s: got the range %v to %v, want %v to %v", c.name, a.low, a.high, c.low,
				c.high)
		}
		var labels []string
		for _, l := range a.labels {
			labels = append(labels, l.String())
		}
		if got := strings.Join(labels, " "); c.labels != "" && got != c.labels {
			t.Errorf("%s: got the labels %s, want %s", c.name, got, c.labels)
		}
	}
}

// sketch is a surface that keeps what is drawn on it.
type sketch struct {
	*vector
	lines [][]point
	areas [][2][]point
	rects []box
}

func (s *sketch) Line(path []point, _ float64, _ []float64, _ paint) {
	s.lines = append(s.lines, slices.Clone(path))
}

func (s *sketch) Area(upper, lower []point, _ paint) {
	s.areas = append(s.areas, [2][]point{slices.Clone(upper), slices.Clone(lower)})
}

func (s *sketch) Rects(bs []box, _ paint) { s.rects = append(s.rects, bs...) }

// sketchOf draws the curves of a view, without its grid and its legend.
func sketchOf(v *board.View, width, height int) *sketch {
	p := composeView(v, ViewOptions{Width: width, Height: height}.options())
	s := &sketch{vector: &vector{picture: p}}
	for _, sh := range p.around {
		if curves, ok := sh.(*graphCurves); ok {
			curves.draw(s, p.frame())
		}
	}
	return s
}

// stretchesOf is the number of pieces of a path.
func stretchesOf(path []point) int {
	n := 0
	for i, p := range path {
		if p.drawable() && (i == 0 || !path[i-1].drawable()) {
			n++
		}
	}
	return n
}

// Thinning keeps a spike, wherever it is.
func TestGraphKeepsSpikes(t *testing.T) {
	for at := range 40 {
		c := wave("a", 2000, 30)
		c.Values[700+at] = 95
		top := math.Inf(1)
		for _, p := range sketchOf(dayGraph(c), 360, 240).lines[0] {
			top = min(top, float64(p.y))
		}
		if math.Abs(top-50) > 3 {
			t.Fatalf("a spike at sample %d: got the highest point at %v, want it at 50", 700+at, top)
		}
	}
}

// A hole divides a line unless it is bridged, and a sample between two holes is a point.
func TestGraphHoles(t *testing.T) {
	for _, c := range []struct {
		name          string
		bridge        time.Duration
		pieces, alone int
	}{
		{"no bridge", 0, 4, 1}, {"holes of a sample", 30 * time.Minute, 2, 0},
		{"all holes", math.MaxInt64, 1, 0},
	} {
		curve := wave("a", 97, 30) // every 15 minutes
		for _, i := range []int{10, 40, 42, 60, 61, 62} {
			curve.Values[i] = math.NaN()
		}
		curve.Bridge, curve.ShowPoints = c.bridge, "auto"
		s := sketchOf(dayGraph(curve), 584, 296)
		points := 0
		if len(s.lines) > 1 {
			points = stretchesOf(s.lines[1])
		}
		// A single sample is a piece of the line too.
		if got := stretchesOf(s.lines[0]); got != c.pieces+c.alone || points != c.alone {
			t.Errorf("%s: got %d pieces and %d points, want %d and %d", c.name, got, points,
				c.pieces+c.alone, c.alone)
		}
	}
}

// Bars have a rectangle for each sample until they would touch, then they are one area.
func TestGraphBars(t *testing.T) {
	for n, rects := range map[int]int{25: 25, 97: 97, 721: 0} {
		c := wave("a", n, 30)
		c.Draw = "bars"
		s := sketchOf(dayGraph(c), 584, 296)
		if len(s.rects) != rects || (rects == 0) != (len(s.areas) == 1) {
			t.Errorf("%d bars: got %d rectangles and %d areas, want %d rectangles", n,
				len(s.rects), len(s.areas), rects)
		}
	}
}

// Where there are very many curves, those of one colour are one path, without areas.
func TestGraphOfManyCurves(t *testing.T) {
	var list []board.Curve
	for i := range 500 {
		c := wave("a", 97, float64(i))
		c.Color.B = uint8(i % 7)
		list = append(list, c)
	}
	s := sketchOf(dayGraph(list...), 584, 296)
	if len(s.lines) != 7 || len(s.areas) != 0 {
		t.Errorf("500 curves of 7 colours: got %d lines and %d areas, want 7 and none",
			len(s.lines), len(s.areas))
	}
	svg, _, err := ViewSVG(dayGraph(list...), ViewOptions{Width: 584, Height: 296})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(svg), "more") || len(svg) > 200_000 {
		t.Errorf("500 curves: got %d bytes, want at most 200,000, with a word about more curves",
			len(svg))
	}
}

// Every range has times, in the reader's zone, also on a small panel.
func TestGraphTimes(t *testing.T) {
	for _, c := range []struct {
		span  time.Duration
		width int
		want  string
	}{
		{30 * time.Second, 140, "08:59 09:00"},
		{5 * time.Minute, 140, "08:55 09:00"},
		{time.Hour, 140, "08:00 08:30 09:00"},
		{24 * time.Hour, 140, "12:00 Sun 22 Nov"},
		{24 * time.Hour, 584, "12:00 18:00 Sun 22 Nov 06:00"},
		{48 * time.Hour, 386, "12:00 Sat 21 Nov 12:00 Sun 22 Nov"},
		{30 * 24 * time.Hour, 386, "Mon 2 Nov Mon 16 Nov"},
	} {
		v := dayGraph(wave("a", 100, 50))
		v.Graph.From, v.Graph.Legend.Hidden = slotTime.Add(-c.span), true
		p := composeView(v, ViewOptions{Width: c.width, Height: 144, Zone: seoul()}.options())
		var got []string
		for _, l := range p.labels {
			if l.y > 120 {
				got = append(got, l.text)
			}
		}
		if got := strings.Join(got, " "); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s at %d pixels: got %s, want %s", c.span, c.width, got, c.want)
		}
	}
}

// A legend beside the plot shows every figure that there is room for, also beside short names.
func TestGraphLegendFigures(t *testing.T) {
	one, two := wave("a", 61, 30), wave("b", 61, 60)
	one.Figures = []board.Figure{{Name: "Mean", Text: "1"}, {Name: "Max", Text: "1234567 GiB"}}
	two.Figures = []board.Figure{{Name: "Mean", Text: "1234567 GiB"}, {Name: "Max", Text: "1"}}
	for _, table := range []bool{true, false} {
		v := dayGraph(one, two)
		v.Graph.Legend.Table, v.Graph.Legend.Right = table, true
		v.Graph.Legend.Calcs = []string{"Mean", "Max"}
		svg, _, err := ViewSVG(v, ViewOptions{Width: 880})
		if err != nil {
			t.Fatalf("ViewSVG: got %v, want no error", err)
		}
		for _, want := range []string{"Mean", "Max", "1234567 GiB"} {
			if !strings.Contains(string(svg), want) {
				t.Errorf("table %v: got no %q in\n%.2000s", table, want, svg)
			}
		}
	}
	v := dayGraph(wave("HTTP", 61, 30))
	v.Graph.Curves[0].Figures = []board.Figure{
		{Name: "Max", Text: "69.1 ops/s"}, {Name: "Last *", Text: "43.2 ops/s"},
	}
	svg, _, err := ViewSVG(v, ViewOptions{Width: 288})
	if want := "Max: 69.1 ops/s, Last *: 43.2 ops/s"; err != nil ||
		!strings.Contains(string(svg), want) {
		t.Errorf("ViewSVG: got no %q, error %v, in\n%.2000s", want, err, svg)
	}
}
