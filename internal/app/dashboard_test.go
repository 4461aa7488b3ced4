package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// nodes is a dashboard of nodes with a variable, a panel that the report leaves out, one whose
// query fails, and the alert of a legacy graph.
const nodes = `{"title": "Nodes", "templating": {"list": [
	{"name": "node", "type": "query", "query": "label_values(kube_node_info, node)",
		"includeAll": true, "multi": true, "current": {"text": "All", "value": "$__all"}}]},
	"panels": [
	{"id": 1, "type": "timeseries", "title": "Memory", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
		"fieldConfig": {"defaults": {"unit": "percentunit"}},
		"targets": [{"refId": "A", "legendFormat": "{{instance}}",
			"expr": "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"}]},
	{"id": 2, "type": "stat", "title": "Nodes", "gridPos": {"x": 12, "y": 0, "w": 6, "h": 4},
		"targets": [{"refId": "A", "instant": true, "expr": "count(kube_node_info{node=~\"$node\"})"}]},
	{"id": 3, "type": "stat", "title": "Secret", "gridPos": {"x": 12, "y": 4, "w": 6, "h": 4},
		"targets": [{"refId": "A", "expr": "up"}]},
	{"id": 4, "type": "graph", "title": "Load", "gridPos": {"x": 0, "y": 8, "w": 12, "h": 8},
		"targets": [{"refId": "A", "expr": "node_load1"}],
		"alert": {"name": "High load", "for": "5m", "conditions": [
			{"evaluator": {"type": "gt", "params": [0.001]}, "query": {"params": ["A", "5m", "now"]},
				"reducer": {"type": "last"}, "operator": {"type": "and"}}]}}
]}`

const nodesReport = `
version: 1
cluster: test
prometheus: {}
reports:
  - name: nodes
    range: 3h
    dashboard: {file: nodes.json, except: [Secret]}
    rules: {"Memory": [{alertname: MemoryHigh, above: {warning: 80%}, for: 15m}]}
`

// loadBoard loads a configuration beside the dashboard nodes.json.
func loadBoard(t *testing.T, url, text, board string) *config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "promsnap.yaml")
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "nodes.json"), []byte(board),
		0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, []byte(text), config.Options{Builtin: panels.In, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func runFiles(t *testing.T, cfg *config.Config, o app.Options) (app.Result, app.Outcome) {
	t.Helper()
	o.Version, o.Slot, o.Now, o.To = "test", slot, time.Now, app.Files{Dir: t.TempDir()}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	out := a.Run(t.Context())
	if len(out.Results) != 1 || out.Results[0].Err != nil {
		t.Fatalf("got %d results, error %v, want one without an error", len(out.Results),
			out.Results[0].Err)
	}
	return out.Results[0], out
}

// A report with a dashboard has the board, its pictures, and a panel for each panel with rules.
func TestRunDashboard(t *testing.T) {
	cfg := loadBoard(t, serve(t, newLab(t)), nodesReport, nodes)
	var lines []string
	res, out := runFiles(t, cfg, app.Options{Progress: func(_ string, e snapshot.Event) {
		if e.Panel != nil {
			lines = append(lines, e.Spec.Name)
		}
	}})
	if out.Failed() {
		t.Errorf("got a failed run, want none: failures %+v", res.Report.Failures)
	}
	b := res.Report.Info.Board
	if b == nil || b.Title != "Nodes" || len(b.Panels) != 3 || len(b.Verdicts) != 4 {
		t.Fatalf("got board %+v, want Nodes with 3 panels and 4 verdicts", b)
	}
	if text := b.Panels[1].Tiles.Items[0].Text.Text; text != "12" {
		t.Errorf("got %q nodes, want 12", text)
	}
	slices.Sort(lines)
	want := []string{
		"load-4", "load-4-alerts", "memory-1", "memory-1-alerts", "nodes-2",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got progress of %q, want %q", lines, want)
	}
	if res.Report.Worst() < rules.Warning {
		t.Errorf("got worst severity %v, want a warning: every load is above 0.001",
			res.Report.Worst())
	}
	if in := res.Report.Info; len(in.Nodes) > 0 || len(in.Notes) > 0 || len(res.Report.Blind) > 0 {
		t.Errorf("got nodes %v, notes %v, missing data %q, want none: the report is about the "+
			"dashboard", in.Nodes, in.Notes, res.Report.Blind)
	}
	for _, p := range res.Report.Panels {
		if p.Spec.Section != "Alerts" {
			t.Errorf("panel %s: got section %q, want Alerts", p.Spec.Name, p.Spec.Section)
		}
	}
	dir := filepath.Dir(res.Receipt.Location)
	for _, name := range []string{
		"index.html", "report.json", "dashboard.png", "dashboard-2x.png", "dashboard-phone.png",
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: got %+v and error %v, want a file that is not empty", name, info, err)
		}
	}
}

