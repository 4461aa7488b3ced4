//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// browsed is what testdata/browser/look.mjs saw of a report.
type browsed struct {
	// these should all be empty
	Requests, Console, Dialogs, Violations []string
	Text                                   string
	AxeLight, AxeDark, AxePhone, Invalid   []string
	Charts, Touched                        []reading
	Keyboard                               struct {
		Panel string
		Steps map[string]struct {
			At    int
			Said  string
			Words *reading
		}
		Left bool
	}
	Sorting struct {
		Sorted []struct {
			Sort   *string
			Values []*string
		}
		Folded int
	}
	Filter struct {
		Said, After             string
		Findings, Nodes, Series []string
		Panels                  []string
		Before, Rows            int // findings without a filter
		Charts, ChartsAfter     int // shown charts
	}
	Copied struct{ Text, Button string }
	Cell   struct {
		ID      string
		Visible bool
	}
	WideOverflow, PhoneOverflow float64
	PhoneLines                  []float64
	Bare                        struct{ Offered, Charts int }

	Screens, PhoneScreens float64 // how many screens the page is high
	Folds, BareFolds      folding // with and without the page's script
	Cause                 struct {
		Rows   []int // findings that are shown before and after it is opened
		Listed int
	}

	// of a dashboard
	Closed, Cards, Overlaps int
	Widths                  []int // of the cards on a phone
}

// folding is what happens to a folded panel.
type folding struct {
	// numbers of shown charts: before, then after a key has opened the panel, a click has closed
	// it, and a link has led to it
	Charts []int
	ID     string
	Top    float64 // of the panel's line in the window, after the link
}

// reading is the text next to a crosshair.
type reading struct {
	Panel  string
	Place  float64 // of the pointer: 0 at the left end of the plot, 1 at its right
	Width  float64 // of the plot, in CSS pixels
	At     int     // the sample
	Time   string
	Lines  [][2]string // name and value
	Inside bool        // the window
}

// demoSlot is the slot of the demo's report.
var demoSlot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestBrowser opens the demo's report in Chromium.
func TestBrowser(t *testing.T) {
	t.Parallel()
	page, doc := simulated(t, demoSlot, "42", filepath.Join("..", "..", "testdata", "demo",
		"promsnap.yaml"))
	pictures := t.ArtifactDir()
	saw := browse(t, "all", page, pictures)
	t.Run("quiet", func(t *testing.T) { checkQuiet(t, saw) })
	t.Run("rules", func(t *testing.T) {
		for what, broken := range map[string][]string{
			"axe-core, light": saw.AxeLight, "axe-core, dark": saw.AxeDark,
			"axe-core, phone": saw.AxePhone, "html-validate": saw.Invalid,
		} {
			if len(broken) > 0 {
				t.Errorf("%s: %d violations, want none:\n%s", what, len(broken),
					strings.Join(broken[:min(len(broken), 10)], "\n"))
			}
		}
	})
	t.Run("crosshair", func(t *testing.T) {
		checkReadings(t, doc, saw.Charts, 10)
		checkReadings(t, doc, saw.Touched, 10)
	})
	t.Run("keyboard", func(t *testing.T) { checkKeyboard(t, doc, saw) })
	t.Run("tables", func(t *testing.T) { checkTables(t, doc, saw) })
	t.Run("narrow", func(t *testing.T) {
		if saw.WideOverflow > 0 || saw.PhoneOverflow > 0 {
			t.Errorf("the page overflows by %v px on a desktop and by %v px on a phone, want 0",
				saw.WideOverflow,
				saw.PhoneOverflow)
		}
		if len(saw.PhoneLines) == 0 || slices.Max(saw.PhoneLines) > 90 {
			t.Errorf("findings on a phone are %v px high, want two lines and a runbook each",
				saw.PhoneLines)
		}
	})
	t.Run("without script", func(t *testing.T) {
		if saw.Bare.Offered > 0 || saw.Bare.Charts < 5 {
			t.Errorf("without a script: %d controls that need one and %d charts, want 0 and at "+
				"least 5: those of the panels with findings", saw.Bare.Offered, saw.Bare.Charts)
		}
	})
	t.Run("print", func(t *testing.T) { checkPaper(t, doc, filepath.Join(pictures, "report.pdf")) })
}

