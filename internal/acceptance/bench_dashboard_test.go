//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
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

// The bounds of a report of a large dashboard. A machine's speed may differ by half from one day to
// the next, so the processor time is a part of go-chart's in the same run: 0.4 is 2 s where
// go-chart takes 5 s.
var (
	boardMemory = bound{"peak memory of Node Exporter Full", 200, 150, "peak-MiB"}
	boardPage   = bound{"size of its page", 5, 4, "page-MB"}
	boardStock  = bound{"processor time with queries, against go-chart's", 0.4, 0.3, "×go-chart"}
)

// BenchmarkDashboard measures a report of Node Exporter Full with every row open: 125 panels over a
// day, to a page, a PNG for each panel, and three pictures of the whole. The answers are those of a
// real Prometheus to the history of a machine, replayed by another process. All that the program
// does is measured, with reading the answers. In turn with it, go-chart draws the same curves of
// the graphs as PNGs of the same size, and nothing else.
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
	drawStock(b, path, replay)
	prometheus.stop()
	for range b.N {
		var ours usage
		var stock stockDrawn
		page := 0
		for range rounds {
			var s spent
			s, page = run()
			ours.add(usage{s.cpu(), s.User, s.peak(b)})
			if one := drawStock(b, path, replay); stock.CPU == 0 || one.CPU < stock.CPU {
				stock = one
			}
		}
		b.Logf("the lowest processor time and the highest peak of %d runs, %d graphs with %d "+
			"curves:\n  promsnap %6d ms, user %6d ms, %6.1f MiB, a page of %.2f MB\n  go-chart "+
			"%6d ms", rounds, stock.Charts, stock.Curves, ours.cpu.Milliseconds(),
			ours.user.Milliseconds(), ours.resident, float64(page)/1e6, stock.CPU.Milliseconds())
		boardMemory.hold(b, ours.resident)
		boardPage.hold(b, float64(page)/1e6)
		boardStock.hold(b, ours.cpu.Seconds()/stock.CPU.Seconds())
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

// stockEnv makes the test binary draw the graphs of a dashboard with go-chart: a process that did
// so has too high a peak to measure others.
const stockEnv = "PROMSNAP_STOCK"

// stockDrawn is what go-chart drew, and the processor time of drawing alone.
type stockDrawn struct {
	CPU            time.Duration
	Charts, Curves int
}

// drawStock draws the graphs of a dashboard with go-chart, in a process of its own.
func drawStock(b *testing.B, path, prometheus string) stockDrawn {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, path, prometheus)
	cmd.Env = append(os.Environ(), stockEnv+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var drawn stockDrawn
	if err := errors.Join(err, json.Unmarshal(out, &drawn)); err != nil {
		b.Fatalf("go-chart: %v\n%s", err, tail(stderr.String(), 1000))
	}
	return drawn
}

// reportStock draws the graphs of a dashboard and writes what it took.
func reportStock(w io.Writer, path, prometheus string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	charts, curves, err := stockCharts(file, prometheus)
	if err != nil {
		return err
	}
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return err
	}
	for _, c := range charts {
		if err := c.Render(gochart.PNG, new(bytes.Buffer)); err != nil {
			return fmt.Errorf("%s: %w", c.Title, err)
		}
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return err
	}
	used := func(u syscall.Rusage) time.Duration {
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return json.NewEncoder(w).Encode(stockDrawn{used(after) - used(before), len(charts), curves})
}

// stockCharts returns go-chart's own charts of the graphs of a dashboard, and the number of curves.
// go-chart has no gaps, so missing samples are left out.
func stockCharts(file []byte, prometheus string) ([]gochart.Chart, int, error) {
	base, err := url.Parse(prometheus)
	if err != nil {
		return nil, 0, err
	}
	client, err := promapi.New(base, http.DefaultTransport, promapi.Options{})
	if err != nil {
		return nil, 0, err
	}
	source, err := dashboards.Decode(file)
	if err != nil {
		return nil, 0, err
	}
	shown := dashboard.New(context.Background(), client, source, dashboard.Options{
		End: benchEnd, Range: 24 * time.Hour,
	}).Run(context.Background(), nil)
	const scale = 2 // of the PNG of a panel
	var charts []gochart.Chart
	curves := 0
	for i := range shown.Panels {
		p := &shown.Panels[i]
		if p.Graph == nil {
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
	return charts, curves, nil
}
