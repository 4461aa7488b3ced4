package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/dashboard"
	"github.com/promsnap/promsnap/internal/grafana"
)

// Each query has its own grid, equal ones are sent once, and one with a variable without a value is
// not sent.
func TestQueries(t *testing.T) {
	d := newDouble(t)
	b := decode(t, graph(1, "First", "up", `x{job="$job"}`, "y{z=\"$nothing\"}")+","+
		graph(2, "Again", "up")+","+
		panelOf(3, "Now", "stat", `, "instant": true`, "up")+","+
		panelOf(4, "Slow", "timeseries", `, "interval": "7m"`, "up")+`,{"id": 5, "type": "text",
			"gridPos": {"y": 99, "w": 4, "h": 4}, "options": {"content": "# Words"}}`,
		`{"name": "job", "type": "query", "query": "label_values(up, job)"}`)
	p := dashboard.New(t.Context(), d.client(t), b, dashboard.Options{
		End: end, Range: time.Hour, Scrape: time.Minute,
	})
	got := p.Run(t.Context(), nil)
	want := []string{
		"instant up 1795953630",
		`range up 1795949820 1795953600 420`,
		"range up 1795950000 1795953600 60",
		`range x{job="one"} 1795950000 1795953600 60`,
		"values /api/v1/label/job/values up",
	}
	if diff := cmp.Diff(want, d.asked()); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if got.Title != "Test" || len(got.Panels) != 5 || len(got.Verdicts) != 5 {
		t.Fatalf("got %q with %d panels, %d verdicts, want Test with 5, 5", got.Title,
			len(got.Panels), len(got.Verdicts))
	}
	var names []string
	for _, one := range got.Panels {
		names = append(names, one.Name)
	}
	if diff := cmp.Diff([]string{"first-1", "again-2", "now-3", "slow-4", "panel-5"},
		names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if f := got.Panels[0].Failures; len(f) != 1 || f[0].Ref != "C" || f[0].Sent {
		t.Errorf("got failures %+v, want one of C, which is not sent", f)
	}
	if g := got.Panels[0].Graph; g == nil || len(g.Curves) != 4 {
		t.Errorf("got %+v, want a graph of 4 curves", g)
	}
}

// run runs a dashboard with an hour's range.
func run(t *testing.T, d *double, panels, variables string, o dashboard.Options) *board.Board {
	t.Helper()
	o.End, o.Range, o.Scrape = end, time.Hour, time.Minute
	return dashboard.New(t.Context(), d.client(t), decode(t, panels, variables), o).Run(t.Context(),
		nil)
}

// Of a large answer, a panel keeps the series with the highest peaks, and says how many there are.
func TestManySeries(t *testing.T) {
	d := newDouble(t)
	got := run(t, d, graph(1, "Many", "n20000", "n3", "n900")+","+
		panelOf(2, "Now", "table", `, "instant": true, "format": "table"`, "n20000")+","+
		graph(3, "Too many", "n100001"), "", dashboard.Options{})
	counts := map[string]int{}
	g := got.Panels[0].Graph
	for _, c := range g.Curves {
		counts[c.Ref]++
	}
	if diff := cmp.Diff(map[string]int{"A": 498, "B": 3, "C": 498}, counts); diff != "" {
		t.Errorf("curves (-want +got):\n%s", diff)
	}
	if first, last := g.Curves[0].Name, g.Curves[497].Name; first != `m{i="00000"}` ||
		last != `m{i="00497"}` {
		t.Errorf("got curves from %s to %s, want those with the highest values", first, last)
	}
	want := board.Note{Code: board.NoteSeries, Text: "A", Count: 498, Total: 20000}
	if !slices.Contains(got.Panels[0].Notes, want) {
		t.Errorf("got notes %+v, want %+v", got.Panels[0].Notes, want)
	}
	want = board.Note{Code: board.NoteSeries, Text: "A", Count: 1000, Total: 20000}
	if !slices.Contains(got.Panels[1].Notes, want) {
		t.Errorf("got notes %+v, want %+v", got.Panels[1].Notes, want)
	}
	if n := len(got.Panels[2].Graph.Curves); n != 1000 {
		t.Errorf("got %d curves of 100001 series, want 1000", n)
	}
	said := func(n board.Note) bool { return strings.Contains(n.Text, "more than 100000 series") }
	if !slices.ContainsFunc(got.Panels[2].Notes, said) {
		t.Errorf("got notes %+v, want that not all series are read", got.Panels[2].Notes)
	}
}

// The values that all panels hold are limited, and every panel keeps some.
func TestBudget(t *testing.T) {
	d := newDouble(t)
	var panels []string
	for i := range 32 {
		panels = append(panels, graph(i+1, "Panel", fmt.Sprintf("n3%02d", i)))
	}
	o := dashboard.Options{End: end, Range: 24 * time.Hour, Scrape: time.Minute}
	b := decode(t, strings.Join(panels, ","), "")
	values := func(got *board.Board) (all, least int) {
		least = math.MaxInt
		for _, p := range got.Panels {
			n := 0
			for _, c := range p.Graph.Curves {
				n += len(c.Values)
			}
			all, least = all+n, min(least, n)
		}
		return all, least
	}
	got := dashboard.New(t.Context(), d.client(t), b, o).Run(t.Context(), nil)
	all, least := values(got)
	if all > 6_000_000 || least < 90_000 {
		t.Errorf("got %d values, at least %d of each panel, want at most 6000000 and at least "+
			"90000", all, least)
	}
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "panels show fewer series") {
		t.Errorf("got notes %q, want one that says so", got.Notes)
	}
	again := dashboard.New(t.Context(), d.client(t), b, o).Run(t.Context(), nil)
	if all2, _ := values(again); all2 != all {
		t.Errorf("again: got %d values, want %d", all2, all)
	}
}

