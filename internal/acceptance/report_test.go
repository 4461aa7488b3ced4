//go:build acceptance

package acceptance

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/series"
)

// atSlot are the arguments for the fixture's last six hours.
var atSlot = []string{"--time", "2026-03-10T00:00:00Z", "--range", "6h", "--output-dir", "out"}

// testReport makes the report and checks every file of it.
func testReport(t *testing.T, c chart, name string, args []string) {
	args = append(append([]string{"run"}, args...), atSlot...)
	o := promsnap(t, args...).want(t, 0)
	checkSummary(t, o)
	doc := o.document(t, name, slot)
	t.Run("figures", func(t *testing.T) { checkFigures(t, doc, answers(c)) })
	t.Run("findings", func(t *testing.T) { checkFindings(t, doc, findings(c)) })
	t.Run("page", func(t *testing.T) { checkPage(t, o.file(t, name, slot, "index.html"), doc) })
	t.Run("picture", func(t *testing.T) {
		checkPicture(t, o.file(t, name, slot, "node-memory.png"))
	})
	t.Run("same bytes", func(t *testing.T) {
		checkSameBytes(t, o, promsnap(t, args...).want(t, 0))
	})
	if want := "Prometheus 3.15.0"; doc.Server != want {
		t.Errorf("server %q, want %q", doc.Server, want)
	}
	if want := (reportjson.DocNodes{Total: 6, Measured: 4,
		Without: []string{"n5", "n6"}}); !cmp.Equal(doc.Nodes, want) {
		t.Errorf("nodes %+v, want %+v", doc.Nodes, want)
	}
}

// checkSummary checks the end of the output: the counts and the path of an existing page.
func checkSummary(t *testing.T, o outcome) {
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	last := lines[len(lines)-1]
	_, page, found := strings.Cut(last, "→ ")
	if !found {
		t.Fatalf("the last line is %q, want the path of a page in it", last)
	}
	if info, err := os.Stat(filepath.Join(o.dir, page)); err != nil || info.IsDir() {
		t.Errorf("the last line names %q, want a file: %v", page, err)
	}
	if want := "CRITICAL memory above 80 % on 2 of 5 nodes, 1 critical; worst n1 94 % " +
		"(60.2 of 64 GiB) since 23:40"; !slices.Contains(lines, want) {
		t.Errorf("the output is\n%s\nwant a line %q", o.stdout, want)
	}
}

// checkFigures compares every row of every panel with its answer.
func checkFigures(t *testing.T, doc reportjson.Document, want map[string][]answer) {
	if got := len(doc.Panels); got != len(want) {
		t.Errorf("%d panels, want %d", got, len(want))
	}
	for _, p := range doc.Panels {
		if len(want[p.Name]) == 0 {
			data := "absent"
			if p.Name == "pod-waiting" || p.Name == "target-flaps" {
				data = "complete" // no waiting pod and no flapping target is a complete answer
			}
			if p.Data != data || p.Total != 0 {
				t.Errorf("%s: data %s with %d series, want it %s", p.Name, p.Data, p.Total, data)
			}
			continue
		}
		step := time.Duration(p.Grid.Step * float64(time.Second))
		grid := series.Grid{Start: p.Grid.Start, Step: step, Len: p.Grid.Len}
		if grid != fixtureGrid {
			t.Errorf("%s: grid %+v, want %+v", p.Name, grid, fixtureGrid)
		}
		if p.Total != len(want[p.Name]) || len(p.Rows) != p.Total || p.Data != "complete" {
			t.Errorf("%s: %d series, %d rows, data %s; want %d, complete", p.Name, p.Total,
				len(p.Rows), p.Data, len(want[p.Name]))
		}
		for _, row := range p.Rows {
			checkRow(t, p.Name, row, want[p.Name])
		}
		for _, s := range p.Series {
			checkSamples(t, p.Name, s, want[p.Name])
		}
	}
}

func checkRow(t *testing.T, panel string, row reportjson.DocRow, want []answer) {
	a := answerOf(want, row.Labels)
	if a == nil {
		t.Errorf("%s: got a row %v, want none with these labels", panel, row.Labels)
		return
	}
	if a.node != row.Node {
		t.Errorf("%s: %v is of node %q, want %q", panel, row.Labels, row.Node, a.node)
	}
	w, s := a.shape.figures(fixtureGrid), row.Stats
	if !near(float64(s.Last), w.last) || !near(float64(s.Avg), w.avg) ||
		!near(float64(s.Min), w.min) || !near(float64(s.Max), w.max) || s.Samples != w.samples {
		t.Errorf("%s: %v: %+v, want %+v", panel, row.Labels, s, w)
	}
}

func checkSamples(t *testing.T, panel string, s reportjson.DocSeries, want []answer) {
	a := answerOf(want, s.Labels)
	if a == nil {
		return // checkRow reports it
	}
	for i, v := range s.Values {
		at := fixtureGrid.At(i)
		if w := a.shape.at(at); !near(float64(v), w) {
			t.Errorf("%s: %v at %s: %v, want %v", panel, s.Labels, at.Format("15:04"), v, w)
			return
		}
	}
}

// checkFindings checks that the report has exactly the wanted findings.
func checkFindings(t *testing.T, doc reportjson.Document, want []wantFinding) {
	type key [6]string // panel, name, status, severity, since, until
	when := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.Format("15:04")
	}
	began := func(f *reportjson.DocSaid) string {
		if at := reportedStart(f); !f.Open || at == nil || at.Sub(fixtureStart) > rateWindow {
			return when(at)
		}
		return "before the data begins"
	}
	var got, wanted []key
	counts := reportjson.DocCounts{OK: doc.Counts.OK}
	for i := range doc.Findings {
		f := &doc.Findings[i]
		got = append(got, key{f.Panel, f.Name, f.Status, f.Severity, began(f), when(f.Until)})
	}
	for _, w := range want {
		begin := "before the data begins"
		if w.since != "" || w.last != "" {
			begin = w.begin().Format("15:04")
		}
		wanted = append(wanted, key{w.panel, w.name, w.status, w.severity, begin, w.until})
		switch {
		case w.status == "no_data":
			counts.NoData++
		case w.status == "breach" && w.severity == "critical":
			counts.Critical++
		case w.status == "breach":
			counts.Warning++
		}
	}
	byAll := func(a, b key) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(got, byAll)
	slices.SortFunc(wanted, byAll)
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if doc.Counts != counts {
		t.Errorf("counts %+v, want %+v", doc.Counts, counts)
	}
}

// checkSameBytes compares every file of two runs at one slot with the same data.
func checkSameBytes(t *testing.T, a, b outcome) {
	first, second := a.everything(t), b.everything(t)
	for _, timed := range []string{"stdout", "stderr"} {
		delete(first, timed)
		delete(second, timed)
	}
	if len(first) < 3 {
		t.Errorf("%d files, want 3 or more", len(first))
	}
	before, after := slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second))
	if !slices.Equal(before, after) {
		t.Errorf("files %q, want %q as in the first run", after, before)
	}
	for name, body := range first {
		if second[name] != body {
			t.Errorf("%s has %d bytes, want the %d of the first run", name, len(second[name]),
				len(body))
		}
	}
}
