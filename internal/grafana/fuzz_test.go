package grafana

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// seeds are small dashboards of every shape.
var seeds = []string{
	onePanel,
	`{"rows": [{"height": "250px", "collapse": true, "repeat": "v", "panels": [{"type": "graph", "span": 6, "yaxes": [{"format": "s"}, {}],
		"seriesOverrides": [{"alias": "/a/", "yaxis": 2}], "thresholds": [{"value": 1, "op": "lt"}], "alert": {"conditions": [{"query": {"params": ["A"]}}]},
		"targets": [{"expr": "rate(up{a=~\"$v\"}[$__rate_interval])"}]}]}], "templating": {"list": [
		{"type": "custom", "name": "v", "query": "a : b, c\\, d", "multi": true, "includeAll": true}]}}`,
	`{"panels": [{"type": "singlestat", "thresholds": "1,2", "colors": ["a"], "valueMaps": [{"value": "null"}]},
		{"type": "table", "styles": [{"pattern": "/x/", "type": "number"}], "transform": "table"}, {"type": "heatmap", "dataFormat": "x"}],
		"__inputs": [{"name": "DS", "type": "datasource", "pluginId": "prometheus"}]}`,
	`{"elements": {"a": {"kind": "Panel", "spec": {"id": 1, "vizConfig": {"group": "stat"}}}}, "layout": {"kind": "TabsLayout", "spec": {"tabs": [
		{"spec": {"title": "t", "layout": {"kind": "AutoGridLayout", "spec": {"items": [{"spec": {"element": {"name": "a"}}}]}}}}]}}}`,
}

// run does everything with a file that can be done.
func run(t *testing.T, data []byte) {
	t.Helper()
	start := time.Now()
	b, err := Decode(data)
	if err != nil {
		return
	}
	for _, src := range []Source{nil, cluster{}} {
		v, err := b.Resolve(context.Background(), src, nil, testWindow)
		if err != nil {
			t.Fatalf("Resolve: %v, want no error", err)
		}
		p := b.Plan(v, Request{Width: 1000})
		if len(p.Verdicts) != len(b.Panels) {
			t.Fatalf("got %d verdicts, want one for each of %d panels", len(p.Verdicts),
				len(b.Panels))
		}
		if _, err := json.Marshal(p.Explain()); err != nil {
			t.Fatalf("writing the explanation: got error %v, want none", err)
		}
		checkSent(t, "fuzz", p)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Fatalf("it took %s, want less than 10s", took)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { run(t, data) })
}

// mutate changes a JSON value somewhere: another type, another value, a copy of another part,
// nothing.
func mutate(r *rand.Rand, v any, parts []any) any {
	if r.IntN(60) == 0 {
		odd := []any{
			nil, "", "x", "$v", "${a:b}", "-1", "1e999", 0.5, -7, 1e300, true, []any{},
			[]any{nil, 1, "a"}, map[string]any{},
			map[string]any{"text": 1}, "(((", "label_values(", "9999999", "\x00", "🎉",
		}
		if len(parts) > 0 && r.IntN(3) == 0 {
			return parts[r.IntN(len(parts))]
		}
		return odd[r.IntN(len(odd))]
	}
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, sub := range v {
			if r.IntN(80) != 0 {
				m[key] = mutate(r, sub, parts)
			}
		}
		return m
	case []any:
		list := make([]any, 0, len(v))
		for _, sub := range v {
			list = append(list, mutate(r, sub, parts))
		}
		if len(list) > 1 && r.IntN(20) == 0 {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		return list
	}
	return v
}

// partsOf returns some parts of a file, to be put elsewhere in it.
func partsOf(v any, into []any) []any {
	if len(into) > 300 {
		return into
	}
	switch v := v.(type) {
	case map[string]any:
		into = append(into, v)
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			into = partsOf(v[key], into)
		}
	case []any:
		into = append(into, v)
		for _, sub := range v {
			into = partsOf(sub, into)
		}
	}
	return into
}

// Dashboards that somebody has broken are read, or refused with an error.
func TestMutatedDashboards(t *testing.T) {
	texts := slices.Clone(seeds)
	rounds := 300
	if dir := os.Getenv("PROMSNAP_DASHBOARDS"); dir != "" || !testing.Short() {
		if dir == "" {
			dir = "../../../shared/dashboards"
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			texts = append(texts, string(read(t, "", f)))
		}
	}
	for i, text := range texts {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		parts := partsOf(v, nil)
		n := min(rounds, max(rounds*20_000/len(text)/4, 5))
		for seed := range n {
			r := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
			data, err := json.Marshal(mutate(r, v, parts))
			if err != nil {
				t.Fatal(err)
			}
			run(t, data)
			if cut := r.IntN(len(data)); len(data) < 20_000 {
				run(t, data[:cut])
			}
		}
	}
}
