package board

import (
	"image/color"
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// turned says on which paper Grafana turns a scheme around, so that the highest value has the most
// contrast.
type turned uint8

const (
	always turned = iota
	onDark
	onLight
)

// scheme is a scale of colours of d3, as its order is there.
type scheme struct {
	turned turned
	colors string
}

// schemes are those that a heatmap can have, by their names in lower case.
var schemes = map[string]scheme{
	"brbg": {
		always, "543005 8c510a bf812d dfc27d f6e8c3 f5f5f5 c7eae5 80cdc1 35978f 01665e 003c30",
	},
	"piyg": {
		always, "8e0152 c51b7d de77ae f1b6da fde0ef f7f7f7 e6f5d0 b8e186 7fbc41 4d9221 276419",
	},
	"prgn": {
		always, "40004b 762a83 9970ab c2a5cf e7d4e8 f7f7f7 d9f0d3 a6dba0 5aae61 1b7837 00441b",
	},
	"puor": {
		always, "7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b",
	},
	"rdbu": {
		always, "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061",
	},
	"rdgy": {
		always, "67001f b2182b d6604d f4a582 fddbc7 ffffff e0e0e0 bababa 878787 4d4d4d 1a1a1a",
	},
	"rdylbu": {
		always, "a50026 d73027 f46d43 fdae61 fee090 ffffbf e0f3f8 abd9e9 74add1 4575b4 313695",
	},
	"rdylgn": {
		always, "a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837",
	},
	"spectral": {
		always, "9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2",
	},
	"rainbow": {
		always, "6e40aa bf3caf fe4b83 ff7847 e2b72f aff05b 52f667 1ddfa3 23abd8 4c6edb 6e40aa",
	},
	"sinebow": {
		always, "ff4040 ee8011 bfbf00 7fee11 40ff40 11ee80 00bfbf 117fee 4040ff 7f11ee bf00bf " +
			"ee117f ff4040",
	},

	"blues":   {onDark, "f7fbff c6dbef 6baed6 2171b5 08306b"},
	"greens":  {onDark, "f7fcf5 c7e9c0 74c476 238b45 00441b"},
	"greys":   {onDark, "ffffff d9d9d9 969696 525252 000000"},
	"oranges": {onDark, "fff5eb fdd0a2 fd8d3c d94801 7f2704"},
	"purples": {onDark, "fcfbfd dadaeb 9e9ac8 6a51a3 3f007d"},
	"reds":    {onDark, "fff5f0 fcbba1 fb6a4a cb181d 67000d"},
	"bugn":    {onDark, "f7fcfd ccece6 66c2a4 238b45 00441b"},
	"bupu":    {onDark, "f7fcfd bfd3e6 8c96c6 88419d 4d004b"},
	"gnbu":    {onDark, "f7fcf0 ccebc5 7bccc4 2b8cbe 084081"},
	"orrd":    {onDark, "fff7ec fdd49e fc8d59 d7301f 7f0000"},
	"pubugn":  {onDark, "fff7fb d0d1e6 67a9cf 02818a 014636"},
	"pubu":    {onDark, "fff7fb d0d1e6 74a9cf 0570b0 023858"},
	"purd":    {onDark, "f7f4f9 d4b9da df65b0 ce1256 67001f"},
	"rdpu":    {onDark, "fff7f3 fcc5c0 f768a1 ae017e 49006a"},
	"ylgnbu":  {onDark, "ffffd9 c7e9b4 41b6c4 225ea8 081d58"},
	"ylgn":    {onDark, "ffffe5 d9f0a3 78c679 238443 004529"},
	"ylorbr":  {onDark, "ffffe5 fee391 fe9929 cc4c02 662506"},
	"ylorrd":  {onDark, "ffffcc fed976 fd8d3c e31a1c 800026"},

	"turbo":   {onLight, "30123b 4777ef 1bd0d5 62fc6b d2e935 fe9b2d d93806 7a0403"},
	"cividis": {onLight, "00224e 35456c 666970 948e77 c8b866 fee838"},
	"viridis": {onLight, "440154 3b528b 21918c 5ec962 fde725"},
	"magma":   {onLight, "000004 51127c b73779 fc8961 fcfdbf"},
	"inferno": {onLight, "000004 57106e bc3754 f98e09 fcffa4"},
	"plasma":  {onLight, "0d0887 7e03a8 cc4778 f89540 f0f921"},
	"warm":    {onLight, "6e40aa bf3caf fe4b83 ff7847 e2b72f aff05b"},
	"cool":    {onLight, "6e40aa 4c6edb 23abd8 1ddfa3 52f667 aff05b"},
	"cubehelix": {
		onLight, "000000 1a1530 163d4e 1f6642 54792f a07949 d07e93 cf9cda c1caf3 d2eeef ffffff",
	},
}

// colorsOf returns the colours of a heatmap on the paper of a theme, from few to many. Like
// Grafana, it takes Oranges where no scheme is named, and Spectral for an unknown one.
func colorsOf(o grafana.HeatmapOptions, t value.Theme) []color.NRGBA {
	if o.Fill != "" {
		return opacities(o, t)
	}
	s, ok := schemes[strings.ToLower(o.Scheme)]
	switch {
	case o.Scheme == "":
		s = schemes["oranges"]
	case !ok:
		s = schemes["spectral"]
	}
	var out []color.NRGBA
	for hex := range strings.FieldsSeq(s.colors) {
		c, _ := t.Color("#" + hex)
		out = append(out, c)
	}
	if o.Turned || s.turned == always || (s.turned == onDark) == (t == value.Dark) {
		slices.Reverse(out)
	}
	return out
}

// opacities returns one colour that becomes more opaque.
func opacities(o grafana.HeatmapOptions, t value.Theme) []color.NRGBA {
	const steps = 8
	c, _ := t.Color(o.Fill)
	out := make([]color.NRGBA, steps+1)
	for i := range out {
		out[i] = c
		out[i].A = uint8(math.Round(255 * math.Pow(float64(i)/steps, o.Exponent)))
	}
	return out
}
