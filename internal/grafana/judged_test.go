package grafana

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// testdata/intervals.mjs asked Grafana's own code.
func TestIntervalsAsGrafana(t *testing.T) {
	b, err := os.ReadFile("testdata/intervals.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines [][3]any
	if err := json.Unmarshal(b, &lines); err != nil {
		t.Fatal(err)
	}
	if len(lines) < 3000 {
		t.Errorf("got %d intervals, want 3,000", len(lines))
	}
	for _, line := range lines {
		d := time.Duration(line[0].(float64)) * time.Millisecond
		want := time.Duration(line[1].(float64)) * time.Millisecond
		if got := RoundInterval(d); got != want {
			t.Errorf("RoundInterval(%s): got %s, want %s", d, got, want)
		}
		if got, want := FormatInterval(d), line[2].(string); got != want {
			t.Errorf("FormatInterval(%s): got %s, want %s", d, got, want)
		}
	}
}
