//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/testdata/dashboards"
)

// The dashboards that the tests name.
const nodeExporterFull = "rfmoz_grafana-dashboards__node-exporter-full.json"

// realDashboard returns the content of a real dashboard.
func realDashboard(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dashboards.Dir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// realDashboards returns the paths of all real dashboards.
func realDashboards(t testing.TB) []string {
	t.Helper()
	dir := dashboards.Dir(t)
	f, err := os.Open(filepath.Join(dir, "INDEX.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	index, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, row := range index[1:] {
		paths = append(paths, filepath.Join(dir, row[0]))
	}
	return paths
}

// boardVariable matches a variable of Grafana. A dollar sign can also be the end of a regular
// expression.
var boardVariable = regexp.MustCompile(`\$\{?[a-zA-Z_]|\[\[`)

// onlyReport returns the name of the one report that a run wrote.
func onlyReport(t *testing.T, o outcome) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(o.dir, "out"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("got the reports %v (%v), want one", entries, err)
	}
	return entries[0].Name()
}

// recording is a proxy in front of a Prometheus that records the queries that reach it.
type recording struct {
	url string

	mu      sync.Mutex
	queries []string // of range and instant queries
	all     []string // every parameter of every request
}

// record starts a recording proxy.
func record(t *testing.T, to string) *recording {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{}
	forward := httputil.NewSingleHostReverseProxy(u)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, rq *http.Request) {
		body, err := io.ReadAll(rq.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.add(rq.URL.Path, rq.URL.Query(), form)
		rq.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, rq)
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

func (r *recording) add(path string, of ...url.Values) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, path)
	for _, values := range of {
		for key, list := range values {
			r.all = append(r.all, list...)
			if key == "query" {
				r.queries = append(r.queries, list...)
			}
		}
	}
}

// check checks that at least so many different queries arrived, that each is PromQL, and that no
// variable of Grafana is in any request.
func (r *recording) check(t *testing.T, least int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range r.all {
		if boardVariable.MatchString(text) {
			t.Errorf("got a variable in a request: %s", text)
		}
	}
	slices.Sort(r.queries)
	queries := slices.Compact(r.queries)
	for _, q := range queries {
		if _, err := parser.NewParser(parser.Options{}).ParseExpr(q); err != nil {
			t.Errorf("got a query that is not PromQL: %s: %v", q, err)
		}
	}
	if len(queries) < least {
		t.Errorf("got %d different queries, want at least %d", len(queries), least)
	}
}
