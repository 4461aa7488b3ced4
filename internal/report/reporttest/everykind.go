package reporttest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
)

type object = map[string]any

// EveryKind returns a dashboard's file with a panel of every kind, a failed query, a variable
// without a value, and a panel that is left out. It has word wherever an author writes text.
func EveryKind(t testing.TB, word string) []byte {
	t.Helper()
	thresholds := object{"mode": "absolute", "steps": []object{
		{"value": nil, "color": "green"}, {"value": 10, "color": "orange"},
		{"value": 50, "color": "red"},
	}}
	colored := object{"unit": "percent", "min": 0, "max": 100, "thresholds": thresholds}
	var panels []any
	x, y := 0, 0
	add := func(kind, expr string, w int, more object) {
		if x+w > 24 {
			x, y = 0, y+8
		}
		p := object{
			"id": len(panels) + 1, "type": kind, "title": kind + " " + word, "description": word,
			"gridPos": object{"x": x, "y": y, "w": w, "h": 8},
			"targets": []object{{
				"refId": "A", "expr": expr, "legendFormat": word + " {{name}}",
			}},
		}
		for k, v := range more {
			p[k] = v
		}
		x += w
		panels = append(panels, p)
	}
	defaults := func(d object) object { return object{"fieldConfig": object{"defaults": d}} }
	instant := []object{{"refId": "A", "expr": "rows", "format": "table", "instant": true}}
	add("text", "", 24, object{"options": object{"content": "# " + word + "\n\n" + word +
		" [a](javascript:alert(1)) [b](https://example.org/x) **bold**\n\n- " + word +
		"\n\n| a | b |\n|---|---|\n| " + word + " | 2 |\n\n`" + word + "`\n"}})
	add("stat", "a", 4, defaults(colored))
	add("gauge", "b", 4, defaults(colored))
	add("bargauge", "c", 8, defaults(colored))
	add("piechart", "d", 8, nil)
	add("barchart", "rows", 12, object{"targets": instant})
	add("table", "rows", 12, object{"targets": instant, "fieldConfig": object{
		"defaults": object{"thresholds": thresholds, "custom": object{
			"cellOptions": object{"type": "color-background"},
		}},
		"overrides": []object{{
			"matcher":    object{"id": "byName", "options": "Value"},
			"properties": []object{{"id": "displayName", "value": word}},
		}},
	}})
	add("timeseries", "e", 12, object{"fieldConfig": object{"defaults": object{"unit": word}}})
	add("heatmap", "f", 12, object{"targets": []object{
		{"refId": "A", "expr": "f", "format": "heatmap", "legendFormat": "{{le}}"},
	}})
	add("histogram", "g", 8, nil)
	add("state-timeline", "h", 8, defaults(object{"mappings": []object{{
		"type": "range", "options": object{"from": 0, "to": 1e6, "result": object{"text": word}},
	}}}))
	add("status-history", "i", 8, nil)
	add("row", "", 24, object{"title": word, "collapsed": false, "targets": nil})
	add("timeseries", "broken", 8, nil)
	add("timeseries", `up{x="$nowhere"}`, 8, nil)
	add("timeseries", "absent", 8, nil)
	add("graph", "k", 6, object{"alert": nil})
	add("logs", "l", 6, object{"datasource": object{"type": "loki", "uid": word}})
	add("row", "", 24, object{"title": word + " closed", "collapsed": true, "panels": []object{{
		"id": 99, "type": "timeseries", "title": word, "gridPos": object{"w": 24, "h": 8},
		"targets":         []object{{"refId": "A", "expr": "m"}},
		"transformations": []object{{"id": "unheardOf"}},
	}}})
	file, err := json.Marshal(object{
		"title": "Every kind " + word, "description": word, "panels": panels,
		"templating": object{"list": []object{
			{
				"name": "job", "type": "query", "query": "label_values(up, job)", "multi": true,
				"includeAll": true,
			},
			{"name": "word", "type": "textbox", "query": word},
			{"name": "gone", "type": "query", "query": "strange(up)"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// ManyPanels returns a dashboard's file with n graphs in rows of 10.
func ManyPanels(t testing.TB, n int) []byte {
	t.Helper()
	var panels []object
	for i := range n {
		if i%10 == 0 {
			panels = append(panels, object{
				"type": "row", "title": fmt.Sprint("Row ", i/10), "gridPos": object{"y": 4 * i},
			})
		}
		panels = append(panels, object{
			"id": i + 1, "type": "timeseries", "title": fmt.Sprint("Panel ", i),
			"gridPos": object{"x": 12 * (i % 2), "y": 4*i + 1, "w": 12, "h": 8},
			"targets": []object{{"refId": "A", "expr": fmt.Sprint("x", i)}},
		})
	}
	file, err := json.Marshal(object{"title": "Many", "panels": panels})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// HostileDashboard returns the report of a dashboard with word in it and in its answers.
func HostileDashboard(t testing.TB, word string) *report.Report {
	t.Helper()
	in := Info(t, nil)
	in.Title, in.Board = "", boardOf(t, EveryKind(t, word), 40)
	in.Board.Notes = append(in.Board.Notes, word)
	for i := range in.Board.Panels {
		p := &in.Board.Panels[i]
		p.Differs = word
		for k := range p.Failures {
			p.Failures[k].Reason = word
		}
		for k := range p.Queries {
			p.Queries[k].Ref, p.Queries[k].Expr = word, word
		}
	}
	return report.Build(in, nil)
}
