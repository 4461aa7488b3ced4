package chart

import (
	"bytes"
	"image/color"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/testdata/race"
)

// colours of Grafana
var (
	green  = color.NRGBA{R: 0x73, G: 0xBF, B: 0x69, A: 255}
	orange = color.NRGBA{R: 0xFF, G: 0x98, B: 0x30, A: 255}
	red    = color.NRGBA{R: 0xF2, G: 0x49, B: 0x5C, A: 255}
	blue   = color.NRGBA{R: 0x57, G: 0x94, B: 0xF2, A: 255}
)

func wanderingSpark(seed uint64, from float64) *board.Spark {
	return &board.Spark{
		Grid:   series.Grid{Start: slotTime, Step: time.Minute, Len: 120},
		Values: wander(seed, 120, from, from/4, from/20),
	}
}

// oneStat is a single figure with its curve and its change.
func oneStat() *board.View {
	change := -12.34
	return &board.View{Kind: board.TilesKind, Title: "Requests", Tiles: &board.Tiles{
		ColorMode: "value", Items: []board.Tile{{
			Text: value.Formatted{Text: "1.16", Suffix: " K req/s"}, Number: 1160, Color: green,
			Spark: wanderingSpark(1, 1160), Change: &change,
		}},
	}}
}

// someStats are figures with names in coloured tiles.
func someStats() *board.View {
	t := &board.Tiles{ColorMode: "background"}
	for i, s := range []struct {
		name, text, suffix string
		color              color.NRGBA
	}{
		{"api", "99.98", "%", green}, {"checkout", "97.1", "%", orange},
		{"payments-staging", "62", "%", red}, {"search", "No data", "", blue},
		{"결제", "100", "%", green},
	} {
		item := board.Tile{
			Name: s.name, Text: value.Formatted{Text: s.text, Suffix: s.suffix}, Color: s.color,
			Number: float64(i),
		}
		if i != 3 {
			item.Spark = wanderingSpark(uint64(i), 90)
		}
		t.Items = append(t.Items, item)
	}
	return &board.View{Kind: board.TilesKind, Title: "Success rate", Tiles: t}
}

// someGauges are arcs: one nearly empty, one with a high value, one without.
func someGauges() *board.View {
	t := &board.Tiles{Gauge: true, ColorMode: "value"}
	bands := []board.Band{
		{From: math.Inf(-1), To: 70, Color: green}, {From: 70, To: 90, Color: orange},
		{From: 90, To: math.Inf(1), Color: red},
	}
	for _, s := range []struct {
		name, text string
		number     float64
		color      color.NRGBA
	}{
		{"CPU", "1.5", 1.5, green}, {"Memory", "93.42", 93.42, red}, {"Disk", "N/A", math.NaN(),
			green},
	} {
		item := board.Tile{
			Name: s.name, Text: value.Formatted{Text: s.text, Suffix: "%"}, Number: s.number,
			Percent: s.number / 100, Max: 100, MinText: "0%", MaxText: "100%", Bands: bands,
			Color: s.color,
		}
		t.Items = append(t.Items, item)
	}
	return &board.View{Kind: board.TilesKind, Title: "Pressure", Tiles: t}
}

func TestGoldenTiles(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		view *board.View
		o    ViewOptions
	}{
		{"view-stat", oneStat(), ViewOptions{Width: 140, Height: 144, Scale: 2, Dark: true}},
		{"view-stats", someStats(), ViewOptions{Width: 584, Height: 220}},
		{"view-gauges", someGauges(), ViewOptions{Width: 360, Height: 150, Scale: 2}},
	} {
		t.Run(c.name, func(t *testing.T) { compareView(t, c.name, c.view, c.o) })
	}
}

// compareView compares the picture of a view with a golden one.
func compareView(t *testing.T, name string, v *board.View, o ViewOptions) {
	t.Helper()
	got, err := ViewPNG(v, o)
	if err != nil {
		t.Fatal(err)
	}
	comparePicture(t, filepath.Join("testdata", name+".png"), got)
}

func TestTilesAreTheSameTwice(t *testing.T) {
	for seed := range uint64(20) {
		v := &board.View{Kind: board.TilesKind, Tiles: made{rand.New(rand.NewPCG(seed, 2))}.tiles()}
		checkSameTwice(t, v)
	}
}

