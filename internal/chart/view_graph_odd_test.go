package chart

import (
	"bytes"
	"image/color"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// oddValues are values that a curve may have, and some that it never should.
var oddValues = []float64{
	0, 1, -1, 0.5, 42, 1e9, -1e9, 1e300, -1e300, math.MaxFloat64, -math.MaxFloat64, 5e-324, 1e-300,
	math.NaN(), math.NaN(), math.Inf(1), math.Inf(-1), 1e15 + 1, 1e15, math.Copysign(0, -1),
}

var oddNames = []string{"", "a", "10.0.0.1:9100", "wide wide wide wide wide wide wide wide", "한글"}

// oddGraph draws any graph, also one that package board never makes.
func oddGraph(t *rapid.T) *board.Graph {
	from := slotTime.Add(-time.Duration(rapid.Int64Range(-1e9, math.MaxInt64).Draw(t, "range")))
	g := &board.Graph{From: from, To: slotTime}
	number := rapid.OneOf(rapid.SampledFrom(oddValues), rapid.Float64())
	maybe := func(name string) *float64 {
		if v := number.Draw(t, name); rapid.IntRange(0, 2).Draw(t, name+" is set") == 0 {
			return &v
		}
		return nil
	}
	for i := range g.Axes {
		g.Axes[i] = board.Axis{
			Used: rapid.Bool().Draw(t, "used"), Hidden: rapid.Bool().Draw(t, "hidden"),
			Format: value.New(rapid.SampledFrom([]string{
				"short", "bytes", "percentunit", "s", "ms", "none", "dateTimeAsIso", "my unit",
			}).Draw(t, "unit"), slotTime),
			Label: rapid.SampledFrom(oddNames).Draw(t, "label"), Min: maybe("min"),
			Max: maybe("max"), SoftMin: maybe("soft min"), SoftMax: maybe("soft max"),
			Low: number.Draw(t, "low"), High: number.Draw(t, "high"),
			LogBase:      rapid.SampledFrom([]int{0, 0, 2, 10}).Draw(t, "log"),
			CenteredZero: rapid.Bool().Draw(t, "centred"), Percent: rapid.Bool().Draw(t, "percent"),
		}
		if n := rapid.IntRange(-1, 20).Draw(t, "decimals"); n >= 0 {
			g.Axes[i].Decimals = &n
		}
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "curves") {
		g.Curves = append(g.Curves, oddCurve(t, number))
		g.Legend.Order = append(g.Legend.Order, i)
	}
	g.Legend.Hidden = rapid.Bool().Draw(t, "no legend")
	g.Legend.Right = rapid.Bool().Draw(t, "right legend")
	if g.Legend.Table = rapid.Bool().Draw(t, "table"); g.Legend.Table {
		g.Legend.Calcs = []string{"Last *", "Max"}
	}
	if rapid.Bool().Draw(t, "thresholds") {
		at := number.Draw(t, "threshold")
		g.Thresholds = &board.Limits{Bands: []board.Band{
			{From: math.Inf(-1), To: at, Color: color.NRGBA{R: 255, A: 255}},
			{From: at, To: math.Inf(1), Color: color.NRGBA{G: 255, A: 99}},
		}, Lines: true, Areas: true}
	}
	return g
}

func oddCurve(t *rapid.T, number *rapid.Generator[float64]) board.Curve {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	c := board.Curve{
		Name: rapid.SampledFrom(oddNames).Draw(t, "name"), Right: rapid.Bool().Draw(t, "right"),
		Draw: pick("draw", "line", "bars", "points"), Color: color.NRGBA{R: 200, G: 99, A: 255},
		Interpolation: pick("bend", "linear", "smooth", "stepBefore", "stepAfter"),
		Width:         rapid.SampledFrom([]float64{0, 1, 2, 1e9}).Draw(t, "width"),
		Fill:          rapid.SampledFrom([]float64{0, 0.1, 1, 7}).Draw(t, "fill"),
		Gradient:      pick("gradient", "none", "opacity", "hue"),
		Dash:          pick("dash", "solid", "dash", "dot", "square"),
		ShowPoints:    pick("points", "auto", "always", "never"),
		PointSize:     rapid.SampledFrom([]float64{0, 1, 5, 1e9}).Draw(t, "size"),
		Bridge:        time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "bridge")),
		Figures:       []board.Figure{{Name: "Last *", Text: "12.5%"}, {Name: "Max", Text: "1e300"}},
	}
	n := rapid.SampledFrom([]int{0, 1, 2, 3, 9, 2000}).Draw(t, "samples")
	step := rapid.SampledFrom([]time.Duration{
		0, -time.Second, 1, time.Second, time.Hour, math.MaxInt64 / 2,
	}).Draw(t, "step")
	c.Grid = series.Grid{
		Start: slotTime.Add(-rapid.SampledFrom([]time.Duration{
			0, time.Hour, -time.Hour, 1e18,
		}).Draw(t, "start")), Step: step, Len: n,
	}
	few := rapid.SliceOfN(number, 1, 9).Draw(t, "values")
	for i := range n {
		c.Values = append(c.Values, few[i%len(few)])
	}
	if rapid.Bool().Draw(t, "with base") {
		for i := range n {
			c.Base = append(c.Base, few[(i*7+1)%len(few)])
		}
	}
	return c
}