// TestBrowserClocksGoBack reads the charts of the night in which New York repeats an hour.
func TestBrowserClocksGoBack(t *testing.T) {
	t.Parallel()
	config := configFile(t, "version: 1\ncluster: ny\nprometheus: {scrape_interval: "+
		"1m}\nreports:\n  - {name: daily, timezone: America/New_York, range: 12h, panels: [{use: "+
		"node-memory}]}\n")
	page, doc := simulated(t, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), "3", config)
	saw := browse(t, "read", page, "")
	checkQuiet(t, saw)
	checkReadings(t, doc, saw.Charts, 1)
	zones := map[string]bool{}
	for _, r := range saw.Charts {
		zones[r.Time[len(r.Time)-3:]] = true
	}
	if !zones["EDT"] || !zones["EST"] {
		t.Errorf("the times are in the zones %v, want EDT and EST", zones)
	}
}

// simulated writes the report "daily" of a simulated cluster and returns the path of its page.
// Flags are further flags of promlab.
func simulated(t *testing.T, at time.Time, nodes, config string,
	flags ...string) (string, reportjson.Document) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	lab := filepath.Join(t.TempDir(), "promlab")
	if out, err := exec.Command("go", "build", "-o", lab, "../../cmd/promlab").
		CombinedOutput(); err != nil {
		t.Fatalf("building promlab: %v\n%s", err, out)
	}
	o := outcome{dir: t.TempDir()}
	now := at.Format(time.RFC3339)
	args := append(flags, "--nodes", nodes, "--now", now, "--", program, "run", "daily", "-c",
		config, "--prometheus-url", "{url}", "--time", now, "--output-dir",
		filepath.Join(o.dir, "out"))
	cmd := exec.Command(lab, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("promlab: %v\n%s", err, out)
	}
	return filepath.Join(o.dir, "out", "daily", at.Format("20060102T150405Z"), "index.html"),
		o.document(t, "daily", at)
}

// browse runs look.mjs next to the modules that install.sh installed.
func browse(t *testing.T, mode, page, pictures string) browsed {
	t.Helper()
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join("..", "..", "testdata", "browser", "look.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "look.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(installed(t, "browser/node_modules"),
		filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", "look.mjs", mode, page, pictures)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("look.mjs: %v\n%s", err, tail(stderr.String(), 4000))
	}
	var saw browsed
	if err := json.Unmarshal(stdout.Bytes(), &saw); err != nil {
		t.Fatalf("look.mjs printed %.200q, want JSON: %v", stdout.String(), err)
	}
	return saw
}

// checkQuiet checks that the page sends no request, logs nothing to the console and runs no foreign
// script.
func checkQuiet(t *testing.T, saw browsed) {
	for what, list := range map[string][]string{
		"requests": saw.Requests, "console": saw.Console, "dialogs": saw.Dialogs,
		"policy": saw.Violations,
	} {
		if len(list) > 0 {
			t.Errorf("%s: %q, want none", what, list)
		}
	}
}

// checkReadings compares the text next to the crosshair with report.json.
func checkReadings(t *testing.T, doc reportjson.Document, readings []reading, panels int) {
	t.Helper()
	zone, err := time.LoadLocation(doc.Zone)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, r := range readings {
		p := panelOf(t, doc, strings.TrimPrefix(r.Panel, "panel-"))
		read[p.Name] = true
		// A pointer is on a pixel. On a phone a pixel covers more than one sample.
		pixel := float64(p.Grid.Len) / r.Width
		if away := math.Abs(float64(r.At) - r.Place*float64(p.Grid.Len-1)); away > max(1, pixel) {
			t.Errorf("%s: at %v of the plot, got sample %d of %d, want the nearest", p.Name,
				r.Place, r.At,
				p.Grid.Len)
		}
		if !r.Inside {
			t.Errorf("%s: the text at sample %d is outside the window, want it inside", p.Name,
				r.At)
		}
		at := p.Grid.Start.Add(time.Duration(float64(r.At) * p.Grid.Step * float64(time.Second))).
			In(zone)
		if want := words.In(words.English).Date(at) + at.Format(" 15:04 MST"); r.Time != want {
			t.Errorf("%s: the time of sample %d is %q, want %q", p.Name, r.At, r.Time, want)
		}
		want := drawn(t, p, r.At)
		for _, line := range r.Lines {
			if !slices.Contains(want, line) && line[0] != others(p) {
				t.Errorf("%s at %s: %q reads %q, want one of %q as in report.json", p.Name, r.Time,
					line[0], line[1], want)
			}
		}
		if p.Name == "node-memory" && len(r.Lines) < len(want) {
			t.Errorf("%s: %d lines, want %d", p.Name, len(r.Lines), len(want))
		}
	}
	if len(read) < panels {
		t.Errorf("%d panels can be read, want %d: %v", len(read), panels, read)
	}
}

// drawn returns the names and values of p's lines at sample i, as the report writes them.
func drawn(t *testing.T, p reportjson.DocPanel, i int) [][2]string {
	t.Helper()
	unit, err := units.Parse(p.Unit)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][2]string
	for _, s := range p.Series {
		lines = append(lines, [2]string{s.Name, unit.Format(float64(s.Values[i]))})
	}
	return lines
}

