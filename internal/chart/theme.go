package chart

// ink is the purpose of a colour. The raster writer looks it up in a theme. The SVG writer writes
// it as a CSS variable, so that one picture serves light and dark readers.
type ink uint64

const (
	paper ink = iota
	textInk
	mutedInk
	gridInk
	axisInk
	restInk
	zebraInk
	warningInk
	criticalInk
	warningText
	criticalText
	hatchInk
	firstSeries
	firstSeriesText = firstSeries + seriesColours
	firstHeat       = firstSeriesText + seriesColours
	inks            = firstHeat + heatColours
)

// inkNames are the names of the first inks in CSS.
var inkNames = [firstSeries]string{
	paper: "paper", textInk: "text", mutedInk: "muted", gridInk: "grid", axisInk: "axis",
	restInk: "rest", zebraInk: "zebra",
	warningInk: "warning", criticalInk: "critical", warningText: "warning-text",
	criticalText: "critical-text", hatchInk: "hatch",
}

const (
	seriesColours = 8 // not everybody can distinguish more hues; further lines are dashed
	heatColours   = 6 // from nothing to full
)

// paint is an ink and its opacity from 0 to 255.
type paint struct {
	ink   ink
	alpha uint8
}

func solid(i ink) paint { return paint{i, 255} }

// rgb is a colour as 0xRRGGBB.
type rgb uint32

func (c rgb) channels() (r, g, b uint8) { return uint8(c >> 16), uint8(c >> 8), uint8(c) }

// theme gives each ink its colour.
type theme [inks]rgb

// The hues were searched for the greatest distance between any two under the common kinds of colour
// blindness. Text in a series' colour is the same hue, darkened (lightened on dark paper) until its
// contrast with the paper is at least 4.5:1, which a test checks.
var light = theme{
	paper: 0xFFFFFF, textInk: 0x1F2933, mutedInk: 0x5B6770, gridInk: 0xE4E7EB, axisInk: 0x9AA5B1,
	restInk: 0xAEB8C2, zebraInk: 0xF7F9FA,
	warningInk: 0xB7791F, criticalInk: 0xC53030, warningText: 0x8A5A12, criticalText: 0xB32626,
	hatchInk:    0x9AA5B1,
	firstSeries: 0x0072B2, 0xD55E00, 0x009E73, 0x882255, 0xE69F00, 0x56B4E9, 0xD474AE, 0x332288,
	firstSeriesText: 0x006BA8, 0xB14E00, 0x007A59, 0x882255, 0x8F6200, 0x22759F, 0xA64A82, 0x332288,
	firstHeat: 0xF1F6FA, 0xC9DFEE, 0x8FBFDD, 0x4A95C4, 0x1F6DA3, 0x0B4470,
}

var dark = theme{
	paper: 0x12171C, textInk: 0xE6EAEE, mutedInk: 0x9FABB6, gridInk: 0x28313A, axisInk: 0x5A6773,
	restInk: 0x66727E, zebraInk: 0x181E24,
	warningInk: 0xD69E2E, criticalInk: 0xF05252, warningText: 0xE3B04B, criticalText: 0xF87171,
	hatchInk:    0x66727E,
	firstSeries: 0x3D9BDC, 0xF0803C, 0x2BB98C, 0xC4588F, 0xE8B13A, 0x8CCBF2, 0xEBA0CC, 0x8A7BE0,
	firstSeriesText: 0x59ABE4, 0xF29255, 0x3CC79B, 0xDB7DAC, 0xE8B13A, 0x8CCBF2, 0xEBA0CC, 0xA598EC,
	firstHeat: 0x19232C, 0x173A54, 0x1B577F, 0x2A7BAF, 0x5AA5D6, 0xA9D6F5,
}

// seriesInk is the colour of the i-th drawn line, seriesTextInk the colour of words about it.
func seriesInk(i int) ink     { return firstSeries + ink(i%seriesColours) }
func seriesTextInk(i int) ink { return firstSeriesText + ink(i%seriesColours) }

// seriesDash is the pattern of the i-th drawn line in logical pixels, on and off in turn: solid for
// the first eight, then dashed, dotted, and both.
func seriesDash(i int) []float64 {
	switch i / seriesColours % 4 {
	case 1:
		return []float64{6, 3}
	case 2:
		return []float64{2, 3}
	case 3:
		return []float64{8, 3, 2, 3}
	}
	return nil
}
