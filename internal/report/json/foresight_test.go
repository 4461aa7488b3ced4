package json

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestForesight compares what a document says of forecasts and changes with a golden.
func TestForesight(t *testing.T) {
	d := DocumentOf(reporttest.Foresight(t))
	of := struct {
		Fills     []DocForecast            `json:"fills"`
		Moved     *DocMoved                `json:"moved"`
		Forecasts map[string][]DocForecast `json:"forecasts"`
	}{d.Fills, d.Moved, map[string][]DocForecast{}}
	for _, p := range d.Panels {
		if p.Forecasts != nil {
			of.Forecasts[p.Name] = p.Forecasts
		}
	}
	body, err := json.MarshalIndent(of, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/foresight.json", append(body, '\n'))
}

// A line that is compared has its samples before.
func TestSamplesBefore(t *testing.T) {
	r := reporttest.Foresight(t)
	i := slices.IndexFunc(r.Panels, func(p snapshot.Panel) bool { return len(p.Lines) > 1 })
	r.Panels[i].Lines = slices.Clone(r.Panels[i].Lines)
	r.Panels[i].Lines[0].Before = []float64{0.5, math.NaN()}
	for k, want := range map[int]string{0: `[0.5,null]`, 1: ""} {
		body, err := json.Marshal(DocumentOf(r).Panels[i].Series[k])
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Before json.RawMessage }
		if err := json.Unmarshal(body, &got); err != nil || string(got.Before) != want {
			t.Errorf("series %d: got the samples %s before and %v, want %s", k, got.Before, err, want)
		}
	}
}