// others returns the name of the series that are drawn as one.
func others(p reportjson.DocPanel) string {
	if p.Rest == nil {
		return ""
	}
	w := words.In(words.English)
	if p.Rows[0].Node != "" && p.Rows[0].Node == p.Rows[0].Name {
		return w.OtherNodes.Of(p.Rest.Series)
	}
	return w.OtherSeries.Of(p.Rest.Series)
}

// checkKeyboard checks that keys alone can reach, read and leave a chart, and that the spoken text
// is the shown text.
func checkKeyboard(t *testing.T, doc reportjson.Document, saw browsed) {
	k := saw.Keyboard
	p := panelOf(t, doc, strings.TrimPrefix(k.Panel, "panel-"))
	last := p.Grid.Len - 1
	for key, want := range map[string]int{
		"Home": 0, "ArrowRight": 1, "PageDown": 0, "End": last, "ArrowLeft": last - 1,
		"Escape": last - 1,
	} {
		step := k.Steps[key]
		if step.At != want {
			t.Errorf("%s goes to sample %d, want %d", key, step.At, want)
		}
		for _, line := range drawn(t, p, want) {
			if !strings.Contains(step.Said, line[0]+" "+line[1]) {
				t.Errorf("%s says %q, want %q in it", key, step.Said, line)
			}
		}
		if shown := step.Words != nil; shown == (key == "Escape") {
			t.Errorf("after %s the text is shown: %v, want %v", key, shown, !shown)
		}
	}
	if !k.Left {
		t.Error("after Tab the focus is in the chart, want it outside")
	}
}

