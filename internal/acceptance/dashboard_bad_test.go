//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/testdata/hostile"
)

// TestDashboardExplained explains every real dashboard. Each panel of the file has an entry, which
// the test counts by walking through the JSON.
func TestDashboardExplained(t *testing.T) {
	t.Parallel()
	s := startPromlab(t, 3, demoSlot)
	panels, there, queries := 0, 0, 0
	for _, path := range realDashboards(t) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var content any
		if err := json.Unmarshal(file, &content); err != nil {
			t.Fatal(err)
		}
		recorded := record(t, s.url)
		o := promsnap(t, "dashboard", "explain", path, "-o", "json", "--prometheus-url",
			recorded.url, "--time", demoSlot.Format(time.RFC3339)).want(t, 0)
		var got struct {
			Panels []struct {
				Title, Status, Reason string
				Queries               []struct{ Expr, Problem, Dialect string }
			}
		}
		if err := json.Unmarshal([]byte(o.stdout), &got); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		name := filepath.Base(path)
		if want := countPanels(content, ""); len(got.Panels) != want {
			t.Errorf("%s: got %d entries, want one for each of %d panels", name, len(got.Panels),
				want)
		}
		for _, p := range got.Panels {
			panels++
			switch p.Status {
			case "imported", "approximated":
				there++
			case "left_out":
				t.Logf("%s: %s is left out: %s", name, p.Title, p.Reason)
			default:
				t.Errorf("%s: %s: got the status %q", name, p.Title, p.Status)
			}
			if p.Status != "imported" && p.Reason == "" {
				t.Errorf("%s: %s is %s, want a reason", name, p.Title, p.Status)
			}
			for _, q := range p.Queries {
				queries++
				if q.Problem != "" || q.Dialect != "" {
					t.Errorf("%s: %s: got the query %s with %s %s, want none: these authors made "+
						"no errors", name, p.Title, q.Expr, q.Problem, q.Dialect)
				}
				recorded.add("", map[string][]string{"query": {q.Expr}})
			}
		}
		recorded.check(t, 1)
	}
	t.Logf("%d of %d panels are imported or approximated, with %d queries", there, panels, queries)
	if there*100 < panels*99 || panels < 500 {
		t.Errorf("%d of %d panels are imported or approximated, want 99 %% of at least 500", there,
			panels)
	}
}

// countPanels counts the panels in the JSON of a dashboard: what is in a list of panels and is no
// row, and what is in a map of elements.
func countPanels(v any, key string) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		if key == "elements" {
			n += len(v)
		}
		for k, inner := range v {
			n += countPanels(inner, k)
		}
	case []any:
		for _, inner := range v {
			if m, ok := inner.(map[string]any); ok && key == "panels" && m["type"] != "row" {
				n++
			}
			n += countPanels(inner, "")
		}
	}
	return n
}

