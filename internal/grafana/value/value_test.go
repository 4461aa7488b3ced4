package value_test

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/value"
	"github.com/promsnap/promsnap/internal/grafana/value/valuetest"
)

var now = time.UnixMilli(1_795_955_696_789).UTC()

func TestUnitsAsGrafana(t *testing.T) {
	f, err := os.Open("testdata/units.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := valuetest.Units(t, f); n < 30_000 {
		t.Errorf("got %d results, want more than 30,000", n)
	}
}

func TestDisplayAsGrafana(t *testing.T) {
	f, err := os.Open("testdata/display.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := valuetest.Displays(t, f); n < 3000 {
		t.Errorf("got %d values, want more than 3,000", n)
	}
}

func FuzzFormat(f *testing.F) {
	custom := []string{"", "time:[", "time:\\", "si:", "currency:financial:x"}
	for _, unit := range append(value.Units(), custom...) {
		f.Add(unit, 1234.5, 2)
	}
	f.Add("sci", math.MaxFloat64, 100)
	f.Fuzz(func(t *testing.T, unit string, v float64, decimals int) {
		format := value.New(unit, now)
		for _, v := range []float64{v, -v, v * 1e300, v / 1e300, math.Inf(1), math.NaN()} {
			format.Format(v, nil)
			format.Format(v, &decimals)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`[{"type": "regex", "options": {"pattern": "/(a)/", "result": {"text": "$1"}}}]`,
		`{"mode": "percentage", "steps": [{"value": null, "color": "red"}, {"value": 5}]}`,
		`{"mode": "shades", "fixedColor": "rgba(1, 2, 3, 0.5)"}`, "a", 3.5)
	f.Fuzz(func(t *testing.T, mappings, thresholds, scheme, text string, v float64) {
		field := value.Field{Min: -v, Max: v}
		field.Thresholds, _ = value.DecodeThresholds([]byte(thresholds))
		field.Mappings, _ = value.DecodeMappings([]byte(mappings), field.Thresholds)
		field.Scheme, _ = value.DecodeScheme([]byte(scheme))
		d := value.NewDisplayer(field, value.Light, now)
		for _, c := range []any{nil, text, v, true} {
			d.Display(cell{c})
		}
	})
}

func TestBinary(t *testing.T) {
	for unit, want := range map[string]bool{
		"bytes": true, "mbytes": true, "binBps": true, "bits": true, "decbytes": false,
		"Bps": false, "short": false, "": false, "my unit": false,
	} {
		if got := value.New(unit, time.Time{}).Binary(); got != want {
			t.Errorf("unit %q: got Binary() = %v, want %v", unit, got, want)
		}
	}
}
