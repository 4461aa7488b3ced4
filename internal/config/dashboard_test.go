package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/rules"
)

// A report shows a dashboard instead of the built-in panels, or beside its own panels.
func TestDashboard(t *testing.T) {
	c := load(t, `
version: 1
prometheus: {url: http://p}
reports:
  - name: nodes
    dashboard:
      file: ../testdata/dashboards/small.json
      variables: {job: node-exporter, node: [a, 9100, All]}
      only: ["*k*", RAM Used, Notes]
      except: [Dis*]
    rules:
      RAM Used:
        - {alertname: RamHigh, above: {warning: 80%, critical: 95}, for: 15m}
        - {name: usual, reduce: p95, above: {warning: 60%}}
      Network:
        - {alertname: Silent, ref: B, below: {warning: 1kB/s}, no_data: resolve}
  - name: both
    range: 1h
    panels: [{use: node-cpu}]
    dashboard: {file: ../testdata/dashboards/small.json}
  - name: builtin
`)
	nodes, both, builtin := c.Reports[0], c.Reports[1], c.Reports[2]
	d := nodes.Dashboard
	if nodes.Range != 6*time.Hour || len(nodes.Panels) != 0 || d == nil {
		t.Fatalf("got range %s, %d panels and %v, want the dashboard's 6h, no panel and a dashboard",
			nodes.Range, len(nodes.Panels), d)
	}
	if d.Source != "../testdata/dashboards/small.json" || d.Board.Title != "Small fleet" {
		t.Errorf("got %s with title %q, want small.json", d.Source, d.Board.Title)
	}
	want := map[string][]string{"job": {"node-exporter"}, "node": {"a", "9100", "All"}}
	if diff := cmp.Diff(want, d.Variables); diff != "" {
		t.Errorf("variables: diff (-want +got):\n%s", diff)
	}
	var shown []string
	for _, p := range d.Board.Panels {
		if d.Shows(p.Title) {
			shown = append(shown, p.Title)
		}
	}
	if diff := cmp.Diff([]string{"RAM Used", "Network", "Notes"}, shown); diff != "" {
		t.Errorf("shown panels: diff (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]rules.Rule{
		"RAM Used": {
			{
				Name: "RamHigh", Ref: "A", Warning: rules.At(80), Critical: rules.At(95),
				For: 15 * time.Minute, KeepFiringFor: 10 * time.Minute,
			},
			{Name: "usual", Ref: "A", Warning: rules.At(60), Reduce: rules.P95},
		},
		"Network": {{
			Name: "Silent", Ref: "B", Direction: rules.Below, Warning: rules.At(1000),
			KeepFiringFor: 10 * time.Minute, NoData: rules.ResolveOnNoData,
		}},
	}, d.Rules); diff != "" {
		t.Errorf("rules: diff (-want +got):\n%s", diff)
	}
	if both.Range != time.Hour || len(both.Panels) != 1 || both.Dashboard.Board != d.Board ||
		len(both.Dashboard.Rules) != 0 {
		t.Errorf("got %s, %d panels and %+v, want the file's range, one panel and the same board",
			both.Range, len(both.Panels), both.Dashboard)
	}
	if builtin.Range != 24*time.Hour || len(builtin.Panels) != 2 || builtin.Dashboard != nil {
		t.Errorf("got %+v, want the built-in panels", builtin)
	}
}

// The range of the command line is more important than that of a dashboard.
func TestRangeOfADashboard(t *testing.T) {
	for _, tt := range []struct {
		name, from, keys string
		given, want      time.Duration
	}{
		{name: "the dashboard's", from: "now-2d", want: 48 * time.Hour},
		{name: "not fixed", from: "now/d", want: 24 * time.Hour},
		{name: "too short", from: "now-5s", want: 24 * time.Hour},
		{name: "too long", from: "now-5y", want: 24 * time.Hour},
		{name: "the file's", from: "now-2d", keys: ", range: 3h", want: 3 * time.Hour},
		{name: "the command line's", from: "now-2d", keys: ", range: 3h", given: time.Hour, want: time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options()
			o.Dir, o.Range = t.TempDir(), tt.given
			board := fmt.Sprintf(`{"time": {"from": %q, "to": "now"}, "panels": [{"type": "stat",
				"targets": [{"expr": "up"}]}]}`, tt.from)
			if err := os.WriteFile(filepath.Join(o.Dir, "d.json"), []byte(board), 0o600); err != nil {
				t.Fatal(err)
			}
			text := "version: 1\nprometheus: {url: http://p}\n" +
				"reports: [{name: a, dashboard: {file: d.json}" + tt.keys + "}]\n"
			c, err := config.Load("promsnap.yaml", []byte(text), o)
			if err != nil || c.Reports[0].Range != tt.want {
				t.Errorf("got %v, %v, want the range %s", c, err, tt.want)
			}
		})
	}
}

