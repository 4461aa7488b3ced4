package grafana

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrafana6(t *testing.T) {
	for _, tt := range []struct{ name, panel, defaults, overrides string }{
		{
			name: "fieldOptions with defaults",
			panel: `"type": "stat", "options": {"colorMode": "value", "fieldOptions": {"calcs": ["mean"], "values": false,
				"defaults": {"unit": "s", "title": "T", "thresholds": {"mode": "absolute", "steps": []}},
				"overrides": [{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "ms"}]}]}}`,
			defaults:  `{"unit": "s", "displayName": "T", "thresholds": {"mode": "absolute", "steps": []}}`,
			overrides: `[{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "ms"}]}]`,
		},
		{
			name: "thresholds and mappings beside the defaults",
			panel: `"type": "gauge", "options": {"fieldOptions": {"calcs": ["mean"], "defaults": {"max": 100},
				"thresholds": [{"index": 0, "value": null, "color": "green"}, {"index": 1, "value": "80", "color": "red"}],
				"mappings": [{"id": 0, "type": 1, "op": "=", "value": "0", "text": "down"}, {"type": 2, "from": "1", "to": "5", "text": "some"},
					{"type": 1, "value": "null", "text": "N/A"}]}}`,
			defaults: `{"max": 100, "thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "green"}, {"value": 80, "color": "red"}]},
				"mappings": [{"id": 0, "type": 1, "op": "=", "value": "0", "text": "down"}, {"type": 2, "from": "1", "to": "5", "text": "some"},
					{"type": 1, "value": "null", "text": "N/A"}]}`,
			overrides: `[]`,
		},
		{
			name: "a list of thresholds in the defaults",
			panel: `"type": "gauge", "options": {"fieldOptions": {"calcs": ["mean"], "defaults": {
				"thresholds": [{"color": "green", "index": 0, "value": null}, {"color": "red", "index": 1, "value": 80}]}}}`,
			defaults:  `{"thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "green"}, {"value": 80, "color": "red"}]}}`,
			overrides: `[]`,
		},
		{
			name: "valueOptions",
			panel: `"type": "bargauge", "options": {"minValue": 0, "maxValue": 10, "valueOptions": {"unit": "bytes", "decimals": 1, "stat": "avg"},
				"thresholds": [{"index": 0, "value": null, "color": "blue"}]}`,
			defaults:  `{"unit": "bytes", "decimals": 1, "min": 0, "max": 10, "thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "blue"}]}}`,
			overrides: `[]`,
		},
	} {
		p := board(t, `{"panels": [{`+tt.panel+`, "targets": [{"expr": "up"}]}]}`).Panels[0]
		sameFields(t, tt.name, p, tt.defaults, tt.overrides)
		if !cmp.Equal(p.Options.Calcs, []string{"mean"}) {
			t.Errorf("%s: got calcs %q, want mean", tt.name, p.Options.Calcs)
		}
		if p.Notes != nil {
			t.Errorf("%s: got notes %q, want none", tt.name, p.Notes)
		}
	}
}

// Grafana 7 had graphs with a field configuration too.
func TestGraphWithFieldConfig(t *testing.T) {
	p := board(t,
		`{"panels": [{"type": "graph", "yaxes": [{"format": "s"}], "targets": [{"expr": "up"}],
		"fieldConfig": {"defaults": {"unit": "ms", "displayName": "D", "custom": {}}, "overrides": [
			{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "m"}]}]},
		"seriesOverrides": [{"alias": "b", "linewidth": 3}]}]}`).Panels[0]
	sameFields(t, "graph", p,
		`{"unit": "s", "displayName": "D", "color": {"mode": "palette-classic"},
		"custom": {"drawStyle": "line", "showPoints": "never", "lineWidth": 1, "fillOpacity": 10}}`,
		`[
		{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "m"}]},
		{"matcher": {"id": "byName", "options": "b"}, "properties": [{"id": "custom.lineWidth", "value": 3}]}]`)
}

func TestRowsWithinRows(t *testing.T) {
	b := board(t, `{"panels": [{"type": "row", "title": "R", "collapsed": true, "panels": [
		{"type": "row", "title": "S", "panels": [{"type": "stat", "title": "in"}]}, {"type": "stat", "title": "too"}]}]}`)
	var titles []string
	for _, p := range b.Panels {
		titles = append(titles, p.Title)
	}
	if !cmp.Equal(titles, []string{"in", "too"}) || len(b.Rows) != 1 {
		t.Errorf("got panels %q in %d rows, want in and too in one", titles, len(b.Rows))
	}
}

func TestAnnotationsAreCounted(t *testing.T) {
	b := board(t, `{"panels": [{"type": "stat"}], "annotations": {"list": [
		{"builtIn": 1, "enable": true}, {"name": "a", "enable": true}, {"name": "b", "enable": false}]}}`)
	if want := []string{"annotations are not drawn: the dashboard has 1"}; !cmp.Equal(b.Notes,
		want) {
		t.Errorf("got notes %q, want %q", b.Notes, want)
	}
}

// A variable that stands for All with a value of its own needs no options.
func TestAllNeedsNoOptions(t *testing.T) {
	for name, variable := range map[string]string{
		"an unknown variable": `{"type": "query", "name": "v", "includeAll": true, "allValue": ".*", "query": "label_values(up{a=\"$gone\"}, l)"}`,
		"another datasource":  `{"type": "query", "name": "v", "includeAll": true, "allValue": ".*", "datasource": {"type": "loki"}, "query": "x"}`,
		"no answer":           `{"type": "query", "name": "v", "includeAll": true, "allValue": ".*", "query": "query_result(sum()", "current": {"value": "$__all"}}`,
	} {
		v := resolved(t, boardOf(t, variable), &fake{}, nil).Get("v")
		if v.Problem != "" || !v.All || v.AllValue != ".*" {
			t.Errorf("%s: got the problem %q and all %t, want All", name, v.Problem, v.All)
		}
	}
}

func TestFiltersOfAnotherDatasource(t *testing.T) {
	for _, tt := range []struct{ variable, how string }{
		{
			`{"type": "adhoc", "name": "v", "datasource": {"type": "loki"}, "filters": [{"key": "a", "operator": "=", "value": "b"}]}`, "its filters are for loki",
		},
		{
			`{"kind": "AdhocVariable", "group": "loki", "spec": {"name": "v", "filters": [{"key": "a", "operator": "=", "value": "b"}]}}`, "its filters are for loki",
		},
		{
			`{"type": "adhoc", "name": "v", "filters": [{"key": "a", "operator": "<", "value": "5"}]}`, "and is left out",
		},
	} {
		values := resolved(t, boardOf(t, tt.variable), &fake{}, nil)
		if got := values.Get("v").How; !strings.Contains(got, tt.how) ||
			len(values.Filters()) != 0 {
			t.Errorf("%s: got %q and filters %v, want %q and none", tt.variable, got,
				values.Filters(), tt.how)
		}
	}
}
