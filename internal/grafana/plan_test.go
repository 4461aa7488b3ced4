package grafana

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// planned resolves and plans a dashboard.
func planned(t *testing.T, text string, src Source, given map[string][]string) *Plan {
	t.Helper()
	b := board(t, text)
	return b.Plan(resolved(t, b, src, given), Request{Width: 1000})
}

func TestQueriesOfPanels(t *testing.T) {
	const variables = `"templating": {"list": [
		{"type": "custom", "name": "job", "query": "a.b,c", "multi": true, "current": {"value": ["a.b", "c"]}},
		{"type": "custom", "name": "res", "query": "30s,5m", "current": {"value": "5m"}},
		{"type": "query", "name": "bad", "query": "x", "datasource": {"type": "loki"}},
		{"type": "adhoc", "name": "f", "filters": [{"key": "env", "operator": "=", "value": "prod"}]}]}`
	for _, tt := range []struct {
		name, panel string
		want        []Query
	}{
		{
			name:  "variables, a legend and a step",
			panel: `"targets": [{"expr": "rate(up{job=~\"$job\"}[$__rate_interval])", "legendFormat": "{{x}} $res", "interval": "$res", "refId": "A"}]`,
			want: []Query{{Ref: "A", Expr: `rate(up{env="prod",job=~"(a\\.b|c)"}[20m])`, Legend: "{{x}} 5m", Format: "time_series",
				Step: 5 * time.Minute, RateInterval: 20 * time.Minute}},
		},
		{
			name:  "by the width of the panel",
			panel: `"gridPos": {"x": 0, "y": 0, "w": 24, "h": 5}, "targets": [{"expr": "up[$__interval]"}]`,
			want: []Query{
				{
					Ref: "A", Expr: `up{env="prod"}[1m]`, Format: "time_series", Step: time.Minute,
					RateInterval: 75 * time.Second,
				},
			},
		},
		{
			name:  "by maxDataPoints and the panel's interval",
			panel: `"maxDataPoints": 100, "interval": "1h", "targets": [{"expr": "up[$__interval]"}]`,
			want: []Query{
				{
					Ref: "A", Expr: `up{env="prod"}[1h]`, Format: "time_series", Step: time.Hour,
					RateInterval: time.Hour + 15*time.Second,
				},
			},
		},
		{
			name:  "instant, of its own range",
			panel: `"timeFrom": "2h", "timeShift": "1d", "targets": [{"expr": "avg_over_time(up[$__range])", "instant": true, "format": "table"}]`,
			want: []Query{
				{
					Ref: "A", Expr: `avg_over_time(up{env="prod"}[2h])`, Format: "table",
					Instant: true, RateInterval: time.Minute,
				},
			},
		},
		{
			name:  "hidden and foreign ones are not there",
			panel: `"targets": [{"expr": "a", "hide": true}, {"expr": "b", "datasource": {"type": "loki"}}, {"expr": ""}]`,
		},
		{
			name:  "an unknown variable",
			panel: `"targets": [{"expr": "up{a=\"$gone\"}"}]`,
			want: []Query{{Ref: "A", Expr: `up{a="$gone"}`, Format: "time_series", Step: 5 * time.Minute, RateInterval: 315 * time.Second,
				Problem: "the dashboard has no variable gone"}},
		},
		{
			name:  "a variable without a value",
			panel: `"targets": [{"expr": "up{a=\"$bad\"}"}]`,
			want: []Query{{Ref: "A", Expr: `up{a="$bad"}`, Format: "time_series", Step: 5 * time.Minute, RateInterval: 315 * time.Second,
				Problem: "the variable bad has no value"}},
		},
		{
			name:  "the author's own error",
			panel: `"targets": [{"expr": "sum(up"}]`,
			want: []Query{{Ref: "A", Expr: `sum(up`, Format: "time_series", Step: 5 * time.Minute, RateInterval: 315 * time.Second,
				Problem: "it is not PromQL: 1:7: parse error: unclosed left parenthesis"}},
		},
		{
			name:  "MetricsQL, with a filter",
			panel: `"targets": [{"expr": "median_over_time(up[5m])"}]`,
			want: []Query{{Ref: "A", Expr: `median_over_time(up[5m])`, Format: "time_series", Step: 5 * time.Minute, RateInterval: 315 * time.Second,
				Dialect: MetricsQL,
				Problem: "the dashboard's filters cannot be put into MetricsQL"}},
		},
	} {
		p := planned(t, `{`+variables+
			`, "panels": [{"type": "timeseries", "gridPos": {"x": 0, "y": 0, "w": 8, "h": 5}, `+
			tt.panel+`},
			{"type": "text"}]}`, &fake{}, nil)
		var got []Query
		for _, c := range p.Panels {
			got = append(got, c.Queries...)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRepeat(t *testing.T) {
	type shown struct {
		Title string
		Row   int
		Grid  Grid
		Expr  string
	}
	node := `{"type": "custom", "name": "node", "query": "a,b,c,d,e", "multi": true, "includeAll": true, "current": {"value": %s}}`
	for _, tt := range []struct {
		name, current, panels string
		rows                  []string
		want                  []shown
	}{
		{
			name: "beside each other, and what is below moves down", current: `"$__all"`,
			panels: `{"type": "stat", "title": "CPU $node", "repeat": "node", "maxPerRow": 3, "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}, "targets": [{"expr": "up{node=~\"$node\"}"}]},
				{"type": "stat", "title": "below", "gridPos": {"x": 0, "y": 4, "w": 6, "h": 4}, "targets": [{"expr": "up"}]}`,
			want: []shown{
				{"CPU a", -1, Grid{0, 0, 8, 4}, `up{node=~"a"}`}, {
					"CPU b", -1, Grid{8, 0, 8, 4}, `up{node=~"b"}`,
				},
				{"CPU c", -1, Grid{16, 0, 8, 4}, `up{node=~"c"}`}, {
					"CPU d", -1, Grid{0, 4, 8, 4}, `up{node=~"d"}`,
				},
				{"CPU e", -1, Grid{8, 4, 8, 4}, `up{node=~"e"}`}, {
					"below", -1, Grid{0, 8, 6, 4}, "up",
				},
			},
		},
		{
			name: "below each other", current: `["a", "b"]`,
			panels: `{"type": "stat", "title": "$node", "repeat": "node", "repeatDirection": "v", "gridPos": {"x": 6, "y": 0, "w": 6, "h": 4}, "targets": [{"expr": "up"}]}`,
			want:   []shown{{"a", -1, Grid{6, 0, 6, 4}, "up"}, {"b", -1, Grid{6, 4, 6, 4}, "up"}},
		},
		{
			name: "rows", current: `["a", "b"]`,
			panels: `{"type": "row", "title": "Node $node", "repeat": "node", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}, "panels": []},
				{"type": "stat", "title": "$node", "gridPos": {"x": 0, "y": 1, "w": 6, "h": 4}, "targets": [{"expr": "up{node=~\"$node\"}"}]},
				{"type": "stat", "title": "too", "repeat": "node", "gridPos": {"x": 0, "y": 5, "w": 6, "h": 4}, "targets": [{"expr": "up"}]}`,
			rows: []string{"Node a", "Node b"},
			want: []shown{
				{"a", 0, Grid{0, 0, 6, 4}, `up{node=~"a"}`}, {"too", 0, Grid{0, 4, 24, 4}, "up"},
				{"b", 1, Grid{0, 0, 6, 4}, `up{node=~"b"}`}, {"too", 1, Grid{0, 4, 24, 4}, "up"},
			},
		},
	} {
		p := planned(t, `{"templating": {"list": [`+fmt.Sprintf(node, tt.current)+`]}, "panels": [`+
			tt.panels+`]}`, nil, nil)
		var got []shown
		for _, c := range p.Panels {
			got = append(got, shown{c.Title, c.Row, c.Grid, c.Queries[0].Expr})
		}
		var rows []string
		for _, r := range p.Rows {
			rows = append(rows, r.Title)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || !cmp.Equal(rows, tt.rows) {
			t.Errorf("%s: got rows %q, want %q; panels (-want +got):\n%s", tt.name, rows, tt.rows,
				diff)
		}
	}
}

func TestRepeatIsBounded(t *testing.T) {
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprint(i))
	}
	p := planned(t, `{"templating": {"list": [
			{"type": "custom", "name": "v", "query": "`+strings.Join(many, ",")+
		`", "includeAll": true, "current": {"value": "$__all"}}]},
		"panels": [{"type": "row", "title": "R", "repeat": "v"}, {"id": 1, "type": "stat", "repeat": "v", "targets": [{"expr": "up"}]}, 
		{"type": "row", "title": "S"}, {"id": 2, "type": "stat", "repeat": "v", "targets": [{"expr": "up"}]},
		{"id": 3, "type": "stat", "repeat": "gone", "targets": [{"expr": "up"}]}]}`, nil, nil)
	if len(p.Rows) != maxCopies+1 || len(p.Panels) != maxCopies+maxCopies+1 {
		t.Errorf("got %d rows and %d panels, want %d and %d", len(p.Rows), len(p.Panels),
			maxCopies+1, 2*maxCopies+1)
	}
	if want := `row "R": it is repeated for 50 of 200 values of v: choose fewer values`; len(p.Notes) != 1 ||
		p.Notes[0] != want {
		t.Errorf("got notes %q, want %q", p.Notes, want)
	}
	for i, want := range []string{
		"", "it is repeated for 50 of 200 values of v: choose fewer values", "it is repeated by gone, which is not a " +
			"variable: it is shown once",
	} {
		if got := p.Verdicts[i].Reason; got != want {
			t.Errorf("panel %d: got the reason %q, want %q", i+1, got, want)
		}
	}
}

// Without a Prometheus a query is checked all the same, with words in place of what it knows.
func TestPendingQueries(t *testing.T) {
	p := planned(t, `{"panels": [{"type": "stat", "targets": [
			{"expr": "rate(up{a=~\"$v\"}[$v])"}, {"expr": "topk($v, up)"}, {"expr": "sum(up{a=\"$v\"}"}]}],
		"templating": {"list": [{"type": "query", "name": "v", "query": "label_values(l)"}]}}`, nil,
		nil)
	for i, want := range []string{"", "", "it is not PromQL: "} {
		q := p.Panels[0].Queries[i]
		if !q.Pending || (q.Problem == "") != (want == "") || !strings.HasPrefix(q.Problem, want) {
			t.Errorf("query %s: got pending %t and the problem %q, want it pending and %q", q.Ref,
				q.Pending, q.Problem, want)
		}
	}
}

// The values of a variable in many queries do not take all memory.
func TestQueriesAreBoundedTogether(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	var panels []string
	for range 100 {
		panels = append(panels, `{"type": "stat", "targets": [{"expr": "up{a=\"$v\"}"}]}`)
	}
	p := planned(t, `{"panels": [`+strings.Join(panels, ",")+`],
		"templating": {"list": [{"type": "custom", "name": "v", "query": "`+long+`"}]}}`, nil, nil)
	sent, bytes := 0, 0
	for _, c := range p.Panels {
		if c.Queries[0].Problem == "" {
			sent++
			bytes += len(c.Queries[0].Expr)
		}
	}
	if sent == 0 || sent == len(panels) || bytes > maxSent {
		t.Errorf("got %d queries of %d bytes, want some of %d, of at most %d bytes", sent, bytes,
			len(panels), maxSent)
	}
}

// Names of fields may hold variables. What package frame knows stays for it.
func TestVariablesInNamesOfFields(t *testing.T) {
	p := planned(t, `{"panels": [{"type": "stat", "targets": [{"expr": "up"}], "fieldConfig": {
			"defaults": {"displayName": "$v of ${__field.name}"},
			"overrides": [{"matcher": {"id": "byName", "options": "$v"},
				"properties": [{"id": "unit", "value": "$v"}, {"id": "displayName", "value": "[[v]]"}]}]}}],
		"templating": {"list": [{"type": "custom", "name": "v", "query": "a"}]}}`, nil, nil)
	got := p.Panels[0].Field
	if want := "a of ${__field.name}"; got.Defaults.DisplayName != want {
		t.Errorf("got the name %q, want %q", got.Defaults.DisplayName, want)
	}
	properties := got.Overrides[0].Properties
	if string(properties[0].Value) != `"$v"` || string(properties[1].Value) != `"a"` {
		t.Errorf("got %s and %s, want the unit as it is and the name a", properties[0].Value,
			properties[1].Value)
	}
	if before := string(
		p.Panels[0].Panel.Field.Overrides[0].Properties[1].Value); before != `"[[v]]"` {
		t.Errorf("the dashboard itself has %s now, want it unchanged", before)
	}
}

// Older versions of Grafana saved the repetitions of panels and rows with the dashboard.
func TestSavedCopies(t *testing.T) {
	const variable = `"templating": {"list": [{"type": "custom", "name": "v", "query": "a,b", "multi": true, "current": {"value": ["a", "b"]}}]}`
	for _, tt := range []struct{ name, text string }{
		{"panels", `{` + variable + `, "panels": [
			{"id": 1, "type": "stat", "title": "$v", "repeat": "v", "targets": [{"expr": "up"}]},
			{"id": 2, "type": "stat", "title": "$v", "repeatPanelId": 1, "repeatIteration": 1, "targets": [{"expr": "up"}]}]}`},
		{"rows", `{` + variable + `, "panels": [
			{"type": "row", "title": "R", "repeat": "v"}, {"id": 1, "type": "stat", "title": "$v", "targets": [{"expr": "up"}]},
			{"type": "row", "title": "R", "repeatPanelId": 9}, {"id": 2, "type": "stat", "title": "$v", "targets": [{"expr": "up"}]}]}`},
		{"collapsed rows", `{` + variable + `, "panels": [
			{"type": "row", "title": "R", "repeat": "v", "collapsed": true, "panels": [{"id": 1, "type": "stat", "title": "$v", "targets": [{"expr": "up"}]}]},
			{"type": "row", "title": "R", "repeatPanelId": 9, "collapsed": true, "panels": [{"id": 2, "type": "stat", "targets": [{"expr": "up"}]}]}]}`},
		{"legacy rows", `{` + variable + `, "rows": [
			{"title": "R", "repeat": "v", "panels": [{"id": 1, "type": "graph", "title": "$v", "targets": [{"expr": "up"}]}]},
			{"title": "R", "repeatRowId": 1, "panels": [{"id": 2, "type": "graph", "targets": [{"expr": "up"}]}]}]}`},
	} {
		p := planned(t, tt.text, nil, nil)
		var titles []string
		for _, c := range p.Panels {
			titles = append(titles, c.Title)
		}
		if !cmp.Equal(titles, []string{"a", "b"}) {
			t.Errorf("%s: got panels %q, want a and b", tt.name, titles)
		}
		if len(p.Verdicts) != 2 || p.Verdicts[1].Status != Imported ||
			!strings.Contains(p.Verdicts[1].Reason, "saved copy") {
			t.Errorf("%s: got verdicts %+v, want one for the copy too", tt.name, p.Verdicts)
		}
	}
	p := planned(t,
		`{"panels": [{"id": 2, "type": "stat", "repeatPanelId": 1, "targets": [{"expr": "up"}]}]}`,
		nil, nil)
	if len(p.Panels) != 1 {
		t.Errorf("got %d panels of a copy whose original is gone, want 1", len(p.Panels))
	}
}

// A value may be $__rate_interval. It is that of the query that the value is put into.
func TestValuesThatAreIntervals(t *testing.T) {
	for name, variable := range map[string]string{
		"custom":   `{"type": "custom", "name": "v", "query": "$__rate_interval, 5m"}`,
		"interval": `{"type": "interval", "name": "v", "query": "$__rate_interval,5m"}`,
		"constant": `{"type": "constant", "name": "v", "query": "$__rate_interval"}`,
		"textbox":  `{"type": "textbox", "name": "v", "query": "${__rate_interval}"}`,
	} {
		p := planned(t, `{"templating": {"list": [`+variable+
			`]}, "panels": [{"type": "timeseries", "targets": [
			{"expr": "rate(up[$v])", "interval": "10m"}, {"expr": "up", "interval": "$v"}]}]}`, nil,
			nil)
		q := p.Panels[0].Queries
		if want := "rate(up[40m])"; q[0].Expr != want || q[0].Problem != "" {
			t.Errorf("%s: got %s, problem %q; want %s", name, q[0].Expr, q[0].Problem, want)
		}
		if want := q[1].RateInterval; q[1].Step != want || want == 0 {
			t.Errorf("%s: got step %s, want the rate interval %s", name, q[1].Step, want)
		}
	}
}
