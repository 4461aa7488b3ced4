//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	gochart "github.com/wcharczuk/go-chart/v2"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/dashboard"
	dashboards "github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/promapi"
)

// The bounds of a report of a large dashboard.
var (
	boardTime   = bound{"processor time of Node Exporter Full with its queries", 2, 1.5, "cpu-s"}
	boardMemory = bound{"peak memory of Node Exporter Full", 200, 150, "peak-MiB"}
	boardPage   = bound{"size of its page", 5, 4, "page-MB"}
	boardStock  = bound{"processor time, against go-chart's", 0.5, 0.35, "×go-chart"}
)

// BenchmarkDashboard measures a report of Node Exporter Full with every row open: 125 panels over a
// day, to a page, a PNG for each panel, and three pictures of the whole. The answers are those of a
// real Prometheus to the history of a machine, replayed by another process. All that the program
// does is measured, with reading the answers. In turn with it, go-chart draws the same curves of the
// graphs as PNGs of the same size, and nothing else.
func BenchmarkDashboard(b *testing.B) {
	original := realDashboard(b, nodeExporterFull)
	file := withOpenRows(b, original)
	path := filepath.Join(b.TempDir(), "node-exporter-full.json")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		b.Fatal(err)
	}
	program, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	prometheus := startPrometheus(b, installed(b, "prometheus"), nil,
		blockFlags(b, machineBlocks(b, original))...)
	replay := startReplay(b, "PROMSNAP_REPLAY_UPSTREAM="+prometheus.url)
	run := func() (spent, int) {
		o, s := spend(b, program, "run", "--dashboard", path, "--prometheus-url", replay, "--range",
			"24h", "--time", benchEnd.Format(time.RFC3339), "--output-dir", "out")
		if !strings.Contains(o.stdout, "125 panels") {
			b.Fatalf("got %s, want 125 panels", tail(o.stdout, 1000))
		}
		return s, len(o.file(b, "node-exporter-full", benchEnd, "index.html"))
	}
	run() // makes the server record its answers
	var ours, theirs usage
	page := 0
	for range 3 { // while this process, whose peak a child inherits, is small
		var s spent
		s, page = run()
		ours.add(usage{s.cpu(), s.User, s.peak(b)})
	}
	charts, curves := stockCharts(b, file, replay)
	prometheus.stop()
	for range b.N {
		for range rounds {
			theirs.add(drawStock(b, charts))
			s, _ := run()
			ours.add(usage{s.cpu(), s.User, 0})
		}
		b.Logf("the lowest processor time and the highest peak of %d runs, %d graphs with %d "+
			"curves:\n  promsnap %6d ms, user %6d ms, %6.1f MiB, a page of %.2f MB\n  go-chart "+
			"%6d ms", rounds, len(charts), curves, ours.cpu.Milliseconds(),
			ours.user.Milliseconds(), ours.resident, float64(page)/1e6,
			theirs.cpu.Milliseconds())
		boardTime.hold(b, ours.cpu.Seconds())
		boardMemory.hold(b, ours.resident)
		boardPage.hold(b, float64(page)/1e6)
		boardStock.hold(b, ours.cpu.Seconds()/theirs.cpu.Seconds())
	}
	b.ReportMetric(0, "ns/op")
}

// withOpenRows returns a dashboard with every row open.
func withOpenRows(b *testing.B, file []byte) []byte {
	b.Helper()
	var all map[string]any
	if err := json.Unmarshal(file, &all); err != nil {
		b.Fatal(err)
	}
	var panels []any
	for _, p := range all["panels"].([]any) {
		row := p.(map[string]any)
		panels = append(panels, row)
		if row["type"] == "row" {
			inner, _ := row["panels"].([]any)
			row["collapsed"], row["panels"] = false, []any{}
			panels = append(panels, inner...)
		}
	}
	all["panels"] = panels
	out, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// stockCharts returns go-chart's own charts of the graphs of a dashboard, and the number of curves.
// go-chart has no gaps, so missing samples are left out.
func stockCharts(b *testing.B, file []byte, prometheus string) ([]gochart.Chart, int) {
	b.Helper()
	base, err := url.Parse(prometheus)
	if err != nil {
		b.Fatal(err)
	}
	client, err := promapi.New(base, http.DefaultTransport, promapi.Options{})
	if err != nil {
		b.Fatal(err)
	}
	source, err := dashboards.Decode(file)
	if err != nil {
		b.Fatal(err)
	}
	shown := dashboard.New(b.Context(), client, source, dashboard.Options{
		End: benchEnd, Range: 24 * time.Hour,
	}).Run(b.Context(), nil)
	const scale = 2 // of the PNG of a panel
	var charts []gochart.Chart
	curves := 0
	for i := range shown.Panels {
		p := &shown.Panels[i]
		if p.Graph == nil || len(p.Graph.Curves) == 0 {
			continue
		}
		width, height := board.Size(p.Place)
		c := gochart.Chart{Title: p.Title, Width: width * scale, Height: height * scale}
		for j := range p.Graph.Curves {
			curve := &p.Graph.Curves[j]
			line := gochart.TimeSeries{Name: curve.Name}
			for k, v := range curve.Values {
				if !math.IsNaN(v) {
					line.XValues = append(line.XValues, curve.Grid.At(k))
					line.YValues = append(line.YValues, v)
				}
			}
			if len(line.XValues) > 1 {
				c.Series = append(c.Series, line)
			}
		}
		if len(c.Series) > 0 {
			charts, curves = append(charts, c), curves+len(c.Series)
		}
	}
	return charts, curves
}

// drawStock draws charts with go-chart and returns the processor time of this process.
func drawStock(b *testing.B, charts []gochart.Chart) usage {
	b.Helper()
	used := func() (all, user time.Duration) {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		user = time.Duration(u.Utime.Nano())
		return user + time.Duration(u.Stime.Nano()), user
	}
	all, user := used()
	for _, c := range charts {
		if err := c.Render(gochart.PNG, new(bytes.Buffer)); err != nil {
			b.Fatalf("go-chart, %s: %v", c.Title, err)
		}
	}
	allAfter, userAfter := used()
	return usage{cpu: allAfter - all, user: userAfter - user}
}