// A query that fails loses neither its panel nor the others, and says what to do.
func TestFailures(t *testing.T) {
	d := newDouble(t)
	got := run(t, d, graph(1, "Three", "up", "fail", "down")+","+graph(2, "Other", "up")+","+
		graph(3, "Warns", "warn"), `{"name": "broken", "type": "query",
			"query": "label_values(fail, x)"}`, dashboard.Options{})
	f := got.Panels[0].Failures
	want := "range query at " + d.URL + ": HTTP 422: execution: many-to-many matching; the query " +
		"is well-formed but cannot be computed over this data"
	if len(f) != 1 || f[0].Ref != "B" || !f[0].Sent || f[0].Reason != want {
		t.Errorf("got failures %+v, want one of B, sent: %s", f, want)
	}
	if n := len(got.Panels[0].Graph.Curves); n != 4 {
		t.Errorf("got %d curves, want 4", n)
	}
	if len(got.Panels[1].Failures) != 0 {
		t.Errorf("the other panel: got failures %+v, want none", got.Panels[1].Failures)
	}
	if n := got.Panels[2].Notes; len(n) != 1 || n[0].Text !=
		"query A: the server warned: a store is down" {
		t.Errorf("got notes %+v, want the server's warning", n)
	}
	if len(got.Failures) != 1 || !strings.Contains(got.Failures[0], "many-to-many matching") {
		t.Errorf("got failures of variables %q, want the server's words", got.Failures)
	}
}