// If Prometheus is unreachable or refuses every query, each panel says so, the run fails, and an
// alert does not end.
func TestDashboardWithoutServer(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"denied": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
		},
		"broken": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"no"}`))
		},
	} {
		cfg := loadBoard(t, serve(t, h), nodesReport, nodes)
		res, out := runFiles(t, cfg, app.Options{})
		if !out.Failed() || res.Report.Whole() {
			t.Errorf("%s: got a run that did not fail, want one that did", name)
		}
		b := res.Report.Info.Board
		if b == nil || len(b.Panels) != 3 {
			t.Fatalf("%s: got board %+v, want one with 3 panels", name, b)
		}
		for i := range b.Panels {
			if f := b.Panels[i].Failures; len(f) == 0 || !b.Panels[i].Empty {
				t.Errorf("%s: panel %s: got failures %+v, want one and no data", name,
					b.Panels[i].Name, f)
			}
		}
		if len(res.Report.Panels) != 2 || res.Report.Panels[0].Failure == nil {
			t.Errorf("%s: got panels %+v, want two that failed", name, res.Report.Panels)
		}
	}
}

// A run that is stopped has every panel, and each without an answer says why.
func TestDashboardStopped(t *testing.T) {
	lab, stop := newLab(t), make(chan struct{})
	close(stop)
	cfg := loadBoard(t, serve(t, lab), nodesReport, nodes)
	res, _ := runFiles(t, cfg, app.Options{Stop: stop})
	if res.Report.Info.Incomplete.IsZero() {
		t.Error("got a complete report, want an incomplete one")
	}
	b := res.Report.Info.Board
	if b == nil || len(b.Panels) != 3 {
		t.Fatalf("got board %+v, want one with 3 panels", b)
	}
	whole := func(p board.Panel) bool {
		return len(p.Failures) != 1 || !strings.Contains(p.Failures[0].Reason, "stopped")
	}
	if i := slices.IndexFunc(b.Panels, whole); i >= 0 {
		t.Errorf("panel %s: got failures %+v, want that the run was stopped", b.Panels[i].Name,
			b.Panels[i].Failures)
	}
}

// A run fails if a query of its dashboard fails, also without rules: one of a panel or a variable.
func TestDashboardFails(t *testing.T) {
	text, _, _ := strings.Cut(nodesReport, "    rules:")
	board, _, _ := strings.Cut(nodes, "\"alert\"")
	board += `"options": {}}]}`
	fail := func(part string) http.Handler {
		lab := newLab(t)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.FormValue("query")+r.URL.RawQuery+r.PostForm.Encode(), part) {
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = w.Write([]byte(`{"status":"error","errorType":"execution","error":"no"}`))
				return
			}
			lab.ServeHTTP(w, r)
		})
	}
	for part, want := range map[string]string{
		"nothing": "", "node_load1": "Load", "match": "Dashboard",
	} {
		res, out := runFiles(t, loadBoard(t, serve(t, fail(part)), text, board), app.Options{})
		var got []string
		for _, f := range res.Report.Failures {
			got = append(got, f.Title)
		}
		if strings.Join(got, ",") != want || out.Failed() != (want != "") {
			t.Errorf("%s: got failures %q and failed %v, want %q", part, got, out.Failed(), want)
		}
	}
}
