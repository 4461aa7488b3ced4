package grafana

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeVariables(t *testing.T) {
	for _, tt := range []struct {
		name, json string
		want       Variable
	}{
		{
			name: "a query as text",
			json: `{"type": "query", "name": "v", "label": "V", "query": "label_values(up, job)", "regex": "/a/", "sort": 1, "multi": true,
				"includeAll": true, "allValue": ".*", "datasource": "$ds", "current": {"text": "All", "value": ["$__all"]}}`,
			want: Variable{Name: "v", Label: "V", Kind: "query", Query: "label_values(up, job)", Regex: "/a/", Sort: 1, Multi: true,
				IncludeAll: true, AllValue: ".*", Datasource: Datasource{Name: "$ds"},
				Current: []Option{{"All", "$__all"}}},
		},
		{
			name: "a query as object",
			json: `{"type": "query", "name": "v", "query": {"qryType": 1, "query": "label_values(up,job)", "refId": "x"}, "sort": "3"}`,
			want: Variable{Name: "v", Kind: "query", Query: "label_values(up,job)", Sort: 3},
		},
		{
			name: "an object with parts alone",
			json: `{"type": "query", "name": "v", "query": {"qryType": 1, "label": "job", "metric": "up", "labelFilters": [{"label": "a", "op": "=~", "value": "b"}]}}`,
			want: Variable{Name: "v", Kind: "query", Query: `label_values(up{a=~"b"},job)`},
		},
		{
			name: "names of metrics",
			json: `{"type": "query", "name": "v", "query": {"qryType": 2, "metric": "node_.*"}}`,
			want: Variable{Name: "v", Kind: "query", Query: "metrics(node_.*)"},
		},
		{
			name: "the result of a query",
			json: `{"type": "query", "name": "v", "query": {"qryType": 3, "varQuery": "count(up)"}}`,
			want: Variable{Name: "v", Kind: "query", Query: "query_result(count(up))"},
		},
		{
			name: "names of labels",
			json: `{"type": "query", "name": "v", "query": {"qryType": 0}}`,
			want: Variable{Name: "v", Kind: "query", Query: "label_names()"},
		},
		{
			name: "a definition alone",
			json: `{"type": "query", "name": "v", "definition": "label_values(job)"}`,
			want: Variable{Name: "v", Kind: "query", Query: "label_values(job)"},
		},
		{
			name: "schema v2",
			json: `{"kind": "QueryVariable", "spec": {"name": "v", "sort": "naturalDesc", "query":
				{"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "x"}, "spec": {"query": "label_values(job)"}},
				"current": {"text": ["a", "b"], "value": ["1", "2"]}}}`,
			want: Variable{Name: "v", Kind: "query", Query: "label_values(job)", Sort: 8, Datasource: Datasource{"prometheus", "x"},
				Current: []Option{{"a", "1"}, {"b", "2"}}},
		},
		{
			name: "a custom one",
			json: `{"type": "custom", "name": "v", "query": "a,b", "options": [{"text": "a", "value": "a", "selected": true}], "current": {"text": "a", "value": "a"}}`,
			want: Variable{
				Name: "v", Kind: "custom", Query: "a,b", Options: []Option{{"a", "a"}},
				Current: []Option{{"a", "a"}},
			},
		},
		{
			name: "an interval",
			json: `{"type": "interval", "name": "v", "query": "1m,5m", "auto": true, "auto_count": "30", "auto_min": "10s"}`,
			want: Variable{
				Name: "v", Kind: "interval", Query: "1m,5m", Auto: true, AutoCount: 30,
				AutoMin: "10s",
			},
		},
		{
			name: "a datasource",
			json: `{"type": "datasource", "name": "v", "query": "prometheus", "current": {}}`,
			want: Variable{Name: "v", Kind: "datasource", Query: "prometheus"},
		},
		{
			name: "a constant of an export",
			json: `{"type": "constant", "name": "v", "query": "${VAR_C}", "current": {"text": "${VAR_C}", "value": "${VAR_C}"}}`,
			want: Variable{Name: "v", Kind: "constant", Query: "prod"},
		},
		{
			name: "filters",
			json: `{"type": "adhoc", "name": "v", "filters": [{"key": "a", "operator": "=", "value": "b"}, {"key": "c", "operator": "=|", "value": "d", "values": ["d.1", "e"]}]}`,
			want: Variable{
				Name: "v", Kind: "adhoc", Filters: []Filter{{"a", "=", "b"}, {"c", "=~", `d\.1|e`}},
			},
		},
	} {
		b := board(t, `{"__inputs": [{"name": "VAR_C", "type": "constant", "value": "prod"}],
			"panels": [{"type": "stat"}], "templating": {"list": [`+tt.json+`]}}`)
		if len(b.Variables) != 1 {
			t.Errorf("%s: got %d variables, want 1", tt.name, len(b.Variables))
			continue
		}
		if diff := cmp.Diff(tt.want, b.Variables[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if b.Notes != nil {
			t.Errorf("%s: got notes %q, want none", tt.name, b.Notes)
		}
	}
}

func TestOddVariables(t *testing.T) {
	b := board(t, `{"panels": [{"type": "stat"}], "templating": {"list": [
		{"type": "custom", "name": "a", "query": "1"}, {"type": "custom", "name": "a", "query": "2"}, {"type": "custom"}, 7]}}`)
	if len(b.Variables) != 1 || b.Variables[0].Query != "1" {
		t.Errorf("got %+v, want the first variable a alone", b.Variables)
	}
	want := []string{
		"templating.list[3] is not an object, and is left out",
		"two variables have the name a: the first one counts",
		"a variable has no name, and is left out",
	}
	if diff := cmp.Diff(want, b.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
