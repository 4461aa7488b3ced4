package grafana

import (
	"slices"
	"testing"
	"time"
)

// A copy is named by the values that its panel and its row are repeated by.
func TestCopy(t *testing.T) {
	b, err := Decode([]byte(`{"title": "T", "templating": {"list": [
		{"name": "a", "type": "custom", "query": "1,2", "multi": true, "includeAll": true},
		{"name": "b", "type": "custom", "query": "x,y", "multi": true, "includeAll": true}]},
		"panels": [{"id": 1, "type": "stat", "title": "Once", "targets": [{"expr": "up"}]},
		{"id": 2, "type": "row", "repeat": "a", "panels": [], "gridPos": {"y": 5}},
		{"id": 3, "type": "stat", "repeat": "b", "targets": [{"expr": "up"}],
			"gridPos": {"y": 6}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	w := Window{From: time.Unix(0, 0), To: time.Unix(3600, 0)}
	values, err := b.Resolve(t.Context(), nil, nil, w)
	if err != nil {
		t.Fatal(err)
	}
	plan := b.Plan(values, Request{})
	var got []string
	for i := range plan.Panels {
		got = append(got, plan.Panels[i].Copy())
	}
	want := []string{"", "a=1, b=x", "a=1, b=y", "a=2, b=x", "a=2, b=y"}
	if !slices.Equal(got, want) {
		t.Errorf("got copies %q, want %q", got, want)
	}
	if got, want := plan.Repeats(&plan.Panels[1]), []string{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("got repeats %q, want %q", got, want)
	}
}
