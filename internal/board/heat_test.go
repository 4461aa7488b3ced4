package board_test

import (
	"image/color"
	"testing"

	"github.com/promsnap/promsnap/internal/board"
)

// The highest value has the most contrast with the paper, as in Grafana.
func TestColoursOfHeatmap(t *testing.T) {
	for options, want := range map[string][4]uint32{ // the lowest and highest on light and on dark
		`{}`:                                        {0xfff5eb, 0x7f2704, 0x7f2704, 0xfff5eb},
		`{"scheme": "Blues"}`:                       {0xf7fbff, 0x08306b, 0x08306b, 0xf7fbff},
		`{"scheme": "Turbo"}`:                       {0x7a0403, 0x30123b, 0x30123b, 0x7a0403},
		`{"scheme": "Warm"}`:                        {0xaff05b, 0x6e40aa, 0x6e40aa, 0xaff05b},
		`{"scheme": "Spectral"}`:                    {0x5e4fa2, 0x9e0142, 0x5e4fa2, 0x9e0142},
		`{"scheme": "No such"}`:                     {0x5e4fa2, 0x9e0142, 0x5e4fa2, 0x9e0142},
		`{"scheme": "Blues", "reverse": true}`:      {0x08306b, 0xf7fbff, 0x08306b, 0xf7fbff},
		`{"mode": "opacity", "fill": "#b4ff00"}`:    {0xb4ff00, 0xb4ff00, 0xb4ff00, 0xb4ff00},
		`{"mode": "opacity", "scheme": "Greens"}`:   {0xe55400, 0xe55400, 0xfa6400, 0xfa6400},
		`{"mode": "scheme", "fill": "dark-purple"}`: {0xfff5eb, 0x7f2704, 0x7f2704, 0xfff5eb},
	} {
		h := show(t, panel("heatmap", `"options": {"color": `+options+`}`),
			answer("A", line("1", 1, 2))).Heat
		last := len(h.Colors) - 1
		var got [4]uint32
		for i, c := range []color.NRGBA{h.Colors[0], h.Colors[last], h.Dark[0], h.Dark[last]} {
			got[i] = uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B)
		}
		if got != want {
			t.Errorf("%s: got %06x, want %06x", options, got, want)
		}
	}
	h := show(t, panel("heatmap", `"options": {"color": {"mode": "opacity", "exponent": 1}}`),
		answer("A", line("1", 1, 2))).Heat
	equal(t, "opacities", alphas(h), []uint8{0, 32, 64, 96, 128, 159, 191, 223, 255})
}

func alphas(h *board.Heat) []uint8 {
	var out []uint8
	for _, c := range h.Colors {
		out = append(out, c.A)
	}
	return out
}

// The colours reach from the least to the highest count, unless the dashboard says their ends.
func TestEndsOfColours(t *testing.T) {
	for _, tt := range []struct {
		options   string
		low, high float64
	}{
		{`{}`, 1, 20}, {`{"min": 0, "max": "100"}`, 0, 100}, {`{"min": null, "max": 5}`, 1, 5},
	} {
		h := show(t, panel("heatmap", `"options": {"color": `+tt.options+`}`),
			answer("A", line("1", 1, 0, 20))).Heat
		equal(t, tt.options+": lowest", h.Low, tt.low)
		equal(t, tt.options+": highest", h.High, tt.high)
	}
}

// An empty panel says what the dashboard has for it.
func TestNoValue(t *testing.T) {
	for _, kind := range []string{"timeseries", "table", "state-timeline", "barchart"} {
		v := show(t, panel(kind, `"fieldConfig": {"defaults": {"noValue": "all good"}}`))
		equal(t, kind+": empty", v.Empty, true)
		equal(t, kind+": text", v.NoValue, "all good")
	}
}
