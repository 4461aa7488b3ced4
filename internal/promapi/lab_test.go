package promapi_test

import (
	"context"
	"math"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// TestRangeReadsAsClientGolang compares Range with client_golang's QueryRange for answers of
// Prometheus' own engine.
func TestRangeReadsAsClientGolang(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	l, err := lab.New(lab.Options{Nodes: 5, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Handler())
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := promapi.New(base, nil, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := api.NewClient(api.Config{Address: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	g := series.Grid{Start: now.Add(-2 * time.Hour), Step: time.Minute, Len: 121}
	for _, expr := range []string{
		"container_memory_working_set_bytes",
		"rate(node_cpu_seconds_total[5m])",
		"1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
		"log2(node_load1 - node_load1)", // -Inf
		"0 / (node_load1 - node_load1)", // NaN
		"node_load1 * 1e-30 > 0",
		"absent(nothing)", "nothing", "vector(1)",
	} {
		want, _, _, err := v1.NewAPI(client).QueryRange(context.Background(), expr, v1.Range{
			Start: g.Start, End: g.End(), Step: g.Step,
		})
		if err != nil {
			t.Fatal(err)
		}
		matrix := want.(model.Matrix)
		i := 0
		meta, err := ours.Range(context.Background(), promapi.Query{Expr: expr, Grid: g},
			func(s series.Series) error {
				if i < len(matrix) {
					same(t, expr, g, s, matrix[i])
				}
				i++
				return nil
			})
		if err != nil || i != len(matrix) || meta.Series != i {
			t.Errorf("%s: %d series, want %d; %v", expr, i, len(matrix), err)
		}
	}
	server, err := ours.Server(context.Background())
	present, err2 := ours.Present(context.Background(), []string{"node_load1", "nothing"}, g.Start,
		g.End())
	if err != nil || err2 != nil || !strings.Contains(server.Version, ".") ||
		!present["node_load1"] || present["nothing"] {
		t.Errorf("got %+v, %v; %v, %v, want a version, and only node_load1 present", server, err,
			present, err2)
	}
}

// same compares got with what client_golang read.
func same(t *testing.T, expr string, g series.Grid, got series.Series, want *model.SampleStream) {
	t.Helper()
	m := make(map[string]string)
	for name, value := range want.Metric {
		m[string(name)] = string(value)
	}
	if wanted := series.FromMap(m); got.Labels.Compare(wanted) != 0 {
		t.Fatalf("%s: series %v, want %v", expr, got.Labels, wanted)
	}
	values := make([]float64, g.Len)
	for i := range values {
		values[i] = math.NaN()
	}
	for _, p := range want.Values {
		values[p.Timestamp.Time().Sub(g.Start)/g.Step] = float64(p.Value)
	}
	for i, v := range values {
		if got.Values[i] != v && !(math.IsNaN(v) && math.IsNaN(got.Values[i])) {
			t.Fatalf("%s %v at %v: %v, want %v", expr, got.Labels, g.At(i), got.Values[i], v)
		}
	}
}