func checkTables(t *testing.T, doc reportjson.Document, saw browsed) {
	if n := len(saw.Sorting.Sorted); n != 3 || saw.Sorting.Folded != 8 {
		t.Fatalf("%d sorted tables; %d rows when folded, want 3 and 8", n, saw.Sorting.Folded)
	}
	for i, s := range saw.Sorting.Sorted {
		order := []string{"", "descending", "ascending"}[i]
		if got := s.Sort; (got == nil) != (order == "") || got != nil && *got != order {
			t.Errorf("after %d clicks aria-sort is %v, want %q", i, got, order)
		}
		if len(s.Values) != doc.Nodes.Total {
			t.Errorf("%d nodes are shown, want all %d", len(s.Values), doc.Nodes.Total)
		}
		if order != "" && !ordered(t, s.Values, order == "ascending") {
			t.Errorf("%s: got %s, want them in order", order, strings.Join(texts(s.Values), " "))
		}
	}
	f := saw.Filter
	if want := []string{"ip-10-0-1-12"}; !slices.Equal(f.Findings, want) ||
		!slices.Equal(f.Nodes, want) || len(f.Series) < 5 {
		t.Errorf("the filter leaves findings %q, nodes %q and series %q, want %q, the same and 5",
			f.Findings,
			f.Nodes, f.Series, want)
	}
	if !strings.HasPrefix(f.Said, "1 of "+strconv.Itoa(len(doc.Findings))+
		" findings · 1 of 42 nodes · ") || f.After != "" || f.Rows != f.Before {
		t.Errorf("the filter says %q, then %q with %d rows; want 1 finding and node, then \"\" "+
			"with %d as before", f.Said, f.After, f.Rows, f.Before)
	}
	if f.Charts >= f.ChartsAfter || f.Charts == 0 {
		t.Errorf("got %d charts with the filter and %d without it, want fewer with it: it opens "+
			"only the tables of folded panels", f.Charts, f.ChartsAfter)
	}
	if c := saw.Cause; len(c.Rows) != 2 || c.Rows[0] != 0 || c.Rows[1] != c.Listed ||
		c.Listed < 2 {
		t.Errorf("got %v findings of a cause before and after a key opened it, want 0 and all %d",
			c.Rows, c.Listed)
	}
	for _, name := range f.Series {
		if !strings.Contains(name, "ip-10-0-1-12") {
			t.Errorf("the filter leaves the series %q, want only those of ip-10-0-1-12", name)
		}
	}
	if slices.Contains(f.Panels, "Persistent volumes") ||
		!slices.Contains(f.Panels, "Node memory") {
		t.Errorf("the filter leaves the panels %q, want Node memory and not Persistent volumes",
			f.Panels)
	}
	if want := doc.Panels[0].Query; saw.Copied.Text != want || saw.Copied.Button != "Copied" {
		t.Errorf("copied %q and said %q, want %q and \"Copied\"", saw.Copied.Text,
			saw.Copied.Button, want)
	}
	if !saw.Cell.Visible || !strings.HasPrefix(saw.Cell.ID, "node-") {
		t.Errorf("a node's cell leads to %q, visible: %v; want node-… and true", saw.Cell.ID,
			saw.Cell.Visible)
	}
	if !strings.Contains(saw.Text, "<!channel> <@U012AB3CD> *bold*") {
		t.Errorf("the page shows, want the hostile name in it: %.2000s", saw.Text)
	}
}

// ordered reports whether the known values are in order and the unknown ones come last.
func ordered(t *testing.T, values []*string, ascending bool) bool {
	t.Helper()
	last, unknown := math.Inf(1), false
	if ascending {
		last = math.Inf(-1)
	}
	for _, text := range values {
		if text == nil {
			unknown = true
			continue
		}
		v, err := strconv.ParseFloat(*text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if unknown || ascending && v < last || !ascending && v > last {
			return false
		}
		last = v
	}
	return true
}

func texts(values []*string) []string {
	var out []string
	for _, v := range values {
		if v == nil {
			out = append(out, "–")
		} else {
			out = append(out, *v)
		}
	}
	return out
}

// checkPaper checks that the PDF, printed from a dark page, holds what the page shows on white
// paper.
func checkPaper(t *testing.T, doc reportjson.Document, path string) {
	text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	packed := strings.Join(strings.Fields(string(text)), "")
	want := []string{doc.Headline}
	for _, p := range doc.Panels {
		if p.Data != "absent" {
			want = append(want, p.Title)
		}
	}
	for _, row := range panelOf(t, doc, "node-memory").Series { // in its chart
		want = append(want, row.Name)
	}
	for _, w := range want {
		if !strings.Contains(packed, strings.Join(strings.Fields(w), "")) {
			t.Errorf("the PDF holds %.2000s, want %q in it", text, w)
		}
	}
	pages := filepath.Join(t.TempDir(), "page")
	if out, err := exec.Command("pdftoppm", "-r", "18", "-gray", path,
		pages).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	list, err := filepath.Glob(pages + "*.pgm")
	if err != nil || len(list) < 3 || len(list) > 12 {
		t.Fatalf("%d pages, want 3 to 12: %v", len(list), err)
	}
	for i, page := range list {
		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var sum int
		for _, b := range body {
			sum += int(b)
		}
		if mean := sum / len(body); mean < 200 {
			t.Errorf("page %d has a mean brightness of %d, want at least 200 of 255", i+1, mean)
		}
	}
}
