//go:build !race

// The race detector empties pools at random.

package chart

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestAllocation bounds the memory that one chart allocates beyond the pooled sheets: 0.2 MB,
// mostly for the file, for any number of series.
func TestAllocation(t *testing.T) {
	if testing.Short() {
		t.Skip("-short is set: this measures memory over many charts")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would clear the pool of sheets
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))  // each processor has a pool of its own
	for name, p := range map[string]*snapshot.Panel{
		"12 series": nodeMemory(720, 2*time.Minute), "200 series": fleetCPU(200, 720),
		"1000 series": fleetCPU(1000, 720),
		"area":        traffic(), "bars": overcommitted(),
		"heatmap": as(panel.Heatmap, fleetCPU(200, 720)), "stat": totals(),
	} {
		const charts, most = 5, 200_000
		var before, after runtime.MemStats
		for i := range charts + 4 {
			if i == 4 {
				runtime.ReadMemStats(&before)
			}
			if _, err := PNG(p, Options{}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / charts; each > most {
			t.Errorf("%s: %d bytes a chart, want at most %d", name, each, most)
		} else {
			t.Logf("%s: %d bytes a chart", name, each)
		}
	}
}