// checkSameTwice checks that a view gives the same bytes again.
func checkSameTwice(t *testing.T, v *board.View) {
	t.Helper()
	var pngs, svgs [2][]byte
	for i := range 2 {
		var err error
		if pngs[i], err = ViewPNG(v, ViewOptions{}); err != nil {
			t.Fatal(err)
		}
		if svgs[i], _, err = ViewSVG(v, ViewOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pngs[0], pngs[1]) || !bytes.Equal(svgs[0], svgs[1]) {
		t.Error("got other bytes the second time, want the same")
	}
}

func TestTilesEscapeText(t *testing.T) {
	v := oneStat()
	v.Title = `<script>alert(1)</script>`
	v.Tiles.Items[0].Name = `"><img src=x>`
	v.Tiles.Items[0].Text = value.Formatted{Text: "<b>&", Suffix: " </text>"}
	checkEscaped(t, v)
}

// checkEscaped checks that an SVG has no element of a hostile name.
func checkEscaped(t *testing.T, v *board.View) {
	t.Helper()
	svg, _, err := ViewSVG(v, ViewOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "<b>", " </text>", `""`} {
		if strings.Contains(string(svg), bad) {
			t.Errorf("got %q in the SVG, want it escaped:\n%s", bad, svg)
		}
	}
}

// All figures of a panel have one size, and the tiles fill the panel.
func TestTilesHaveOneSize(t *testing.T) {
	v := someStats()
	p := composeView(v, ViewOptions{Width: 584, Height: 296}.options())
	sizes := map[float64]bool{}
	for _, l := range p.labels {
		if l.text == "62" || l.text == "97.1" || l.text == "100" {
			sizes[l.size] = true
		}
	}
	if len(sizes) != 1 {
		t.Errorf("got figures of sizes %v, want one size", sizes)
	}
	for size := range sizes {
		if size < 20 {
			t.Errorf("got figures of %v pixels, want 20 or more", size)
		}
	}
}

// The first digits of a number are another number, so they are never shown alone.
func TestNumbersAreNotCut(t *testing.T) {
	for _, tt := range []struct {
		f    value.Formatted
		room float64
		want string
	}{
		{value.Formatted{Text: "9345.17", Suffix: "%"}, 100, "9345.17%"},
		{value.Formatted{Text: "9345.17", Suffix: "%"}, 45, "9345%"},
		{value.Formatted{Text: "9345.17", Suffix: "%"}, 20, "…"},
		{value.Formatted{Text: "CrashLoopBackOff"}, 45, "Cras…ff"},
	} {
		p := newPicture(Options{}.bounded())
		p.writeFigure(tt.f, longFigure, textInk, 50, 20, centre, tt.room)
		got := ""
		for _, l := range p.labels {
			got += l.text
		}
		if got != tt.want {
			t.Errorf("%v in %v pixels: got %q, want %q", tt.f, tt.room, got, tt.want)
		}
	}
}

// Tiles that do not fit are counted.
func TestTilesThatDoNotFitAreCounted(t *testing.T) {
	tiles := &board.Tiles{ColorMode: "value"}
	for range 200 {
		tiles.Items = append(tiles.Items, board.Tile{
			Name: "n", Text: value.Formatted{Text: "1"}, Color: green,
		})
	}
	v := &board.View{Kind: board.TilesKind, Tiles: tiles}
	p := composeView(v, ViewOptions{Width: 300, Height: 200}.options())
	shown, said := 0, ""
	for _, l := range p.labels {
		switch {
		case l.text == "1":
			shown++
		case strings.Contains(l.text, "more"):
			said = l.text
		}
	}
	want := p.say.AndMore.Of(200 - shown)
	if shown == 0 || shown == 200 || said != want {
		t.Errorf("got %d tiles and %q, want some tiles and %q", shown, said, want)
	}
}

func BenchmarkTile(b *testing.B) {
	v := oneStat()
	for b.Loop() {
		if _, err := ViewPNG(v, ViewOptions{Width: 140, Height: 144}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTileSVG(b *testing.B) {
	v := oneStat()
	for b.Loop() {
		if _, _, err := ViewSVG(v, ViewOptions{Width: 140, Height: 144}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPanels draws the largest panels of figures, bars, tables and texts.
func BenchmarkPanels(b *testing.B) {
	m := made{rand.New(rand.NewPCG(1, 1))}
	tiles, table := &board.Tiles{ColorMode: "value"}, &board.Table{}
	for i := range board.MaxTiles {
		item := someStats().Tiles.Items[i%5]
		tiles.Items = append(tiles.Items, item)
	}
	for range 12 {
		table.Columns = append(table.Columns, board.Column{Name: "column"})
	}
	for range board.MaxRows {
		row := make([]board.Cell, 12)
		for k := range row {
			row[k] = board.Cell{Text: m.text().Text, Color: m.color()}
		}
		table.Rows = append(table.Rows, row)
	}
	bars := barsOf(board.GaugeBars, "gradient")
	for range 5 {
		bars.Items = append(bars.Items, bars.Items...)
	}
	for name, v := range map[string]*board.View{
		"tiles":  {Kind: board.TilesKind, Tiles: tiles},
		"gauges": someGauges(),
		"bars":   barView(bars),
		"chart":  chartOf("normal", true),
		"table":  {Kind: board.TableKind, Table: table},
		"text":   aText(),
	} {
		b.Run(name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				if _, err := ViewPNG(v, ViewOptions{Width: 1176, Height: 600}); err != nil {
					b.Fatal(err)
				}
				svg, _, err := ViewSVG(v, ViewOptions{Width: 1176, Height: 600})
				if err != nil {
					b.Fatal(err)
				}
				size = len(svg)
			}
			b.ReportMetric(float64(size), "B/svg")
		})
	}
}