// An unreachable server fails a few queries, and not each of them.
func TestUnreachable(t *testing.T) {
	var asked atomic.Int64
	status := http.StatusUnauthorized
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	var panels []string
	for i := range 300 {
		panels = append(panels, graph(i+1, "Panel", fmt.Sprintf(`up{job="$job", n="%d"}`, i)))
	}
	const constant = `{"name": "job", "type": "constant", "query": "x"}`
	for _, tt := range []struct {
		name, variables string
		status          int
	}{
		{"variable", `{"name": "job", "type": "query", "query": "label_values(up, job)"}`, 401},
		{"query", constant, 401},
		{"busy", constant, 503},
	} {
		asked.Store(0)
		name, variables := tt.name, tt.variables
		status = tt.status
		p := dashboard.New(t.Context(), clientOf(t, srv.URL),
			decode(t, strings.Join(panels, ","), variables), dashboard.Options{
				End: end, Range: time.Hour,
			})
		got := p.Run(t.Context(), nil)
		if n := asked.Load(); n > 20 {
			t.Errorf("%s: got %d requests, want at most 20", name, n)
		}
		for _, one := range got.Panels {
			if f := one.Failures; len(f) != 1 || !f[0].Sent || !strings.Contains(f[0].Reason,
				fmt.Sprint(tt.status)) {
				t.Fatalf("%s: panel %s: got failures %+v, want one of %d", name, one.Name, f,
					tt.status)
			}
		}
	}
}