// graphInItsBox checks that everything of any graph is drawn in its box, and no text on other text.
func graphInItsBox(t *rapid.T) {
	v := &board.View{Kind: board.GraphKind, Title: "T", Graph: oddGraph(t)}
	w := rapid.SampledFrom([]int{100, 140, 386, 584, 1176}).Draw(t, "box width")
	h := rapid.SampledFrom([]int{40, 68, 144, 240, 296}).Draw(t, "box height")
	if err := checkInBox(v, w, h); err != nil {
		t.Error(err)
	}
}

func TestGraphStaysInItsBox(t *testing.T) { rapid.Check(t, graphInItsBox) }

func FuzzViewGraph(f *testing.F) { f.Fuzz(rapid.MakeFuzz(graphInItsBox)) }

// The same graph gives the same bytes, and drawing does not change it.
func TestGraphTwice(t *testing.T) {
	v := dayGraph(wave("alpha", 721, 30), wave("beta", 49, 60))
	v.Graph.Curves[1].Interpolation, v.Graph.Curves[1].Gradient = "smooth", "opacity"
	first, _, err := ViewSVG(v, ViewOptions{})
	if err != nil {
		t.Fatal(err)
	}
	png, err := ViewPNG(v, ViewOptions{Scale: 2})
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := ViewSVG(v, ViewOptions{})
	pngAgain, _ := ViewPNG(v, ViewOptions{Scale: 2})
	if !bytes.Equal(first, again) {
		t.Errorf("the second SVG: got %d other bytes, want the same %d", len(again), len(first))
	}
	if !bytes.Equal(png, pngAgain) {
		t.Errorf("the second PNG: got %d other bytes, want the same %d", len(pngAgain), len(png))
	}
}

// Words from outside are only text.
func TestGraphOfHostileWords(t *testing.T) {
	shapesOf := func(word string, table bool) []string {
		c := wave(word, 49, 30)
		c.Figures = []board.Figure{{Name: word, Text: word}}
		v := dayGraph(c, wave("b"+word, 49, 60))
		v.Title, v.Graph.Axes[0].Label = word, word
		v.Graph.Axes[0].Format = value.New(word, slotTime)
		v.Graph.Legend.Table, v.Graph.Legend.Calcs = table, []string{word}
		doc, _, err := ViewSVG(v, ViewOptions{})
		if err != nil {
			t.Fatalf("%.40q: got %v, want no error", word, err)
		}
		if most := 32<<10 + 40*len(word); len(doc) > most {
			t.Errorf("%.40q: got %d bytes, want at most %d", word, len(doc), most)
		}
		shape, said := shapes(t, doc)
		if r, bad := hostile.Unprintable(said); bad && r != '\n' {
			t.Errorf("%.40q: got %U in the document, want only printable characters", word, r)
		}
		return shape
	}
	known := map[string]bool{}
	for _, tame := range []string{"tame", "in no font: عقدة", ""} {
		for _, s := range append(shapesOf(tame, true), shapesOf(tame, false)...) {
			known[s] = true
		}
	}
	for _, w := range hostile.Words() {
		for _, table := range []bool{true, false} {
			for _, s := range shapesOf(w.Text, table) {
				if !known[s] {
					t.Errorf("%s: got <%s>, want only known shapes", w.Name, s)
				}
			}
		}
	}
}
