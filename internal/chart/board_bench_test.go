//go:build unix

package chart_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
)

// used returns the processor time and the greatest memory of the process so far.
func used(b *testing.B) (cpu time.Duration, mib float64) {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip("no processor time here: ", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), float64(u.Maxrss) / 1024
}

// BenchmarkBoard draws Node Exporter Full with every row open. Its bound is a part of the two
// seconds that the whole report of this dashboard may take.
func BenchmarkBoard(b *testing.B) {
	const most = 600 * time.Millisecond
	full := realBoards(b)["rfmoz_grafana-dashboards__node-exporter-full"]
	if full == nil {
		b.Fatal("got no Node Exporter Full among the real dashboards")
	}
	_, before := used(b)
	for _, scale := range []float64{1, 2} {
		b.Run(fmt.Sprintf("%d-panels@%gx", len(full.Panels), scale), func(b *testing.B) {
			var best time.Duration
			var file []byte
			for b.Loop() {
				begin, _ := used(b)
				var err error
				file, err = chart.BoardPNG(opened(full), chart.BoardOptions{Scale: scale})
				if err != nil {
					b.Fatal(err)
				}
				end, _ := used(b)
				if took := end - begin; best == 0 || took < best {
					best = took
				}
			}
			_, peak := used(b)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(best.Seconds()*1000, "ms-cpu")
			b.ReportMetric(peak-before, "MiB-more")
			b.ReportMetric(float64(len(file))/1000, "kB/file")
			if best > most {
				b.Errorf("got %s of processor time, want at most %s", best, most)
			}
		})
	}
}
