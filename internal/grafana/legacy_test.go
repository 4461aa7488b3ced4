package grafana

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/grafana/frame"
)

// sameJSON reports a difference between JSON texts, whatever the order of keys.
func sameJSON(t *testing.T, name string, got json.RawMessage, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Errorf("%s: got %q (%v), want JSON", name, got, err)
		return
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: what is wanted is not JSON: %v", name, err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// asJSON compares what is JSON, whatever its form.
var asJSON = cmp.Transformer("asJSON", func(raw json.RawMessage) any {
	var v any
	_ = json.Unmarshal(raw, &v)
	return v
})

// sameFields reports a difference between a panel's field configuration and what is wanted.
func sameFields(t *testing.T, name string, p Panel, defaults, overrides string) {
	t.Helper()
	want, notes := frame.DecodeFieldConfig(
		json.RawMessage(`{"defaults": ` + defaults + `, "overrides": ` + overrides + `}`))
	if notes != nil {
		t.Fatalf("%s: what is wanted has notes: %q", name, notes)
	}
	if diff := cmp.Diff(want, p.Field, asJSON); diff != "" {
		t.Errorf("%s: fields (-want +got):\n%s", name, diff)
	}
}

func TestGraph(t *testing.T) {
	p := board(t, `{"panels": [{
		"type": "graph", "title": "G", "fill": 3, "linewidth": 2, "lines": true, "nullPointMode": "null as zero",
		"stack": true, "percentage": true, "steppedLine": true, "decimals": 1,
		"aliasColors": {"b": "#00ff00", "a": "red"},
		"seriesOverrides": [
			{"alias": "/out.*/", "transform": "negative-Y", "stack": "B", "fill": 0},
			{"alias": "cpu", "yaxis": 2, "bars": true, "legend": false},
			{"alias": "plain"}],
		"thresholds": [{"value": 90, "op": "gt", "colorMode": "critical", "fill": true, "line": true},
		               {"value": "80", "op": "gt", "colorMode": "warning", "fill": true}],
		"legend": {"show": true, "alignAsTable": true, "rightSide": true, "values": true, "avg": true, "current": true, "sort": "avg", "sortDesc": true},
		"yaxes": [{"format": "bytes", "label": "L", "logBase": 10, "min": "0", "max": null, "show": true},
		          {"format": "percent", "max": 100, "logBase": 1}],
		"alert": {"name": "High", "for": "5m", "noDataState": "no_data", "conditions": [
			{"query": {"params": ["A", "5m", "now"]}, "reducer": {"type": "avg"}, "evaluator": {"type": "gt", "params": [90]}, "operator": {"type": "and"}}]},
		"targets": [{"expr": "up"}]}]}`).Panels[0]
	sameFields(t, "graph", p, `{
		"unit": "bytes", "min": 0, "decimals": 1, "color": {"mode": "palette-classic"},
		"thresholds": {"mode": "absolute", "steps": [
			{"value": null, "color": "transparent"}, {"value": 80, "color": "orange"}, {"value": 90, "color": "red"}]},
		"custom": {"drawStyle": "line", "showPoints": "never", "lineWidth": 2, "fillOpacity": 30, "lineInterpolation": "stepAfter",
			"stacking": {"mode": "percent", "group": "A"}, "axisLabel": "L", "scaleDistribution": {"type": "log", "log": 10},
			"thresholdsStyle": {"mode": "line+area"}}}`, `[
		{"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}]},
		{"matcher": {"id": "byName", "options": "b"}, "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": "#00ff00"}}]},
		{"matcher": {"id": "byRegexp", "options": "/out.*/"}, "properties": [
			{"id": "custom.fillOpacity", "value": 0}, {"id": "custom.stacking", "value": {"mode": "normal", "group": "B"}},
			{"id": "custom.transform", "value": "negative-Y"}]},
		{"matcher": {"id": "byName", "options": "cpu"}, "properties": [
			{"id": "custom.axisPlacement", "value": "right"}, {"id": "unit", "value": "percent"}, {"id": "max", "value": 100},
			{"id": "custom.drawStyle", "value": "bars"}, {"id": "custom.hideFrom", "value": {"legend": true, "viz": false}}]}]`)
	if p.Type != "timeseries" || p.Original != "graph" || !p.Options.NullAsZero {
		t.Errorf("got type %s of %s and null as zero %t, want timeseries of graph and true", p.Type,
			p.Original, p.Options.NullAsZero)
	}
	legend := Legend{
		Table: true, Right: true, Calcs: []string{"mean", "lastNotNull"}, SortBy: "mean",
		SortDesc: true,
	}
	if diff := cmp.Diff(legend, p.Options.Legend); diff != "" {
		t.Errorf("legend (-want +got):\n%s", diff)
	}
	style, _ := StyleOf(frame.Config{})
	style.LineWidth, style.FillOpacity, style.Interpolation, style.ShowPoints = 2, 30, "stepAfter",
		"never"
	style.Stack, style.AxisLabel, style.LogBase, style.Thresholds = "percent", "L", 10, "line+area"
	if diff := cmp.Diff(style, styleOf(t, p)); diff != "" {
		t.Errorf("style (-want +got):\n%s", diff)
	}
	alert := &Alert{Name: "High", For: "5m", NoData: "no_data", Conditions: []AlertCondition{
		{
			RefID: "A", From: "5m", To: "now", Reducer: "avg", Type: "gt", Params: []float64{90},
			Operator: "and",
		}}}
	if diff := cmp.Diff(alert, p.Alert); diff != "" {
		t.Errorf("alert (-want +got):\n%s", diff)
	}
}

func TestGraphKinds(t *testing.T) {
	for _, tt := range []struct{ name, fields, kind, draw string }{
		{"lines", `"lines": true`, "timeseries", "line"},
		{"bars", `"lines": false, "bars": true`, "timeseries", "bars"},
		{"points", `"lines": false, "points": true`, "timeseries", "points"},
		{"by series", `"xaxis": {"mode": "series", "values": ["avg"]}`, "bargauge", "line"},
		{"histogram", `"xaxis": {"mode": "histogram", "buckets": 10}`, "histogram", "line"},
	} {
		p := board(t, `{"panels": [{"type": "graph", "targets": [{"expr": "up"}], `+tt.fields+
			`}]}`).Panels[0]
		if draw := styleOf(t, p).Draw; p.Type != tt.kind || draw != tt.draw {
			t.Errorf("%s: got %s drawn as %s, want %s drawn as %s", tt.name, p.Type, draw, tt.kind,
				tt.draw)
		}
	}
}

func TestGraphThresholds(t *testing.T) {
	for _, tt := range []struct{ name, thresholds, steps, mode string }{
		{"none", `[]`, `null`, ""},
		{"below", `[{"value": 10, "op": "lt", "colorMode": "critical", "line": true}]`,
			`[{"value": null, "color": "red"}, {"value": 10, "color": "transparent"}]`, "line"},
		{"two below", `[{"value": 20, "op": "lt", "colorMode": "warning"}, {"value": 10, "op": "lt", "colorMode": "critical"}]`,
			`[{"value": null, "color": "red"}, {"value": 10, "color": "orange"}, {"value": 20, "color": "transparent"}]`, "area"},
		{"below and above", `[{"value": 10, "op": "lt", "colorMode": "ok"}, {"value": 20, "op": "gt", "colorMode": "custom", "fillColor": "blue"}]`,
			`[{"value": null, "color": "green"}, {"value": 10, "color": "transparent"}, {"value": 20, "color": "blue"}]`, "area"},
		{"no number", `[{"value": "high", "op": "gt"}]`, `null`, ""},
	} {
		v, err := parse([]byte(`{"thresholds": ` + tt.thresholds + `}`))
		if err != nil {
			t.Fatal(err)
		}
		steps, mode := graphThresholds(object{m: v.(map[string]any)})
		sameJSON(t, tt.name, encode(steps), tt.steps)
		if mode != tt.mode {
			t.Errorf("%s: got mode %q, want %q", tt.name, mode, tt.mode)
		}
	}
}

func TestSinglestat(t *testing.T) {
	for _, tt := range []struct {
		name, fields, kind, defaults string
		calcs                        []string
	}{
		{
			name: "thresholds and colours", kind: "stat", calcs: []string{"mean"},
			fields: `"format": "percent", "decimals": "1", "thresholds": "65, 90", "colors": ["green", "orange", "red"]`,
			defaults: `{"unit": "percent", "decimals": "1", "mappings": [], "thresholds": {"mode": "absolute", "steps": [
				{"value": null, "color": "green"}, {"value": 65, "color": "orange"}, {"value": 90, "color": "red"}]}}`,
		},
		{
			name: "a gauge", kind: "gauge", calcs: []string{"lastNotNull"},
			fields: `"valueName": "current", "gauge": {"show": true, "minValue": 0, "maxValue": 50}, "thresholds": "", "nullText": "-"`,
			defaults: `{"min": 0, "max": 50, "noValue": "-", "mappings": [],
				"thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "green"}]}}`,
		},
		{
			name: "texts for values", kind: "stat", calcs: []string{"sum"},
			fields: `"valueName": "total", "mappingType": 1, "valueMaps": [{"op": "=", "value": "null", "text": "N/A"}, {"value": "1", "text": "UP"}]`,
			defaults: `{"mappings": [{"type": "special", "options": {"match": "null", "result": {"text": "N/A"}}},
				{"type": "value", "options": {"1": {"text": "UP"}}}],
				"thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "green"}]}}`,
		},
		{
			name: "texts for ranges", kind: "stat", calcs: []string{"max"},
			fields: `"valueName": "max", "mappingType": 2, "rangeMaps": [{"from": "1", "to": "5", "text": "few"}, {"from": "null", "to": "null", "text": "none"}]`,
			defaults: `{"mappings": [{"type": "range", "options": {"from": 1, "to": 5, "result": {"text": "few"}}},
				{"type": "special", "options": {"match": "null", "result": {"text": "none"}}}],
				"thresholds": {"mode": "absolute", "steps": [{"value": null, "color": "green"}]}}`,
		},
	} {
		p := board(t, `{"panels": [{"type": "singlestat", "targets": [{"expr": "up"}], `+tt.fields+
			`}]}`).Panels[0]
		sameFields(t, tt.name, p, tt.defaults, `[]`)
		if p.Type != tt.kind || !cmp.Equal(p.Options.Calcs, tt.calcs) {
			t.Errorf("%s: got %s of %q, want %s of %q", tt.name, p.Type, p.Options.Calcs, tt.kind,
				tt.calcs)
		}
	}
}

func TestSinglestatLooks(t *testing.T) {
	p := board(t,
		`{"panels": [{"type": "singlestat", "colorBackground": true, "sparkline": {"show": true}, "prefix": "~", "postfix": "!",
		"tableColumn": "a.b", "valueName": "name", "targets": [{"expr": "up"}]}]}`).Panels[0]
	got := p.Options
	want := Options{ColorMode: "background", GraphMode: "area", Prefix: "~", Postfix: "!", Fields: `/^a\.b$/`,
		TextMode: "name", Calcs: []string{"lastNotNull"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

func TestOldTable(t *testing.T) {
	p := board(t, `{"panels": [{"type": "table", "transform": "timeseries_aggregations",
		"columns": [{"text": "Avg", "value": "avg"}, {"text": "Current", "value": "current"}],
		"styles": [
			{"pattern": "Time", "type": "hidden"},
			{"pattern": "/used/", "type": "number", "unit": "bytes", "decimals": 2, "alias": "Used", "colorMode": "cell",
			 "thresholds": ["60", "80"], "colors": ["g", "o", "r"]},
			{"pattern": "/.*/", "type": "number", "unit": "short"}],
		"targets": [{"expr": "up"}]}]}`).Panels[0]
	sameFields(t, "table", p, `{}`, `[
		{"matcher": {"id": "byRegexp", "options": "/.*/"}, "properties": [{"id": "unit", "value": "short"}]},
		{"matcher": {"id": "byRegexp", "options": "/used/"}, "properties": [
			{"id": "displayName", "value": "Used"}, {"id": "unit", "value": "bytes"}, {"id": "decimals", "value": 2},
			{"id": "thresholds", "value": {"mode": "absolute", "steps": [
				{"value": null, "color": "g"}, {"value": 60, "color": "o"}, {"value": 80, "color": "r"}]}},
			{"id": "custom.cellOptions", "value": {"type": "color-background"}}]},
		{"matcher": {"id": "byName", "options": "Time"}, "properties": [{"id": "custom.hidden", "value": true}]}]`)
	if len(p.Transforms) != 1 || p.Transforms[0].ID != "reduce" {
		t.Fatalf("got transformations %+v, want reduce", p.Transforms)
	}
	sameJSON(t, "reducers", p.Transforms[0].Options, `{"reducers": ["mean", "lastNotNull"]}`)
}

func TestOldHeatmapPieAndText(t *testing.T) {
	b := board(t, `{"panels": [
		{"type": "heatmap", "dataFormat": "tsbuckets", "yAxis": {"format": "s", "decimals": 0, "max": "5"}, "reverseYBuckets": true,
		 "color": {"colorScheme": "interpolateOranges"}, "targets": [{"expr": "up"}]},
		{"type": "heatmap", "color": {"mode": "opacity", "cardColor": "#b4ff00", "colorScale": "sqrt", "exponent": 0.3},
		 "dataFormat": "tsbuckets", "targets": [{"expr": "up"}]},
		{"type": "grafana-piechart-panel", "pieType": "donut", "valueName": "current", "format": "bytes", "targets": [{"expr": "up"}]},
		{"type": "text", "mode": "markdown", "content": "# Hi"}]}`)
	zero, five := 0, 5.0
	if diff := cmp.Diff(
		HeatmapOptions{Unit: "s", Decimals: &zero, Max: &five, Reverse: true, Scheme: "Oranges"},
		b.Panels[0].Options.Heatmap); diff != "" {
		t.Errorf("heatmap (-want +got):\n%s", diff)
	}
	if got := b.Panels[1].Options.Heatmap; got.Fill != "#b4ff00" || got.Exponent != 0.3 {
		t.Errorf("heatmap of one colour: got %+v, want #b4ff00 with exponent 0.3", got)
	}
	if p := b.Panels[2]; p.Type != "piechart" || p.Options.PieType != "donut" ||
		p.Field.Defaults.Unit != "bytes" {
		t.Errorf("got %+v, want a donut of bytes", p)
	}
	if p := b.Panels[3]; p.Options.Content != "# Hi" || p.Options.TextKind != "markdown" {
		t.Errorf("got %+v, want a text in Markdown", p.Options)
	}
}

func TestStyle(t *testing.T) {
	five := 5.0
	for _, tt := range []struct {
		custom string
		want   func(*Style)
		notes  []string
	}{
		{`{}`, func(*Style) {}, nil},
		{`{"drawStyle": "bars"}`, func(s *Style) { s.Draw = "bars" }, nil},
		{
			`{"drawStyle": "zigzag"}`, func(*Style) {}, []string{
				"custom.drawStyle is not known, and is left out",
			},
		},
		{`{"lineWidth": "3", "fillOpacity": 12.5}`, func(s *Style) {
			s.LineWidth, s.FillOpacity = 3, 12.5
		}, nil},
		{`{"lineWidth": 900, "pointSize": -1}`, func(s *Style) {
			s.LineWidth, s.PointSize = 20, 0
		}, nil},
		{`{"transform": "negative-Y"}`, func(s *Style) { s.Negative = true }, nil},
		{`{"transform": "constant"}`, func(s *Style) { s.Constant = true }, nil},
		{`{"stacking": {"mode": "percent", "group": "X"}}`, func(s *Style) {
			s.Stack, s.StackGroup = "percent", "X"
		}, nil},
		{
			`{"stacking": {"mode": false}}`, func(*Style) {}, []string{
				"custom.stacking.mode is not known, and is left out",
			},
		},
		{`{"axisPlacement": "right", "axisLabel": "L"}`, func(s *Style) {
			s.Axis, s.AxisLabel = "right", "L"
		}, nil},
		{`{"axisSoftMin": "5", "axisSoftMax": "auto"}`, func(s *Style) { s.SoftMin = &five }, nil},
		{`{"spanNulls": true}`, func(s *Style) { s.SpanNulls = true }, nil},
		{`{"spanNulls": 3600000}`, func(s *Style) {
			s.SpanNulls, s.SpanMillis = true, 3600000
		}, nil},
		{`{"spanNulls": false}`, func(*Style) {}, nil},
		{`{"scaleDistribution": {"type": "log", "log": 2}}`, func(s *Style) { s.LogBase = 2 }, nil},
		{`{"scaleDistribution": {"type": "linear", "log": 2}}`, func(*Style) {}, nil},
		{`{"lineStyle": {"fill": "dash", "dash": [10, 10]}}`, func(s *Style) {
			s.Dash = "dash"
		}, nil},
		{`{"hideFrom": {"viz": true, "legend": false}}`, func(s *Style) {
			s.HideInGraph = true
		}, nil},
		{`{"thresholdsStyle": {"mode": "area"}, "axisCenteredZero": true}`, func(s *Style) {
			s.Thresholds, s.CenteredZero = "area", true
		}, nil},
		{`{"width": 100, "align": {}}`, func(*Style) {}, nil},
	} {
		config, _ := frame.DecodeFieldConfig(json.RawMessage(`{"defaults": {"custom": ` +
			tt.custom + `}}`))
		got, notes := StyleOf(config.Defaults)
		want, _ := StyleOf(frame.Config{})
		tt.want(&want)
		if diff := cmp.Diff(want, got); diff != "" || !cmp.Equal(notes, tt.notes) {
			t.Errorf("%s: got notes %q, want %q; style (-want +got):\n%s", tt.custom, notes,
				tt.notes, diff)
		}
	}
}

// styleOf returns the style of a panel's defaults.
func styleOf(t *testing.T, p Panel) Style {
	t.Helper()
	s, notes := StyleOf(p.Field.Defaults)
	if notes != nil {
		t.Errorf("got the notes %q of a style, want none", notes)
	}
	return s
}
