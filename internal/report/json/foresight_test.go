package json

import (
	"encoding/json"
	"testing"

	"github.com/promsnap/promsnap/internal/report/reporttest"
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
