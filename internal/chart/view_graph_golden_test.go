package chart

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/testdata/race"
)

// palette are Grafana's colours of series.
var palette = value.Palette(value.Dark)

// namedCurves returns curves of n samples, each above the one before.
func namedCurves(n int, names ...string) []board.Curve {
	var list []board.Curve
	for i, name := range names {
		c := wave(name, n, 30+20*float64(i))
		c.Color = palette[i]
		for k := range c.Values { // some noise that is the same everywhere
			c.Values[k] += float64((k/12*7919+i*104729)%101) / 20
		}
		list = append(list, c)
	}
	return list
}

// stacked puts curves onto each other.
func stacked(list []board.Curve) []board.Curve {
	for i := range list {
		c := &list[i]
		c.Base, c.Stack, c.Fill = make([]float64, len(c.Values)), 1, 0.4
		for k := range c.Values {
			c.Values[k] -= 20 * float64(i)
			if i > 0 {
				c.Base[k] = list[i-1].Values[k]
				c.Values[k] += c.Base[k]
			}
		}
	}
	return list
}

// graphCases are graphs that show each thing that a curve or an axis can have.
func graphCases() map[string]*board.View {
	all := map[string]*board.View{
		"lines": dayGraph(namedCurves(361, "10.0.1.1:9100", "10.0.1.2:9100", "10.0.1.3:9100")...),
		"stack": dayGraph(stacked(namedCurves(361, "user", "system", "iowait", "idle"))...),
		"one":   dayGraph(wave("one sample", 2, 5)),
	}
	all["one"].Graph.Curves[0].Values[0] = math.NaN()

	limits := dayGraph(namedCurves(361, "used", "cached")...)
	limits.Graph.Thresholds = &board.Limits{Bands: []board.Band{
		{From: math.Inf(-1), To: 40, Color: palette[0]}, {From: 40, To: 55, Color: palette[1]},
		{From: 55, To: math.Inf(1), Color: palette[4]},
	}, Areas: true, Lines: true, Dashed: true}
	all["limits"] = limits

	shades := namedCurves(361, "opacity 0.8", "opacity 0.3")
	shades[0].Gradient, shades[0].Fill = "opacity", 0.8
	shades[1].Gradient, shades[1].Fill = "opacity", 0.3
	all["gradients"] = dayGraph(shades...)

	steps := namedCurves(25, "stepAfter", "stepBefore", "smooth", "linear")
	for i := range steps {
		steps[i].Interpolation, steps[i].Width = steps[i].Name, 2
	}
	steps[2].Dash, steps[3].Dash = "dot", "dash"
	all["bends"] = dayGraph(steps...)

	holes := namedCurves(49, "holes", "bridged", "points")
	for i := range holes {
		for _, k := range []int{3, 4, 10, 12, 20, 21, 22, 23, 24, 25, 40} {
			holes[i].Values[k] = math.NaN()
		}
	}
	holes[0].ShowPoints, holes[1].Bridge, holes[2].Draw = "never", math.MaxInt64, "points"
	all["holes"] = dayGraph(holes...)

	bars := namedCurves(25, "read", "written")
	for i := range bars {
		bars[i].Draw, bars[i].Fill = "bars", 0.5
		for k := range bars[i].Values {
			bars[i].Values[k] -= 30
		}
	}
	all["bars"] = dayGraph(bars...)
	piles := stacked(namedCurves(25, "ok", "slow", "failed"))
	for i := range piles {
		piles[i].Draw, piles[i].Fill = "bars", 0.8
	}
	all["stacked bars"] = dayGraph(piles...)
	dense := namedCurves(721, "dense bars")
	dense[0].Draw = "bars"
	all["dense"] = dayGraph(dense...)
	return withAxes(all)
}

