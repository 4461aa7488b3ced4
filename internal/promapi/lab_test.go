package promapi_test

import (
	"context"
	"fmt"
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

// labNow is the time at which the samples of the simulated cluster end.
var labNow = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// bothClients returns our client and client_golang's for one simulated cluster.
func bothClients(t *testing.T) (ours *promapi.Client, theirs api.Client) {
	t.Helper()
	l, err := lab.New(lab.Options{Nodes: 5, Now: labNow})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Handler())
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err = promapi.New(base, nil, promapi.Options{}); err != nil {
		t.Fatal(err)
	}
	if theirs, err = api.NewClient(api.Config{Address: srv.URL}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// TestRangeReadsAsClientGolang compares Range with client_golang's QueryRange for answers of
// Prometheus' own engine.
func TestRangeReadsAsClientGolang(t *testing.T) {
	ours, client := bothClients(t)
	g := series.Grid{Start: labNow.Add(-2 * time.Hour), Step: time.Minute, Len: 121}
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

// TestInstantReadsAsClientGolang compares Instant and the lists of labels with client_golang over
// the answers of Prometheus' own engine.
func TestInstantReadsAsClientGolang(t *testing.T) {
	ours, client := bothClients(t)
	theirs := v1.NewAPI(client)
	for _, expr := range []string{
		"sort_desc(node_load1)", "rate(node_cpu_seconds_total[5m])", "0 / (node_load1 - node_load1)",
		"nothing", "scalar(vector(2.5))", "7",
	} {
		want, _, _, err := theirs.Query(t.Context(), expr, labNow)
		if err != nil {
			t.Fatal(err)
		}
		vector, ok := want.(model.Vector)
		if scalar, is := want.(*model.Scalar); is {
			vector, ok = model.Vector{{Value: scalar.Value, Timestamp: scalar.Timestamp}}, true
		}
		got, meta, err := ours.Instant(t.Context(), promapi.Instant{Expr: expr, Time: labNow})
		if err != nil || !ok || len(got) != len(vector) || meta.Series != len(vector) {
			t.Errorf("%s: got %d samples, %v; want %v", expr, len(got), err, want)
			continue
		}
		for i, w := range vector {
			m := make(map[string]string)
			for name, value := range w.Metric {
				m[string(name)] = string(value)
			}
			if got[i].Labels.Compare(series.FromMap(m)) != 0 || !got[i].Time.Equal(labNow) ||
				got[i].Value != float64(w.Value) && !math.IsNaN(float64(w.Value)) {
				t.Errorf("%s: sample %d: got %v, want %v", expr, i, got[i], w)
			}
		}
	}
	sel := promapi.Selection{Selector: "node_load1", Start: labNow.Add(-time.Hour), End: labNow}
	match := []string{sel.Selector}
	wantNames, _, _, err := theirs.LabelNames(t.Context(), match, sel.Start, sel.End)
	names, _, err2 := ours.LabelNames(t.Context(), sel)
	if err != nil || err2 != nil || strings.Join(names, ", ") != wantNames.String() ||
		len(names) < 2 {
		t.Errorf("label names: got %q, %v; want %q, %v", names, err2, wantNames, err)
	}
	wantValues, _, _, err := theirs.LabelValues(t.Context(), "instance", match, sel.Start, sel.End)
	values, _, err2 := ours.LabelValues(t.Context(), "instance", sel)
	if err != nil || err2 != nil || fmt.Sprint(values) != fmt.Sprint(wantValues) ||
		len(values) != 5 {
		t.Errorf("instances: got %q, %v; want %q, %v", values, err2, wantValues, err)
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
