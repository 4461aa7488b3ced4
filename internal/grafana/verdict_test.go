package grafana

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerdicts(t *testing.T) {
	const query = `"targets": [{"expr": "up"}]`
	for _, tt := range []struct {
		name, panel string
		status      Status
		reason      string
	}{
		{"a known kind", `"type": "timeseries", ` + query, Imported, ""},
		{"a legacy kind", `"type": "graph", ` + query, Imported, ""},
		{"text", `"type": "text", "options": {"content": "x", "mode": "markdown"}`, Imported, ""},
		{"HTML", `"type": "text", "options": {"content": "<img src=x>", "mode": "html"}`, Approximated,
			"its HTML is shown as plain text; pictures from elsewhere are left out"},
		{
			"a plugin", `"type": "grafana-polystat-panel", ` + query, Approximated,
			"a polystat is drawn as tiles",
		},
		{
			"an unknown plugin", `"type": "my-panel", ` + query, Approximated,
			"panels of type my-panel are not known: lines are drawn",
		},
		{"no type", query, Approximated, "the panel has no type: lines are drawn"},
		{
			"a list of alerts", `"type": "alertlist"`, LeftOut,
			"a list of Grafana's alerts is not drawn",
		},
		{"no query", `"type": "stat"`, LeftOut, "it has no query"},
		{
			"hidden queries", `"type": "stat", "targets": [{"expr": "up", "hide": true}]`, LeftOut,
			"all its queries are hidden",
		},
		{
			"no PromQL", `"type": "stat", "targets": [{"expr": ""}]`, LeftOut,
			"its queries have no PromQL",
		},
		{"a library panel", `"libraryPanel": {"uid": "x", "name": "Mine"}`, LeftOut,
			`its content is in the library panel "Mine", which is not in the file: export the dashboard for sharing externally`},
		{"another datasource", `"type": "stat", "datasource": {"type": "loki"}, "targets": [{"expr": "x"}]`, Approximated,
			"it has no data, because its queries are for loki"},
		{"two datasources", `"type": "stat", "targets": [{"expr": "up"}, {"rawSql": "x", "datasource": {"type": "mysql"}}]`, Approximated,
			"its queries for mysql are left out"},
		{"arithmetic", `"type": "stat", "targets": [{"expr": "up"}, {"type": "math", "expression": "$A", "datasource": {"type": "__expr__"}}]`, Approximated,
			"its queries for Grafana's expressions are left out"},
		{"transformations", `"type": "table", "transformations": [{"id": "organize"}, {"id": "spatial"}, {"id": "merge"}], ` + query, Approximated,
			"it is not transformed by spatial"},
		{
			"colours along a curve",
			`"type": "timeseries", "fieldConfig": {"defaults": {"color": {"mode": "thresholds"},
				"custom": {"gradientMode": "scheme"}}}, ` + query,
			Approximated, "its curves are not coloured along their values",
		},
		{
			"a scheme of one colour",
			`"type": "timeseries", "fieldConfig": {"defaults": {"color": {"mode": "fixed"},
				"custom": {"gradientMode": "scheme"}}}, ` + query,
			Imported, "",
		},
		{
			"a disabled transformation",
			`"type": "table", "transformations": [{"id": "spatial", "disabled": true}], ` + query,
			Imported, "",
		},
		{"overrides", `"type": "stat", "fieldConfig": {"overrides": [{"matcher": {"id": "byName", "options": "a"}}, {"matcher": {"id": "byMoon"}}]}, ` + query, Approximated,
			"overrides that match byMoon are left out"},
		{"an override without a matcher", `"type": "stat", "fieldConfig": {"overrides": [{"properties": []}]}, ` + query, Approximated,
			"an override does not say what it matches, and is left out"},
		{"a variable of Grafana", `"type": "stat", "targets": [{"expr": "up{a=\"${__user.login}\"}"}]`, Approximated,
			"query A is left out: Grafana's own variable __user has no value here"},
		{
			"an empty variable", `"type": "stat", "targets": [{"expr": "sum by ($e) (up) > $e"}]`, Approximated,
			"query A is left out: it is not PromQL: 1:18: parse error: unexpected end of input (empty: e)",
		},
		{
			"a clock", `"type": "grafana-clock-panel", "targets": [{"refId": "A"}]`, LeftOut,
			"a clock is not drawn",
		},
		{
			"an odd field", `"type": "stat", "options": 5, ` + query, Approximated,
			"options is not an object, and is left out",
		},
		{"an unresolved variable", `"type": "stat", "targets": [{"expr": "up{a=\"$x\"}"}]`, Approximated,
			"query A is left out: the dashboard has no variable x"},
		{
			"MetricsQL", `"type": "stat", "targets": [{"expr": "rate(up)"}]`, Approximated,
			"query A is MetricsQL, which only VictoriaMetrics answers",
		},
		{
			"an odd range", `"type": "stat", "timeFrom": "now/d", ` + query, Approximated,
			`its own range "now/d" is not read: it has the dashboard's`,
		},
	} {
		p := planned(t, `{"templating": {"list": [{"type": "query", "name": "e", "query": "label_values(e)"}]},
			"panels": [{"id": 7, "title": "T", `+tt.panel+`}]}`, &fake{}, nil)
		if len(p.Verdicts) != 1 {
			t.Errorf("%s: got %d verdicts, want 1", tt.name, len(p.Verdicts))
			continue
		}
		v := p.Verdicts[0]
		if v.Status != tt.status || v.Reason != tt.reason || v.ID != 7 || v.Title != "T" {
			t.Errorf("%s: got %d %q %s %q, want 7 T %s %q", tt.name, v.ID, v.Title, v.Status,
				v.Reason, tt.status, tt.reason)
		}
		if got, want := len(p.Panels) == 1, tt.status != LeftOut; got != want {
			t.Errorf("%s: got the panel planned %t, want %t", tt.name, got, want)
		}
	}
}

