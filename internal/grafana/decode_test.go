package grafana

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// board decodes a dashboard that is fine.
func board(t *testing.T, text string) *Dashboard {
	t.Helper()
	b, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("Decode: %v, want no error", err)
	}
	return b
}

const onePanel = `{"title": "T", "uid": "u", "panels": [{"id": 1, "type": "stat", "title": "P", "targets": [{"expr": "up"}]}]}`

func TestDecodeFindsTheDashboard(t *testing.T) {
	quoted := strings.ReplaceAll(strings.ReplaceAll(onePanel, `\`, `\\`), `"`, `\"`)
	for name, text := range map[string]string{
		"plain":           onePanel,
		"byte order mark": "\ufeff" + onePanel,
		"API":             `{"meta": {"slug": "x"}, "dashboard": ` + onePanel + `}`,
		"import":          `{"dashboard": ` + onePanel + `, "overwrite": true, "inputs": []}`,
		"Kubernetes":      `{"apiVersion": "dashboard.grafana.app/v1", "kind": "Dashboard", "spec": ` + onePanel + `}`,
		"operator":        `{"kind": "GrafanaDashboard", "spec": {"json": "` + quoted + `"}}`,
		"ConfigMap":       `{"kind": "ConfigMap", "data": {"a.json": "` + quoted + `"}}`,
		"grafana.com":     `{"id": 1860, "json": ` + onePanel + `}`,
		"list of one":     `[` + onePanel + `]`,
	} {
		b, err := Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: got error %v, want none", name, err)
			continue
		}
		if b.Title != "T" || len(b.Panels) != 1 || b.Panels[0].Title != "P" {
			t.Errorf("%s: got %q with %d panels, want T with the panel P", name, b.Title,
				len(b.Panels))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat(`{"panels":[`, 40) + strings.Repeat(`]}`, 40)
	many := `{"panels":[` + strings.TrimSuffix(strings.Repeat(`{"id":1},`, MaxPanels+1), ",") + `]}`
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "the file is empty"},
		{"no JSON", "{\n  \"panels\": [,]}", "line 2 column 14: this is not JSON"},
		{"cut off", `{"panels": [`, "line 1 column 13: this is not JSON"},
		{"a web page", "<!DOCTYPE html><html>", "this is a web page and not JSON"},
		{
			"several", `[{"panels": []}, {"panels": []}]`,
			"this is a list of 2 entries and not a Grafana dashboard",
		},
		{"no object", "42", "this is not a Grafana dashboard: it is not a JSON object"},
		{
			"another object", `{"foo": 1}`, "it has no panels, rows or elements; export one " +
				"dashboard as JSON",
		},
		{
			"an answer", `{"message": "Dashboard not found"}`,
			`a server's answer: "Dashboard not found"`,
		},
		{
			"one panel", `{"type": "stat", "targets": []}`,
			"this is one panel and not a Grafana dashboard",
		},
		{"no panels", `{"panels": []}`, "it has no panels"},
		{"two", onePanel + onePanel, "there is more after the end of the dashboard"},
		{"deep", deep, "nested more than 64 levels deep"},
		{"many panels", many, "more than 2000 panels: split it"},
		{
			"many values", `{"panels":[` + strings.Repeat("1,", maxValues) + "1]}",
			"has more than 500000 values",
		},
		{
			"50 MB", `{"panels":["` + strings.Repeat("x", 50<<20) + `"]}`,
			"the file has 50 MB, and a dashboard may have 16",
		},
	} {
		b, err := Decode([]byte(tt.text))
		if err == nil {
			t.Errorf("%s: got %d panels, want the error %q", tt.name, len(b.Panels), tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got the error %q, want %q", tt.name, err, tt.want)
		}
	}
}

// One odd field costs one field.
func TestDecodeIsLoose(t *testing.T) {
	b := board(t, `{"title": 7, "tags": "one", "panels": [{
		"id": "12", "type": "timeseries", "title": {"odd": true}, "maxDataPoints": "100",
		"gridPos": {"x": "12", "y": 3.0, "w": "12", "h": null},
		"links": {}, "transformations": {},
		"targets": [{"refId": 3, "expr": "up", "intervalFactor": "2", "hide": "false", "instant": 1}, null, 5],
		"options": {"legend": {"showLegend": "false", "calcs": "mean"}, "reduceOptions": 5},
		"fieldConfig": {"defaults": {"custom": {
			"fillOpacity": "30", "axisSoftMin": "0", "lineWidth": [1], "drawStyle": "zigzag"}}, "overrides": [7]}
	}]}`)
	p := b.Panels[0]
	if b.Title != "7" || !cmp.Equal(b.Tags, []string{"one"}) {
		t.Errorf("got title %q and tags %q, want 7 and [one]", b.Title, b.Tags)
	}
	if p.ID != 12 || p.Title != "" || p.MaxPoints != 100 {
		t.Errorf("got id %d, title %q and points %d, want 12, none and 100", p.ID, p.Title,
			p.MaxPoints)
	}
	if want := (Grid{X: 12, W: 12, H: 1}); p.Grid != want {
		t.Errorf("got place %v, want %v", p.Grid, want)
	}
	want := []Target{{RefID: "3", Expr: "up", Instant: true, Factor: 2}}
	if diff := cmp.Diff(want, p.Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if !p.Options.Legend.Hidden || !cmp.Equal(p.Options.Legend.Calcs, []string{"mean"}) {
		t.Errorf("got legend %+v, want it hidden with mean", p.Options.Legend)
	}
	if style, _ := StyleOf(p.Field.Defaults); style.FillOpacity != 30 || style.SoftMin == nil ||
		style.LineWidth != 1 || style.Draw != "line" {
		t.Errorf("got style %+v, want opacity 30, a soft minimum, and the defaults", style)
	}
	notes := []string{
		"title is not a text, and is left out",
		"targets[2] is not an object, and is left out",
		"options.reduceOptions is not an object, and is left out",
		"override is no object",
		"custom.drawStyle is not known, and is left out",
		"custom.lineWidth is not a number, and is left out",
	}
	if diff := cmp.Diff(notes, p.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestNotesAreBounded(t *testing.T) {
	var odd []string
	for i := range 100 {
		odd = append(odd, fmt.Sprint(i))
	}
	b := board(t, `{"panels": [{"type": "stat", "targets": [`+strings.Join(odd, ",")+`]}]}`)
	notes := b.Panels[0].Notes
	if len(notes) != maxNotes+1 || notes[maxNotes] != "and more" {
		t.Errorf("got %d notes, want %d and the word that there are more", len(notes), maxNotes)
	}
}

func TestTargetsHaveRefs(t *testing.T) {
	b := board(t, `{"panels": [{"type": "stat", "targets": [
		{"expr": "a"}, {"expr": "b", "refId": "A"}, {"expr": "c", "refId": "A"}, {"expr": "d", "refId": ""}]}]}`)
	var refs []string
	for _, target := range b.Panels[0].Targets {
		refs = append(refs, target.RefID)
	}
	if want := []string{"B", "A", "C", "D"}; !cmp.Equal(refs, want) {
		t.Errorf("got refs %q, want %q", refs, want)
	}
}

func TestPanelsShowAnotherPanelsAnswers(t *testing.T) {
	b := board(t, `{"panels": [
		{"id": 1, "type": "stat", "datasource": {"type": "datasource", "uid": "-- Dashboard --"},
		 "targets": [{"panelId": 2, "refId": "A", "withTransforms": true}], "transformations": [{"id": "merge"}]},
		{"id": 2, "type": "timeseries", "datasource": {"type": "prometheus"}, "targets": [{"expr": "up"}],
		 "transformations": [{"id": "organize", "options": {}}]},
		{"id": 3, "type": "stat", "datasource": "-- Dashboard --", "targets": [{"panelId": 9}]},
		{"id": 4, "type": "stat", "datasource": "-- Dashboard --", "targets": [{"panelId": 1}, {"panelId": 2}]},
		{"id": 5, "type": "stat", "datasource": "-- Dashboard --", "targets": [{"panelId": 6}]},
		{"id": 6, "type": "stat", "datasource": "-- Dashboard --", "targets": [{"panelId": 5}]}]}`)
	p := b.Panels[0]
	if len(p.Targets) != 1 || p.Targets[0].Expr != "up" ||
		p.Targets[0].Datasource.Type != "prometheus" {
		t.Errorf("got targets %+v, want that of panel 2", p.Targets)
	}
	if len(p.Transforms) != 2 || p.Transforms[0].ID != "organize" || p.Transforms[1].ID != "merge" {
		t.Errorf("got transformations %+v, want those of panel 2 and its own", p.Transforms)
	}
	want := []string{"panel 9, whose answers it shows, has no query"}
	if diff := cmp.Diff(want, b.Panels[2].Notes); diff != "" {
		t.Errorf("notes of panel 3 (-want +got):\n%s", diff)
	}
	if got := b.Panels[3].Targets; len(got) != 2 || got[0].RefID != "A" || got[1].RefID != "B" {
		t.Errorf("got targets %+v of two panels, want A and B", got)
	}
	for _, p := range b.Panels[4:] { // they show each other's
		if len(p.Targets) != 0 || len(p.Notes) == 0 {
			t.Errorf("panel %d: got targets %+v and notes %q, want a note alone", p.ID, p.Targets,
				p.Notes)
		}
	}
}

func TestLibraryPanels(t *testing.T) {
	b := board(t, `{"__elements": {"lib1": {"uid": "lib1", "kind": 1, "model":
			{"type": "gauge", "title": "Of the library", "targets": [{"expr": "up"}]}}},
		"panels": [
			{"id": 1, "gridPos": {"x": 6, "y": 0, "w": 6, "h": 5}, "libraryPanel": {"uid": "lib1", "name": "One"}},
			{"id": 2, "gridPos": {"x": 12, "y": 0, "w": 6, "h": 5}, "libraryPanel": {"uid": "lib2", "name": "Two"}}]}`)
	if p := b.Panels[0]; p.Type != "gauge" || p.Title != "Of the library" || p.ID != 1 ||
		p.library != "" || p.Grid.X != 6 {
		t.Errorf("got %+v, want the gauge of the library at its place", p)
	}
	if p := b.Panels[1]; p.library != "Two" {
		t.Errorf("got library %q, want Two", p.library)
	}
}
