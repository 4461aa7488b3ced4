package chart

import (
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

func (m made) bars() *board.Bars {
	b := &board.Bars{
		Style: []board.BarStyle{board.GaugeBars, board.ShareBars, board.ChartBars}[m.IntN(3)],
		Mode:  m.of("gradient", "lcd", "basic"), Vertical: m.IntN(2) == 0,
		Stacking: m.of("none", "normal", "percent"),
		Format:   value.New(m.of("short", "bytes", "s", "percentunit"), slotTime),
		Legend:   board.Legend{Hidden: m.IntN(3) == 0, Right: m.IntN(2) == 0},
	}
	n := 1
	if b.Style == board.ChartBars {
		n = []int{1, 2, 5, 50}[m.IntN(4)]
		for i := range n {
			b.Series = append(b.Series, board.BarSeries{Name: m.name(), Color: m.color()})
			b.Legend.Order = append(b.Legend.Order, i)
		}
		for _, end := range []**float64{&b.Min, &b.Max} {
			if v := m.number(); m.IntN(4) == 0 {
				*end = &v
			}
		}
	}
	for range []int{1, 2, 3, 7, 30, 200}[m.IntN(6)] {
		bar := board.Bar{Name: m.name()}
		for range n {
			part := board.BarPart{
				Text: m.text(), Number: m.number(), Part: m.Float64(), Color: m.color(),
				Top: math.NaN(),
			}
			if v := m.number(); b.Style == board.ChartBars && series.Finite(v) {
				part.Top = v
				b.Low, b.High = min(b.Low, v), max(b.High, v)
			}
			bar.Parts = append(bar.Parts, part)
		}
		b.Items = append(b.Items, bar)
	}
	return b
}

func TestBarsStayInTheirBox(t *testing.T) {
	checkRandom(t, 600, func(m made) *board.View {
		return &board.View{Kind: board.BarsKind, Title: m.name(), Bars: m.bars()}
	})
}

func TestBarsAreTheSameTwice(t *testing.T) {
	for seed := range uint64(10) {
		v := &board.View{Kind: board.BarsKind, Bars: made{rand.New(rand.NewPCG(seed, 2))}.bars()}
		checkSameTwice(t, v)
	}
}

// barsOf makes bars of a style of texts and of parts of their tracks.
func barsOf(style board.BarStyle, mode string) *board.Bars {
	b := &board.Bars{Style: style, Mode: mode}
	for _, s := range []struct {
		name, text string
		part       float64
		color      color.NRGBA
	}{
		{"ip-10-0-1-12", "82.9 GiB", 0.62, red}, {"ip-10-0-1-13", "31 GiB", 0.24, orange},
		{"ip-10-0-2-7.eu-central-1.compute.internal", "12.4 GiB", 0.1, green},
		{"서울-노드-02", "4.1 GiB", 0.037, blue}, {"spare", "0 B", 0.003, green},
	} {
		b.Items = append(b.Items, board.Bar{Name: s.name, Parts: []board.BarPart{{
			Text: value.Formatted{Text: s.text}, Part: s.part, Number: s.part, Color: s.color,
		}}})
	}
	return b
}

func barView(b *board.Bars) *board.View {
	return &board.View{Kind: board.BarsKind, Title: "Memory by node", Bars: b}
}

func TestGoldenBars(t *testing.T) {
	race.SkipSerial(t)
	upright := barsOf(board.GaugeBars, "gradient")
	upright.Vertical = true
	for _, c := range []struct {
		name string
		view *board.View
		o    ViewOptions
	}{
		{"view-bars-lcd", barView(barsOf(board.GaugeBars, "lcd")), ViewOptions{
			Width: 387, Height: 180, Dark: true,
		}},
		{"view-bars-shares", barView(barsOf(board.ShareBars, "")), ViewOptions{
			Width: 387, Height: 200,
		}},
		{"view-bars-upright", barView(upright), ViewOptions{Width: 387, Height: 200}},
		{"view-bars-small", barView(barsOf(board.GaugeBars, "basic")), ViewOptions{
			Width: 140, Height: 144, Scale: 2, Dark: true,
		}},
	} {
		t.Run(c.name, func(t *testing.T) { compareView(t, c.name, c.view, c.o) })
	}
}

func TestPercentText(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0%", 0.001: "<1%", 0.34: "34%", 0.999: ">99%", 1: "100%",
	} {
		if got := percentText(share); got != want {
			t.Errorf("percentText(%v): got %q, want %q", share, got, want)
		}
	}
}

func TestBarsEscapeText(t *testing.T) {
	b := barsOf(board.GaugeBars, "lcd")
	b.Items[0].Name = `"><img src=x>`
	b.Items[1].Parts[0].Text = value.Formatted{Text: "<b>&", Suffix: " </text>"}
	checkEscaped(t, barView(b))
}

// chartOf makes a chart of two series.
func chartOf(stacking string, vertical bool) *board.View {
	b := &board.Bars{
		Style: board.ChartBars, Stacking: stacking, Vertical: vertical,
		Format: value.New("reqps", slotTime),
		Series: []board.BarSeries{{Name: "2xx", Color: green}, {Name: "5xx", Color: red}},
		Legend: board.Legend{Order: []int{0, 1}},
	}
	for i, name := range []string{
		"checkout", "payments", "search", "frontend-proxy", "결제", "cart", "idle",
	} {
		good, bad := 840-float64(i*130), 20+float64(i*i*7)
		if name == "idle" {
			good, bad = math.NaN(), math.NaN()
		}
		first := board.BarPart{Number: good, Top: good, Color: green,
			Text: b.Format.Format(good, nil)}
		second := board.BarPart{Number: bad, Top: bad, Color: red, Text: b.Format.Format(bad, nil)}
		if stacking != "none" {
			second.Base, second.Top = good, good+bad
		}
		if !math.IsNaN(good) {
			b.High = max(b.High, first.Top, second.Top)
		}
		b.Items = append(b.Items, board.Bar{Name: name, Parts: []board.BarPart{first, second}})
	}
	return &board.View{Kind: board.BarsKind, Title: "Requests by service", Bars: b}
}

func TestGoldenBarCharts(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		view *board.View
		o    ViewOptions
	}{
		{"view-barchart", chartOf("none", true), ViewOptions{Width: 584, Height: 220}},
		{"view-barchart-stacked", chartOf("normal", true), ViewOptions{
			Width: 360, Height: 200, Dark: true,
		}},
		{"view-barchart-lying", chartOf("normal", false), ViewOptions{Width: 387, Height: 240}},
		{"view-barchart-small", chartOf("none", true), ViewOptions{
			Width: 140, Height: 144, Dark: true,
		}},
	} {
		t.Run(c.name, func(t *testing.T) { compareView(t, c.name, c.view, c.o) })
	}
}

func TestUprightBars(t *testing.T) {
	for _, tt := range []struct {
		name           string
		vertical, auto bool
		width, height  float64
		want           bool
	}{
		{"lying", false, false, 500, 200, false},
		{"upright", true, false, 200, 500, true},
		{"auto in a wide place", false, true, 500, 200, true},
		{"auto in a high place", false, true, 200, 500, false},
		{"too low", true, false, 500, 60, false},
		{"too narrow", true, false, 50, 200, false},
	} {
		bars := barsOf(board.GaugeBars, "basic")
		bars.Vertical, bars.Auto = tt.vertical, tt.auto
		if got := uprightFits(bars, tt.width, tt.height); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}