// A panel that is there without data says why.
func TestEmptyPanels(t *testing.T) {
	p := planned(t, `{"panels": [
		{"type": "stat", "targets": [{"expr": "up{a=\"$x\"}"}]}, {"type": "stat", "datasource": "Loki", "targets": [{"expr": "x"}]},
		{"type": "stat", "targets": [{"expr": "up{a=\"$x\"}"}, {"expr": "up"}]}]}`, &fake{}, nil)
	for i, want := range []string{
		"query A: the dashboard has no variable x", "promsnap does not query Loki", "",
	} {
		if got := p.Panels[i].Empty; got != want {
			t.Errorf("panel %d: got %q, want %q", i, got, want)
		}
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		name      string
		condition Condition
		want      bool
	}{
		{"matches", Condition{Tests: []Test{{"v", "matches", "^a"}}}, false},
		{"does not match", Condition{Tests: []Test{{"v", "matches", "^b"}}}, true},
		{"equals", Condition{Tests: []Test{{"v", "equals", "ab"}}}, false},
		{"not equals", Condition{Tests: []Test{{"v", "notEquals", "ab"}}}, true},
		{"not matches", Condition{Tests: []Test{{"v", "notMatches", "x"}}}, false},
		{"hide", Condition{Hide: true, Tests: []Test{{"v", "equals", "ab"}}}, true},
		{"both", Condition{Tests: []Test{{"v", "equals", "ab"}, {"v", "equals", "x"}}}, true},
		{
			"either", Condition{
				Any: true, Tests: []Test{{"v", "equals", "x"}, {"v", "equals", "ab"}},
			}, false,
		},
		{
			"neither", Condition{
				Any: true, Tests: []Test{{"v", "equals", "x"}, {"v", "equals", "y"}},
			}, true,
		},
		{"about data", Condition{Tests: []Test{{"", "", "true"}}}, false},
		{"a bad regex", Condition{Tests: []Test{{"v", "matches", "("}}}, false},
	} {
		p := &planner{values: &Values{list: []*Value{single("v", "ab")}}}
		if got := p.hidden([]Condition{tt.condition}, nil); got != tt.want {
			t.Errorf("%s: got hidden %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestExplainAsJSON(t *testing.T) {
	p := planned(t, `{"panels": [
		{"id": 1, "type": "stat", "title": "Up", "targets": [{"expr": "up{job=\"$job\"}", "instant": true}, {"expr": "up"}]},
		{"id": 2, "type": "news", "title": "News"}],
		"templating": {"list": [{"type": "custom", "name": "job", "query": "a,b"}, {"type": "query", "name": "n", "query": "label_values(n)"}]}}`, nil, nil)
	got, err := json.MarshalIndent(p.Explain(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
	"panels": [
		{
			"id": 1,
			"title": "Up",
			"type": "stat",
			"status": "imported",
			"reason": "",
			"queries": [
				{
					"ref": "A",
					"expr": "up{job=\"a\"}",
					"kind": "instant"
				},
				{
					"ref": "B",
					"expr": "up",
					"kind": "range",
					"step": "5m"
				}
			]
		},
		{
			"id": 2,
			"title": "News",
			"type": "news",
			"status": "left_out",
			"reason": "news are not drawn",
			"queries": []
		}
	],
	"variables": [
		{
			"name": "job",
			"type": "custom",
			"status": "resolved",
			"values": [
				"a"
			],
			"count": 1,
			"reason": "the first of 2 values"
		},
		{
			"name": "n",
			"type": "query",
			"status": "pending",
			"values": [],
			"count": 0,
			"reason": "asked of Prometheus when the report runs"
		}
	]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
}
