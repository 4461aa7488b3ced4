package html

import (
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/testdata/dashboards"
)

// BenchmarkDashboard writes the page, the pictures and report.json of a dashboard: Node Exporter
// Full where the real dashboards are. "page" is the part that is no drawing.
func BenchmarkDashboard(b *testing.B) {
	file := dashboards.Files(b)["rfmoz_grafana-dashboards__node-exporter-full.json"]
	built := reporttest.Dashboard(b, file)
	run := func(b *testing.B, h hand) {
		b.ReportAllocs()
		size := 0
		for b.Loop() {
			r := report.Build(built.Info, nil)
			page, _, err := render(b.Context(), r, h)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := reportjson.Render(r); err != nil {
				b.Fatal(err)
			}
			size = len(page.Body)
		}
		b.ReportMetric(float64(size)/1e6, "MB-page")
	}
	b.Run("page", func(b *testing.B) { run(b, hand{panel: pixel, view: tile}) })
	b.Run("whole", func(b *testing.B) { run(b, handOf(built)) })
}
