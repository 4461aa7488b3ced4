package chart

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name  string
		panel *snapshot.Panel
		o     Options
	}{
		{"node-memory", nodeMemory(721, 2*time.Minute), Options{Scale: 2, Zone: seoul()}},
		{"fleet-cpu", fleetCPU(200, 721), Options{Scale: 2, Zone: seoul()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := PNG(c.panel, c.o)
			if err != nil {
				t.Fatal(err)
			}
			comparePicture(t, filepath.Join("testdata", c.name+".png"), got)
		})
	}
}

// comparePicture compares decoded pixels: how a file is compressed may change with the compressor.
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
	a, b := decode(t, want), decode(t, got)
	if a.Bounds() != b.Bounds() {
		t.Fatalf("%s is %v, the picture %v", golden, a.Bounds(), b.Bounds())
	}
	differ := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				differ++
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d pixels differ from %s; look at the picture, then: go test ./internal/chart -update", differ, golden)
	}
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