// When ctx ends, the panels that have their answers show them, and the others say why they have
// none.
func TestStopped(t *testing.T) {
	d := newDouble(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var panels []string
	for i := range 30 {
		panels = append(panels, graph(i+1, "Panel", fmt.Sprintf("hang%d", i)))
	}
	p := dashboard.New(t.Context(), d.client(t),
		decode(t, graph(0, "First", "up")+","+strings.Join(panels, ","), ""),
		dashboard.Options{End: end, Range: time.Hour})
	var done []string
	got := p.Run(ctx, func(e dashboard.Event) {
		if e.Panel != nil {
			done = append(done, e.Name)
			cancel(errors.New("the test is over"))
		}
	})
	if len(done) != 31 || len(got.Panels) != 31 || len(got.Panels[0].Failures) != 0 {
		t.Fatalf("got %d events and %d panels, first with %+v, want 31 each and no failure",
			len(done), len(got.Panels), got.Panels[0].Failures)
	}
	for _, one := range got.Panels[1:] {
		if f := one.Failures; len(f) != 1 || !strings.Contains(f[0].Reason, "the test is over") {
			t.Errorf("panel %s: got failures %+v, want why the run ended", one.Name, f)
		}
	}
}

// The same slot over the same data gives the same board.
func TestDeterministic(t *testing.T) {
	d := newDouble(t)
	panels := graph(1, "A", "n5", "n1500") + "," + graph(2, "B", "n5", "fail") + "," +
		panelOf(3, "C $job", "stat", `, "instant": true`, "n3")
	variables := `{"name": "job", "type": "query", "query": "label_values(up, job)"}`
	encode := func() string {
		text, err := json.Marshal(names(run(t, d, panels, variables, dashboard.Options{})))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := encode()
	for range 5 {
		if got := encode(); got != want {
			t.Fatalf("got %.500s\nwant %.500s", got, want)
		}
	}
}

// names returns what JSON can hold of a board.
func names(b *board.Board) any {
	var all []any
	for _, p := range b.Panels {
		var shown []any
		if p.Graph != nil {
			for _, c := range p.Graph.Curves {
				shown = append(shown, c.Name, c.Values)
			}
		}
		if p.Tiles != nil {
			for _, tile := range p.Tiles.Items {
				shown = append(shown, tile.Text)
			}
		}
		all = append(all, p.Name, p.Title, p.Notes, p.Failures, shown)
	}
	return all
}

// What the report leaves out and what Grafana hides is in the verdicts, and is not queried.
func TestLeftOut(t *testing.T) {
	d := newDouble(t)
	got := run(t, d, graph(1, "Kept", "kept")+","+graph(2, "Out", "out")+`,
		{"id": 3, "title": "Row", "type": "row", "panels": []},`+graph(4, "Out", "too"), "",
		dashboard.Options{Shows: func(title string) bool { return title != "Out" }})
	if asked := d.asked(); len(asked) != 1 || !strings.HasPrefix(asked[0], "range kept ") {
		t.Errorf("got queries %q, want one of kept", asked)
	}
	if len(got.Panels) != 1 || len(got.Rows) != 0 {
		t.Errorf("got %d panels and rows %+v, want one panel and no row", len(got.Panels), got.Rows)
	}
	var states []string
	for _, v := range got.Verdicts {
		states = append(states, string(v.Status)+": "+v.Reason)
	}
	want := []string{
		"imported: ", "left_out: the report leaves it out by only or except",
		"left_out: the report leaves it out by only or except",
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

// A panel that Grafana hides with the values of the variables is imported, and a note names it.
func TestHidden(t *testing.T) {
	d := newDouble(t)
	b, err := grafana.Decode([]byte(`{"kind": "Dashboard", "spec": {
		"variables": [{"kind": "CustomVariable", "spec": {"name": "mode", "query": "a,b",
			"current": {"text": "a", "value": "a"}}}],
		"elements": {"p": {"kind": "Panel", "spec": {"id": 1, "title": "Secret", "data": {"kind":
			"QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": {"refId": "A",
			"query": {"kind": "prometheus", "spec": {"expr": "secret"}}}}]}},
			"vizConfig": {"kind": "timeseries", "spec": {}}}}},
		"layout": {"kind": "RowsLayout", "spec": {"rows": [{"kind": "RowsLayoutRow", "spec": {
			"title": "Row", "conditionalRendering": {"kind": "ConditionalRenderingGroup", "spec": {
				"visibility": "show", "condition": "and", "items": [{
					"kind": "ConditionalRenderingVariable", "spec": {
						"variable": "mode", "operator": "equals", "value": "b"}}]}},
			"layout": {"kind": "GridLayout", "spec": {"items": [{"kind": "GridLayoutItem", "spec": {
				"element": {"name": "p"}, "width": 12, "height": 8}}]}}}}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	o := dashboard.Options{End: end, Range: time.Hour}
	got := dashboard.New(t.Context(), d.client(t), b, o).Run(t.Context(), nil)
	if asked := d.asked(); len(asked) != 0 || len(got.Panels) != 0 {
		t.Errorf("got queries %q and %d panels, want none", asked, len(got.Panels))
	}
	if v := got.Verdicts[0]; v.Status != grafana.Imported || !strings.Contains(v.Reason, "hides it") {
		t.Errorf("got verdict %s: %s, want that it is imported and hidden", v.Status, v.Reason)
	}
	want := "with these values of its variables, the dashboard hides Secret"
	if !slices.Contains(got.Notes, want) {
		t.Errorf("got notes %q, want one of them %q", got.Notes, want)
	}
}

// An empty row is shown, unless the report has only some panels. A row whose panels are left out is
// not.
func TestRows(t *testing.T) {
	d := newDouble(t)
	row := func(id int, title string) string {
		return fmt.Sprintf(`{"id": %d, "type": "row", "title": %q, "gridPos": {"y": %d}}`, id, title,
			id*8)
	}
	panels := strings.Join([]string{
		row(1, "Empty"), row(2, "First"), graph(3, "Out", "up"), row(4, "Second"),
		graph(5, "Kept", "up"),
	}, ",")
	for _, tt := range []struct {
		shows func(string) bool
		want  string
	}{
		{nil, "Empty First Second, Out 1, Kept 2"},
		{func(title string) bool { return title != "Out" }, "Second, Kept 0"},
	} {
		b := run(t, d, panels, "", dashboard.Options{Shows: tt.shows})
		var titles []string
		for _, r := range b.Rows {
			titles = append(titles, r.Title)
		}
		got := strings.Join(titles, " ")
		for _, p := range b.Panels {
			got += fmt.Sprintf(", %s %d", p.Title, p.Row)
		}
		if got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