// TestDashboardOfTooManySeries queries a server that answers with 20,000 series.
func TestDashboardOfTooManySeries(t *testing.T) {
	t.Parallel()
	const many = 20_000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/query_range") &&
			strings.Contains(r.FormValue("query"), "many"):
			writeMany(w, r, many)
		case strings.HasSuffix(r.URL.Path, "/query_range"):
			writeMany(w, r, 2)
		case strings.HasSuffix(r.URL.Path, "/query"):
			always(`{"resultType":"vector","result":[]}`)(w, r)
		default:
			always(`{}`)(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	path := boardFile(t, `{"title": "Wide", "panels": [
		{"id": 1, "type": "timeseries", "title": "All pods",
			"targets": [{"refId": "A", "expr": "many"}]},
		{"id": 2, "type": "table", "title": "A table",
			"targets": [{"refId": "A", "expr": "many"}]},
		{"id": 3, "type": "timeseries", "title": "Two pods",
			"targets": [{"refId": "A", "expr": "few"}]}]}`)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	o, cost := spend(t, program, "run", "--dashboard", path, "--prometheus-url", srv.URL,
		"--range", "6h", "--time", demoSlot.Format(time.RFC3339), "--output-dir", "out")
	page := string(o.file(t, "wide", demoSlot, "index.html"))
	for _, want := range []string{"All pods", "Two pods", "20,000"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if cost.Peak > 200 {
		t.Errorf("got a peak of %.0f MiB, want at most 200", cost.Peak)
	}
	if len(page) > 5_000_000 {
		t.Errorf("got a page of %d bytes, want at most 5 MB", len(page))
	}
}

// writeMany answers a range query with n series.
func writeMany(w http.ResponseWriter, r *http.Request, n int) {
	var start, end, step float64
	for name, to := range map[string]*float64{"start": &start, "end": &end, "step": &step} {
		if _, err := fmt.Sscan(r.FormValue(name), to); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	_, _ = fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[`)
	for i := range n {
		if i > 0 {
			_, _ = fmt.Fprint(w, ",")
		}
		_, _ = fmt.Fprintf(w, `{"metric":{"pod":"pod-%05d"},"values":[`, i)
		for at, j := start, 0; at <= end; at, j = at+step, j+1 {
			if j > 0 {
				_, _ = fmt.Fprint(w, ",")
			}
			_, _ = fmt.Fprintf(w, `[%g,"%d.%d"]`, at, i, (i*7+j*13)%100)
		}
		_, _ = fmt.Fprint(w, `]}`)
	}
	_, _ = fmt.Fprint(w, `]}}`)
}

// TestHostileDashboard makes a report of a dashboard whose every word is hostile. Its page runs no
// script and sends no request.
func TestHostileDashboard(t *testing.T) {
	t.Parallel()
	const evil = `</title></script><script>window.pwned=1</script><img src=x ` +
		`onerror=window.pwned=1><a href="javascript:window.pwned=1">`
	quoted := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s := startPromlab(t, 3, demoSlot)
	markdown := evil + "\n\n[click](javascript:window.pwned=1) ![p](http://127.0.0.1:1/x.png) " +
		"<iframe src=http://127.0.0.1:1></iframe>\n\n| a | b |\n|---|---|\n| " + evil + " | c |\n"
	panels := fmt.Sprintf(`{"type": "text", "id": 100, "title": %s,
		"options": {"mode": "markdown", "content": %s}}`, quoted(evil), quoted(markdown))
	panels += fmt.Sprintf(`,{"type": "text", "id": 101, "title": "HTML",
		"options": {"mode": "html", "content": %s}}`, quoted(markdown))
	for i, kind := range []string{
		"timeseries", "stat", "gauge", "bargauge", "table", "piechart", "barchart", "heatmap",
		"histogram", "state-timeline", "status-history", "graph", "singlestat", "evil" + evil,
	} {
		panels += fmt.Sprintf(`,{"type": %s, "id": %d, "title": %s, "description": %[3]s,
			"fieldConfig": {"defaults": {"unit": %[3]s, "displayName": %[3]s}},
			"targets": [{"refId": "A", "legendFormat": %[3]s, "expr": "node_load1"}]}`,
			quoted(kind), i+1, quoted(evil))
	}
	for i, w := range hostile.Words() {
		panels += fmt.Sprintf(`,{"type": "timeseries", "id": %d, "title": %s,
			"targets": [{"refId": "A", "legendFormat": %[2]s, "expr": "node_load1"}]}`, i+200,
			quoted(w.Text))
	}
	path := boardFile(t, fmt.Sprintf(`{"title": %s, "description": %[1]s, "panels": [
		{"type": "row", "id": 99, "title": %[1]s}, %s],
		"templating": {"list": [{"name": "evil", "type": "custom", "query": %[1]s}]}}`,
		quoted(evil), panels))
	o := promsnap(t, "run", "--dashboard", path, "--prometheus-url", s.url, "--range", "1h",
		"--time", demoSlot.Format(time.RFC3339), "--output-dir", "out").want(t, 0)
	name := onlyReport(t, o)
	if strings.Contains(o.stdout+o.stderr, "\x1b") {
		t.Error("got an escape sequence in the output, want none")
	}
	page := filepath.Join(o.dir, "out", name, demoSlot.Format("20060102T150405Z"), "index.html")
	if body := string(o.file(t, name, demoSlot, "index.html")); strings.Contains(body,
		"<script>window.pwned") || strings.Contains(body, "<iframe") ||
		strings.Contains(body, "<img src=x") {
		t.Error("the page has the dashboard's HTML, want it as text")
	}
	checkQuiet(t, browse(t, "read", page, ""))
}

// TestDashboardWithoutNetwork gives a number where grafana.com cannot be reached.
func TestDashboardWithoutNetwork(t *testing.T) {
	o := promsnap(t, "run", "--dashboard", "1860", "--grafana-com-url", "http://"+freePort(t),
		"--prometheus-url", "http://127.0.0.1:1").want(t, 1)
	for _, want := range []string{"connection refused", "download", "file"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("got %q, want %q in it", o.stderr, want)
		}
	}
}

// boardFile writes a dashboard and returns its path.
func boardFile(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "board.json")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
