//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/series"
)

// testQuery compares the values of `promsnap query` with those of the API: every sample of every
// series, as JSON, as CSV and of one moment.
func testQuery(t *testing.T, s *server) {
	for _, query := range []string{
		"node_memory_MemAvailable_bytes",
		"1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
		"sum by (namespace) (rate(container_cpu_usage_seconds_total[5m]))",
		"topk(3, node_filesystem_avail_bytes)",
		"count(up)", "vector(1) / 0", "1 + 1",
	} {
		t.Run(query, func(t *testing.T) {
			flags := []string{
				"query", query, "--prometheus-url", s.url, "--time", slot.Format(time.RFC3339),
			}
			var got reportjson.DocPanel
			out := promsnap(t, append(flags, "-o", "json")...).want(t, 0)
			if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
				t.Fatal(err)
			}
			grid := series.Grid{
				Start: got.Grid.Start, Step: time.Duration(got.Grid.Step * float64(time.Second)),
				Len: got.Grid.Len,
			}
			want := queryRange(t, s, query, grid)
			if len(got.Series) != len(want) {
				t.Fatalf("got %d series, want %d", len(got.Series), len(want))
			}
			rows, err := csv.NewReader(bytes.NewBufferString(
				promsnap(t, append(flags, "-o", "csv")...).want(t, 0).stdout)).ReadAll()
			if err != nil || len(rows) != grid.Len+1 {
				t.Fatalf("got %d rows of CSV (%v), want %d", len(rows), err, grid.Len+1)
			}
			for i, line := range got.Series {
				compareWithAPI(t, grid, line, want, rows, i+1)
			}
		})
	}
}

// compareWithAPI compares a series, and its column in the rows of the CSV, with the API's answer.
func compareWithAPI(t *testing.T, grid series.Grid, line reportjson.DocSeries, want matrix,
	rows [][]string, column int) {
	for _, w := range want {
		same := len(w.Metric) == len(line.Labels)
		for name, value := range w.Metric {
			same = same && line.Labels[name] == value
		}
		if !same {
			continue
		}
		samples := map[int64]float64{}
		for _, v := range w.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				t.Fatal(err)
			}
			samples[int64(v[0].(float64))] = value
		}
		for i, v := range line.Values {
			api, ok := samples[grid.At(i).Unix()]
			if !ok {
				api = math.NaN()
			}
			if float64(v) != api && !(math.IsNaN(float64(v)) && math.IsNaN(api)) {
				t.Errorf("%s at %s: got %v, want %v", line.Name, grid.At(i), float64(v), api)
			}
			cell, err := strconv.ParseFloat(rows[i+1][column], 64)
			if rows[i+1][column] == "" {
				cell, err = math.NaN(), nil
			}
			if err != nil || cell != api && !(math.IsNaN(cell) && math.IsNaN(api)) {
				t.Errorf("CSV of %s at %s: got %q, want %v", line.Name, grid.At(i),
					rows[i+1][column], api)
			}
		}
		return
	}
	t.Errorf("got the series %v, want only those of the API", line.Labels)
}
