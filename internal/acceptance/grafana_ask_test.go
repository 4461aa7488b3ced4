//go:build acceptance

package acceptance

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dashboard "github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/promapi"
)

// TestGrafanaAsks asks each server what the variables of a dashboard ask, and compares the answers
// with what queries find.
func TestGrafanaAsks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	om := filepath.Join(dir, "fixture.om")
	if err := writeOpenMetrics(om, community, everySeries); err != nil {
		t.Fatal(err)
	}
	blocks := filepath.Join(dir, "data")
	makeBlocks(t, om, blocks)
	newest := startPrometheus(t, installed(t, "prometheus"), nil, blockFlags(t, blocks)...)
	t.Run("Prometheus", func(t *testing.T) { checkAsked(t, newest, newest.url) })
	t.Run("a server that ignores match[]", func(t *testing.T) {
		checkAsked(t, newest, withoutMatch(t, newest.url))
	})
	newest.stop()
	debian := startPrometheus(t, "/usr/bin/prometheus", nil, blockFlags(t, blocks)...)
	t.Run("Debian's Prometheus", func(t *testing.T) { checkAsked(t, debian, debian.url) })
	debian.stop()
	t.Run("Debian's VictoriaMetrics", func(t *testing.T) {
		s := startVictoria(t, "/usr/bin/victoria-metrics", community)
		checkAsked(t, s, s.url)
	})
	t.Run("VictoriaMetrics", func(t *testing.T) {
		s := startVictoria(t, installed(t, "victoria-metrics"), community)
		checkAsked(t, s, s.url)
	})
	t.Run("Thanos", func(t *testing.T) {
		s := startThanos(t, community).server
		checkAsked(t, s, s.url)
	})
}

// withoutMatch returns the address of a proxy that removes match[] from lists of labels. The server
// behind it then answers as Prometheus before 2.24.
func withoutMatch(t *testing.T, to string) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		if strings.HasPrefix(r.In.URL.Path, "/api/v1/label") {
			q := r.Out.URL.Query()
			q.Del("match[]")
			r.Out.URL.RawQuery = q.Encode()
		}
	}})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// checkAsked compares what the server at an address answers to variables with what s finds.
func checkAsked(t *testing.T, s *server, address string) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client, err := promapi.New(base, http.DefaultTransport, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := dashboard.Window{From: slot.Add(-6 * time.Hour), To: slot}
	src := ask.New(client, w)

	nodes, err := src.LabelValues(t.Context(), "node", "kube_node_info")
	slices.Sort(nodes)
	if want := found(t, s, "kube_node_info", "node"); err != nil || !slices.Equal(nodes, want) {
		t.Errorf("nodes: got %q, %v; want %q", nodes, err, want)
	}
	const one = `kube_pod_info{node="n1"}`
	pods, err := src.LabelValues(t.Context(), "pod", one)
	slices.Sort(pods)
	if want := found(t, s, one, "pod"); err != nil || !slices.Equal(pods, want) {
		t.Errorf("pods of n1: got %q, %v; want %q", pods, err, want)
	}
	metrics, err := src.LabelValues(t.Context(), "__name__", "")
	if err != nil || !slices.Contains(metrics, "kube_node_info") ||
		!slices.Contains(metrics, "node_uname_info") {
		t.Errorf("metrics: got %q, %v; want kube_node_info and node_uname_info among them", metrics,
			err)
	}
	names, err := src.LabelNames(t.Context(), "kube_node_info")
	slices.Sort(names)
	if err != nil || !slices.Contains(names, "node") || slices.Contains(names, "pod") {
		t.Errorf("label names: got %q, %v; want node and not pod among them", names, err)
	}

	const expr = "sort_desc(sum by (node) (kube_node_status_allocatable))"
	samples, err := src.Query(t.Context(), expr)
	if err != nil || len(samples) != len(nodes) {
		t.Errorf("%s: got %d samples, %v; want %d", expr, len(samples), err, len(nodes))
	}
	for i, sample := range samples {
		if !sample.Time.Equal(slot) || sample.Labels.Get("node") == "" ||
			i > 0 && sample.Value > samples[i-1].Value {
			t.Errorf("sample %d: got %v at %s, want a node's at %s, in descending order", i,
				sample, sample.Time, slot)
		}
	}
	scalar, err := src.Query(t.Context(), "scalar(vector(7))")
	if err != nil || len(scalar) != 1 || scalar[0].Value != 7 || len(scalar[0].Labels) != 0 {
		t.Errorf("a scalar: got %v, %v; want 7 without labels", scalar, err)
	}
	if _, err := src.Query(t.Context(), "sum("); err == nil {
		t.Error("a query that is not PromQL: got no error, want one")
	}
	if warnings := src.Warnings(); len(warnings) > 0 {
		t.Errorf("got the warnings %q, want none", warnings)
	}
}

// found returns the values of a label that a query over the range finds.
func found(t *testing.T, s *server, selector, label string) []string {
	t.Helper()
	body, err := s.get("/api/v1/query", url.Values{
		"query": {"group by (" + label + ") (last_over_time(" + selector + "[6h]))"},
		"time":  {slot.Format(time.RFC3339)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	values := map[string]bool{}
	for _, r := range answer.Data.Result {
		values[r.Metric[label]] = true
	}
	delete(values, "")
	if len(values) == 0 {
		t.Fatalf("%s: got no series with the label %s, want at least one", selector, label)
	}
	return slices.Sorted(maps.Keys(values))
}
