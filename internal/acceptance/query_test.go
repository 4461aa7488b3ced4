//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/series"
)

// The queries whose values are compared with the API's: rangeQueries over time, nowQueries of one
// moment, and those of anyServer both ways on every server. VictoriaMetrics drops NaN, and its topk
// picks any of equal series.
var (
	anyServer = []string{
		"node_memory_MemAvailable_bytes", "1 + 1",
		"sum by (namespace) (rate(container_cpu_usage_seconds_total[5m]))",
	}
	rangeQueries = []string{
		"1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
		"topk(3, node_filesystem_avail_bytes)", "count(up)", "vector(1) / 0",
	}
	nowQueries = []string{
		"topk(3, node_filesystem_avail_bytes)", "count(up)", "time()", "scalar(count(up)) / 3",
		"vector(0) / 0", "vector(-1) / 0", "vector(1) / 0",
	}
)

// testQuery compares the values of `promsnap query` with those of the API: every sample of every
// series, as JSON and as CSV.
func testQuery(t *testing.T, s *server, queries ...string) {
	for _, query := range append(queries, anyServer...) {
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

// testQueryNow compares the values of `promsnap query --instant` with those of the API, as JSON and
// as CSV: vectors, scalars, and values that are no numbers or infinite.
func testQueryNow(t *testing.T, s *server, queries ...string) {
	for _, query := range append(queries, anyServer...) {
		t.Run(query, func(t *testing.T) {
			flags := []string{
				"query", query, "--instant", "--prometheus-url", s.url, "--time",
				slot.Format(time.RFC3339),
			}
			var got struct {
				Time   time.Time
				Total  int
				Series []struct {
					Name   string
					Labels map[string]string
					Value  series.Number
				}
			}
			out := promsnap(t, append(flags, "-o", "json")...).want(t, 0)
			if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
				t.Fatal(err)
			}
			want := queryNow(t, s, query, got.Time)
			rows, err := csv.NewReader(bytes.NewBufferString(
				promsnap(t, append(flags, "-o", "csv")...).want(t, 0).stdout)).ReadAll()
			if err != nil || len(rows) != len(want)+1 || len(got.Series) != len(want) ||
				got.Total != len(want) {
				t.Fatalf("got %d series of %d as JSON and %d rows of CSV (%v), want %d series",
					len(got.Series), got.Total, len(rows), err, len(want))
			}
			for i, line := range got.Series {
				api, ok := want[fmt.Sprint(line.Labels)]
				cell, err := strconv.ParseFloat(rows[i+1][1], 64)
				if !ok || err != nil || !sameValue(float64(line.Value), api) || !sameValue(cell, api) {
					t.Errorf("%s: got %v as JSON and %q as CSV, want %v (%v)", line.Name,
						float64(line.Value), rows[i+1][1], api, ok)
				}
			}
		})
	}
}

// checkRefusals checks what promsnap says about queries without an answer, which is the same of
// every server.
func checkRefusals(t *testing.T, flags []string) {
	t.Helper()
	for query, said := range map[string]string{
		"node_memory_MemAvailabel_bytes": "did you mean one of these?\n" +
			"  node_memory_MemAvailable_bytes  node_memory_MemTotal_bytes\n",
		`up{job="kubernetes-pod"}`: `no series of up has job="kubernetes-pod"; did you mean ` +
			"kubernetes-pods or kubernetes-nodes?\n",
		`up{jobb="kubernetes-pods"}`: "up has no label jobb; did you mean job?\n",
		"kube_node_info > 5":         "but none is left after the comparison > 5\n",
		"sum((":                      "not PromQL: unclosed left parenthesis\n  sum((\n       ^\n",
		"avgg(up)":                   "did you mean avg?\n",
		"up / ignoring (instance, node) up": "name more labels in on (…), or aggregate the side " +
			"with several",
	} {
		o := promsnap(t, append([]string{"query", query}, flags...)...).want(t, 1)
		if !strings.Contains(o.stderr, said) || strings.Contains(o.stderr, "HTTP") {
			t.Errorf("%s: got\n%s\nwant %q in it, and no status of HTTP", query, o.stderr, said)
		}
	}
}

// queryNow returns the API's answer to an instant query: values by labels. A scalar has none.
func queryNow(t *testing.T, s *server, query string, at time.Time) map[string]float64 {
	t.Helper()
	body, err := s.get("/api/v1/query", url.Values{
		"query": {query}, "time": {at.Format(time.RFC3339)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			ResultType string
			Result     json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	var vector []struct {
		Metric map[string]string
		Value  [2]any
	}
	if answer.Data.ResultType == "scalar" {
		vector = append(vector, struct {
			Metric map[string]string
			Value  [2]any
		}{Metric: map[string]string{}})
		err = json.Unmarshal(answer.Data.Result, &vector[0].Value)
	} else {
		err = json.Unmarshal(answer.Data.Result, &vector)
	}
	if err != nil {
		t.Fatalf("%v in %s", err, tail(string(body), 500))
	}
	values := map[string]float64{}
	for _, v := range vector {
		if values[fmt.Sprint(v.Metric)], err = strconv.ParseFloat(v.Value[1].(string),
			64); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// sameValue reports whether two values are equal, or no numbers.
func sameValue(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// compareWithAPI compares a series, and its column in the rows of the CSV, with the API's answer.
func compareWithAPI(t *testing.T, grid series.Grid, line reportjson.DocSeries, want matrix,
	rows [][]string, column int) {
	for _, w := range want {
		if !maps.Equal(w.Metric, line.Labels) {
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
			if !sameValue(float64(v), api) {
				t.Errorf("%s at %s: got %v, want %v", line.Name, grid.At(i), float64(v), api)
			}
			cell, err := strconv.ParseFloat(rows[i+1][column], 64)
			if rows[i+1][column] == "" {
				cell, err = math.NaN(), nil
			}
			if err != nil || !sameValue(cell, api) {
				t.Errorf("CSV of %s at %s: got %q, want %v", line.Name, grid.At(i),
					rows[i+1][column], api)
			}
		}
		return
	}
	t.Errorf("got the series %v, want only those of the API", line.Labels)
}
