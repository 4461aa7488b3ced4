package changelog

import (
	"os"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// docs/changes.md lists every metric that the search reads.
func TestDocsListTheMetrics(t *testing.T) {
	docs, err := os.ReadFile("../../docs/changes.md")
	if err != nil {
		t.Fatal(err)
	}
	var findings []snapshot.Finding
	for i, of := range [][]string{
		{"namespace", "a", "pod", "web-1"}, {"namespace", "a", "persistentvolumeclaim", "data"},
		{"namespace", "a", "deployment", "web"}, {"namespace", "a", "statefulset", "db"},
		{"namespace", "a", "daemonset", "agent"}, {"job", "api"}, {"node", "n1"},
	} {
		f := on(200, of...)
		f.Cause = rules.Cause{Name: of[len(of)-1]}
		f.Value = float64(i)
		findings = append(findings, f)
	}
	q := &counting{Querier: recorded(t, `up{job="api"} 1x240`)}
	if _, notes := Find(t.Context(), q, panelWith(findings...), snapshot.Nodes{},
		Options{End: minute(240)}); notes != nil {
		t.Fatalf("got the notes %v, want none", notes)
	}
	read := map[string]bool{"node_boot_time_seconds": true} // needs an exporter of the node
	for _, expr := range q.queries {
		names, err := panel.MetricNames(expr)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		for _, name := range names {
			read[name] = true
		}
	}
	if len(read) < 19 {
		t.Errorf("got %d metrics, want at least 19", len(read))
	}
	for name := range read {
		if !strings.Contains(string(docs), "`"+name+"`") {
			t.Errorf("docs/changes.md: got no `%s`, want it in the table", name)
		}
	}
}
