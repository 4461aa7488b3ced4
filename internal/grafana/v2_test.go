package grafana

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const v2Panel = `{"kind": "Panel", "spec": {"id": %ID, "title": "%T", "vizConfig":
	{"kind": "VizConfig", "group": "stat", "spec": {"options": {"colorMode": "none"}, "fieldConfig": {"defaults": {"unit": "s"}}}},
	"data": {"kind": "QueryGroup", "spec": {"queries": [
		{"kind": "PanelQuery", "spec": {"refId": "Q", "hidden": false, "query":
			{"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "${ds}"},
			 "spec": {"expr": "up", "instant": true, "legendFormat": "x"}}}}],
		"queryOptions": {"interval": "1m", "maxDataPoints": 50, "timeFrom": "2h"},
		"transformations": [{"kind": "Transformation", "group": "merge", "spec": {"options": {}}}]}}}}`

func v2Element(id, title string) string {
	s := v2Panel
	for _, r := range [][2]string{{"%ID", id}, {"%T", title}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return s
}

func TestV2(t *testing.T) {
	item := func(name, place string) string {
		return `{"kind": "GridLayoutItem", "spec": {` + place +
			`, "element": {"kind": "ElementReference", "name": "` + name + `"}}}`
	}
	b := board(t,
		`{"kind": "Dashboard", "spec": {"title": "T", "timeSettings": {"from": "now-6h", "to": "now", "timezone": "utc"},
	"variables": [{"kind": "DatasourceVariable", "spec": {"name": "ds", "pluginId": "prometheus"}}],
	"elements": {
		"p1": `+v2Element("1", "one")+`, "p2": `+v2Element("2", "two")+`, "p3": `+
			v2Element("3", "three")+`,
		"p4": `+v2Element("4", "four")+`, "p5": `+v2Element("5", "five")+`,
		"lib": {"kind": "LibraryPanel", "spec": {"id": 9, "title": "L", "libraryPanel": {"name": "Lib", "uid": "x"}}}},
	"layout": {"kind": "TabsLayout", "spec": {"tabs": [
		{"kind": "TabsLayoutTab", "spec": {"title": "First", "variables": [
			{"kind": "CustomVariable", "spec": {"name": "c", "query": "a,b", "sort": "alphabeticalDesc"}}],
		 "layout": {"kind": "RowsLayout", "spec": {"rows": [
			{"kind": "RowsLayoutRow", "spec": {"title": "R", "collapse": true, "repeat": {"mode": "variable", "value": "c"},
			 "conditionalRendering": {"kind": "ConditionalRenderingGroup", "spec": {"visibility": "show", "condition": "and", "items": [
				{"kind": "ConditionalRenderingVariable", "spec": {"variable": "c", "operator": "matches", "value": ".+"}}]}},
			 "layout": {"kind": "GridLayout", "spec": {"items": [
				`+item("p2",
			`"x": 12, "y": 4, "width": 12, "height": 6, "repeat": {"mode": "variable", "value": "c", "direction": "v"}`)+`,
				`+item("p1", `"x": 0, "y": 4, "width": 12, "height": 6`)+`, `+
			item("p1", `"x": 0, "y": 9, "width": 1, "height": 1`)+`,
				`+item("gone", `"x": 0, "y": 9, "width": 1, "height": 1`)+`]}}}}]}}}},
		{"kind": "TabsLayoutTab", "spec": {"title": "Second", "layout": {"kind": "AutoGridLayout", "spec": {"maxColumnCount": 2, "rowHeightMode": "short", "items": [
			{"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "p3"}}},
			{"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "p4"}}},
			{"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "lib"}}}]}}}}]}}}}`)
	rows := []Row{
		{
			Tab: "First", Title: "R", Collapsed: true, Repeat: "c", Shown: []Condition{
				{Tests: []Test{{"c", "matches", ".+"}}},
			},
		},
		{Tab: "Second", Bare: true},
	}
	if diff := cmp.Diff(rows, b.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	want := []placed{
		{"one", 0, Grid{0, 0, 12, 6}}, {"two", 0, Grid{12, 0, 12, 6}},
		{"three", 1, Grid{0, 0, 12, 5}}, {"four", 1, Grid{12, 0, 12, 5}}, {
			"L", 1, Grid{0, 5, 12, 5},
		},
		{"five", -1, Grid{0, 0, 12, 8}},
	}
	if diff := cmp.Diff(want, places(b)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	p := b.Panels[1]
	if p.Repeat != (Repeat{Variable: "c", Vertical: true}) || p.Interval != "1m" ||
		p.MaxPoints != 50 || p.TimeFrom != "2h" {
		t.Errorf("got repeat %+v, interval %q, %d points, from %q; want c, 1m, 50 and 2h", p.Repeat,
			p.Interval, p.MaxPoints, p.TimeFrom)
	}
	target := []Target{{
		RefID: "Q", Expr: "up", Legend: "x", Instant: true, Factor: 1, Datasource: Datasource{
			Type: "prometheus", Name: "${ds}",
		},
	}}
	if diff := cmp.Diff(target, p.Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if p.Type != "stat" || p.Options.ColorMode != "none" ||
		p.Field.Defaults.Unit != "s" || p.Transforms[0].ID != "merge" {
		t.Errorf("got %+v, want a stat without colour, in seconds, merged", p)
	}
	if !b.Panels[5].unplaced || b.Panels[4].library != "Lib" {
		t.Errorf("got unplaced %t and library %q, want true and Lib", b.Panels[5].unplaced,
			b.Panels[4].library)
	}
	notes := []string{
		"the layout names the element p1 more than once: it is shown once",
		"the layout names the element gone, which is not in the file",
	}
	if diff := cmp.Diff(notes, b.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if v := b.Variables[1]; v.Name != "c" || v.Section != "First" || v.Sort != 2 ||
		v.Query != "a,b" {
		t.Errorf("got variable %+v, want c of the tab First, sorted by 2", v)
	}
	if b.From != "now-6h" || b.Timezone != "utc" {
		t.Errorf("got from %q in %q, want now-6h in utc", b.From, b.Timezone)
	}
}

// The first form of schema v2 has the type of a panel, a datasource and a transformation elsewhere.
func TestV2Alpha(t *testing.T) {
	b := board(t, `{"elements": {"p": {"kind": "Panel", "spec": {"id": 1, "title": "P",
		"data": {"kind": "QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": {
			"refId": "A", "hidden": true, "datasource": {"type": "prometheus", "uid": "x"},
			"query": {"kind": "prometheus", "spec": {"expr": "up"}}}}],
			"transformations": [{"kind": "organize", "spec": {"id": "organize", "options": {"a": 1}}}]}},
		"vizConfig": {"kind": "gauge", "spec": {"options": {}, "fieldConfig": {"defaults": {}, "overrides": []}}}}}},
		"layout": {"kind": "GridLayout", "spec": {"items": [
			{"kind": "GridLayoutRow", "spec": {"y": 0, "title": "R", "collapsed": true, "elements": [
				{"kind": "GridLayoutItem", "spec": {"x": 0, "y": 1, "width": 6, "height": 4, "element": {"name": "p"}}}]}}]}}}`)
	p := b.Panels[0]
	if p.Type != "gauge" || !p.Targets[0].Hide || p.Targets[0].Datasource.Type != "prometheus" ||
		p.Row != 0 || !b.Rows[0].Collapsed {
		t.Errorf("got %+v in rows %+v, want a gauge with a hidden target in a collapsed row",
			p, b.Rows)
	}
	if len(p.Transforms) != 1 || p.Transforms[0].ID != "organize" ||
		string(p.Transforms[0].Options) != `{"a":1}` {
		t.Errorf("got transformations %+v, want organize", p.Transforms)
	}
}