// withAxes adds the graphs that are about axes and legends.
func withAxes(all map[string]*board.View) map[string]*board.View {
	two := namedCurves(361, "busy", "memory")
	for k := range two[1].Values {
		two[1].Values[k] *= 5e7
	}
	two[1].Right = true
	both := dayGraph(two...)
	both.Graph.Axes[0].High, both.Graph.Axes[0].Label = 46, "CPU"
	both.Graph.Axes[1] = board.Axis{
		Used: true, Format: value.New("bytes", slotTime), Low: 20e8, High: 33e8, Label: "Memory",
	}
	all["two axes"] = both

	powers := namedCurves(361, "latency")
	for k, v := range powers[0].Values {
		powers[0].Values[k] = math.Pow(10, v/10-3)
	}
	log := dayGraph(powers...)
	log.Graph.Axes[0].LogBase, log.Graph.Axes[0].Format = 10, value.New("s", slotTime)
	all["log"] = log

	cut := dayGraph(namedCurves(361, "below", "above")...)
	low, high := 25.0, 50.0
	cut.Graph.Axes[0].Min, cut.Graph.Axes[0].Max = &low, &high
	all["cut"] = cut

	var names []string
	for i := range 24 {
		names = append(names, "kube-system/coredns-7d764666f9-"+string(rune('a'+i)))
	}
	many := namedCurves(361, names...)
	for i := range many {
		many[i].Fill = 0
		many[i].Figures = []board.Figure{
			{Name: "Last *", Text: "12.5%"}, {Name: "Max", Text: "99.5%"},
		}
	}
	all["list"] = dayGraph(many...)
	for name, right := range map[string]bool{"table": false, "right": true} {
		v := dayGraph(many...)
		v.Graph.Legend.Table, v.Graph.Legend.Right = true, right
		v.Graph.Legend.Calcs = []string{"Last *", "Max"}
		all[name] = v
	}
	for name, v := range all {
		v.Title = name
	}
	return all
}

// placed is a view in a box of a picture of many.
type placed struct {
	name                string
	x, y, width, height float64
}

// graphSheets are pictures of many graphs.
var graphSheets = map[string][]placed{
	"graphs": {
		{"lines", 0, 0, 584, 296}, {"right", 592, 0, 584, 296}, {"stack", 0, 304, 386, 220},
		{"limits", 395, 304, 386, 220}, {"bends", 790, 304, 386, 220},
	},
	"graphs-dark": {
		{"table", 0, 0, 386, 220}, {"holes", 395, 0, 386, 220}, {"bars", 790, 0, 386, 220},
		{"list", 0, 228, 360, 240}, {"two axes", 368, 228, 360, 240}, {"log", 736, 228, 291, 240},
		{"cut", 1036, 228, 140, 118}, {"one", 1036, 350, 140, 118},
	},
	"graphs-small": {
		{"lines", 0, 0, 140, 144}, {"gradients", 148, 0, 140, 144},
		{"stacked bars", 296, 0, 140, 144}, {"dense", 444, 0, 140, 144},
		{"table", 592, 0, 140, 144}, {"two axes", 740, 0, 140, 144}, {"limits", 888, 0, 140, 68},
		{"right", 1036, 0, 140, 144}, {"gradients", 0, 152, 386, 220},
		{"stacked bars", 395, 152, 386, 220}, {"dense", 790, 152, 386, 220},
	},
}

// TestViewGraphGolden draws graphs of all kinds and sizes, many into one picture.
func TestViewGraphGolden(t *testing.T) {
	race.SkipSerial(t)
	for name, sheet := range graphSheets {
		o := ViewOptions{Width: 1176, Zone: seoul(), Dark: name == "graphs-dark"}.options()
		p, cases := newPicture(o), graphCases()
		for _, at := range sheet {
			b := box{at.x, at.y, at.x + at.width, at.y + at.height}
			p.addView(cases[at.name], b, o)
			p.height = max(p.height, int(b.bottom))
		}
		got, err := p.png(o)
		if err != nil {
			t.Fatal(err)
		}
		comparePicture(t, filepath.Join("testdata", name+".png"), got)
	}
}
