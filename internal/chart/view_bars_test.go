package chart

import (
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/testdata/race"
)

func (m made) bars() *board.Bars {
	b := &board.Bars{
		Style: []board.BarStyle{board.GaugeBars, board.ShareBars}[m.IntN(2)],
		Mode:  m.of("gradient", "lcd", "basic"), Vertical: m.IntN(2) == 0,
	}
	for range []int{1, 2, 3, 7, 30, 200}[m.IntN(6)] {
		b.Items = append(b.Items, board.Bar{Name: m.name(), Parts: []board.BarPart{{
			Text: m.text(), Number: m.number(), Part: m.Float64(), Color: m.color(),
			Top: math.NaN(),
		}}})
	}
	return b
}

func TestBarsStayInTheirBox(t *testing.T) {
	checkRandom(t, 1000, func(m made) *board.View {
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
