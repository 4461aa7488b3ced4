package chart

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/promsnap/promsnap/internal/rules"
)

func TestSpark(t *testing.T) {
	saw := make([]float64, 720)
	for i := range saw {
		saw[i] = math.Mod(float64(i)/265, 1)
		if i > 300 && i < 360 {
			saw[i] = math.NaN()
		}
	}
	for name, values := range map[string][]float64{
		"spark": saw, "": nil, "one": {1}, "flat": {2, 2, 2}, "NaN": {math.NaN()},
		"huge": {math.MaxFloat64, -math.MaxFloat64}, "flat and huge": {1e299, 1e299},
	} {
		file, err := SparkPNG(values, rules.Critical, 120, 24, Options{Scale: 2})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b := decode(t, file).Bounds(); b.Dx() != 240 || b.Dy() != 48 {
			t.Errorf("%s: the picture is %v, want 240 × 48", name, b)
		}
		doc, err := SparkSVG(values, rules.None, 120, 24)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wellFormed(t, doc)
		if name == "spark" {
			comparePicture(t, filepath.Join("testdata", "spark.png"), file)
		}
	}
}
