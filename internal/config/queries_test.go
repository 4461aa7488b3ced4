package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
)

func TestQueries(t *testing.T) {
	c := load(t, `version: 1
cluster: c
prometheus: {url: http://p}
reports:
  - name: r
    panels:
      - name: memory
        unit: bytes
        legend: "{{pod}}"
        queries:
          - {ref: used, query: used_bytes}
          - {query: limit_bytes, legend: "limit of {{pod}}"}
        rules:
          - {alertname: High, above: {warning: 1KiB}}
          - {alertname: NoRoom, ref: B, below: {critical: 2KiB}}
      - use: node-memory
        kind: stat
        queries: [{query: a}, {query: absent(b), unit: short}]
        rules:
          - {alertname: Much, above: {warning: 90%}}
          - {alertname: Many, ref: B, above: {warning: 3}, condition: true}
`)
	memory, stat := c.Reports[0].Panels[0], c.Reports[0].Panels[1]
	if diff := cmp.Diff([]panel.Query{
		{Ref: "used", Expr: "used_bytes", Legend: "{{pod}}", Unit: units.Bytes},
		{Ref: "B", Expr: "limit_bytes", Legend: "limit of {{pod}}", Unit: units.Bytes},
	}, memory.Queries); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	if r := memory.Rules; r[0].Ref != "" || r[0].Warning != rules.At(1024) || r[1].Ref != "B" ||
		r[1].Critical != rules.At(2048) {
		t.Errorf("got rules %+v, want 1024 for the first query and 2048 for B", r)
	}
	if diff := cmp.Diff([]panel.Query{
		{Ref: "A", Expr: "a", Unit: units.PercentUnit}, {
			Ref: "B", Expr: "absent(b)", Unit: units.Short,
		},
	}, stat.Queries); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	// Each limit is in its query's unit, and what a rule needs follows from its own query.
	if r := stat.Rules; r[0].Warning != rules.At(.9) || r[1].Warning != rules.At(3) ||
		r[0].NeedsAll || !r[1].NeedsAll || !r[1].Condition || !r[1].Flaps {
		t.Errorf("got rules %+v, want 0.9, and a condition at 3 that needs all", r)
	}
	if stat.Builtin || stat.Name != "node-memory" || stat.Title != "Node memory" {
		t.Errorf("got %+v, want the name and the title of node-memory, not built-in", stat)
	}
	if again := load(t, "version: 1\ncluster: c\nprometheus: {url: http://p}\nreports: [{name: "+
		"r, panels: [{use: node-memory}]}]\n"); len(again.Reports[0].Panels[0].Queries) != 1 {
		t.Errorf("got built-in queries %+v, want one", again.Reports[0].Panels[0].Queries)
	}
}
