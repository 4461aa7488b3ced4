package chart

import (
	"bytes"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

func TestGolden(t *testing.T) {
	race.SkipSerial(t)
	for _, c := range []struct {
		name string
		data *snapshot.Panel
		o    Options
	}{
		{"node-memory", nodeMemory(721, 2*time.Minute), Options{Scale: 2, Zone: seoul()}},
		{"node-memory-dark", nodeMemory(721, 2*time.Minute), Options{Zone: seoul(), Dark: true}},
		{"fleet-cpu", fleetCPU(200, 721), Options{Zone: seoul()}},
		{"pods", podMemory(), Options{}},
		{"hangul", hangul(), Options{Zone: seoul()}},
		{"korean", korean(), Options{Zone: seoul(), Language: words.Korean}},
		{"korean-phone", korean(), Options{Zone: seoul(), Language: words.Korean, Phone: true}},
		{
			"clocks-go-back", clocksGoBack(), Options{
				Zone: mustZone("America/New_York"), Height: 240,
			},
		},
		{"below", scrapeHealth(), Options{Height: 240}},
		{"far-below-limits", quiet(), Options{Height: 240}},
		{"thirty-days", thirtyDays(), Options{Height: 240, Zone: seoul()}},
		{"sparse", sparse(), Options{Height: 240}},
		{"long-names", oddPanels()["200 runes"], Options{Height: 160}},
		{"failed", oddPanels()["failed"], Options{}},
		{"absent", oddPanels()["absent"], Options{}},
		{
			"narrow", nodeMemory(121, 12*time.Minute), Options{
				Width: 390, Height: 200, Zone: seoul(),
			},
		},
		{"bars", as(panel.Bars, nodeMemory(121, 12*time.Minute)), Options{Zone: seoul()}},
		{"bars-beyond", overcommitted(), Options{Scale: 2, Zone: seoul()}},
		{"bars-dark", overcommitted(), Options{Zone: seoul(), Dark: true}},
		{"bars-phone", overcommitted(), Options{Zone: seoul(), Phone: true}},
		{"heat", as(panel.Heatmap, nodeMemory(721, 2*time.Minute)), Options{Zone: seoul()}},
		{"heat-below", as(panel.Heatmap, scrapeHealth()), Options{Zone: seoul()}},
		{"heat-states", states(), Options{Scale: 2, Zone: seoul()}},
		{"heat-dark", states(), Options{Zone: seoul(), Dark: true}},
		{"heat-phone", states(), Options{Zone: seoul(), Phone: true}},
		{
			"heat-narrow", as(panel.Heatmap, nodeMemory(721, 2*time.Minute)), Options{
				Width: 330, Zone: seoul(),
			},
		},
		{"area", traffic(), Options{Scale: 2, Zone: seoul()}},
		{"area-dark", traffic(), Options{Zone: seoul(), Dark: true}},
		{"area-phone", traffic(), Options{Zone: seoul(), Phone: true}},
		{"area-korean", traffic(), Options{Zone: seoul(), Language: words.Korean}},
		{"stat", totals(), Options{Scale: 2, Zone: seoul()}},
		{"stat-dark", totals(), Options{Zone: seoul(), Dark: true}},
		{"stat-phone", totals(), Options{Zone: seoul(), Phone: true}},
		{"stat-one", alone(totals()), Options{Zone: seoul()}},
		{"queries", usedOfLimit(), Options{Scale: 2, Zone: seoul()}},
		{"queries-bars", as(panel.Bars, usedOfLimit()), Options{Zone: seoul()}},
		{"queries-heat", as(panel.Heatmap, usedOfLimit()), Options{Zone: seoul()}},
		{"stat-units", severalUnits(), Options{Scale: 2, Zone: seoul()}},
		{"references", referenced(), Options{Scale: 2, Zone: seoul()}},
		{"references-dark", referenced(), Options{Zone: seoul(), Dark: true}},
		{"references-phone", referenced(), Options{Zone: seoul(), Phone: true}},
		{"references-beyond", farReference(), Options{Zone: seoul(), Height: 240}},
		{"ahead", filling(), Options{Scale: 2, Zone: seoul()}},
		{"ahead-dark", filling(), Options{Zone: seoul(), Dark: true, Bare: true, Height: 280}},
		{"ahead-phone", filling(), Options{Zone: seoul(), Phone: true}},
		{
			"ahead-korean", filling(), Options{
				Zone: seoul(), Language: words.Korean, Width: 390, Height: 220, Bare: true,
			},
		},
		{"ahead-below", draining(), Options{Zone: seoul(), Height: 240}},
		{"before", compared(), Options{Scale: 2, Zone: seoul()}},
		{"before-dark", compared(), Options{Zone: seoul(), Dark: true, Bare: true, Height: 280}},
		{"before-phone", compared(), Options{Zone: seoul(), Phone: true}},
		{"phone", nodeMemory(361, 4*time.Minute), Options{Zone: seoul(), Phone: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := PNG(c.data, c.o)
			if err != nil {
				t.Fatal(err)
			}
			comparePicture(t, filepath.Join("testdata", c.name+".png"), got)
		})
	}
}

// comparePicture compares decoded pixels, because the compression of a file may change.
func comparePicture(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; write it with: go test ./internal/chart -update", err)
	}
	a, b := pixels(t, want), pixels(t, got)
	if a.Bounds() != b.Bounds() {
		t.Fatalf("the picture is %v, want %v as in %s", b.Bounds(), a.Bounds(), golden)
	}
	differ := 0
	for i := 0; i < len(a.Pix); i += 4 {
		if !bytes.Equal(a.Pix[i:i+4], b.Pix[i:i+4]) {
			differ++
		}
	}
	if differ > 0 {
		t.Errorf("%d pixels differ, want those of %s; look at the picture, then: go test "+
			"./internal/chart "+
			"-update", differ, golden)
	}
}

func pixels(t *testing.T, file []byte) *image.RGBA {
	t.Helper()
	img := decode(t, file)
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