// A file that is too large is not read to its end.
func TestLargeDashboard(t *testing.T) {
	o := options()
	o.Dir = t.TempDir()
	f, err := os.Create(filepath.Join(o.Dir, "large.json"))
	if err == nil {
		err = f.Truncate(50 << 20)
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	_, err = config.Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: http://p}\n"+
		"reports: [{name: a, dashboard: {file: large.json}}]\n"), o)
	if want := "promsnap.yaml:3:39: reports[0].dashboard.file: larger than 16 MiB, so it is not a " +
		"dashboard; export one dashboard as JSON"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A run without a file has one report, with the name of the dashboard.
func TestOfDashboard(t *testing.T) {
	of := func(title, board string, variables map[string][]string) (*config.Config, error) {
		b, err := grafana.Decode([]byte(`{"title": "` + title + `", "time": {"from": "now-1h",
			"to": "now"}, ` + board + `}`))
		if err != nil {
			t.Fatal(err)
		}
		d := &config.Dashboard{Board: b, Variables: variables}
		if err := errors.Join(d.Check(), d.CheckVariables()); err != nil {
			return nil, err
		}
		return config.OfDashboard(d, config.Options{URL: "http://p"})
	}
	const up = `"panels": [{"type": "stat", "targets": [{"expr": "up{job=\"$job\"}"}]}],
		"templating": {"list": [{"name": "job", "type": "textbox"}]}`
	for title, want := range map[string]string{
		"Node Exporter Full": "node-exporter-full", "": "dashboard", "노드": "dashboard",
		"1. Node / Pods (v2)!": "1-node-pods-v2", strings.Repeat("a b", 40): strings.Repeat("a-b", 21),
	} {
		c, err := of(title, up, map[string][]string{"job": {"x"}})
		if err != nil {
			t.Errorf("%q: got error %v, want none", title, err)
			continue
		}
		if r := c.Reports[0]; r.Name != want || r.Range != time.Hour || len(r.Panels) != 0 ||
			r.Title == "" || r.Zone == nil {
			t.Errorf("%q: got %+v, want the name %s, a title and the dashboard's range", title, r, want)
		}
	}
	for _, tt := range []struct{ board, variable, want string }{
		{up, "jobs", "jobs: the dashboard has no such variable; did you mean job?"},
		{up, "pod", "pod: the dashboard has no such variable; it has job"},
		{
			`"panels": [{"type": "text"}], "templating": {"list": [{"name": "job",
				"type": "textbox"}]}`, "job", "no panel of the dashboard has a query for " +
				"Prometheus; choose a dashboard that queries Prometheus",
		},
		{
			`"panels": [{"type": "stat", "datasource": "Loki", "targets": [{"expr": "x"}]}],
				"templating": {"list": [{"name": "job", "type": "textbox"}]}`, "job",
			"no panel of the dashboard has a query for Prometheus: they query Loki; choose a " +
				"dashboard that queries Prometheus",
		},
		{
			`"panels": [{"type": "stat", "targets": [{"expr": "x"}]}]`, "job",
			"job: the dashboard has no variables; remove it",
		},
	} {
		_, err := of("a", tt.board, map[string][]string{tt.variable: {"x"}})
		if err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

// TestGlobsWithoutPanel checks that a glob that matches nothing is a note: a newer edition of the
// dashboard may lack what an older one had.
func TestGlobsWithoutPanel(t *testing.T) {
	c := load(t, `version: 1
prometheus: {url: http://prometheus.monitoring.svc}
reports:
  - name: a
    dashboard: {file: ../testdata/dashboards/small.json, only: ["RAM*", "CPU*"], except: ["*Hwmon*"]}
`)
	got := c.Notes.Error()
	for _, want := range []string{
		`reports[0].dashboard.only[1]: note: "CPU*" matches no panel`,
		`reports[0].dashboard.except[0]: note: "*Hwmon*" matches no panel`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got notes %q, want one with %q", got, want)
		}
	}
	if len(c.Notes) != 2 {
		t.Errorf("got %d notes, want 2: %v", len(c.Notes), c.Notes)
	}
}
